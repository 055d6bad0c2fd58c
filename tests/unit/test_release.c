#include "chart/release.h"
#include "unit.h"

static struct release release_of(struct unit *unit, const char *text)
{
    const struct source *source = unit_source(unit, str_from_c(text));
    struct stream_parser stream_parser = {.arena = &unit->arena};
    struct stream stream = stream_finish(&stream_parser, source->text);
    return release_begin(&unit->arena, &unit->diags, source, stream);
}

/* Returns the objects of a type as "KIND/NAME", in order. */
static struct str list_names(struct unit *unit, struct release *release, enum object_kind type)
{
    struct str line = STR("");
    for (const struct object *each = release_objects(release, type); each; each = each->next) {
        struct str text = object_display_name(&unit->arena, each);
        line = str_format(&unit->arena, "%.*s%s%.*s", STR_ARG(line), line.len ? " " : "",
                          STR_ARG(text));
        assert_int_equal(each->type, type);
    }
    return line;
}

static const struct object *only(struct release *release, enum object_kind type)
{
    const struct object *object = release_objects(release, type);
    assert_non_null(object);
    assert_null(object->next);
    return object;
}

/* The rows have the YAML of an object after its kind. */
#define POD     "{containers: [{name: a, image: b}]}"
#define OBJECT  "apiVersion: %s\nkind: %s\nmetadata: {name: %s}\n%s"
#define DEPLOY  "---\napiVersion: apps/v1\nkind: Deployment\n"
#define SERVICE "---\napiVersion: v1\nkind: Service\n"

static void test_kinds_and_their_groups(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *api_version;
        const char *kind;
        enum object_kind type;
    } rows[] = {
        {"apps/v1", "Deployment", OBJECT_WORKLOAD},
        {"apps/v1beta2", "Deployment", OBJECT_WORKLOAD},
        {"extensions/v1beta1", "Deployment", OBJECT_WORKLOAD},
        {"example.com/v1", "Deployment", OBJECT_KINDS},
        {"v1", "Deployment", OBJECT_KINDS},
        {"apps", "Deployment", OBJECT_KINDS},
        {"apps/v1", "deployment", OBJECT_KINDS},
        {"apps/v1", "StatefulSet", OBJECT_WORKLOAD},
        {"extensions/v1", "StatefulSet", OBJECT_KINDS},
        {"apps/v1", "DaemonSet", OBJECT_WORKLOAD},
        {"extensions/v1beta1", "DaemonSet", OBJECT_WORKLOAD},
        {"argoproj.io/v1alpha1", "Rollout", OBJECT_WORKLOAD},
        {"apps/v1", "Rollout", OBJECT_KINDS},
        {"apps/v1", "ReplicaSet", OBJECT_PODS},
        {"v1", "ReplicationController", OBJECT_PODS},
        {"batch/v1", "Job", OBJECT_PODS},
        {"batch.volcano.sh/v1", "Job", OBJECT_KINDS},
        {"v1", "Service", OBJECT_SERVICE},
        {"serving.knative.dev/v1", "Service", OBJECT_KINDS},
        {"networking.k8s.io/v1", "Ingress", OBJECT_INGRESS},
        {"extensions/v1beta1", "Ingress", OBJECT_INGRESS},
        {"config.openshift.io/v1", "Ingress", OBJECT_KINDS},
        {"gateway.networking.k8s.io/v1", "HTTPRoute", OBJECT_ROUTE},
        {"gateway.networking.k8s.io/v1beta1", "HTTPRoute", OBJECT_ROUTE},
        {"gateway.networking.k8s.io/v1alpha2", "GRPCRoute", OBJECT_ROUTE},
        {"gateway.networking.k8s.io/v1", "TLSRoute", OBJECT_ROUTE},
        {"gateway.networking.k8s.io/v1", "Gateway", OBJECT_KINDS},
        {"networking.k8s.io/v1", "HTTPRoute", OBJECT_KINDS},
        {"networking.istio.io/v1", "VirtualService", OBJECT_FOREIGN_ROUTE},
        {"route.openshift.io/v1", "Route", OBJECT_FOREIGN_ROUTE},
        {"serving.knative.dev/v1", "Route", OBJECT_KINDS},
        {"traefik.io/v1alpha1", "IngressRoute", OBJECT_FOREIGN_ROUTE},
        {"traefik.containo.us/v1alpha1", "IngressRoute", OBJECT_FOREIGN_ROUTE},
        {"projectcontour.io/v1", "HTTPProxy", OBJECT_FOREIGN_ROUTE},
        {"gateway.envoyproxy.io/v1alpha1", "BackendTrafficPolicy", OBJECT_TRAFFIC_POLICY},
        {"autoscaling/v2", "HorizontalPodAutoscaler", OBJECT_AUTOSCALER},
        {"policy/v1", "PodDisruptionBudget", OBJECT_DISRUPTION_BUDGET},
        {"keda.sh/v1alpha1", "ScaledObject", OBJECT_KEDA},
        {"autoscaling.k8s.io/v1", "VerticalPodAutoscaler", OBJECT_VERTICAL},
        {"networking.k8s.io/v1", "NetworkPolicy", OBJECT_SELECTOR},
        {"crd.projectcalico.org/v1", "NetworkPolicy", OBJECT_KINDS},
        {"monitoring.coreos.com/v1", "PodMonitor", OBJECT_SELECTOR},
        {"v1", "PersistentVolumeClaim", OBJECT_CLAIM},
        {"v1", "Namespace", OBJECT_NAMESPACE},
        {"example.com/v1", "Namespace", OBJECT_KINDS},
        {"v1", "ConfigMap", OBJECT_KINDS},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(&unit->arena, OBJECT, rows[i].api_version, rows[i].kind, "x",
                                     "spec: {template: {spec: " POD "}}\n");
        struct release release = release_of(unit, text.data);
        for (enum object_kind type = 0; type < OBJECT_KINDS; type++) {
            const struct object *object = release_objects(&release, type);
            if ((object != NULL) != (type == rows[i].type))
                fail_msg("%s %s is %d", rows[i].api_version, rows[i].kind, (int)type);
            if (!object)
                continue;
            assert_str(object->api_version, rows[i].api_version);
            assert_str(object->kind, rows[i].kind);
            assert_str(object->name, "x");
            assert_str(object->namespace, "");
        }
        assert_no_diags(unit);
        unit_reset(unit);
    }
}

