#include "manifest/sidecar.h"

#include <string.h>

#define ANY_OTHER "*" /* all values that the other column does not list */

/* The labels and annotations that injectors read. Rows of one injector are in order of precedence.
 * If neither column lists a value, the next row decides. Values are separated by spaces. */
static const struct sidecar_switch {
    const char *injector;
    enum sidecar_source source;
    const char *key;
    const char *on;
    const char *off;
} switches[] = {
    /* A pod label takes precedence over a pod annotation, and both over the namespace. */
    {"istio", SIDECAR_POD_LABEL, "sidecar.istio.io/inject", "true", ANY_OTHER},
    {"istio", SIDECAR_POD_ANNOTATION, "sidecar.istio.io/inject", "true", ANY_OTHER},
    {"istio", SIDECAR_POD_LABEL, "istio.io/rev", ANY_OTHER, ""},
    {"istio", SIDECAR_NAMESPACE_LABEL, "istio-injection", "enabled", ANY_OTHER},
    {"istio", SIDECAR_NAMESPACE_LABEL, "istio.io/rev", ANY_OTHER, ""},
    {"linkerd", SIDECAR_POD_ANNOTATION, "linkerd.io/inject", "enabled ingress", ANY_OTHER},
    {"linkerd", SIDECAR_NAMESPACE_ANNOTATION, "linkerd.io/inject", "enabled ingress", ANY_OTHER},
    {"kuma", SIDECAR_POD_LABEL, "kuma.io/sidecar-injection", "enabled true", ANY_OTHER},
    {"kuma", SIDECAR_NAMESPACE_LABEL, "kuma.io/sidecar-injection", "enabled true", ANY_OTHER},
    {"consul", SIDECAR_POD_ANNOTATION, "consul.hashicorp.com/connect-inject", "true", ANY_OTHER},
    {"dapr", SIDECAR_POD_ANNOTATION, "dapr.io/enabled", "true", ANY_OTHER},
    /* With pre-populate-only, Vault's agent is an init container. */
    {"vault", SIDECAR_POD_ANNOTATION, "vault.hashicorp.com/agent-pre-populate-only", "", "true"},
    {"vault", SIDECAR_POD_ANNOTATION, "vault.hashicorp.com/agent-inject", "true", ANY_OTHER},
    /* The value may also be the name of an OpenTelemetryCollector. */
    {"otel", SIDECAR_POD_ANNOTATION, "sidecar.opentelemetry.io/inject", ANY_OTHER, "false"},
    {"otel", SIDECAR_NAMESPACE_ANNOTATION, "sidecar.opentelemetry.io/inject", ANY_OTHER, "false"},
    {"gcsfuse", SIDECAR_POD_ANNOTATION, "gke-gcsfuse/volumes", "true", ANY_OTHER},
    {"azwi", SIDECAR_POD_ANNOTATION, "azure.workload.identity/inject-proxy-sidecar", "true",
     ANY_OTHER},
};

static bool contains_value(const char *words, struct str value)
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
    const char *off = ""; /* the injector that is disabled */
    for (size_t i = 0; i < COUNT_OF(switches); i++) {
        const struct sidecar_switch *row = &switches[i];
        struct str value = {0};
        if (strcmp(row->injector, off) == 0 || !lookup(context, row->source, row->key, &value))
            continue;
        bool is_off = contains_value(row->off, value);
        if (!is_off && (contains_value(row->on, value) || strcmp(row->on, ANY_OTHER) == 0))
            return true;
        if (is_off || strcmp(row->off, ANY_OTHER) == 0)
            off = row->injector;
    }
    return false;
}
