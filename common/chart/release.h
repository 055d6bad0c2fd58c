/* The objects of a rendered chart, and which of them belong together.
 *
 * A document is parsed when its kind is requested for the first time. Documents that are never
 * requested are copied as bytes. Of a parsed document, what other objects need is kept in `struct
 * object`, and its tree in compact form: object_node() and the other functions that return nodes
 * load it. What such functions return is valid until the scope (release_open()) ends in which the
 * tree was loaded. */
#ifndef OPTASVC_RELEASE_H
#define OPTASVC_RELEASE_H

#include "base/map.h"
#include "yaml/edit.h"
#include "yaml/split.h"

/* Kinds that are handled alike share a value. */
enum object_kind {
    OBJECT_WORKLOAD, /* Deployment, StatefulSet, DaemonSet, Rollout */
    OBJECT_PODS,     /* other kinds that run pods: Job, CronJob, Pod, ReplicaSet */
    OBJECT_SERVICE,
    OBJECT_INGRESS,
    OBJECT_INGRESS_CLASS,
    OBJECT_ROUTE,         /* HTTPRoute, GRPCRoute, TLSRoute */
    OBJECT_FOREIGN_ROUTE, /* VirtualService, Route, IngressRoute, HTTPProxy: not read */
    OBJECT_TRAEFIK_SERVICE,
    OBJECT_TRAFFIC_POLICY, /* BackendTrafficPolicy of Envoy Gateway */
    OBJECT_AUTOSCALER,
    OBJECT_DISRUPTION_BUDGET,
    OBJECT_KEDA,     /* ScaledObject */
    OBJECT_VERTICAL, /* VerticalPodAutoscaler */
    OBJECT_SELECTOR, /* NetworkPolicy, PodMonitor: only their selectors of pods matter */
    OBJECT_CANARY,   /* Canary of Flagger: only its reference to an Ingress matters */
    OBJECT_CLAIM,    /* PersistentVolumeClaim */
    OBJECT_NAMESPACE,
    OBJECT_WEBHOOK, /* ValidatingWebhookConfiguration, MutatingWebhookConfiguration */
    OBJECT_KINDS,
};

/* A namespace that objects of the chart set. */
struct chart_namespace {
    struct chart_namespace *self; /* not const, unlike the pointers in maps; also below */
    bool is_not_release;          /* certainly not the namespace of the release */
};

/* The objects of one kind and name, without hooks. */
struct name_group {
    struct name_group *self;
    struct object *first;
    bool has_no_namespace; /* an object sets no namespace */
    bool in_several_namespaces;
};

struct object {
    struct object *self;
    struct release *release;
    enum object_kind type;
    struct object *next; /* of the same type */
    size_t document;
    struct node *node; /* see object_node(); this and its parts are NULL while it is not loaded */
    struct node *template;
    struct node *pod;
    struct str api_version;
    struct str kind;
    struct str name;
    struct str namespace; /* empty: that of the release */
    bool hook;            /* a Helm hook */
    bool completes;       /* its pods run to completion */
    bool has_pod;         /* false: a Rollout with `workloadRef` */
    const struct object
        *workload_ref;            /* the object that workloadRef names; NULL: not in the chart */
    const struct object *rollout; /* the Rollout that runs this object's pods, or NULL */
    struct chart_namespace *named_namespace; /* NULL: that of the release */
    struct name_group *name_group;           /* NULL: a hook, or without a name */
    struct object *next_in_group;            /* the next in `name_group` */
};

/* How the controller of a class reads rules. */
enum rule_reader {
    RULES_NGINX,   /* Ingresses, as ingress-nginx reads them */
    RULES_GENERIC, /* Ingresses, as Kubernetes defines them */
    RULES_GATEWAY, /* routes of the Gateway API; all Gateways count as one */
    RULE_READERS
};

/* Whether hooks count: only for a workload that is one. */
enum hook_use { HOOKS_IGNORED, HOOKS_INCLUDED, HOOK_USES };

/* Rules by host and path, built on first use. */
struct rule_index {
    struct map hosts;
    struct map paths;
    bool built;
};

/* New documents, inserted before another. */
struct addition {
    const struct node *node;
    const char *newline; /* of the document that follows */
    struct addition *next;
};
struct additions {
    struct addition *first;
    struct addition *last;
};