static void test_pod_templates(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        enum object_kind type;
        bool there;
        bool ends;
    } rows[] = {
        {DEPLOY "spec: {template: {spec: " POD "}}\n", OBJECT_WORKLOAD, true, false},
        {DEPLOY "spec: {template: {spec: {restartPolicy: Always, containers: []}}}\n",
         OBJECT_WORKLOAD, true, false},
        {"apiVersion: v1\nkind: Pod\nspec: " POD "\n", OBJECT_PODS, true, false},
        {"apiVersion: v1\nkind: Pod\nspec: {restartPolicy: Never, containers: []}\n", OBJECT_PODS,
         true, true},
        {"apiVersion: v1\nkind: Pod\nspec: {restartPolicy: OnFailure}\n", OBJECT_PODS, true, true},
        {"apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: " POD "}}\n", OBJECT_PODS, true,
         true},
        {"apiVersion: batch/v1\nkind: CronJob\n"
         "spec: {jobTemplate: {spec: {template: {spec: " POD "}}}}\n",
         OBJECT_PODS, true, true},
        /* Through an alias and a merge. */
        {"apiVersion: apps/v1\nkind: Deployment\nx: &p {spec: " POD "}\nspec: {template: *p}\n",
         OBJECT_WORKLOAD, true, false},
        {"apiVersion: apps/v1\nkind: Deployment\nx: &p {template: {spec: " POD "}}\n"
         "spec: {<<: *p}\n",
         OBJECT_WORKLOAD, true, false},
        /* An object without pods is ignored. */
        {"apiVersion: argoproj.io/v1\nkind: Rollout\nspec: {}\n", OBJECT_WORKLOAD, false, false},
        {DEPLOY "spec: {template: {spec: }}\n", OBJECT_WORKLOAD, false, false},
        {DEPLOY "spec: {template: {spec: []}}\n", OBJECT_WORKLOAD, false, false},
        {DEPLOY "spec: text\n", OBJECT_WORKLOAD, false, false},
        {DEPLOY, OBJECT_WORKLOAD, false, false},
        {"apiVersion: batch/v1\nkind: CronJob\nspec: {template: {spec: " POD "}}\n", OBJECT_PODS,
         false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct release release = release_of(unit, rows[i].text);
        const struct object *object = release_objects(&release, rows[i].type);
        assert_no_diags(unit);
        if ((object != NULL) != rows[i].there)
            fail_msg("row %zu", i);
        if (object) {
            assert_int_equal(object->completes, rows[i].ends);
            assert_ptr_equal(node_at(object->template, "spec"), object->pod);
            assert_non_null(node_at(object->template, "spec"));
        }
        unit_reset(unit);
    }
}

