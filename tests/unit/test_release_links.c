#include "unit_release.h"

/* How objects of a chart refer to each other: selectors, references, routes. */

static void test_routes_of_services(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *metadata;
        const char *parents;
        const char *backends;
        bool routes_to_it;
    } rows[] = {
        {"", "[{name: g}]", "[{name: web}]", true},
        {"", "[{name: g, kind: ListenerSet}]", "[{name: other}, {name: web, weight: 1}]", true},
        {"", "[{kind: Service, name: web}, {name: g}]", "[{name: web, kind: Service}]", true},
        {"", "[{kind: Service, name: web}]", "[{name: web}]", false},
        {"", "[]", "[{name: web}]", false},
        {"", "", "[{name: web}]", false},
        {", annotations: {helm.sh/hook: test}", "[{name: g}]", "[{name: web}]", false},
        {"", "[{name: g}]", "[{name: web, weight: 0}]", false},
        {"", "[{name: g}]", "[{name: web, kind: Other}]", false},
        {"", "[{name: g}]", "[{name: web, group: traefik.io}]", false},
        {"", "[{name: g}]", "[{name: web, namespace: n}]", false},
        {", namespace: m", "[{name: g}]", "[{name: web}]", false},
        {", namespace: n", "[{name: g}]", "[{name: web, namespace: m}]", false},
        {", namespace: n", "[{name: g}]", "[{name: web, namespace: shop}]", true},
        {"", "[{name: g}]", "[{weight: 1}]", false},
        {"", "[{name: g}]", "", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(
            &unit->arena,
            SERVICE "metadata: {name: web, namespace: shop}\n"
                    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
                    "metadata: {name: r%s}\nspec: {parentRefs: %s, rules: [{backendRefs: %s}]}\n",
            rows[i].metadata, rows[i].parents, rows[i].backends);
        struct release release = release_of(unit, text.data);
        const struct object *service = only(&release, OBJECT_SERVICE);
        size_t count;
        release_routes(&release, &service, 1, HOOKS_IGNORED, &count);
        if (count != rows[i].routes_to_it)
            fail_msg("row %zu: %zu routes", i, count);
        unit_reset(unit);
    }
}

static void test_selectors_of_services(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *selector;
        const char *labels;
        bool has_exact_rule;
    } rows[] = {
        {"{a: b}", "{a: b}", true},
        {"{a: b}", "{a: b, c: d}", true},
        {"{a: b, c: d}", "{c: d, a: b}", true},
        {"{a: b, c: d}", "{a: b}", false},
        {"{a: b}", "{a: c}", false},
        {"{a: b}", "{a: B}", false},
        {"{a: b}", "{c: b}", false},
        {"{a: b}", "{}", false},
        {"{a: b}", "", false},
        {"{a: b}", "[a, b]", false},
        {"{a: \"1\"}", "{a: '1'}", true},
        {"{a: ''}", "{a: \"\"}", true},
        {"{a: ''}", "{b: \"\"}", false},
        {"{app.kubernetes.io/name: x}", "{app.kubernetes.io/name: x}", true},
        {"{a: *l}", "{a: &l b}", true},
        {"*l", "&l {a: b}", true},
        {"{<<: *l}", "&l {a: b}", true},
        {"{<<: *l, c: d}", "&l {a: b}", false},
        {"{<<: *l, c: d}", "{<<: &l {a: b}, c: d}", true},
        {"{c: d, <<: *l}", "{<<: &l {a: b}, a: x, c: d}", false},
        {"{<<: *l, a: c}", "{<<: &l {a: b}, a: c}", true},
        {"{<<: [*l, *m]}", "{<<: [&l {a: b}, &m {a: x, c: d}]}", true},
        {"{<<: [*m, *l]}", "{<<: [&l {a: b}, &m {a: x, c: d}]}", false},
        {"{<<: [*l, {e: f}]}", "{<<: [&l {a: b}]}", false},
        {"{<<: text, a: b}", "{a: b}", true},
        {"{<<: *l, a: c}", "&l {a: b}", false},
        {"{a: b}", "{<<: {a: b}, c: d}", true},
        {"{a: b}", "{<<: {a: b}, a: d}", false},
        /* The endpoints of a Service without a selector are set elsewhere. */
        {"{}", "{a: b}", false},
        {"", "{a: b}", false},
        {"[]", "{a: b}", false},
        {"text", "{a: b}", false},
        /* Selectors of Services have no expressions. */
        {"{matchLabels: {a: b}}", "{a: b}", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        /* In one document, so that aliases can refer from one to the other. */
        struct str text = str_format(
            &unit->arena,
            "kind: List\nitems:\n"
            "- {apiVersion: apps/v1, kind: Deployment, spec: {template: {metadata: {labels: %s}, "
            "spec: {}}}}\n"
            "- {apiVersion: v1, kind: Service, spec: {selector: %s}}\n",
            rows[i].labels, rows[i].selector);
        struct release release = release_of(unit, text.data);
        const struct object *service = only(&release, OBJECT_SERVICE);
        const struct object *workload = only(&release, OBJECT_WORKLOAD);
        assert_no_diags(unit);
        if (service_routes_to(service, workload) != rows[i].has_exact_rule)
            fail_msg("%s and %s", rows[i].selector, rows[i].labels);
        assert_int_equal(selector_matches(service, workload), rows[i].has_exact_rule);
        unit_reset(unit);
    }
}