/* A parsed document of the stream. */
struct chart_document {
    struct str events;                  /* its compact form (yaml/manifest_event.h) */
    struct object *object;              /* its only object; NULL: it stays loaded */
    struct edit *edit;                  /* of the loaded tree; NULL: not loaded */
    struct chart_document *next_loaded; /* in the same scope */
};

/* Between release_open() and release_close(): the trees that are loaded in it, and their edits. */
struct tree_scope {
    struct tree_scope *outer;
    struct arena arena;
    struct chart_document *loaded;
};

/* What is removed from a document. */
enum removed { REMOVED_NOTHING, REMOVED_ITEMS, REMOVED_DOCUMENT };

struct release {
    struct arena *arena;
    struct diags *diags;
    struct source source; /* marked secret: no line of it is shown */
    struct stream stream;
    struct chart_document *documents;   /* of the stream */
    struct tree_scope *scope;           /* the innermost; NULL: loaded trees stay loaded */
    struct object *first[OBJECT_KINDS]; /* of the parsed objects, in the order of the stream */
    struct object *last[OBJECT_KINDS];
    bool parsed[OBJECT_KINDS];     /* documents of this type were parsed */
    size_t expanded;               /* nodes that aliases expand to */
    bool has_unreadable_document;  /* a document could not be parsed, which was reported */
    bool parsed_unknown;           /* documents without a plain `kind:` line were parsed */
    struct additions *additions;   /* before each document */
    enum removed *removed;         /* by document */
    struct map removed_objects;    /* the removed objects, by the address of their node */
    struct map namespaces_by_name; /* struct chart_namespace */
    struct map name_groups;        /* by "KIND/NAME" */
    struct map full_names;         /* the first object of each "NAMESPACE/KIND/NAME" */
    bool rollouts_linked;
    /* Indexes, each built on first use. */
    struct map services_by_label; /* one of the labels that they select */
    bool services_indexed;
    struct map budgets_by_label; /* disruption budgets */
    bool budgets_indexed;
    struct map objects_by_name[OBJECT_KINDS];
    bool names_indexed[OBJECT_KINDS];
    struct map scalers_by_name[OBJECT_KINDS]; /* the name of the object that they scale */
    bool scalers_indexed[OBJECT_KINDS];
    struct map ingresses_by_service;
    bool ingresses_indexed;
    struct map routes_by_service; /* routes of the Gateway API */
    bool routes_indexed;
    struct rule_index rules[RULE_READERS][HOOK_USES];
    struct map foreign_by_host; /* OBJECT_FOREIGN_ROUTE */
    struct map foreign_by_service;
    bool foreign_indexed;
    struct map policies_by_target; /* BackendTrafficPolicies */
    bool policies_indexed;
    struct map webhooks_by_service; /* the name of the Service that they call */
    bool webhooks_indexed;
    struct map selectors_by_label_key; /* objects that select pods */
    bool selectors_indexed;
    struct workload_index *workload_index; /* see workload_query.h */
    bool has_only_hooks;                   /* all documents are hooks. Helm 3 does not pass hooks to
                                              post-renderers. */
};

struct release release_begin(struct arena *arena, struct diags *diags, const struct source *source,
                             struct stream stream);

/* Returns the first object of a type, or NULL; `next` links the others. Reports documents that
 * cannot be parsed. */
const struct object *release_objects(struct release *release, enum object_kind type);

/* Return the tree of an object, the template of its pods and the spec of its pod; NULL if it has
 * none. */
struct node *object_node(const struct object *object);
struct node *object_template(const struct object *object);
struct node *object_pod(const struct object *object);

/* Returns the edit of the document that contains an object. */
struct edit *release_edit(const struct object *object);

/* True if the tree of an object is loaded. */
bool object_is_loaded(const struct object *object);

/* Opens a scope. release_clear() unloads the trees that were loaded in it, without their changes,
 * and release_close() also ends it. Scopes are nested. */
void release_open(struct release *release, struct tree_scope *scope);
void release_clear(struct release *release);
void release_close(struct release *release);

/* Returns the arena of the innermost scope, for what is needed as long as its trees. */
struct arena *release_arena(const struct release *release);

/* Inserts a document before the one that contains an object, after earlier insertions there. */
void release_add(struct release *release, const struct object *object, const struct node *node);

/* Removes objects from the output: their documents, or the items of their Lists. */
void release_remove(struct release *release, const struct object *const *objects, size_t count);

