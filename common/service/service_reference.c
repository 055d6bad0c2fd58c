/* References to objects of others in env_vars, and env_from. */
#include "base/map.h"
#include "service/service_reader.h"

/* Fields of a pod, and of its containers. */
static const char *const pod_fields[] = {"metadata.name",
                                         "metadata.namespace",
                                         "metadata.uid",
                                         "metadata.labels['KEY']",
                                         "metadata.annotations['KEY']",
                                         "spec.nodeName",
                                         "spec.serviceAccountName",
                                         "status.podIP",
                                         "status.podIPs",
                                         "status.hostIP",
                                         "status.hostIPs",
                                         "requests.cpu",
                                         "requests.memory",
                                         "limits.cpu",
                                         "limits.memory"};

/* True for `metadata.labels['KEY']` and `metadata.annotations['KEY']` with a valid key. */
static bool is_metadata_item(struct str field)
{
    static const struct str maps[] = {
        {"metadata.labels['", sizeof "metadata.labels['" - 1},
        {"metadata.annotations['", sizeof "metadata.annotations['" - 1}};
    const struct str end = STR("']");
    for (size_t i = 0; i < COUNT_OF(maps); i++)
        if (str_starts_with(field, maps[i]) && str_ends_with(field, end))
            return !name_check_label_key(str_slice(field, maps[i].len, field.len - end.len));
    return false;
}

static bool check_field(const struct service_reader *in, const struct record *record)
{
    const struct value *field = record_value(record, ENV_REFERENCE_FIELD);
    struct suggestion near = {.word = field->text};
    if (is_metadata_item(field->text))
        return true;
    for (size_t i = 0; i < COUNT_OF(pod_fields); i++) {
        if (str_eq_c(field->text, pod_fields[i]))
            return true;
        suggestion_add(&near, str_from_c(pod_fields[i]));
    }
    diag_error(in->reader.diags, field->node->span, RULE_UNKNOWN_FIELD,
               "unknown field \"%.*s\" of a pod", STR_ARG(field->text));
    if (!diag_suggest(in->reader.diags, &near))
        diag_hint(in->reader.diags,
                  "run kubectl optasvc explain env_vars.field to list the fields");
    return false;
}

/* Reports an error and returns false if the field, which only Secrets and ConfigMaps have, is set.
 */
static bool reject_with_field(const struct service_reader *in, const struct record *record,
                              enum field_id field)
{
    if (!record_has(record, field))
        return true;
    const char *name = schema_field(field)->name;
    diag_error(in->reader.diags, record_location(record, field), RULE_CONFLICTING_FIELDS,
               "%s cannot be used with field, which always has a value", name);
    diag_hint(in->reader.diags, "remove %s", name);
    return false;
}

/* Checks the name and key of a Secret or ConfigMap. */
static bool check_object(const struct service_reader *in, const struct record *record,
                         enum field_id field, struct str key)
{
    const char *error = name_check_subdomain(record_value(record, field)->text);
    if (error)
        diag_error(in->reader.diags, record_location(record, field), RULE_INVALID_NAME, "%s %s",
                   schema_field(field)->name, error);
    const char *key_error = name_check_secret_key(key);
    if (key_error)
        diag_error(in->reader.diags, record_location(record, ENV_REFERENCE_KEY), RULE_INVALID_NAME,
                   "key %s", key_error);
    return !error && !key_error;
}

