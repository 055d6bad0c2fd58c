/* Shared by the files inject*.c, each of which injects a group of fields. */
#ifndef OPTASVC_INJECT_TARGET_H
#define OPTASVC_INJECT_TARGET_H

#include "chart/release.h"
#include "manifest/manifest.h"

enum change_kind {
    CHANGE_ADDED,
    CHANGE_REPLACED,
    CHANGE_REMOVED,
    CHANGE_KEPT,      /* fill mode kept a value of the chart that the service would change */
    CHANGE_SKIPPED,   /* fill mode could not apply a setting, or could not change an object */
    CHANGE_CHOSEN,    /* an object or container was selected; `detail`: why */
    CHANGE_CONVERTED, /* an Ingress was replaced by routes; `detail`: the objects */
    CHANGE_DIFFERS,   /* the routes do something differently */
    CHANGE_LOST,      /* the routes do not do it; a warning was reported */
    CHANGE_IGNORED,   /* a field that never has an effect in charts; in log and report only */
    CHANGE_KINDS
};

/* An entry of the log and the report. */
struct change_event {
    enum change_kind kind;
    bool shows_container; /* messages name the container */
    bool is_guess;        /* CHANGE_CHOSEN: one of several candidates, not named by the user */
    const struct object *object; /* NULL: `service` instead */
    const struct service *service;
    struct str container; /* empty: the object as a whole */
    struct str what;      /* the field; empty: the object */
    struct str detail;    /* the values, or the reason; may be empty */
};

struct event_list {
    struct change_event *items;
    size_t count;
};

struct injection {
    struct arena *arena;     /* for trees and what refers to them */
    struct arena *run_arena; /* for what is kept until the end; often the same */
    struct diags *diags;
    const struct inject_options *options;
    struct release release;
    const char **edit_failures; /* by document: why fill mode cannot edit it; NULL: it can */
    struct map owners;          /* the service that claimed each workload */
    struct map files;           /* NAMESPACE/NAME of the ConfigMaps that were added */
    struct map port_users;      /* the services whose `port` a probe uses */
    bool has_fill;              /* a service uses fill mode, after all overrides */
    /* The members from here to `route_count` are cached for a workload and the Service that the
     * user selected for it. */
    const struct object *cached_workload;
    struct str cached_service;
    const struct object **services; /* the Services that route to it */
    size_t service_count;
    struct map service_names;        /* these Services by name */
    struct map service_targets;      /* struct service_target by target port, TCP only */
    struct map pod_ports;            /* the workload's ports by name and number */
    const struct object **ingresses; /* the Ingresses that route to one of the Services */
    size_t ingress_count;
    const struct object **routes; /* the Gateway API routes that route to one of the Services */
    size_t route_count;
    struct map traefik_services; /* the ports of added TraefikServices, by "NAMESPACE/NAME" */
    const struct object *volumes_workload;    /* the workload for which `volumes` is cached */
    struct map volumes;                       /* its volumes by name */
    struct convert_request *convert_requests; /* inject_convert.c; NULL: none */
    struct map convert_owners;                /* the request of each Ingress */
    struct event_list events;
};

/* A service that is injected into a container of a workload. */
struct target {
    struct injection *injection;
    const struct service *service;
    const struct object *workload;
    struct edit *edit;
    struct node *container;
    bool fill;           /* add only settings that the chart does not have */
    bool all_workloads;  /* all workloads of the chart are filled */
    const char *windows; /* the field that makes its pods run on Windows, or NULL */
};

/* Selects the workload by the rules in docs/charts.md, and reports why. Reports an error and
 * returns NULL if none or several match. */
const struct object *target_select_workload(struct injection *injection,
                                            const struct service *service);

/* Selects the container in the same way. If all workloads are filled, a workload without such a
 * container is reported as skipped instead of as an error. */
struct node *target_select_container(const struct target *target);

/* Reports an error and returns false if another service has already claimed the workload. */
bool target_claim_workload(struct injection *injection, const struct service *service,
                           const struct object *workload);

/* Returns the field of a pod's spec that makes it run on Windows: `os.name`, `nodeSelector`,
 * `nodeAffinity` or, if none of these names an operating system, `windowsOptions`. NULL if the pod
 * may run on another system. */
const char *target_windows_field(const struct node *pod);

/* Finds the Services that route to the workload: sets `services` of the injection and the members
 * that depend on it. */
void target_find_services(const struct target *target);

/* Reports an error and returns false if the user selected a Service that does not route to the
 * workload. */
bool target_check_service(const struct target *target);

/* Returns the Service of public_uri, sets its port, and reports why it was selected. Reports an
 * error and returns NULL if none or several match. */
const struct object *target_select_public_service(const struct target *target,
                                                  const struct node **ret_port);

/* Returns the first Service that routes traffic, other than metrics, to the container; or NULL. */
const struct object *target_service_of(const struct target *target, const struct node *container);