/* Returns the object of that type and name in the namespace of `referrer`, or NULL. */
const struct object *release_find(struct release *release, enum object_kind type, struct str name,
                                  const struct object *referrer);

/* Returns the object of that type, which has no namespace, and name; or NULL. */
const struct object *release_find_global(struct release *release, enum object_kind type,
                                         struct str name);

/* True if both may be in the same namespace. An object that sets no namespace is in that of the
 * release, which may be the one that the other object sets. It is a different one if the chart has
 * two objects of one kind and name, one that sets that namespace and one that sets none. */
bool release_same_namespace(const struct object *a, const struct object *b);

/* True if the object may be in `namespace`; empty: the namespace of `from`, which refers to it. */
bool release_is_in_namespace(const struct release *release, const struct object *object,
                             const struct object *from, struct str namespace);

/* True unless the object is a hook and the workload is not: Helm creates and deletes hooks
 * separately, so the workload does not depend on them. */
static inline bool release_lives_with(const struct object *object, const struct object *workload)
{
    return !object->hook || workload->hook;
}

static inline enum hook_use release_hook_use(const struct object *workload)
{
    return workload->hook ? HOOKS_INCLUDED : HOOKS_IGNORED;
}

/* True if a Service routes to the workload's pods. */
bool service_routes_to(const struct object *service, const struct object *workload);

/* True if the selector of a Service or disruption budget matches the workload's pods. */
bool selector_matches(const struct object *selector, const struct object *workload);

/* True if a NetworkPolicy selects the workload's pods. */
bool policy_matches(const struct object *policy, const struct object *workload);

/* True if an autoscaler's reference at `path`, such as "spec scaleTargetRef", names the workload.
 */
bool scaler_references(const struct object *scaler, const char *path,
                       const struct object *workload);

/* Returns the autoscaler of that type that scales the workload and lives with it; or NULL. */
const struct object *release_find_scaler(struct release *release, enum object_kind type,
                                         const struct object *workload);

/* True if a disruption budget that lives with the workload selects its pods. */
bool release_has_budget(struct release *release, const struct object *workload);

/* Returns the names of the Services that an Ingress routes to. */
const struct str *release_backends(struct arena *arena, const struct object *ingress,
                                   size_t *ret_count);

/* Returns the name of the Service of an Ingress backend; empty if it is a resource or missing.
 * Reads both forms: `service.name`, and `serviceName` of Ingresses before networking.k8s.io/v1. */
struct str release_backend_service(const struct node *backend);

/* Returns the default backend of an Ingress, in either form, or NULL. */
struct node *release_default_backend(const struct object *ingress);

/* True for a route that is attached to a Gateway or ListenerSet. A route of a mesh is attached to a
 * Service. */
bool release_is_attached(const struct object *route);

/* Returns the first of a route's backendRefs, from `reference` on, that names a Service and
 * receives requests, or NULL. */
const struct node *release_backend_reference(const struct node *reference);

/* True if a backendRef names a TraefikService. */
bool release_is_traefik_service(const struct node *reference);

/* Returns the backendRefs of a rule of a route, with the Services of a TraefikService of the chart
 * in its place. */
const struct node *release_rule_backends(struct release *release, const struct object *route,
                                         const struct node *rule);

/* Returns the class of an Ingress: `spec.ingressClassName`, else the deprecated annotation
 * `kubernetes.io/ingress.class`; empty if it has neither. */
struct str release_class(const struct object *ingress);

/* True if an admission webhook of the chart calls a Service of that name. */
bool release_has_webhook(struct release *release, struct str service);

/* True if a Service that an Ingress or route refers to is one of ours. `namespace`: that of the
 * reference; empty: that of the Ingress or route. */
typedef bool release_is_own_service(const void *context, const struct object *ingress,
                                    struct str namespace, struct str service);

/* The rules that a controller merges. */
struct rule_class {
    enum rule_reader reader;
    struct str name; /* the class of Ingresses; empty: those without a class, or routes */
    enum hook_use hooks;
    bool continues; /* if no path of the most specific host matches, the controller continues with
                        less specific ones; false: unknown, but nginx does not */
};

/* Why rules that route to our Services do not certainly receive all requests, in ascending order of
 * importance for messages. */
