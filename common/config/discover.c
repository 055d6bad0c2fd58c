#include "config/discover.h"

#include "config/module.h"
#include "yaml/parse_strict.h"
#include "yaml/top_level.h"

/* State for one file. The arena holds only its tree. */
struct discovery {
    struct arena arena;
    struct diags *diags;
    bool foreign; /* a reported file may belong to another tool */
};

static enum type_likeness likeness_of(struct discovery *discovery, const struct node *node)
{
    struct str type = node_string(node_at(node, "type"));
    return type.len ? module_type_likeness(&discovery->arena, type) : TYPE_OTHER;
}

static bool is_service(struct discovery *discovery, const struct node *node)
{
    return likeness_of(discovery, node) == TYPE_SERVICE;
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
    diag_error(discovery->diags, type->span, "unknown module type \"%.*s\"",
               STR_ARG(node_string(type)));
    diag_hint(discovery->diags, "did you mean \"k8s-service\"?");
}

/* Returns the first map in a tree whose type is at least as similar to k8s-service as `least`; NULL
 * if there is none. */
static const struct node *find_service(struct discovery *discovery, const struct node *node,
                                       enum type_likeness min_likeness)
{
    if (node->kind != NODE_MAP && node->kind != NODE_LIST)
        return NULL;
    if (likeness_of(discovery, node) >= min_likeness)
        return node;
    for (const struct node *child = node->first; child; child = child->next) {
        const struct node *found = find_service(discovery, child, min_likeness);
        if (found)
            return found;
    }
    return NULL;
}

/* Reports a service outside the `modules` list. Under the key `modules` itself, which may have a
 * map by mistake, a type similar to k8s-service is reported too. */
static void check_misplaced(struct discovery *discovery, const struct node *node)
{
    bool modules = node->key && str_eq_c(node->key->text, "modules");
    const struct node *service = find_service(discovery, node, modules ? TYPE_NEAR : TYPE_SERVICE);
    if (!service)
        return;
    if (is_service(discovery, service)) {
        diag_error(discovery->diags, service->span, "this k8s-service is not in the modules list");
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
    if (node_string(type).len == 0 && find_service(discovery, module, TYPE_SERVICE)) {
        check_misplaced(discovery, module);
    } else if (node_string(type).len == 0) {
        diag_error(diags, type ? type->span : module->span,
                   "missing required field \"type\" in a module");
        diag_hint(diags, "set its type, for example: - {name: app, type: k8s-service, ...}");
        discovery->foreign = true;
    } else if (likeness_of(discovery, module) == TYPE_NEAR) {
        report_near_type(discovery, module);
    }
}

/* Returns the last line of a key. The parser reads a // comment and the key on the next line as one
 * key. */
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

/* True for a list of maps under a misspelling of `modules`. A key two edits away can be another
 * word, such as dbt's `models`, and a map of maps can be Terraform's `module`: these must also have
 * an item whose type is similar to k8s-service. */
static bool is_misspelt_list(struct discovery *discovery, struct node *value, bool *ret_typed)
{
    size_t distance = top_level_distance(last_line(value->key));
    if (str_eq_c(value->key->text, "modules") || distance > 2 || !node_first_child(value))
        return false;
    bool maps = true;
    *ret_typed = false;
    for (struct node *item = node_first_child(value); item; item = item->next) {
        maps &= node_target(item)->kind == NODE_MAP;
        *ret_typed |= likeness_of(discovery, item) != TYPE_OTHER;
    }
    bool list = node_target(value)->kind == NODE_LIST;
    return maps && (*ret_typed || (list && distance < 2));
}

static void report_misspelt_list(struct discovery *discovery, const struct node *value, bool typed)
{
    struct diags *diags = discovery->diags;
    struct str key = value->key->text;
    if (last_line(value->key).len < key.len && str_starts_with(key, STR("//"))) {
        diag_error(diags, value->key->span, "comments that begin with // are not supported");
        diag_hint(diags, "remove the comment, or in YAML begin it with #");
        return;
    }
    diag_error(diags, value->key->span, "unknown field \"%.*s\" in the file", STR_ARG(key));
    diag_hint(diags, "did you mean \"modules\"?");
    discovery->foreign |= !typed;
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

bool discover(const struct source *source, struct diags *diags)
{
    struct discovery discovery = {.diags = diags};
    struct diags unreported = {.arena = &discovery.arena};
    bool found = false;
    const struct node *root = load_service(&discovery.arena, source, &unreported);
    if (!root && top_level_has_modules(source->text)) {
        load_service(&discovery.arena, source, diags);
        discovery.foreign = true;
    } else if (root && root->kind == NODE_MAP) {
        found = discover_map(&discovery, root);
    } else if (root) {
        check_misplaced(&discovery, root);
    }
    if (discovery.foreign)
        diag_hint_line(diags, "if this is not a service file, pass the service files with -f, "
                              "not their directory");
    arena_free(&discovery.arena);
    return found;
}
