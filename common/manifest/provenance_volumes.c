/* Rules for volumes, mounts and files. */
#include "manifest/manifest.h"
#include "manifest/provenance_rules.h"
#include "service/service_reader.h"

/* What a mount or volume of a pod is. */
struct mounted {
    const struct record *disk;   /* an item of persistent_storage */
    const struct record *volume; /* of volumes */
    const struct record *file;   /* of files */
};

/* Returns the item of a list of maps whose path is `path`; NULL: none. */
static const struct record *find_path(const struct trace *trace, enum field_id list,
                                      enum field_id field, struct str path)
{
    const struct value *written = record_value(trace->service->record, list);
    for (size_t i = 0; i < written->count; i++)
        if (str_equal(record_value(written->records[i], field)->text, path))
            return written->records[i];
    return NULL;
}

/* Returns what is mounted by the item of volumeMounts on the path of the line. */
static struct mounted mounted_of(const struct trace *trace)
{
    struct str path = node_get(trace->steps[trace->depth - 2].node, "mountPath")->text;
    return (struct mounted){.disk =
                                find_path(trace, SERVICE_PERSISTENT_STORAGE, STORAGE_PATH, path),
                            .volume = find_path(trace, SERVICE_VOLUMES, VOLUME_PATH, path),
                            .file = find_path(trace, SERVICE_FILES, MOUNTED_FILE_PATH, path)};
}

/* Adds why there is a volume for temporary files. */
static void from_tmp(struct trace *trace)
{
    bool own = service_has(trace->service, SERVICE_READ_ONLY_ROOT);
    from_field(trace, own ? SERVICE_READ_ONLY_ROOT : SERVICE_POD_SECURITY,
               REASON("programs need a /tmp that they can write to"), NULL);
}

/* Adds the path that the name of a volume is derived from, and the disk that has that name. */
static void from_volume_name(struct trace *trace, const struct record *volume)
{
    const struct value *disks = record_value(trace->service->record, SERVICE_PERSISTENT_STORAGE);
    struct arena *arena = trace->layer->arena;
    struct str name = service_volume_name(arena, record_value(volume, VOLUME_PATH)->text);
    from_value(trace, volume, VOLUME_PATH, REASON("the words of the path"), NULL);
    for (size_t i = 0; i < disks->count; i++)
        if (str_equal(record_value(disks->records[i], STORAGE_NAME)->text, name))
            from_value(trace, disks->records[i], STORAGE_NAME,
                       REASON("this disk has the name that the path gives"), NULL);
}

void rule_mount_name(struct trace *trace, const char *reason)
{
    const struct mounted mounted = mounted_of(trace);
    (void)reason;
    if (mounted.disk)
        from_value(trace, mounted.disk, STORAGE_NAME, NULL, REASON("the words of the path"));
    else if (mounted.volume)
        from_volume_name(trace, mounted.volume);
    else if (mounted.file)
        from_field(trace, SERVICE_FILES, REASON("the volume of all files"), NULL);
    else
        from_tmp(trace);
}

void rule_mount_path(struct trace *trace, const char *reason)
{
    const struct mounted mounted = mounted_of(trace);
    if (mounted.disk)
        from_value(trace, mounted.disk, STORAGE_PATH, reason, NULL);
    else if (mounted.volume)
        from_value(trace, mounted.volume, VOLUME_PATH, reason, NULL);
    else if (mounted.file)
        from_value(trace, mounted.file, MOUNTED_FILE_PATH, reason, NULL);
    else
        from_tmp(trace);
}

void rule_mount_read_only(struct trace *trace, const char *reason)
{
    const struct mounted mounted = mounted_of(trace);
    if (mounted.volume)
        from_value(trace, mounted.volume, VOLUME_READ_ONLY, reason,
                   REASON("containers cannot write to ConfigMaps and Secrets"));
    else
        from_constant(trace, REASON("containers cannot write to ConfigMaps and Secrets"));
}

void rule_mount_sub_path(struct trace *trace, const char *reason)
{
    const struct mounted mounted = mounted_of(trace);
    (void)reason;
    if (mounted.file)
        from_value(trace, mounted.file, MOUNTED_FILE_PATH, REASON("the key in the ConfigMap"),
                   NULL);
    else
        rule_container_name(trace, REASON("containers do not see each other's temporary files"));
}

/* Volumes */

/* Returns the item of volumes of the pod's volume on the path of the line; NULL: it is one of our
 * own. */
static const struct record *record_of_volume(const struct trace *trace)
{
    const struct service *service = trace->service;
    struct str name = node_get(step_at(trace, 2)->node, "name")->text;
    for (size_t i = 0; i < service->volume_count; i++)
        if (str_equal(service->volumes[i].name, name))
            return record_value(service->record, SERVICE_VOLUMES)->records[i];
    return NULL;
}

static const struct record *empty_dir_of(const struct trace *trace)
{
    return record_value(record_of_volume(trace), VOLUME_EMPTY_DIR)->records[0];
}

void rule_volume_name(struct trace *trace, const char *reason)
{
    const struct record *volume = record_of_volume(trace);
    (void)reason;
    if (volume)
        from_volume_name(trace, volume);
    else if (node_get(step_at(trace, 2)->node, "configMap"))
        from_field(trace, SERVICE_FILES, REASON("the volume of all files"), NULL);
    else
        from_tmp(trace);
}

void rule_volume_path(struct trace *trace, const char *reason)
{
    (void)reason;
    from_tmp(trace);
}

void rule_volume_memory(struct trace *trace, const char *reason)
{
    from_value(trace, empty_dir_of(trace), EMPTY_DIR_MEMORY, reason, NULL);
}

void rule_volume_size(struct trace *trace, const char *reason)
{
    from_value(trace, empty_dir_of(trace), EMPTY_DIR_SIZE, NULL, reason);
}

void rule_volume_object(struct trace *trace, const char *reason)
{
    static const enum field_id fields[] = {VOLUME_CONFIG_MAP, VOLUME_SECRET, VOLUME_CLAIM};
    const struct record *volume = record_of_volume(trace);
    for (size_t i = 0; volume && i < COUNT_OF(fields); i++)
        if (record_has(volume, fields[i]))
            from_value(trace, volume, fields[i], reason, NULL);
    if (!volume)
        from_field(trace, SERVICE_FILES, REASON("the ConfigMap of the files"), NULL);
}

/* Files */

/* Returns the item of files on the path of the line. */
static const struct record *record_of_file(const struct trace *trace)
{
    const struct value *files = record_value(trace->service->record, SERVICE_FILES);
    return files->records[trace->steps[trace->depth - 2].index];
}

void rule_volume_file(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_file(trace), MOUNTED_FILE_PATH, reason, NULL);
}

void rule_volume_file_mode(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_file(trace), MOUNTED_FILE_MODE, NULL, reason);
}

void rule_file_content(struct trace *trace, const char *reason)
{
    const struct value *files = record_value(trace->service->record, SERVICE_FILES);
    const struct record *record = files->records[trace->steps[trace->depth - 1].index];
    bool from = record_has(record, MOUNTED_FILE_FROM);
    from_value(trace, record, from ? MOUNTED_FILE_FROM : MOUNTED_FILE_CONTENT,
               from ? REASON("the content of this file") : reason, NULL);
}
