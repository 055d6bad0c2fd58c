/* files: text files of the project, in an immutable ConfigMap whose name has a hash of their
 * contents. A change creates another ConfigMap, so that running pods and rollbacks keep theirs. */
#include "base/map.h"
#include "config/local_file.h"
#include "service/service_reader.h"

#include <string.h>

enum { FILE_MODE_DEFAULT = 0444, FILE_MODE_MAX = 0777 };

/* Returns the key of a file in the ConfigMap, which depends only on its path:
 * "etc_nginx_nginx.conf". If another path could have the same key, a hash of the path is appended.
 * A key must not begin with two dots. */
static struct str key_of(struct arena *arena, struct str path)
{
    enum { KEY_MAX = 201 };
    const char *const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    bool same = path.len <= KEY_MAX;
    bool dots = str_starts_with(path, STR("/.."));
    struct buf key = {0};
    for (size_t i = 1; i < path.len && i < KEY_MAX; i++) { /* without the first slash */
        char byte = path.data[i];
        bool is_plain = byte && strchr(plain, byte) && !(i == 1 && byte == '.' && dots);
        same &= is_plain || byte == '/';
        buf_add_byte(&key, is_plain ? byte : '_');
    }
    if (!same)
        buf_format(&key, "-%08x", str_hash(path));
    return buf_take(arena, &key);
}

/* Sets the mode, which must be written as four octal digits, because 444 could be a decimal number.
 */
static void read_mode(const struct service_reader *in, const struct record *record,
                      struct file *file)
{
    enum { DIGITS = 4 };
    struct str text = record_value(record, MOUNTED_FILE_MODE)->text;
    file->mode = FILE_MODE_DEFAULT;
    if (!record_has(record, MOUNTED_FILE_MODE))
        return;
    file->mode = 0;
    for (size_t i = 0; i < text.len && i < DIGITS; i++)
        file->mode = file->mode * 8 + (text.data[i] - '0');
    if (text.len == DIGITS && str_span_only(text, "01234567") && file->mode <= FILE_MODE_MAX)
        return;
    diag_error(in->reader.diags, record_location(record, MOUNTED_FILE_MODE), RULE_INVALID_VALUE,
               "mode must be four octal digits from 0000 to 0777, not \"%.*s\"", STR_ARG(text));
    diag_hint(in->reader.diags, "for example: mode: \"0444\"");
}

/* Sets the contents, which are used exactly as written: braces are not placeholders. */
static void read_content(const struct service_reader *in, const struct record *record,
                         struct file *file)
{
    struct diags *diags = in->reader.diags;
    const struct value *content = record_value(record, MOUNTED_FILE_CONTENT);
    const struct value *from = record_value(record, MOUNTED_FILE_FROM);
    struct location at = record->node->span;
    at.end = at.start;
    if (content->node && from->node) {
        diag_error(diags, from->node->span, RULE_CONFLICTING_FIELDS,
                   "content and from are mutually exclusive");
        diag_hint(diags, "remove one of them");
    } else if (content->node) {
        file->content = content->text;
        local_file_check(diags, content->node->span, file->path, content->text);
    } else if (from->node && from->text.len == 0) {
        diag_error(diags, from->node->span, RULE_INVALID_VALUE, "from must not be empty");
        diag_hint(diags, "write the path of a file, relative to the service file");
    } else if (from->node) {
        local_file_read(in->reader.arena, diags, from->node->span, from->text, &file->content);
    } else if (!content->invalid && !from->invalid && !service_has_unknown_field(record) &&
               !service_check_empty(in, record, MOUNTED_FILE_CONTENT,
                                    "for an empty file, write content: \"\"") &&
               !service_check_empty(in, record, MOUNTED_FILE_FROM,
                                    "write the path of a file, relative to the service file")) {
        diag_error(diags, at, RULE_REQUIRED_FIELD, "a file must have content or from");
        diag_hint(diags, "for example: {path: /etc/web.conf, from: web.conf}");
    }
}

/* True if the path is in a directory that nothing can be added to. Reports an error if so. */
static bool is_in_object(const struct service_reader *in, struct str path, struct location at)
{
    const struct service *service = in->service;
    for (size_t i = 0; i < service->volume_count; i++) {
        const struct volume *volume = &service->volumes[i];
        struct str directory = STR_JOIN(in->reader.arena, volume->path, STR("/"));
        if ((volume->kind != VOLUME_OF_CONFIG_MAP && volume->kind != VOLUME_OF_SECRET) ||
            !str_starts_with(path, directory))
            continue;
        diag_error(in->reader.diags, at, RULE_READ_ONLY_VOLUME,
                   "path is in a volume that cannot be written to: \"%.*s\"",
                   STR_ARG(volume->path));
        diag_hint(in->reader.diags, "set a path outside of %.*s", STR_ARG(volume->path));
        return true;
    }
    return false;
}

