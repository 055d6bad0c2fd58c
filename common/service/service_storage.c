/* persistent_storage: the volume claims of a StatefulSet. */
#include "base/map.h"
#include "service/service_reader.h"

#include <stdlib.h>

enum { HASH_LENGTH = 8 };

static bool is_alnum_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Returns the words of a path in lower case, joined with dashes; empty if there are none. */
static struct str join_words(struct arena *arena, struct str path)
{
    char *name = arena_alloc(arena, path.len + 1);
    size_t len = 0;
    struct str lower = str_lower(arena, path);
    for (size_t i = 0; i < lower.len; i++)
        if (is_alnum_lower(lower.data[i]))
            name[len++] = lower.data[i];
        else if (len && name[len - 1] != '-')
            name[len++] = '-';
    return (struct str){name, len};
}

struct str service_volume_name(struct arena *arena, struct str path)
{
    struct str words = join_words(arena, path);
    if (words.len <= LABEL_MAX && str_span_only(path, "abcdefghijklmnopqrstuvwxyz0123456789/"))
        return words;
    words = str_slice(words, 0, LABEL_MAX - 1 - HASH_LENGTH);
    while (str_ends_with(words, STR("-")))
        words.len--;
    if (words.len == 0)
        words = STR("volume");
    return str_format(arena, "%.*s-%08x", STR_ARG(words), str_hash(path));
}

bool service_is_own_volume(struct str name)
{
    return str_eq_c(name, FILES_VOLUME) || str_eq_c(name, TMP_VOLUME);
}

bool service_check_mount_path(const struct service_reader *in, struct str path, struct location at)
{
    const char *error = name_check_mount_path(path);
    if (!error)
        return true;
    diag_error(in->reader.diags, at, RULE_INVALID_PATH, "path %s", error);
    struct str absolute = str_format(in->reader.arena, "/%.*s", STR_ARG(path));
    if (!str_starts_with(path, STR("/")) && !name_check_mount_path(absolute))
        diag_hint(in->reader.diags, "write path: %.*s", STR_ARG(absolute));
    return false;
}

static struct location name_location(const struct record *record)
{
    return record_location(record, record_has(record, STORAGE_NAME) ? STORAGE_NAME : STORAGE_PATH);
}

/* Paths and names must be unique in a pod. The name of a claim, NAME-SERVICE-ORDINAL, is never too
 * long. */
static void check_disk(const struct service_reader *in, const struct record *record,
                       struct disk *disk, struct map *paths, struct map *names)
{
    struct arena *arena = in->reader.arena;
    struct diags *diags = in->reader.diags;
    if (!service_check_mount_path(in, disk->path, record_location(record, STORAGE_PATH)))
        return;
    if (map_add(arena, paths, disk->path, disk)) {
        diag_error(diags, record_location(record, STORAGE_PATH), RULE_DUPLICATE_ITEM,
                   "duplicate path \"%.*s\"", STR_ARG(disk->path));
        diag_hint(diags, "set a different path for each disk");
        return;
    }
    if (!record_has(record, STORAGE_NAME))
        disk->name = service_volume_name(arena, disk->path);
    const char *error = name_check_namespace(disk->name);
    if (error) {
        diag_error(diags, name_location(record), RULE_INVALID_NAME, "name %s", error);
    } else if (str_eq_c(disk->name, "tmp") && !str_eq_c(disk->path, "/tmp")) {
        diag_error(diags, name_location(record), RULE_INVALID_NAME,
                   "name \"tmp\" is reserved for the path /tmp");
    } else if (service_is_own_volume(disk->name)) {
        diag_error(diags, name_location(record), RULE_INVALID_NAME, "name \"%.*s\" is reserved",
                   STR_ARG(disk->name));
        diag_hint(diags, "set a different name, for example: {name: NAME, size: ..., path: ...}");
    } else if (map_add(arena, names, disk->name, disk)) {
        diag_error(diags, name_location(record), RULE_DUPLICATE_ITEM,
                   "duplicate disk name \"%.*s\"", STR_ARG(disk->name));
        diag_hint(diags, "set a different name, for example: {name: NAME, size: ..., path: ...}");
    }
}

static void read_storage_class(const struct service_reader *in, const struct record *record)
{
    struct required_object object = {
        .kind = REQUIRED_STORAGE_CLASS,
        .name = record_value(record, STORAGE_STORAGE_CLASS)->text,
        .at = record_location(record, STORAGE_STORAGE_CLASS),
        .field = STORAGE_STORAGE_CLASS,
    };
    const char *error = name_check_subdomain(object.name);
    if (error)
        diag_error(in->reader.diags, object.at, RULE_INVALID_NAME, "storage_class %s", error);
    else
        service_require(in, object);
}

/* Kubernetes rejects a change in the order of claim templates, so the order depends only on the
 * names: shorter ones first, so that storage-2 sorts before storage-10. */
static int compare_names(const void *a, const void *b)
{
    struct str left = ((const struct disk *)a)->name;
    struct str right = ((const struct disk *)b)->name;
    if (left.len != right.len)
        return left.len < right.len ? -1 : 1;
    return str_compare(left, right);
}

void service_read_disks(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_PERSISTENT_STORAGE);
    struct map paths = {0};
    struct map names = {0};
    service->disks = ARENA_ARRAY(in->reader.arena, written->count, struct disk);
    for (size_t i = 0; i < written->count; i++) {
        const struct record *record = written->records[i];
        struct disk *disk = &service->disks[service->disk_count++];
        *disk = (struct disk){.name = record_value(record, STORAGE_NAME)->text,
                              .is_named = record_has(record, STORAGE_NAME),
                              .path = record_value(record, STORAGE_PATH)->text,
                              .size = record_value(record, STORAGE_SIZE)->number,
                              .storage_class = record_value(record, STORAGE_STORAGE_CLASS)->text,
                              .access_mode = record_value(record, STORAGE_ACCESS_MODE)->text,
                              .at = record_location(record, STORAGE_PATH)};
        if (record_has(record, STORAGE_PATH))
            check_disk(in, record, disk, &paths, &names);
        if (record_has(record, STORAGE_STORAGE_CLASS))
            read_storage_class(in, record);
    }
    if (service->disk_count == 0)
        return;
    qsort(service->disks, service->disk_count, sizeof *service->disks, compare_names);
    if (service->name.len > STATEFUL_NAME_MAX)
        diag_error(in->reader.diags, in->module->name_at, RULE_INVALID_NAME,
                   "the name of a service with persistent_storage must be at most %d characters "
                   "long",
                   STATEFUL_NAME_MAX);
}