/* Returns the first Service that routes to a port of the container for metrics or health checks, or
 * NULL. */
const struct object *target_metrics_service_of(const struct target *target,
                                               const struct node *container);

/* Returns a copy of the target port through which Services reach the container, preferring ports
 * for traffic. NULL if Services reach none or several. */
struct node *target_service_port(const struct target *target, const struct node *container);

/* True if a shell needs no quotes for the string, and no command reads it as an option. */
bool target_is_shell_word(struct str text);

/* True if the protocol of a container's or Service's port is TCP, the default. */
bool target_is_tcp_port(const struct node *port);

/* Returns the container port with that name or number, or NULL. TCP ports take precedence. */
const struct node *target_container_port(const struct node *container, struct str port);

/* Returns the container's ports by name and number. */
struct map target_container_ports(struct arena *arena, const struct node *container);

/* Reports an error at a field of the service file, prefixed with the workload's name. */
void target_error(const struct target *target, enum field_id field, enum rule rule,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Records a change of an object, or of the container if `object` is NULL. `format`: the detail. */
void inject_log(const struct target *target, const struct object *object, enum change_kind kind,
                const char *what, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Records why an object, or a container of it, was selected. Shown on stderr only if it is a guess.
 */
void inject_log_choice(struct injection *injection, const struct object *object,
                       const struct node *container, bool guess, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Returns the location of a field of `helm`; that of the service if the file does not set it. */
struct location target_helm_location(const struct service *service, enum field_id field);

/* Returns the syntax that selects an object, for hints: `--KEY NAME` if that flag is given, because
 * it takes precedence over the service file, else `helm: {KEY: NAME}`. */
struct str target_selection_syntax(const struct injection *injection, const char *flag,
                                   const char *key, struct str name);

/* Reports a setting that cannot be applied: as skipped in fill mode, else as an error at the field
 * with a hint. */
void target_refuse(const struct target *target, enum field_id field, enum rule rule,
                   const char *what, const char *reason, const char *hint);

/* Reads an integer of the chart at a path in `map`, which belongs to `object` (NULL: the
 * container). Sets `default_value` if it is missing. Reports and returns false if it is not an
 * integer: the API server would reject it, and replacing it would hide that error of the chart. */
bool target_int(const struct target *target, enum field_id field, const struct object *object,
                const struct node *map, const char *path, int64_t default_value,
                int64_t *ret_number);

/* Whether messages show the old and new value of a scalar. Values that may be secret are hidden. */
enum value_visibility { SHOW_VALUES, HIDE_VALUES };

/* Sets the value at a path, whose keys are separated by spaces, in a map of an object's document,
 * and records the change. Does nothing if the chart has the same value or, in fill mode, any value.
 * `object` NULL: the container. `what`: the name of the field in messages; NULL: the path. */
void target_set(const struct target *target, const struct object *object, struct node *map,
                const char *path, struct node *value, const char *what,
                enum value_visibility value_visibility);

/* Removes a key, if it exists, and records the change with a reason. Does nothing in fill mode. */
void target_remove(const struct target *target, const struct object *object, struct node *map,
                   const char *key, const char *what, const char *reason);

/* Adds an object before the workload's document, with the namespace and labels of the chart. */
void target_add(const struct target *target, const char *api_version, const char *kind,
                struct str name, struct node *annotations, struct node *spec);

/* Adds an object before the document of another one of the chart, with the namespace and labels of
 * that one. */
void target_add_beside(const struct target *target, const struct object *beside,
                       const char *api_version, const char *kind, struct str name,
                       struct node *annotations, struct node *spec);

/* The same for an object without a spec. `parts`: a map with its other top-level fields. */
void target_add_parts(const struct target *target, const struct object *beside,
                      const char *api_version, const char *kind, struct str name,
                      struct node *annotations, struct node *parts);

static inline bool target_has(const struct target *target, enum field_id field)
{
    return service_has(target->service, field);
}

/* Returns the object that runs the pods and is scaled: the Rollout that refers to the workload, or
 * the workload itself. */
static inline const struct object *target_controller(const struct target *target)
{
    const struct object *rollout = target->workload->rollout;
    return rollout ? rollout : target->workload;
}

static inline struct node *target_pod(const struct target *target)
{
    return object_pod(target->workload);
}

/* healthcheck*, liveness_*, readiness_*, startup_*, probe_*. */
void inject_probes(const struct target *target);

/* probe_headers, in all probes that request a path. Called after the probes are injected. */
void inject_probe_headers(const struct target *target);

/* Returns the key of the handler of a chart's probe, and its kind; NULL and PROBE_NONE if it has
 * none. */
const char *probe_handler_of(const struct node *probe, enum probe_kind *ret_kind);

/* Returns the key of a handler in a probe; NULL for PROBE_NONE. */
const char *probe_handler_key(enum probe_kind kind);

/* Returns the port that the service file sets for such a handler, or NULL. If there is one, records
 * that a probe uses the service's port. */
const struct port *probe_configured_port(const struct target *target, enum probe_kind kind);

/* Returns the port for a new handler of the probe `key`: the port of the service file; that of a
 * probe of the chart; the one that the Service routes to; the only port of the container, or the
 * one whose name matches the handler. A port named after the handler's protocol takes precedence
 * over ports of other protocols, and HTTP probes do not determine the port of gRPC. NULL if none or
 * several are possible. */
struct node *probe_find_port(const struct target *target, const char *key, enum probe_kind kind);

/* The same, but reports at the field `at` if there is no such port. */
struct node *probe_choose_port(const struct target *target, const char *key, enum probe_kind kind,
                               enum field_id at);

/* resource_request, resource_limits. */
void inject_resources(const struct target *target);

/* min_containers, max_containers, autoscaling_*: autoscaler, replicas, disruption budget. Called
 * after inject_resources(), because an autoscaler depends on the requests. */
bool inject_scale_is_requested(const struct target *target);
void inject_scale(const struct target *target);

/* Removes `replicas`, which the autoscaler sets, unless helm.replicas is `keep`. `field`: the field
 * that requests the autoscaler. */
void inject_remove_replicas(const struct target *target, enum field_id field);

/* helm.replicas of a service without min_containers, max_containers or autoscaling_*. `scaler`: the
 * chart's autoscaler of the workload, or NULL. */
bool inject_replicas_is_requested(const struct target *target);
void inject_replicas_only(const struct target *target, const struct object *scaler);

void inject_set_replicas(const struct target *target, int64_t number);

/* Warns that helm.replicas has no effect, if the service sets it. */
void inject_warn_replicas(const struct target *target, const char *reason);

/* Warns if several pods cannot run at the same time, because they share a volume that only one node
 * can mount, or restart together, because the strategy is Recreate. */
void inject_warn_several_pods(const struct target *target);

/* links, secrets, env_vars. */
void inject_variables(const struct target *target);

/* commands, args. */
void inject_commands(const struct target *target);

/* volumes, files. */
void inject_volumes(const struct target *target);

/* image_pull_policy. */
void inject_pull_policy(const struct target *target);

/* timeout, termination_grace_period, service_account_token, tolerations, image_pull_secrets,
 * pod_annotations, pod_labels. */
void inject_pod(const struct target *target);

/* node_selector, priority_class, spread. */
void inject_placement(const struct target *target);

/* pod_security, read_only_root, run_as_user. */
void inject_security(const struct target *target);

/* Reports settings of the container that violate the standard of pod_security, and that the service
 * does not change. `refused`: it could not be applied, which was reported. */
void violations_report(const struct target *target, bool refused);

/* Reports the same for the pod itself, and for those of its containers that the service does not
 * change. Called once for each pod, after its containers are changed. */
void violations_report_pod(const struct target *target);

/* public_uri, sticky_session*, consistent_hash, ingress_extra_annotations, and what the type of the
 * port requires from an Ingress. */
bool inject_ingress_is_requested(const struct target *target);
void inject_ingress(const struct target *target);

/* convert_ingress. inject_convert_request() is called for each service, after inject_ingress() has
 * set its annotations; then inject_convert() converts all Ingresses at once. */
bool inject_convert_is_requested(const struct target *target);
const char *inject_convert_name(const struct injection *injection); /* of the field or flag */
void inject_convert_request(const struct target *target);
void inject_convert(struct injection *injection);

/* Warns about objects of the chart that refer to one of these Ingresses, which are replaced by
 * routes. */
void dependents_warn_references(const struct target *target, const struct map *ingresses,
                                struct location at);

/* Warns if network policies of the chart admit to the workload other namespaces than that of the
 * Gateway's proxies, which replace the ingress controller. */
void dependents_warn_policies(const struct target *target, const struct gateway *gateway,
                              struct location at);

/* Reports the workload as skipped and returns true if `hooks: false` or `jobs: false` excludes it.
 */
bool inject_is_excluded(const struct target *target);

/* Reports the settings of the service that are not applied to hooks. */
void inject_report_hook(const struct target *target);

/* Warns if an event from index `first_event` on changed a Job or bare Pod: the API server rejects
 * that in an upgrade. Hooks are exempt, because Helm creates them again. */
void inject_warn_immutable(struct injection *injection, const struct object *object,
                           size_t first_event);

/* Warns that `jobs` has no effect on a service that does not fill all workloads. */
void inject_check_exclusions(struct injection *injection, const struct service *service);

/* Warns that `hooks: true` has no effect on a workload that is not a hook. */
void inject_check_hooks(const struct target *target);

/* Adds the request that an autoscaler needs, if the container has neither request nor limit. */
void inject_missing_request(const struct target *target, const char *resource);

#endif
