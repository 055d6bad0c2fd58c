#include "explain_origin.h"

#include "config/placeholder.h"
#include "config/usage.h"

static void add_location(struct buf *out, struct location at)
{
    if (!at.source)
        return;
    struct position position = diag_position(at.source, at.start);
    diag_add_visible(out, at.source->path);
    if (!location_is_file(at))
        buf_format(out, ":%zu:%zu", position.line, position.column);
}

/* Appends where a variable is set: the first of these that sets it is used. */
static void add_variable_origin(struct buf *out, const struct layer *layer, struct str name)
{
    const struct environment *environment = &layer->environment;
    if (usage_variable_value(layer->options, name)) {
        buf_format(out, "--var %.*s", STR_ARG(name));
        return;
    }
    for (size_t map = 0; map < VARIABLE_MAPS; map++) {
        const struct value *variables = environment->variables[map];
        for (size_t i = 0; variables && i < variables->count; i++)
            if (str_equal(variables->items[i].name, name)) {
                buf_add(out, STR("the environment, "));
                add_location(out, variables->items[i].node->span);
                return;
            }
    }
    const struct value *inputs = record_value(layer->file, FILE_INPUT_VARIABLES);
    for (size_t i = 0; i < inputs->count; i++)
        if (str_equal(record_value(inputs->records[i], VARIABLE_NAME)->text, name)) {
            buf_add(out, STR("the default in input_variables, "));
            add_location(out, record_location(inputs->records[i], VARIABLE_DEFAULT));
            return;
        }
}

static void add_output_origin(struct buf *out, const struct layer *layer, struct str name)
{
    const struct environment_output *output = environment_output_find(&layer->environment, name);
    if (!output)
        return;
    if (output->from_flag) {
        buf_add(out, STR("--parent-outputs"));
        return;
    }
    buf_add(out, STR("the environment, "));
    add_location(out, output->at);
}

/* Appends the origin of a placeholder, from its words, such as "vars" and "size". */
static void add_origin(struct buf *out, const struct layer *layer, struct str root, struct str name)
{
    const struct environment *environment = &layer->environment;
    if (str_eq_c(root, "vars") || str_eq_c(root, "variables")) {
        add_variable_origin(out, layer, name);
    } else if (str_eq_c(root, "parent")) {
        add_output_origin(out, layer, name);
    } else if (str_eq_c(root, "env")) {
        buf_add(out, STR("the name of the environment"));
    } else if (str_eq_c(root, "layer_name")) {
        buf_add(out, STR("the name of the layer, "));
        add_location(out, record_location(layer->file, FILE_NAME));
    } else if (str_eq_c(root, "module")) {
        buf_add(out, STR("an output of module "));
        diag_add_visible(out, name);
    } else if (environment->file) {
        buf_add(out, STR("the environment file, "));
        add_location(out, location_file(environment->file->node->span.source));
    }
}

static bool is_root(struct str word)
{
    const char *form;
    const char *root;
    for (size_t i = 0; (root = placeholder_root(i, &form)) != NULL; i++)
        if (str_eq_c(word, root))
            return true;
    return false;
}

/* Appends the origin of each placeholder of a string. */
static void add_placeholders(struct buf *out, const struct layer *layer, struct str text)
{
    for (size_t at = str_find(text, 0, '{'); at < text.len; at = str_find(text, at, '{')) {
        size_t end = str_find(text, ++at, '}');
        struct str inner = str_slice(text, at, end);
        size_t dot = 0;
        while (dot < inner.len && inner.data[dot] != '.' && inner.data[dot] != '[')
            dot++;
        struct str root = str_slice(inner, 0, dot);
        size_t name_end = dot + 1;
        while (name_end < inner.len && inner.data[name_end] != '.' && inner.data[name_end] != ']')
            name_end++;
        bool is_literal = at > 1 && text.data[at - 2] == '{' && !str_eq_c(root, "module");
        if (end == text.len || is_literal || !is_root(root))
            continue;
        buf_add(out, STR("; {"));
        diag_add_visible(out, inner);
        buf_add(out, STR("} is from "));
        add_origin(out, layer, root,
                   dot < inner.len ? str_slice(inner, dot + 1, name_end) : (struct str){0});
    }
}

/* Appends the origins of the placeholders in a value. */
static void add_all_placeholders(struct buf *out, const struct layer *layer,
                                 const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        add_placeholders(out, layer, node->text);
    for (const struct node *child = node_first_child(node); child; child = child->next)
        add_all_placeholders(out, layer, child);
}

void explain_origin(struct buf *out, const struct layer *layer, const struct node *node)
{
    buf_add(out, STR(" ("));
    add_location(out, node->span);
    if (node->kind == NODE_SCALAR && str_contains(node->text, STR("{"))) {
        buf_add(out, STR(", written "));
        diag_add_visible(out, node->text);
    }
    add_all_placeholders(out, layer, node);
    buf_add(out, STR(")"));
}
