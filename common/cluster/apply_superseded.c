/* Concurrent applies: a later one changes objects whose rollout the earlier one still waits for, so
 * the earlier one must fail. The server's dry run shows what this apply sends; another apply has
 * the same manager. An object was changed by another apply if, of the fields of this manager,
 *
 *   - one that it owned before and still owns has another value;
 *   - it owns one that it did not own before;
 *   - it no longer owns one, and the field is gone.
 *
 * A field that another manager took, as `kubectl scale` does, does not count. */
#include "cluster/apply.h"

#include "yaml/emit.h"
#include "yaml/parse_json.h"

#include <string.h>

/* Returns the keys that identify the items of a list, from the first field that has them:
 * `k:{"name":"web"}`. NULL if there is none. */
static const struct node *key_names(struct arena *arena, const struct node *fields)
{
    const struct node *field = node_first_child(fields);
    while (field && !str_starts_with(field->key->text, STR("k:")))
        field = field->next;
    if (!field)
        return NULL;
    return load_json(arena, str_skip(field->key->text, strlen("k:")));
}

/* Returns the key of an item in fieldsV1. */
static struct str item_key(struct arena *arena, const struct node *names, const struct node *item)
{
    struct buf text = {0};
    buf_add(&text, STR("k:{"));
    for (const struct node *name = node_first_child(names); name; name = name->next) {
        const struct node *value = node_get(item, str_to_c(arena, name->key->text));
        if (text.len > strlen("k:{"))
            buf_add_byte(&text, ',');
        emit_inline(&text, name->key, true);
        buf_add_byte(&text, ':');
        if (value)
            emit_inline(&text, value, true);
    }
    buf_add_byte(&text, '}');
    return buf_take(arena, &text);
}

/* Returns the children of a value by their keys in fieldsV1. */
static struct map index_value(struct arena *arena, const struct node *value,
                              const struct node *fields)
{
    struct map index = {0};
    if (!value)
        return index;
    const struct node *names = value->kind == NODE_LIST ? key_names(arena, fields) : NULL;
    for (const struct node *item = node_first_child(value); item; item = item->next) {
        if (value->kind == NODE_MAP)
            map_add(arena, &index, str_format(arena, "f:%.*s", STR_ARG(item->key->text)), item);
        else if (names)
            map_add(arena, &index, item_key(arena, names, item), item);
    }
    return index;
}

static struct map index_fields(struct arena *arena, const struct node *fields)
{
    struct map index = {0};
    for (const struct node *field = node_first_child(fields); field; field = field->next)
        map_add(arena, &index, field->key->text, field);
    return index;
}

static bool is_member(const struct node *field)
{
    return !str_eq_c(field->key->text, ".") && !str_starts_with(field->key->text, STR("v:"));
}

/* True if the manager's fields of `now` are those of `sent`, by the rules at the top. */
static bool same_fields(struct arena *arena, const struct node *sent_fields,
                        const struct node *sent, const struct node *now_fields,
                        const struct node *now)
{
    const struct node *field = node_first_child(sent_fields);
    const struct node *other = node_first_child(now_fields);
    if (!field && !other)
        return node_equal(sent, now);
    struct map sent_values = index_value(arena, sent, field ? sent_fields : now_fields);
    struct map now_values = index_value(arena, now, field ? sent_fields : now_fields);
    struct map before = index_fields(arena, sent_fields);
    struct map after = index_fields(arena, now_fields);
    for (; other; other = other->next)
        if (!map_get(&before, other->key->text))
            return false;
    for (; field; field = field->next) {
        const struct node *same = map_get(&after, field->key->text);
        const struct node *value = map_get(&now_values, field->key->text);
        if (!is_member(field))
            continue;
        if (same ? !same_fields(arena, field, map_get(&sent_values, field->key->text), same, value)
                 : !value)
            return false;
    }
    return true;
}

/* The dry run may have sent other replicas than the apply (apply_plan.c): sets them to those that
 * were applied. */
static void correct_replicas(struct arena *arena, struct node *sent, const struct node *workload)
{
    const struct node *number = node_at(workload, "spec replicas");
    struct node *spec = node_get(sent, "spec");
    const struct node *fields = object_applied_fields(sent, MANAGER);
    if (number)
        node_replace(spec, "replicas", node_copy(arena, number));
    else if (fields)
        node_remove(node_get(fields, "f:spec"), "f:replicas");
}

/* True if the dry run took over another autoscaler, which the apply does not (apply_plan.c): its
 * result says nothing about the object that is applied. */
static bool takes_over(const struct node *after)
{
    const struct kind *kind = kind_of(after);
    const struct node *annotations = node_at(after, "metadata annotations");
    return kind && kind->transfer && annotations && node_get(annotations, kind->transfer);
}

void apply_note_sent(struct apply *apply, struct node *after)
{
    struct arena *arena = &apply->cluster.arena;
    if (takes_over(after))
        return;
    const struct rollout *rollout = apply_rollout_of(apply, after);
    struct buf text = {0};
    if (rollout)
        correct_replicas(arena, after, rollout->workload);
    emit_inline(&text, after, true);
    struct str *sent = ARENA_NEW(arena, struct str);
    *sent = buf_take(arena, &text);
    map_add(arena, &apply->sent, object_key(arena, after), sent);
}

bool apply_is_superseded(struct apply *apply, struct arena *arena, const struct node *live)
{
    static const char replicas[] = "f:spec f:replicas";
    const struct str *text = map_get(&apply->sent, object_key(arena, live));
    const struct node *sent = text ? load_json(arena, *text) : NULL;
    const struct node *fields = object_applied_fields(sent, MANAGER);
    if (!fields)
        return false;
    /* Another apply has transferred the replicas to an autoscaler. */
    bool left = node_at(fields, replicas) &&
                !node_at(object_applied_fields(live, MANAGER), replicas) &&
                object_field_applied_by(live, replicas, MANAGER_REPLICAS);
    return left || !same_fields(arena, fields, sent, object_applied_fields(live, MANAGER), live);
}

