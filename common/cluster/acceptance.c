#include "cluster/acceptance.h"

#include "cluster/object.h"

bool acceptance_is_reported(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->acceptance != ACCEPTANCE_NONE;
}

static bool has_status(const struct node *condition, const char *status)
{
    return str_eq_c(node_string(node_at(condition, "status")), status);
}

/* True if a controller wrote the condition for the current generation, or for an unknown one. */
static bool is_current(const struct node *live, const struct node *condition)
{
    int64_t generation = object_number(live, "metadata generation", 0);
    return object_number(condition, "observedGeneration", generation) >= generation;
}

/* Returns "Accepted is False: MESSAGE (REASON)". */
static struct str condition_text(struct arena *arena, const struct node *condition)
{
    struct str type = node_string(node_at(condition, "type"));
    struct str status = node_string(node_at(condition, "status"));
    struct str message = node_string(node_at(condition, "message"));
    struct str reason = node_string(node_at(condition, "reason"));
    while (message.len && message.data[message.len - 1] == '.')
        message.len--;
    if (message.len == 0)
        return str_format(arena, "%.*s is %.*s: %.*s", STR_ARG(type), STR_ARG(status),
                          STR_ARG(reason));
    return str_format(arena, "%.*s is %.*s: %.*s (%.*s)", STR_ARG(type), STR_ARG(status),
                      STR_ARG(message), STR_ARG(reason));
}

/* Adds the state of one condition or one list of them. A refusal outweighs a wait, and the first of
 * several is kept. */
static void add_state(struct acceptance *acceptance, enum acceptance_state state, struct str reason,
                      struct str text)
{
    if (state == ACCEPTANCE_DONE || acceptance->state == ACCEPTANCE_REFUSED ||
        (state == ACCEPTANCE_WAITS && acceptance->state == ACCEPTANCE_WAITS))
        return;
    acceptance->state = state;
    acceptance->reason = reason;
    acceptance->text = text;
}

enum condition_kind {
    MUST_BE_TRUE,
    MUST_NOT_BE_FALSE, /* it may be absent */
    MUST_NOT_BE_TRUE,  /* it may be absent */
};

struct expected_condition {
    const char *type;
    enum condition_kind kind;
};

static void check_condition(struct arena *arena, struct acceptance *acceptance,
                            const struct node *live, const struct node *conditions,
                            const struct expected_condition *expected)
{
    const struct node *condition = condition_find(conditions, expected->type);
    struct str reason = node_string(node_at(condition, "reason"));
    bool required = expected->kind == MUST_BE_TRUE;
    bool refused = has_status(condition, expected->kind == MUST_NOT_BE_TRUE ? "True" : "False");
    acceptance->answered |= condition && !str_eq_c(reason, "Pending"); /* a default of the CRD */
    if (!condition && required)
        add_state(acceptance, ACCEPTANCE_WAITS, reason,
                  str_format(arena, "no controller has set its condition %s", expected->type));
    if (!condition || (expected->kind == MUST_NOT_BE_TRUE && !refused))
        return;
    if (!is_current(live, condition))
        add_state(acceptance, ACCEPTANCE_WAITS, reason,
                  STR("its controller has not processed the change"));
    else if (refused && !str_eq_c(reason, "Pending"))
        add_state(acceptance, ACCEPTANCE_REFUSED, reason, condition_text(arena, condition));
    else if (refused || (required && !has_status(condition, "True")))
        add_state(acceptance, ACCEPTANCE_WAITS, reason, condition_text(arena, condition));
}

static struct acceptance check_conditions(struct arena *arena, const struct node *live,
                                          const struct node *conditions,
                                          const struct expected_condition *expected, size_t count)
{
    struct acceptance acceptance = {.state = ACCEPTANCE_DONE};
    for (size_t i = 0; i < count; i++)
        check_condition(arena, &acceptance, live, conditions, &expected[i]);
    return acceptance;
}

/* Returns a field of a reference, or its default. */
static struct str reference_field(const struct node *reference, const char *field,
                                  struct str fallback)
{
    struct str text = node_string(node_get(reference, field));
    return text.len ? text : fallback;
}

/* True if two references of an object name the same parent and section. */
static bool is_same_parent(const struct node *object, const struct node *a, const struct node *b)
{
    const struct {
        const char *field;
        struct str fallback;
    } fields[] = {{"group", STR("gateway.networking.k8s.io")},
                  {"kind", STR("Gateway")},
                  {"namespace", object_namespace(object)},
                  {"name", STR("")},
                  {"sectionName", STR("")},
                  {"port", STR("")}};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!str_equal(reference_field(a, fields[i].field, fields[i].fallback),
                       reference_field(b, fields[i].field, fields[i].fallback)))
            return false;
    return true;
}

/* Evaluates a route for one of its parents. */
static struct acceptance evaluate_parent(struct arena *arena, const struct node *live,
                                         const struct node *parent)
{
    static const struct expected_condition expected[] = {{"Accepted", MUST_BE_TRUE},
                                                         {"ResolvedRefs", MUST_NOT_BE_FALSE},
                                                         {"PartiallyInvalid", MUST_NOT_BE_TRUE}};
    struct acceptance result = {.state = ACCEPTANCE_DONE};
    const struct node *entry = node_first_child(node_at(live, "status parents"));
    for (; entry; entry = entry->next) {
        if (!is_same_parent(live, node_get(entry, "parentRef"), parent))
            continue;
        struct acceptance one = check_conditions(arena, live, node_get(entry, "conditions"),
                                                 expected, COUNT_OF(expected));
        result.answered = true;
        add_state(&result, one.state, one.reason, one.text);
    }
    if (!result.answered)
        add_state(&result, ACCEPTANCE_WAITS, STR(""), STR("no controller has answered"));
    return result;
}

