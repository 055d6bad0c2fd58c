#include "cluster/live.h"
#include "cluster/ownership.h"
#include "unit_object.h"

/* The module web of the layer shop, in this environment. */
static void make_service(struct unit *unit, const char *environment, struct deployed_service *ret)
{
    struct layer *layer = ARENA_NEW(&unit->arena, struct layer);
    struct service *service = ARENA_NEW(&unit->arena, struct service);
    layer->name = STR("shop");
    layer->environment.name = str_from_c(environment);
    service->layer = layer;
    service->name = STR("web");
    *ret = (struct deployed_service){
        .service = service, .namespace = ARENA_NEW(&unit->arena, struct cluster_namespace)};
    namespace_add_service(&unit->arena, ret);
}

static struct node *labeled(struct unit *unit, const char *layer, const char *module,
                            const char *environment)
{
    return unit_object(unit,
                       str_format(&unit->arena,
                                  "{kind: Pod, metadata: {labels: {opta.dev/layer-name: '%s', "
                                  "opta.dev/module-name: '%s', opta.dev/environment-name: '%s'}, "
                                  "managedFields: [{manager: optasvc, operation: Apply}]}}",
                                  layer, module, environment)
                           .data);
}

static void test_labels(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file, *layer, *module, *environment;
        enum label_match match, any_module;
    } rows[] = {
        {"prod", "shop", "web", "prod", LABELS_OURS, LABELS_OURS},
        {"prod", "shop", "web", "stage", LABELS_OTHER, LABELS_OTHER},
        {"prod", "shop", "web", "", LABELS_UNCLAIMED, LABELS_UNCLAIMED},
        {"prod", "shop", "api", "prod", LABELS_OTHER, LABELS_OURS},
        {"prod", "shop", "api", "", LABELS_OTHER, LABELS_UNCLAIMED},
        {"prod", "shop", "", "prod", LABELS_OTHER, LABELS_OURS},
        {"prod", "other", "web", "prod", LABELS_OTHER, LABELS_OTHER},
        {"prod", "", "web", "prod", LABELS_OTHER, LABELS_OTHER},
        {"", "shop", "web", "", LABELS_OURS, LABELS_OURS},
        {"", "shop", "web", "prod", LABELS_OTHER, LABELS_OTHER},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct deployed_service service;
        make_service(unit, rows[i].file, &service);
        const struct node *node = labeled(unit, rows[i].layer, rows[i].module, rows[i].environment);
        assert_int_equal(deployed_service_labels(&service, node), rows[i].match);
        assert_int_equal(namespace_labels(&unit->arena, service.namespace, node), rows[i].match);
        assert_int_equal(namespace_layer_labels(&unit->arena, service.namespace, node),
                         rows[i].any_module);
        assert_int_equal(deployed_service_owns(&service, node), rows[i].match == LABELS_OURS);
        assert_int_equal(deployed_service_shows(&service, node), rows[i].match == LABELS_OURS);
    }
}

static void test_shown_by_controller(void **state)
{
    struct unit *unit = *state;
    struct deployed_service service;
    make_service(unit, "prod", &service);
    const struct node *pod = unit_object(
        unit, "{kind: Pod, metadata: {ownerReferences: [{uid: set, controller: true}]}}");
    const struct node *owned =
        unit_object(unit, "{kind: Pod, metadata: {ownerReferences: [{uid: set}]}}");
    struct node *set = unit_object(unit, "{kind: ReplicaSet, metadata: {uid: set, ownerReferences: "
                                         "[{uid: top, controller: true}]}}");
    struct node *circle =
        unit_object(unit, "{kind: ReplicaSet, metadata: {uid: top, ownerReferences: "
                          "[{uid: set, controller: true}]}}");
    assert_false(deployed_service_shows(&service, pod));
    service.namespace->live = set;
    set->next = circle;
    namespace_index(&unit->arena, service.namespace);
    assert_false(deployed_service_shows(&service, pod));
    struct node *top = labeled(unit, "shop", "web", "prod");
    node_set_string(&unit->arena, node_get(top, "metadata"), "uid", STR("top"));
    set->next = top;
    namespace_index(&unit->arena, service.namespace);
    assert_true(deployed_service_shows(&service, pod));
    assert_false(deployed_service_shows(&service, owned));
    assert_false(deployed_service_owns(&service, pod));
}

/* A service is related to objects with its labels, and to objects that those control. A name is
 * found whatever the labels. */
