#include "unit_release.h"

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

/* The rows have the YAML of an object after its kind. */
#define POD    "{containers: [{name: a, image: b}]}"
#define OBJECT "apiVersion: %s\nkind: %s\nmetadata: {name: %s}\n%s"

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
            assert_ptr_equal(node_at(object_template(object), "spec"), object_pod(object));
            assert_non_null(node_at(object_template(object), "spec"));
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
        assert_null(object_pod(rollout));
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
        struct edit *edit = release_edit(each);
        assert_non_null(edit->root);
        assert_ptr_equal(edit, release.documents[documents[i]].edit);
    }
    assert_int_equal(i, COUNT_OF(documents));
    assert_null(release.documents[1].edit);
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
    assert_ptr_not_equal(object_node(first), object_node(first->next->next));
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
    assert_true(release.documents[0].events.len > 0);
    assert_true(release.documents[2].events.len == 0);
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

/* Trees are loaded on request, and unloaded at the end of the scope, with their changes. */
static void test_scopes(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata: {name: a}\nspec: {type: x}\n---\n" SERVICE
                                 "metadata: {name: b}\n");
    struct tree_scope outer;
    struct tree_scope inner;
    const struct object *a = release_objects(&release, OBJECT_SERVICE);
    assert_false(object_is_loaded(a) || object_is_loaded(a->next));
    release_open(&release, &outer);
    struct node *before = object_node(a);
    assert_str(node_string(node_at(before, "spec type")), "x");
    release_open(&release, &inner);
    assert_ptr_equal(object_node(a), before);
    assert_str(node_string(node_at(object_node(a->next), "metadata name")), "b");
    release_close(&release);
    assert_true(object_is_loaded(a));
    assert_false(object_is_loaded(a->next));
    edit_remove(release_edit(a), before, "spec");
    assert_true(edit_changes(release_edit(a)));
    release_clear(&release);
    assert_false(object_is_loaded(a));
    assert_str(node_string(node_at(object_node(a), "spec type")), "x");
    assert_false(edit_changes(release_edit(a)));
    release_close(&release);
    assert_non_null(object_node(a->next)); /* without a scope, it stays loaded */
    assert_true(object_is_loaded(a->next));
    assert_no_diags(unit);
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
    const struct addition *next[] = {release.additions[0].first, release.additions[1].first};
    for (size_t i = 0; i < COUNT_OF(nodes); i++) {
        const struct addition **each = &next[i % 2 ? 0 : 1];
        assert_ptr_equal((*each)->node, nodes[i]);
        *each = (*each)->next;
    }
    assert_null(next[0]);
    assert_null(next[1]);
}

static void test_locations(void **state)
{
    struct unit *unit = *state;
    struct release release =
        release_of(unit, SERVICE "metadata:\n  name: x\n" SERVICE "spec: {}\n");
    const struct object *named = release_objects(&release, OBJECT_SERVICE);
    diag_error(&unit->diags, object_location(named), RULE_INVALID_VALUE, "named");
    diag_error(&unit->diags, object_location(named->next), RULE_INVALID_VALUE, "not named");
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
        UNIT_TEST(test_scopes),
        UNIT_TEST(test_documents_of_unknown_kind),
        UNIT_TEST(test_documents_after_broken_markers_are_not_parsed),
        UNIT_TEST(test_hooks_and_namespaces),
        UNIT_TEST(test_same_namespace),
        UNIT_TEST(test_namespaces_that_are_not_the_release),
        UNIT_TEST(test_references_with_a_namespace),
        UNIT_TEST(test_objects_are_found),
        UNIT_TEST(test_additions),
        UNIT_TEST(test_locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