/* A Rollout without pods is linked to the object that its workloadRef names. */
static void test_rollouts_and_their_pods(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *rollout; /* the YAML after its name */
        const char *other;   /* the candidate for its workloadRef */
        bool linked;
    } rows[] = {
        {"", DEPLOY "metadata: {name: x}\nspec: {template: {spec: " POD "}}\n", true},
        {"", DEPLOY "metadata: {name: y}\nspec: {template: {spec: " POD "}}\n", false},
        {"", DEPLOY "metadata: {name: x}\nspec: {}\n", false},
        {"", DEPLOY "metadata: {name: x, namespace: n}\nspec: {template: {spec: " POD "}}\n", true},
        {", namespace: m",
         DEPLOY "metadata: {name: x, namespace: n}\nspec: {template: {spec: " POD "}}\n", false},
        {"",
         "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x}\n"
         "spec: {template: {spec: " POD "}}\n",
         false},
        {"",
         DEPLOY "metadata: {name: x, annotations: {helm.sh/hook: test}}\n"
                "spec: {template: {spec: " POD "}}\n",
         false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(&unit->arena,
                                     "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n"
                                     "metadata: {name: r%s}\n"
                                     "spec: {workloadRef: {kind: Deployment, name: x}}\n%s",
                                     rows[i].rollout, rows[i].other);
        struct release release = release_of(unit, text.data);
        const struct object *rollout = release_objects(&release, OBJECT_WORKLOAD);
        assert_non_null(rollout);
        assert_null(rollout->pod);
        if ((rollout->workload_ref != NULL) != rows[i].linked)
            fail_msg("row %zu", i);
        if (rollout->workload_ref)
            assert_ptr_equal(rollout->workload_ref->rollout, rollout);
        assert_str(release_workload_ref(&unit->arena, rollout), "Deployment/x");
        unit_reset(unit);
    }
}

static void test_order_of_objects(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(
        unit, SERVICE "metadata: {name: a}\n"
                      "---\n# nothing\n"
                      "---\n\"kind\": Service\napiVersion: v1\nmetadata: {name: b}\n" SERVICE
                      "metadata: {name: c}\n"
                      "---\napiVersion: v1\nkind: List\nitems:\n"
                      "- {apiVersion: v1, kind: Service, metadata: {name: d}}\n"
                      "- {apiVersion: v1, kind: ConfigMap, metadata: {name: no}}\n"
                      "- {apiVersion: v1, kind: Service, metadata: {name: e}}\n" SERVICE
                      "metadata: {name: f}\n"
                      "--- {apiVersion: v1, kind: Service, metadata: {name: g}}\n"
                      "---\napiVersion: v1\nkind: ServiceList\nitems:\n"
                      "- apiVersion: v1\n  kind: List\n  items:\n"
                      "  - {apiVersion: v1, kind: Service, metadata: {name: h}}\n"
                      "- {apiVersion: v1, kind: Service, metadata: {name: i}}\n");
    assert_str(list_names(unit, &release, OBJECT_SERVICE),
               "Service/a Service/b Service/c Service/d Service/e Service/f Service/g Service/h "
               "Service/i");
    assert_no_diags(unit);
    /* Each document is parsed only once. */
    assert_str(list_names(unit, &release, OBJECT_SERVICE),
               "Service/a Service/b Service/c Service/d Service/e Service/f Service/g Service/h "
               "Service/i");
    static const size_t documents[] = {0, 2, 3, 4, 4, 5, 6, 7, 7};
    size_t i = 0;
    for (const struct object *each = release_objects(&release, OBJECT_SERVICE); each;
         each = each->next, i++) {
        assert_int_equal(each->document, documents[i]);
        assert_ptr_equal(release_edit(&release, each), &release.edits[documents[i]]);
        assert_non_null(release_edit(&release, each)->root);
    }
    assert_int_equal(i, COUNT_OF(documents));
    assert_null(release.edits[1].root);
    assert_str(list_names(unit, &release, OBJECT_INGRESS), "");
}

