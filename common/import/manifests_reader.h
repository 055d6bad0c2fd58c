/* Shared by the manifests_*.c files. "Given" is what the source has, in contrast to what the
 * new service file renders. */
#ifndef OPTASVC_MANIFESTS_READER_H
#define OPTASVC_MANIFESTS_READER_H

#include "import/manifests.h"

struct given_app;

/* An object of the source. */
struct given_object {
    struct given_object *self; /* this struct; maps return const pointers */
    struct node *node;         /* without aliases, merge keys and nulls */
    struct str group;          /* of its apiVersion */
    struct str kind;
    struct str name;
    struct str namespace;
    struct location at;
    struct given_app *app; /* the module that it becomes a part of; NULL: none */
    bool is_required;      /* the service file refers to it, but does not contain it */
    struct given_object *next;
};

struct given {
    struct import *import;
    struct arena *arena;
    struct diags *diags;
    struct given_object *objects; /* in the order of the source */
    struct given_object **end;
    struct given_app *apps;
    struct given_app **apps_end;
    size_t app_count;
    size_t copied;        /* nodes, for STREAM_EXPANDED_MAX */
    struct map by_name;   /* struct given_object of the namespace, by KIND/NAME */
    struct map indexes;   /* struct map, by large map (given_key()) */
    struct map names;     /* of modules */
    struct str name;      /* of the layer */
    struct str namespace; /* of the workloads; that of the layer if they have none */
    bool has_store;       /* of External Secrets */
    bool has_nginx_class; /* of Ingresses */
    bool has_other_class;
    bool needs_nginx;         /* Ingresses have its annotations */
    struct given_host *hosts; /* of Ingresses, without a TLS Secret */
    struct given_host *last_host;
    struct location redirect; /* status of a redirect other than 301 */
    bool has_prefixes;        /* Ingresses have paths of type Prefix */
    size_t *noted;            /* sorted positions of notes, before the comparison */
    size_t noted_count;
};

/* An Ingress, HTTPRoute or GRPCRoute that leads to an app. */
struct given_route {
    const struct given_object *object;
    bool is_own;          /* an Ingress with an address of the app */
    bool is_carried;      /* these addresses are carried over */
    bool leads_elsewhere; /* it has addresses of other apps */
    struct given_route *next;
};

/* A host of an Ingress that has no TLS, or TLS without a Secret. */
struct given_host {
    const struct given_app *app;
    struct location at;
    struct str name; /* empty: of all hosts */
    bool has_default_certificate;
    struct given_host *next;
};

/* A cookie that ends with the session of the browser. */
struct given_session {
    struct location at;
    struct given_session *next;
};

enum { GIVEN_PORTS_MAX = 50 };

/* A port of the container that the Service exposes. */
struct given_port {
    int64_t number;
    int64_t service_port; /* 0: the Service does not have it */
    struct str name;      /* of the container's port; may be empty */
    struct str service_name;
    struct str protocol; /* appProtocol; may be empty */
    bool is_http;        /* type http */
    bool is_public;      /* an Ingress or route leads to it */
    struct location at;
};

/* A workload with its objects, which become a module. */
struct given_app {
    struct given *given;
    struct import *import;
    struct arena *arena;
    struct given_object *workload;
    struct node *template;  /* of its pods */
    struct node *pod;       /* spec of the template */
    struct node *container; /* the one of the service */
    struct str name;        /* of the module */
    struct node *module;    /* in the service file */
    const struct given_object *service;
    const struct given_object *headless;
    const struct given_object *balancer;
    const struct given_object *account;
    const struct given_object *autoscaler; /* or ScaledObject */
    bool is_fixed;                         /* the autoscaler has the same minimum and maximum */
    int64_t fixed_pods;                    /* this number */
    const struct given_object *external;   /* ExternalSecret of a service file */
    struct given_route *routes;
    struct given_route *last_route;
    struct given_port ports[GIVEN_PORTS_MAX];
    size_t port_count;
    bool has_websocket; /* the port of type http serves websockets */
    bool has_grpc;
    struct map uris;               /* of public_uri */
    size_t address_count;          /* that lead to the app, also if public_uri has them once */
    bool binds;                    /* a rule or an Ingress binds clients to pods */
    struct map bound_routes;       /* by KIND/NAME: a policy binds their clients to pods */
    struct location loose;         /* of the first addresses for which none does */
    struct given_session *ageless; /* cookies without a duration */
    bool keeps_prefix;             /* of at least one path */
    bool strips_prefix;
    bool has_entry; /* is_internal is known */
    bool is_internal;
    bool has_gateway;
    enum field_id gateway; /* field of the file with the Gateway of the routes */
    struct given_app *next;
};

/* Notes about an app: what is lost, or an addition, which is a property of all new files. */
__attribute__((format(printf, 3, 4))) void given_lost(const struct given_app *app,
                                                      struct location at, const char *format, ...);
