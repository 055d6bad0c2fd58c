/* A service: the decisions for a k8s-service, from which manifests are generated. */
#ifndef OPTASVC_SERVICE_H
#define OPTASVC_SERVICE_H

#include "cloud/access.h"
#include "service/layer.h"

enum port_type {
    PORT_TYPE_HTTP,
    PORT_TYPE_GRPC,
    PORT_TYPE_WEBSOCKET,
    PORT_TYPE_TCP, /* only in `ports`: a port of the Service that the Ingress does not use */
};

struct port {
    struct str name;
    enum port_type type;
    int64_t number;       /* of the container */
    int64_t service_port; /* of the Service */
    struct location at;
};

enum probe_kind { PROBE_NONE, PROBE_HTTP, PROBE_TCP, PROBE_GRPC, PROBE_COMMAND };

struct probe {
    enum probe_kind kind;
    struct str
        path; /* PROBE_HTTP: begins with /. PROBE_TCP: the path in the file, which is not used */
    const struct value *command; /* PROBE_COMMAND: its arguments are the items */
    const struct value *headers; /* PROBE_HTTP: map of strings */
    int64_t delay;               /* seconds before the first probe */
    int64_t period;              /* seconds between two probes; 0: probe_period */
    int64_t failures;            /* failureThreshold; 0: Kubernetes' default, 3 */
};

/* The fields of one probe. */
struct probe_fields {
    enum field_id none;
    enum field_id path;
    enum field_id command;
    enum field_id delay;
};
extern const struct probe_fields liveness_probe_fields;
extern const struct probe_fields readiness_probe_fields;

struct variable {
    struct str name;
    struct location at;
    struct str text;       /* the value if it is in none of the following */
    struct str secret;     /* name of the Secret that contains the value */
    struct str config_map; /* name of the ConfigMap that contains it */
    struct str key;        /* key of the value in that Secret or ConfigMap */
    struct str field;      /* field of the pod or container that is the value */
    bool optional;         /* the Secret or ConfigMap or its key may be missing */
    bool implied;          /* added only because a value refers to it */
    bool linked;           /* added by a link, not listed in `secrets` or `env_vars` */
};

/* A path prefix of a host that is routed to the service. */
struct route {
    struct str host;   /* empty: all hosts */
    struct str prefix; /* begins with /, does not end with /; empty: all paths */
    struct location at;
};

struct resources {
    int64_t cpu_request;    /* millicores */
    int64_t cpu_limit;      /* 0: no limit */
    int64_t memory_request; /* bytes */
    int64_t memory_limit;
    int64_t disk_request; /* bytes of ephemeral storage; 0: none */
    int64_t disk_limit;   /* 0: no limit */
    int64_t gpus;
};

struct disk {
    struct str name;          /* of the PersistentVolumeClaim */
    bool is_named;            /* true if the file sets the name */
    struct str path;          /* mount path */
    int64_t size;             /* bytes */
    struct str storage_class; /* empty: the cluster's default */
    struct str access_mode;
    struct location at;
};

enum volume_kind { VOLUME_TEMPORARY, VOLUME_OF_CONFIG_MAP, VOLUME_OF_SECRET, VOLUME_OF_CLAIM };

/* Names of volumes that pods have besides those that fields declare. */
#define FILES_VOLUME "optasvc-files" /* with the files of the service */
#define TMP_VOLUME   "optasvc-tmp"   /* an emptyDir for /tmp */

/* A volume that is not of persistent_storage. */
struct volume {
    enum volume_kind kind;
    struct str name;   /* in the pod */
    struct str path;   /* mount path */
    struct str object; /* that it contains; empty for VOLUME_TEMPORARY */
    int64_t size;      /* VOLUME_TEMPORARY: bytes */
    bool in_memory;
    bool read_only;
};

/* A command that runs until it succeeds, in a pod with the image and settings of the service. */
struct job {
    const struct value *commands; /* list of strings */
    const struct value *args;
    int64_t timeout;            /* seconds; 0: none */
    int64_t retries;            /* -1: Kubernetes' default, 6 */
    struct variable *variables; /* those of the service, and its own */
    size_t variable_count;
    struct resources resources;
};

struct cron_job {
    struct str name; /* of the CronJob */
    struct str schedule;
    struct str time_zone; /* empty: that of the cluster */
    bool suspend;
    const char *concurrency; /* concurrencyPolicy */
    struct job job;
};

/* A container of the pods besides that of the service. */
struct container {
    struct str name;
    struct str image;
    bool is_sidecar; /* it runs beside the service; else, before it */
    bool inherits;   /* it has the image, variables and resources of the service */
    const struct value *commands;
    const struct value *args;
    struct variable *variables; /* like those of the service */
    size_t variable_count;
    struct resources resources;
    const struct value *volumes; /* paths of the service's volumes, files and disks */
};

