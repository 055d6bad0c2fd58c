#include "cli/completion.h"
#include "commands.h"
#include "explain_markdown.h"
#include "explain_rules.h"
#include "explain_values.h"
#include "manifest/session.h"

#include <stdlib.h>
#include <string.h>

static void explain_flavours(struct buf *out, const struct field *field)
{
    if (!field->flavours[0])
        return;
    buf_format(out, "  In each flavour of traffic (ingress_controller, gateway.type):\n");
    for (enum flavour_id flavour = 0; flavour < FLAVOUR_COUNT; flavour++)
        buf_format(out, "    %-9s %s\n", flavour_keyword(flavour), field->flavours[flavour]);
}

/* Lists the fields of a map; with `recursive`, also those of the maps in it. */
static void list_schema(struct buf *out, struct arena *arena, const struct schema *schema,
                        size_t indent, bool recursive)
{
    enum { TYPE_COLUMN = 36, INDENT = 2 };
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        struct str type = schema_type_format(arena, field);
        size_t start = out->len;
        buf_add_spaces(out, indent);
        buf_add(out, str_from_c(field->name));
        size_t used = out->len - start;
        buf_add_spaces(out, used < TYPE_COLUMN ? TYPE_COLUMN - used : 1);
        buf_format(out, "  %.*s%s\n", STR_ARG(type), field->required ? ", required" : "");
        if (recursive && field_schema(field))
            list_schema(out, arena, field_schema(field), indent + INDENT, true);
    }
}

static void explain_field(struct buf *out, struct arena *arena, const struct field_path *path,
                          bool recursive)
{
    const struct field *field = path->steps[path->count - 1].field;
    struct str type = schema_type_format(arena, field);
    buf_format(out, "%.*s: %.*s\n\n  %s\n\n", STR_ARG(field_path_format(arena, path)),
               STR_ARG(type), field->help);
    if (field->unit)
        buf_format(out, "  Unit:      %s%s\n", field->unit,
                   field->type == TYPE_INT ? "" : " (for numbers without a suffix)");
    buf_format(out, "  Default:   %s\n",
               field->required        ? "none (required)"
               : field->default_value ? field->default_value
                                      : "not set");
    if (field->generates)
        buf_format(out, "  Generates: %s\n", field->generates);
    explain_flavours(out, field);
    if (field->deprecated)
        buf_format(out, "  Opta form: %s; %s\n", field->deprecated, field->instead);
    if (field->since)
        buf_format(out, "  Since:     %s (not in Opta)\n", field->since);
    if (field->example)
        buf_format(out, "  Example:   %s: %s\n", field->name, field->example);
    if (path->count == 1 && path->root == &service_schema &&
        schema_find(&file_schema, str_from_c(field->name)))
        buf_format(out, "  See also:  file.%s\n", field->name);
    if (!field_schema(field))
        return;
    buf_add(out, STR("\n  Fields:\n"));
    list_schema(out, arena, field_schema(field), 4, recursive);
}

static void explain_path(struct buf *out, struct arena *arena, const struct field_path *path,
                         bool recursive)
{
    if (path->count) {
        explain_field(out, arena, path, recursive);
        return;
    }
    buf_format(out, "%s:\n", path->root->title);
    list_schema(out, arena, path->root, 2, recursive);
}

/* Returns at most five names of fields whose beginning resembles the word, such as healthcheck_path
 * for helth; empty if `suggestion` is as similar. */
static struct str similar_fields(struct arena *arena, struct str word,
                                 const struct suggestion *suggestion)
{
    enum { WORD_MIN = 4, FIELDS_MAX = 5 };
    struct str names = {0};
    size_t count = 0;
    if (word.len < WORD_MIN || (suggestion->best.len && suggestion->distance < 2))
        return names;
    for (size_t i = 0; i < service_schema.count && count < FIELDS_MAX; i++) {
        struct str name = str_from_c(service_schema.fields[i].name);
        struct suggestion prefix_suggestion = {.word = word};
        for (size_t len = word.len - 1; len <= word.len + 1 && len < name.len; len++)
            suggestion_add(&prefix_suggestion, str_slice(name, 0, len));
        if (prefix_suggestion.best.len && prefix_suggestion.distance < 2)
            names = str_format(arena, "%.*s%s\"%.*s\"", STR_ARG(names), count++ ? ", " : "",
                               STR_ARG(name));
    }
    return names;
}

