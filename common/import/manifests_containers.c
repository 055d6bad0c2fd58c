/* The other containers of the pods: init_containers and sidecars. */
#include "import/manifests_reader.h"

static bool is_sidecar(const struct node *container)
{
    return str_eq_c(given_text(container, "restartPolicy"), "Always");
}

/* True if a container with the image of the service may inherit from it. */
static bool inherits(const struct given_app *app, const struct node *container)
{
    return str_equal(given_text(container, "image"), given_text(app->container, "image")) &&
           (node_at(container, "command") || node_at(container, "args")) &&
           given_has_env(app, container, app->container);
}

/* Returns the paths that the service can mount. */
static struct map paths_of(const struct given_app *app)
{
    static const struct {
        enum field_id list;
        enum field_id path;
    } fields[] = {{SERVICE_VOLUMES, VOLUME_PATH},
                  {SERVICE_FILES, MOUNTED_FILE_PATH},
                  {SERVICE_PERSISTENT_STORAGE, STORAGE_PATH}};
    struct map paths = {0};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct node *list = import_get(app->module, fields[i].list);
        for (const struct node *item = node_first_child(list); item; item = item->next) {
            const struct node *path = import_get(item, fields[i].path);
            if (path)
                map_add(app->arena, &paths, path->text, item);
        }
    }
    return paths;
}

static void write_paths(const struct given_app *app, struct node *item,
                        const struct node *container, const struct map *paths)
{
    const struct node *list = node_at(container, "volumeMounts");
    struct map known = {0};
    for (const struct node *mount = node_first_child(list); mount; mount = mount->next) {
        const struct node *path = node_at(mount, "mountPath");
        struct str text = import_literal(app->arena, node_string(path), NULL);
        if (path && !node_at(mount, "subPath") && map_get(paths, text) &&
            !map_add(app->arena, &known, text, mount))
            import_item(app->import, import_list(app->import, item, CONTAINER_VOLUMES, list->span),
                        text, path->span);
    }
}

static void read_container(struct given_app *app, const struct node *container, bool sidecar,
                           const struct map *paths)
{
    bool inherited = inherits(app, container);
    enum field_id field = sidecar ? SERVICE_SIDECARS : SERVICE_INIT_CONTAINERS;
    const struct node *name = node_at(container, "name");
    const struct node *image = node_at(container, "image");
    if (container->kind != NODE_MAP || !name || name->kind != NODE_SCALAR)
        return;
    struct node *item =
        import_item_map(app->import, import_list(app->import, app->module, field, container->span),
                        container->span);
    given_string(app, item, CONTAINER_NAME, name);
    if (!inherited && image && image->kind == NODE_SCALAR)
        given_string(app, item, CONTAINER_IMAGE, image);
    given_list(app, item, CONTAINER_COMMANDS, node_at(container, "command"));
    given_list(app, item, CONTAINER_ARGS, node_at(container, "args"));
    given_write_own_env(app, item, CONTAINER_ENV_VARS, container,
                        inherited ? app->container : NULL);
    given_write_own_resources(app, item, container,
                              inherited ? given_service_resources(app->container)
                                        : given_default_resources(),
                              CONTAINER_RESOURCE_REQUEST, CONTAINER_RESOURCE_LIMITS);
    write_paths(app, item, container, paths);
}

/* Containers beside the one of the service become sidecars. */
void given_read_containers(struct given_app *app)
{
    const struct map paths = paths_of(app);
    const struct node *containers = node_at(app->pod, "containers");
    const struct node *others = node_at(app->pod, "initContainers");
    for (const struct node *item = node_first_child(others); item; item = item->next)
        read_container(app, item, is_sidecar(item), &paths);
    for (const struct node *item = node_first_child(containers); item; item = item->next)
        if (item != app->container)
            read_container(app, item, true, &paths);
}
