/* files, volumes and persistent_storage, and which containers mount them. */
#include "format/quantity.h"
#include "import/manifests_reader.h"
#include "service/service_reader.h"

enum { MEBIBYTE = 1 << 20, GIBIBYTE = 1 << 30, DISK_DEFAULT = 1024, MEMORY_DEFAULT = 64 };

static bool has_read_only_root(const struct given_app *app)
{
    const struct node *field = import_get(app->module, SERVICE_READ_ONLY_ROOT);
    if (field)
        return str_eq_c(field->text, "true");
    return str_eq_c(node_string(import_get(app->module, SERVICE_POD_SECURITY)), "restricted");
}

/* True for the /tmp that every container with a read-only root file system gets. */
static bool is_own_tmp(const struct given_app *app, const struct node *mount)
{
    const struct node *empty = node_at(mount, "volume emptyDir");
    return has_read_only_root(app) && empty && !empty->first &&
           str_eq_c(given_text(mount, "mountPath"), "/tmp");
}

/* Returns the number of bytes of a quantity; 0 if it is not set or invalid. */
static int64_t bytes_of(const struct node *quantity)
{
    enum { THOUSAND = 1000 };
    int64_t number;
    if (!quantity || !quantity_parse(node_string(quantity), &number))
        return 0;
    return number / THOUSAND + (number % THOUSAND != 0);
}

/* Sets a size in the unit of its field if it is a multiple of it, else with a suffix. */
static void set_size(const struct given_app *app, struct node *map, enum field_id field,
                     const struct node *quantity)
{
    int64_t unit = schema_field(field)->scale;
    int64_t bytes = bytes_of(quantity);
    if (bytes % unit == 0)
        import_int(app->import, map, field, bytes / unit, quantity->span);
    else
        import_string(app->import, map, field, quantity_bytes(app->arena, bytes), quantity->span);
}

static void set_mode(const struct given_app *app, struct node *map, const struct node *mode)
{
    enum { DEFAULT = 0444 };
    int64_t number;
    if (!mode || !str_to_int(node_string(mode), &number) || number == DEFAULT || number < 0)
        return;
    import_string(app->import, map, MOUNTED_FILE_MODE,
                  str_format(app->arena, "%04o", (unsigned)number & 07777), mode->span);
}

static void add_file(const struct given_app *app, const struct node *mount)
{
    const struct node *path = node_at(mount, "mountPath");
    struct node *list = import_list(app->import, app->module, SERVICE_FILES, mount->span);
    struct node *item = import_item_map(app->import, list, mount->span);
    given_string(app, item, MOUNTED_FILE_PATH, path);
    given_string(app, item, MOUNTED_FILE_CONTENT, node_get(mount, "file"));
    set_mode(app, item, node_at(mount, "mode"));
}

static void add_disk(const struct given_app *app, const struct node *mount,
                     const struct node *template)
{
    const struct node *name = node_at(template, "metadata name");
    const struct node *path = node_at(mount, "mountPath");
    const struct node *size = node_at(template, "spec resources requests storage");
    const struct node *class = node_at(template, "spec storageClassName");
    const struct node *mode = node_first_child(node_at(template, "spec accessModes"));
    struct node *list =
        import_list(app->import, app->module, SERVICE_PERSISTENT_STORAGE, mount->span);
    struct node *item = import_item_map(app->import, list, mount->span);
    if (size && bytes_of(size) < GIBIBYTE)
        import_int(app->import, item, STORAGE_SIZE, 1, size->span);
    else if (size)
        set_size(app, item, STORAGE_SIZE, size);
    given_string(app, item, STORAGE_PATH, path);
    if (!str_equal(service_volume_name(app->arena, node_string(path)), node_string(name)))
        given_string(app, item, STORAGE_NAME, name);
    if (class)
        given_string(app, item, STORAGE_STORAGE_CLASS, class);
    if (mode)
        given_string(app, item, STORAGE_ACCESS_MODE, mode);
}

static struct node *add_volume(const struct given_app *app, const struct node *mount)
{
    struct node *list = import_list(app->import, app->module, SERVICE_VOLUMES, mount->span);
    struct node *item = import_item_map(app->import, list, mount->span);
    given_string(app, item, VOLUME_PATH, node_at(mount, "mountPath"));
    return item;
}