static void test_selectors_with_expressions(void **state)
{
    struct unit *unit = *state;
    static const char labels[] = "{a: b, c: d, e: ''}";
    static const struct {
        const char *selector;
        bool has_exact_rule;
    } rows[] = {
        {"{matchLabels: {a: b}}", true},
        {"{matchLabels: {a: b, c: d}}", true},
        {"{matchLabels: {a: x}}", false},
        {"{matchLabels: {x: b}}", false},
        {"{matchLabels: {}}", true},
        {"{matchExpressions: [{key: a, operator: In, values: [x, b]}]}", true},
        {"{matchExpressions: [{key: a, operator: In, values: [x]}]}", false},
        {"{matchExpressions: [{key: a, operator: In, values: []}]}", false},
        {"{matchExpressions: [{key: x, operator: In, values: [b]}]}", false},
        {"{matchExpressions: [{key: e, operator: In, values: [\"\"]}]}", true},
        {"{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", true},
        {"{matchExpressions: [{key: a, operator: NotIn, values: [x, b]}]}", false},
        {"{matchExpressions: [{key: x, operator: NotIn, values: [b]}]}", true},
        {"{matchExpressions: [{key: a, operator: Exists}]}", true},
        {"{matchExpressions: [{key: e, operator: Exists}]}", true},
        {"{matchExpressions: [{key: x, operator: Exists}]}", false},
        {"{matchExpressions: [{key: x, operator: DoesNotExist}]}", true},
        {"{matchExpressions: [{key: a, operator: DoesNotExist}]}", false},
        /* All expressions must match. */
        {"{matchExpressions: [{key: a, operator: Exists}, {key: x, operator: Exists}]}", false},
        {"{matchExpressions: [{key: x, operator: Exists}, {key: a, operator: Exists}]}", false},
        {"{matchExpressions: [{key: a, operator: Exists}, {key: c, operator: Exists}]}", true},
        {"{matchLabels: {a: b}, matchExpressions: [{key: x, operator: Exists}]}", false},
        {"{matchLabels: {a: x}, matchExpressions: [{key: a, operator: Exists}]}", false},
        {"{matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d]}]}", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text =
            str_format(&unit->arena,
                       DEPLOY "spec: {template: {metadata: {labels: %s}, spec: {}}}\n"
                              "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\n"
                              "spec: {selector: %s}\n",
                       labels, rows[i].selector);
        struct release release = release_of(unit, text.data);
        const struct object *budget = only(&release, OBJECT_DISRUPTION_BUDGET);
        const struct object *workload = only(&release, OBJECT_WORKLOAD);
        if (selector_matches(budget, workload) != rows[i].has_exact_rule)
            fail_msg("%s", rows[i].selector);
        assert_false(service_routes_to(budget, workload));
        unit_reset(unit);
    }
}

static void test_empty_selectors_of_budgets(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *version;
        const char *spec;
        bool has_exact_rule;
    } rows[] = {
        {"v1", "{selector: {}}", true},
        {"v1beta1", "{selector: {}}", false},
        {"v1", "{selector: }", false},
        {"v1", "{}", false},
        {"v1beta1", "{selector: }", false},
        {"v1", "{selector: []}", false},
        {"v1beta1", "{selector: {matchLabels: {a: b}}}", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text =
            str_format(&unit->arena,
                       DEPLOY "spec: {template: {metadata: {labels: {a: b}}, spec: {}}}\n"
                              "---\napiVersion: policy/%s\nkind: PodDisruptionBudget\nspec: %s\n",
                       rows[i].version, rows[i].spec);
        struct release release = release_of(unit, text.data);
        const struct object *budget = only(&release, OBJECT_DISRUPTION_BUDGET);
        if (selector_matches(budget, only(&release, OBJECT_WORKLOAD)) != rows[i].has_exact_rule)
            fail_msg("%s: %s", rows[i].version, rows[i].spec);
        unit_reset(unit);
    }
}

/* Selectors match only pods of their own namespace. */
static void test_selectors_match_in_their_namespace(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, DEPLOY "metadata: {namespace: n}\n"
                                "spec: {template: {metadata: {labels: {a: b}}, spec: {}}}\n" SERVICE
                                "metadata: {namespace: n}\nspec: {selector: {a: b}}\n" SERVICE
                                "metadata: {namespace: m}\nspec: {selector: {a: b}}\n" SERVICE
                                "spec: {selector: {a: b}}\n");
    const struct object *workload = only(&release, OBJECT_WORKLOAD);
    const struct object *service = release_objects(&release, OBJECT_SERVICE);
    assert_true(service_routes_to(service, workload));
    assert_false(service_routes_to(service->next, workload));
    assert_true(service_routes_to(service->next->next, workload));
}