struct toleration {
    struct str key;
    struct str value;
    struct str effect;
};

/* Pods that may connect to a service. */
struct peer {
    struct str namespace; /* empty: that of the service */
    struct str layer;     /* of the module */
    struct str module;    /* empty: all pods of the namespace */
};

/* Bits: what the pods are spread over. */
enum spread { SPREAD_NONE = 0, SPREAD_NODES = 1, SPREAD_ZONES = 2 };

/* A trigger of KEDA. */
struct trigger {
    struct str type;
    const struct value *metadata; /* map of strings */
    struct str auth;              /* name of its authentication; may be empty */
    bool cluster_auth;            /* a ClusterTriggerAuthentication */
    struct location at;           /* of `auth` */
};

/* An object that others create and that the pods require. */
enum required_kind {
    REQUIRED_SECRET,
    REQUIRED_PULL_SECRET,
    REQUIRED_CONFIG_MAP,
    REQUIRED_CLAIM,
    REQUIRED_STORAGE_CLASS,
};

struct required_object {
    enum required_kind kind;
    struct str name;
    struct str key; /* of a Secret or ConfigMap; empty: any */
    struct location at;
    enum field_id field; /* that requires it */
};

/* A Secret or ConfigMap whose keys are all environment variables. */
struct variable_source {
    bool is_secret;
    struct str name;
};

/* A file of the service's ConfigMap. */
struct file {
    struct str path; /* in the container */
    struct str key;  /* in the ConfigMap */
    struct str content;
    int64_t mode;
};

enum load_balancer { LOAD_BALANCER_NONE, LOAD_BALANCER_EXTERNAL, LOAD_BALANCER_INTERNAL };

enum pod_security { POD_SECURITY_DEFAULT, POD_SECURITY_RESTRICTED, POD_SECURITY_OFF };

/* Which objects of a chart belong to a service. Empty strings: not set. */
struct helm {
    struct str workload;
    struct str container;
    struct str service;
    struct str ingress;
    bool keep_replicas;   /* replicas: keep */
    bool convert_ingress; /* replace Ingresses by routes */
    bool fill;            /* mode: fill: adds only settings that the chart does not have */
    bool all_workloads;   /* workload: "*" */
    bool all_containers;  /* containers: "*" */
    bool hooks;           /* Helm hooks are changed too */
    bool jobs;            /* all_workloads includes Jobs and Pods without a controller */
};

struct service {
    struct layer *layer;
    const struct module *module;
    const struct record *record; /* the fields of the file */
    struct str name;
    struct location at;
    bool has_image;         /* false: AUTO without a tag or digest; no pods are rendered */
    struct str image;       /* with tag or digest */
    struct str repository;  /* of image: AUTO, without a tag; empty: another image is set */
    struct str pull_policy; /* imagePullPolicy */
    bool immutable_tags;    /* tags of that repository cannot be moved to another image */
    struct port *ports;     /* in file order */
    size_t port_count;
    bool ports_invalid; /* an error in them was reported: no other field reports a missing port */
    const struct port *public_port; /* target of `public_uri`, or NULL */
    const struct port *probe_port;  /* NULL if there are no ports */
    int64_t min_containers;
    int64_t max_containers; /* 0: only cron jobs run */
    int64_t target_cpu;     /* % of the request; 0: no such metric */
    int64_t target_memory;
    int64_t scale_up_delay; /* seconds; -1: Kubernetes' default */
    int64_t scale_down_delay;
    struct trigger *triggers; /* if not empty, the autoscaler is a ScaledObject of KEDA */
    size_t trigger_count;
    struct probe startup;
    struct probe liveness;
    struct probe readiness;
    int64_t probe_period; /* all times here are in seconds */
    int64_t probe_timeout;
    int64_t startup_timeout;
    struct resources resources;
    struct variable *variables; /* in the order of the container's `env` */
    size_t variable_count;
    struct map variables_by_name;
    struct required_object *required; /* in file order, without the Secrets of `variables` */
    size_t required_count;
    struct variable_source *sources; /* of the container's `envFrom`: later ones take precedence */
    size_t source_count;
    struct str all_secrets; /* secrets: all: the Secret whose keys are all variables; else empty */
    struct disk *disks;     /* sorted by name; if not empty, the workload is a StatefulSet */
    size_t disk_count;
    struct file *files; /* in file order */
    size_t file_count;
    struct str files_hash;  /* of their keys and contents */
    struct volume *volumes; /* in file order */
    size_t volume_count;
    struct container *containers; /* in the order in which they start: the sidecars are first */
    size_t container_count;
    struct cron_job *cron_jobs;
    size_t cron_job_count;
    const struct job *pre_deploy; /* that must succeed before each rollout; NULL: none */
    struct toleration *tolerations;
    size_t toleration_count;
    const struct value *node_selector; /* map of strings */
    struct str priority_class;         /* may be empty */
    unsigned spread;                   /* bits of enum spread */
    const struct value *commands;      /* list of strings; empty: the image's ENTRYPOINT */
    const struct value *args;
    const struct value *pod_annotations; /* map of strings */
    const struct value *pod_labels;
    const struct value *ingress_annotations;
    int64_t timeout;      /* without progress, after which a rollout fails */
    int64_t grace_period; /* terminationGracePeriodSeconds */
    int64_t drain;        /* part of grace_period for the preStop sleep; 0: no preStop hook */
    const struct value *service_annotations;
    enum load_balancer load_balancer; /* of the tcp ports */
    bool has_network_policy;          /* only `peers` may connect */
    struct peer *peers;
    size_t peer_count;
    bool recreates; /* an update stops all pods before it starts new ones */
    enum pod_security security;
    bool read_only_root;
    int64_t run_as_user;  /* also the group; -1: the user of the image */
    bool mounts_token;    /* pods get a token for the Kubernetes API */
    struct route *routes; /* grouped by host */
    size_t route_count;
    bool keep_path_prefix;
    bool internal; /* the routes are only for internal clients */
    bool sticky;
    int64_t sticky_max_age;
    struct str sticky_path; /* of the cookie */
    struct str hash_key;    /* consistent_hash, or empty */
    struct cloud_access cloud;
    struct helm helm;
};

