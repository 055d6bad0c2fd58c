#include "manifest/sidecar.h"

#include <string.h>

#define OTHERS "*" /* all values that the other column does not list */

/* The labels and annotations that injectors read, those of one injector in the order in which they
 * decide. A value that neither column lists leaves it to the next. Values are divided by spaces. */
static const struct sidecar_switch {
    const char *injector;
    enum sidecar_source source;
    const char *key;
    const char *on;
    const char *off;
} switches[] = {
    /* The label of a pod wins over its annotation, both over the namespace. */
    {"istio", SIDECAR_POD_LABEL, "sidecar.istio.io/inject", "true", OTHERS},
    {"istio", SIDECAR_POD_ANNOTATION, "sidecar.istio.io/inject", "true", OTHERS},
    {"istio", SIDECAR_POD_LABEL, "istio.io/rev", OTHERS, ""},
    {"istio", SIDECAR_NAMESPACE_LABEL, "istio-injection", "enabled", OTHERS},
    {"istio", SIDECAR_NAMESPACE_LABEL, "istio.io/rev", OTHERS, ""},
    {"linkerd", SIDECAR_POD_ANNOTATION, "linkerd.io/inject", "enabled ingress", OTHERS},
    {"linkerd", SIDECAR_NAMESPACE_ANNOTATION, "linkerd.io/inject", "enabled ingress", OTHERS},
    {"kuma", SIDECAR_POD_LABEL, "kuma.io/sidecar-injection", "enabled true", OTHERS},
    {"kuma", SIDECAR_NAMESPACE_LABEL, "kuma.io/sidecar-injection", "enabled true", OTHERS},
    {"consul", SIDECAR_POD_ANNOTATION, "consul.hashicorp.com/connect-inject", "true", OTHERS},
    {"dapr", SIDECAR_POD_ANNOTATION, "dapr.io/enabled", "true", OTHERS},
    /* Vault's agent may end before the pod's own containers start. */
    {"vault", SIDECAR_POD_ANNOTATION, "vault.hashicorp.com/agent-pre-populate-only", "", "true"},
    {"vault", SIDECAR_POD_ANNOTATION, "vault.hashicorp.com/agent-inject", "true", OTHERS},
    /* The value may also be the name of an OpenTelemetryCollector. */
    {"otel", SIDECAR_POD_ANNOTATION, "sidecar.opentelemetry.io/inject", OTHERS, "false"},
    {"otel", SIDECAR_NAMESPACE_ANNOTATION, "sidecar.opentelemetry.io/inject", OTHERS, "false"},
    {"gcsfuse", SIDECAR_POD_ANNOTATION, "gke-gcsfuse/volumes", "true", OTHERS},
    {"azwi", SIDECAR_POD_ANNOTATION, "azure.workload.identity/inject-proxy-sidecar", "true",
     OTHERS},
};

static bool lists(const char *words, struct str value)
{
    struct str text = str_from_c(words);
    for (size_t at = 0, end; at < text.len; at = end + 1) {
        end = str_find(text, at, ' ');
        if (str_equal(str_slice(text, at, end), value))
            return true;
    }
    return false;
}

bool sidecar_of_service(const void *context, enum sidecar_source source, const char *key,
                        struct str *ret_value)
{
    const struct service *service = context;
    const struct value *map = source == SIDECAR_POD_LABEL        ? service->pod_labels
                              : source == SIDECAR_POD_ANNOTATION ? service->pod_annotations
                                                                 : NULL;
    for (size_t i = 0; map && i < map->count; i++) {
        if (!str_eq_c(map->items[i].name, key))
            continue;
        *ret_value = map->items[i].text;
        return true;
    }
    return false;
}

bool sidecar_is_injected(sidecar_lookup *lookup, const void *context)
{
    const char *off = ""; /* the injector that was decided against */
    for (size_t i = 0; i < COUNT_OF(switches); i++) {
        const struct sidecar_switch *each = &switches[i];
        struct str value = {0};
        if (strcmp(each->injector, off) == 0 || !lookup(context, each->source, each->key, &value))
            continue;
        bool is_off = lists(each->off, value);
        if (!is_off && (lists(each->on, value) || strcmp(each->on, OTHERS) == 0))
            return true;
        if (is_off || strcmp(each->off, OTHERS) == 0)
            off = each->injector;
    }
    return false;
}