static void test_references(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *reference;
        const char *namespace;
        bool refers;
    } rows[] = {
        {"{apiVersion: apps/v1, kind: StatefulSet, name: x}", "n", true},
        {"{kind: StatefulSet, name: x}", "", true},
        {"{kind: StatefulSet, name: x}", "m", false},
        {"{kind: StatefulSet, name: y}", "n", false},
        {"{kind: Deployment, name: x}", "n", false},
        {"{name: x}", "n", false}, /* the default kind is Deployment */
        {"{kind: StatefulSet}", "n", false},
        {"", "n", false},
        {"text", "n", false},
        {"{kind: [StatefulSet], name: x}", "n", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text =
            str_format(&unit->arena,
                       "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x, namespace: n}\n"
                       "spec: {template: {spec: {}}}\n"
                       "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
                       "metadata: {namespace: %s}\nspec: {scaleTargetRef: %s}\n",
                       rows[i].namespace, rows[i].reference);
        struct release release = release_of(unit, text.data);
        const struct object *scaler = only(&release, OBJECT_AUTOSCALER);
        const struct object *workload = only(&release, OBJECT_WORKLOAD);
        if (scaler_references(scaler, "spec scaleTargetRef", workload) != rows[i].refers)
            fail_msg("row %zu", i);
        assert_false(scaler_references(scaler, "spec targetRef", workload));
        unit_reset(unit);
    }
}

static void test_references_without_a_kind(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, DEPLOY "metadata: {name: x}\nspec: {template: {spec: {}}}\n"
                                "---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n"
                                "spec: {scaleTargetRef: {name: x}}\n");
    assert_true(scaler_references(only(&release, OBJECT_KEDA), "spec scaleTargetRef",
                                  only(&release, OBJECT_WORKLOAD)));
}

