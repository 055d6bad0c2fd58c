/* A k8s-service with all that its fields say decided: what the manifests are made from. */
#ifndef OPTASVC_SERVICE_H
#define OPTASVC_SERVICE_H

#include "cloud/access.h"
#include "service/layer.h"

enum port_type {
    PORT_TYPE_HTTP,
    PORT_TYPE_GRPC,
    PORT_TYPE_WEBSOCKET,
    PORT_TYPE_TCP, /* of `ports`: reached through the Service, not through the Ingress */
};

struct port {
    struct str name;
    enum port_type type;
    int64_t number;       /* where the container listens */
    int64_t service_port; /* where the Service does */
    struct location at;
};

enum probe_kind { PROBE_NONE, PROBE_HTTP, PROBE_TCP, PROBE_GRPC, PROBE_COMMAND };

struct probe {
    enum probe_kind kind;
    struct str
        path; /* PROBE_HTTP; begins with /. PROBE_TCP: one that is written but not requested */
    const struct value *command; /* PROBE_COMMAND: its words are the items */
    int64_t delay;               /* seconds before the first one */
    int64_t failures;            /* in a row that count; 0: Kubernetes' default, 3 */
};

struct variable {
    struct str name;
    struct location at;
    struct str text;   /* when `secret` is empty */
    struct str secret; /* the Secret that holds it, */
    struct str key;    /* and its key there */
    bool implied;      /* stands only because a text refers to it */
    bool linked;       /* brought by a link, not named in `secrets` or `env_vars` */
};

/* A path prefix of a host that leads to the service. */
struct route {
    struct str host;   /* empty: every host */
    struct str prefix; /* begins with /, has no / at its end; empty: all paths */
    struct location at;
};

struct resources {
    int64_t cpu_request;    /* millicores */
    int64_t cpu_limit;      /* 0: none */
    int64_t memory_request; /* bytes */
    int64_t memory_limit;
};

struct disk {
    struct str name; /* of the claim */
    bool is_named;   /* the file writes the name */
    struct str path; /* where the container finds it */
    int64_t size;    /* bytes */
    struct location at;
};

struct cron_job {
    struct str name; /* of the CronJob */
    struct str schedule;
    const struct value *commands; /* words */
    const struct value *args;
};

struct toleration {
    struct str key;
    struct str value;
    struct str effect;
};

enum pod_security { POD_SECURITY_DEFAULT, POD_SECURITY_RESTRICTED, POD_SECURITY_OFF };

/* Where a service is found in a chart; empty texts: left out. */
struct helm {
    struct str workload;
    struct str container;
    struct str service;
    struct str ingress;
    bool keep_replicas;
    bool fill;           /* only where the chart says nothing */
    bool all_workloads;  /* `*` */
    bool all_containers; /* `*` */
    bool hooks;          /* those are filled too */
    bool jobs;           /* Jobs and bare Pods are filled too */
};

struct service {
    struct layer *layer;
    const struct record *record; /* what is written of it */
    struct str name;
    struct location at;
    bool has_image;        /* false: AUTO without a tag or digest; nothing runs yet */
    struct str image;      /* with tag or digest */
    struct str repository; /* of image: AUTO, without a tag; empty: others made the image */
    bool immutable_tags;   /* of that repository: a tag that names an image names no other */
    struct port *ports;    /* in the order of the file */
    size_t port_count;
    bool ports_invalid; /* a mistake in them was reported: what needs a port reports no other */
    const struct port *public_port; /* where `public_uri` leads to; NULL: none */
    const struct port *probe_port;  /* NULL when there are no ports */
    int64_t min_containers;
    int64_t max_containers; /* 0: nothing runs but cron jobs */
    int64_t target_cpu;     /* % of the request; 0: not scaled by it */
    int64_t target_memory;
    struct probe startup;
    struct probe liveness;
    struct probe readiness;
    int64_t probe_period; /* seconds, as all times here */
    int64_t probe_timeout;
    int64_t startup_timeout;
    struct resources resources;
    struct variable *variables; /* in the order of the container's env */
    size_t variable_count;
    struct str all_secrets; /* secrets: all: every key of this Secret is a variable; else empty */
    struct disk *disks;     /* ordered by name; any: the workload is a StatefulSet */
    size_t disk_count;
    struct cron_job *cron_jobs;
    size_t cron_job_count;
    struct toleration *tolerations;
    size_t toleration_count;
    const struct value *commands; /* words; no items: the image's own */
    const struct value *args;
    const struct value *pod_annotations; /* names and texts */
    const struct value *pod_labels;
    const struct value *ingress_annotations;
    int64_t timeout;      /* of a rollout that makes no progress */
    int64_t grace_period; /* from SIGTERM to SIGKILL */
    int64_t drain;        /* of it, how long the container goes on serving; 0: not at all */
    enum pod_security security;
    bool token;           /* for the Kubernetes API */
    struct route *routes; /* those of one host stand together */
    size_t route_count;
    bool keep_path_prefix;
    bool sticky;
    int64_t sticky_max_age;
    struct str sticky_path; /* of the cookie */
    struct str hash_key;    /* consistent_hash; empty: none */
    struct cloud_access cloud;
    struct helm helm;
};

/* The Secret of a namespace that people fill in: `secrets` without a store. */
#define MANUAL_SECRETS "manual-secrets"

/* The Secret that the service's `secrets` are in. */
struct str service_secret(struct arena *arena, const struct layer *layer, struct str service);

/* The key that the store keeps the layer's secrets under. */
struct str service_secret_key(struct arena *arena, const struct layer *layer);

/* True when a variable hides the key of its name that `secrets: all` provides, because Kubernetes
 * lets `env` win over `envFrom`. A variable that holds the same key hides nothing. */
bool service_hides_key(const struct service *service, const struct variable *variable);

/* Reads a k8s-service of the layer; reports all that is wrong with it. NULL after an error. */
struct service *service_read(struct layer *layer, const struct module *module);

/* The same, but with the service as far as it could be read after an error too, for those who find
 * more errors in it: `*ret_right` is false then. NULL: it is no map. */
struct service *service_read_all(struct layer *layer, const struct module *module, bool *ret_right);

/* True when a field is written, rather than left out. */
bool service_has(const struct service *service, enum field_id field);

/* True when an autoscaler decides how many containers run. */
bool service_scales(const struct service *service);

/* "Deployment" or "StatefulSet". */
const char *service_workload_kind(const struct service *service);

/* The port that a probe of that kind asks: `probe_port`; else for gRPC the port that speaks it, or
 * is named `grpc`; else the first. NULL when there are no ports. */
const struct port *service_probe_port(const struct service *service, enum probe_kind kind);

/* Seconds that a startup probe must allow at least where another probe waits for `delay` seconds.
 */
int64_t service_startup_timeout(int64_t delay);

/* How many checks of a startup probe may fail in a row until `timeout` seconds are over. */
int64_t service_startup_failures(const struct service *service, int64_t timeout);

/* Warns that a written delay or timeout restarts a container after `seconds`, if that is before the
 * end of the `delay` of another probe. `subject` begins the message, and may be empty. */
void service_warn_restart(struct diags *diags, const struct service *service, enum field_id field,
                          struct str subject, int64_t seconds, int64_t delay);

/* The port at which the Service made from `node` is called; 0 when it listens to nothing, -1 when
 * its ports are wrong or missing, which is reported where that service is read. */
int64_t service_linked_port(struct layer *layer, const struct node *node);

#endif
