/* Generates the Kubernetes objects of a service: one file, manifest_KIND.c, for each kind. */
#ifndef OPTASVC_MANIFEST_H
#define OPTASVC_MANIFEST_H

#include "format/quantity.h"
#include "service/service.h"

/* Objects in the order of the output. Grows in the arena. */
struct manifests {
    struct arena *arena;
    struct node **items;
    size_t count;
};

void manifests_add(struct manifests *manifests, struct node *object);

/* Adds all objects of a service except its Namespace. */
void manifests_add_service(struct manifests *manifests, const struct service *service);

/* Each adds the objects of one kind if the service needs any. */
void manifest_namespace(struct manifests *manifests, const struct layer *layer);
void manifest_service_account(struct manifests *manifests, const struct service *service);
void manifest_external_secret(struct manifests *manifests, const struct service *service);
void manifest_repository(struct manifests *manifests, const struct service *service);
void manifest_role(struct manifests *manifests, const struct service *service);
void manifest_pod_identity(struct manifests *manifests, const struct service *service);
void manifest_service(struct manifests *manifests, const struct service *service);
void manifest_network_policy(struct manifests *manifests, const struct service *service);
void manifest_files(struct manifests *manifests, const struct service *service);
void manifest_pre_deploy(struct manifests *manifests, const struct service *service);
void manifest_workload(struct manifests *manifests, const struct service *service);
void manifest_autoscaler(struct manifests *manifests, const struct service *service);
void manifest_disruption_budget(struct manifests *manifests, const struct service *service);
void manifest_traffic(struct manifests *manifests, const struct service *service);
void manifest_cron_jobs(struct manifests *manifests, const struct service *service);

/* Shared by several kinds: manifest_object.c. */

/* Adds and returns a new object with apiVersion and kind. */
struct node *manifest_new(struct manifests *manifests, const char *api_version, const char *kind);

/* Adds and returns a new object with apiVersion, kind and metadata: name, namespace and labels. */
struct node *manifest_object(struct manifests *manifests, const struct service *service,
                             const char *api_version, const char *kind, struct str name);

/* Sets the key to a map with all labels, and returns that map. */
struct node *manifest_labels(struct manifests *manifests, const struct service *service,
                             struct node *map, const char *key);

/* Adds the labels of a layer. */
void manifest_layer_labels(struct arena *arena, struct node *labels, const struct layer *layer);

/* Sets the key to a map with the selector labels, which never change. */
void manifest_selector(struct manifests *manifests, const struct service *service, struct node *map,
                       const char *key);

/* Adds all items to a map; the value of an existing key is replaced in place. */
void manifest_put_items(struct arena *arena, struct node *map, const struct value *items);

/* Returns the name of the headless Service of a StatefulSet, which provides the pods' DNS names. */
struct str manifest_headless_name(struct arena *arena, const struct service *service);

/* Adds the pod labels besides manifest_labels(): those of the file, and of a cloud. */
void manifest_put_pod_labels(struct arena *arena, struct node *labels,
                             const struct service *service);

/* The order in which Argo CD applies objects, as values of an annotation. Only services with
 * pre_deploy need it: first what pods require, then the Job, then all others. */
#define MANIFEST_WAVE_REQUIRED "-2"
#define MANIFEST_WAVE_OF_JOB   "-1"

/* Adds that annotation to the metadata of an object. */
void manifest_put_wave(struct arena *arena, struct node *metadata, const char *wave);

/* Sets that annotation of an object that pods require, if its service has pre_deploy. */
void manifest_put_required(struct arena *arena, const struct service *service, struct node *object);

/* Pods of workloads and jobs: manifest_pod.c. */
/* Adds `spec` to a pod template of a job; `job` NULL: of the workload. */
void manifest_pod(struct manifests *manifests, const struct service *service, const struct job *job,
                  struct node *template);

/* Jobs of cron jobs and of pre_deploy: manifest_job.c. */
/* Adds the labels of a Job or its pods. They differ from those of the workload's pods, so that no
 * Service or autoscaler selects pods of jobs. */
void manifest_job_labels(struct manifests *manifests, const struct service *service,
                         struct node *metadata, struct str name, const char *component);

/* Adds timeout, retries and the time after which a finished Job is deleted. */
void manifest_job_limits(struct arena *arena, const struct job *job, struct node *spec);

/* Adds and returns the pod template. */
struct node *manifest_job_template(struct manifests *manifests, const struct service *service,
                                   const struct job *job, struct str name, const char *component,
                                   struct node *spec);

/* The label app.kubernetes.io/component of the Job of pre_deploy and its pods. */
#define MANIFEST_PRE_DEPLOY "pre-deploy"

