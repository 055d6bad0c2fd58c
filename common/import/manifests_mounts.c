/* What containers mount: each volumeMount gets what its volume contains. */
#include "import/manifests_reader.h"

enum { MODE_DEFAULT = 0644, WRITE_BITS = 0222 };

/* Returns the items of a list by the name at a path. */
static struct map index_names(const struct given_app *app, const struct node *list,
                              const char *path)
{
    struct map names = {0};
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (item->kind == NODE_MAP)
            map_add(app->arena, &names, given_text(item, path), item);
    return names;
}

/* Returns the data of a ConfigMap whose values are all text; NULL if it is unknown. */
static const struct node *data_of(const struct given_app *app, const struct map *objects,
                                  struct str name)
{
    const struct given_object *object =
        map_get(objects, STR_JOIN(app->arena, STR("ConfigMap/"), name));
    const struct node *data = object ? node_at(object->node, "data") : NULL;
    if (!data || data->kind != NODE_MAP || node_at(object->node, "binaryData"))
        return NULL;
    for (const struct node *value = data->first; value; value = value->next)
        if (value->kind != NODE_SCALAR)
            return NULL;
    object->self->app = app->workload->app;
    return data;
}

/* A file of a ConfigMap: its path in the volume, and its content. */
struct given_file {
    struct str path;
    const struct node *content;
    int64_t mode;
};

struct given_files {
    struct given_file *items;
    size_t count;
    struct map by_path; /* the index of the first file with the path */
    bool known;
};

/* What the mounts of a container can refer to. */
struct resolver {
    const struct given_app *app;
    const struct map *objects;
    struct map volumes; /* by name */
    struct map claims;  /* templates, by name */
    struct map files;   /* struct given_files, by the name of the volume */
};

static void add_file(const struct given_app *app, struct given_files *files, struct str path,
                     const struct node *content, int64_t mode)
{
    files->items = arena_grow(app->arena, files->items, files->count, sizeof *files->items);
    files->items[files->count++] = (struct given_file){path, content, mode};
    size_t *index = ARENA_NEW(app->arena, size_t);
    *index = files->count - 1;
    map_add(app->arena, &files->by_path, path, index);
}

/* Reads the files of a volume of a ConfigMap. Returns false if they are not known. */
static bool read_files(const struct given_app *app, const struct map *objects,
                       const struct node *volume, struct given_files *ret)
{
    const struct node *source = node_at(volume, "configMap");
    const struct node *items = source ? node_at(source, "items") : NULL;
    const struct node *data = source ? data_of(app, objects, given_text(source, "name")) : NULL;
    int64_t mode = MODE_DEFAULT;
    if (!data || !data->first)
        return false;
    given_int(source, "defaultMode", &mode);
    for (const struct node *item = node_first_child(items); item; item = item->next) {
        const struct node *content = given_key(app->given, data, given_text(item, "key"));
        int64_t own = mode;
        given_int(item, "mode", &own);
        if (!content)
            return false;
        add_file(app, ret, given_text(item, "path"), content, own);
    }
    for (const struct node *value = items ? NULL : data->first; value; value = value->next)
        add_file(app, ret, value->key->text, value, mode);
    return true;
}

static struct node *put(const struct given_app *app, struct node *map, const char *key,
                        struct node *value, struct location at)
{
    value->span = at;
    return node_set(app->arena, map, key, value);
}

static void append_file(const struct given_app *app, struct node *mounts, const struct node *mount,
                        struct str path, const struct given_file *file)
{
    if (app->given->copied++ > STREAM_EXPANDED_MAX)
        return;
    struct node *made = node_new(app->arena, NODE_MAP);
    const struct node *place = node_at(mount, "mountPath");
    made->span = mount->span;
    put(app, made, "mountPath", node_scalar(app->arena, STYLE_TEXT, path),
        place ? place->span : mount->span);
    put(app, made, "file", node_scalar(app->arena, STYLE_TEXT, node_string(file->content)),
        file->content->span);
    put(app, made, "mode", node_int(app->arena, file->mode & ~WRITE_BITS), mount->span);
    node_append(mounts, made);
}

/* Appends the files that a mount shows. Returns false if they are not known. */
static bool append_files(const struct given_app *app, struct node *mounts, const struct node *mount,
                         const struct given_files *files)
{
    struct str path = given_text(mount, "mountPath");
    struct str part = given_text(mount, "subPath");
    while (path.len > 1 && str_ends_with(path, STR("/")))
        path.len--;
    if (part.len) {
        const size_t *index = map_get(&files->by_path, part);
        if (index)
            append_file(app, mounts, mount, path, &files->items[*index]);
        return index;
    }
    for (size_t i = 0; i < files->count; i++)
        append_file(app, mounts, mount, STR_JOIN(app->arena, path, STR("/"), files->items[i].path),
                    &files->items[i]);
    return files->count > 0;
}

/* Returns what a volume contains: its map without the name, or the template of a claim. */
static struct node *content_of(const struct given_app *app, const struct node *volume,
                               const struct node *template)
{
    struct node *content = node_new(app->arena, NODE_MAP);
    if (template) {
        struct node *claim = given_copy(app->given, template);
        if (claim)
            put(app, content, "claimTemplate", claim, template->span);
        return content;
    }
    for (const struct node *value = volume->first; value; value = value->next) {
        struct node *copy =
            str_eq_c(value->key->text, "name") ? NULL : given_copy(app->given, value);
        if (copy)
            node_put(content, value->key, copy);
    }
    return content;
}

/* Returns the files of a volume, which are read once. */
static const struct given_files *files_of(struct resolver *resolver, struct str name,
                                          const struct node *volume)
{
    const struct given_app *app = resolver->app;
    const struct given_files *found = map_get(&resolver->files, name);
    if (found)
        return found;
    struct given_files *files = ARENA_NEW(app->arena, struct given_files);
    files->known = read_files(app, resolver->objects, volume, files);
    map_add(app->arena, &resolver->files, name, files);
    return files;
}

static void resolve_mount(struct resolver *resolver, struct node *mounts, struct node *mount)
{
    const struct given_app *app = resolver->app;
    struct str name = given_text(mount, "name");
    const struct node *template = map_get(&resolver->claims, name);
    const struct node *volume = map_get(&resolver->volumes, name);
    if (!template && !volume) {
        node_append(mounts, mount);
        return;
    }
    const struct given_files *files = template ? NULL : files_of(resolver, name, volume);
    if (files && files->known && append_files(app, mounts, mount, files))
        return;
    put(app, mount, "volume", content_of(app, volume, template), mount->span);
    node_append(mounts, mount);
}

void given_resolve_mounts(struct given_app *app, const struct map *objects, const struct node *pod,
                          const struct node *templates, struct node *container)
{
    struct node *list = node_at(container, "volumeMounts");
    struct node *mounts = node_new(app->arena, NODE_LIST);
    if (!list || list->kind != NODE_LIST)
        return;
    struct resolver resolver = {.app = app,
                                .objects = objects,
                                .volumes = index_names(app, node_at(pod, "volumes"), "name"),
                                .claims = index_names(app, templates, "metadata name")};
    for (struct node *item = list->first, *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        if (item->kind == NODE_MAP && (node_get(item, "volume") || node_get(item, "file")))
            node_append(mounts, item); /* it was resolved before */
        else if (item->kind == NODE_MAP)
            resolve_mount(&resolver, mounts, item);
    }
    list->first = mounts->first;
    list->last = mounts->last;
}
