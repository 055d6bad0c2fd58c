/* A k8s-service with all that its fields say decided: what the manifests are made from. */
#ifndef OPTASVC_SERVICE_H
#define OPTASVC_SERVICE_H

#include "layer.h"

enum port_type { PORT_TYPE_HTTP, PORT_TYPE_TCP, PORT_TYPE_GRPC, PORT_TYPE_WEBSOCKET };

struct port {
    struct str name;
    enum port_type type;
    int64_t number;       /* where the container listens */
    int64_t service_port; /* where the Service does */
};

enum probe_kind { PROBE_NONE, PROBE_HTTP, PROBE_TCP };

struct probe {
    enum probe_kind kind;
    struct str path; /* PROBE_HTTP; begins with / */
    int64_t delay;   /* seconds before the first one */
};

struct variable {
    struct str name;
    struct location at;
    struct str text;   /* when `secret` is empty */
    struct str secret; /* the Secret that holds it, */
    struct str key;    /* and its key there */
};

/* A path prefix of a host that leads to the service. */
struct route {
    struct str host;   /* empty: every host */
    struct str prefix; /* begins with /, has no / at its end; empty: all paths */
    struct location at;
};

struct resources {
    int64_t cpu_request; /* millicores */
    int64_t cpu_limit;
    int64_t memory_request; /* Mi */
    int64_t memory_limit;
};

struct service {
    const struct layer *layer;
    struct str name;
    struct location at;
    bool has_image;   /* false: AUTO without a tag or digest; nothing runs yet */
    struct str image; /* with tag or digest */
    const struct port *port;
    int64_t min_containers;
    int64_t max_containers;
    int64_t target_cpu; /* % of the request */
    int64_t target_memory;
    struct probe liveness;
    struct probe readiness;
    struct resources resources;
    struct variable *variables;
    size_t variable_count;
    struct route *routes; /* those of one host stand together */
    size_t route_count;
    bool keep_path_prefix;
    bool sticky;
    int64_t sticky_max_age; /* seconds */
    struct str sticky_path; /* of the cookie */
    struct str hash_key;    /* consistent_hash; empty: none */
};

enum {
    VARIABLES_MAX = 5000, /* environment variables of a container */
    ROUTES_MAX = 500,     /* public_uri of a service */
};

/* Reads a k8s-service of the layer; reports all that is wrong with it. NULL after an error. */
struct service *service_read(struct layer *layer, const struct module *module);

/* True when an autoscaler decides how many containers run. */
bool service_scales(const struct service *service);

/* The address of the repository for `image: AUTO`, without a tag. Empty when nothing tells it. */
struct str service_repository(const struct layer *layer, struct str module_name);

#endif
