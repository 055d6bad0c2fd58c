/* How clients outside the cluster reach a service, independent of any controller. Each flavour of
 * traffic (manifest/traffic.h) generates its objects from this. */
#ifndef OPTASVC_SERVICE_TRAFFIC_H
#define OPTASVC_SERVICE_TRAFFIC_H

#include "service/service.h"

/* Seconds that nginx waits for the next bytes of a request or response by default. */
enum { NGINX_READ_TIMEOUT = 60 };

/* The part of a request that selects its pod. */
enum hash_kind {
    HASH_PATH, /* with its query */
    HASH_HOST,
    HASH_HEADER,
    HASH_COOKIE,
    HASH_QUERY,   /* a query parameter */
    HASH_ADDRESS, /* of the client */
    HASH_NGINX,   /* an expression that only nginx understands */
};

struct hash_key {
    enum hash_kind kind;
    struct str name; /* HASH_HEADER: in lower case, with dashes; HASH_COOKIE, HASH_QUERY: as
                        written; HASH_NGINX: the expression; otherwise empty */
};

/* Requests with equal values of all keys are sent to the same pod. */
struct traffic_hash {
    struct hash_key *keys; /* in the order of `text` */
    size_t count;          /* 0: requests are not hashed */
    struct str text;       /* as written, in nginx syntax */
    struct location at;
};

/* A cookie binds a client to one pod. */
struct traffic_affinity {
    struct str cookie; /* its name; empty: no affinity */
    struct str path;
    int64_t max_age; /* seconds */
    struct location at;
};

/* At most one of the two is set. If none is, the controller uses its own certificate, or no TLS. */
struct traffic_tls {
    struct str secret; /* contains the certificate */
    struct str issuer; /* of cert-manager, which creates certificates */
};

/* The Service that receives the requests. */
struct traffic_backend {
    struct str service;
    struct str port_name; /* empty: the port has no name */
    int64_t port;
};

struct traffic {
    const struct service *service; /* for the labels of the objects and for error locations;
                                      NULL: an Ingress is converted */
    enum flavour_id flavour;
    const struct gateway *gateway; /* NULL: there are Ingresses */
    struct str class;              /* of Ingresses, also of those of a chart */
    bool internal;                 /* only for internal clients */
    const struct route *routes;    /* grouped by host */
    size_t route_count;
    bool keeps_prefix; /* false: the prefix of the route is removed from the path of requests */
    struct traffic_backend backend;
    enum port_type protocol;
    struct location protocol_at; /* of the port; no source: unknown */
    int64_t idle_timeout;        /* seconds a connection may be idle; 0: the controller's default */
    struct traffic_affinity affinity;
    struct traffic_hash hash;
    struct traffic_tls tls;
    const struct value *annotations; /* additional ones for the controller */
};

/* Returns the traffic of a service in its environment, allocated in the layer's arena. */
struct traffic traffic_of(const struct service *service);

/* Parses a value of consistent_hash: nginx variables. Text between them is ignored, because it is
 * the same for all requests. The keys are allocated in the arena. */
struct traffic_hash traffic_hash_parse(struct arena *arena, struct str text);

/* Reports a $ without a name, and warns about names that are not those of nginx variables. */
void traffic_check_hash(const struct service *service);

/* Warns that the cookie of sticky_session takes precedence over consistent_hash. */
void traffic_warn_affinity_and_hash(const struct service *service);

/* Returns the index after the last route of the host of route `from`. */
size_t traffic_host_end(const struct traffic *traffic, size_t from);

/* Returns the annotation with that key from ingress_extra_annotations, or NULL. */
const struct item *traffic_annotation(const struct traffic *traffic, const char *key);

#endif
