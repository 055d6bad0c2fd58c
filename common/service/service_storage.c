/* The volumes that pods keep: persistent_storage. */
#include "base/map.h"
#include "service/service_reader.h"

#include <stdlib.h>

enum { HASH_LENGTH = 8 };

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The words of a path in lower case, joined with dashes; empty if it has none. */
static struct str join_words(struct arena *arena, struct str path)
{
    char *name = arena_alloc(arena, path.len + 1);
    size_t len = 0;
    struct str lower = str_lower(arena, path);
    for (size_t i = 0; i < lower.len; i++)
        if (is_word_byte(lower.data[i]))
            name[len++] = lower.data[i];
        else if (len && name[len - 1] != '-')
            name[len++] = '-';
    return (struct str){name, len};
}

/* The default name of a claim depends on its path alone: "/var/lib/data" is "var-lib-data". A path
 * that may have the same words as another (it has a dash or a capital letter, or is too long) also
 * gets a hash of the whole path. */
static struct str name_of_path(struct arena *arena, struct str path)
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

static struct location name_location(const struct record *record)
{
    return record_location(record, record_has(record, STORAGE_NAME) ? STORAGE_NAME : STORAGE_PATH);
}

/* A volume has one path and one name: a pod cannot have either twice. A claim's own name, which
 * is NAME-SERVICE-ORDINAL, always fits. */
static void check_disk(const struct service_reader *in, const struct record *record,
                       struct disk *disk, struct map *paths, struct map *names)
{
    struct arena *arena = in->reader.arena;
    struct diags *diags = in->reader.diags;
    const char *wrong = name_check_mount_path(disk->path);
    if (!wrong && map_add(arena, paths, disk->path, disk))
        wrong = "is that of another disk already";
    if (wrong) {
        diag_error(diags, record_location(record, STORAGE_PATH), "path %s", wrong);
        struct str absolute = str_format(arena, "/%.*s", STR_ARG(disk->path));
        if (!str_starts_with(disk->path, STR("/")) && !name_check_mount_path(absolute))
            diag_hint(diags, "write path: %.*s", STR_ARG(absolute));
        return;
    }
    if (!record_has(record, STORAGE_NAME))
        disk->name = name_of_path(arena, disk->path);
    wrong = name_check_namespace(disk->name);
    if (wrong) {
        diag_error(diags, name_location(record), "name %s", wrong);
    } else if (str_eq_c(disk->name, "tmp") && !str_eq_c(disk->path, "/tmp")) {
        diag_error(diags, name_location(record), "the name \"tmp\" is reserved for the path /tmp");
    } else if (map_add(arena, names, disk->name, disk)) {
        diag_error(diags, name_location(record), "another disk is named \"%.*s\" already",
                   STR_ARG(disk->name));
        diag_hint(diags, "give one of the two another name: {name: NAME, size: ..., path: ...}");
    }
}

/* Kubernetes compares the list of claim templates in its order, so that depends on the names alone:
 * shorter ones first, which has storage-2 before storage-10, as the lists that name claims by their
 * index are. */
static int by_name(const void *a, const void *b)
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
                              .at = record_location(record, STORAGE_PATH)};
        if (record_has(record, STORAGE_PATH))
            check_disk(in, record, disk, &paths, &names);
    }
    if (service->disk_count == 0)
        return;
    qsort(service->disks, service->disk_count, sizeof *service->disks, by_name);
    if (service->name.len > STATEFUL_NAME_MAX)
        diag_error(in->reader.diags, in->module->name_at,
                   "the name of a service with persistent_storage must be at most %d characters "
                   "long",
                   STATEFUL_NAME_MAX);
}
