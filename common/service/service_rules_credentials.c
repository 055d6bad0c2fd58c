/* Rule about credentials in fields that everyone can read who can read the file or the pods. Values
 * are not shown: neither they nor their lines are part of the messages. */
#include "config/credential.h"
#include "format/name.h"
#include "service/service_rules.h"

#define LIST_SECRET "add the name to secrets, and set the value with kubectl optasvc secret set"
#define WRITE_REFERENCE                                                                            \
    "set the value with kubectl optasvc secret set NAME, add NAME to secrets, and write $(NAME)"
/* Kubernetes does not expand $(NAME) in probes. */
#define READ_IN_SHELL                                                                              \
    "set the value with kubectl optasvc secret set NAME, add NAME to secrets, and read $NAME "     \
    "in a shell"
#define ONLY_VARIABLES "remove it: only variables and files can have values of a Secret"

/* The maps and lists of strings that are checked. */
static const struct checked_field {
    enum field_id field;
    bool has_names; /* the keys of the map are names that show a credential */
    const char *hint;
} checked_fields[] = {
    {SERVICE_ENV_VARS, true, LIST_SECRET},
    {CONTAINER_ENV_VARS, true, LIST_SECRET},
    {CRON_JOB_ENV_VARS, true, LIST_SECRET},
    {TRIGGER_METADATA, true,
     "store it in a Secret, and set auth to a TriggerAuthentication that reads it"},
    {SERVICE_PROBE_HEADERS, true, "request a path that requires no credential"},
    {SERVICE_POD_ANNOTATIONS, false, ONLY_VARIABLES},
    {SERVICE_INGRESS_ANNOTATIONS, false, ONLY_VARIABLES},
    {SERVICE_SERVICE_ANNOTATIONS, false, ONLY_VARIABLES},
    {SERVICE_COMMANDS, false, WRITE_REFERENCE},
    {SERVICE_ARGS, false, WRITE_REFERENCE},
    {CONTAINER_COMMANDS, false, WRITE_REFERENCE},
    {CONTAINER_ARGS, false, WRITE_REFERENCE},
    {CRON_JOB_COMMANDS, false, WRITE_REFERENCE},
    {CRON_JOB_ARGS, false, WRITE_REFERENCE},
    {PRE_DEPLOY_COMMANDS, false, WRITE_REFERENCE},
    {PRE_DEPLOY_ARGS, false, WRITE_REFERENCE},
    {SERVICE_HEALTHCHECK_COMMAND, false, READ_IN_SHELL},
    {SERVICE_LIVENESS_COMMAND, false, READ_IN_SHELL},
    {SERVICE_READINESS_COMMAND, false, READ_IN_SHELL},
};

static const struct checked_field *find_checked(const struct field *field)
{
    for (size_t i = 0; i < COUNT_OF(checked_fields); i++)
        if (field == schema_field(checked_fields[i].field))
            return &checked_fields[i];
    return NULL;
}

/* Returns why the value of an item is probably a credential; NULL if it is not. Opta's placeholders
 * were filled in before. */
static const char *find_reason(struct arena *arena, const struct checked_field *checked,
                               const struct item *item)
{
    if (item->record || item->references)
        return NULL;
    struct str name = checked->has_names ? name_for_variable(arena, item->name) : STR("");
    return credential_reason(arena, name, item->text);
}

static void warn(const struct service *service, struct location at, struct str subject,
                 const char *reason, const char *hint)
{
    struct diags *diags = service->layer->diags;
    diag_warning(diags, at, RULE_CREDENTIAL,
                 "%.*s: %s, and everyone who can read the file or the pods can read it",
                 STR_ARG(subject), reason);
    diag_hide_line(diags);
    diag_hint(diags, "%s", hint);
}

static void check_items(const struct service *service, const struct field *field,
                        const struct value *value)
{
    const struct checked_field *checked = find_checked(field);
    for (size_t i = 0; checked && i < value->count; i++) {
        const struct item *item = &value->items[i];
        const char *reason = find_reason(service->layer->arena, checked, item);
        bool named = item->name_node != NULL;
        if (reason)
            warn(service, named ? item->name_node->span : item->node->span,
                 named ? item->name : str_from_c(field->name), reason, checked->hint);
    }
}

static void check_record(const struct service *service, const struct record *record)
{
    for (size_t i = 0; i < record->schema->count; i++) {
        const struct value *value = &record->values[i];
        if (value->items)
            check_items(service, &record->schema->fields[i], value);
        for (size_t j = 0; value->records && j < value->count; j++)
            check_record(service, value->records[j]);
    }
}

/* Returns why a file contains a credential: a URL, or a line that is one; NULL if it does not. */
static const char *find_in_file(struct str content)
{
    struct str line;
    if (credential_has_url_password(content))
        return "a URL contains a password";
    for (size_t at = 0; str_next_line(content, &at, &line);) {
        while (str_starts_with(line, STR(" ")))
            line = str_skip(line, 1);
        if (credential_has_form(line))
            return "a line is a credential";
    }
    return NULL;
}

static void check_files(const struct service *service)
{
    const struct value *files = record_value(service->record, SERVICE_FILES);
    for (size_t i = 0; i < files->count; i++) {
        const struct record *record = files->records[i];
        enum field_id field =
            record_has(record, MOUNTED_FILE_FROM) ? MOUNTED_FILE_FROM : MOUNTED_FILE_CONTENT;
        const char *reason = find_in_file(service->files[i].content);
        if (reason)
            warn(service, record_location(record, field), service->files[i].path, reason,
                 "store the file in a Secret, and mount that with volumes");
    }
}

void service_check_credentials(const struct service *service)
{
    check_record(service, service->record);
    check_files(service);
}