/* The index finds the same Services as checking each of them. */
static void test_services_of_workloads(void **state)
{
    struct unit *unit = *state;
    static const char *const selectors[] = {
        "{a: x}",
        "{a: x, b: y}",
        "{b: y, a: x}",
        "{a: x, b: z}",
        "{a: x, a: y}",
        "{a: y, a: x}",
        "{}",
        "text",
        "[a]",
        "{a: }",
        "{a: \"\"}",
        "{x: &m {b: y}, <<: *m}",
        "{<<: {b: y}}",
        "{<<: [{b: y}, {a: x}]}",
        "{a: x, <<: {a: y}}",
        "{c: \"1\"}",
        "{c: 1}",
    };
    static const char *const labels[] = {
        "{a: x}",
        "{a: x, b: y}",
        "{b: y}",
        "{a: y}",
        "{}",
        "{a: }",
        "{a: \"\"}",
        "{c: 1}",
        "{<<: {a: x, b: y}}",
        "{b: z, <<: [{a: x}, {b: y}]}",
        "{x: {b: y}, b: y}",
        "text",
    };
    struct buf text = {0};
    for (size_t i = 0; i < COUNT_OF(selectors); i++)
        buf_format(&text, "---\napiVersion: v1\nkind: Service\nspec: {selector: %s}\n",
                   selectors[i]);
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        buf_format(&text, "---\n" DEPLOY "spec: {template: {metadata: {labels: %s}, spec: {}}}\n",
                   labels[i]);
    buf_add_byte(&text, '\0');
    struct release release = release_of(unit, text.data);
    const struct object *workload = release_objects(&release, OBJECT_WORKLOAD);
    size_t all = 0;
    for (; workload; workload = workload->next) {
        size_t count;
        const struct object **found = release_services(&release, workload, &count);
        size_t i = 0;
        for (const struct object *each = release_objects(&release, OBJECT_SERVICE); each;
             each = each->next)
            if (service_routes_to(each, workload)) {
                assert_true(i < count);
                assert_ptr_equal(found[i++], each);
            }
        assert_int_equal(i, count);
        all += count;
    }
    assert_true(all > 20);
    buf_free(&text);
}

static bool routes_to(struct unit *unit, const struct object *ingress, struct str service)
{
    size_t count;
    const struct str *names = release_backends(&unit->arena, ingress, &count);
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found |= str_equal(names[i], service);
    return found;
}

static void test_backends_of_ingresses(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *spec;
        bool routes;
    } rows[] = {
        {"{defaultBackend: {service: {name: x}}}", true},
        {"{defaultBackend: {service: {name: y}}}", false},
        {"{rules: [{http: {paths: [{backend: {service: {name: x}}}]}}]}", true},
        {"{rules: [{http: {paths: [{backend: {service: {name: y}}}]}}]}", false},
        {"{rules: [{http: {paths: [{backend: {service: {name: y}}}, "
         "{backend: {service: {name: x}}}]}}]}",
         true},
        {"{rules: [{host: a}, {http: {paths: [{backend: {service: {name: x}}}]}}]}", true},
        /* Before networking.k8s.io/v1. */
        {"{rules: [{http: {paths: [{backend: {serviceName: x}}]}}]}", true},
        {"{rules: [{http: {paths: [{backend: {serviceName: xx}}]}}]}", false},
        {"{backend: {serviceName: x, servicePort: 80}}", true},
        {"{backend: {serviceName: y, servicePort: 80}}", false},
        {"{rules: [{http: {paths: [{backend: {resource: {name: x}}}]}}]}", false},
        {"{rules: text}", false},
        {"{rules: [text, {http: {paths: text}}]}", false},
        {"{rules: }", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text =
            str_format(&unit->arena, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: %s\n",
                       rows[i].spec);
        struct release release = release_of(unit, text.data);
        if (routes_to(unit, only(&release, OBJECT_INGRESS), STR("x")) != rows[i].routes)
            fail_msg("%s", rows[i].spec);
        unit_reset(unit);
    }
}

