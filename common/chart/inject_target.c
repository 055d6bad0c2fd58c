/* Changes workloads and records the changes, for all files inject_*.c. */
#include "chart/inject_target.h"

/* Changes */

void target_error(const struct target *target, enum field_id field, enum rule rule,
                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct arena *arena = target->injection->arena;
    struct str message = str_vformat(arena, format, arguments);
    va_end(arguments);
    if (target->injection->release
            .has_unreadable_document) { /* the missing object may be in the unreadable document */
        target->injection->diags->last_kept = false;
        return;
    }
    diag_error(target->injection->diags, record_location(target->service->record, field), rule,
               "%.*s: %.*s", STR_ARG(object_display_name(arena, target->workload)),
               STR_ARG(message));
}

static struct change_event *add_event(struct injection *injection, enum change_kind kind,
                                      const struct object *about)
{
    struct event_list *events = &injection->events;
    events->items =
        arena_grow(injection->arena, events->items, events->count, sizeof *events->items);
    events->items[events->count] = (struct change_event){.kind = kind, .object = about};
    return &events->items[events->count++];
}

/* True if the pod has several containers. */
static bool has_several_containers(const struct object *workload)
{
    const struct node *first = node_first_child(node_at(object_pod(workload), "containers"));
    return first && first->next;
}

void inject_log(const struct target *target, const struct object *object, enum change_kind kind,
                const char *what, const char *format, ...)
{
    struct injection *injection = target->injection;
    struct change_event *event = add_event(injection, kind, object ? object : target->workload);
    event->what = str_from_c(what);
    if (!object)
        event->container = node_string(node_at(target->container, "name"));
    event->shows_container = (target->fill && target->service->helm.all_containers) ||
                             (!object && has_several_containers(target->workload));
    va_list arguments;
    va_start(arguments, format);
    event->detail = str_vformat(injection->arena, format, arguments);
    va_end(arguments);
}

void inject_log_choice(struct injection *injection, const struct object *object,
                       const struct node *container, bool guess, const char *format, ...)
{
    struct change_event *event = add_event(injection, CHANGE_CHOSEN, object);
    event->container = node_string(node_at(container, "name"));
    event->shows_container = true;
    event->is_guess = guess;
    va_list arguments;
    va_start(arguments, format);
    event->detail = str_vformat(injection->arena, format, arguments);
    va_end(arguments);
}

struct location target_helm_location(const struct service *service, enum field_id field)
{
    const struct value *helm = record_value(service->record, SERVICE_HELM);
    return helm->count && record_has(helm->records[0], field)
               ? record_location(helm->records[0], field)
               : service->at;
}

struct str target_selection_syntax(const struct injection *injection, const char *flag,
                                   const char *key, struct str name)
{
    if (flag)
        return str_format(injection->arena, "--%s %.*s", key, STR_ARG(name));
    return str_format(injection->arena, "helm: {%s: %.*s}", key, STR_ARG(name));
}

