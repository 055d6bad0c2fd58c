/* volumes: temporary directories, and objects that others create. */
#include "base/map.h"
#include "service/service_reader.h"

enum { MEBIBYTE = 1 << 20, DISK_SIZE_DEFAULT = 1024, MEMORY_SIZE_DEFAULT = 64 };

/* The fields that say what a volume contains. */
static const struct source_field {
    enum field_id field;
    enum volume_kind kind;
    enum required_kind required; /* not for VOLUME_TEMPORARY */
    const char *empty_hint;      /* what to write instead of no value */
} sources[] = {
    {VOLUME_EMPTY_DIR, VOLUME_TEMPORARY, REQUIRED_CLAIM,
     "write empty_dir: {} for the default size"},
    {VOLUME_CONFIG_MAP, VOLUME_OF_CONFIG_MAP, REQUIRED_CONFIG_MAP, "write config_map: NAME"},
    {VOLUME_SECRET, VOLUME_OF_SECRET, REQUIRED_SECRET, "write secret: NAME"},
    {VOLUME_CLAIM, VOLUME_OF_CLAIM, REQUIRED_CLAIM, "write claim: NAME"},
};

/* Returns what the volume contains. Reports an error and returns NULL if that is not exactly one
 * thing. */
static const struct source_field *find_source(const struct service_reader *in,
                                              const struct record *record)
{
    const struct source_field *found = NULL;
    size_t count = 0;
    bool invalid = service_has_unknown_field(record);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        invalid |= record_value(record, sources[i].field)->invalid;
        if (!record_has(record, sources[i].field))
            continue;
        found = &sources[i];
        count++;
    }
    if (count == 1 || invalid)
        return found;
    for (size_t i = 0; count == 0 && i < COUNT_OF(sources); i++)
        if (service_check_empty(in, record, sources[i].field, sources[i].empty_hint))
            return NULL;
    struct location at = record->node->span;
    at.end = at.start;
    diag_error(in->reader.diags, at, RULE_CONFLICTING_FIELDS,
               "a volume must have exactly one of empty_dir, config_map, secret and claim");
    diag_hint(in->reader.diags, "for example: {path: /cache, empty_dir: {size: 512}}");
    return NULL;
}

static void read_empty_dir(const struct record *empty_dir, struct volume *volume)
{
    volume->in_memory = record_value(empty_dir, EMPTY_DIR_MEMORY)->boolean;
    volume->size = record_value(empty_dir, EMPTY_DIR_SIZE)->number;
    if (!record_has(empty_dir, EMPTY_DIR_SIZE))
        volume->size =
            (int64_t)(volume->in_memory ? MEMORY_SIZE_DEFAULT : DISK_SIZE_DEFAULT) * MEBIBYTE;
}

static void read_object(const struct service_reader *in, const struct record *record,
                        const struct source_field *source, struct volume *volume)
{
    volume->object = record_value(record, source->field)->text;
    const char *error = name_check_subdomain(volume->object);
    struct location at = record_location(record, source->field);
    if (error)
        diag_error(in->reader.diags, at, RULE_INVALID_NAME, "%s %s",
                   schema_field(source->field)->name, error);
    else
        service_require(in, (struct required_object){.kind = source->required,
                                                     .name = volume->object,
                                                     .at = at,
                                                     .field = SERVICE_VOLUMES});
}

/* Only a claim can be mounted in both ways. */
static void read_access(const struct service_reader *in, const struct record *record,
                        struct volume *volume)
{
    const struct value *read_only = record_value(record, VOLUME_READ_ONLY);
    bool always = volume->kind == VOLUME_OF_CONFIG_MAP || volume->kind == VOLUME_OF_SECRET;
    volume->read_only = always || read_only->boolean;
    if (!read_only->node || volume->kind == VOLUME_OF_CLAIM || (always && read_only->boolean))
        return;
    if (always)
        diag_error(in->reader.diags, read_only->node->span, RULE_READ_ONLY_VOLUME,
                   "a container cannot write to a ConfigMap or Secret");
    else if (read_only->boolean)
        diag_error(in->reader.diags, read_only->node->span, RULE_READ_ONLY_VOLUME,
                   "an empty directory that is read-only remains empty");
    else
        return;
    diag_hint(in->reader.diags, "remove read_only");
}

struct map service_mounted_paths(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct map paths = {0};
    for (size_t i = 0; i < service->disk_count; i++)
        map_add(in->reader.arena, &paths, service->disks[i].path, service);
    for (size_t i = 0; i < service->volume_count; i++)
        map_add(in->reader.arena, &paths, service->volumes[i].path, service);
    return paths;
}

/* Sets the name in the pod, which differs from those of the claims and of our own volumes. */
static void set_name(const struct service_reader *in, struct volume *volume)
{
    const struct service *service = in->service;
    struct str name = service_volume_name(in->reader.arena, volume->path);
    bool taken = service_is_own_volume(name);
    for (size_t i = 0; i < service->disk_count; i++)
        taken |= str_equal(service->disks[i].name, name);
    volume->name =
        taken ? str_format(in->reader.arena, "volume-%08x", str_hash(volume->path)) : name;
}

/* Programs need a writable /tmp. */
static void check_tmp(const struct service_reader *in, const struct volume *volume,
                      struct location at)
{
    const struct service *service = in->service;
    if (!volume->read_only || !service->read_only_root || !str_eq_c(volume->path, "/tmp"))
        return;
    diag_error(in->reader.diags, at, RULE_CONFLICTING_FIELDS,
               "a volume that is read-only cannot be mounted at /tmp, which must be writable "
               "because the root file system is read-only");
    diag_hint(in->reader.diags, "set another path, for example /tmp/%.*s, or read_only_root: false",
              STR_ARG(service->name));
}

static void read_volume(const struct service_reader *in, const struct record *record,
                        struct map *paths)
{
    struct service *service = in->service;
    struct volume *volume = &service->volumes[service->volume_count++];
    struct location at = record_location(record, VOLUME_PATH);
    const struct source_field *source = find_source(in, record);
    volume->path = record_value(record, VOLUME_PATH)->text;
    if (record_has(record, VOLUME_PATH) && service_check_mount_path(in, volume->path, at)) {
        if (map_add(in->reader.arena, paths, volume->path, service)) {
            diag_error(in->reader.diags, at, RULE_DUPLICATE_ITEM, "duplicate path \"%.*s\"",
                       STR_ARG(volume->path));
            diag_hint(in->reader.diags,
                      "set a different path in each item of volumes and persistent_storage");
        }
        set_name(in, volume);
    }
    if (!source)
        return;
    volume->kind = source->kind;
    if (source->kind == VOLUME_TEMPORARY)
        read_empty_dir(record_value(record, VOLUME_EMPTY_DIR)->records[0], volume);
    else
        read_object(in, record, source, volume);
    read_access(in, record, volume);
    check_tmp(in, volume, at);
}

void service_read_volumes(const struct service_reader *in)
{
    const struct value *written = service_value(in, SERVICE_VOLUMES);
    struct map paths = service_mounted_paths(in);
    if (written->count > VOLUMES_MAX) {
        service_error(in, SERVICE_VOLUMES, RULE_LIMIT_EXCEEDED,
                      "too many volumes: %zu (maximum %d)", written->count, VOLUMES_MAX);
        return;
    }
    in->service->volumes = ARENA_ARRAY(in->reader.arena, written->count, struct volume);
    for (size_t i = 0; i < written->count; i++)
        read_volume(in, written->records[i], &paths);
}
