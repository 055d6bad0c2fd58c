#include "manifest/sidecar.h"
#include "unit.h"

/* Up to three labels or annotations of a pod and its namespace. */
struct row {
    bool injected;
    struct {
        enum sidecar_source source;
        const char *key;
        const char *value;
    } has[3];
};

static bool find(const void *context, enum sidecar_source source, const char *key,
                 struct str *ret_value)
{
    const struct row *row = context;
    for (size_t i = 0; i < COUNT_OF(row->has) && row->has[i].key; i++) {
        if (row->has[i].source != source || strcmp(row->has[i].key, key) != 0)
            continue;
        *ret_value = str_from_c(row->has[i].value);
        return true;
    }
    return false;
}

#define POD       SIDECAR_POD_LABEL
#define NOTE      SIDECAR_POD_ANNOTATION
#define SPACE     SIDECAR_NAMESPACE_LABEL
#define SPACENOTE SIDECAR_NAMESPACE_ANNOTATION

static void test_injection(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {false, {{0}}},
        {false, {{POD, "app", "true"}}},
        {true, {{POD, "sidecar.istio.io/inject", "true"}}},
        {true, {{NOTE, "sidecar.istio.io/inject", "true"}}},
        {false, {{POD, "sidecar.istio.io/inject", "false"}}},
        {false, {{SPACE, "sidecar.istio.io/inject", "true"}}},
        {true, {{POD, "istio.io/rev", "1-28"}}},
        {true, {{SPACE, "istio-injection", "enabled"}}},
        {false, {{SPACE, "istio-injection", "disabled"}}},
        {true, {{SPACE, "istio.io/rev", "canary"}}},
        {true, {{NOTE, "linkerd.io/inject", "enabled"}}},
        {true, {{NOTE, "linkerd.io/inject", "ingress"}}},
        {false, {{NOTE, "linkerd.io/inject", "disabled"}}},
        {true, {{SPACENOTE, "linkerd.io/inject", "enabled"}}},
        {true, {{POD, "kuma.io/sidecar-injection", "enabled"}}},
        {true, {{SPACE, "kuma.io/sidecar-injection", "true"}}},
        {true, {{NOTE, "consul.hashicorp.com/connect-inject", "true"}}},
        {true, {{NOTE, "dapr.io/enabled", "true"}}},
        {false, {{NOTE, "dapr.io/enabled", ""}}},
        {true, {{NOTE, "vault.hashicorp.com/agent-inject", "true"}}},
        {true, {{NOTE, "sidecar.opentelemetry.io/inject", "my-collector"}}},
        {false, {{NOTE, "sidecar.opentelemetry.io/inject", "false"}}},
        {true, {{NOTE, "gke-gcsfuse/volumes", "true"}}},
        {true, {{NOTE, "azure.workload.identity/inject-proxy-sidecar", "true"}}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (sidecar_is_injected(find, &rows[i]) != rows[i].injected)
            fail_msg("row %zu: %s", i, rows[i].has[0].key ? rows[i].has[0].key : "nothing");
}

static void test_first_row_of_an_injector_decides(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {false,
         {{POD, "sidecar.istio.io/inject", "false"}, {NOTE, "sidecar.istio.io/inject", "true"}}},
        {true,
         {{POD, "sidecar.istio.io/inject", "true"}, {NOTE, "sidecar.istio.io/inject", "false"}}},
        {false, {{POD, "sidecar.istio.io/inject", "false"}, {SPACE, "istio-injection", "enabled"}}},
        {false, {{SPACE, "istio-injection", "disabled"}, {SPACE, "istio.io/rev", "canary"}}},
        {false,
         {{NOTE, "linkerd.io/inject", "disabled"}, {SPACENOTE, "linkerd.io/inject", "enabled"}}},
        {true, {{POD, "sidecar.istio.io/inject", "false"}, {NOTE, "dapr.io/enabled", "true"}}},
        {false,
         {{NOTE, "vault.hashicorp.com/agent-inject", "true"},
          {NOTE, "vault.hashicorp.com/agent-pre-populate-only", "true"}}},
        {true,
         {{NOTE, "vault.hashicorp.com/agent-inject", "true"},
          {NOTE, "vault.hashicorp.com/agent-pre-populate-only", "false"}}},
        {false, {{NOTE, "vault.hashicorp.com/agent-pre-populate-only", "false"}}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (sidecar_is_injected(find, &rows[i]) != rows[i].injected)
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_first_row_of_an_injector_decides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
