/* The objects of a chart as it was rendered, and which of them belong together.
 *
 * A document is read when its kind is asked for the first time; all others are bytes that go
 * through. */
#ifndef OPTASVC_RELEASE_H
#define OPTASVC_RELEASE_H

#include "base/map.h"
#include "yaml/edit.h"
#include "yaml/split.h"

/* What matters of a kind. Several kinds are one where they are treated alike. */
enum object_kind {
    OBJECT_WORKLOAD, /* Deployment, StatefulSet, DaemonSet, Rollout */
    OBJECT_PODS,     /* others that run pods: Job, CronJob, Pod, ReplicaSet */
    OBJECT_SERVICE,
    OBJECT_INGRESS,
    OBJECT_INGRESS_CLASS,
    OBJECT_ROUTE, /* HTTPRoute, GRPCRoute, TLSRoute */
    OBJECT_AUTOSCALER,
    OBJECT_DISRUPTION_BUDGET,
    OBJECT_KEDA,     /* ScaledObject */
    OBJECT_VERTICAL, /* VerticalPodAutoscaler */
    OBJECT_SELECTOR, /* NetworkPolicy, PodMonitor: select pods, and nothing else counts */
    OBJECT_CLAIM,    /* PersistentVolumeClaim */
    OBJECT_NAMESPACE,
    OBJECT_WEBHOOK, /* ValidatingWebhookConfiguration, MutatingWebhookConfiguration */
    OBJECT_KINDS,
};

/* A namespace that objects of the chart name. */
struct chart_namespace {
    struct chart_namespace *self;
    bool other; /* known not to be the release's */
};

/* The objects of one kind and name, hooks apart. */
struct homonyms {
    struct homonyms *self;
    struct object *first;
    bool unplaced; /* one of them names no namespace */
    bool several;  /* they are in several namespaces */
};

struct object {
    struct object *self;
    enum object_kind type;
    struct object *next; /* of the same type */
    size_t document;
    struct node *node;
    struct str api_version;
    struct str kind;
    struct str name;
    struct str namespace;         /* empty: that of the release */
    bool hook;                    /* Helm runs it at its own time */
    bool ends;                    /* its pods end by themselves */
    struct node *template;        /* of its pods */
    struct node *pod;             /* its spec; NULL: a Rollout whose `workloadRef` refers to it */
    const struct object *pods_of; /* of such a Rollout: what it refers to; NULL: not in the chart */
    const struct object *rollout; /* the Rollout that runs its pods in its place, or NULL */
    struct chart_namespace *place; /* NULL: that of the release */
    struct homonyms *homonyms;     /* NULL: a hook, or without a name */
    struct object *homonym;        /* the next of them */
};

/* A document that is put before another. */
struct addition {
    size_t before;
    const struct node *node;
};

struct release {
    struct arena *arena;
    struct diags *diags;
    struct source source; /* no line of it is shown: it may hold what is secret */
    struct stream stream;
    struct edit *edits;                 /* one for each document; root NULL: not read */
    struct object *first[OBJECT_KINDS]; /* of those that were read, in the order of the stream */
    struct object *last[OBJECT_KINDS];
    bool asked[OBJECT_KINDS];
    size_t expanded;   /* nodes that aliases stand for */
    bool unreadable;   /* a document could not be read, which was told */
    bool read_unknown; /* documents that do not say their kind in a plain line */
    struct addition *additions;
    size_t addition_count;
    struct map namespaces; /* struct chart_namespace by name */
    struct map homonyms;   /* by "KIND/NAME" */
    struct map places;     /* the first of each "NAMESPACE/KIND/NAME" */
    bool rollouts_linked;
    struct map selecting; /* Services by a label, */
    struct map services;  /* and by their names, */
    bool services_known;
    struct map routing; /* Ingresses by what they lead to, */
    bool ingresses_known;
    struct map backends; /* routes of the Gateway API by the same, */
    bool backends_known;
    struct map hosts; /* the rules of both by class and host, and by class, host and path, */
    struct map paths;
    bool paths_known;
    struct map classes; /* IngressClasses by name, */
    bool classes_known;
    struct map webhooks; /* the Services that admission webhooks call, by name */
    bool webhooks_known;
    struct map label_users; /* and what selects by a label, all made when first asked for */
    bool label_users_known;
};

struct release release_begin(struct arena *arena, struct diags *diags, const struct source *source,
                             struct stream stream);

/* The first object of a type, or NULL; the others hang behind it. Documents that cannot be read are
 * reported. */
const struct object *release_objects(struct release *release, enum object_kind type);

/* The edit of the document that an object is in. */
struct edit *release_edit(const struct release *release, const struct object *object);

/* Puts a document before the one that an object is in, behind what was put there before. */
void release_add(struct release *release, const struct object *object, const struct node *node);

/* The object of that apiVersion's group, kind and name in the namespace of another, or NULL. */
const struct object *release_find(struct release *release, enum object_kind type, struct str name,
                                  const struct object *beside);

