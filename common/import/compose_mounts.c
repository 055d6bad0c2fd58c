/* volumes, tmpfs and shm_size. */
#include "config/local_file.h"
#include "import/compose_reader.h"

enum {
    SIZE_IN_GIGABYTES = 10,
    MEGABYTE_SHIFT = 20,
    MEGABYTES_PER_GIGABYTE = 1024,
    MEMORY_DEFAULT = 64 /* MB of an empty_dir in memory */
};

struct mount {
    struct str type; /* "volume", "bind", "tmpfs" or another one */
    struct str source;
    struct str target;
    bool read_only;
    bool nocopy;             /* the files of the image are not copied into a new volume */
    int64_t size;            /* tmpfs: bytes; 0: not set */
    const struct node *node; /* that all this comes from */
};

/* The services that mount a volume. */
struct volume_usage {
    size_t services;
    size_t mounts;
    const struct node *last;
    struct volume_usage *self; /* this struct; maps return const pointers */
};

void compose_set_megabytes(struct compose_service *service, struct node *map, enum field_id field,
                           int64_t bytes, struct location at)
{
    int64_t number = (bytes + ((int64_t)1 << MEGABYTE_SHIFT) - 1) >> MEGABYTE_SHIFT;
    if (number >= MEGABYTES_PER_GIGABYTE && number % MEGABYTES_PER_GIGABYTE == 0)
        import_string(
            service->import, map, field,
            str_format(service->arena, "%lldGi", (long long)(number / MEGABYTES_PER_GIGABYTE)), at);
    else
        import_int(service->import, map, field, number, at);
}

/* Removes slashes at the end. */
static struct str directory_path(struct str path)
{
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    return path;
}

static bool is_host_path(struct str source)
{
    return source.len && (source.data[0] == '.' || source.data[0] == '/' || source.data[0] == '~');
}

/* Notes an option of a mount that is not read, and is not the default. */
static void note_option(const struct compose_service *service, const struct node *node,
                        struct str option)
{
    static const char *const of_host[] = {"z",          "Z",       "cached",  "delegated",
                                          "consistent", "shared",  "rshared", "slave",
                                          "rslave",     "private", "rprivate"};
    for (size_t i = 0; i < COUNT_OF(of_host); i++) {
        if (!str_eq_c(option, of_host[i]))
            continue;
        compose_ignored(service, node->span,
                        "option %s of a volume is not needed: it is about the host", of_host[i]);
        return;
    }
    if (str_eq_c(option, "nocopy"))
        compose_ignored(service, node->span,
                        "option nocopy of a volume is not needed: volumes are empty at first");
    else if (!str_eq_c(option, "rw") && !str_eq_c(option, "ro"))
        compose_lost(service, node->span, "option %.*s of a volume is not carried over",
                     STR_ARG(option));
}

/* [SOURCE:]TARGET[:OPTIONS] */
static struct mount parse_short(const struct compose_service *service, const struct node *node)
{
    struct str text = compose_string(service, node, COMPOSE_FIXED);
    struct mount mount = {.type = STR("volume"), .node = node};
    size_t first = str_find(text, 0, ':');
    size_t second = str_find(text, first + 1, ':');
    struct str begin = str_slice(text, 0, first);
    if (first >= text.len) {
        mount.target = begin;
        return mount;
    }
    mount.source = begin;
    mount.target = str_slice(text, first + 1, second);
    struct str options = str_skip(text, second + 1);
    for (size_t at = 0; at < options.len;) {
        size_t end = str_find(options, at, ',');
        struct str option = str_slice(options, at, end);
        mount.read_only |= str_eq_c(option, "ro");
        mount.nocopy |= str_eq_c(option, "nocopy");
        note_option(service, node, option);
        at = end + 1;
    }
    if (is_host_path(mount.source))
        mount.type = STR("bind");
    return mount;
}

static struct str text_of(const struct compose_service *service, const struct node *map,
                          const char *key)
{
    const struct node *value = compose_get(map, key);
    return value ? compose_string(service, value, COMPOSE_FIXED) : STR("");
}

static void read_size(const struct compose_service *service, const struct node *node,
                      int64_t *ret_bytes)
{
    if (!compose_size(compose_string(service, node, COMPOSE_FIXED), ret_bytes))
        compose_report_value(service, node, "must be a size, for example 64m");
}

