/* What the files inject*.c share: one injects a group of fields each. */
#ifndef OPTASVC_INJECT_TARGET_H
#define OPTASVC_INJECT_TARGET_H

#include "chart/release.h"
#include "manifest/manifest.h"

enum change_kind {
    CHANGE_ADDED,
    CHANGE_REPLACED,
    CHANGE_REMOVED,
    CHANGE_KEPT,
    CHANGE_CHOSEN,  /* nothing was done: `detail` is why this object or container is the one */
    CHANGE_IGNORED, /* a field that has no effect in charts, as is expected: in log and report only
                     */
    CHANGE_KINDS
};

/* Something that was done, or left as it is. */
struct change_event {
    enum change_kind kind;
    struct str object; /* "KIND/NAME" */
    struct str text;   /* the same for messages, with the namespace where that is needed */
    struct str namespace;
    struct str container; /* empty: it is about the object as a whole */
    bool several;         /* the container is one of several, and messages name it */
    bool guess;           /* CHANGE_CHOSEN: there were others, and the service file names none */
    struct str what;      /* the field; empty: the object */
    struct str detail;    /* what became of it, or why it is left; may be empty */
};

struct injection {
    struct arena *arena;
    struct diags *diags;
    const struct inject_options *options;
    struct release release;
    const char **unfit;             /* by document: why no gap in it can be filled, or NULL */
    struct map owners;              /* the services that workloads are taken by */
    struct map port_readers;        /* the services whose `port` a probe uses */
    const struct object *led;       /* the workload that was asked for last, */
    struct str led_by;              /* and the Service that is written: */
    const struct object **services; /* the Services that lead to it, */
    size_t service_count;
    struct map service_names;        /* their names, */
    struct map service_targets;      /* their ports of TCP by what they lead to, */
    struct map pod_ports;            /* its own ports by name and number */
    const struct object **ingresses; /* and the Ingresses that lead to one of them */
    size_t ingress_count;
    const struct object **routes; /* routes of the Gateway API that do so */
    size_t route_count;
    const struct object *volumes_of; /* the workload whose volumes were asked for last, */
    struct map volumes;              /* and those by their names */
    struct change_event *events;
    size_t event_count;
};

/* A service on its way into a container of a workload. */
struct target {
    struct injection *injection;
    const struct service *service;
    const struct object *workload;
    struct edit *edit;
    struct node *container;
    bool fill;           /* only where the chart says nothing */
    bool all;            /* every workload of the chart is filled */
    const char *windows; /* the field by which its pods run on Windows; NULL: none */
};

/* Identifies a service or object in a map: its address, which no other has. */
struct str target_key(const struct injection *injection, const void *thing);

/* Finds the workload by the decisions that the README lists, and reports how. Reports an error and
 * returns NULL if there is none, or several. */
const struct object *target_workload(struct injection *injection, const struct service *service);

/* Finds the container in the same way. If all workloads are filled, one without such a container is
 * reported as left, which is no error. */
struct node *target_main_container(const struct target *target);

/* False, after reporting it, when the workload is another service's already. */
bool claim_workload(struct injection *injection, const struct service *service,
                    const struct object *workload);

/* The field of a pod's spec that makes it run on Windows: `os.name`, `nodeSelector`, `nodeAffinity`
 * or, if none of these names an operating system, `windowsOptions`. NULL: it runs elsewhere, or
 * may.
 */
const char *target_windows_field(const struct node *pod);

/* Finds the Services that lead to the workload, and what goes with them: `services` of the
 * injection and what follows there. */
void target_find_services(const struct target *target);

/* Reports an error and returns false if a Service is written that does not route to the workload.
 */
bool target_check_service(const struct target *target);

/* The Service of public_uri, and its port. Reports how it was chosen, or an error and returns NULL.
 */
const struct object *target_public_service(const struct target *target,
                                           const struct node **ret_port);

/* The first Service that routes traffic to the container, which metrics are not; NULL: none. */
const struct object *target_service_of(const struct target *target, const struct node *container);

/* The first Service that routes to a port of the container for metrics or health checks, or NULL.
 */
const struct object *target_metrics_service_of(const struct target *target,
                                               const struct node *container);

/* The port at which a container is reached, as a Service calls it; of one that several reach, the
 * one for traffic. NULL if none or several do. A copy. */
struct node *target_service_port(const struct target *target, const struct node *container);

/* True for what a shell reads as it is written, and a command takes for no option. */
bool target_is_shell_word(struct str text);

/* True for a port of a container or Service that does not speak TCP. */
bool target_is_udp(const struct node *port);

/* The item of the container's ports with that name or number, or NULL; of two with one number, that
 * of TCP. */
const struct node *target_container_port(const struct node *container, struct str port);

/* The container's ports by name and number, for many such questions. */
struct map target_container_ports(struct arena *arena, const struct node *container);

