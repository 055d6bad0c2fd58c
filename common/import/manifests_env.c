/* Environment variables. */
#include "config/credential.h"
#include "format/name.h"
#include "import/manifests_reader.h"
#include "service/service.h"

/* ConfigMaps of the source */

/* Returns the data of a ConfigMap of the source, if it is a map and there is no binary data. */
static const struct node *data_of(struct given_app *app, struct str name)
{
    struct given_object *object = given_find(app->given, "ConfigMap", name);
    if (!object || node_at(object->node, "binaryData"))
        return NULL;
    const struct node *data = node_at(object->node, "data");
    return data && data->kind == NODE_MAP ? data : NULL;
}

static struct node *literal(struct given_app *app, struct str name, const struct node *value)
{
    struct node *item = node_new(app->arena, NODE_MAP);
    struct node *copy = node_scalar(app->arena, STYLE_TEXT, node_string(value));
    item->span = given_at(value);
    node_set_string(app->arena, item, "name", name)->span = given_at(value);
    node_set(app->arena, item, "value", copy)->span = value->span;
    return item;
}

/* Replaces a reference to a key of a ConfigMap of the source by its value. */
static struct node *inline_variable(struct given_app *app, struct node *item)
{
    const struct node *reference = node_at(item, "valueFrom configMapKeyRef");
    struct str name = given_text(reference, "name");
    const struct node *data = reference ? data_of(app, name) : NULL;
    const struct node *value =
        data ? given_key(app->given, data, given_text(reference, "key")) : NULL;
    if (!value || value->kind != NODE_SCALAR)
        return item;
    given_find(app->given, "ConfigMap", name)->app = app;
    struct node *made = literal(app, given_text(item, "name"), value);
    made->span = item->span;
    return made;
}

/* True if all keys of the ConfigMap of an item of envFrom can be variables, and its values are
 * text. */
static const struct node *source_data(struct given_app *app, const struct node *item)
{
    struct str name = given_text(item, "configMapRef name");
    const struct node *data = name.len && !node_at(item, "prefix") ? data_of(app, name) : NULL;
    for (const struct node *value = node_first_child(data); value; value = value->next)
        if (value->kind != NODE_SCALAR || name_check_variable(value->key->text))
            return NULL;
    return data;
}

/* Removes the items with the name of a later one, which takes precedence. `notes`: with a note. */
static void keep_last(const struct given_app *app, struct node *list, bool notes)
{
    size_t count = 0;
    struct map later = {0};
    for (const struct node *item = list->first; item; item = item->next)
        count++;
    struct node **items = ARENA_ARRAY(app->arena, count, struct node *);
    count = 0;
    for (struct node *item = list->first; item; item = item->next)
        items[count++] = item;
    list->first = list->last = NULL;
    while (count-- > 0) {
        struct str name =
            items[count]->kind == NODE_MAP ? given_text(items[count], "name") : STR("");
        if (name.len && map_add(app->arena, &later, name, items[count])) {
            if (notes)
                import_note(app->import, NOTE_IGNORED, items[count]->span, app->name,
                            "env[%.*s] is set again later: Kubernetes uses the last value",
                            STR_ARG(name));
            continue;
        }
        items[count]->next = list->first;
        list->first = items[count];
        list->last = list->last ? list->last : items[count];
    }
}

/* Variables of `env` take precedence over those of envFrom, so only the last items of envFrom can
 * become variables. */
static void inline_sources(struct given_app *app, struct node *container, struct node *env)
{
    struct node *sources = node_at(container, "envFrom");
    struct map names = {0};
    const struct node *last = NULL; /* that remains */
    struct node *made = node_new(app->arena, NODE_LIST);
    struct node *kept = node_new(app->arena, NODE_LIST);
    if (!sources || sources->kind != NODE_LIST)
        return;
    for (const struct node *item = sources->first; item; item = item->next)
        last = source_data(app, item) ? last : item;
    for (const struct node *item = env->first; item; item = item->next)
        map_add(app->arena, &names, given_text(item, "name"), item);
    bool inlines = !last;
    for (struct node *item = sources->first, *next; item; item = next) {
        const struct node *data = inlines ? source_data(app, item) : NULL;
        next = item->next;
        item->next = NULL;
        inlines |= item == last;
        if (!data) {
            node_append(kept, item);
            continue;
        }
        given_find(app->given, "ConfigMap", given_text(item, "configMapRef name"))->app = app;
        for (const struct node *value = data->first; value; value = value->next)
            if (!map_get(&names, value->key->text))
                node_append(made, literal(app, value->key->text, value));
    }
    sources->first = kept->first;
    sources->last = kept->last;
    if (!kept->first)
        node_remove(container, "envFrom");
    keep_last(app, made, false);
    if (!made->first)
        return;
    made->last->next = env->first;
    env->first = made->first;
    if (!env->last)
        env->last = made->last;
}

