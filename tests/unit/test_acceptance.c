#include "cluster/acceptance.h"
#include "unit_object.h"

#define METADATA "metadata: {name: web, namespace: shop, generation: 2}"
#define YES(type)                                                                                  \
    "{type: " type ", status: \"True\", reason: " type ", observedGeneration: 2, message: \"\"}"
#define OLD(type)                                                                                  \
    "{type: " type ", status: \"True\", reason: " type ", observedGeneration: 1, message: \"\"}"
#define NO(type, reason)                                                                           \
    "{type: " type ", status: \"False\", reason: " reason                                          \
    ", observedGeneration: 2, message: \"Not here.\"}"
#define UNKNOWN(type)                                                                              \
    "{type: " type ", status: Unknown, reason: Pending, observedGeneration: 2, message: Later}"

struct row {
    const char *text; /* the fields of the object after metadata */
    enum acceptance_state state;
    const char *why;
};

static void check_rows(struct unit *unit, const char *kind, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *text =
            str_format(&unit->arena, "{kind: %s, " METADATA "%s}", kind, rows[i].text).data;
        struct acceptance acceptance = acceptance_evaluate(&unit->arena, unit_object(unit, text));
        if (acceptance.state != rows[i].state || !str_eq_c(acceptance.text, rows[i].why))
            fail_msg("%s: %d, %.*s", text, acceptance.state, STR_ARG(acceptance.text));
        unit_reset(unit);
    }
}

#define ROUTE(parents)                                                                             \
    ", spec: {parentRefs: [{name: public, namespace: infra, sectionName: https}]}, status: "       \
    "{parents: [" parents "]}"
#define PARENT                                                                                     \
    "parentRef: {group: gateway.networking.k8s.io, kind: Gateway, name: public, namespace: "       \
    "infra, sectionName: https}"

static void test_routes(void **state)
{
    static const struct row rows[] = {
        {ROUTE("{" PARENT ", conditions: [" YES("Accepted") ", " YES("ResolvedRefs") "]}"),
         ACCEPTANCE_DONE, ""},
        {ROUTE("{" PARENT ", conditions: [" YES("Accepted") "]}"), ACCEPTANCE_DONE, ""},
        {ROUTE("{" PARENT ", conditions: [{type: Accepted, status: \"True\"}]}"), ACCEPTANCE_DONE,
         ""},
        {", spec: {parentRefs: [{name: public}]}", ACCEPTANCE_WAITS, "no controller has answered"},
        {ROUTE(""), ACCEPTANCE_WAITS, "no controller has answered"},
        {ROUTE("{parentRef: {name: public, namespace: infra}, conditions: [" YES("Accepted") "]}"),
         ACCEPTANCE_WAITS, "no controller has answered"},
        {ROUTE("{parentRef: {name: public, sectionName: https}, conditions: [" NO("Accepted",
                                                                                  "X") "]}"),
         ACCEPTANCE_WAITS, "no controller has answered"},
        {ROUTE("{" PARENT ", conditions: []}"), ACCEPTANCE_WAITS,
         "no controller has set its condition Accepted"},
        {ROUTE("{" PARENT ", conditions: [" OLD("Accepted") "]}"), ACCEPTANCE_WAITS,
         "its controller has not processed the change"},
        {ROUTE("{" PARENT ", conditions: [" YES("Accepted") ", " OLD("ResolvedRefs") "]}"),
         ACCEPTANCE_WAITS, "its controller has not processed the change"},
        {ROUTE("{" PARENT ", conditions: [" UNKNOWN("Accepted") "]}"), ACCEPTANCE_WAITS,
         "Accepted is Unknown: Later (Pending)"},
        {ROUTE("{" PARENT ", conditions: [" NO("Accepted", "Pending") "]}"), ACCEPTANCE_WAITS,
         "Accepted is False: Not here (Pending)"},
        {ROUTE("{" PARENT ", conditions: [" NO("Accepted", "NotAllowedByListeners") "]}"),
         ACCEPTANCE_REFUSED, "Accepted is False: Not here (NotAllowedByListeners)"},
        {ROUTE("{" PARENT ", conditions: [" UNKNOWN("Accepted") ", " NO("ResolvedRefs",
                                                                        "BackendNotFound") "]}"),
         ACCEPTANCE_REFUSED, "ResolvedRefs is False: Not here (BackendNotFound)"},
        {ROUTE("{" PARENT ", conditions: [" YES("Accepted") ", " YES("PartiallyInvalid") "]}"),
         ACCEPTANCE_REFUSED, "PartiallyInvalid is True: PartiallyInvalid"},
        {ROUTE("{" PARENT ", conditions: [" YES("Accepted") ", " NO("PartiallyInvalid", "No") "]}"),
         ACCEPTANCE_DONE, ""},
        /* Another controller has refused it. */
        {ROUTE("{" PARENT ", conditions: [" YES("Accepted") "]}, {" PARENT ", conditions: [" NO(
             "Accepted", "NoMatchingParent") "]}"),
         ACCEPTANCE_REFUSED, "Accepted is False: Not here (NoMatchingParent)"},
        /* Two parents. */
        {", spec: {parentRefs: [{name: a}, {name: b}]}, status: {parents: [{parentRef: {name: a}, "
         "conditions: [" YES("Accepted") "]}]}",
         ACCEPTANCE_WAITS, "no controller has answered"},
        {", spec: {parentRefs: [{name: a}, {name: b}]}, status: {parents: [{parentRef: {name: b, "
         "namespace: shop}, conditions: [" NO("Accepted", "No") "]}]}",
         ACCEPTANCE_REFUSED, "Accepted is False: Not here (No)"},
    };
    check_rows(*state, "HTTPRoute", rows, COUNT_OF(rows));
    check_rows(*state, "GRPCRoute", rows, COUNT_OF(rows));
}

