#include "config/discover.h"

#include "config/module.h"
#include "yaml/parse_strict.h"
#include "yaml/top_level.h"

/* The state for one file. */
struct discovery {
    struct arena *arena;
    struct diags *diags;
    bool maybe_foreign; /* the file may belong to another tool: the error gets a hint about this */
};

static enum type_similarity similarity_of(struct discovery *discovery, const struct node *node)
{
    struct str type = node_string(node_at(node, "type"));
    return type.len ? module_type_similarity(discovery->arena, type) : SIMILARITY_NONE;
}

static bool is_service(struct discovery *discovery, const struct node *node)
{
    return similarity_of(discovery, node) == SIMILARITY_EQUAL;
}

static bool has_service(struct discovery *discovery, const struct node *modules)
{
    for (const struct node *item = node_first_child(modules); item; item = item->next)
        if (is_service(discovery, item))
            return true;
    return false;
}

static void report_near_type(struct discovery *discovery, const struct node *module)
{
    const struct node *type = node_at(module, "type");
    diag_error(discovery->diags, type->span, RULE_UNKNOWN_MODULE_TYPE,
               "unknown module type \"%.*s\"", STR_ARG(node_string(type)));
    diag_hint(discovery->diags, "did you mean \"k8s-service\"?");
}

/* Returns the first map in a tree whose type is at least as similar to k8s-service as
 * `min_similarity`; NULL if there is none. */
static const struct node *find_service(struct discovery *discovery, const struct node *node,
                                       enum type_similarity min_similarity)
{
    if (node->kind != NODE_MAP && node->kind != NODE_LIST)
        return NULL;
    if (similarity_of(discovery, node) >= min_similarity)
        return node;
    for (const struct node *child = node->first; child; child = child->next) {
        const struct node *found = find_service(discovery, child, min_similarity);
        if (found)
            return found;
    }
    return NULL;
}

/* Reports a service outside the `modules` list. If the value of `modules` is a map by mistake, also
 * reports a type similar to k8s-service. */
static void check_misplaced(struct discovery *discovery, const struct node *node)
{
    bool modules = node->key && str_eq_c(node->key->text, "modules");
    const struct node *service =
        find_service(discovery, node, modules ? SIMILARITY_NEAR : SIMILARITY_EQUAL);
    if (!service)
        return;
    if (is_service(discovery, service)) {
        diag_error(discovery->diags, service->span, RULE_NO_SERVICE,
                   "this k8s-service is not in the modules list");
        diag_hint(discovery->diags, "move it into the modules list at the top level of the file");
    } else {
        report_near_type(discovery, service);
    }
}

/* Reports a module that may be meant to be a service, in a list without services. */
static void check_module(struct discovery *discovery, const struct node *module)
{
    struct diags *diags = discovery->diags;
    const struct node *type = node_at(module, "type");
    if (node_string(type).len == 0 && find_service(discovery, module, SIMILARITY_EQUAL)) {
        check_misplaced(discovery, module);
    } else if (node_string(type).len == 0) {
        diag_error(diags, type ? type->span : module->span, RULE_MISSING_FIELD,
                   "missing required field \"type\" in a module");
        diag_hint(diags, "set its type, for example: - {name: app, type: k8s-service, ...}");
        discovery->maybe_foreign = true;
    } else if (similarity_of(discovery, module) == SIMILARITY_NEAR) {
        report_near_type(discovery, module);
    }
}

/* Returns the last line of a key: the parser reads a comment that begins with // and the key on the
 * next line as one key. */
static struct str last_line(const struct node *key)
{
    const struct source *source = key->span.source;
    struct str written =
        source ? str_slice(source->text, key->span.start, key->span.end) : (struct str){0};
    size_t line = written.len;
    while (line > 0 && written.data[line - 1] != '\n' && written.data[line - 1] != '\r')
        line--;
    return line ? str_skip(written, line) : key->text;
}

/* True for a list of maps under a misspelling of `modules`. A key that differs by two letters can
 * be another word, such as dbt's `models`, and a map of maps can be Terraform's `module`: in these,
 * an item must also have a type similar to k8s-service. Sets `ret_typed` to true if an item has. */
static bool is_misspelt_list(struct discovery *discovery, struct node *value, bool *ret_typed)
{
    size_t distance = top_level_distance(last_line(value->key));
    if (str_eq_c(value->key->text, "modules") || distance > 2 || !node_first_child(value))
        return false;
    bool maps = true;
    *ret_typed = false;
    for (struct node *item = node_first_child(value); item; item = item->next) {
        maps &= node_target(item)->kind == NODE_MAP;
        *ret_typed |= similarity_of(discovery, item) != SIMILARITY_NONE;
    }
    bool list = node_target(value)->kind == NODE_LIST;
    return maps && (*ret_typed || (list && distance < 2));
}

static void report_misspelt_list(struct discovery *discovery, const struct node *value, bool typed)
{
    struct diags *diags = discovery->diags;
    struct str key = value->key->text;
    if (last_line(value->key).len < key.len && str_starts_with(key, STR("//"))) {
        diag_error(diags, value->key->span, RULE_YAML_UNSUPPORTED,
                   "comments that begin with // are not supported");
        diag_hint(diags, "remove the comment, or in YAML begin it with #");
        return;
    }
    diag_error(diags, value->key->span, RULE_UNKNOWN_FIELD, "unknown field \"%.*s\" in the file",
               STR_ARG(key));
    diag_hint(diags, "did you mean \"modules\"?");
    discovery->maybe_foreign |= !typed;
}

static void check_field(struct discovery *discovery, struct node *value, bool is_object)
{
    bool typed;
    if (is_misspelt_list(discovery, value, &typed))
        report_misspelt_list(discovery, value, typed);
    else if (!is_object)
        check_misplaced(discovery, value);
}

static bool discover_map(struct discovery *discovery, const struct node *root)
{
    struct node *modules = node_at(root, "modules");
    const struct node *list = node_target(modules);
    bool is_list = list && list->kind == NODE_LIST;
    if (is_list && has_service(discovery, list))
        return true;
    for (const struct node *item = is_list ? list->first : NULL; item; item = item->next)
        check_module(discovery, item);
    bool is_object =
        node_string(node_at(root, "apiVersion")).len && node_string(node_at(root, "kind")).len;
    if (is_service(discovery, root))
        check_misplaced(discovery, root);
    for (struct node *value = root->first; value; value = value->next)
        if ((!is_list || value != modules) && !top_level_is_extension(value->key->text))
            check_field(discovery, value, is_object);
    return false;
}

bool discover_tree(struct arena *arena, const struct source *source, struct diags *diags,
                   struct node **ret_tree)
{
    struct discovery discovery = {.arena = arena, .diags = diags};
    struct diags unreported = {.arena = arena};
    bool found = false;
    struct node *root = load_service(arena, source, &unreported);
    *ret_tree = unreported.count == 0 ? root : NULL;
    if (!root && top_level_has_modules(source->text)) {
        load_service(arena, source, diags);
        discovery.maybe_foreign = true;
    } else if (root && root->kind == NODE_MAP) {
        found = discover_map(&discovery, root);
    } else if (root) {
        check_misplaced(&discovery, root);
    }
    if (discovery.maybe_foreign)
        diag_hint_line(diags, "if this is not a service file, pass the service files with -f, "
                              "not their directory");
    return found;
}

bool discover_is_service_file(const struct source *source, struct diags *diags)
{
    struct arena arena = {0};
    struct node *tree;
    bool found = discover_tree(&arena, source, diags, &tree);
    arena_free(&arena);
    return found;
}