/* An item of a List is a separate object, even if it is an alias. */
static void test_items_by_alias(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, "x: &x {apiVersion: v1, kind: Service, metadata: {name: a}}\n"
                         "kind: List\nitems: [*x, {<<: *x, metadata: {name: b}}, *x]\n");
    assert_str(list_names(unit, &release, OBJECT_SERVICE), "Service/a Service/b Service/a");
    const struct object *first = release_objects(&release, OBJECT_SERVICE);
    assert_ptr_not_equal(first->node, first->next->next->node);
}

/* The last of several equal keys is used. */
static void test_equal_keys(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(unit, "kind: Service\nkind: Ingress\n"
                                              "apiVersion: v1\n"
                                              "apiVersion: networking.k8s.io/v1\n"
                                              "metadata: {name: a, name: b}\n"
                                              "metadata: {name: c, name: d}\n");
    assert_str(list_names(unit, &release, OBJECT_SERVICE), "");
    assert_str(list_names(unit, &release, OBJECT_INGRESS), "Ingress/d");
}

static void test_invalid_documents_are_ignored(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[] = {
        "",
        "text\n",
        "- a\n- b\n",
        "a: &x b\nc: *x\n",
        "apiVersion: v1\nkind: List\n",
        "apiVersion: v1\nkind: List\nitems:\n",
        "apiVersion: v1\nkind: List\nitems: text\n",
        "apiVersion: v1\nkind: List\nitems: {a: b}\n",
        "apiVersion: v1\nkind: List\nitems: [text, [], {}, ~]\n",
        "kind: Deployment\n",
        "apiVersion: v1\n",
        "apiVersion: [apps/v1]\nkind: Deployment\n",
        "apiVersion: v1\nkind: {Service: }\n",
        "...\n",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct release release = release_of(unit, rows[i]);
        for (enum object_kind type = 0; type < OBJECT_KINDS; type++)
            if (release_objects(&release, type))
                fail_msg("row %zu", i);
        assert_no_diags(unit);
        assert_false(release.has_unreadable_document);
        unit_reset(unit);
    }
}

/* Documents of kinds that are not requested may be invalid. */
static void test_documents_are_parsed_on_request(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata: {name: a}\n"
                                 "---\nkind: ConfigMap\ndata: [\n"
                                 "---\nkind: Deployment\n\tspec: *x\n"
                                 "---\nkind: Ingress\napiVersion: networking.k8s.io/v1\na: *b\n");
    assert_str(list_names(unit, &release, OBJECT_SERVICE), "Service/a");
    assert_no_diags(unit);
    assert_false(release.has_unreadable_document);
    assert_non_null(release.edits[0].root);
    assert_null(release.edits[2].root);
    assert_null(release_objects(&release, OBJECT_INGRESS));
    assert_errors(unit, 1);
    assert_true(release.has_unreadable_document);
    assert_diag(unit, 0, 14, 4, "the anchor of this alias is not defined before it", "");
    assert_null(release_objects(&release, OBJECT_INGRESS)); /* reported once */
    assert_errors(unit, 1);
    assert_null(release_objects(&release, OBJECT_WORKLOAD));
    assert_errors(unit, 2);
    assert_diag(unit, 1, 10, 1, "invalid YAML", "");
    assert_null(release_objects(&release, OBJECT_KEDA));
    assert_errors(unit, 2);
}

/* A document without a plain `kind:` line may be of any kind, so it is parsed with the first
 * request. No line of a chart is shown, because it may be secret. */
static void test_documents_of_unknown_kind(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(unit, "kind: &k Secret\npassword: *x\n"
                                              "---\nkind: Ingress\nhost: *y\n"
                                              "---\nkind: SecretList\npassword: *z\n");
    assert_null(release_objects(&release, OBJECT_INGRESS));
    assert_errors(unit, 3);
    assert_diag(unit, 0, 2, 11, "the anchor of this alias is not defined before it", "");
    assert_diag(unit, 1, 8, 11, "the anchor of this alias is not defined before it", "");
    assert_diag(unit, 2, 5, 7, "the anchor of this alias is not defined before it", "");
    struct str written = unit_format_diags(unit);
    assert_contains(written,
                    "service.yaml:5:7: error: the anchor of this alias is not defined before it");
    assert_false(unit_contains(written, "host"));
    assert_false(unit_contains(written, "password"));
}

