#include "cli/completion.h"
#include "commands.h"
#include "config/foreign_word.h"
#include "config/schema.h"

#include <stdlib.h>

static void explain_flavours(struct buf *out, const struct field *field)
{
    if (!field->flavours[0])
        return;
    buf_format(out, "  In each flavour of traffic (ingress_controller, gateway.type):\n");
    for (enum flavour_id flavour = 0; flavour < FLAVOUR_COUNT; flavour++)
        buf_format(out, "    %-9s %s\n", flavour_keyword(flavour), field->flavours[flavour]);
}

static void explain_field(struct buf *out, struct arena *arena, const char *path,
                          const struct field *field)
{
    struct str type = schema_type_format(arena, field);
    buf_format(out, "%s%s: %.*s\n\n  %s\n\n", path, field->name, STR_ARG(type), field->help);
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
    if (field->since)
        buf_format(out, "  Since:     %s (not in Opta)\n", field->since);
    if (field->example)
        buf_format(out, "  Example:   %s: %s\n", field->name, field->example);
}

static bool explain_named(struct buf *out, struct arena *arena, struct str name,
                          struct suggestion *suggestion)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str full = str_format(arena, "%s%s", schema->path, field->name);
            bool prefixed =
                field->prefix &&
                str_starts_with(name, str_format(arena, "%s%s", schema->path, field->prefix));
            suggestion_add(suggestion, full);
            if (str_eq_c(name, field->name)) /* only the part before the dot is missing */
                *suggestion = (struct suggestion){.word = name, .best = full};
            if (!prefixed && !str_equal(full, name))
                continue;
            explain_field(out, arena, schema->path, field);
            return true;
        }
    }
    return false;
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

static void report_unknown(struct buf *out, struct arena *arena, struct str name,
                           const struct suggestion *suggestion)
{
    buf_add(out, STR("error: unknown field \""));
    diag_add_visible(out, name);
    buf_add(out, STR("\"\n"));
    bool is_exact = suggestion->best.len &&
                    suggestion->distance == 0; /* only the path before the name is missing */
    struct str foreign_hint = foreign_word_hint(arena, NULL, name, NULL);
    struct str similar = similar_fields(arena, name, suggestion);
    if (foreign_hint.len)
        buf_format(out, "  %.*s\n", STR_ARG(foreign_hint));
    if (!is_exact && !foreign_hint.len && similar.len)
        buf_format(out, "  did you mean %.*s?\n", STR_ARG(similar));
    else if (is_exact || (suggestion->best.len && !foreign_hint.len))
        buf_format(out, "  did you mean \"%.*s\"?\n", STR_ARG(suggestion->best));
    else if (!foreign_hint.len)
        buf_add(out, STR("  run kubectl optasvc explain to list the fields\n"));
}

static void list_fields(struct buf *out, struct arena *arena)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        buf_format(out, "%s%s:\n", i ? "\n" : "", schema->title);
        for (size_t j = 0; j < schema->count; j++) {
            struct str type = schema_type_format(arena, &schema->fields[j]);
            buf_format(out, "  %-36s%.*s\n",
                       str_format(arena, "%s%s", schema->path, schema->fields[j].name).data,
                       STR_ARG(type));
        }
    }
}

/* Appends a cell of a Markdown table, with "|" escaped. */
static void append_cell(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '|')
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.data[i]);
    }
    buf_add(out, STR(" | "));
}

static struct str default_cell(struct arena *arena, const struct field *field)
{
    return field->required        ? STR("required")
           : field->default_value ? str_format(arena, "`%s`", field->default_value)
                                  : STR("");
}

/* Writes a short table of the fields that most services set. */
static void write_summaries(struct buf *out, struct arena *arena)
{
    buf_add(out, STR("### The most used fields\n\n| Example | What it does | Default |\n"
                     "| --- | --- | --- |\n"));
    for (size_t i = 0; i < service_schema.count; i++) {
        const struct field *field = &service_schema.fields[i];
        if (!field->summary)
            continue;
        buf_add(out, STR("| "));
        append_cell(out, str_format(arena, "`%s: %s`", field->name, field->example));
        append_cell(out, str_from_c(field->summary));
        append_cell(out, default_cell(arena, field));
        out->data[out->len - 1] = '\n';
    }
}

static void write_markdown(struct buf *out, struct arena *arena)
{
    write_summaries(out, arena);
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        buf_format(out,
                   "\n### %s\n\n| Field | Value | Default | Description | Generates |\n"
                   "| --- | --- | --- | --- | --- |\n",
                   schema->title);
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str type = schema_type_format(arena, field);
            if (field->unit && field->type == TYPE_INT)
                type = str_format(arena, "%.*s, in %s", STR_ARG(type), field->unit);
            buf_add(out, STR("| "));
            append_cell(out, str_format(arena, "`%s`", field->name));
            append_cell(out, type);
            append_cell(out, default_cell(arena, field));
            append_cell(out, str_from_c(field->help));
            append_cell(out, field->generates ? str_from_c(field->generates) : STR(""));
            out->data[out->len - 1] = '\n';
        }
    }
}

static void complete_fields(struct completion *completion)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++)
            completion_add(
                completion,
                str_format(completion->arena, "%s%s", schemas[i]->path, schemas[i]->fields[j].name),
                str_from_c(schemas[i]->fields[j].help));
}

static int run_explain(const struct invocation *invocation)
{
    struct arena arena = {0};
    struct buf out = {0};
    bool markdown =
        invocation->options.output && str_eq_c(str_from_c(invocation->options.output), "markdown");
    bool has_name = invocation->arguments.count > 0;
    struct str name = has_name ? str_from_c(invocation->arguments.items[0]) : STR("");
    struct suggestion suggestion = {.word = name};
    int status = EXIT_SUCCESS;
    if (has_name && !explain_named(&out, &arena, name, &suggestion)) {
        report_unknown(&out, &arena, name, &suggestion);
        console_print_messages(buf_str(&out));
        status = EXIT_FAILURE;
    } else {
        if (!has_name && markdown)
            write_markdown(&out, &arena);
        else if (!has_name)
            list_fields(&out, &arena);
        status = markdown ? console_finish(buf_str(&out)) : console_finish_columns(buf_str(&out));
    }
    buf_free(&out);
    arena_free(&arena);
    return status;
}

static const char *const outputs[] = {"text", "markdown", NULL};

const struct command command_explain = {
    .name = "explain",
    .group = GROUP_FILES,
    .arguments = "[FIELD]",
    .max_args = 1,
    .summary = "Describe a field of service files, or list all fields",
    .examples =
        EXAMPLES({"List all fields", "kubectl optasvc explain"},
                 {"Describe a field", "kubectl optasvc explain max_containers"},
                 {"Describe a nested field", "kubectl optasvc explain resource_request.cpu"}),
    .flags = FLAG_LIST(FLAG_OUTPUT),
    .outputs = outputs,
    .output_default = "text",
    .run = run_explain,
    .complete = complete_fields,
};