void given_inline_config_maps(struct given_app *app, struct node *container)
{
    struct node *old = node_at(container, "env");
    struct node *env = node_new(app->arena, NODE_LIST);
    env->span = old ? old->span : container->span;
    if (old && old->kind != NODE_LIST)
        return;
    for (struct node *item = old ? old->first : NULL, *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        node_append(env, item->kind == NODE_MAP ? inline_variable(app, item) : item);
    }
    keep_last(app, env, true);
    inline_sources(app, container, env);
    if (old)
        node_replace(container, "env", env);
    else if (env->first)
        node_set(app->arena, container, "env", env);
}

/* Variables */

/* Sets a variable to a reference. Returns false if a service file has no such reference. */
static bool set_reference(const struct given_app *app, struct node *map, struct str name,
                          const struct node *source)
{
    static const struct {
        const char *key;
        const char *name;
        enum field_id field;
    } kinds[] = {{"secretKeyRef", "name", ENV_REFERENCE_SECRET},
                 {"configMapKeyRef", "name", ENV_REFERENCE_CONFIG_MAP},
                 {"fieldRef", "fieldPath", ENV_REFERENCE_FIELD},
                 {"resourceFieldRef", "resource", ENV_REFERENCE_FIELD}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct node *reference = node_at(source, kinds[i].key);
        const struct node *object = reference ? node_at(reference, kinds[i].name) : NULL;
        if (!object || object->kind != NODE_SCALAR)
            continue;
        if (i < 2 && given_text(reference, "key").len == 0)
            return false; /* the default would be another key */
        struct node *value = node_new(app->arena, NODE_MAP);
        value->span = reference->span;
        struct node *key = node_scalar(app->arena, STYLE_TEXT, name);
        key->span = reference->span;
        node_put(map, key, value);
        given_string(app, value, kinds[i].field, object);
        if (kinds[i].field == ENV_REFERENCE_CONFIG_MAP)
            given_require(app->given, "ConfigMap", object->text);
        const struct node *variable = node_at(reference, "key");
        if (variable && !str_equal(node_string(variable), name))
            given_string(app, value, ENV_REFERENCE_KEY, variable);
        if (given_true(reference, "optional"))
            import_bool(app->import, value, ENV_REFERENCE_OPTIONAL, true,
                        node_at(reference, "optional")->span);
        return true;
    }
    return false;
}

static void set_variable(const struct given_app *app, struct node *map, const struct node *item)
{
    struct str name = given_text(item, "name");
    const struct node *value = node_at(item, "value");
    const struct node *source = node_at(item, "valueFrom");
    if (source)
        set_reference(app, map, name, source);
    else if (!value)
        import_entry(app->import, map, name, STR(""), item->span);
    else if (value->kind == NODE_SCALAR)
        given_entry(app, map, name, value);
}

/* Returns the Secret with the keys of `secrets`. With a store, each service has its own. */
static struct str secret_of(const struct given_app *app)
{
    return app->given->has_store && app->external
               ? given_text(app->external->node, "spec target name")
               : STR(MANUAL_SECRETS);
}

static bool is_secret_of(const struct given_app *app, struct str name)
{
    return (app->external || !app->given->has_store) && str_equal(name, secret_of(app));
}

static void hide_credential(struct given_app *app, struct node *item)
{
    const struct node *value = node_at(item, "value");
    struct str name = given_text(item, "name");
    if (!value || value->kind != NODE_SCALAR || name_check_variable(name) ||
        !credential_reason(app->arena, name, value->text))
        return;
    import_note_secret(app->import, app->name, name, value->text, value->span);
    struct location at = value->span;
    struct location key_at = value->key->span;
    node_remove(item, "value");
    struct node *source = node_set_map(app->arena, item, "valueFrom");
    struct node *reference = node_set_map(app->arena, source, "secretKeyRef");
    node_set_string(app->arena, reference, "name", secret_of(app))->span = at;
    node_set_string(app->arena, reference, "key", name)->span = at;
    source->span = reference->span = at;
    source->key->span = key_at;
}

void given_hide_credentials(struct given_app *app, struct node *container)
{
    for (struct node *item = node_first_child(node_at(container, "env")); item; item = item->next)
        if (item->kind == NODE_MAP)
            hide_credential(app, item);
}

/* True for a key of the Secret of `secrets` with the name of the variable. */
static bool is_listed_secret(const struct given_app *app, const struct node *item)
{
    const struct node *reference = node_at(item, "valueFrom secretKeyRef");
    return reference && is_secret_of(app, given_text(reference, "name")) &&
           str_equal(given_text(reference, "key"), given_text(item, "name")) &&
           !given_true(reference, "optional");
}

static void read_sources(struct given_app *app)
{
    const struct node *sources = node_at(app->container, "envFrom");
    for (const struct node *item = node_first_child(sources); item; item = item->next) {
        const struct node *secret = node_at(item, "secretRef name");
        const struct node *config_map = node_at(item, "configMapRef name");
        const struct node *name = secret ? secret : config_map;
        if (!name)
            continue;
        if (secret && is_secret_of(app, node_string(name))) {
            import_string(app->import, app->module, SERVICE_SECRETS, STR("all"), name->span);
            continue;
        }
        struct str text = STR_JOIN(app->arena, secret ? STR("secret/") : STR("config_map/"),
                                   import_literal(app->arena, node_string(name), NULL));
        if (config_map)
            given_require(app->given, "ConfigMap", node_string(name));
        struct node *list = import_list(app->import, app->module, SERVICE_ENV_FROM, sources->span);
        import_item(app->import, list, text, name->span);
    }
}