static void test_policies(void **state)
{
    static const struct row rows[] = {
        {"", ACCEPTANCE_WAITS, "no controller has answered"},
        {", status: {ancestors: [{conditions: [" YES("Accepted") "]}]}", ACCEPTANCE_DONE, ""},
        {", status: {ancestors: [{conditions: [" OLD("Accepted") "]}]}", ACCEPTANCE_WAITS,
         "its controller has not processed the change"},
        {", status: {ancestors: [{conditions: [" OLD("Accepted") "]}, {conditions: [" YES(
             "Accepted") "]}]}",
         ACCEPTANCE_DONE, ""},
        {", status: {ancestors: [{conditions: [" YES("Accepted") "]}, {conditions: [" OLD(
             "Accepted") "]}]}",
         ACCEPTANCE_DONE, ""},
        {", status: {ancestors: [{conditions: [" YES("Accepted") "]}, {conditions: [" NO(
             "Accepted", "Conflicted") "]}]}",
         ACCEPTANCE_REFUSED, "Accepted is False: Not here (Conflicted)"},
    };
    check_rows(*state, "BackendTrafficPolicy", rows, COUNT_OF(rows));
}

static void test_listener_sets(void **state)
{
    static const struct row rows[] = {
        {"", ACCEPTANCE_WAITS, "no controller has set its condition Accepted"},
        {", status: {conditions: [" YES("Accepted") "]}", ACCEPTANCE_WAITS,
         "no controller has set its condition Programmed"},
        {", status: {conditions: [" YES("Accepted") ", " YES("Programmed") "]}", ACCEPTANCE_DONE,
         ""},
        {", status: {conditions: [" UNKNOWN("Accepted") ", " UNKNOWN("Programmed") "]}",
         ACCEPTANCE_WAITS, "Accepted is Unknown: Later (Pending)"},
        {", status: {conditions: [" YES("Accepted") ", " NO("Programmed", "Invalid") "]}",
         ACCEPTANCE_REFUSED, "Programmed is False: Not here (Invalid)"},
        {", status: {conditions: [" NO(
             "Accepted",
             "ListenersNotValid") "], listeners: [{name: a, "
                                  "conditions: [" YES("Accepted") "]}, {name: b, conditions: [" NO(
                                      "ResolvedRefs", "NoSecret") "]}]}",
         ACCEPTANCE_REFUSED,
         "Accepted is False: Not here (ListenersNotValid); ResolvedRefs is False: Not here "
         "(NoSecret)"},
    };
    check_rows(*state, "ListenerSet", rows, COUNT_OF(rows));
}