/* True when both may be in one namespace. An object without a namespace is in that of the release,
 * which may be the one that the other names, unless the chart has one kind and name both in that
 * namespace and without any: two objects of a kind and name are in two namespaces. */
bool release_same_namespace(const struct object *a, const struct object *b);

/* True when both may be in one namespace, where `from` refers to the object with a namespace;
 * empty: its own. */
bool release_in_reference(const struct release *release, const struct object *object,
                          const struct object *from, struct str namespace);

/* True when a Service sends its traffic to the workload's pods. */
bool service_routes_to(const struct object *service, const struct object *workload);

/* True when a Service's or budget's selector takes the workload's pods. */
bool selector_matches(const struct object *selector, const struct object *workload);

/* True when an autoscaler's reference under `path`, such as "spec scaleTargetRef", names the
 * workload. */
bool scaler_references(const struct object *scaler, const char *path,
                       const struct object *workload);

/* The names of the Services that an Ingress leads to. */
const struct str *release_backends(struct arena *arena, const struct object *ingress,
                                   size_t *ret_count);

/* The name of the Service that a backend of an Ingress names; empty: a resource, or nothing. Both
 * forms are read wherever a backend is read: `service.name`, and `serviceName` of Ingresses before
 * networking.k8s.io/v1. */
struct str release_backend_service(const struct node *backend);

/* The backend for requests that no rule takes, in both forms; NULL: none. */
struct node *release_default_backend(const struct object *ingress);

/* True for a route without hooks that is attached to a Gateway or ListenerSet. A route of a mesh is
 * attached to a Service. */
bool release_is_attached(const struct object *route);

/* The first of a route's backendRefs from `reference` on that names a Service and takes requests,
 * or NULL. */
const struct node *release_backend_reference(const struct node *reference);

/* The class that an Ingress names in `spec.ingressClassName`, else in the older annotation
 * `kubernetes.io/ingress.class`; empty: none. */
struct str release_class(const struct object *ingress);

/* True if an admission webhook of the chart calls a Service of that name. */
bool release_has_webhook(struct release *release, struct str service);

/* The IngressClass of a name, or NULL. */
const struct object *release_find_class(struct release *release, struct str name);

/* True for a Service that an Ingress or route names, with a namespace or, empty, in its own. */
typedef bool release_is_own_service(const void *context, const struct object *ingress,
                                    struct str namespace, struct str service);

/* What stands for the class of an Ingress in questions about the routes of the Gateway API. All
 * Gateways count as one. */
#define RELEASE_GATEWAY "gateway/"

/* Which Service takes requests for a path of a host. */
struct release_owner {
    bool served;                  /* one of ours takes them, and all that is below the path */
    const struct object *server;  /* served: the Ingress or route that leads to it */
    const struct object *doubt;   /* served: an Ingress whose longer regular expression leads to
                                     another Service, and may take them; NULL: none */
    const struct object *rival;   /* served: an Ingress that leads the same path to another Service,
                                     so that the controller decides; NULL: none */
    const struct object *ingress; /* not served: the one that leads them to another Service; NULL:
                                     none does */
    struct str service;           /* and that Service */
    bool taken;                   /* for this very host and path */
};

/* Asks the Ingresses of a class, or the routes. `path` has no slash at its end; `host` may be
 * empty, or a wildcard. */
void release_query(struct release *release, struct str class, struct str host, struct str path,
                   release_is_own_service *is_ours, const void *context, struct release_owner *ret);

/* True if Ingresses of a class have rules for this very host, none of which asks nginx for regular
 * expressions. */
bool release_has_plain_host(struct release *release, struct str class, struct str host);

/* True for the name of a Service in the namespace of an object. */
bool release_has_service(struct release *release, struct str name, const struct object *beside);

/* The Services that lead to a workload, and the Ingresses without hooks that lead to one of some
 * Services, in the order of the stream. */
const struct object **release_services(struct release *release, const struct object *workload,
                                       size_t *ret_count);
const struct object **release_ingresses(struct release *release,
                                        const struct object *const *services, size_t count,
                                        size_t *ret_count);

/* The routes of the Gateway API that lead to one of some Services, in the order of the stream. */
const struct object **release_routes(struct release *release, const struct object *const *services,
                                     size_t count, size_t *ret_count);

/* The first object, other than `workload`'s own selector of nothing, whose selector asks for a
 * pod's label of that key; NULL: none does. */
const struct object *release_label_user(struct release *release, struct str key);

/* True when there is nothing but hooks, which Helm 3 keeps from post-renderers. */
bool release_has_hooks_alone(const struct release *release);

/* What `workloadRef` of a Rollout without pods of its own refers to, as "KIND/NAME". */
struct str release_reference(struct arena *arena, const struct object *rollout);

/* "KIND/NAME". */
struct str object_kind_name(struct arena *arena, const struct object *object);

/* The same for messages: "NAMESPACE/KIND/NAME" if the chart has it in several namespaces. */
struct str object_text(struct arena *arena, const struct object *object);

/* Where to point for an object: its name. */
struct location object_location(const struct object *object);

#endif
