#include "service/service_reader.h"

const struct value *service_value(const struct service_reader *in, enum field_id field)
{
    return record_value(in->record, field);
}

void service_error(const struct service_reader *in, enum field_id field, enum rule rule,
                   const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_verror(in->reader.diags, record_location(in->record, field), rule, format, arguments);
    va_end(arguments);
}

void service_check(const struct service_reader *in, enum field_id field, enum rule rule,
                   name_check *check)
{
    if (!record_has(in->record, field))
        return;
    const char *error = check(service_value(in, field)->text);
    if (error)
        service_error(in, field, rule, "%s %s", schema_field(field)->name, error);
}

bool service_has_unknown_field(const struct record *record)
{
    for (const struct node *child = record->node->first; child; child = child->next)
        if (!schema_find(record->schema, child->key->text))
            return true;
    return false;
}

bool service_check_empty(const struct service_reader *in, const struct record *record,
                         enum field_id field, const char *hint)
{
    const char *name = schema_field(field)->name;
    const struct node *node = node_get(record->node, name);
    if (!node || record_has(record, field) || record_value(record, field)->invalid)
        return false;
    diag_error(in->reader.diags, node->key->span, RULE_EMPTY_VALUE, "%s has no value", name);
    diag_hint(in->reader.diags, "%s", hint);
    return true;
}

void service_require(const struct service_reader *in, struct required_object object)
{
    struct service *service = in->service;
    service->required =
        arena_grow(in->reader.arena, service->required, service->required_count, sizeof object);
    service->required[service->required_count++] = object;
}
