/* From a service to the objects of Kubernetes. One file, manifest_KIND.c, for each kind. */
#ifndef OPTASVC_MANIFEST_H
#define OPTASVC_MANIFEST_H

#include "format/quantity.h"
#include "service/service.h"

/* Objects in the order they are emitted. Grows in the arena. */
struct manifests {
    struct arena *arena;
    struct node **items;
    size_t count;
};

void manifests_add(struct manifests *manifests, struct node *object);

/* All objects of a service but its namespace: adds nothing for kinds that it does not need. */
void manifests_add_service(struct manifests *manifests, const struct service *service);

/* Each adds the objects of one kind, if the service needs any. */
void manifest_namespace(struct manifests *manifests, const struct layer *layer);
void manifest_service_account(struct manifests *manifests, const struct service *service);
void manifest_external_secret(struct manifests *manifests, const struct service *service);
void manifest_repository(struct manifests *manifests, const struct service *service);
void manifest_role(struct manifests *manifests, const struct service *service);
void manifest_pod_identity(struct manifests *manifests, const struct service *service);
void manifest_service(struct manifests *manifests, const struct service *service);
void manifest_workload(struct manifests *manifests, const struct service *service);
void manifest_autoscaler(struct manifests *manifests, const struct service *service);
void manifest_disruption_budget(struct manifests *manifests, const struct service *service);
void manifest_traffic(struct manifests *manifests, const struct service *service);
void manifest_cron_jobs(struct manifests *manifests, const struct service *service);

/* What several kinds share: manifest_object.c. */

/* A new object with apiVersion and kind. */
struct node *manifest_new(struct manifests *manifests, const char *api_version, const char *kind);

/* A new object with apiVersion, kind and metadata: name, namespace and labels. */
struct node *manifest_object(struct manifests *manifests, const struct service *service,
                             const char *api_version, const char *kind, struct str name);

/* Adds the key with all labels, the labels of a layer alone, or the key with those that never
 * change, by which pods are selected. */
struct node *manifest_labels(struct manifests *manifests, const struct service *service,
                             struct node *map, const char *key);
void manifest_layer_labels(struct arena *arena, struct node *labels, const struct layer *layer);
void manifest_selector(struct manifests *manifests, const struct service *service, struct node *map,
                       const char *key);

/* Adds each name and text to a map; one that is there already is replaced in its place. */
void manifest_put_items(struct arena *arena, struct node *map, const struct value *items);

/* The Service that a StatefulSet's pods have their names from. */
struct str manifest_headless_name(struct arena *arena, const struct service *service);

/* Adds the labels that pods have besides manifest_labels(): those of the file, and a cloud's. */
void manifest_put_pod_labels(struct arena *arena, struct node *labels,
                             const struct service *service);

/* What a workload's pods and a cron job's have alike: manifest_pod.c. */
enum pod_role { POD_SERVING, POD_JOB };

/* Adds the pod's `spec` to a template. `commands` and `args` are the container's. */
void manifest_pod(struct manifests *manifests, const struct service *service, struct node *template,
                  enum pod_role role, const struct value *commands, const struct value *args);

/* Parts that are put into charts of others as well (inject.h). All are made nodes. */

/* What a workload that need not be ours is scaled by. */
struct autoscaling {
    struct str api_version;
    struct str kind;
    struct str name;
    struct str cpu_container; /* whose use of it counts; empty: that of the pod as a whole */
    struct str memory_container;
    int64_t min;
    int64_t max;
    int64_t cpu; /* % of the request; 0: no such metric */
    int64_t memory;
};
void autoscaler_spec(struct arena *arena, struct node *object, const struct autoscaling *scaling);
struct node *autoscaler_metric(struct arena *arena, const char *resource, int64_t utilization,
                               struct str container);

/* Adds `spec` but for its selector. */
struct node *disruption_budget_spec(struct arena *arena, struct node *object);

/* The user and group of `pod_security: restricted`: above 10000, so no user of a node's own. */
enum { MANIFEST_RESTRICTED_ID = 10001 };

struct node *manifest_string_list(struct arena *arena, const struct value *words);
struct node *manifest_variable(struct arena *arena, const struct variable *variable);

/* The item of a container's envFrom for `secrets: all`. */
struct node *manifest_all_secrets(struct arena *arena, const struct service *service);
struct node *manifest_toleration(struct arena *arena, const struct toleration *toleration);

/* A probe, or its handler alone, which is added to `map`. `port` is where it asks; NULL where it
 * runs a command. */
struct node *manifest_probe(struct arena *arena, const struct service *service,
                            const struct probe *probe, struct node *port);
void manifest_handler(struct arena *arena, struct node *map, const struct probe *probe,
                      struct node *port);

#endif