static void supersede(struct apply *apply, struct rollout *rollout, const struct node *object,
                      const char *how)
{
    struct arena *arena = &apply->cluster.arena;
    rollout->superseded = true;
    rollout->state = ROLLOUT_FAILED;
    rollout->reason = str_format(arena, "superseded by another apply: %.*s %s",
                                 STR_ARG(object_title(arena, object)), how);
}

void apply_mark_superseded(struct apply *apply, struct rollout *rollout, const struct node *object)
{
    supersede(apply, rollout, object, "was changed");
}

/* True if the rollout of a service can be superseded. */
static bool is_checked(const struct rollout *rollout)
{
    return !rollout->apply_failed && !rollout->unknown && !rollout->superseded;
}

static bool is_rendered(const struct apply *apply, const struct kind *kind)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++)
        for (size_t j = 0; j < apply->cluster.services[i].count; j++)
            if (kind_of(apply->cluster.services[i].objects[j]) == kind)
                return true;
    return false;
}

static void compare(struct apply *apply, struct rollout *rollout, const struct node *object,
                    const struct node *live)
{
    struct arena arena = {0};
    if (!live)
        supersede(apply, rollout, object, "was deleted");
    else if (apply_is_superseded(apply, &arena, live))
        apply_mark_superseded(apply, rollout, object);
    arena_free(&arena);
}

/* Compares the rendered objects of a kind with live ones, by object_key(). Adds those that are not
 * among these to `missing`. */
static void compare_kind(struct apply *apply, const struct kind *kind, const struct map *live,
                         struct manifests *missing)
{
    struct arena *arena = &apply->cluster.arena;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct deployed_service *deployed = &apply->cluster.services[i];
        struct rollout *rollout = &apply->rollouts[i];
        for (size_t j = 0; j < deployed->count && is_checked(rollout); j++) {
            struct node *object = deployed->objects[j];
            if (kind_of(object) != kind)
                continue;
            const struct node *same = map_get(live, object_key(arena, object));
            if (same)
                compare(apply, rollout, object, same);
            else
                manifests_add(missing, object);
        }
    }
}

/* Lists a kind. What it has is freed before the next one is listed, because it may be much. */
static void compare_list(struct apply *apply, const struct kind *kind, struct manifests *missing)
{
    struct arena arena = {0};
    struct map live = {0};
    struct kubectl kubectl = apply->cluster.kubectl;
    kubectl.arena = &arena;
    struct process run = cluster_list_run(&apply->cluster, &kubectl, kind->resource);
    kubectl_poll(&kubectl, &run, 1);
    if (process_succeeded(&run))
        live = object_index(&arena, kubectl_items(kubectl_parse_output(&kubectl, &run)));
    process_free(&run);
    if (!process_interrupted())
        compare_kind(apply, kind, &live, missing);
    arena_free(&arena);
}

static void compare_lists(struct apply *apply, struct manifests *missing)
{
    for (size_t i = 0; i < kind_count && !process_interrupted(); i++)
        if (is_rendered(apply, &kind_table[i]))
            compare_list(apply, &kind_table[i], missing);
}

/* Adds all rendered objects. */
static void add_rendered(struct apply *apply, struct manifests *objects)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++)
        for (size_t j = 0; j < apply->cluster.services[i].count && is_checked(&apply->rollouts[i]);
             j++)
            manifests_add(objects, apply->cluster.services[i].objects[j]);
}

/* Gets objects by name: the lists did not return them. Reports an error and returns false if that
 * fails. */
static bool get_by_name(const struct kubectl *kubectl, const struct manifests *objects,
                        struct map *ret_live)
{
    struct process run = kubectl_get_by_name(kubectl, objects->items, objects->count);
    kubectl_run(kubectl, &run, 1);
    bool ok = process_succeeded(&run);
    if (ok && run.output.len)
        *ret_live =
            object_index(kubectl->arena, kubectl_items(kubectl_parse_output(kubectl, &run)));
    else if (!ok && kubectl_forbidden(&run))
        kubectl_warn(kubectl, &run);
    else if (!ok)
        kubectl_report(kubectl, &run);
    process_free(&run);
    return ok;
}

static void compare_missing(struct apply *apply, const struct manifests *missing,
                            const struct map *live)
{
    struct arena *arena = &apply->cluster.arena;
    struct map keys = {0};
    for (size_t i = 0; i < missing->count; i++)
        map_add(arena, &keys, object_key(arena, missing->items[i]), missing);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct deployed_service *deployed = &apply->cluster.services[i];
        for (size_t j = 0; j < deployed->count && is_checked(&apply->rollouts[i]); j++) {
            struct str key = object_key(arena, deployed->objects[j]);
            if (map_get(&keys, key))
                compare(apply, &apply->rollouts[i], deployed->objects[j], map_get(live, key));
        }
    }
}

void apply_check_superseded(struct apply *apply)
{
    struct arena arena = {0};
    struct kubectl kubectl = apply->cluster.kubectl;
    struct manifests missing = {.arena = &arena};
    struct map live = {0};
    kubectl.arena = &arena;
    if (apply->cluster.lists_all)
        compare_lists(apply, &missing);
    else
        add_rendered(apply, &missing);
    if (missing.count && !process_interrupted() && get_by_name(&kubectl, &missing, &live))
        compare_missing(apply, &missing, &live);
    arena_free(&arena);
}
