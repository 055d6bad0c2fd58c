/* Rules about variables and Secrets that nothing uses. */
#include "config/placeholder.h"
#include "service/service_rules.h"

/* What the strings of a file refer to, by name. */
struct references {
    struct arena *arena;
    struct map variables; /* of {vars.NAME} and {variables.NAME} */
    struct map modules;   /* of {module.NAME.OUTPUT} */
};

static void add_reference(struct references *references, struct map *names, struct str text)
{
    size_t end = placeholder_name_end(text, 1);
    if (text.len && (text.data[0] == '.' || text.data[0] == '['))
        map_add(references->arena, names, str_slice(text, 1, end), references);
}

static void add_references(struct references *references, struct str text)
{
    const struct {
        struct str root;
        struct map *names;
    } roots[] = {{STR("vars"), &references->variables},
                 {STR("variables"), &references->variables},
                 {STR("module"), &references->modules}};
    for (size_t at = str_find(text, 0, '{'); at < text.len; at = str_find(text, at + 1, '{'))
        for (size_t i = 0; i < COUNT_OF(roots); i++)
            if (str_starts_with(str_skip(text, at + 1), roots[i].root))
                add_reference(references, roots[i].names,
                              str_skip(text, at + 1 + roots[i].root.len));
}

static void find_references(struct references *references, const struct node *node)
{
    add_references(references, node_string(node));
    for (const struct node *child = node_first_child(node); child; child = child->next)
        find_references(references, child);
}

static void check_variable(const struct layer *layer, const struct references *references,
                           struct str name, struct location at)
{
    if (name.len == 0 || map_get(&references->variables, name))
        return;
    diag_warning(layer->diags, at, RULE_UNUSED_VARIABLE, "no field uses the variable \"%.*s\"",
                 STR_ARG(name));
    diag_hint(layer->diags, "write {vars.%.*s} where its value is needed, or remove it",
              STR_ARG(name));
}

/* Variables of the environment that is selected, and those that the file declares. A name in both
 * is reported where it is declared. */
static void check_declared(const struct layer *layer, const struct references *references)
{
    const struct value *inputs = record_value(layer->file, FILE_INPUT_VARIABLES);
    struct map declared = {0};
    for (size_t i = 0; i < inputs->count; i++) {
        struct str name = record_value(inputs->records[i], VARIABLE_NAME)->text;
        map_add(layer->arena, &declared, name, layer);
        check_variable(layer, references, name, record_location(inputs->records[i], VARIABLE_NAME));
    }
    for (size_t map = 0; map < VARIABLE_MAPS; map++) {
        const struct value *values = layer->environment.variables[map];
        for (size_t i = 0; values && i < values->count; i++)
            if (!map_get(&declared, values->items[i].name))
                check_variable(layer, references, values->items[i].name,
                               values->items[i].name_node->span);
    }
}

/* Adds the names in `links` of all modules: NAME, or {NAME: ...}. */
static void add_links(struct references *references, const struct node *links)
{
    for (const struct node *link = node_first_child(links); link; link = link->next) {
        const struct node *child = node_first_child(link);
        struct str name = child && child->key ? child->key->text : node_string(link);
        map_add(references->arena, &references->modules, name, references);
    }
}

/* A module that names its Secret was written for its links. */
static void check_secrets(const struct layer *layer, struct references *references)
{
    for (size_t i = 0; i < layer->module_count; i++)
        add_links(references, node_get(layer->modules[i].node, "links"));
    for (size_t i = 0; i < layer->module_count; i++) {
        const struct module *module = &layer->modules[i];
        if (!module->credentials || !record_has(module->credentials, DATABASE_SECRET) ||
            map_get(&references->modules, module->name))
            continue;
        diag_warning(layer->diags, record_location(module->credentials, DATABASE_SECRET),
                     RULE_UNLINKED_SECRET, "no service gets the credentials of \"%.*s\"",
                     STR_ARG(module->name));
        diag_hint(layer->diags, "add it to links of a service, or remove the module");
    }
}

void layer_check_rules(const struct layer *layer)
{
    struct references references = {.arena = layer->arena};
    find_references(&references, record_value(layer->file, FILE_MODULES)->node);
    check_declared(layer, &references);
    check_secrets(layer, &references);
}