static void add_empty_dir(const struct given_app *app, const struct node *mount,
                          const struct node *empty)
{
    struct node *item = add_volume(app, mount);
    struct node *map = import_map(app->import, item, VOLUME_EMPTY_DIR, mount->span);
    const struct node *size = node_at(empty, "sizeLimit");
    const struct node *medium = node_at(empty, "medium");
    bool memory = str_eq_c(node_string(medium), "Memory");
    if (memory)
        import_bool(app->import, map, EMPTY_DIR_MEMORY, true, medium->span);
    if (size && bytes_of(size) != (int64_t)(memory ? MEMORY_DEFAULT : DISK_DEFAULT) * MEBIBYTE)
        set_size(app, map, EMPTY_DIR_SIZE, size);
}

/* True for a mount of a part of a volume. */
static bool is_partial(const struct node *mount)
{
    return node_at(mount, "subPath") || node_at(mount, "subPathExpr");
}

/* Adds what a service file can mount. What it cannot mount is found by the comparison. */
static void add_mount(const struct given_app *app, const struct node *mount)
{
    static const struct {
        const char *path;
        enum field_id field;
    } kinds[] = {{"volume configMap name", VOLUME_CONFIG_MAP},
                 {"volume secret secretName", VOLUME_SECRET},
                 {"volume persistentVolumeClaim claimName", VOLUME_CLAIM}};
    const struct node *empty = node_at(mount, "volume emptyDir");
    const struct node *template = node_at(mount, "volume claimTemplate");
    const struct node *path = node_at(mount, "mountPath");
    if (!path || path->kind != NODE_SCALAR)
        return;
    if (node_get(mount, "file")) {
        add_file(app, mount);
        return;
    }
    if (is_partial(mount) || node_at(mount, "volume configMap items") ||
        node_at(mount, "volume secret items"))
        return;
    if (template) {
        add_disk(app, mount, template);
        return;
    }
    if (empty) {
        add_empty_dir(app, mount, empty);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct node *name = node_at(mount, kinds[i].path);
        if (!name || name->kind != NODE_SCALAR)
            continue;
        struct node *item = add_volume(app, mount);
        given_string(app, item, kinds[i].field, name);
        if (kinds[i].field == VOLUME_CONFIG_MAP)
            given_require(app->given, "ConfigMap", name->text);
        if (kinds[i].field == VOLUME_CLAIM && node_is_true(node_at(mount, "readOnly")))
            import_bool(app->import, item, VOLUME_READ_ONLY, true,
                        node_at(mount, "readOnly")->span);
        return;
    }
}

/* True for a volume that would be another one at another path. */
static bool has_contents_of_its_own(const struct node *mount)
{
    return node_at(mount, "volume emptyDir") || node_at(mount, "volume claimTemplate");
}

/* `paths`: of all mounts so far. `names`: of the volumes that have one path. */
static void read_mounts(const struct given_app *app, const struct node *container,
                        struct map *paths, struct map *names)
{
    const struct node *list = node_at(container, "volumeMounts");
    for (const struct node *mount = node_first_child(list); mount; mount = mount->next) {
        struct str path = given_text(mount, "mountPath");
        if (path.len == 0 || is_own_tmp(app, mount) || map_get(paths, path))
            continue;
        if (has_contents_of_its_own(mount) && !is_partial(mount) &&
            map_add(app->arena, names, given_text(mount, "name"), mount))
            continue;
        map_add(app->arena, paths, path, mount);
        add_mount(app, mount);
    }
}

/* Notes the claims that do not become persistent_storage. `names`: of the volumes that are mounted
 * as a whole. */
static void note_claims(const struct given_app *app, const struct map *names)
{
    const struct node *templates = node_at(app->workload->node, "spec volumeClaimTemplates");
    for (const struct node *item = node_first_child(templates); item; item = item->next) {
        const struct node *name = node_at(item, "metadata name");
        struct str class = given_text(item, "spec storageClassName");
        if (name && !map_get(names, node_string(name)))
            given_lost(
                app, name->span,
                "volume claim %.*s (%.*s%s%.*s) is not carried over: no container mounts all "
                "of it",
                STR_ARG(node_string(name)),
                STR_ARG(given_text(item, "spec resources requests storage")),
                class.len ? ", storage class " : "", STR_ARG(class));
    }
}

/* A service has all volumes that one of its containers mounts. */
void given_read_volumes(struct given_app *app)
{
    static const char *const lists[] = {"containers", "initContainers"};
    struct map paths = {0};
    struct map names = {0};
    read_mounts(app, app->container, &paths, &names);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct node *list = node_at(app->pod, lists[i]);
        for (const struct node *item = node_first_child(list); item; item = item->next)
            if (item != app->container)
                read_mounts(app, item, &paths, &names);
    }
    note_claims(app, &names);
}
