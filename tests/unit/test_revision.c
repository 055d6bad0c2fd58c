#include "cluster/revision.h"

#include "cluster/apply.h"
#include "cluster/restart.h"
#include "unit_object.h"

static const char deployment[] =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: u1, "
    "annotations: {deployment.kubernetes.io/revision: '4'}}}";

#define OWNER(uid)                                                                                 \
    "ownerReferences: [{kind: Deployment, name: web, controller: true, uid: " uid "}]"

/* A ReplicaSet with an image and annotations of its pods. */
#define REPLICA_SET(number, uid, image, annotations)                                               \
    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-" number                         \
    ", " OWNER(uid) ", annotations: {deployment.kubernetes.io/revision: '" number                  \
                    "'}}, spec: {template: "                                                       \
                    "{metadata: {labels: {app: web, pod-template-hash: h" number                   \
                    "}, annotations: {" annotations                                                \
                    "}}, spec: {containers: [{name: web, image: '" image                           \
                    "'}, {name: proxy, image: proxy}]}}}}"

/* The list is not in the order of the numbers. */
static const char replica_sets[] =
    "{items: [" REPLICA_SET("3", "u1", "nginx:2", "") ", " REPLICA_SET(
        "1", "u1", "nginx:1",
        "") ", " REPLICA_SET("4", "u1", "nginx:2",
                             RESTARTED_ANNOTATION
                             ": x") ", " REPLICA_SET("5", "u2", "nginx:9",
                                                     "") ", "
                                                         "{kind: ReplicaSet, metadata: {name: "
                                                         "new, " OWNER("u1") "}, spec: {template: "
                                                                             "{spec: {}}}}]}";

static struct revisions find(struct unit *unit, const char *list, const struct node *workload)
{
    return revisions_find(&unit->arena, node_first_child(node_at(unit_object(unit, list), "items")),
                          workload);
}

static void test_deployment(void **state)
{
    struct unit *unit = *state;
    const struct node *workload = unit_object(unit, deployment);
    struct revisions revisions = find(unit, replica_sets, workload);
    assert_int_equal(revisions.count, 3);
    assert_int_equal(revisions.items[0].number, 1);
    assert_int_equal(revisions.items[1].number, 3);
    const struct revision *current = revisions_current(&revisions, workload);
    assert_ptr_equal(current, &revisions.items[2]);
    assert_ptr_equal(revisions_before(&revisions, current), &revisions.items[1]);
    assert_ptr_equal(revisions_before_change(&revisions, current), &revisions.items[0]);
    assert_null(revisions_before(&revisions, &revisions.items[0]));
    assert_null(revisions_before_change(&revisions, &revisions.items[0]));
    assert_ptr_equal(revisions_get(&revisions, 3), &revisions.items[1]);
    assert_null(revisions_get(&revisions, 2));
    assert_str(revision_image(current), "nginx:2");
    assert_null(node_at(current->template, "metadata annotations"));
    assert_null(node_at(current->template, "metadata labels pod-template-hash"));
    assert_str(node_string(node_at(current->template, "metadata labels app")), "web");
}

static void test_change(void **state)
{
    struct unit *unit = *state;
    struct revisions revisions = find(unit, replica_sets, unit_object(unit, deployment));
    assert_str(revision_change(&unit->arena, &revisions, &revisions.items[0]), "");
    assert_str(revision_change(&unit->arena, &revisions, &revisions.items[1]), "image");
    assert_str(revision_change(&unit->arena, &revisions, &revisions.items[2]), "restart");
}

#define CAUSE(number, cause, image)                                                                \
    "{kind: ControllerRevision, revision: " number ", metadata: {name: db-" number                 \
    ", " OWNER("u3") ", annotations: {" cause "}}, data: {spec: {template: {$patch: replace, "     \
                     "metadata: {labels: {controller-revision-hash: a}}, spec: {containers: "      \
                     "[{image: " image "}]}}}}}"