__attribute__((format(printf, 2, 3))) void given_added(const struct given_app *app,
                                                       const char *format, ...);

/* Returns the text of a scalar at a path of keys separated by spaces; empty if there is none. */
struct str given_text(const struct node *map, const char *path);

/* Returns the integer at a path, also if it is a string. */
bool given_int(const struct node *map, const char *path, int64_t *ret);

/* True for the boolean true at a path. */
bool given_true(const struct node *map, const char *path);

/* Returns the object with this kind and name in the namespace of the workloads; NULL if there is
 * none. */
struct given_object *given_find(const struct given *given, const char *kind, struct str name);

/* Marks the object that the service file refers to, if the source has it. */
void given_require(const struct given *given, const char *kind, struct str name);

/* Returns the location of the key of a value, or of an item of a list. */
struct location given_at(const struct node *node);

/* Returns the value of a key of a map, which must not change afterwards; NULL if absent. */
const struct node *given_key(struct given *given, const struct node *map, struct str key);

/* True if two trees are equal, apart from the order of keys and the style of scalars. They must not
 * change afterwards. */
bool given_equal(struct given *given, const struct node *one, const struct node *other);

/* Set a string field from a scalar, such that its braces are no placeholders. given_string() sets
 * nothing and returns NULL if the scalar is NULL. */
struct node *given_string(const struct given_app *app, struct node *map, enum field_id field,
                          const struct node *scalar);
void given_entry(const struct given_app *app, struct node *map, struct str key,
                 const struct node *scalar);

/* Sets a list field from a list of scalars; nothing if it is NULL or empty. */
void given_list(const struct given_app *app, struct node *map, enum field_id field,
                const struct node *list);

/* Returns a copy of a tree with its locations, which can be changed. Aliases and merge keys are
 * expanded, and nulls dropped. Returns NULL if that exceeds STREAM_EXPANDED_MAX. */
struct node *given_copy(struct given *given, const struct node *node);

/* True for an annotation that the API server, a controller or a tool sets for itself. */
bool given_is_server_annotation(struct str key);

/* True for a label that all pods of a service file have, or that a controller sets. */
bool given_is_own_label(struct str key);

/* Assigns the objects to apps: manifests_group.c. `name`: of the layer; may be empty. Reports an
 * error and returns false if two objects are the same. */
bool given_group(struct given *given, struct str name);

/* Notes the objects that became no part of a module. */
void given_note_objects(struct given *given);

/* True if the labels contain all of the selector, which is not empty. */
bool given_selects(struct given *given, const struct node *selector, const struct node *labels);

/* Returns the main container of a pod spec. */
struct node *given_main_container(const struct given_app *app, const struct node *template);

/* Returns when the image of a container is pulled: what Kubernetes does by default, unless the
 * container says otherwise. */
struct str given_pull_policy(const struct node *container);

/* Returns the number of the user of the main container; empty if it is that of the image. */
struct str given_user(const struct given_app *app);

/* Each reads one group of fields of an app. */
void given_read_ports(struct given_app *app);
void given_read_scale(struct given_app *app);
void given_read_pod(struct given_app *app);
void given_read_security(struct given_app *app);
void given_read_probes(struct given_app *app);
void given_read_env(struct given_app *app);
void given_read_volumes(struct given_app *app);
void given_read_containers(struct given_app *app);
void given_read_jobs(struct given_app *app);
void given_read_network(struct given_app *app);
void given_read_traffic(struct given_app *app);

/* Traffic: manifests_traffic.c. Sets a field of the file, or notes that an object differs from an
 * earlier one. */
void given_set_file_field(const struct given_app *app, enum field_id field, struct str text,
                          struct location at);

/* Sets whether the addresses are internal. Returns false, with a note, if others are not. */
bool given_set_internal(struct given_app *app, bool internal, struct location at);

/* Completes the fields of the file, after all apps were read. */
void given_finish_traffic(struct given *given);

/* Sets sticky_session_max_age or consistent_hash, or notes that another address has another value.
 */
void given_set_max_age(const struct given_app *app, int64_t seconds, struct location at);
void given_set_hash(const struct given_app *app, struct str text, struct location at);

/* Records whether addresses bind their clients to pods. */
void given_add_binding(struct given_app *app, bool binds, struct location at);

/* Records a cookie that ends with the session of the browser. */
void given_add_ageless(struct given_app *app, struct location at);

/* Adds an address to public_uri, unless the service has it. `prefix`: empty for all paths. */
void given_add_uri(struct given_app *app, struct str host, struct str prefix, struct location at);

/* Annotations of Ingresses: manifests_annotations.c. Returns NULL if the Ingress does not have it.
 */
const struct node *given_annotation(const struct node *ingress, const char *key);

