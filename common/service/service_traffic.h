/* How clients outside the cluster reach a service, in the terms of no controller: what a flavour of
 * traffic (manifest/traffic.h) makes objects of. */
#ifndef OPTASVC_SERVICE_TRAFFIC_H
#define OPTASVC_SERVICE_TRAFFIC_H

#include "service/service.h"

/* What of a request chooses its pod. */
enum hash_kind {
    HASH_PATH, /* with its query */
    HASH_HOST,
    HASH_HEADER,
    HASH_COOKIE,
    HASH_QUERY,   /* a parameter of the query */
    HASH_ADDRESS, /* of the client */
    HASH_NGINX,   /* an expression that nothing but nginx understands */
};

struct hash_key {
    enum hash_kind kind;
    struct str name; /* HASH_HEADER: in lower case, with dashes; HASH_COOKIE, HASH_QUERY: as it is
                        written; HASH_NGINX: the expression; else empty */
};

/* Requests that are alike in all keys go to the same pod. */
struct traffic_hash {
    struct hash_key *keys; /* in the order of the text */
    size_t count;          /* 0: requests are not hashed */
    struct str text;       /* as it is written, in nginx's language */
    struct location at;
};

/* A client's requests go to one pod, by a cookie that it gets. */
struct traffic_affinity {
    struct str cookie; /* its name; empty: none */
    struct str path;
    int64_t max_age; /* seconds */
    struct location at;
};

/* At most one of the two is there. Neither: the flavour's own certificate, or no TLS. */
struct traffic_tls {
    struct str secret; /* that holds the certificate */
    struct str issuer; /* of cert-manager, which makes one for each host */
};

/* The Service behind the routes. */
struct traffic_backend {
    struct str service;
    struct str port_name; /* empty: the port has none */
    int64_t port;
};

struct traffic {
    const struct service *service; /* whose labels the objects have, and whose file is wrong */
    enum flavour_id flavour;
    struct str class;           /* of the controller */
    bool internal;              /* for clients of the network alone; no field asks for it so far */
    const struct route *routes; /* those of one host stand together */
    size_t route_count;
    bool keeps_prefix; /* else the service gets paths without the route's prefix */
    struct traffic_backend backend;
    enum port_type protocol;
    struct location protocol_at; /* of what says so; without source: nothing */
    int64_t idle_timeout; /* seconds a connection may be silent; 0: as the controller has it */
    struct traffic_affinity affinity;
    struct traffic_hash hash;
    struct traffic_tls tls;
    const struct value *annotations; /* more of them, for the controller */
};

/* The traffic of a service in its environment. Texts and lists live in the layer's arena. */
struct traffic traffic_of(const struct service *service);

/* Reads a value of consistent_hash: nginx variables, with text between them, which tells no request
 * from another and is left out. The keys live in the arena. */
struct traffic_hash traffic_read_hash(struct arena *arena, struct str text);

/* The index after the last route of the host that the route `from` has. */
size_t traffic_host_end(const struct traffic *traffic, size_t from);

/* The annotation of ingress_extra_annotations with that key, or NULL. */
const struct item *traffic_annotation(const struct traffic *traffic, const char *key);

#endif