static void test_index(void **state)
{
    struct unit *unit = *state;
    struct arena *arena = &unit->arena;
    struct deployed_service service;
    make_service(unit, "prod", &service);
    struct cluster_namespace *namespace = service.namespace;
    struct node *mine = labeled(unit, "shop", "web", "prod");
    struct node *unclaimed = labeled(unit, "shop", "web", "");
    struct node *other = labeled(unit, "shop", "api", "prod");
    struct node *pod = unit_object(unit, "{apiVersion: v1, kind: Pod, metadata: {name: p, uid: p, "
                                         "ownerReferences: [{uid: mine, controller: true}]}}");
    struct node *same =
        unit_object(unit, "{apiVersion: v1, kind: Pod, metadata: {name: p, uid: q}}");
    node_set_string(arena, node_get(mine, "metadata"), "uid", STR("mine"));
    namespace->live = pod;
    pod->next = other;
    other->next = unclaimed;
    unclaimed->next = mine;
    mine->next = same;
    for (int i = 0; i < 2; i++) { /* rebuilding gives the same result */
        namespace_index(arena, namespace);
        assert_int_equal(service.related_count, 3);
        assert_ptr_equal(service.related[0], pod);
        assert_ptr_equal(service.related[1], unclaimed);
        assert_ptr_equal(service.related[2], mine);
    }
    assert_ptr_equal(namespace_find(arena, namespace, same), pod); /* the first */
    assert_null(namespace_find(
        arena, namespace, unit_object(unit, "{apiVersion: v1, kind: Job, metadata: {name: p}}")));
    assert_ptr_equal(namespace_find_uid(namespace, STR("q")), same);
    assert_null(namespace_find_uid(namespace, STR("")));
    assert_ptr_equal(namespace_service(arena, namespace, unclaimed), &service);
    assert_null(namespace_service(arena, namespace, other));
    assert_true(namespace_has_layer(arena, namespace, STR("shop"), STR("prod")));
    assert_false(namespace_has_layer(arena, namespace, STR("shop"), STR("")));
}

static void test_tools(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *metadata;
        enum tool tool;
        bool tracked;
        const char *managers;
    } rows[] = {
        {"{}", TOOL_NONE, false, ""},
        {"{annotations: {argocd.argoproj.io/tracking-id: a}}", TOOL_ARGO_CD, true, "Argo CD"},
        {"{labels: {argocd.argoproj.io/instance: a}}", TOOL_ARGO_CD, true, "Argo CD"},
        {"{managedFields: [{manager: argocd-controller}]}", TOOL_ARGO_CD, false, "Argo CD"},
        {"{labels: {kustomize.toolkit.fluxcd.io/name: a}}", TOOL_FLUX, true, "Flux"},
        {"{labels: {helm.toolkit.fluxcd.io/name: a}}", TOOL_FLUX, true, "Flux"},
        {"{labels: {app.kubernetes.io/managed-by: Helm}, "
         "annotations: {meta.helm.sh/release-name: a}}",
         TOOL_HELM, true, "Helm"},
        {"{labels: {app.kubernetes.io/managed-by: Helm}}", TOOL_NONE, false, ""},
        {"{managedFields: [{manager: optasvc, operation: Apply}, {manager: optasvc-replicas}, "
         "{manager: kube-controller-manager}, {manager: b}, {manager: a}, {manager: b}, "
         "{manager: c, subresource: status}]}",
         TOOL_NONE, false, "\"b\", \"a\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *node =
            unit_object(unit, str_format(&unit->arena, "{metadata: %s}", rows[i].metadata).data);
        assert_int_equal(object_tool(node), rows[i].tool);
        assert_int_equal(object_is_tracked(node, rows[i].tool), rows[i].tracked);
        assert_str(object_managers(&unit->arena, node), rows[i].managers);
    }
}

static void test_adopted(void **state)
{
    struct unit *unit = *state;
    assert_true(object_is_adopted(
        unit_object(unit, "{metadata: {annotations: {opta.dev/adopted: 'true'}}}")));
    assert_false(object_is_adopted(
        unit_object(unit, "{metadata: {annotations: {opta.dev/adopted: 'false'}}}")));
    assert_false(object_is_adopted(unit_object(unit, "{metadata: {annotations: {}}}")));
    assert_false(object_is_adopted(unit_object(unit, "{metadata: {}}")));
    const struct node *node =
        unit_object(unit, "{kind: Pod, metadata: {name: a, namespace: n, managedFields: [{manager: "
                          "argocd-controller}, {manager: b}, {manager: argocd-controller}]}}");
    assert_str(object_forget_argo_cd(&unit->arena, node),
               "kubectl patch pod/a -n n --type=json -p '["
               "{\"op\":\"test\",\"path\":\"/metadata/managedFields/0/manager\",\"value\":"
               "\"argocd-controller\"},"
               "{\"op\":\"test\",\"path\":\"/metadata/managedFields/2/manager\",\"value\":"
               "\"argocd-controller\"},"
               "{\"op\":\"remove\",\"path\":\"/metadata/managedFields/2\"},"
               "{\"op\":\"remove\",\"path\":\"/metadata/managedFields/0\"}]'");
    assert_str(object_forget_argo_cd(&unit->arena, unit_object(unit, "{kind: Pod}")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_labels),  UNIT_TEST(test_shown_by_controller),
        UNIT_TEST(test_index),   UNIT_TEST(test_tools),
        UNIT_TEST(test_adopted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