static void test_stateful_set(void **state)
{
    struct unit *unit = *state;
    const struct node *workload =
        unit_object(unit, "{kind: StatefulSet, metadata: {name: db, uid: u3}, "
                          "status: {currentRevision: db-1, updateRevision: db-3}}");
    struct revisions revisions =
        find(unit,
             "{items: [" CAUSE("1", "kubernetes.io/change-cause: first", "a") ", " CAUSE(
                 "2", "kubernetes.io/change-cause: first",
                 "b") ", " CAUSE("3", "kubernetes.io/change-cause: third", "a") "]}",
             workload);
    assert_int_equal(revisions.count, 3);
    assert_ptr_equal(revisions_current(&revisions, workload), &revisions.items[2]);
    assert_ptr_equal(revisions_before_change(&revisions, &revisions.items[2]), &revisions.items[1]);
    assert_null(node_get(revisions.items[0].template, "$patch"));
    assert_str(revision_change(&unit->arena, &revisions, &revisions.items[0]), "first");
    /* The cause of an earlier change says nothing about this one. */
    assert_str(revision_change(&unit->arena, &revisions, &revisions.items[1]), "image");
    assert_str(revision_change(&unit->arena, &revisions, &revisions.items[2]), "third");
}

/* Only fields that we have applied are sent, with another pod template. */
static void test_rollback_workload(void **state)
{
    struct unit *unit = *state;
    const struct node *live = unit_object(
        unit,
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: u1, "
        "resourceVersion: '7', labels: {a: b, theirs: x}, annotations: {c: d}, managedFields: ["
        "{manager: optasvc, operation: Apply, fieldsV1: {f:metadata: {f:labels: {f:a: {}}}, "
        "f:spec: "
        "{f:selector: {}, f:template: {f:spec: {}}, f:strategy: {f:type: {}}}}},"
        "{manager: other, operation: Apply, fieldsV1: {f:spec: {f:replicas: {}}}}]}, "
        "spec: {replicas: 3, selector: {matchLabels: {app: web}}, "
        "strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}, template: {spec: {x: 1}}}, "
        "status: {replicas: 3}}");
    const struct node *wanted = unit_object(
        unit, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, "
              "uid: u1, labels: {a: b}}, spec: {selector: {matchLabels: {app: web}}, "
              "strategy: {type: RollingUpdate}, template: {spec: {y: 2}}}}");
    const struct node *template = unit_object(unit, "{spec: {y: 2}}");
    assert_true(node_equal(rollback_workload(&unit->arena, live, template), wanted));
}

/* The template is sent even if other managers have taken all fields of the spec, or the template.
 */
static void test_rollback_of_taken_fields(void **state)
{
    struct unit *unit = *state;
    const struct node *template = unit_object(unit, "{spec: {y: 2}}");
    const char *const fields[] = {"f:metadata: {f:labels: {f:a: {}}}",
                                  "f:metadata: {f:labels: {f:a: {}}}, f:spec: {f:strategy: {}}"};
    const char *const specs[] = {"{template: {spec: {y: 2}}}",
                                 "{strategy: {type: Recreate}, template: {spec: {y: 2}}}"};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct node *live = unit_object(
            unit, str_format(&unit->arena,
                             "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, "
                             "namespace: shop, uid: u1, labels: {a: b}, managedFields: [{manager: "
                             "optasvc, operation: Apply, fieldsV1: {%s}}]}, spec: {strategy: "
                             "{type: Recreate}, template: {spec: {x: 1}}}}",
                             fields[i])
                      .data);
        struct node *object = rollback_workload(&unit->arena, live, template);
        assert_true(node_equal(node_get(object, "spec"), unit_object(unit, specs[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_deployment),
        UNIT_TEST(test_change),
        UNIT_TEST(test_stateful_set),
        UNIT_TEST(test_rollback_workload),
        UNIT_TEST(test_rollback_of_taken_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