static void test_documents_after_broken_markers_are_not_parsed(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata: {name: a}\n---apiVersion: v1\nspec: [\n");
    assert_null(release_objects(&release, OBJECT_SERVICE));
    assert_no_diags(unit);
}

static void test_hooks_and_namespaces(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *metadata;
        bool hook;
        const char *namespace;
    } rows[] = {
        {"{name: x}", false, ""},
        {"{name: x, namespace: n}", false, "n"},
        {"{name: x, namespace: }", false, ""},
        {"{name: x, annotations: {helm.sh/hook: pre-install}}", true, ""},
        {"{name: x, annotations: {helm.sh/hook: \"post-install,post-upgrade\"}}", true, ""},
        {"{name: x, annotations: {helm.sh/hook: test}}", true, ""},
        {"{name: x, annotations: {helm.sh/hook: crd-install}}", true, ""},
        {"{name: x, annotations: {helm.sh/hook: }}", false, ""},
        {"{name: x, annotations: {helm.sh/hook-weight: \"1\"}}", false, ""},
        {"{name: x, annotations: }", false, ""},
        {"{name: x, labels: {helm.sh/hook: test}}", false, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(&unit->arena,
                                     SERVICE "metadata: %s\nspec: {selector: {a: b}}\n" DEPLOY
                                             "spec: {template: {metadata: {labels: {a: b}}, "
                                             "spec: {}}}\n",
                                     rows[i].metadata);
        struct release release = release_of(unit, text.data);
        const struct object *service = only(&release, OBJECT_SERVICE);
        assert_int_equal(service->hook, rows[i].hook);
        assert_str(service->namespace, rows[i].namespace);
        /* A Service that is a hook routes to nothing. */
        const struct object *workload = only(&release, OBJECT_WORKLOAD);
        assert_int_equal(service_routes_to(service, workload), !rows[i].hook);
        assert_true(selector_matches(service, workload));
        unit_reset(unit);
    }
}

static void test_same_namespace(void **state)
{
    (void)state;
    static const struct {
        struct str a;
        struct str b;
        bool same;
    } rows[] = {
        {TEXT(""), TEXT(""), true},  {TEXT("a"), TEXT("a"), true},  {TEXT("a"), TEXT(""), true},
        {TEXT(""), TEXT("b"), true}, {TEXT("a"), TEXT("b"), false}, {TEXT("a"), TEXT("aa"), false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct object a = {.namespace = rows[i].a};
        struct object b = {.namespace = rows[i].b};
        assert_int_equal(release_same_namespace(&a, &b), rows[i].same);
    }
}

/* Two objects of one kind and name must be in different namespaces. */
static void test_namespaces_that_are_not_the_release(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(
        unit, SERVICE "metadata: {name: a, namespace: n}\n" SERVICE "metadata: {name: a}\n" SERVICE
                      "metadata: {name: b, namespace: n}\n" SERVICE
                      "metadata: {name: b, namespace: m}\n" SERVICE "metadata: {name: c}\n");
    static const char *const texts[] = {"n/Service/a", "Service/a", "n/Service/b", "m/Service/b",
                                        "Service/c"};
    static const bool same_as_c[] = {false, true, false, true, true};
    const struct object *objects[COUNT_OF(texts)];
    size_t count = 0;
    for (const struct object *each = release_objects(&release, OBJECT_SERVICE); each;
         each = each->next)
        objects[count++] = each;
    assert_int_equal(count, COUNT_OF(texts));
    for (size_t i = 0; i < count; i++) {
        assert_str(object_display_name(&unit->arena, objects[i]), texts[i]);
        assert_int_equal(release_same_namespace(objects[i], objects[4]), same_as_c[i]);
        assert_int_equal(release_same_namespace(objects[4], objects[i]), same_as_c[i]);
    }
}

/* The namespace of a reference may be that of the release. */
static void test_references_with_a_namespace(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata: {name: a, namespace: n}\n" SERVICE
                                 "metadata: {name: a}\n" SERVICE "metadata: {name: b}\n");
    const struct object *placed = release_objects(&release, OBJECT_SERVICE);
    const struct object *unplaced = placed->next->next;
    static const struct {
        const char *namespace;
        bool placed_is;
        bool unplaced_is;
    } rows[] = {
        {"", false, true}, /* the namespace of the object that refers to it */
        {"n", true, false},
        {"m", false, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str namespace = str_from_c(rows[i].namespace);
        assert_int_equal(release_is_in_namespace(&release, placed, unplaced, namespace),
                         rows[i].placed_is);
        assert_int_equal(release_is_in_namespace(&release, unplaced, unplaced, namespace),
                         rows[i].unplaced_is);
    }
}

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
        release_routes(&release, &service, 1, &count);
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

static void test_objects_are_found(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata: {name: a, namespace: n}\n" SERVICE
                                 "metadata: {name: b}\n" SERVICE "metadata: {name: a}\n");
    static const struct {
        struct str namespace;
        struct str name;
        size_t document; /* 9: none */
    } rows[] = {
        {TEXT("n"), TEXT("a"), 0}, {TEXT("m"), TEXT("a"), 2}, {TEXT(""), TEXT("a"), 2},
        {TEXT("n"), TEXT("b"), 1}, {TEXT(""), TEXT("c"), 9},  {TEXT(""), TEXT(""), 9},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct object *object =
            release_find(&release, OBJECT_SERVICE, rows[i].name,
                         &(struct object){.namespace = rows[i].namespace});
        if ((object ? object->document : 9) != rows[i].document)
            fail_msg("row %zu", i);
    }
    assert_null(release_find(&release, OBJECT_INGRESS, STR("a"), &(struct object){0}));
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

static void test_additions(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(unit, SERVICE SERVICE);
    const struct object *first = release_objects(&release, OBJECT_SERVICE);
    struct node *nodes[20];
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        nodes[i] = node_new(&unit->arena, NODE_MAP);
        release_add(&release, i % 2 ? first : first->next, nodes[i]);
    }
    assert_int_equal(release.addition_count, COUNT_OF(nodes));
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        assert_ptr_equal(release.additions[i].node, nodes[i]);
        assert_int_equal(release.additions[i].before, i % 2 ? 0 : 1);
    }
}

