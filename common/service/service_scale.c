/* Number of pods and autoscaling. */
#include "service/service_reader.h"

#include <inttypes.h>

static int64_t read_delay(const struct service_reader *in, enum field_id field)
{
    return record_has(in->record, field) ? service_value(in, field)->number : -1;
}

/* Reports a type that is not a name of KEDA's form. Types `cpu` and `memory` are fields of ours. */
static void check_trigger_type(const struct service_reader *in, const struct record *record)
{
    struct str type = record_value(record, TRIGGER_TYPE)->text;
    struct location at = record_location(record, TRIGGER_TYPE);
    const char *error = name_check_namespace(type);
    bool cpu = str_eq_c(type, "cpu");
    if (error) {
        diag_error(in->reader.diags, at, RULE_INVALID_NAME, "type %s", error);
    } else if (cpu || str_eq_c(type, "memory")) {
        diag_error(in->reader.diags, at, RULE_CONFLICTING_FIELDS,
                   "type: %.*s cannot be used in autoscaling_triggers", STR_ARG(type));
        diag_hint(in->reader.diags, "set %s instead",
                  schema_field(cpu ? SERVICE_TARGET_CPU : SERVICE_TARGET_MEM)->name);
    }
}

static void read_auth(const struct service_reader *in, const struct record *record,
                      struct trigger *trigger)
{
    const struct str cluster = STR("cluster/");
    struct str auth = record_value(record, TRIGGER_AUTH)->text;
    trigger->cluster_auth = str_starts_with(auth, cluster);
    trigger->auth = trigger->cluster_auth ? str_skip(auth, cluster.len) : auth;
    trigger->at = record_location(record, TRIGGER_AUTH);
    const char *error = name_check_subdomain(trigger->auth);
    if (error && record_has(record, TRIGGER_AUTH)) {
        diag_error(in->reader.diags, trigger->at, RULE_INVALID_NAME, "auth %s", error);
        diag_hint(in->reader.diags, "write the name of a TriggerAuthentication, or cluster/NAME");
    }
}

static void read_triggers(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_TRIGGERS);
    service->triggers = ARENA_ARRAY(in->reader.arena, written->count, struct trigger);
    for (size_t i = 0; i < written->count; i++) {
        const struct record *record = written->records[i];
        struct trigger *trigger = &service->triggers[service->trigger_count++];
        *trigger = (struct trigger){.type = record_value(record, TRIGGER_TYPE)->text,
                                    .metadata = record_value(record, TRIGGER_METADATA)};
        if (record_has(record, TRIGGER_TYPE))
            check_trigger_type(in, record);
        read_auth(in, record, trigger);
    }
}

bool service_is_scale_variable(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_MIN_CONTAINERS, SERVICE_MAX_CONTAINERS};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct node *node = service_value(in, fields[i])->node;
        if (node && str_contains(node->text, STR("{")))
            return true;
    }
    return false;
}

/* Warns of fields of an autoscaler. A target of 0 means the same without an autoscaler. */
static void warn_without_autoscaler(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_TARGET_CPU, SERVICE_TARGET_MEM,
                                           SERVICE_SCALE_UP_DELAY, SERVICE_SCALE_DOWN_DELAY};
    const struct service *service = in->service;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        bool target = fields[i] == SERVICE_TARGET_CPU || fields[i] == SERVICE_TARGET_MEM;
        if (!record_has(in->record, fields[i]) ||
            (target && service_value(in, fields[i])->number == 0))
            continue;
        diag_warning(in->reader.diags, record_location(in->record, fields[i]), RULE_NO_EFFECT,
                     "%s has no effect: min_containers and max_containers are both %" PRId64,
                     schema_field(fields[i])->name, service->max_containers);
        diag_hint(in->reader.diags, "set a larger max_containers, or remove it");
    }
}

/* Reports fields of an autoscaler if the number of pods is fixed. A paused service keeps them. */
static void check_fixed(const struct service_reader *in)
{
    const struct service *service = in->service;
    if (service_has_autoscaler(service) || service->max_containers == 0 ||
        layer_is_for_chart(in->layer))
        return;
    if (!service_is_scale_variable(in))
        warn_without_autoscaler(in);
    if (service->trigger_count == 0)
        return;
    service_error(in, SERVICE_TRIGGERS, RULE_INVALID_AUTOSCALING,
                  "autoscaling_triggers has no effect: min_containers and max_containers are both "
                  "%" PRId64,
                  service->max_containers);
    diag_hint(in->reader.diags, "set a larger max_containers");
}

/* Reports an autoscaler without a metric, for which Kubernetes would use CPU. In a chart, the
 * autoscaler may have its own metrics. */
static void check_targets(const struct service_reader *in)
{
    const struct service *service = in->service;
    if (service->target_cpu || service->target_memory || service->trigger_count ||
        !service_has_autoscaler(service) || layer_is_for_chart(in->layer))
        return;
    service_error(in, SERVICE_TARGET_MEM, RULE_INVALID_AUTOSCALING,
                  "autoscaling requires a target above 0, but both targets are 0");
    diag_hint(in->reader.diags, "set a target above 0, or set min_containers and max_containers to "
                                "the same number");
}

static void check_scale(const struct service_reader *in)
{
    int64_t min = in->service->min_containers, max = in->service->max_containers;
    bool min_written = record_has(in->record, SERVICE_MIN_CONTAINERS);
    bool max_written = record_has(in->record, SERVICE_MAX_CONTAINERS);
    enum field_id field = min_written ? SERVICE_MIN_CONTAINERS : SERVICE_MAX_CONTAINERS;
    /* In a chart, a missing field keeps the chart's value. */
    if (layer_is_for_chart(in->layer) && !(min_written && max_written))
        return;
    if (min > max) {
        service_error(in, field, RULE_INVALID_AUTOSCALING,
                      "min_containers (%" PRId64
                      ") must not be greater than max_containers (%" PRId64 ")",
                      min, max);
        if (!min_written || !max_written)
            diag_hint(in->reader.diags,
                      "set both; the defaults are min_containers: %s, max_containers: %s",
                      schema_field(SERVICE_MIN_CONTAINERS)->default_value,
                      schema_field(SERVICE_MAX_CONTAINERS)->default_value);
    } else if (min == 0 && max > 0 && in->service->trigger_count == 0) {
        service_error(in, field, RULE_INVALID_AUTOSCALING,
                      "min_containers must be at least 1 unless max_containers is 0");
        diag_hint(in->reader.diags, "to run no containers, set max_containers: 0");
    } else {
        check_targets(in);
        check_fixed(in);
    }
}

void service_read_scale(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *min = service_value(in, SERVICE_MIN_CONTAINERS);
    const struct value *max = service_value(in, SERVICE_MAX_CONTAINERS);
    bool is_paused = max->number == 0 && !record_has(in->record, SERVICE_MIN_CONTAINERS);
    service->min_containers = is_paused ? 0 : min->number;
    service->max_containers = max->number;
    service->target_cpu = service_value(in, SERVICE_TARGET_CPU)->number;
    service->target_memory = service_value(in, SERVICE_TARGET_MEM)->number;
    service->scale_up_delay = read_delay(in, SERVICE_SCALE_UP_DELAY);
    service->scale_down_delay = read_delay(in, SERVICE_SCALE_DOWN_DELAY);
    read_triggers(in);
    if (!min->invalid && !max->invalid)
        check_scale(in);
}
