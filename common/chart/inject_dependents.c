/* Objects of the chart that depend on an Ingress that is converted, or on its controller. */
#include "chart/inject_target.h"

/* The namespace in which Envoy Gateway runs the proxies of all Gateways unless configured. */
static const char envoy_namespace[] = "envoy-gateway-system";

/* References */

struct search {
    struct release *release;
    const struct map *ingresses; /* the converted ones, by address */
    const struct object *object; /* that is searched */
    const struct object *found;  /* the first Ingress that it refers to, or NULL */
};

static void note_reference(struct search *search, struct str name)
{
    const struct object *ingress =
        name.len ? release_find(search->release, OBJECT_INGRESS, name, search->object) : NULL;
    if (ingress && map_get_object(search->ingresses, ingress))
        search->found = ingress;
}

/* True for a key of Rollouts whose value is the name of an Ingress, or a list of names. */
static bool names_ingress(const struct node *value)
{
    static const char *const keys[] = {"stableIngress", "stableIngresses",
                                       "additionalStableIngresses"};
    for (size_t i = 0; value->key && i < COUNT_OF(keys); i++)
        if (str_eq_c(value->key->text, keys[i]))
            return true;
    return false;
}

/* Finds maps with `kind: Ingress`, as every reference to an object has, and names of Rollouts. */
static void find_reference(struct search *search, const struct node *parent)
{
    if (str_eq_c(node_string(node_at(parent, "kind")), "Ingress"))
        note_reference(search, node_string(node_at(parent, "name")));
    for (const struct node *each = node_first_child(parent); each && !search->found;
         each = each->next) {
        if (names_ingress(each)) {
            note_reference(search, node_string(each));
            for (const struct node *item = node_first_child(each); item; item = item->next)
                note_reference(search, node_string(item));
        }
        find_reference(search, each);
    }
}

static void warn_reference(const struct target *target, const struct search *search,
                           struct location at)
{
    struct injection *injection = target->injection;
    diag_warning(injection->diags, at, RULE_CHART_CONFLICT,
                 "%.*s refers to %.*s, which is replaced by routes",
                 STR_ARG(object_display_name(injection->arena, search->object)),
                 STR_ARG(object_display_name(injection->arena, search->found)));
    diag_hint(injection->diags, "refer to another object in the chart, or remove the reference");
}

void dependents_warn_references(const struct target *target, const struct map *ingresses,
                                struct location at)
{
    static const enum object_kind types[] = {OBJECT_WORKLOAD, OBJECT_AUTOSCALER, OBJECT_KEDA,
                                             OBJECT_CANARY};
    struct release *release = &target->injection->release;
    struct tree_scope scope;
    release_open(release, &scope);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        for (const struct object *each = release_objects(release, types[i]); each;
             each = each->next) {
            struct search search = {.release = release, .ingresses = ingresses, .object = each};
            find_reference(&search, object_node(each));
            if (search.found)
                warn_reference(target, &search, at);
            release_clear(release);
        }
    release_close(release);
}

/* Network policies */

/* True if a selector of namespaces names one of them by its label. */
static bool selects_namespace(const struct node *selector, struct str name)
{
    static const char label[] = "kubernetes.io/metadata.name";
    const struct node *labels = node_at(selector, "matchLabels");
    if (str_equal(node_string(node_at(labels, label)), name))
        return true;
    const struct node *expressions = node_at(selector, "matchExpressions");
    for (const struct node *each = node_first_child(expressions); each; each = each->next)
        for (const struct node *value = node_first_child(node_at(each, "values")); value;
             value = value->next)
            if (str_equal(node_string(value), name))
                return true;
    return false;
}

/* True if a peer may admit the proxies of the Gateway. */
static bool admits_gateway(const struct node *peer, const struct gateway *gateway)
{
    const struct node *namespaces = node_at(peer, "namespaceSelector");
    bool all = namespaces && !node_first_child(namespaces) && !node_at(peer, "podSelector");
    return all || node_at(peer, "ipBlock") || selects_namespace(namespaces, gateway->namespace) ||
           (gateway->flavour == FLAVOUR_ENVOY &&
            selects_namespace(namespaces, str_from_c(envoy_namespace)));
}

/* True if the rule of a policy is about the port that Services route to; NULL: any. */
static bool is_about_port(const struct target *target, const struct node *rule,
                          const struct node *port)
{
    const struct map *pod_ports = &target->injection->pod_ports;
    const struct node *item = node_first_child(node_at(rule, "ports"));
    struct str own = node_string(port);
    if (!item || !port)
        return true;
    for (; item; item = item->next) {
        struct str each = node_string(node_at(item, "port"));
        const struct node *found = map_get(pod_ports, each);
        if (each.len == 0 || node_at(item, "endPort") || str_equal(each, own) ||
            (found && found == map_get(pod_ports, own)))
            return true;
    }
    return false;
}

enum admission { ADMITS_NOTHING, ADMITS_NAMESPACES, ADMITS_GATEWAY };

/* Returns whom the rules of a policy admit to the port. */
static enum admission admission_of(const struct target *target, const struct object *policy,
                                   const struct gateway *gateway, const struct node *port)
{
    const struct node *rules = node_at(object_node(policy), "spec ingress");
    enum admission admission = ADMITS_NOTHING;
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *peer = node_first_child(node_at(rule, "from"));
        if (!is_about_port(target, rule, port))
            continue;
        if (!peer)
            return ADMITS_GATEWAY;
        for (; peer; peer = peer->next) {
            if (admits_gateway(peer, gateway))
                return ADMITS_GATEWAY;
            if (node_at(peer, "namespaceSelector"))
                admission = ADMITS_NAMESPACES;
        }
    }
    return admission;
}

void dependents_warn_policies(const struct target *target, const struct gateway *gateway,
                              struct location at)
{
    struct injection *injection = target->injection;
    const struct node *port = target_service_port(target, target->container);
    const struct object *first = NULL;
    for (const struct object *each = release_objects(&injection->release, OBJECT_SELECTOR); each;
         each = each->next) {
        if (!str_eq_c(each->kind, "NetworkPolicy") || !release_lives_with(each, target->workload) ||
            !policy_matches(each, target->workload))
            continue;
        enum admission admission = admission_of(target, each, gateway, port);
        if (admission == ADMITS_GATEWAY)
            return; /* what any policy admits is admitted */
        if (admission == ADMITS_NAMESPACES && !first)
            first = each;
    }
    if (!first)
        return;
    diag_warning(injection->diags, at, RULE_CHART_CONFLICT,
                 "%.*s admits only some namespaces to %.*s, perhaps not that of the proxies of "
                 "Gateway %.*s/%.*s, which replace the ingress controller",
                 STR_ARG(object_display_name(injection->arena, first)),
                 STR_ARG(object_display_name(injection->arena, target->workload)),
                 STR_ARG(gateway->namespace), STR_ARG(gateway->name));
    diag_hint(injection->diags, "admit that namespace in the chart's values");
}