/* The Secret of a namespace that users fill: `secrets` without a secret store. */
#define MANUAL_SECRETS "manual-secrets"

/* Returns the name of the Secret that contains the service's `secrets`. */
struct str service_secret(struct arena *arena, const struct layer *layer, struct str service);

/* Returns the key of the layer's secrets in the secret store. */
struct str service_secret_key(struct arena *arena, const struct layer *layer);

/* True if a variable hides the key of the same name from `secrets: all`: in Kubernetes, `env` takes
 * precedence over `envFrom`. A variable with the value of that key hides nothing. */
bool service_hides_key(const struct service *service, const struct variable *variable);

/* Reads a k8s-service of the layer and reports all its errors. Returns NULL after an error. */
struct service *service_read(struct layer *layer, const struct module *module);

/* Like service_read(), but also returns the service after an error, for callers that check it for
 * more errors; then sets `*ret_ok` to false. Returns NULL if the module is not a map. */
struct service *service_read_all(struct layer *layer, const struct module *module, bool *ret_ok);

/* Returns the Gateway that the routes of the service are attached to; NULL: they are Ingresses. */
const struct gateway *service_gateway(const struct service *service);

/* Returns the host of a public_uri in lower case; empty: all hosts. */
struct str service_uri_host(struct arena *arena, struct str uri);

/* True if the file sets the field. */
bool service_has(const struct service *service, enum field_id field);

/* True if --image-tag or --image-digest applies to the image of the service. */
bool service_takes_version(const struct service *service);

/* True if the pods have a sidecar of the file. */
bool service_has_sidecar(const struct service *service);

/* True if the service has an autoscaler. */
bool service_has_autoscaler(const struct service *service);

/* True if only root and the group of the volume can read a file. */
bool service_is_private_file(const struct file *file);

/* Returns "Deployment" or "StatefulSet". */
const char *service_workload_kind(const struct service *service);

/* Returns the port for a probe of that kind: `probe_port`; for gRPC, otherwise a port of that type
 * or named `grpc`; otherwise the first port. Returns NULL if there are no ports. */
const struct port *service_probe_port(const struct service *service, enum probe_kind kind);

/* True if two commands have the same arguments. */
bool service_same_command(const struct value *a, const struct value *b);

/* Returns the minimum seconds of a startup probe if another probe waits `delay` seconds. */
int64_t service_startup_timeout(int64_t delay);

/* Returns the failureThreshold of the service's startup probe if it allows `timeout` seconds. */
int64_t service_startup_failures(const struct service *service, int64_t timeout);

/* Warns if the delay or timeout in `field` restarts a container after `seconds`, before the `delay`
 * of another probe ends. `subject` is the start of the message, and may be empty. */
void service_warn_restart(struct diags *diags, const struct service *service, enum field_id field,
                          struct str subject, int64_t seconds, int64_t delay);

/* Returns the port of the Service generated from `node` that links use; 0 if it has no ports; -1 if
 * its ports are invalid or missing, which is reported when that service is read. */
int64_t service_linked_port(struct layer *layer, const struct module *module);

#endif