bool service_read_reference(const struct service_reader *in, const struct item *item,
                            struct variable *ret)
{
    static const enum field_id sources[] = {ENV_REFERENCE_SECRET, ENV_REFERENCE_CONFIG_MAP,
                                            ENV_REFERENCE_FIELD};
    const struct record *record = item->record;
    enum field_id source = ENV_REFERENCE_SECRET;
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        if (record_has(record, sources[i])) {
            source = sources[i];
            count++;
        }
    if (count != 1) {
        diag_error(in->reader.diags, record->node->span, RULE_CONFLICTING_FIELDS,
                   "the value of %.*s must have exactly one of secret, config_map and field",
                   STR_ARG(item->name));
        diag_hint(in->reader.diags, "for example: %.*s: {secret: NAME, key: KEY}",
                  STR_ARG(item->name));
        return false;
    }
    *ret = (struct variable){.name = item->name, .at = item->name_node->span};
    struct str text = record_value(record, source)->text;
    if (source == ENV_REFERENCE_FIELD) {
        ret->field = text;
        bool ok = check_field(in, record);
        ok &= reject_with_field(in, record, ENV_REFERENCE_KEY);
        return reject_with_field(in, record, ENV_REFERENCE_OPTIONAL) && ok;
    }
    bool has_key = record_has(record, ENV_REFERENCE_KEY);
    ret->key = has_key ? record_value(record, ENV_REFERENCE_KEY)->text : item->name;
    ret->optional = record_value(record, ENV_REFERENCE_OPTIONAL)->boolean;
    *(source == ENV_REFERENCE_SECRET ? &ret->secret : &ret->config_map) = text;
    if (!check_object(in, record, source, ret->key))
        return false;
    if (source == ENV_REFERENCE_CONFIG_MAP && !ret->optional)
        service_require(in, (struct required_object){.kind = REQUIRED_CONFIG_MAP,
                                                     .name = text,
                                                     .key = ret->key,
                                                     .at = ret->at,
                                                     .field = SERVICE_ENV_VARS});
    return true;
}

void service_add_source(const struct service_reader *in, bool is_secret, struct str name)
{
    struct service *service = in->service;
    service->sources = arena_grow(in->reader.arena, service->sources, service->source_count,
                                  sizeof *service->sources);
    service->sources[service->source_count++] = (struct variable_source){is_secret, name};
}

/* Reports an item of env_from that is not secret/NAME or config_map/NAME. */
static void report_source(const struct service_reader *in, const struct item *item)
{
    size_t slash = str_find(item->text, 0, '/');
    struct str kind = str_lower(in->reader.arena, str_slice(item->text, 0, slash));
    diag_error(in->reader.diags, item->node->span, RULE_INVALID_VALUE,
               "an item of env_from must be secret/NAME or config_map/NAME, not \"%.*s\"",
               STR_ARG(item->text));
    if (slash == item->text.len)
        diag_hint(in->reader.diags, "write secret/%.*s or config_map/%.*s", STR_ARG(item->text),
                  STR_ARG(item->text));
    else if (str_starts_with(kind, STR("config")) || str_eq_c(kind, "cm"))
        diag_hint(in->reader.diags, "write config_map/%.*s",
                  STR_ARG(str_skip(item->text, slash + 1)));
}

static void read_source(const struct service_reader *in, const struct item *item, struct map *known)
{
    struct diags *diags = in->reader.diags;
    const struct str secret = STR("secret/"), config_map = STR("config_map/");
    bool is_secret = str_starts_with(item->text, secret);
    if (!is_secret && !str_starts_with(item->text, config_map)) {
        report_source(in, item);
        return;
    }
    struct str name = str_skip(item->text, is_secret ? secret.len : config_map.len);
    const char *error = name_check_subdomain(name);
    if (is_secret && str_eq_c(name, MANUAL_SECRETS)) {
        diag_error(diags, item->node->span, RULE_INVALID_NAME,
                   "%.*s contains the secrets of the services", STR_ARG(name));
        diag_hint(diags, "write secrets: all");
    } else if (error) {
        diag_error(diags, item->node->span, RULE_INVALID_NAME, "%s name %s",
                   is_secret ? "Secret" : "ConfigMap", error);
    } else if (map_add(in->reader.arena, known, item->text, item)) {
        diag_error(diags, item->node->span, RULE_DUPLICATE_ITEM, "duplicate item \"%.*s\"",
                   STR_ARG(item->text));
        diag_hint(diags, "remove one of them");
    } else {
        service_add_source(in, is_secret, name);
        service_require(
            in, (struct required_object){.kind = is_secret ? REQUIRED_SECRET : REQUIRED_CONFIG_MAP,
                                         .name = name,
                                         .at = item->node->span,
                                         .field = SERVICE_ENV_FROM});
    }
}

void service_read_sources(const struct service_reader *in)
{
    const struct value *items = service_value(in, SERVICE_ENV_FROM);
    struct map known = {0};
    for (size_t i = 0; i < items->count; i++)
        read_source(in, &items->items[i], &known);
}
