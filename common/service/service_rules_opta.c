/* Rule about forms that Opta had for other reasons, and that have a clearer form here. Those of
 * placeholders are in config/interpolate.c. */
#include "service/service_rules.h"

static void warn_field(const struct service *service, const struct field *field,
                       const struct node *value)
{
    struct diags *diags = service->layer->diags;
    diag_warning(diags, value->key->span, RULE_DEPRECATED_FORM, "%s is Opta syntax: %s",
                 field->name, field->deprecated);
    diag_hint(diags, "%s", field->instead);
}

/* Warns of fields with the column `deprecated`. */
static void check_fields(const struct service *service, const struct record *record)
{
    for (size_t i = 0; i < record->schema->count; i++) {
        const struct field *field = &record->schema->fields[i];
        const struct value *value = &record->values[i];
        if (field->deprecated && value->node && value->node->key)
            warn_field(service, field, value->node);
        for (size_t j = 0; value->records && j < value->count; j++)
            check_fields(service, value->records[j]);
    }
}

/* The environment determines the cloud. A misspelled type was reported as an error. */
static void check_type(const struct service *service)
{
    const struct node *type = node_get(service->module->node, "type");
    struct str name = service->module->type_name;
    struct diags *diags = service->layer->diags;
    if (!type || str_eq_c(name, "k8s-service") || !module_type_find(name, false))
        return;
    diag_warning(diags, type->span, RULE_DEPRECATED_FORM,
                 "the cloud in %.*s is Opta syntax: that of the environment is used",
                 STR_ARG(name));
    diag_hint(diags, "write k8s-service");
}

static void check_path(const struct service *service, enum field_id field)
{
    struct diags *diags = service->layer->diags;
    struct str path = record_value(service->record, field)->text;
    if (!service_has(service, field) || str_starts_with(path, STR("/")))
        return;
    diag_warning(diags, record_location(service->record, field), RULE_DEPRECATED_FORM,
                 "a path without its first slash is Opta syntax");
    diag_hint(diags, "write /%.*s", STR_ARG(path));
}

void service_check_opta_forms(const struct service *service)
{
    static const enum field_id paths[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_LIVENESS_PATH,
                                          SERVICE_READINESS_PATH, SERVICE_STARTUP_PATH};
    check_type(service);
    check_fields(service, service->record);
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        check_path(service, paths[i]);
}