enum own_limit {
    OWN_NONE,
    OWN_OTHER_HOST, /* only if the controller continues with less specific hosts */
    OWN_LITERAL,    /* nginx reads the regular expression as text */
    OWN_CONDITIONS, /* only requests with some methods, headers or query parameters */
    OWN_REGEX,      /* only requests that match a regular expression, which is not compared */
    OWN_EXACT,      /* only the path itself, not those below it */
};

/* Which Service receives the requests for a host and path, and all paths below it. */
struct path_owner {
    bool is_ours;                  /* one of our Services */
    const struct object *object;   /* the Ingress or route with the rule, or NULL */
    struct str service;            /* empty: the rule answers or redirects the requests */
    struct str port;               /* its name or number; empty: none */
    const struct object *redirect; /* a route that redirects exactly this host and path to another
                                      scheme; or NULL */
    /* If it is ours: */
    bool by_controller; /* each controller reads the pathType of the rule differently */
    bool is_inside;     /* the path of the rule ends inside an element: /a for /api */
    bool is_extended;   /* a filter of the controller (ExtensionRef) may change the Service */
    const struct object *regex_overlap; /* one with a regular expression that may route some of the
                                           requests to another Service; or NULL */
    const struct object *conflict; /* one that routes the same path to another Service, so that the
                                      controller decides; or NULL */
    /* If it is not ours: */
    bool has_exact_rule; /* `object` has a rule for exactly this host and path */
    enum own_limit limit;
    const struct object *limited; /* the Ingress or route of ours with that limit */
};

/* Determines which Service receives the requests, according to the Ingresses of a class or the
 * routes. `path` has no trailing slash; `host` may be empty, or a wildcard. If `is_own` is always
 * false, the result is the Service of requests for exactly this path. */
void release_find_owner(struct release *release, struct rule_class class, struct str host,
                        struct str path, release_is_own_service *is_own, const void *context,
                        struct path_owner *ret);

/* Returns the name or number of the port of an Ingress backend, in either form, or of a backendRef;
 * empty if it has none. */
struct str release_backend_port(const struct node *backend);

/* True if Ingresses of a class of nginx have rules for exactly this host, none of them with regular
 * expressions. */
bool release_has_plain_host(struct release *release, enum hook_use hooks, struct str class,
                            struct str host);

/* Returns the Services that route to a workload, and the Ingresses that route to any of some
 * Services, in the order of the stream. */
const struct object **release_services(struct release *release, const struct object *workload,
                                       size_t *ret_count);
const struct object **release_ingresses(struct release *release,
                                        const struct object *const *services, size_t count,
                                        enum hook_use hooks, size_t *ret_count);

/* Returns the routes of the Gateway API that route to any of some Services, in the order of the
 * stream. */
const struct object **release_routes(struct release *release, const struct object *const *services,
                                     size_t count, enum hook_use hooks, size_t *ret_count);

/* A BackendTrafficPolicy and one of its targets. */
struct policy_target {
    struct policy_target *self;
    struct policy_target *next; /* of the same kind and name */
    const struct object *policy;
    const struct node *target; /* an item of targetRefs or targetSelectors, or targetRef */
};

/* Returns the policies for objects of that kind and name, or, if the name is empty, those that
 * select objects of that kind by labels; NULL: none. */
const struct policy_target *release_policies(struct release *release, struct str kind,
                                             struct str name);

/* Returns the first object with routes of another API (OBJECT_FOREIGN_ROUTE) that names one of some
 * Services, or a host or a wildcard that includes it; or NULL. */
const struct object *release_foreign_to(struct release *release,
                                        const struct object *const *services, size_t count);
const struct object *release_foreign_of_host(struct release *release, struct str host);

/* Returns the first object with a selector of pods that uses a label with that key, or NULL. */
const struct object *release_find_label_user(struct release *release, struct str key);

/* Returns the object that `workloadRef` of a Rollout names, as "KIND/NAME". */
struct str release_workload_ref(struct arena *arena, const struct object *rollout);

/* Returns "KIND/NAME". */
struct str object_kind_name(struct arena *arena, const struct object *object);

/* True if messages name the namespace too, because the chart has that KIND/NAME in several. */
bool object_needs_namespace(const struct object *object);

/* Returns the name for messages: "KIND/NAME" or "NAMESPACE/KIND/NAME". */
struct str object_display_name(struct arena *arena, const struct object *object);

/* Returns the location of an object for messages: that of its name. */
struct location object_location(const struct object *object);

#endif