static struct mount parse_long(const struct compose_service *service, const struct node *node)
{
    struct mount mount = {.type = text_of(service, node, "type"),
                          .source = text_of(service, node, "source"),
                          .target = text_of(service, node, "target"),
                          .read_only = compose_is_true(compose_get(node, "read_only")),
                          .node = node};
    const struct node *tmpfs = compose_get(node, "tmpfs");
    const struct node *volume = compose_get(node, "volume");
    if (volume && compose_check_keys(service->compose, service, COMPOSE_MOUNT_VOLUME, volume,
                                     "volumes.volume."))
        mount.nocopy = compose_is_true(compose_get(volume, "nocopy"));
    if (tmpfs && compose_check_keys(service->compose, service, COMPOSE_TMPFS, tmpfs, "tmpfs.") &&
        compose_get(tmpfs, "size"))
        read_size(service, compose_get(tmpfs, "size"), &mount.size);
    return mount;
}

static struct mount parse_mount(const struct compose_service *service, const struct node *node)
{
    return node->kind == NODE_MAP ? parse_long(service, node) : parse_short(service, node);
}

static void index_mount(struct compose *compose, const struct compose_service *service,
                        const struct node *item)
{
    struct diags *diags = compose->diags;
    struct diags unreported = {.arena = compose->arena};
    size_t notes = compose->import->note_count;
    compose->diags = &unreported;
    struct mount mount = parse_mount(service, item);
    compose->diags = diags;
    compose->import->note_count = notes;
    if (!str_eq_c(mount.type, "volume") || mount.source.len == 0)
        return;
    struct volume_usage *usage = ARENA_NEW(compose->arena, struct volume_usage);
    usage->self = usage;
    const struct volume_usage *first =
        map_add(compose->arena, &compose->volumes, mount.source, usage);
    if (first)
        usage = first->self;
    usage->mounts++;
    usage->services += usage->last != service->node;
    usage->last = service->node;
}

void compose_index_volumes(struct compose *compose)
{
    for (const struct node *node = node_first_child(compose_get(compose->root, "services")); node;
         node = node->next) {
        const struct node *volumes = compose_get(node, "volumes");
        const struct compose_service service = {.compose = compose,
                                                .import = compose->import,
                                                .arena = compose->arena,
                                                .key = node->key->text,
                                                .node = node};
        for (const struct node *item = node_first_child(volumes);
             item && volumes->kind == NODE_LIST && !compose_get(node, "profiles");
             item = item->next)
            index_mount(compose, &service, item);
    }
}

static struct node *add_volume(struct compose_service *service, struct str path, struct location at)
{
    struct node *list = import_list(service->import, service->module, SERVICE_VOLUMES, at);
    struct node *volume = import_item_map(service->import, list, at);
    import_string(service->import, volume, VOLUME_PATH,
                  import_literal(service->arena, directory_path(path), NULL), at);
    return volume;
}

/* An empty directory in memory. `bytes`: 0: as large as the memory of the host. */
static void add_memory(struct compose_service *service, struct str path, int64_t bytes,
                       struct location at)
{
    struct node *volume = add_volume(service, path, at);
    struct node *directory = import_map(service->import, volume, VOLUME_EMPTY_DIR, at);
    if (bytes == 0)
        compose_lost(service, at,
                     "%.*s has no size in Compose: it is limited to %d MB; set size of its "
                     "empty_dir to what the service needs",
                     STR_ARG(path), MEMORY_DEFAULT);
    else if (bytes != (int64_t)MEMORY_DEFAULT << MEGABYTE_SHIFT)
        compose_set_megabytes(service, directory, EMPTY_DIR_SIZE, bytes, at);
    import_bool(service->import, directory, EMPTY_DIR_MEMORY, true, at);
}

/* Returns the name of a volume in Docker; NULL if it is that in the file. */
static const struct node *docker_name(const struct node *definition)
{
    const struct node *external = compose_get(definition, "external");
    const struct node *name = compose_get(definition, "name");
    return name ? name : compose_get(external, "name");
}

/* Returns the value of an environment variable; empty if it is not set. */
static struct str variable_value(const struct compose_service *service, struct str name)
{
    const struct compose_variable *variable = map_get(&service->variables, name);
    if (!variable || variable->last->kind != NODE_SCALAR)
        return STR("");
    struct str text = compose_peek(service, variable->last);
    return variable->last->key ? text : str_skip(text, str_find(text, 0, '=') + 1);
}

