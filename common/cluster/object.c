#include "cluster/object.h"

struct str object_kind(const struct node *object)
{
    return node_string(node_get(object, "kind"));
}

struct str object_name(const struct node *object)
{
    return node_string(node_at(object, "metadata name"));
}

struct str object_namespace(const struct node *object)
{
    return node_string(node_at(object, "metadata namespace"));
}

struct str object_uid(const struct node *object)
{
    return node_string(node_at(object, "metadata uid"));
}

/* True if all owner labels of `a` have the same values in `b`. */
static bool owner_labels_within(const struct node *a, const struct node *b)
{
    const struct node *label = node_first_child(node_at(a, "metadata labels"));
    for (; label; label = label->next) {
        const struct node *other = node_first_child(node_at(b, "metadata labels"));
        while (other && !str_equal(other->key->text, label->key->text))
            other = other->next;
        if (str_starts_with(label->key->text, STR("opta.dev/")) && !node_equal(label, other))
            return false;
    }
    return true;
}

bool object_same_owner(const struct node *before, const struct node *now)
{
    struct str uid = object_uid(before);
    return (uid.len == 0 || str_equal(uid, object_uid(now))) && owner_labels_within(before, now) &&
           owner_labels_within(now, before) &&
           str_equal(object_annotation(before, ADOPTED_ANNOTATION),
                     object_annotation(now, ADOPTED_ANNOTATION));
}

struct str object_annotation(const struct node *object, const char *annotation)
{
    return node_string(node_at(node_at(object, "metadata annotations"), annotation));
}

struct str object_label(const struct node *object, const char *label)
{
    const struct node *labels = node_at(object, "metadata labels");
    return labels ? node_string(node_get(labels, label)) : (struct str){0};
}

/* Returns "apps" for apps/v1; empty for v1. */
static struct str group_of(const struct node *object)
{
    struct str version = node_string(node_get(object, "apiVersion"));
    size_t slash = str_find(version, 0, '/');
    return slash < version.len ? str_slice(version, 0, slash) : (struct str){0};
}

struct str object_title(struct arena *arena, const struct node *object)
{
    struct str group = group_of(object);
    return str_format(arena, "%.*s%s%.*s/%.*s", STR_ARG(str_lower(arena, object_kind(object))),
                      group.len ? "." : "", STR_ARG(group), STR_ARG(object_name(object)));
}

struct str object_key(struct arena *arena, const struct node *object)
{
    return str_format(arena, "%.*s %.*s", STR_ARG(object_namespace(object)),
                      STR_ARG(object_title(arena, object)));
}

struct map object_index(struct arena *arena, const struct node *list)
{
    struct map index = {0};
    for (; list; list = list->next)
        map_add(arena, &index, object_key(arena, list), list);
    return index;
}

bool object_same(const struct node *a, const struct node *b)
{
    return str_equal(object_kind(a), object_kind(b)) && str_equal(group_of(a), group_of(b)) &&
           str_equal(object_name(a), object_name(b));
}

struct node *object_reference(struct arena *arena, const struct node *object)
{
    struct node *reference = node_new(arena, NODE_MAP);
    node_set_string(arena, reference, "apiVersion", node_string(node_get(object, "apiVersion")));
    node_set_string(arena, reference, "kind", object_kind(object));
    struct node *metadata = node_set_map(arena, reference, "metadata");
    node_set_string(arena, metadata, "name", object_name(object));
    if (object_namespace(object).len)
        node_set_string(arena, metadata, "namespace", object_namespace(object));
    return reference;
}

int64_t object_number(const struct node *object, const char *path, int64_t fallback)
{
    struct str text = node_string(node_at(object, path));
    int64_t number = 0;
    bool negative = str_starts_with(text, STR("-"));
    for (size_t i = negative; i < text.len; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || number > (INT64_MAX - digit) / 10)
            return fallback;
        number = number * 10 + digit;
    }
    return text.len == negative ? fallback : negative ? -number : number;
}

const struct node *condition_find(const struct node *conditions, const char *type)
{
    const struct node *item = node_first_child(conditions);
    while (item && !str_eq_c(node_string(node_at(item, "type")), type))
        item = item->next;
    return item;
}

const struct node *object_condition(const struct node *object, const char *type)
{
    return condition_find(node_at(object, "status conditions"), type);
}

static const struct node *controller_of(const struct node *object)
{
    const struct node *owner = node_first_child(node_at(object, "metadata ownerReferences"));
    while (owner && !str_eq_c(node_string(node_get(owner, "controller")), "true"))
        owner = owner->next;
    return owner;
}

bool object_has_controller(const struct node *object)
{
    return controller_of(object) != NULL;
}

struct str object_controller(const struct node *object)
{
    return node_string(node_at(controller_of(object), "uid"));
}

const struct node *pod_service_container(const struct node *pod)
{
    const struct node *containers = node_at(pod, "spec containers");
    const struct node *found =
        node_find_named(containers, object_label(pod, "app.kubernetes.io/name"));
    if (!found)
        found = node_find_named(containers,
                                object_annotation(pod, "kubectl.kubernetes.io/default-container"));
    return found ? found : node_first_child(containers);
}