/* Reports something wrong at a field of the service file, led by the workload's name. */
void target_error(const struct target *target, enum field_id field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Tells what was done to an object; NULL: to the container. `format`: the detail. */
void inject_log(const struct target *target, const struct object *object, enum change_kind kind,
                const char *what, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Reports that an object, or a container of it, was chosen, and why. On stderr only if it is a
 * guess. */
void inject_log_choice(struct injection *injection, const struct object *object,
                       const struct node *container, bool guess, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Returns what to write to choose an object: `--KEY NAME` if that flag is given, because it takes
 * precedence over the service file, else `helm: {KEY: NAME}`. */
struct str target_selector(const struct injection *injection, const char *flag, const char *key,
                           struct str name);

/* What cannot be done: an error at the field with a hint, or, when gaps are filled, left and told.
 */
void target_refuse(const struct target *target, enum field_id field, const char *what,
                   const char *reason, const char *hint);

/* An integer of the chart at a path from `map` of `object` (NULL: the container), or `otherwise`
 * where there is none. False, and reported at the field, for what is no integer: the API server
 * refuses it, but not if we replace what it stands in. */
bool target_int(const struct target *target, enum field_id field, const struct object *object,
                const struct node *map, const char *path, int64_t otherwise, int64_t *ret_number);

/* Sets what a path of keys, split at spaces, leads to from a map in an object's document, unless it
 * means that already, or, when gaps are filled, is there at all; and tells it. `object` NULL: the
 * container's. `what`: what the user knows it as; NULL: the path. Scalars are told with both
 * values, unless they may be secret. */
enum value_visibility { SHOW_VALUES, HIDE_VALUES };
void target_set(const struct target *target, const struct object *object, struct node *map,
                const char *path, struct node *value, const char *what,
                enum value_visibility value_visibility);

/* Removes a key that is there, and tells it with a reason. Filling gaps removes nothing. */
void target_remove(const struct target *target, const struct object *object, struct node *map,
                   const char *key, const char *what, const char *reason);

/* Puts a new object before the workload's document, with the namespace and labels of its chart. */
void target_add(const struct target *target, const char *api_version, const char *kind,
                struct str name, struct node *annotations, struct node *spec);

static inline bool target_has(const struct target *target, enum field_id field)
{
    return service_has(target->service, field);
}

/* What runs the pods, and is scaled: the Rollout that refers to the workload, or itself. */
static inline const struct object *target_controller(const struct target *target)
{
    const struct object *rollout = target->workload->rollout;
    return rollout ? rollout : target->workload;
}

static inline struct node *target_pod(const struct target *target)
{
    return target->workload->pod;
}

/* healthcheck*, liveness_*, readiness_*, startup_*, probe_*. */
void inject_probes(const struct target *target);

/* The handler that a chart's probe has: its key, and what kind it is; NULL and PROBE_NONE: none. */
const char *probe_handler_of(const struct node *probe, enum probe_kind *ret_kind);

/* The key of a handler in a probe; NULL for PROBE_NONE. */
const char *probe_handler_key(enum probe_kind kind);

/* The port of the service file for such a handler; NULL if none is written. The service counts as
 * one that reads it. */
const struct port *probe_written_port(const struct target *target, enum probe_kind kind);

/* The port that a new handler of the probe `key` asks: the written one; that of a probe of the
 * chart; the one that the Service routes to; the only one, or the one whose name fits the handler.
 * A port of the handler's own name takes precedence over those that speak another protocol, and
 * HTTP probes do not tell the port of gRPC. NULL if none or several are possible. */
struct node *probe_find_port(const struct target *target, const char *key, enum probe_kind kind);

/* The same, but if there is none, reports that at the field `at`. */
struct node *probe_choose_port(const struct target *target, const char *key, enum probe_kind kind,
                               enum field_id at);

/* resource_request, resource_limits. */
void inject_resources(const struct target *target);

/* min_containers, max_containers, autoscaling_*: autoscaler, replicas, disruption budget. Needs the
 * resources. */
bool inject_scale_is_requested(const struct target *target);
void inject_scale(const struct target *target);

/* Removes `replicas`, which an autoscaler sets, unless helm.replicas is `keep`. `field`: the one
 * that requests the autoscaler. */
void inject_remove_replicas(const struct target *target, enum field_id field);

/* helm.replicas without a field that scales. `scaler`: what scales the workload in the chart, or
 * NULL. */
bool inject_replicas_is_requested(const struct target *target);
void inject_replicas_alone(const struct target *target, const struct object *scaler);

void inject_set_replicas(const struct target *target, int64_t number);

/* Warns that helm.replicas, if it is written, has no effect. */
void inject_warn_replicas(const struct target *target, const char *reason);

/* Warns if more than one pod cannot run, or not side by side: they share a volume of one node, or
 * the strategy is Recreate. */
void inject_warn_shared(const struct target *target);

/* links, secrets, env_vars. */
void inject_variables(const struct target *target);

/* commands, args. */
void inject_commands(const struct target *target);

/* timeout, termination_grace_period, service_account_token, tolerations, pod_annotations,
 * pod_labels. */
void inject_pod(const struct target *target);

/* pod_security. What a pod as a whole has against it is told apart, once. */
void inject_security(const struct target *target);
void inject_security_log_pod(const struct target *target);

/* public_uri, sticky_session*, consistent_hash, ingress_extra_annotations, and what the port's
 * type asks of an Ingress. */
bool inject_ingress_is_requested(const struct target *target);
void inject_ingress(const struct target *target);

/* True if `hooks: false` or `jobs: false` leaves the workload out, which is reported as left. */
bool inject_is_excluded(const struct target *target);

/* Reports the settings of the service that a hook does not get as left. */
void inject_report_hook(const struct target *target);

/* Warns if a Job or bare Pod was changed by what was done since the first `done` deeds: the API
 * server refuses that in an upgrade. Hooks are created anew. */
void inject_warn_immutable(struct injection *injection, const struct object *object, size_t done);

/* Warns about `hooks` and `jobs` of a service that does not fill all workloads. */
void inject_check_exemptions(struct injection *injection, const struct service *service);

/* Gives the container a request that an autoscaler needs, if neither request nor limit is there. */
void inject_missing_request(const struct target *target, const char *resource);

#endif