/* Returns the class of an Ingress, a field or an annotation; NULL if it has none. */
const struct node *given_class(const struct node *ingress);

/* Keeps the Ingresses of which an annotation must not apply to other addresses of the app: those
 * for access control, and rewrites. */
void given_keep_restrictions(struct given_app *app);

/* Sets ingress_extra_annotations, and notes the Ingresses that differ. */
void given_read_annotations(struct given_app *app);

/* Gateways: manifests_gateway.c. Indexes the routes of policies, before routes are read. */
void given_index_policies(struct given_app *app);
void given_read_route(struct given_app *app, const struct given_object *route);
void given_read_gateway_objects(struct given_app *app);

/* Backends: manifests_backends.c. True for the namespace of the workloads, and if it is empty. */
bool given_is_own_namespace(const struct given *given, struct str namespace);

/* Returns the Service that a backend of an Ingress or a route names; NULL if the source has none.
 * `backend`: `service` of an Ingress, or an item of backendRefs; may be NULL. */
const struct given_object *given_backend_service(const struct given *given,
                                                 const struct node *backend);

enum given_backend {
    GIVEN_NO_SERVICE, /* no Service of a workload */
    GIVEN_OTHER_APP,
    GIVEN_OTHER_PORT, /* of the app, but not of type http */
    GIVEN_HTTP_PORT
};
/* Returns where a backend leads. */
enum given_backend given_backend_of(const struct given_app *app, const struct node *backend);

/* Returns why a backend is GIVEN_NO_SERVICE. */
struct str given_backend_problem(const struct given_app *app, const struct node *backend);

/* Notes the keys of a map that are not among those of `known`, which are separated by spaces.
 * `owner`: what has them, for the message. */
void given_note_keys(const struct given_app *app, const struct node *map, const char *known,
                     struct str owner);

/* Ports: manifests_ports.c. Returns the port of the app that a probe or a Service means: a name or
 * a number; NULL if it has none. */
const struct given_port *given_find_port(const struct given_app *app, const struct node *port);

/* Returns the name that the port has in the service file. */
struct str given_port_name(const struct given_app *app, const struct given_port *port);

/* Resources: manifests_resources.c. What a container requests and may use. 0: not set. */
struct given_resources {
    int64_t cpu; /* millicores */
    int64_t cpu_limit;
    int64_t memory; /* bytes */
    int64_t memory_limit;
    int64_t disk;
    int64_t disk_limit;
    int64_t gpus;
};
struct given_resources given_resources(const struct node *container);
/* Sets resource_request and resource_limits of a service. */
void given_write_resources(const struct given_app *app, struct node *map,
                           const struct node *container);
/* The same for a container or job, as far as they differ from `base`: the resources of the service
 * that it inherits, or the defaults. */
void given_write_own_resources(const struct given_app *app, struct node *map,
                               const struct node *container, struct given_resources base,
                               enum field_id request_field, enum field_id limit_field);
struct given_resources given_default_resources(void);
/* The resources that the new service has, from those of its container. */
struct given_resources given_service_resources(const struct node *container);

/* Variables: manifests_env.c. Replaces references to ConfigMaps of the source by their values, in
 * the container itself. */
void given_inline_config_maps(struct given_app *app, struct node *container);
/* Replaces values that may be credentials by references to the Secret of `secrets`, with a note. */
void given_hide_credentials(struct given_app *app, struct node *container);
/* Sets env_vars of a container or job to those variables that differ from the inherited ones.
 * `inherited`: the container whose variables it has; NULL: none. */
void given_write_own_env(const struct given_app *app, struct node *map, enum field_id field,
                         const struct node *container, const struct node *inherited);
/* True if a container has all variables of the inherited one, in their order. */
bool given_has_env(const struct given_app *app, const struct node *container,
                   const struct node *inherited);

/* Mounts: manifests_mounts.c. Replaces the names in volumeMounts of a container by what the
 * volume contains, which is the value of the key `volume`, or of `file` for a single file with its
 * content. `objects`: those that may have the content, by KIND/NAME. `templates`:
 * volumeClaimTemplates, or NULL. */
void given_resolve_mounts(struct given_app *app, const struct map *objects, const struct node *pod,
                          const struct node *templates, struct node *container);

/* True if there was a note about a value or a part of it before the comparison. */
bool given_is_noted(const struct given *given, const struct node *value);

/* Adds notes for all that the objects of the new service file say otherwise: manifests_compare.c.
 * `rendered`: the objects of the module. */
void given_compare(struct given_app *app, struct node *const *rendered, size_t count);

/* Makes equal what means the same, in place: manifests_normalize.c. `objects`: as for
 * given_resolve_mounts(). */
void given_normalize(struct given_app *app, const struct map *objects, struct node *object,
                     bool is_given);

#endif
