#include "service/placeholder_origin.h"

#include "config/placeholder.h"
#include "config/usage.h"

/* The first of these that sets a variable is used. */
static void set_variable(struct placeholder_origin *origin, const struct layer *layer,
                         struct str name)
{
    const struct environment *environment = &layer->environment;
    if (usage_variable_value(layer->options, name)) {
        origin->flag = str_format(layer->arena, "--var %.*s", STR_ARG(name));
        return;
    }
    for (size_t map = 0; map < VARIABLE_MAPS; map++) {
        const struct value *variables = environment->variables[map];
        for (size_t i = 0; variables && i < variables->count; i++) {
            if (!str_equal(variables->items[i].name, name))
                continue;
            origin->what = STR("the environment");
            origin->location = variables->items[i].node->span;
            return;
        }
    }
    const struct value *inputs = record_value(layer->file, FILE_INPUT_VARIABLES);
    for (size_t i = 0; i < inputs->count; i++) {
        if (!str_equal(record_value(inputs->records[i], VARIABLE_NAME)->text, name))
            continue;
        origin->what = STR("the default in input_variables");
        origin->location = record_location(inputs->records[i], VARIABLE_DEFAULT);
        return;
    }
}

static void set_output(struct placeholder_origin *origin, const struct layer *layer,
                       struct str name)
{
    const struct environment_output *output = environment_output_find(&layer->environment, name);
    if (!output)
        return;
    if (output->from_flag) {
        origin->flag = STR("--parent-outputs");
        return;
    }
    origin->what = STR("the environment");
    origin->location = output->at;
}

/* Returns the location of the AWS account, which is part of most outputs that are not set. */
static struct location account_location(const struct environment *environment)
{
    const struct value *providers =
        environment->file ? record_value(environment->file, FILE_PROVIDERS) : NULL;
    const struct value *aws =
        providers && providers->count ? record_value(providers->records[0], PROVIDERS_AWS) : NULL;
    return aws && aws->count && record_has(aws->records[0], AWS_ACCOUNT_ID)
               ? record_location(aws->records[0], AWS_ACCOUNT_ID)
               : NO_LOCATION;
}

/* Returns the field of a module that an AWS output is derived from; NULL: none is set. */
static const struct node *field_of_resource(const struct module *module, struct str output)
{
    const struct node *arn = node_get(module->node, "arn");
    if (str_eq_c(output, "kms_arn"))
        return node_get(module->node, "kms_key_arn");
    return arn ? arn : node_get(module->node, "bucket_name");
}

/* The last word of the placeholder is the output. */
static void set_module_output(struct placeholder_origin *origin, const struct layer *layer,
                              struct str name)
{
    const struct module *module = module_find(layer->modules, layer->module_count, name);
    struct str output = origin->written;
    for (size_t dot; (dot = str_find(output, 0, '.')) < output.len;)
        output = str_skip(output, dot + 1);
    origin->what = str_format(layer->arena, "an output of module %.*s", STR_ARG(name));
    if (!module)
        return;
    const struct module_output *set = map_get(&module->outputs_by_name, output);
    const char *field = module_type_field(module->type, output);
    const struct node *value = field ? node_get(module->node, field) : NULL;
    const struct environment_output *found =
        environment_output_find(&layer->environment, link_variable(layer->arena, module, output));
    if (set) {
        origin->location = set->node->span;
        origin->text = set->node->text;
    } else if (value) {
        origin->location = value->span;
        origin->text = node_string(value);
    } else if (found && found->from_flag) {
        origin->flag = STR("--parent-outputs");
    } else if (found) {
        origin->location = found->at;
    } else if (module->type && module->type->cloud == CLOUD_AWS) {
        value = field_of_resource(module, output);
        origin->location = value ? value->span : account_location(&layer->environment);
        origin->text = node_string(value);
    }
}

static void set_origin(struct placeholder_origin *origin, const struct layer *layer,
                       struct str root, struct str name)
{
    const struct environment *environment = &layer->environment;
    if (str_eq_c(root, "vars") || str_eq_c(root, "variables")) {
        set_variable(origin, layer, name);
    } else if (str_eq_c(root, "parent")) {
        set_output(origin, layer, name);
    } else if (str_eq_c(root, "env")) {
        origin->what = STR("the name of the environment");
        origin->location = layer_environment_location(layer);
    } else if (str_eq_c(root, "layer_name")) {
        origin->what = STR("the name of the layer");
        origin->location = record_location(layer->file, FILE_NAME);
    } else if (str_eq_c(root, "module")) {
        set_module_output(origin, layer, name);
    } else if (environment->file) {
        origin->what = STR("the environment file");
        origin->location = location_file(environment->file->node->span.source);
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

bool placeholder_origin_next(const struct layer *layer, struct str text, size_t *at,
                             struct placeholder_origin *ret)
{
    for (size_t open = str_find(text, *at, '{'); open < text.len;
         open = str_find(text, open + 1, '{')) {
        size_t end = str_find(text, open + 1, '}');
        struct str inner = str_slice(text, open + 1, end);
        size_t dot = 0;
        while (dot < inner.len && inner.data[dot] != '.' && inner.data[dot] != '[')
            dot++;
        struct str root = str_slice(inner, 0, dot);
        size_t name_end = dot + 1;
        while (name_end < inner.len && inner.data[name_end] != '.' && inner.data[name_end] != ']')
            name_end++;
        bool is_literal = open > 0 && text.data[open - 1] == '{' && !str_eq_c(root, "module");
        if (end == text.len || is_literal || !is_root(root))
            continue;
        *ret = (struct placeholder_origin){.written = inner};
        set_origin(ret, layer, root,
                   dot < inner.len ? str_slice(inner, dot + 1, name_end) : (struct str){0});
        *at = open + 1;
        return true;
    }
    return false;
}