static void test_label_selectors(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        const char *user; /* that uses the label "a"; empty: none */
    } rows[] = {
        {SERVICE "metadata: {name: x}\nspec: {selector: {a: b}}\n", "Service/x"},
        {SERVICE "metadata: {name: x}\nspec: {selector: {c: d, a: b}}\n", "Service/x"},
        {SERVICE "metadata: {name: x}\nspec: {selector: {aa: b}}\n", ""},
        {SERVICE "metadata: {name: x, labels: {a: b}}\nspec: {selector: {c: d}}\n", ""},
        {SERVICE "metadata: {name: x}\nspec: {selector: {c: a}}\n", ""},
        {SERVICE "metadata: {name: x}\n", ""},
        {DEPLOY "metadata: {name: x}\n"
                "spec: {selector: {matchLabels: {a: b}}, template: {spec: {}}}\n",
         "Deployment/x"},
        {DEPLOY "metadata: {name: x}\n"
                "spec: {template: {metadata: {labels: {a: b}}, spec: {}}}\n",
         ""},
        {DEPLOY "metadata: {name: x}\nspec: {template: {spec: {affinity: {podAntiAffinity: "
                "{requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: "
                "{matchExpressions: [{key: c}, {key: a, operator: In, values: [b]}]}}]}}}}}\n",
         "Deployment/x"},
        {DEPLOY "metadata: {name: x}\nspec: {template: {spec: {topologySpreadConstraints: "
                "[{labelSelector: {matchLabels: {a: b}}}]}}}\n",
         "Deployment/x"},
        /* Through aliases and merges. */
        {DEPLOY "metadata: {name: x, labels: &l {a: b}}\n"
                "spec: {selector: {matchLabels: *l}, template: {spec: {}}}\n",
         "Deployment/x"},
        {SERVICE "metadata: {name: x, labels: &l {a: b}}\nspec: {selector: {<<: *l, c: d}}\n",
         "Service/x"},
        {SERVICE "metadata: {name: x, labels: &l {a: b}}\nspec: {selector: {<<: [{}, *l]}}\n",
         "Service/x"},
        {SERVICE "metadata: {name: &l x}\nspec: {selector: {a: *l}}\n", "Service/x"},
        {SERVICE "metadata: {name: x, labels: &l {a: b}}\nspec: {<<: {labels: *l}}\n", ""},
        {SERVICE "metadata: {name: x}\nspec: {<<: {a: b}}\n", ""},
        {"apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: x}\n"
         "x: &l [{key: a, operator: Exists}]\nspec: {selector: {matchExpressions: *l}}\n",
         "PodMonitor/x"},
        /* Selectors of nodes do not use labels of pods. */
        {DEPLOY "metadata: {name: x}\nspec: {template: {spec: {nodeSelector: {a: b}, affinity: "
                "{nodeAffinity: {nodeSelectorTerms: [{matchExpressions: [{key: a}]}]}}}}}\n",
         ""},
        {"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: x}\n"
         "spec: {selector: {matchLabels: {a: b}}}\n",
         "PodDisruptionBudget/x"},
        {"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\n"
         "spec: {podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]}\n",
         "NetworkPolicy/x"},
        {"apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: x}\n"
         "spec: {selector: {matchExpressions: [{key: a, operator: Exists}]}}\n",
         "PodMonitor/x"},
        /* Their selectors match only their own pods. */
        {"apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\n"
         "spec: {selector: {matchLabels: {a: b}}, template: {spec: {}}}\n",
         ""},
        {"kind: ConfigMap\nmetadata: {name: x}\ndata: {selector: {a: b}}\n", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct release release = release_of(unit, rows[i].text);
        const struct object *user = release_find_label_user(&release, STR("a"));
        assert_no_diags(unit);
        assert_str(user ? object_display_name(&unit->arena, user) : STR(""), rows[i].user);
        unit_reset(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_routes_of_services),
        UNIT_TEST(test_selectors_of_services),
        UNIT_TEST(test_selectors_with_expressions),
        UNIT_TEST(test_empty_selectors_of_budgets),
        UNIT_TEST(test_selectors_match_in_their_namespace),
        UNIT_TEST(test_references),
        UNIT_TEST(test_references_without_a_kind),
        UNIT_TEST(test_services_of_workloads),
        UNIT_TEST(test_backends_of_ingresses),
        UNIT_TEST(test_label_selectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
