/* What objects that the cluster holds say of themselves: as `kubectl get -o json
 * --show-managed-fields` prints them. */
#ifndef OPTASVC_OBJECT_H
#define OPTASVC_OBJECT_H

#include "base/map.h"
#include "yaml/node.h"

/* As kubectl names an object: "deployment.apps/web". */
struct str object_title(struct arena *arena, const struct node *object);

/* The key of an object in a map: "NAMESPACE KIND.GROUP/NAME". */
struct str object_key(struct arena *arena, const struct node *object);

/* A list of objects by these keys. */
struct map object_index(struct arena *arena, const struct node *list);

struct str object_kind(const struct node *object);
struct str object_name(const struct node *object);
struct str object_namespace(const struct node *object);
struct str object_uid(const struct node *object);

/* True if `now` is the object that was read as `before`, and has the same owner: our labels, and
 * whether it was adopted. A rendered object has no uid; then the owner alone counts. */
bool object_same_owner(const struct node *before, const struct node *now);
struct str object_label(const struct node *object, const char *label);
struct str object_annotation(const struct node *object, const char *annotation);

/* Both are of the same kind (whatever its version) and name. */
bool object_same(const struct node *a, const struct node *b);

/* No more of an object than what names it. */
struct node *object_reference(struct arena *arena, const struct node *object);

/* What stands at a path (node_at()) as a number; `fallback` where nothing stands. */
int64_t object_number(const struct node *object, const char *path, int64_t fallback);

/* The item of this type among an object's status.conditions, or NULL. */
const struct node *object_condition(const struct node *object, const char *type);

/* Belongs to another object, which makes and ends it. */
bool object_has_controller(const struct node *object);

/* The uid of that object; empty if there is none. */
struct str object_controller(const struct node *object);

/* Server-side apply by this manager made or changed it: an entry of its metadata.managedFields. */
bool object_applied_by(const struct node *object, const char *manager);

/* When that last changed it, by the server's clock: RFC 3339, so that later is greater by bytes.
 * Empty: never. */
struct str object_applied_at(const struct node *object, const char *manager);

/* When a controller last changed its status, by the same clock. Empty: never. */
struct str object_status_at(const struct node *object);

/* The first manager that owns a field, other than `except`; `path` as "f:spec f:replicas". Empty:
 * none. */
struct str object_field_owner(const struct node *object, const char *path, const char *except);

/* True when this manager's server-side apply owns the field. */
bool object_field_applied_by(const struct node *object, const char *path, const char *manager);

/* True when a controller, not a person with kubectl, has scaled it: through its scale subresource.
 */
bool object_scaled(const struct node *object);

/* True when two trees hold the same; the order of keys does not matter. NULL is equal to NULL. */
bool node_equal(const struct node *a, const struct node *b);

/* True when two objects mean the same, but for what the server and its controllers keep there:
 * status, versions, times. */
bool object_equal(const struct node *a, const struct node *b);

/* The names under which this program applies. */
#define MANAGER          "optasvc"
#define MANAGER_REPLICAS "optasvc-replicas" /* holds spec.replicas until the autoscaler does */
#define MANAGER_ADOPTED  "optasvc-adopted"  /* holds the annotation below */

/* "true" on objects that others created and --adopt took over. It has a manager of its own, so that
 * applying without it does not remove it. */
#define ADOPTED_ANNOTATION "opta.dev/adopted"

#endif