/* Returns the label app.kubernetes.io/name of its pods. */
struct str manifest_pre_deploy_label(struct arena *arena, const struct service *service);

/* Returns the hash of the pod template, which is part of the Job's name. */
struct str manifest_pre_deploy_hash(const struct node *job);

/* Volumes of pods: manifest_volumes.c. */
enum pod_role { POD_SERVING, POD_JOB };

void manifest_put_mounts(struct arena *arena, const struct service *service, struct node *container,
                         enum pod_role role);
void manifest_put_volumes(struct arena *arena, const struct service *service, struct node *pod,
                          enum pod_role role);

/* Mounts what an init container or sidecar lists, as far as the pod has it. */
void manifest_put_other_mounts(struct arena *arena, const struct service *service,
                               const struct container *other, struct node *container,
                               enum pod_role role);

/* True if pods with that role have the init container or sidecar: an init container prepares the
 * start of the service, not a job. */
bool manifest_has_container(const struct container *other, enum pod_role role);

/* True if the pods have a volume that another user than root can only use with fsGroup. */
bool manifest_needs_group(const struct service *service, enum pod_role role);

/* Parts that are also injected into charts (inject.h). All return new nodes. */

/* How a workload, which may be that of a chart, is scaled. */
struct autoscaling {
    struct str api_version;
    struct str kind;
    struct str name;
    struct str cpu_container; /* ContainerResource metric of this container; empty: of the pod */
    struct str memory_container;
    int64_t min;
    int64_t max;
    int64_t cpu; /* % of the request; 0: no such metric */
    int64_t memory;
    int64_t up_delay; /* seconds; -1: Kubernetes' default */
    int64_t down_delay;
    const struct trigger *triggers; /* of KEDA, for scaled_object_spec() */
    size_t trigger_count;
};
void autoscaler_spec(struct arena *arena, struct node *object, const struct autoscaling *scaling);

/* Adds the spec of a ScaledObject, whose HorizontalPodAutoscaler KEDA creates. */
void scaled_object_spec(struct arena *arena, struct node *object,
                        const struct autoscaling *scaling);
#define MANIFEST_KEDA "keda.sh/v1alpha1"
struct node *autoscaler_metric(struct arena *arena, const char *resource, int64_t utilization,
                               struct str container);

/* Adds `spec` without its selector. */
struct node *disruption_budget_spec(struct arena *arena, struct node *object);

struct node *manifest_string_list(struct arena *arena, const struct value *strings);
struct node *manifest_variable(struct arena *arena, const struct variable *variable);

/* The resource of NVIDIA's device plugin, and the taint that keeps other pods from its nodes. */
#define MANIFEST_GPU "nvidia.com/gpu"
struct node *manifest_gpu_toleration(struct arena *arena);

/* Labels that Kubernetes sets to the revision of a pod's template. */
#define MANIFEST_DEPLOYMENT_REVISION  "pod-template-hash"
#define MANIFEST_STATEFULSET_REVISION "controller-revision-hash"

/* Returns the topologySpreadConstraints for `spread` (bits of enum spread, not 0) of pods that a
 * label selector selects. */
struct node *manifest_spread(struct arena *arena, unsigned spread, const struct node *selector,
                             const char *revision_label);

/* The files of a service: manifest_files.c. The name of the ConfigMap begins with that of the
 * workload. */
struct str manifest_files_name(struct arena *arena, const struct service *service,
                               struct str workload);
void manifest_files_data(struct arena *arena, const struct service *service, struct node *object);
struct node *manifest_files_volume(struct arena *arena, const struct service *service,
                                   struct str name, struct str config_map);
struct node *manifest_file_mount(struct arena *arena, const struct file *file, struct str volume);

struct node *manifest_volume(struct arena *arena, const struct volume *volume, struct str name);
struct node *manifest_mount(struct arena *arena, struct str name, struct str path, bool read_only);

/* Returns an item of a container's envFrom. */
struct node *manifest_source(struct arena *arena, const struct variable_source *source);
struct node *manifest_toleration(struct arena *arena, const struct toleration *toleration);

/* Returns a probe. `port` is its target; NULL if it runs a command. */
struct node *manifest_probe(struct arena *arena, const struct service *service,
                            const struct probe *probe, struct node *port);

/* Returns an item of a probe's `httpHeaders`. */
struct node *manifest_header(struct arena *arena, const struct item *header);

/* Adds only the handler of a probe to `map`. */
void manifest_handler(struct arena *arena, struct node *map, const struct probe *probe,
                      struct node *port);

#endif
