/* Settings on routes of a chart that Envoy Gateway serves: in its BackendTrafficPolicy. Envoy
 * Gateway accepts only one policy for a route, and refuses the others in their status. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_gateway.h"

/* The policies of the chart for a route. */
struct policies {
    const struct object *own;    /* the only target is the route */
    const struct object *second; /* another such policy */
    const struct object *shared; /* it has other targets too, or a part of the route */
    const struct object *parent; /* for a Gateway of the route */
};

/* True if the route is the only target of the policy, as a whole. */
static bool is_only_target(const struct policy_target *entry)
{
    const struct node *spec = node_at(object_node(entry->policy), "spec");
    const struct node *first = node_first_child(node_at(spec, "targetRefs"));
    return !node_at(entry->target, "sectionName") && !node_at(spec, "targetSelectors") &&
           !(first && (first->next || node_at(spec, "targetRef")));
}

/* True if a selector of targets selects the route. */
static bool selects(const struct node *selector, const struct object *route)
{
    const struct node *labels = node_at(object_node(route), "metadata labels");
    const struct node *match = node_first_child(node_at(selector, "matchLabels"));
    while (match &&
           str_equal(node_string(node_at_key(labels, match->key->text)), node_string(match)))
        match = match->next;
    return !match;
}

/* True if the policy is in the namespace of the route. */
static bool is_possible(const struct target *target, const struct policy_target *entry,
                        const struct object *route)
{
    return release_lives_with(entry->policy, target->workload) &&
           release_same_namespace(entry->policy, route);
}

static void find_shared(struct policies *policies, const struct target *target,
                        const struct object *route)
{
    struct release *release = &target->injection->release;
    const struct node *parents = node_at(object_node(route), "spec parentRefs");
    for (const struct policy_target *each = release_policies(release, route->kind, STR("")); each;
         each = each->next)
        if (is_possible(target, each, route) && selects(each->target, route))
            policies->shared = each->policy;
    for (const struct node *parent = node_first_child(parents); parent; parent = parent->next)
        for (const struct policy_target *each =
                 release_policies(release, STR("Gateway"), node_string(node_at(parent, "name")));
             each; each = each->next)
            if (is_possible(target, each, route))
                policies->parent = each->policy;
}

static struct policies find_policies(const struct target *target, const struct object *route)
{
    struct policies policies = {0};
    const struct policy_target *each =
        release_policies(&target->injection->release, route->kind, route->name);
    find_shared(&policies, target, route);
    for (; each; each = each->next) {
        if (!is_possible(target, each, route))
            continue;
        if (!is_only_target(each))
            policies.shared = each->policy;
        else if (policies.own)
            policies.second = each->policy;
        else
            policies.own = each->policy;
    }
    return policies;
}

/* Reports that a policy of the chart cannot be changed, and that the route cannot have another. */
static void refuse(const struct target *target, const struct traffic *traffic,
                   const struct object *route, const struct object *policy, const char *reason)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct location at = traffic->affinity.cookie.len ? traffic->affinity.at
                         : traffic->hash.count        ? traffic->hash.at
                                                      : traffic->protocol_at;
    struct str text = str_format(arena, "%.*s of the chart %s",
                                 STR_ARG(object_display_name(arena, policy)), reason);
    if (target->fill) {
        inject_log(target, route, CHANGE_SKIPPED, "BackendTrafficPolicy", "%.*s", STR_ARG(text));
        return;
    }
    diag_error(injection->diags, at, RULE_CHART_CONFLICT,
               "cannot set the BackendTrafficPolicy of %.*s: %.*s",
               STR_ARG(object_display_name(arena, route)), STR_ARG(text));
    diag_hint(injection->diags, "configure it in the chart's values");
}

static void add_policy(const struct target *target, const struct traffic *traffic,
                       const struct object *route, const struct policies *policies,
                       const struct node *settings)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    const struct object *taken =
        release_find(&injection->release, OBJECT_TRAFFIC_POLICY, route->name, route);
    if (taken) {
        refuse(target, traffic, route, taken, "already has that name");
        return;
    }
    if (policies->parent) {
        diag_warning(injection->diags, object_location(policies->parent), RULE_POLICY_OVERRIDDEN,
                     "%.*s no longer applies to %.*s, because the route gets a policy of its own",
                     STR_ARG(object_display_name(arena, policies->parent)),
                     STR_ARG(object_display_name(arena, route)));
        diag_hint(injection->diags, "configure the route in the chart's values if it needs both");
    }
    struct node *spec = node_new(arena, NODE_MAP);
    const struct gateway_route reference = {.kind = str_to_c(arena, route->kind),
                                            .name = route->name};
    envoy_put_target(arena, &reference, spec);
    for (const struct node *each = settings->first; each; each = each->next)
        node_set(arena, spec, str_to_c(arena, each->key->text), node_copy(arena, each));
    target_add_beside(target, route, ENVOY_POLICY_API, "BackendTrafficPolicy", route->name, NULL,
                      spec);
}

/* A load balancer has one type, so that of the service replaces the chart's as a whole. */
static void change_policy(const struct target *target, const struct object *policy,
                          const struct node *settings)
{
    struct arena *arena = target->injection->arena;
    struct node *spec = node_at(object_node(policy), "spec");
    struct node *balancer = node_get(settings, "loadBalancer");
    struct node *timeout = node_get(settings, "timeout");
    if (balancer)
        target_set(target, policy, spec, "loadBalancer", node_copy(arena, balancer), NULL,
                   SHOW_VALUES);
    if (timeout)
        route_set(target, policy, spec, "timeout", node_copy(arena, timeout));
}

/* Removes the cookie of a service that sets sticky_session: false. */
static void remove_cookie(const struct target *target, const struct object *policy)
{
    struct node *spec = node_at(object_node(policy), "spec");
    if (str_eq_c(node_string(node_at(spec, "loadBalancer consistentHash type")), "Cookie"))
        target_remove(target, policy, spec, "loadBalancer", "loadBalancer",
                      "sticky_session: false");
}

static void apply_route(const struct target *target, const struct traffic *traffic,
                        const struct object *route)
{
    struct node *settings = node_new(target->injection->arena, NODE_MAP);
    envoy_put_policy(target->injection->arena, traffic, settings);
    route_apply_session_persistence(target, traffic, route);
    struct policies policies = find_policies(target, route);
    bool removes = target_has(target, SERVICE_STICKY_SESSION) && !traffic->affinity.cookie.len;
    if (removes && policies.own && traffic->hash.count == 0)
        remove_cookie(target, policies.own);
    if (!settings->first)
        return;
    if (policies.shared || policies.second) {
        refuse(target, traffic, route, policies.shared ? policies.shared : policies.second,
               policies.shared ? "applies to it together with other objects, or to a part of it"
                               : "is a second policy for it, which Envoy Gateway does not accept");
        return;
    }
    route_warn_shared(target, route);
    if (policies.own)
        change_policy(target, policies.own, settings);
    else
        add_policy(target, traffic, route, &policies, settings);
}

const struct chart_flavour chart_envoy = CHART_GATEWAY(apply_route);
