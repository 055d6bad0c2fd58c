/* Where the pods run. */
#include "service/service_reader.h"

static void read_tolerations(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_TOLERATIONS);
    service->tolerations = ARENA_ARRAY(in->reader.arena, written->count, struct toleration);
    for (size_t i = 0; i < written->count; i++) {
        const struct record *record = written->records[i];
        struct toleration *toleration = &service->tolerations[service->toleration_count++];
        *toleration = (struct toleration){.key = record_value(record, TOLERATION_KEY)->text,
                                          .value = record_value(record, TOLERATION_VALUE)->text,
                                          .effect = record_value(record, TOLERATION_EFFECT)->text};
        const char *error = name_check_label_key(toleration->key);
        if (error && record_has(record, TOLERATION_KEY))
            diag_error(in->reader.diags, record_location(record, TOLERATION_KEY),
                       RULE_INVALID_LABEL, "toleration key %s", error);
        error = name_check_label_value(toleration->value);
        if (error)
            diag_error(in->reader.diags, record_location(record, TOLERATION_VALUE),
                       RULE_INVALID_LABEL, "toleration value %s", error);
    }
}

/* Reports labels that no node has: every kubelet sets these two, and names architectures as Go
 * does. https://kubernetes.io/docs/reference/labels-annotations-taints/ */
static void check_known_labels(const struct service_reader *in, const struct item *item)
{
    static const char *const synonyms[][2] = {{"x86_64", "amd64"}, {"x86-64", "amd64"},
                                              {"x64", "amd64"},    {"aarch64", "arm64"},
                                              {"i386", "386"},     {"armv7", "arm"}};
    struct diags *diags = in->reader.diags;
    if (str_eq_c(item->name, "arch") || str_eq_c(item->name, "os")) {
        diag_warning(diags, item->name_node->span, RULE_UNKNOWN_NODE_LABEL,
                     "nodes have the label kubernetes.io/%.*s, not "
                     "%.*s, unless you set it",
                     STR_ARG(item->name), STR_ARG(item->name));
        diag_hint(diags, "did you mean kubernetes.io/%.*s?", STR_ARG(item->name));
    }
    for (size_t i = 0; str_eq_c(item->name, "kubernetes.io/arch") && i < COUNT_OF(synonyms); i++) {
        if (!str_eq_c(item->text, synonyms[i][0]))
            continue;
        diag_error(diags, item->node->span, RULE_UNKNOWN_NODE_LABEL,
                   "no node has the architecture \"%.*s\"", STR_ARG(item->text));
        diag_hint(diags, "write %s", synonyms[i][1]);
    }
}

static void read_node_selector(const struct service_reader *in)
{
    const struct value *labels = service_value(in, SERVICE_NODE_SELECTOR);
    in->service->node_selector = labels;
    for (size_t i = 0; i < labels->count; i++) {
        const struct item *item = &labels->items[i];
        const char *error = name_check_label_key(item->name);
        if (error)
            diag_error(in->reader.diags, item->name_node->span, RULE_INVALID_LABEL,
                       "label \"%.*s\" %s", STR_ARG(item->name), error);
        error = name_check_label_value(item->text);
        if (error)
            diag_error(in->reader.diags, item->node->span, RULE_INVALID_LABEL, "label value %s",
                       error);
        check_known_labels(in, item);
    }
}

/* One pod gets no constraints. */
static void warn_spread(const struct service_reader *in)
{
    if (!record_has(in->record, SERVICE_SPREAD) || in->service->spread == SPREAD_NONE ||
        in->service->max_containers != 1 || layer_is_for_chart(in->layer) ||
        service_is_scale_variable(in))
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_SPREAD), RULE_NO_EFFECT,
                 "spread has no effect on one pod");
    diag_hint(in->reader.diags, "set a larger max_containers, or remove it");
}

void service_read_placement(const struct service_reader *in)
{
    struct service *service = in->service;
    struct str spread = service_value(in, SERVICE_SPREAD)->text;
    service->spread = str_eq_c(spread, "nodes")   ? SPREAD_NODES
                      : str_eq_c(spread, "zones") ? SPREAD_ZONES
                      : str_eq_c(spread, "none")  ? SPREAD_NONE
                                                  : SPREAD_NODES | SPREAD_ZONES;
    warn_spread(in);
    service->priority_class = service_value(in, SERVICE_PRIORITY_CLASS)->text;
    service_check(in, SERVICE_PRIORITY_CLASS, RULE_INVALID_NAME, name_check_subdomain);
    read_node_selector(in);
    read_tolerations(in);
}
