#include "cluster/object.h"
#include "unit_object.h"

static const char deployment[] =
    "{\"apiVersion\": \"apps/v1\", \"kind\": \"Deployment\", \"metadata\": {\"name\": \"web\", "
    "\"namespace\": \"shop\", \"labels\": {\"opta.dev/layer-name\": \"shop\", \"empty\": \"\"}}}";

static void test_names(void **state)
{
    struct unit *unit = *state;
    const struct node *node = unit_object(unit, deployment);
    assert_str(object_kind(node), "Deployment");
    assert_str(object_name(node), "web");
    assert_str(object_namespace(node), "shop");
    assert_str(object_label(node, "opta.dev/layer-name"), "shop");
    assert_str(object_label(node, "empty"), "");
    assert_str(object_label(node, "other"), "");
    const struct node *bare = unit_object(unit, "{\"kind\": \"Namespace\"}");
    assert_str(object_name(bare), "");
    assert_str(object_namespace(bare), "");
    assert_str(object_label(bare, "opta.dev/layer-name"), "");
}

static void test_titles(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text, *title;
    } rows[] = {
        {deployment, "deployment.apps/web"},
        {"{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}", "serviceaccount/web"},
        {"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a.b}}",
         "ingress.networking.k8s.io/a.b"},
        {"{kind: Pod, metadata: {name: web-1}}", "pod/web-1"},
        {"{apiVersion: /v1, kind: Pod, metadata: {name: web-1}}", "pod/web-1"},
        {"{apiVersion: v1, kind: Pod}", "pod/"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(object_title(&unit->arena, unit_object(unit, rows[i].text)), rows[i].title);
}

static void test_same(void **state)
{
    struct unit *unit = *state;
    const struct node *web = unit_object(unit, deployment);
    static const struct {
        const char *text;
        bool same;
    } rows[] = {
        {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}", true},
        {"{apiVersion: apps/v2beta1, kind: Deployment, metadata: {name: web}}", true},
        {"{apiVersion: extensions/v1, kind: Deployment, metadata: {name: web}}", false},
        {"{apiVersion: v1, kind: Deployment, metadata: {name: web}}", false},
        {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}}", false},
        {"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web2}}", false},
        {"{apiVersion: apps/v1, kind: Deployment, metadata: {}}", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *other = unit_object(unit, rows[i].text);
        if (object_same(web, other) != rows[i].same || object_same(other, web) != rows[i].same)
            fail_msg("%s", rows[i].text);
    }
}

static void test_references(void **state)
{
    struct unit *unit = *state;
    const struct node *reference = object_reference(&unit->arena, unit_object(unit, deployment));
    assert_str(node_string(node_get(reference, "apiVersion")), "apps/v1");
    assert_str(object_kind(reference), "Deployment");
    assert_str(object_name(reference), "web");
    assert_str(object_namespace(reference), "shop");
    assert_null(node_at(reference, "metadata labels"));
    reference = object_reference(
        &unit->arena,
        unit_object(unit, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"));
    assert_null(node_at(reference, "metadata namespace"));
}

static void test_numbers(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *value;
        int64_t number; /* 77: the fallback */
    } rows[] = {
        {"0", 0},
        {"3", 3},
        {"-3", -3},
        {"\"12\"", 12},
        {"007", 7},
        {"9223372036854775799", 9223372036854775799},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775807", -INT64_MAX},
        /* not an integer, or too large */
        {"9223372036854775808", 77},
        {"92233720368547758070", 77},
        {"99999999999999999999999999", 77},
        {"\"\"", 77},
        {"null", 77},
        {"\"-\"", 77},
        {"\"--1\"", 77},
        {"\"+1\"", 77},
        {"\" 1\"", 77},
        {"1.5", 77},
        {"1e3", 77},
        {"50%", 77},
        {"true", 77},
        {"{}", 77},
        {"[1]", 77},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(&unit->arena, "{\"spec\": {\"n\": %s}}", rows[i].value);
        int64_t number = object_number(unit_object(unit, text.data), "spec n", 77);
        if (number != rows[i].number)
            fail_msg("%s is %lld", rows[i].value, (long long)number);
    }
    const struct node *bare = unit_object(unit, "{\"spec\": {}}");
    assert_int_equal(object_number(bare, "spec n", 77), 77);
    assert_int_equal(object_number(bare, "status n", -1), -1);
    assert_int_equal(object_number(NULL, "spec n", 77), 77);
}

static void test_controllers(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *owners;
        bool controlled;
    } rows[] = {
        {"null", false},
        {"[]", false},
        {"[{kind: Node}]", false},
        {"[{kind: Node, controller: false}]", false},
        {"[{kind: ReplicaSet, controller: true}]", true},
        {"[{kind: Node}, {kind: Job, controller: true}]", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text =
            str_format(&unit->arena, "{metadata: {ownerReferences: %s}}", rows[i].owners);
        assert_int_equal(object_has_controller(unit_object(unit, text.data)), rows[i].controlled);
    }
}

/* Managers of one Deployment: us, `kubectl scale`, its controller, and one that applies too. */
static const char managed[] =
    "{\"metadata\": {\"managedFields\": ["
    "{\"manager\": \"optasvc\", \"operation\": \"Apply\", \"fieldsType\": \"FieldsV1\", "
    "\"fieldsV1\": {\"f:spec\": {\"f:template\": {\"f:spec\": {\"f:containers\": "
    "{\"k:{\\\"name\\\":\\\"web\\\"}\": {\".\": {}, \"f:image\": {}}}}}}}},"
    "{\"manager\": \"kubectl\", \"operation\": \"Update\", \"subresource\": \"scale\", "
    "\"fieldsV1\": {\"f:spec\": {\"f:replicas\": {}}}},"
    "{\"manager\": \"other\", \"operation\": \"Apply\", "
    "\"fieldsV1\": {\"f:spec\": {\"f:replicas\": {}, \"f:paused\": {}}}},"
    "{\"manager\": \"optasvc-edit\", \"operation\": \"Update\", "
    "\"fieldsV1\": {\"f:metadata\": {\"f:labels\": {\"f:a\": {}}}}},"
    "{\"manager\": \"kube-controller-manager\", \"operation\": \"Update\", "
    "\"subresource\": \"status\", \"fieldsV1\": {\"f:status\": {\"f:replicas\": {}}}},"
    "{\"manager\": \"bare\", \"operation\": \"Apply\"}]}}";

static void test_managers(void **state)
{
    struct unit *unit = *state;
    const struct node *node = unit_object(unit, managed);
    assert_true(object_applied_by(node, "optasvc"));
    assert_true(object_applied_by(node, "other"));
    assert_true(object_applied_by(node, "bare"));
    /* An Update is not an Apply, and names must match exactly. */
    assert_false(object_applied_by(node, "kubectl"));
    assert_false(object_applied_by(node, "optasvc-edit"));
    assert_false(object_applied_by(node, "opta"));
    assert_false(object_applied_by(node, "optasvc-replicas"));
    assert_false(object_applied_by(node, ""));
    static const char *const without[] = {"{}", "{metadata: {}}", "{metadata: {managedFields: []}}",
                                          "{metadata: {managedFields: [x, {}, []]}}"};
    for (size_t i = 0; i < COUNT_OF(without); i++) {
        node = unit_object(unit, without[i]);
        assert_false(object_applied_by(node, "optasvc"));
        assert_str(object_field_owner(node, "f:spec f:replicas", "optasvc"), "");
        assert_false(object_field_applied_by(node, "f:spec f:replicas", "optasvc"));
    }
}

static void test_owners_of_fields(void **state)
{
    struct unit *unit = *state;
    const struct node *node = unit_object(unit, managed);
    static const struct {
        const char *path, *except, *owner;
    } rows[] = {
        /* of a subresource too, and the first of several */
        {"f:spec f:replicas", "optasvc", "kubectl"},
        {"f:spec f:replicas", "kubectl", "other"},
        {"f:spec f:paused", "optasvc", "other"},
        {"f:spec f:paused", "other", ""},
        {"f:status f:replicas", "optasvc", "kube-controller-manager"},
        {"f:spec f:template f:spec f:containers k:{\"name\":\"web\"} f:image", "x", "optasvc"},
        {"f:spec f:template f:spec f:containers k:{\"name\":\"web\"} f:image", "optasvc", ""},
        {"f:spec f:template f:spec f:containers k:{\"name\":\"web\"} f:env", "x", ""},
        {"f:spec f:template", "x", "optasvc"},
        {"f:replicas", "x", ""},
        {"spec replicas", "x", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(object_field_owner(node, rows[i].path, rows[i].except), rows[i].owner);
    assert_true(object_field_applied_by(node, "f:spec f:replicas", "other"));
    assert_true(object_field_applied_by(node, "f:spec f:template", "optasvc"));
    assert_false(object_field_applied_by(node, "f:spec f:replicas", "optasvc"));
    /* It owns the field, but not through server-side apply. */
    assert_false(object_field_applied_by(node, "f:spec f:replicas", "kubectl"));
    assert_false(object_field_applied_by(node, "f:spec", "bare"));
}

static void test_equal(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"{spec: {a: 1}}", "{spec: {a: 1}}", true},
        {"{spec: {a: 1}}", "{spec: {a: 2}}", false},
        {"{spec: {a: 1}}", "{spec: {a: 1, b: 2}}", false},
        {"{spec: {a: 1}}", "{spec: {b: 1}}", false},
        {"{spec: {a: 1}}", "{spec: {a: [1]}}", false},
        {"{spec: {a: 1}}", "{}", false},
        {"{spec: {}}", "{spec: []}", false},
        {"{data: {a: 1}}", "{spec: {a: 1}}", false},
        /* the order of keys does not matter, that of items does */
        {"{spec: {a: 1, b: {c: 2, d: 3}}}", "{spec: {b: {d: 3, c: 2}, a: 1}}", true},
        {"{spec: {a: 1, b: 2, c: 3}}", "{spec: {c: 3, a: 1, b: 2}}", true},
        {"{spec: {a: 1, b: 2}}", "{spec: {b: 1, a: 2}}", false},
        {"{spec: [1, 2]}", "{spec: [1, 2]}", true},
        {"{spec: [1, 2]}", "{spec: [2, 1]}", false},
        {"{spec: [1, 2]}", "{spec: [1]}", false},
        {"{spec: [1]}", "{spec: [1, 2]}", false},
        {"{spec: 1, kind: x}", "{kind: x, spec: 1}", true},
        /* fields that the server maintains */
        {"{spec: 1, status: {a: 1}}", "{spec: 1, status: {a: 2}}", true},
        {"{spec: 1, status: {a: 1}}", "{spec: 1}", true},
        {"{metadata: {resourceVersion: 1, generation: 1, managedFields: []}}",
         "{metadata: {resourceVersion: 2, uid: x}}", true},
        {"{metadata: {creationTimestamp: x}}", "{}", true},
        /* labels and annotations matter */
        {"{metadata: {labels: {a: 1}}}", "{metadata: {labels: {a: 1}}}", true},
        {"{metadata: {labels: {a: 1}}}", "{metadata: {labels: {a: 2}}}", false},
        {"{metadata: {labels: {a: 1}}}", "{metadata: {}}", false},
        {"{metadata: {annotations: {a: 1, b: 2}}}", "{metadata: {annotations: {b: 2, a: 1}}}",
         true},
        {"{metadata: {annotations: {a: 1}}}", "{metadata: {annotations: {a: 2}}}", false},
        {"{metadata: {annotations: {a: 1}}}", "{metadata: {annotations: {}}}", false},
        {"{metadata: {annotations: {a: 1}}}", "{}", false},
        {"{metadata: {annotations: {}}}", "{}", true},
        /* except annotations of controllers */
        {"{metadata: {annotations: {deployment.kubernetes.io/revision: 1}}}",
         "{metadata: {annotations: {deployment.kubernetes.io/revision: 2}}}", true},
        {"{metadata: {annotations: {deployment.kubernetes.io/revision: 1}}}", "{}", true},
        {"{metadata: {annotations: {deployment.kubernetes.io/revision: 1, a: 1}}}",
         "{metadata: {annotations: {a: 1}}}", true},
        {"{metadata: {annotations: {deployment.kubernetes.io/paused: 1}}}", "{}", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *a = unit_object(unit, rows[i].a);
        const struct node *b = unit_object(unit, rows[i].b);
        if (object_equal(a, b) != rows[i].equal || object_equal(b, a) != rows[i].equal)
            fail_msg("%s and %s", rows[i].a, rows[i].b);
        assert_true(object_equal(a, a));
        unit_reset(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_names),      UNIT_TEST(test_titles),           UNIT_TEST(test_same),
        UNIT_TEST(test_references), UNIT_TEST(test_numbers),          UNIT_TEST(test_controllers),
        UNIT_TEST(test_managers),   UNIT_TEST(test_owners_of_fields), UNIT_TEST(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