/* `paths`: what is mounted, by path: a file, or `service` for a disk or volume. */
static void check_path(const struct service_reader *in, const struct record *record,
                       const struct file *file, struct map *paths)
{
    const struct service *service = in->service;
    struct location at = record_location(record, MOUNTED_FILE_PATH);
    struct diags *diags = in->reader.diags;
    if (!record_has(record, MOUNTED_FILE_PATH) || !service_check_mount_path(in, file->path, at) ||
        is_in_object(in, file->path, at))
        return;
    if (map_add(in->reader.arena, paths, file->path, file)) {
        diag_error(diags, at, RULE_DUPLICATE_ITEM, "duplicate path \"%.*s\"", STR_ARG(file->path));
        diag_hint(diags,
                  "set a different path in each item of files, volumes and persistent_storage");
    } else if (service->read_only_root && str_eq_c(file->path, "/tmp")) {
        diag_error(diags, at, RULE_CONFLICTING_FIELDS,
                   "a file cannot be mounted at /tmp, which is a writable directory because the "
                   "root file system is read-only");
        diag_hint(diags, "set another path, for example /tmp/%.*s, or read_only_root: false",
                  STR_ARG(service->name));
    }
}

/* Reports an error if one of the path's parents is a file. `paths`: as in check_path(). */
static void check_parents(const struct service_reader *in, struct str path, struct location at,
                          const struct map *paths)
{
    if (name_check_mount_path(path))
        return; /* reported, and perhaps very long */
    for (size_t end = str_find(path, 1, '/'); end < path.len; end = str_find(path, end + 1, '/')) {
        struct str parent = str_slice(path, 0, end);
        const void *found = map_get(paths, parent);
        if (!found || found == in->service)
            continue;
        diag_error(in->reader.diags, at, RULE_CONFLICTING_FIELDS, "path is below the file \"%.*s\"",
                   STR_ARG(parent));
        diag_hint(in->reader.diags, "set a path outside of %.*s", STR_ARG(parent));
        return;
    }
}

/* Reports mounts below a file. */
static void check_nesting(const struct service_reader *in, const struct map *paths)
{
    static const struct {
        enum field_id list;
        enum field_id path;
    } rows[] = {{SERVICE_PERSISTENT_STORAGE, STORAGE_PATH},
                {SERVICE_VOLUMES, VOLUME_PATH},
                {SERVICE_FILES, MOUNTED_FILE_PATH}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct value *list = service_value(in, rows[i].list);
        for (size_t j = 0; j < list->count; j++)
            check_parents(in, record_value(list->records[j], rows[i].path)->text,
                          record_location(list->records[j], rows[i].path), paths);
    }
}

bool service_is_private_file(const struct file *file)
{
    enum { READABLE_BY_OTHERS = 0004 };
    return !(file->mode & READABLE_BY_OTHERS);
}

/* Returns a hash of the keys and contents. If two versions had the same hash, the server would
 * reject the second one, because the ConfigMap is immutable. */
static struct str hash_files(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct buf text = {0};
    buf_add_byte(&text, '1');
    for (size_t i = 0; i < service->file_count; i++) {
        buf_format(&text, "%.*s:%zu:", STR_ARG(service->files[i].key),
                   service->files[i].content.len);
        buf_add(&text, service->files[i].content);
    }
    uint32_t first = str_hash(buf_str(&text));
    text.data[0] = '2';
    struct str hash = str_format(in->reader.arena, "%08x%08x", first, str_hash(buf_str(&text)));
    buf_free(&text);
    return hash;
}

static void check_total(const struct service_reader *in)
{
    const struct service *service = in->service;
    size_t size = 0;
    for (size_t i = 0; i < service->file_count; i++)
        size += service->files[i].key.len + service->files[i].content.len;
    if (size <= CONFIG_MAP_SIZE_MAX)
        return;
    service_error(in, SERVICE_FILES, RULE_LIMIT_EXCEEDED,
                  "files exceed 1 MiB in total, the maximum size of a ConfigMap: %zu bytes", size);
    diag_hint(in->reader.diags, "add large files to the image, or download them to a volume when "
                                "the pod starts");
}

void service_read_files(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_FILES);
    struct map paths = service_mounted_paths(in);
    size_t errors = in->reader.diags->errors;
    if (written->count > FILES_OF_SERVICE_MAX) {
        service_error(in, SERVICE_FILES, RULE_LIMIT_EXCEEDED, "too many files: %zu (maximum %d)",
                      written->count, FILES_OF_SERVICE_MAX);
        return;
    }
    service->files = ARENA_ARRAY(in->reader.arena, written->count, struct file);
    for (size_t i = 0; i < written->count; i++) {
        const struct record *record = written->records[i];
        struct file *file = &service->files[service->file_count++];
        file->path = record_value(record, MOUNTED_FILE_PATH)->text;
        check_path(in, record, file, &paths);
        read_mode(in, record, file);
        read_content(in, record, file);
        file->key = key_of(in->reader.arena, file->path);
    }
    check_nesting(in, &paths);
    if (in->reader.diags->errors > errors || service->file_count == 0)
        return;
    check_total(in);
    service->files_hash = hash_files(in);
}