/* Sets the secret store of the file. */
static void read_store(const struct given_app *app)
{
    static const struct {
        const char *path;
        enum field_id field;
    } rows[] = {{"spec secretStoreRef name", EXTERNAL_SECRETS_STORE},
                {"spec secretStoreRef kind", EXTERNAL_SECRETS_KIND}};
    const struct node *object = app->external->node;
    const struct node *item = node_first_child(node_at(object, "spec data"));
    const struct node *all = node_first_child(node_at(object, "spec dataFrom"));
    const struct node *key = item ? node_at(item, "remoteRef key") : node_at(all, "extract key");
    struct str text = node_string(key);
    if (import_get(app->import->file, FILE_EXTERNAL_SECRETS))
        return;
    struct node *map =
        import_map(app->import, app->import->file, FILE_EXTERNAL_SECRETS, app->external->at);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *value = node_at(object, rows[i].path);
        if (value && value->kind == NODE_SCALAR)
            given_string(app, map, rows[i].field, value);
    }
    if (str_ends_with(text, app->given->name) && text.len > app->given->name.len)
        import_string(
            app->import, map, EXTERNAL_SECRETS_PREFIX,
            import_literal(app->arena, str_slice(text, 0, text.len - app->given->name.len), NULL),
            key->span);
}

void given_read_env(struct given_app *app)
{
    if (app->external)
        read_store(app);
    const struct node *env = node_at(app->container, "env");
    struct node *map = node_new(app->arena, NODE_MAP);
    read_sources(app);
    bool all = import_get(app->module, SERVICE_SECRETS) != NULL;
    for (const struct node *item = node_first_child(env); item; item = item->next) {
        if (item->kind != NODE_MAP || given_text(item, "name").len == 0)
            continue;
        if (all || !is_listed_secret(app, item)) {
            set_variable(app, map, item);
            continue;
        }
        import_item(app->import, import_list(app->import, app->module, SERVICE_SECRETS, env->span),
                    given_text(item, "name"), item->span);
    }
    if (map->first) {
        struct node *made = import_map(app->import, app->module, SERVICE_ENV_VARS, env->span);
        made->first = map->first;
        made->last = map->last;
    }
}

/* Containers and jobs that inherit */

static struct map variables_of(const struct given_app *app, const struct node *container)
{
    struct map map = {0};
    const struct node *env = container ? node_at(container, "env") : NULL;
    for (const struct node *item = node_first_child(env); item; item = item->next)
        if (item->kind == NODE_MAP)
            map_add(app->arena, &map, given_text(item, "name"), item);
    return map;
}

bool given_has_env(const struct given_app *app, const struct node *container,
                   const struct node *inherited)
{
    const struct node *env = node_at(container, "env");
    const struct node *sources = node_at(container, "envFrom");
    const struct node *base = node_at(inherited, "envFrom");
    const struct node *item = node_first_child(env);
    if (!sources != !base || (sources && !given_equal(app->given, sources, base)))
        return false;
    for (const struct node *each = node_first_child(node_at(inherited, "env")); each;
         each = each->next, item = item->next)
        if (!item || !str_equal(given_text(item, "name"), given_text(each, "name")))
            return false;
    return true;
}

/* The keys in `secrets` of the service. */
struct listed {
    struct map keys;
    bool all;
};

static struct listed listed_secrets(const struct given_app *app)
{
    const struct node *secrets = import_get(app->module, SERVICE_SECRETS);
    struct listed listed = {.all = secrets && secrets->kind == NODE_SCALAR};
    for (const struct node *item = node_first_child(secrets); item; item = item->next)
        map_add(app->arena, &listed.keys, item->text, item);
    return listed;
}

void given_write_own_env(const struct given_app *app, struct node *map, enum field_id field,
                         const struct node *container, const struct node *inherited)
{
    const struct node *env = node_at(container, "env");
    const struct map base = variables_of(app, inherited);
    const struct listed listed = listed_secrets(app);
    struct node *made = node_new(app->arena, NODE_MAP);
    for (const struct node *item = node_first_child(env); item; item = item->next) {
        struct str name = item->kind == NODE_MAP ? given_text(item, "name") : STR("");
        const struct node *same = map_get(&base, name);
        if (name.len == 0 || (same && given_equal(app->given, item, same)))
            continue;
        if (field == CONTAINER_ENV_VARS && !inherited && is_listed_secret(app, item) &&
            (listed.all || map_get(&listed.keys, name)))
            import_item(app->import, import_list(app->import, map, CONTAINER_SECRETS, env->span),
                        name, item->span);
        else
            set_variable(app, made, item);
    }
    if (!made->first)
        return;
    struct node *written = import_map(app->import, map, field, env->span);
    written->first = made->first;
    written->last = made->last;
}
