#include "cli/completion.h"
#include "commands.h"
#include "config/schema.h"

#include <stdlib.h>

/* The tables that a person writes by, in the order of the reference. */
static const struct {
    const struct schema *schema;
    const char *title;
    const char *path; /* what stands before the names in FIELD */
} sections[] = {
    {&service_schema, "A `k8s-service` module", ""},
    {&port_schema, "`port`", "port."},
    {&ports_schema, "An item of `ports`", "ports."},
    {&resources_schema, "`resource_request`", "resource_request."},
    {&limits_schema, "`resource_limits`", "resource_limits."},
    {&storage_schema, "An item of `persistent_storage`", "persistent_storage."},
    {&cron_job_schema, "An item of `cron_jobs`", "cron_jobs."},
    {&toleration_schema, "An item of `tolerations`", "tolerations."},
    {&helm_schema, "`helm`", "helm."},
    {&file_schema, "A service file, or an environment file", "file."},
    {&external_secrets_schema, "`external_secrets`", "external_secrets."},
    {&environment_schema, "An item of `environments`", "environments."},
    {&variable_schema, "An item of `input_variables`", "input_variables."},
    {&providers_schema, "`providers`", "providers."},
    {&aws_schema, "`providers.aws`", "providers.aws."},
    {&google_schema, "`providers.google`", "providers.google."},
    {&azure_schema, "`providers.azurerm`", "providers.azurerm."},
    {&module_schema, "Any module, besides its own fields", "module."},
    {&database_schema, "A linked database or cache, besides its own fields", "database."},
    {&cloud_schema, "A linked s3, sqs, sns or dynamodb, besides its own fields", "cloud."},
};

enum { SECTION_COUNT = sizeof sections / sizeof *sections };

static void explain_field(struct buf *out, struct arena *arena, const char *path,
                          const struct field *field)
{
    struct str type = schema_type_text(arena, field);
    buf_format(out, "%s%s: %.*s\n\n  %s\n\n", path, field->name, STR_ARG(type), field->help);
    if (field->unit)
        buf_format(out, "  Unit:     %s\n", field->unit);
    buf_format(out, "  Default:  %s\n",
               field->required   ? "none, it must be written"
               : field->fallback ? field->fallback
                                 : "not set");
    if (field->lands)
        buf_format(out, "  Lands in: %s\n", field->lands);
    if (field->since)
        buf_format(out, "  Since:    %s (not in Opta)\n", field->since);
    if (field->example)
        buf_format(out, "  Example:  %s: %s\n", field->name, field->example);
}

static bool explain_named(struct buf *out, struct arena *arena, struct str name,
                          struct suggestion *near)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct schema *schema = sections[i].schema;
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str full = str_format(arena, "%s%s", sections[i].path, field->name);
            bool prefixed =
                field->prefix &&
                str_starts(name, str_format(arena, "%s%s", sections[i].path, field->prefix));
            suggestion_offer(near, full);
            if (str_is(name, field->name)) /* it lacks only what stands before the dot */
                *near = (struct suggestion){.word = name, .best = full};
            if (!prefixed && !str_equal(full, name))
                continue;
            explain_field(out, arena, sections[i].path, field);
            return true;
        }
    }
    return false;
}

static void list_fields(struct buf *out, struct arena *arena)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct schema *schema = sections[i].schema;
        buf_format(out, "%s%s:\n", i ? "\n" : "", sections[i].title);
        for (size_t j = 0; j < schema->count; j++) {
            struct str type = schema_type_text(arena, &schema->fields[j]);
            buf_format(out, "  %-36s%.*s\n",
                       str_format(arena, "%s%s", sections[i].path, schema->fields[j].name).data,
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
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        const struct schema *schema = sections[i].schema;
        buf_format(out,
                   "%s### %s\n\n| Field | Value | Default | What it does | Where it lands |\n"
                   "| --- | --- | --- | --- | --- |\n",
                   i ? "\n" : "", sections[i].title);
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            struct str type = schema_type_text(arena, field);
            if (field->unit)
                type = str_format(arena, "%.*s, in %s", STR_ARG(type), field->unit);
            buf_add(out, STR("| "));
            add_cell(out, str_format(arena, "`%s`", field->name));
            add_cell(out, type);
            add_cell(out, field->required   ? STR("required")
                          : field->fallback ? str_format(arena, "`%s`", field->fallback)
                                            : STR(""));
            add_cell(out, str_of(field->help));
            add_cell(out, field->lands ? str_of(field->lands) : STR(""));
            out->data[out->len - 1] = '\n';
        }
    }
}

static void complete_fields(struct completion *completion)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        for (size_t j = 0; j < sections[i].schema->count; j++)
            complete_offer(completion,
                           str_format(completion->arena, "%s%s", sections[i].path,
                                      sections[i].schema->fields[j].name),
                           str_of(sections[i].schema->fields[j].help));
}

static int run_explain(const struct invocation *invocation)
{
    struct arena arena = {0};
    struct buf out = {0};
    bool markdown =
        invocation->options.output && str_is(str_of(invocation->options.output), "markdown");
    bool named = invocation->arguments.count > 0;
    struct suggestion near = {.word = named ? str_of(invocation->arguments.items[0]) : STR("")};
    int status = EXIT_SUCCESS;
    if (named && !explain_named(&out, &arena, near.word, &near)) {
        buf_add(&out, STR("error: there is no field \""));
        diag_add_visible(&out, near.word);
        buf_add(&out, STR("\"\n"));
        if (near.best.len)
            buf_format(&out, "  did you mean \"%.*s\"?\n", STR_ARG(near.best));
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
