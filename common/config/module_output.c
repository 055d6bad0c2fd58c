#include "config/module_output.h"

#include "format/name.h"

static struct module_output *find_written(const struct module *module, struct str output)
{
    const struct module_output *found = map_get(&module->output_names, output);
    return found ? &module->outputs[found - module->outputs] : NULL;
}

bool module_writes_output(const struct module *module, struct str output)
{
    return find_written(module, output) != NULL;
}

/* Fills in the placeholders of an output. */
static bool fill_written(struct scope *scope, struct module_output *written, struct location at)
{
    struct filled filled = {0};
    const struct node *node = written->node;
    if (node->kind != NODE_SCALAR || node_is_null(node)) {
        diag_error(scope->diags, at, "output \"%.*s\" must be a string, not %s",
                   STR_ARG(written->name), schema_value_type(node));
        return false;
    }
    bool ok = interpolate(scope, node, &filled);
    written->text =
        str_eq_c(written->name, "domain") ? name_without_root(filled.text) : filled.text;
    if (ok && filled.references) {
        diag_error(scope->diags, at, "output \"%.*s\" contains a secret output",
                   STR_ARG(written->name));
        diag_hint(scope->diags, "use the secret output directly in env_vars");
    }
    return ok && !filled.references;
}

bool module_written_output(struct scope *scope, struct module *module, struct str output,
                           struct location at, struct str *ret)
{
    struct module_output *written = find_written(module, output);
    if (written->known == KNOWN_READING) {
        diag_error(scope->diags, at, "output \"%.*s\" refers to itself", STR_ARG(output));
        diag_hint(scope->diags, "remove the reference");
    }
    if (written->known == KNOWN_UNREAD) {
        if (!scope_enter(scope, at))
            return false;
        written->known = KNOWN_READING;
        written->known = fill_written(scope, written, at) ? KNOWN_READ : KNOWN_INVALID;
        scope_leave(scope);
    }
    *ret = written->text;
    return written->known == KNOWN_READ;
}

static bool is_of_type(const struct module *module, struct str output)
{
    const char *const *outputs = module->kind ? module->kind->outputs : NULL;
    for (; outputs && *outputs; outputs++)
        if (str_eq_c(output, *outputs))
            return true;
    return false;
}

/* Returns the environment's output with the given name; NULL if there is none. Reads the
 * environment file if it has not been read yet. */
static const struct output *find_given(struct scope *scope, struct str name)
{
    const struct schema_reader reader = {.arena = scope->arena, .diags = scope->diags};
    const struct output *given = environment_output(scope->environment, name);
    if (given || !scope->environment->unread_path)
        return given;
    if (!environment_read_all(&reader, scope->environment))
        scope->blind = true;
    return environment_output(scope->environment, name);
}

/* Adds a hint with the outputs of the module's type. */
static void hint_outputs(const struct scope *scope, const struct module *module)
{
    const char *const *outputs = module->kind ? module->kind->outputs : NULL;
    if (!outputs || !*outputs)
        return;
    struct str names = schema_choices_format(scope->arena, outputs, NULL);
    diag_hint_line(scope->diags, str_format(scope->arena, "available: %.*s", STR_ARG(names)).data);
}

static void report_unknown(const struct scope *scope, const struct module *module,
                           struct str output, struct location at)
{
    struct diags *diags = scope->diags;
    struct suggestion near = {.word = output};
    const char *const *outputs = module->kind ? module->kind->outputs : NULL;
    for (; outputs && *outputs; outputs++)
        suggestion_add(&near, str_from_c(*outputs));
    for (size_t i = 0; i < module->output_count && !diags_full(diags); i++)
        suggestion_add(&near, module->outputs[i].name);
    struct str message = str_format(scope->arena, "output \"%.*s\" of module \"%.*s\" has no value",
                                    STR_ARG(output), STR_ARG(module->name));
    struct str name = link_variable(scope->arena, module, output);
    const char *field = module_type_field(module->kind, output);
    if (module_output_is_secret(module, output)) {
        diag_error(diags, at, "module \"%.*s\" has no output \"%.*s\"", STR_ARG(module->name),
                   STR_ARG(output));
        hint_outputs(scope, module);
        return;
    }
    if (!field && near.best.len) {
        diag_error(diags, at, "module \"%.*s\" has no output \"%.*s\"", STR_ARG(module->name),
                   STR_ARG(output));
        diag_suggest(diags, &near);
        diag_hint_line(diags, str_format(scope->arena,
                                         "to define it, set outputs: {%.*s: VALUE} in the module",
                                         STR_ARG(output))
                                  .data);
        return;
    }
    if (diags_contain(diags, message))
        return;
    diag_error(diags, at, "%.*s", STR_ARG(message));
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

enum output_source module_output(struct scope *scope, struct module *module, struct str output,
                                 struct location at, struct str *ret)
{
    const struct module_type *kind = module->kind;
    if (module_writes_output(module, output))
        return module_written_output(scope, module, output, at, ret) ? OUTPUT_TEXT : OUTPUT_UNKNOWN;
    if (is_of_type(module, output) && kind->link == LINK_SECRET)
        return OUTPUT_SECRET;
    provider_output *read = kind ? scope->environment->providers[kind->cloud]->output : NULL;
    if (is_of_type(module, output) && read)
        return read(scope, module, output, at, ret) ? OUTPUT_TEXT : OUTPUT_UNKNOWN;
    if (module->broken || scope->blind)
        return OUTPUT_UNKNOWN;
    const struct output *given = find_given(scope, link_variable(scope->arena, module, output));
    if (!given && !scope->blind)
        report_unknown(scope, module, output, at);
    if (!given || !environment_output_check(given, scope->diags, at))
        return OUTPUT_UNKNOWN;
    *ret = given->text;
    return OUTPUT_TEXT;
}