/* initdb of PostgreSQL rejects the directory lost+found of a new volume, but not one that is beside
 * its data. */
static void set_pgdata(struct compose_service *service, const struct mount *mount)
{
    struct str name = STR("PGDATA");
    struct location at = mount->node->span;
    struct str path = directory_path(mount->target);
    struct str directory = str_format(service->arena, "%.*s/pgdata", STR_ARG(path));
    struct str value = variable_value(service, name);
    if (!service->image || !service->image->runs_initdb ||
        !str_equal(path, value.len ? directory_path(value) : str_from_c(service->image->data[0])))
        return;
    if (value.len) {
        compose_lost(service, at,
                     "PGDATA is the root of a new volume, which may contain lost+found, so that "
                     "initdb fails: set it to %.*s",
                     STR_ARG(directory));
        return;
    }
    struct node *map = import_map(service->import, service->module, SERVICE_ENV_VARS, at);
    import_entry(service->import, map, name, directory, at);
    compose_ignored(service, at,
                    "PGDATA is set to %.*s, because initdb fails if a new volume contains "
                    "lost+found",
                    STR_ARG(directory));
}

/* Returns the end of a message about a new volume, which belongs to root. Docker copies the files
 * of the image into it, and their owner. */
static struct str content_hint(const struct compose_service *service, const struct mount *mount)
{
    if (mount->nocopy || compose_is_data(service, directory_path(mount->target)))
        return STR("");
    if (!compose_get(service->node, "user"))
        compose_ignored(service, mount->node->span,
                        "new volumes belong to root: set run_as_user if the image does not run as "
                        "root");
    return str_format(service->arena, "; files of the image in %.*s are not copied into it",
                      STR_ARG(mount->target));
}

/* A volume that exists before the pods. `why`: the rest of a sentence. `is_new`: it is empty. */
static void add_claim(struct compose_service *service, const struct mount *mount, const char *why,
                      bool many, bool is_new)
{
    struct location at = mount->node->span;
    const struct node *definition = compose_definition(service->compose, "volumes", mount->source);
    const struct node *name = docker_name(definition);
    struct str claim =
        import_name(service->arena,
                    name ? compose_string(service, name, COMPOSE_FIXED) : mount->source, LABEL_MAX);
    struct node *volume = add_volume(service, mount->target, at);
    import_string(service->import, volume, VOLUME_CLAIM, claim, at);
    if (mount->read_only)
        import_bool(service->import, volume, VOLUME_READ_ONLY, true, at);
    struct str hint = is_new ? content_hint(service, mount) : STR("");
    compose_lost(service, at, "volume %.*s is %s: create the PersistentVolumeClaim %.*s%s%.*s",
                 STR_ARG(mount->source), why, STR_ARG(claim),
                 many ? ", with the access mode ReadWriteMany" : "", STR_ARG(hint));
    if (is_new)
        set_pgdata(service, mount);
}

/* Adds persistent_storage for a mount. */
static void add_storage(struct compose_service *service, const struct mount *mount)
{
    struct import *import = service->import;
    struct location at = mount->node->span;
    struct node *list = import_list(import, service->module, SERVICE_PERSISTENT_STORAGE, at);
    struct node *item = import_item_map(import, list, at);
    struct node *size = import_int(import, item, STORAGE_SIZE, SIZE_IN_GIGABYTES, at);
    import_comment(import, size, false, "GB");
    import_string(import, item, STORAGE_PATH,
                  import_literal(service->arena, directory_path(mount->target), NULL), at);
    set_pgdata(service, mount);
}

static void add_named_storage(struct compose_service *service, const struct mount *mount)
{
    struct str hint = content_hint(service, mount);
    const struct node *name =
        docker_name(compose_definition(service->compose, "volumes", mount->source));
    if (name)
        import_note(service->import, NOTE_IGNORED, name->key->span, STR(""),
                    "%.*s.name is not needed: claims are named after their path; see name in "
                    "persistent_storage",
                    STR_ARG(mount->source));
    add_storage(service, mount);
    compose_lost(service, mount->node->span,
                 "volume %.*s has no size in Compose: set size in persistent_storage%s%.*s",
                 STR_ARG(mount->source), mount->read_only ? "; it is not read-only" : "",
                 STR_ARG(hint));
}

static bool has_several_pods(const struct compose_service *service)
{
    int64_t number;
    const struct node *pods = import_get(service->module, SERVICE_MAX_CONTAINERS);
    return pods && str_to_int(pods->text, &number) && number > 1;
}