/* Adds the most similar path of a field, or name of a rule, as a suggestion. */
static void suggest_field(struct arena *arena, const struct field_path_error *error,
                          struct suggestion *suggestion)
{
    if (!error->schema) {
        for (size_t i = 0; i < SCHEMA_COUNT; i++)
            for (size_t j = 0; j < schemas[i]->count; j++)
                suggestion_add(suggestion, str_format(arena, "%s%s", schemas[i]->path,
                                                      schemas[i]->fields[j].name));
        for (enum rule rule = 0; rule < RULE_COUNT; rule++)
            suggestion_add(suggestion, str_from_c(rule_info(rule)->name));
        return;
    }
    for (size_t i = 0; i < error->schema->count; i++)
        suggestion_add(suggestion, str_from_c(error->schema->fields[i].name));
    if (suggestion->best.len)
        suggestion->best = str_format(arena, "%.*s%s%.*s", STR_ARG(error->prefix),
                                      error->prefix.len ? "." : "", STR_ARG(suggestion->best));
}

static void suggest(struct diags *diags, struct str name, const struct field_path_error *error)
{
    struct arena *arena = diags->arena;
    struct suggestion suggestion = {.word = error->schema ? error->word : name};
    suggest_field(arena, error, &suggestion);
    struct str similar = {0};
    if (!error->schema)
        similar = similar_fields(arena, name, &suggestion);
    if (similar.len)
        diag_hint(diags, "did you mean %.*s?", STR_ARG(similar));
    else if (!diag_suggest(diags, &suggestion) && error->prefix.len)
        diag_hint(diags, "run kubectl optasvc explain %.*s to describe that field",
                  STR_ARG(error->prefix));
    else if (!suggestion.best.len)
        diag_hint(diags, "run kubectl optasvc explain to list the fields");
}

static void report_unknown(struct diags *diags, struct str name,
                           const struct field_path_error *error)
{
    enum rule rule;
    diag_error(diags, NO_LOCATION, RULE_UNKNOWN_FIELD, "unknown field \"%.*s\"", STR_ARG(name));
    if (rule_find(name, &rule)) {
        diag_hint(diags, "to describe the %s of this name, omit -f and --recursive",
                  rule_severity(rule));
        return;
    }
    if (error->foreign_hint.len)
        diag_hint(diags, "%.*s", STR_ARG(error->foreign_hint));
    if (error->others.len)
        diag_hint_line(diags,
                       str_format(diags->arena, "did you mean %.*s?", STR_ARG(error->others)).data);
    else if (!error->foreign_hint.len)
        suggest(diags, name, error);
}

static void list_fields(struct buf *out, struct arena *arena)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        buf_format(out, "%s%s:\n", i ? "\n" : "", schema->title);
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str type = schema_type_format(arena, field);
            buf_format(out, "  %-36s%.*s%s\n",
                       str_format(arena, "%s%s", schema->path, field->name).data, STR_ARG(type),
                       field->required ? ", required" : "");
        }
    }
}

static void complete_fields(struct completion *completion)
{
    if (completion->options.rules) {
        completion_add_rules(completion, false);
        return;
    }
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++)
            completion_add(
                completion,
                str_format(completion->arena, "%s%s", schemas[i]->path, schemas[i]->fields[j].name),
                str_from_c(schemas[i]->fields[j].help));
}

static bool is_file_name(struct str text)
{
    return str_ends_with(text, STR(".yaml")) || str_ends_with(text, STR(".yml")) ||
           str_ends_with(text, STR(".json"));
}

static bool is_markdown(const struct options *options)
{
    return options->output && strcmp(options->output, "markdown") == 0;
}

/* Returns NULL if the combination of flags is valid, else the error. */
static const char *check_flags(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    const struct input_options *input = &options->input;
    if (is_markdown(options) &&
        (invocation->arguments.count || options->recursive_fields || input->files.count))
        return "--output=markdown lists all fields: it cannot be used with FIELD, --recursive or "
               "--filename";
    if (options->rules && (options->output || options->recursive_fields || input->files.count))
        return "--rules cannot be used with --output, --recursive or --filename";
    if (!input->files.count &&
        (input->environment || input->environment_file || input->variables.count ||
         input->parent_outputs || input->modules.count))
        return "--env, --env-file, --var, --parent-outputs and --module require -f FILE";
    if (options->recursive_fields && input->files.count)
        return "--recursive and --filename are mutually exclusive";
    return NULL;
}

/* Lists all fields: with --recursive as trees, with -f with their values. Returns false after an
 * error. */