static const struct node *entries_of(const struct node *object)
{
    return node_first_child(node_at(object, "metadata managedFields"));
}

static bool is_apply_of(const struct node *entry, const char *manager)
{
    return str_eq_c(node_string(node_get(entry, "manager")), manager) &&
           str_eq_c(node_string(node_get(entry, "operation")), "Apply");
}

bool object_applied_by(const struct node *object, const char *manager)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next)
        if (is_apply_of(entry, manager))
            return true;
    return false;
}

struct str object_applied_at(const struct node *object, const char *manager)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next)
        if (is_apply_of(entry, manager))
            return node_string(node_get(entry, "time"));
    return (struct str){0};
}

struct str object_status_at(const struct node *object)
{
    struct str latest = {0};
    for (const struct node *entry = entries_of(object); entry; entry = entry->next) {
        struct str time = node_string(node_get(entry, "time"));
        if (str_eq_c(node_string(node_get(entry, "subresource")), "status") &&
            str_compare(time, latest) > 0)
            latest = time;
    }
    return latest;
}

static bool owns(const struct node *entry, const char *path)
{
    return node_at(node_get(entry, "fieldsV1"), path) != NULL;
}

struct str object_field_owner(const struct node *object, const char *path, const char *except)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next) {
        struct str manager = node_string(node_get(entry, "manager"));
        if (!str_eq_c(manager, except) && owns(entry, path))
            return manager;
    }
    return (struct str){0};
}

bool object_field_applied_by(const struct node *object, const char *path, const char *manager)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next)
        if (is_apply_of(entry, manager) && owns(entry, path))
            return true;
    return false;
}

const struct node *object_applied_fields(const struct node *object, const char *manager)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next)
        if (is_apply_of(entry, manager) && !node_get(entry, "subresource"))
            return node_get(entry, "fieldsV1");
    return NULL;
}

bool object_has_other_manager(const struct node *object, const char *except)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next)
        if (!str_eq_c(node_string(node_get(entry, "manager")), except) &&
            !str_eq_c(node_string(node_get(entry, "subresource")), "status"))
            return true;
    return false;
}

bool object_scaled(const struct node *object)
{
    for (const struct node *entry = entries_of(object); entry; entry = entry->next) {
        struct str manager = node_string(node_get(entry, "manager"));
        bool scale = str_eq_c(node_string(node_at(entry, "subresource")), "scale");
        if (owns(entry, "f:spec f:replicas") && !str_starts_with(manager, STR("kubectl")) &&
            (scale || str_eq_c(manager, "kube-controller-manager")))
            return true;
    }
    return false;
}

static size_t count_of(const struct node *node)
{
    size_t count = 0;
    for (const struct node *item = node->first; item; item = item->next)
        count++;
    return count;
}

bool node_equal(const struct node *a, const struct node *b)
{
    if (!a || !b || a->kind != b->kind)
        return a == b;
    if (a->kind == NODE_SCALAR)
        return str_equal(a->text, b->text);
    if (count_of(a) != count_of(b))
        return false;
    const struct node *beside = b->first;
    for (const struct node *item = a->first; item && beside; item = item->next) {
        const struct node *other = beside;
        /* The server writes keys in a fixed order, so this search is short. */
        if (a->kind == NODE_MAP && !str_equal(item->key->text, beside->key->text))
            for (other = b->first; other && !str_equal(item->key->text, other->key->text);)
                other = other->next;
        if (!node_equal(item, other))
            return false;
        beside = beside->next;
    }
    return true;
}

/* Annotations that controllers derive from other fields. */
static bool is_kept_by_controller(struct str annotation)
{
    return str_eq_c(annotation, "deployment.kubernetes.io/revision");
}

static bool annotations_within(const struct node *a, const struct node *b)
{
    for (const struct node *item = node_first_child(a); item; item = item->next) {
        const struct node *other = b ? node_first_child(b) : NULL;
        while (other && !str_equal(item->key->text, other->key->text))
            other = other->next;
        if (!is_kept_by_controller(item->key->text) && !node_equal(item, other))
            return false;
    }
    return true;
}

/* True if all fields of `a` other than metadata and status are equal in `b`. */
static bool parts_within(const struct node *a, const struct node *b)
{
    for (const struct node *item = a->first; item; item = item->next)
        if (!str_eq_c(item->key->text, "metadata") && !str_eq_c(item->key->text, "status")) {
            const struct node *other = b->first;
            while (other && !str_equal(item->key->text, other->key->text))
                other = other->next;
            if (!node_equal(item, other))
                return false;
        }
    return true;
}

bool object_equal(const struct node *a, const struct node *b)
{
    const struct node *a_notes = node_at(a, "metadata annotations");
    const struct node *b_notes = node_at(b, "metadata annotations");
    return parts_within(a, b) && parts_within(b, a) && annotations_within(a_notes, b_notes) &&
           annotations_within(b_notes, a_notes) &&
           node_equal(node_at(a, "metadata labels"), node_at(b, "metadata labels"));
}
