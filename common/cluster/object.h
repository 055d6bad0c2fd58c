/* Accessors of Kubernetes objects, as `kubectl get -o json --show-managed-fields` prints them. */
#ifndef OPTASVC_OBJECT_H
#define OPTASVC_OBJECT_H

#include "base/map.h"
#include "yaml/node.h"

/* Returns the name of an object as kubectl prints it: "deployment.apps/web". */
struct str object_title(struct arena *arena, const struct node *object);

/* Returns the key of an object in a map: "NAMESPACE KIND.GROUP/NAME". */
struct str object_key(struct arena *arena, const struct node *object);

/* Indexes a list of objects by object_key(). */
struct map object_index(struct arena *arena, const struct node *list);

struct str object_kind(const struct node *object);
struct str object_name(const struct node *object);
struct str object_namespace(const struct node *object);
struct str object_uid(const struct node *object);

/* True if `now` has the uid that `before` had, and the same owner: our labels and the adopted
 * annotation. For a rendered object, which has no uid, only the owner is compared. */
bool object_same_owner(const struct node *before, const struct node *now);
struct str object_label(const struct node *object, const char *label);
struct str object_annotation(const struct node *object, const char *annotation);

/* True if two objects have the same group, kind and name. */
bool object_same(const struct node *a, const struct node *b);

/* Returns a copy of an object with only its apiVersion, kind, name and namespace. */
struct node *object_reference(struct arena *arena, const struct node *object);

/* Returns the integer at a path (node_at()); `fallback` if there is none. */
int64_t object_number(const struct node *object, const char *path, int64_t fallback);

/* Returns the condition of a type in a list of conditions; NULL if there is none. */
const struct node *condition_find(const struct node *conditions, const char *type);

/* Returns the status condition of a type; NULL if there is none. */
const struct node *object_condition(const struct node *object, const char *type);

/* True if an object has a controller: an owner that creates and deletes it. */
bool object_has_controller(const struct node *object);

/* Returns the uid of the controller; empty if there is none. */
struct str object_controller(const struct node *object);

/* Returns the container of the service in a pod: the one of its name, else the one that the
 * annotation kubectl.kubernetes.io/default-container names, else the first. Service meshes may
 * insert theirs before it. NULL if the pod has none. */
const struct node *pod_service_container(const struct node *pod);

/* True if this manager has applied the object server-side (metadata.managedFields). */
bool object_applied_by(const struct node *object, const char *manager);

/* Returns when this manager last changed the object by server-side apply, in RFC 3339 by the
 * server's clock; empty if never. Such times compare as strings. */
struct str object_applied_at(const struct node *object, const char *manager);

/* Returns when a controller last changed the status, in the same form; empty if never. */
struct str object_status_at(const struct node *object);

/* Returns the first manager other than `except` that owns a field; empty if there is none. `path`:
 * for example "f:spec f:replicas". */
struct str object_field_owner(const struct node *object, const char *path, const char *except);

/* True if the field is owned by this manager's server-side apply. */
bool object_field_applied_by(const struct node *object, const char *path, const char *manager);

/* Returns the fields that this manager owns by server-side apply, in the form of fieldsV1; NULL if
 * there are none. */
const struct node *object_applied_fields(const struct node *object, const char *manager);

/* True if a manager other than `except` owns fields outside of the status. */
bool object_has_other_manager(const struct node *object, const char *except);

/* True if a controller, not a user with kubectl, owns spec.replicas. */
bool object_scaled(const struct node *object);

/* True if two trees are equal, ignoring the order of keys. NULL is equal to NULL. */
bool node_equal(const struct node *a, const struct node *b);

/* True if two objects are equal, ignoring what the server and controllers maintain: status,
 * versions and times. */
bool object_equal(const struct node *a, const struct node *b);

/* Field managers of this program. */
#define MANAGER          "optasvc"
#define MANAGER_REPLICAS "optasvc-replicas" /* owns spec.replicas until the autoscaler does */
#define MANAGER_ADOPTED  "optasvc-adopted"  /* owns the annotation below */

/* "true" on objects that others created and --adopt adopted. It has a separate manager, so that
 * applying without it does not remove it. */
#define ADOPTED_ANNOTATION "opta.dev/adopted"

/* Of a workload: the hash of the Job of pre_deploy that succeeded before it was applied. */
#define PRE_DEPLOY_ANNOTATION "opta.dev/pre-deploy"

#endif