static bool explain_all(const struct invocation *invocation, struct buf *out, struct arena *arena)
{
    const struct options *options = &invocation->options;
    if (options->input.files.count)
        return explain_values(invocation, NULL, out);
    if (options->rules) {
        explain_rules(out);
    } else if (is_markdown(options)) {
        explain_markdown(out, arena);
    } else if (options->recursive_fields) {
        const struct field_path file = {.root = &file_schema};
        explain_path(out, arena, &file, true);
    } else {
        list_fields(out, arena);
    }
    return true;
}

/* Removes the brackets of messages, as in [no-probe], which mean that a name is that of a rule. */
static bool remove_brackets(struct str *name)
{
    bool has_brackets = str_starts_with(*name, STR("[")) && str_ends_with(*name, STR("]"));
    if (has_brackets)
        *name = str_slice(*name, 1, name->len - 1);
    return has_brackets;
}

/* Returns false after an error. */
static bool explain_one(const struct invocation *invocation, struct str name, struct buf *out,
                        struct arena *arena)
{
    const struct options *options = &invocation->options;
    struct field_path path;
    struct field_path_error error;
    struct diags diags = {.arena = arena};
    enum rule rule;
    bool has_field_flags = options->recursive_fields || options->input.files.count;
    bool is_rule = options->rules || (!has_field_flags && remove_brackets(&name));
    bool found = !is_rule && field_path_find(arena, name, &path, &error);
    if (is_rule || (!found && !has_field_flags && rule_find(name, &rule))) {
        explain_rule(&diags, name, out);
        return session_report(&diags, invocation->color);
    }
    if (found)
        explain_path(out, arena, &path, options->recursive_fields);
    else
        report_unknown(&diags, name, &error);
    bool has_values =
        found && path.count && (path.root == &service_schema || path.root == &file_schema);
    if (found && options->input.files.count) {
        if (has_values)
            found = explain_values(invocation, &path, out);
        else {
            found = false;
            diag_error(&diags, NO_LOCATION, RULE_USAGE,
                       "%.*s has no values that can be shown: -f shows those of fields of a "
                       "service or of the file",
                       STR_ARG(name));
        }
    }
    return session_report(&diags, invocation->color) && found;
}

static int run_explain(const struct invocation *invocation)
{
    struct arena arena = {0};
    struct buf out = {0};
    const char *name = invocation->arguments.count ? invocation->arguments.items[0] : "";
    const char *problem = check_flags(invocation);
    if (is_file_name(str_from_c(name)))
        problem = str_format(&arena, "unexpected argument \"%s\"; use -f %s", name, name).data;
    if (problem) {
        int status = cli_usage(invocation, problem);
        arena_free(&arena);
        return status;
    }
    bool ok = invocation->arguments.count ? explain_one(invocation, str_from_c(name), &out, &arena)
                                          : explain_all(invocation, &out, &arena);
    int status = EXIT_FAILURE;
    if (ok)
        status = is_markdown(&invocation->options) ? console_finish(buf_str(&out))
                                                   : console_finish_columns(buf_str(&out));
    buf_free(&out);
    arena_free(&arena);
    return status;
}

static const char *const outputs[] = {"text", "markdown", NULL};

const struct command command_explain = {
    .name = "explain",
    .group = GROUP_FILES,
    .arguments = "[FIELD|RULE]",
    .max_args = 1,
    .summary = "Describe a field, error or warning, or list all fields",
    .details =
        "FIELD may be a path, such as port.http, service.port.http or modules[0].port, or a word "
        "of Kubernetes or another tool, such as spec.replicas. With -f, shows the value of the "
        "field in each service and why: where it is written, what sets its placeholders, or which "
        "default applies. Without FIELD, -f shows all fields that have a value. RULE is the name "
        "of an error or warning, which messages show in brackets; --rules lists all of them.",
    .examples = EXAMPLES({"Describe a field", "kubectl optasvc explain max_containers"},
                         {"Describe a nested field, and those in it",
                          "kubectl optasvc explain cron_jobs --recursive"},
                         {"Show the value in each service of a file, and why",
                          "kubectl optasvc explain max_containers -f web.yaml"},
                         {"Explain a warning", "kubectl optasvc explain image-tag"}),
    .flags = FLAG_LIST(FLAG_RECURSIVE_FIELDS, FLAG_RULES, FLAG_OUTPUT, FLAG_FILENAME, FLAG_ENV,
                       FLAG_ENV_FILE, FLAG_VAR, FLAG_PARENT_OUTPUTS, FLAG_MODULE),
    .outputs = outputs,
    .output_default = "text",
    .run = run_explain,
    .complete = complete_fields,
};