bool target_is_shell_word(struct str text)
{
    return !str_starts_with(text, STR("-")) &&
           str_span_only(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./");
}

void target_refuse(const struct target *target, enum field_id field, enum rule rule,
                   const char *what, const char *reason, const char *hint)
{
    if (target->fill) {
        inject_log(target, NULL, CHANGE_SKIPPED, what, "%s", reason);
        return;
    }
    target_error(target, field, rule, "%s: %s", what, reason);
    diag_hint(target->injection->diags, "%s", hint);
}

/* Returns the path with dots instead of spaces: spec.replicas. */
static const char *dotted(struct arena *arena, const char *path)
{
    struct str words = str_from_c(path);
    char *dots = arena_alloc(arena, words.len + 1);
    for (size_t i = 0; i < words.len; i++)
        dots[i] = words.data[i] == ' ' ? '.' : words.data[i];
    return dots;
}

bool target_int(const struct target *target, enum field_id field, const struct object *object,
                const struct node *map, const char *path, int64_t default_value,
                int64_t *ret_number)
{
    struct arena *arena = target->injection->arena;
    const struct node *node = node_at(map, path);
    *ret_number = default_value;
    if (!node || node_to_int(node, ret_number))
        return true;
    const char *quote = node->style == STYLE_PLAIN ? "" : "\"";
    struct str value = node->kind != NODE_SCALAR
                           ? STR("a map or list")
                           : str_format(arena, "%s%.*s%s", quote, STR_ARG(node->text), quote);
    struct str what = str_format(arena, "%s", dotted(arena, path));
    if (object && object != target->workload)
        what = str_format(arena, "%.*s of %.*s", STR_ARG(what),
                          STR_ARG(object_display_name(arena, object)));
    target_refuse(
        target, field, RULE_INVALID_CHART, what.data,
        str_format(arena, "the chart sets %.*s, which is not an integer", STR_ARG(value)).data,
        "write an integer without quotes in the chart");
    return false;
}

/* Reports the setting as skipped and returns true if fill mode cannot edit the object's document.
 */
static bool is_uneditable(const struct target *target, const struct object *object,
                          const char *what)
{
    const struct object *changed = object ? object : target->workload;
    const char *reason = target->fill ? target->injection->edit_failures[changed->document] : NULL;
    if (reason)
        inject_log(target, object, CHANGE_SKIPPED, what, "%s", reason);
    return reason != NULL;
}

void target_set(const struct target *target, const struct object *object, struct node *map,
                const char *path, struct node *value, const char *what,
                enum value_visibility value_visibility)
{
    struct edit *edit = release_edit(object ? object : target->workload);
    const struct node *old = node_at(map, path);
    if (old && (target->fill || edit_same(target->injection->arena, old, value)))
        return;
    what = what ? what : dotted(target->injection->arena, path);
    if (is_uneditable(target, object, what))
        return;
    struct str words = str_from_c(path);
    for (size_t at = 0; map && at < words.len;) {
        size_t end = str_find(words, at, ' ');
        struct str word = str_slice(words, at, end);
        if (end == words.len)
            edit_set(edit, map, word, value);
        else
            map = edit_map(edit, map, str_to_c(target->injection->arena, word));
        at = end + 1;
    }
    bool scalars = old && old->kind == NODE_SCALAR && value->kind == NODE_SCALAR;
    if (scalars && value_visibility == SHOW_VALUES)
        inject_log(target, object, CHANGE_REPLACED, what, "chart: %.*s, service: %.*s",
                   STR_ARG(old->text), STR_ARG(value->text));
    else
        inject_log(target, object, old ? CHANGE_REPLACED : CHANGE_ADDED, what, "%s", "");
}

void target_remove(const struct target *target, const struct object *object, struct node *map,
                   const char *key, const char *what, const char *reason)
{
    if (target->fill || !node_at(map, key))
        return;
    edit_remove(release_edit(object ? object : target->workload), map, key);
    inject_log(target, object, CHANGE_REMOVED, what, "%s", reason);
}

/* New objects */

#define FILENAME_ANNOTATION "postrenderer.helm.sh/postrender-filename"

static bool is_chart_label(struct str key)
{
    return str_eq_c(key, "helm.sh/chart") || str_starts_with(key, STR("app.kubernetes.io/"));
}

/* Copies the labels that identify the chart and release of an object. */
static void copy_labels(struct arena *arena, struct node *metadata, const struct object *from)
{
    const struct node *labels = node_at(object_node(from), "metadata labels");
    struct node *copy = node_new(arena, NODE_MAP);
    const struct node *effective =
        labels && labels->kind == NODE_MAP ? node_effective(arena, labels) : NULL;
    for (const struct node *label = node_first_child(effective); label; label = label->next)
        if (is_chart_label(label->key->text))
            node_put(copy, node_scalar(arena, STYLE_TEXT, label->key->text),
                     node_copy(arena, label));
    if (copy->first)
        node_set(arena, metadata, "labels", copy);
}

static void keep_texts(struct arena *arena, struct node *node)
{
    node->text = str_copy(arena, node->text);
    for (struct node *child = node_first_child(node); child; child = child->next) {
        if (child->key)
            child->key->text = str_copy(arena, child->key->text);
        keep_texts(arena, child);
    }
}

/* Returns the tree of an added object, which is written after the trees of its workload are freed.
 */
static const struct node *keep(const struct injection *injection, const struct node *object)
{
    if (injection->arena == injection->run_arena)
        return object;
    struct node *kept = node_copy(injection->run_arena, object);
    keep_texts(injection->run_arena, kept);
    return kept;
}

void target_add_parts(const struct target *target, const struct object *beside,
                      const char *api_version, const char *kind, struct str name,
                      struct node *annotations, struct node *parts)
{
    struct arena *arena = target->injection->arena;
    struct node *object = node_new(arena, NODE_MAP);
    node_set_string(arena, object, "apiVersion", str_from_c(api_version));
    node_set_string(arena, object, "kind", str_from_c(kind));
    struct node *metadata = node_set_map(arena, object, "metadata");
    node_set_string(arena, metadata, "name", name);
    if (beside->namespace.len)
        node_set_string(arena, metadata, "namespace", beside->namespace);
    copy_labels(arena, metadata, beside);
    const struct node *file =
        node_at(object_node(beside), "metadata annotations " FILENAME_ANNOTATION);
    if (file) {
        struct node *own = annotations;
        annotations = node_new(arena, NODE_MAP);
        node_set_string(arena, annotations, FILENAME_ANNOTATION, node_string(file));
        for (struct node *each = own ? own->first : NULL, *next; each; each = next) {
            next = each->next;
            each->next = NULL;
            node_put(annotations, each->key, each);
        }
    }
    if (annotations && annotations->first)
        node_set(arena, metadata, "annotations", annotations);
    for (struct node *part = parts->first, *next; part; part = next) {
        next = part->next;
        part->next = NULL;
        node_put(object, part->key, part);
    }
    release_add(&target->injection->release, beside, keep(target->injection, object));
    struct object *added = ARENA_NEW(target->injection->run_arena, struct object);
    added->kind = str_from_c(kind);
    added->name = str_copy(target->injection->run_arena, name);
    added->namespace = beside->namespace;
    inject_log(target, added, CHANGE_ADDED, "", "%s", "");
}

void target_add_beside(const struct target *target, const struct object *beside,
                       const char *api_version, const char *kind, struct str name,
                       struct node *annotations, struct node *spec)
{
    struct arena *arena = target->injection->arena;
    struct node *parts = node_new(arena, NODE_MAP);
    node_set(arena, parts, "spec", spec);
    target_add_parts(target, beside, api_version, kind, name, annotations, parts);
}

void target_add(const struct target *target, const char *api_version, const char *kind,
                struct str name, struct node *annotations, struct node *spec)
{
    target_add_beside(target, target->workload, api_version, kind, name, annotations, spec);
}