static void test_locations(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata:\n  name: x\n" SERVICE "spec: {}\n");
    const struct object *named = release_objects(&release, OBJECT_SERVICE);
    diag_error(&unit->diags, object_location(named), "named");
    diag_error(&unit->diags, object_location(named->next), "not named");
    assert_diag(unit, 0, 5, 9, "named", "");
    assert_diag(unit, 1, 7, 1, "not named", "");
    assert_str(object_display_name(&unit->arena, named), "Service/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_kinds_and_their_groups),
        UNIT_TEST(test_pod_templates),
        UNIT_TEST(test_rollouts_and_their_pods),
        UNIT_TEST(test_order_of_objects),
        UNIT_TEST(test_items_by_alias),
        UNIT_TEST(test_equal_keys),
        UNIT_TEST(test_invalid_documents_are_ignored),
        UNIT_TEST(test_documents_are_parsed_on_request),
        UNIT_TEST(test_documents_of_unknown_kind),
        UNIT_TEST(test_documents_after_broken_markers_are_not_parsed),
        UNIT_TEST(test_hooks_and_namespaces),
        UNIT_TEST(test_same_namespace),
        UNIT_TEST(test_namespaces_that_are_not_the_release),
        UNIT_TEST(test_references_with_a_namespace),
        UNIT_TEST(test_routes_of_services),
        UNIT_TEST(test_selectors_of_services),
        UNIT_TEST(test_selectors_with_expressions),
        UNIT_TEST(test_empty_selectors_of_budgets),
        UNIT_TEST(test_selectors_match_in_their_namespace),
        UNIT_TEST(test_references),
        UNIT_TEST(test_references_without_a_kind),
        UNIT_TEST(test_services_of_workloads),
        UNIT_TEST(test_backends_of_ingresses),
        UNIT_TEST(test_objects_are_found),
        UNIT_TEST(test_label_selectors),
        UNIT_TEST(test_additions),
        UNIT_TEST(test_locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