static struct acceptance evaluate_route(struct arena *arena, const struct node *live)
{
    struct acceptance result = {.state = ACCEPTANCE_DONE, .answered = true};
    const struct node *parent = node_first_child(node_at(live, "spec parentRefs"));
    for (; parent; parent = parent->next) {
        struct acceptance one = evaluate_parent(arena, live, parent);
        one.parent = parent;
        if (one.state == ACCEPTANCE_REFUSED)
            return one;
        if (one.state == ACCEPTANCE_WAITS && result.state == ACCEPTANCE_DONE)
            result = one;
    }
    return result;
}

/* A policy has an entry for each Gateway of its routes. Entries for an earlier generation remain
 * until their controller has removed them. */
static struct acceptance evaluate_policy(struct arena *arena, const struct node *live)
{
    static const struct expected_condition expected[] = {{"Accepted", MUST_BE_TRUE}};
    struct acceptance result = {.state = ACCEPTANCE_WAITS,
                                .text = STR("no controller has answered")};
    const struct node *entry = node_first_child(node_at(live, "status ancestors"));
    for (; entry; entry = entry->next) {
        struct acceptance one = check_conditions(arena, live, node_get(entry, "conditions"),
                                                 expected, COUNT_OF(expected));
        one.answered = true;
        if (one.state == ACCEPTANCE_REFUSED)
            return one;
        if (one.state == ACCEPTANCE_DONE || !result.answered)
            result = one;
    }
    return result;
}

/* Returns the first listener condition that explains why a ListenerSet is refused; NULL if
 * none. */
static const struct node *refused_listener(const struct node *live)
{
    static const char *const types[] = {"Accepted", "ResolvedRefs", "Programmed"};
    const struct node *listener = node_first_child(node_at(live, "status listeners"));
    for (; listener; listener = listener->next)
        for (size_t i = 0; i < COUNT_OF(types); i++) {
            const struct node *conditions = node_get(listener, "conditions");
            const struct node *condition = condition_find(conditions, types[i]);
            if (has_status(condition, "False") && is_current(live, condition))
                return condition;
        }
    return NULL;
}

static struct acceptance evaluate_listener_set(struct arena *arena, const struct node *live)
{
    static const struct expected_condition expected[] = {{"Accepted", MUST_BE_TRUE},
                                                         {"Programmed", MUST_BE_TRUE}};
    struct acceptance result = check_conditions(arena, live, node_at(live, "status conditions"),
                                                expected, COUNT_OF(expected));
    const struct node *listener = refused_listener(live);
    result.parent = node_at(live, "spec parentRef");
    if (result.state == ACCEPTANCE_REFUSED && listener)
        result.text = str_format(arena, "%.*s; %.*s", STR_ARG(result.text),
                                 STR_ARG(condition_text(arena, listener)));
    return result;
}

/* cert-manager sets Ready to False while it requests a certificate, and Issuing to False with the
 * reason Failed when it has given up for an hour or more. */
static struct acceptance evaluate_certificate(struct arena *arena, const struct node *live)
{
    static const struct expected_condition ready = {"Ready", MUST_BE_TRUE};
    const struct node *conditions = node_at(live, "status conditions");
    const struct node *issuing = condition_find(conditions, "Issuing");
    struct acceptance result = check_conditions(arena, live, conditions, &ready, 1);
    if (result.state == ACCEPTANCE_DONE)
        return result;
    result.state = ACCEPTANCE_WAITS;
    if (has_status(issuing, "False") && is_current(live, issuing) &&
        str_eq_c(node_string(node_at(issuing, "reason")), "Failed"))
        add_state(&result, ACCEPTANCE_REFUSED, STR("Failed"), condition_text(arena, issuing));
    return result;
}

struct acceptance acceptance_evaluate(struct arena *arena, const struct node *live)
{
    switch (kind_of(live)->acceptance) {
    case ACCEPTANCE_CERTIFICATE:
        return evaluate_certificate(arena, live);
    case ACCEPTANCE_LISTENER_SET:
        return evaluate_listener_set(arena, live);
    case ACCEPTANCE_ROUTE:
        return evaluate_route(arena, live);
    case ACCEPTANCE_POLICY:
        return evaluate_policy(arena, live);
    case ACCEPTANCE_NONE:
        break;
    }
    return (struct acceptance){.state = ACCEPTANCE_DONE};
}

struct str acceptance_overlap(const struct node *live)
{
    const struct node *listener = node_first_child(node_at(live, "status listeners"));
    for (; listener; listener = listener->next) {
        const struct node *condition =
            condition_find(node_get(listener, "conditions"), "OverlappingTLSConfig");
        if (has_status(condition, "True") && is_current(live, condition))
            return node_string(node_at(condition, "message"));
    }
    return (struct str){0};
}

struct str acceptance_parent_title(struct arena *arena, const struct node *object,
                                   const struct node *parent)
{
    struct str namespace = reference_field(parent, "namespace", object_namespace(object));
    struct str kind = reference_field(parent, "kind", STR("Gateway"));
    return str_format(arena, "%.*s %.*s/%.*s", STR_ARG(kind), STR_ARG(namespace),
                      STR_ARG(node_string(node_get(parent, "name"))));
}

struct str acceptance_describe_parent(struct arena *arena, const struct node *object,
                                      const struct node *parent)
{
    struct str namespace = reference_field(parent, "namespace", object_namespace(object));
    struct str kind = reference_field(parent, "kind", STR("Gateway"));
    return str_format(arena, "kubectl describe %.*s %.*s -n %.*s", STR_ARG(str_lower(arena, kind)),
                      STR_ARG(node_string(node_get(parent, "name"))), STR_ARG(namespace));
}
