#include "config/module_output.h"

#include "format/name.h"

static struct module_output *find_set_output(const struct module *module, struct str output)
{
    const struct module_output *found = map_get(&module->outputs_by_name, output);
    return found ? &module->outputs[found - module->outputs] : NULL;
}

bool module_output_is_set(const struct module *module, struct str output)
{
    return find_set_output(module, output) != NULL;
}

/* Fills in the placeholders of an output. */
static bool fill_set_output(struct scope *scope, struct module_output *output, struct location at)
{
    struct filled_string filled = {0};
    const struct node *node = output->node;
    if (node->kind != NODE_SCALAR || node_is_null(node)) {
        diag_error(scope->diags, at, RULE_WRONG_TYPE, "output \"%.*s\" must be a string, not %s",
                   STR_ARG(output->name), schema_value_type(node));
        return false;
    }
    bool ok = interpolate(scope, node, &filled);
    output->text = str_eq_c(output->name, "domain") ? name_without_root(filled.text) : filled.text;
    if (ok && filled.references) {
        diag_error(scope->diags, at, RULE_SECRET_IN_MANIFEST,
                   "output \"%.*s\" contains a secret output", STR_ARG(output->name));
        diag_hint(scope->diags, "use the secret output directly in env_vars");
    }
    return ok && !filled.references;
}

bool module_output_read_set(struct scope *scope, struct module *module, struct str output,
                            struct location at, struct str *ret)
{
    struct module_output *found = find_set_output(module, output);
    if (found->state == STATE_READING) {
        diag_error(scope->diags, at, RULE_CIRCULAR_REFERENCE, "output \"%.*s\" refers to itself",
                   STR_ARG(output));
        diag_hint(scope->diags, "remove the reference");
    }
    if (found->state == STATE_UNREAD) {
        if (!scope_enter(scope, at))
            return false;
        found->state = STATE_READING;
        found->state = fill_set_output(scope, found, at) ? STATE_READ : STATE_INVALID;
        scope_leave(scope);
    }
    *ret = found->text;
    return found->state == STATE_READ;
}

static bool type_has_output(const struct module *module, struct str output)
{
    const char *const *outputs = module->type ? module->type->outputs : NULL;
    for (; outputs && *outputs; outputs++)
        if (str_eq_c(output, *outputs))
            return true;
    return false;
}

/* Returns the environment's output with the given name; NULL if there is none. If the output is not
 * found, first reads an environment file that was deferred. */
static const struct environment_output *find_environment_output(struct scope *scope,
                                                                struct str name)
{
    const struct schema_reader reader = {.arena = scope->arena, .diags = scope->diags};
    const struct environment_output *found = environment_output_find(scope->environment, name);
    if (found || !scope->environment->unread_path)
        return found;
    if (!environment_read_deferred(&reader, scope->environment))
        scope->environment_invalid = true;
    return environment_output_find(scope->environment, name);
}

/* Adds a hint with the outputs of the module's type. */
static void hint_outputs(const struct scope *scope, const struct module *module)
{
    const char *const *outputs = module->type ? module->type->outputs : NULL;
    if (!outputs || !*outputs)
        return;
    struct str names = schema_choices_format(scope->arena, outputs, NULL);
    diag_hint_line(scope->diags, str_format(scope->arena, "available: %.*s", STR_ARG(names)).data);
}

/* Reports an output that only links have: the address of a service. */
static void report_address(const struct scope *scope, const struct module *module,
                           struct str output, struct location at)
{
    struct str message = str_format(
        scope->arena, "placeholders do not have the %.*s of the service \"%.*s\", only links do",
        STR_ARG(output), STR_ARG(module->name));
    struct str prefix = link_service_prefix(scope->arena, module);
    if (diags_contain(scope->diags, message))
        return;
    diag_error(scope->diags, at, RULE_UNKNOWN_OUTPUT, "%.*s", STR_ARG(message));
    diag_hint(scope->diags, "add %.*s to links, and write $(%.*s_%.*s) instead in env_vars or args",
              STR_ARG(module->name), STR_ARG(prefix), STR_ARG(str_upper(scope->arena, output)));
}

static void report_unknown(const struct scope *scope, const struct module *module,
                           struct str output, struct location at)
{
    struct diags *diags = scope->diags;
    struct suggestion near = {.word = output};
    const char *const *outputs = module->type ? module->type->outputs : NULL;
    for (; outputs && *outputs; outputs++)
        suggestion_add(&near, str_from_c(*outputs));
    for (size_t i = 0; i < module->output_count && !diags_full(diags); i++)
        suggestion_add(&near, module->outputs[i].name);
    struct str message = str_format(scope->arena, "output \"%.*s\" of module \"%.*s\" has no value",
                                    STR_ARG(output), STR_ARG(module->name));
    struct str name = link_variable(scope->arena, module, output);
    const char *field = module_type_field(module->type, output);
    if (module_is_service(module) && (str_eq_c(output, "host") || str_eq_c(output, "port"))) {
        report_address(scope, module, output, at);
        return;
    }
    if (module_output_is_secret(module, output)) {
        diag_error(diags, at, RULE_UNKNOWN_OUTPUT, "module \"%.*s\" has no output \"%.*s\"",
                   STR_ARG(module->name), STR_ARG(output));
        hint_outputs(scope, module);
        return;
    }
    if (!field && near.best.len) {
        diag_error(diags, at, RULE_UNKNOWN_OUTPUT, "module \"%.*s\" has no output \"%.*s\"",
                   STR_ARG(module->name), STR_ARG(output));
        diag_suggest(diags, &near);
        diag_hint_line(diags, str_format(scope->arena,
                                         "to define it, set outputs: {%.*s: VALUE} in the module",
                                         STR_ARG(output))
                                  .data);
        return;
    }
    if (diags_contain(diags, message))
        return;
    diag_error(diags, at, RULE_UNKNOWN_OUTPUT, "%.*s", STR_ARG(message));
    if (field) {
        diag_hint(diags, "set %s in the module", field);
    } else {
        diag_hint(
            diags,
            "set outputs: {%.*s: VALUE} in the module, or set %.*s in outputs of the environment "
            "file or in the file of --parent-outputs",
            STR_ARG(output), STR_ARG(name));
        hint_outputs(scope, module);
    }
}

enum output_source module_output_read(struct scope *scope, struct module *module, struct str output,
                                      struct location at, struct str *ret)
{
    const struct module_type *type = module->type;
    if (module_output_is_set(module, output))
        return module_output_read_set(scope, module, output, at, ret) ? OUTPUT_STRING
                                                                      : OUTPUT_UNKNOWN;
    if (type_has_output(module, output) && type->link == LINK_SECRET)
        return OUTPUT_SECRET;
    provider_output *read = type ? scope->environment->providers[type->cloud]->output : NULL;
    if (type_has_output(module, output) && read)
        return read(scope, module, output, at, ret) ? OUTPUT_STRING : OUTPUT_UNKNOWN;
    if (module->has_error || scope->environment_invalid)
        return OUTPUT_UNKNOWN;
    const struct environment_output *found =
        find_environment_output(scope, link_variable(scope->arena, module, output));
    if (!found && !scope->environment_invalid)
        report_unknown(scope, module, output, at);
    if (!found || !environment_output_check(found, scope->diags, at))
        return OUTPUT_UNKNOWN;
    *ret = found->text;
    return OUTPUT_STRING;
}
