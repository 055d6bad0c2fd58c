#include "cli/completion.h"
#include "commands.h"
#include "config/foreign_word.h"
#include "config/schema.h"

#include <stdlib.h>

static void explain_field(struct buf *out, struct arena *arena, const char *path,
                          const struct field *field)
{
    struct str type = schema_type_format(arena, field);
    buf_format(out, "%s%s: %.*s\n\n  %s\n\n", path, field->name, STR_ARG(type), field->help);
    if (field->unit)
        buf_format(out, "  Unit:     %s%s\n", field->unit,
                   field->type == TYPE_INT ? "" : ", of a number without a suffix");
    buf_format(out, "  Default:  %s\n",
               field->required        ? "none, it must be written"
               : field->default_value ? field->default_value
                                      : "not set");
    if (field->generates)
        buf_format(out, "  Lands in: %s\n", field->generates);
    if (field->since)
        buf_format(out, "  Since:    %s (not in Opta)\n", field->since);
    if (field->example)
        buf_format(out, "  Example:  %s: %s\n", field->name, field->example);
}

static bool explain_named(struct buf *out, struct arena *arena, struct str name,
                          struct suggestion *near)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str full = str_format(arena, "%s%s", schema->path, field->name);
            bool prefixed =
                field->prefix &&
                str_starts_with(name, str_format(arena, "%s%s", schema->path, field->prefix));
            suggestion_add(near, full);
            if (str_eq_c(name, field->name)) /* it lacks only what stands before the dot */
                *near = (struct suggestion){.word = name, .best = full};
            if (!prefixed && !str_equal(full, name))
                continue;
            explain_field(out, arena, schema->path, field);
            return true;
        }
    }
    return false;
}

/* The fields that begin with something near the word, such as healthcheck_path for helth. A text
 * of at most five names; empty if none is nearer than `near`. */
static struct str fields_beginning(struct arena *arena, struct str word,
                                   const struct suggestion *near)
{
    enum { SHORTEST = 4, MOST = 5 };
    struct str names = {0};
    size_t count = 0;
    if (word.len < SHORTEST || (near->best.len && near->distance < 2))
        return names;
    for (size_t i = 0; i < service_schema.count && count < MOST; i++) {
        struct str name = str_from_c(service_schema.fields[i].name);
        struct suggestion begin = {.word = word};
        for (size_t len = word.len - 1; len <= word.len + 1 && len < name.len; len++)
            suggestion_add(&begin, str_slice(name, 0, len));
        if (begin.best.len && begin.distance < 2)
            names = str_format(arena, "%.*s%s\"%.*s\"", STR_ARG(names), count++ ? ", " : "",
                               STR_ARG(name));
    }
    return names;
}

static void report_unknown(struct buf *out, struct arena *arena, struct str name,
                           const struct suggestion *near)
{
    buf_add(out, STR("error: there is no field \""));
    diag_add_visible(out, name);
    buf_add(out, STR("\"\n"));
    bool exact = near->best.len && near->distance == 0; /* only what stands before it is missing */
    struct str foreign = foreign_word_hint(arena, NULL, name, NULL);
    struct str beginning = fields_beginning(arena, name, near);
    if (foreign.len)
        buf_format(out, "  %.*s\n", STR_ARG(foreign));
    if (!exact && !foreign.len && beginning.len)
        buf_format(out, "  did you mean %.*s?\n", STR_ARG(beginning));
    else if (exact || (near->best.len && !foreign.len))
        buf_format(out, "  did you mean \"%.*s\"?\n", STR_ARG(near->best));
    else if (!foreign.len)
        buf_add(out, STR("  kubectl optasvc explain lists the fields\n"));
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

/* A cell of a Markdown table must not hold the mark between cells. */
static void add_cell(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '|')
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.data[i]);
    }
    buf_add(out, STR(" | "));
}

static void write_markdown(struct buf *out, struct arena *arena)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        buf_format(out,
                   "%s### %s\n\n| Field | Value | Default | What it does | Where it lands |\n"
                   "| --- | --- | --- | --- | --- |\n",
                   i ? "\n" : "", schema->title);
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str type = schema_type_format(arena, field);
            if (field->unit && field->type == TYPE_INT)
                type = str_format(arena, "%.*s, in %s", STR_ARG(type), field->unit);
            buf_add(out, STR("| "));
            add_cell(out, str_format(arena, "`%s`", field->name));
            add_cell(out, type);
            add_cell(out, field->required        ? STR("required")
                          : field->default_value ? str_format(arena, "`%s`", field->default_value)
                                                 : STR(""));
            add_cell(out, str_from_c(field->help));
            add_cell(out, field->generates ? str_from_c(field->generates) : STR(""));
            out->data[out->len - 1] = '\n';
        }
    }
}

static void complete_fields(struct completion *completion)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++)
            complete_offer(
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
    bool named = invocation->arguments.count > 0;
    struct str name = named ? str_from_c(invocation->arguments.items[0]) : STR("");
    struct suggestion near = {.word = name};
    int status = EXIT_SUCCESS;
    if (named && !explain_named(&out, &arena, name, &near)) {
        report_unknown(&out, &arena, name, &near);
        console_print_error(buf_str(&out));
        status = EXIT_FAILURE;
    } else {
        if (!named && markdown)
            write_markdown(&out, &arena);
        else if (!named)
            list_fields(&out, &arena);
        status = console_finish(buf_str(&out));
    }
    buf_free(&out);
    arena_free(&arena);
    return status;
}

static const char *const outputs[] = {"text", "markdown", NULL};

const struct command command_explain = {
    .name = "explain",
    .arguments = "[FIELD]",
    .max_args = 1,
    .summary = "Tell what a field of a service file means, or list all fields",
    .flags = FLAG(OUTPUT),
    .outputs = outputs,
    .run = run_explain,
    .complete = complete_fields};