/* With persistent_storage, each pod and each path has a volume of its own. */
static void add_named(struct compose_service *service, const struct mount *mount)
{
    const struct node *definition = compose_definition(service->compose, "volumes", mount->source);
    const struct volume_usage *usage = map_get(&service->compose->volumes, mount->source);
    const struct node *external = compose_get(definition, "external");
    bool several = has_several_pods(service);
    bool is_external = external && (external->kind == NODE_MAP || compose_is_true(external));
    if (usage && usage->services > 1)
        add_claim(service, mount, "used by several services", true, !is_external);
    else if (is_external)
        add_claim(service, mount, "external", several, false);
    else if (several)
        add_claim(service, mount, "used by several pods", true, true);
    else if (usage && usage->mounts > 1)
        add_claim(service, mount, "mounted at several paths", false, true);
    else
        add_named_storage(service, mount);
}

bool compose_add_file(struct compose_service *service, struct str target, struct str path,
                      struct location at)
{
    struct diags unreported = {.arena = service->arena};
    struct str text;
    if (str_starts_with(path, STR("./")))
        path = str_skip(path, 2);
    if (!service->import->reads_files || path.len == 0 ||
        !local_file_read(service->arena, &unreported, at, path, &text))
        return false;
    struct node *list = import_list(service->import, service->module, SERVICE_FILES, at);
    struct node *file = import_item_map(service->import, list, at);
    import_string(service->import, file, MOUNTED_FILE_PATH,
                  import_literal(service->arena, target, NULL), at);
    import_string(service->import, file, MOUNTED_FILE_FROM,
                  import_literal(service->arena, path, NULL), at);
    return true;
}

static struct str base_name(struct str path)
{
    path = directory_path(path);
    return str_skip(path, str_directory(path).len);
}

/* True for a path that is probably that of a file, such as nginx.conf. */
static bool has_file_name(struct str path)
{
    struct str name = base_name(path);
    return str_find(name, 1, '.') < name.len && !str_ends_with(name, STR(".d"));
}

/* True for a path that belongs to the operating system of the host. */
static bool is_of_system(struct str path)
{
    static const char *const directories[] = {"/dev", "/etc", "/lib", "/proc",
                                              "/run", "/sys", "/usr", "/var/run"};
    for (size_t i = 0; i < COUNT_OF(directories); i++)
        if (str_eq_c(path, directories[i]) || str_is_below(path, str_from_c(directories[i])))
            return true;
    return str_eq_c(path, "/");
}

/* A file or directory of the host that `files` cannot contain. */
static void add_host_directory(struct compose_service *service, const struct mount *mount)
{
    struct location at = mount->node->span;
    struct str source = mount->source;
    bool keeps_files = !mount->read_only && !has_file_name(source) &&
                       !has_file_name(mount->target) && !is_of_system(source);
    if (keeps_files && compose_is_data(service, directory_path(mount->target))) {
        add_storage(service, mount);
        compose_lost(service, at,
                     "%.*s of the host becomes persistent_storage, which is empty at first: set "
                     "its size, and copy the files",
                     STR_ARG(source));
    } else if (keeps_files) {
        compose_lost(service, at,
                     "%.*s of the host is not carried over: add its files to the image; without "
                     "persistent_storage at %.*s, files that the container writes there are "
                     "deleted with the pod",
                     STR_ARG(source), STR_ARG(mount->target));
    } else {
        compose_lost(service, at,
                     "%.*s of the host is not carried over: add it to the image, or write text "
                     "files in files",
                     STR_ARG(source));
    }
}

static void add_bind(struct compose_service *service, const struct mount *mount)
{
    struct location at = mount->node->span;
    if (str_contains(mount->source, STR("docker.sock"))) {
        compose_lost(service, at, "%.*s is not carried over: a cluster has no socket of Docker",
                     STR_ARG(mount->source));
        return;
    }
    if (!compose_add_file(service, mount->target, mount->source, at)) {
        add_host_directory(service, mount);
        return;
    }
    if (!mount->read_only)
        compose_lost(service, at, "the container cannot write to %.*s", STR_ARG(mount->target));
}

/* True for a directory of packages, which a build installs in the image. */
static bool has_packages(struct str path)
{
    static const char *const names[] = {"node_modules", "bower_components", "vendor", "venv",
                                        ".venv"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq_c(base_name(path), names[i]))
            return true;
    return false;
}