static void test_certificates(void **state)
{
    static const struct row rows[] = {
        {"", ACCEPTANCE_WAITS, "no controller has set its condition Ready"},
        {", status: {conditions: [" YES("Ready") "]}", ACCEPTANCE_DONE, ""},
        {", status: {conditions: [" OLD("Ready") "]}", ACCEPTANCE_WAITS,
         "its controller has not processed the change"},
        {", status: {conditions: [" NO("Ready", "DoesNotExist") ", " YES("Issuing") "]}",
         ACCEPTANCE_WAITS, "Ready is False: Not here (DoesNotExist)"},
        {", status: {conditions: [" NO("Ready", "DoesNotExist") ", " NO("Issuing", "Failed") "]}",
         ACCEPTANCE_REFUSED, "Issuing is False: Not here (Failed)"},
        /* The renewal of a certificate that is still valid. */
        {", status: {conditions: [" YES("Ready") ", " NO("Issuing", "Failed") "]}", ACCEPTANCE_DONE,
         ""},
    };
    check_rows(*state, "Certificate", rows, COUNT_OF(rows));
}

static void test_other_kinds(void **state)
{
    static const struct row rows[] = {{"", ACCEPTANCE_DONE, ""}};
    struct unit *unit = *state;
    check_rows(unit, "TraefikService", rows, COUNT_OF(rows));
    check_rows(unit, "Ingress", rows, COUNT_OF(rows));
    assert_false(acceptance_is_reported(unit_object(unit, "{kind: TraefikService}")));
    assert_false(acceptance_is_reported(unit_object(unit, "{kind: Unknown}")));
    assert_true(acceptance_is_reported(unit_object(unit, "{kind: HTTPRoute}")));
    unit_reset(unit);
}

static void test_overlap(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *conditions, *message;
    } rows[] = {
        {YES("Programmed"), ""},
        {"{type: OverlappingTLSConfig, status: \"True\", observedGeneration: 2, message: both}",
         "both"},
        {"{type: OverlappingTLSConfig, status: \"True\", observedGeneration: 1, message: both}",
         ""},
        {"{type: OverlappingTLSConfig, status: \"False\", observedGeneration: 2, message: none}",
         ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *text = str_format(&unit->arena,
                                      "{kind: ListenerSet, " METADATA ", status: {listeners: "
                                      "[{name: https, conditions: [%s]}]}}",
                                      rows[i].conditions)
                               .data;
        assert_str(acceptance_overlap(unit_object(unit, text)), rows[i].message);
        unit_reset(unit);
    }
}

static void test_parents(void **state)
{
    struct unit *unit = *state;
    const struct node *route = unit_object(unit, "{kind: HTTPRoute, " METADATA "}");
    static const struct {
        const char *parent, *title, *command;
    } rows[] = {
        {"{name: public}", "Gateway shop/public", "kubectl describe gateway public -n shop"},
        {"{name: public, namespace: infra}", "Gateway infra/public",
         "kubectl describe gateway public -n infra"},
        {"{kind: ListenerSet, name: web}", "ListenerSet shop/web",
         "kubectl describe listenerset web -n shop"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *parent = unit_object(unit, rows[i].parent);
        assert_str(acceptance_parent_title(&unit->arena, route, parent), rows[i].title);
        assert_str(acceptance_describe_parent(&unit->arena, route, parent), rows[i].command);
    }
    unit_reset(unit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_routes),       UNIT_TEST(test_policies),    UNIT_TEST(test_listener_sets),
        UNIT_TEST(test_certificates), UNIT_TEST(test_other_kinds), UNIT_TEST(test_overlap),
        UNIT_TEST(test_parents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