/* A volume without a name. In a directory of the host, it shows the files of the image. */
static void add_anonymous(struct compose_service *service, const struct mount *mount)
{
    struct location at = mount->node->span;
    struct str path = directory_path(mount->target);
    struct str parent = directory_path(str_directory(path));
    if (has_packages(path) || map_get(&service->host_directories, parent)) {
        compose_ignored(service, at,
                        "volume %.*s is not needed: the container has the files of its image",
                        STR_ARG(mount->target));
        return;
    }
    struct node *volume = add_volume(service, mount->target, at);
    import_map(service->import, volume, VOLUME_EMPTY_DIR, at);
    bool is_empty = mount->nocopy || compose_is_data(service, path);
    compose_lost(service, at,
                 "the files in %.*s are deleted with the pod: use persistent_storage to keep "
                 "them%s",
                 STR_ARG(mount->target),
                 is_empty ? "" : ", or remove the volume if the image has files there");
}

static void add_mount(struct compose_service *service, const struct mount *mount)
{
    struct location at = mount->node->span;
    if (mount->target.len == 0) {
        diag_error(service->compose->diags, at, RULE_INVALID_COMPOSE,
                   "a volume must have a path in the container");
    } else if (str_eq_c(mount->type, "bind")) {
        add_bind(service, mount);
    } else if (str_eq_c(mount->type, "tmpfs")) {
        add_memory(service, mount->target, mount->size, at);
    } else if (!str_eq_c(mount->type, "volume")) {
        compose_lost(service, at, "a volume of type \"%.*s\" is not carried over: see volumes",
                     STR_ARG(mount->type));
    } else if (mount->source.len && has_packages(mount->target)) {
        compose_lost(service, at,
                     "volume %.*s is not carried over, because it would hide the files of the "
                     "image in %.*s: use persistent_storage if the image has none there",
                     STR_ARG(mount->source), STR_ARG(mount->target));
    } else if (mount->source.len) {
        add_named(service, mount);
    } else {
        add_anonymous(service, mount);
    }
}

static void read_volumes(struct compose_service *service, const struct node *list)
{
    struct mount *mounts = NULL;
    size_t count = 0;
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        if (item->kind == NODE_MAP &&
            !compose_check_keys(service->compose, service, COMPOSE_MOUNT, item, "volumes."))
            continue;
        mounts = arena_grow(service->arena, mounts, count, sizeof *mounts);
        mounts[count++] = parse_mount(service, item);
    }
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(mounts[i].type, "bind"))
            map_add(service->arena, &service->host_directories, directory_path(mounts[i].target),
                    mounts[i].node);
    for (size_t i = 0; i < count; i++)
        add_mount(service, &mounts[i]);
}

/* PATH[:size=64m,mode=...] */
static void read_tmpfs(struct compose_service *service, const struct node *node)
{
    struct str text = compose_string(service, node, COMPOSE_FIXED);
    size_t colon = str_find(text, 0, ':');
    struct str options = str_skip(text, colon + 1);
    int64_t bytes = 0;
    for (size_t at = 0; at < options.len;) {
        size_t end = str_find(options, at, ',');
        struct str option = str_slice(options, at, end);
        if (!str_starts_with(option, STR("size=")) || !compose_size(str_skip(option, 5), &bytes))
            compose_lost(service, node->span,
                         "option %.*s of tmpfs is not carried over: all users "
                         "can write to the directory",
                         STR_ARG(option));
        at = end + 1;
    }
    add_memory(service, str_slice(text, 0, colon), bytes, node->span);
}

void compose_read_mounts(struct compose_service *service)
{
    const struct node *volumes = compose_get(service->node, "volumes");
    const struct node *tmpfs = compose_get(service->node, "tmpfs");
    const struct node *shm = compose_get(service->node, "shm_size");
    int64_t bytes = 0;
    if (volumes && volumes->kind != NODE_LIST)
        compose_report_kind(service->compose, volumes, "volumes", "a list");
    else
        read_volumes(service, volumes);
    if (tmpfs && tmpfs->kind != NODE_LIST)
        read_tmpfs(service, tmpfs);
    else
        for (const struct node *item = node_first_child(tmpfs); item; item = item->next)
            read_tmpfs(service, item);
    if (shm)
        read_size(service, shm, &bytes);
    if (bytes)
        add_memory(service, STR("/dev/shm"), bytes, shm->span);
}
