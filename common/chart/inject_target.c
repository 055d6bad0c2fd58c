/* Changes workloads and records the changes, for all files inject_*.c. */
#include "chart/inject_target.h"

struct str target_key(const struct injection *injection, const void *thing)
{
    const void **key = ARENA_NEW(injection->arena, const void *);
    *key = thing;
    return (struct str){(const char *)key, sizeof(void *)};
}

/* Changes */

void target_error(const struct target *target, enum field_id field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct arena *arena = target->injection->arena;
    struct str message = str_vformat(arena, format, arguments);
    va_end(arguments);
    if (target->injection->release
            .unreadable) { /* what is missing may be in the unreadable document */
        target->injection->diags->last_kept = false;
        return;
    }
    diag_error(target->injection->diags, record_location(target->service->record, field),
               "%.*s: %.*s", STR_ARG(object_text(arena, target->workload)), STR_ARG(message));
}

static struct deed *add_deed(struct injection *injection, enum deed_kind kind,
                             const struct object *about)
{
    struct arena *arena = injection->arena;
    injection->deeds =
        arena_grow(arena, injection->deeds, injection->deed_count, sizeof *injection->deeds);
    struct deed *deed = &injection->deeds[injection->deed_count++];
    *deed = (struct deed){.kind = kind,
                          .object = object_kind_name(arena, about),
                          .text = object_text(arena, about),
                          .namespace = about->namespace};
    return deed;
}

/* True if the pod has several containers. */
static bool has_several(const struct object *workload)
{
    const struct node *first = node_items(node_find(workload->pod, "containers"));
    return first && first->next;
}

void target_tell(const struct target *target, const struct object *object, enum deed_kind kind,
                 const char *what, const char *format, ...)
{
    struct injection *injection = target->injection;
    struct deed *deed = add_deed(injection, kind, object ? object : target->workload);
    deed->what = str_of(what);
    if (!object)
        deed->container = node_text(node_find(target->container, "name"));
    deed->several = (target->fill && target->service->helm.all_containers) ||
                    (!object && has_several(target->workload));
    va_list arguments;
    va_start(arguments, format);
    deed->detail = str_vformat(injection->arena, format, arguments);
    va_end(arguments);
}

void target_choice(struct injection *injection, const struct object *object,
                   const struct node *container, bool guess, const char *format, ...)
{
    struct deed *deed = add_deed(injection, DEED_CHOSEN, object);
    deed->container = node_text(node_find(container, "name"));
    deed->several = true;
    deed->guess = guess;
    va_list arguments;
    va_start(arguments, format);
    deed->detail = str_vformat(injection->arena, format, arguments);
    va_end(arguments);
}

struct str target_selector(const struct injection *injection, const char *flag, const char *key,
                           struct str name)
{
    if (flag)
        return str_format(injection->arena, "--%s %.*s", key, STR_ARG(name));
    return str_format(injection->arena, "helm: {%s: %.*s}", key, STR_ARG(name));
}

bool target_is_word(struct str text)
{
    return !str_starts(text, STR("-")) &&
           str_only(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-./");
}

void target_cannot(const struct target *target, enum field_id field, const char *what,
                   const char *reason, const char *hint)
{
    if (target->fill) {
        target_tell(target, NULL, DEED_SKIPPED, what, "%s", reason);
        return;
    }
    target_error(target, field, "%s: %s", what, reason);
    diag_hint(target->injection->diags, "%s", hint);
}

/* Returns a path with dots, as users write it: spec.replicas. */
static const char *dotted(struct arena *arena, const char *path)
{
    struct str words = str_of(path);
    char *dots = arena_alloc(arena, words.len + 1);
    for (size_t i = 0; i < words.len; i++)
        dots[i] = words.data[i] == ' ' ? '.' : words.data[i];
    return dots;
}

bool target_int(const struct target *target, enum field_id field, const struct object *object,
                const struct node *map, const char *path, int64_t otherwise, int64_t *ret_number)
{
    struct arena *arena = target->injection->arena;
    const struct node *node = node_find(map, path);
    *ret_number = otherwise;
    if (!node || node_to_int(node, ret_number))
        return true;
    const char *quote = node->style == STYLE_PLAIN ? "" : "\"";
    struct str value = node->kind != NODE_SCALAR
                           ? STR("a map or list")
                           : str_format(arena, "%s%.*s%s", quote, STR_ARG(node->text), quote);
    struct str what = str_format(arena, "%s", dotted(arena, path));
    if (object && object != target->workload)
        what =
            str_format(arena, "%.*s of %.*s", STR_ARG(what), STR_ARG(object_text(arena, object)));
    target_cannot(
        target, field, what.data,
        str_format(arena, "the chart sets %.*s, which is not an integer", STR_ARG(value)).data,
        "write an integer without quotes in the chart");
    return false;
}

/* Reports the setting as skipped and returns true if the object's document cannot be filled. */
static bool is_unfit(const struct target *target, const struct object *object, const char *what)
{
    const struct object *changed = object ? object : target->workload;
    const char *reason = target->fill ? target->injection->unfit[changed->document] : NULL;
    if (reason)
        target_tell(target, object, DEED_SKIPPED, what, "%s", reason);
    return reason != NULL;
}

void target_set(const struct target *target, const struct object *object, struct node *map,
                const char *path, struct node *value, const char *what, enum telling telling)
{
    struct edit *edit =
        release_edit(&target->injection->release, object ? object : target->workload);
    const struct node *old = node_find(map, path);
    if (old && (target->fill || edit_same(target->injection->arena, old, value)))
        return;
    what = what ? what : dotted(target->injection->arena, path);
    if (is_unfit(target, object, what))
        return;
    struct str words = str_of(path);
    for (size_t at = 0; map && at < words.len;) {
        size_t end = str_find(words, at, ' ');
        struct str word = str_slice(words, at, end);
        if (end == words.len)
            edit_set(edit, map, word, value);
        else
            map = edit_map(edit, map, str_c(target->injection->arena, word));
        at = end + 1;
    }
    bool scalars = old && old->kind == NODE_SCALAR && value->kind == NODE_SCALAR;
    if (scalars && telling == TELL_VALUES)
        target_tell(target, object, DEED_REPLACED, what, "chart: %.*s, service: %.*s",
                    STR_ARG(old->text), STR_ARG(value->text));
    else
        target_tell(target, object, old ? DEED_REPLACED : DEED_ADDED, what, "%s", "");
}

void target_remove(const struct target *target, const struct object *object, struct node *map,
                   const char *key, const char *what, const char *reason)
{
    if (target->fill || !node_find(map, key))
        return;
    edit_remove(release_edit(&target->injection->release, object ? object : target->workload), map,
                key);
    target_tell(target, object, DEED_REMOVED, what, "%s", reason);
}

/* New objects */

#define FILENAME_ANNOTATION "postrenderer.helm.sh/postrender-filename"

static bool is_chart_label(struct str key)
{
    return str_is(key, "helm.sh/chart") || str_starts(key, STR("app.kubernetes.io/"));
}

/* Copies the workload's labels that identify its chart and release. */
static void put_labels(struct arena *arena, struct node *metadata, const struct object *workload)
{
    const struct node *labels = node_find(workload->node, "metadata labels");
    struct node *copy = node_new(arena, NODE_MAP);
    const struct node *effective =
        labels && labels->kind == NODE_MAP ? node_effective(arena, labels) : NULL;
    for (const struct node *label = node_items(effective); label; label = label->next)
        if (is_chart_label(label->key->text))
            node_put(copy, node_scalar(arena, STYLE_TEXT, label->key->text),
                     node_copy(arena, label));
    if (copy->first)
        put_node(arena, metadata, "labels", copy);
}

void target_add(const struct target *target, const char *api_version, const char *kind,
                struct str name, struct node *annotations, struct node *spec)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target->workload;
    struct node *object = node_new(arena, NODE_MAP);
    put_text(arena, object, "apiVersion", str_of(api_version));
    put_text(arena, object, "kind", str_of(kind));
    struct node *metadata = put_map(arena, object, "metadata");
    put_text(arena, metadata, "name", name);
    if (workload->namespace.len)
        put_text(arena, metadata, "namespace", workload->namespace);
    put_labels(arena, metadata, workload);
    const struct node *file =
        node_find(workload->node, "metadata annotations " FILENAME_ANNOTATION);
    if (file) {
        struct node *own = annotations;
        annotations = node_new(arena, NODE_MAP);
        put_text(arena, annotations, FILENAME_ANNOTATION, node_text(file));
        for (struct node *each = own ? own->first : NULL, *next; each; each = next) {
            next = each->next;
            each->next = NULL;
            node_put(annotations, each->key, each);
        }
    }
    if (annotations && annotations->first)
        put_node(arena, metadata, "annotations", annotations);
    put_node(arena, object, "spec", spec);
    release_add(&target->injection->release, workload, object);
    struct object made = {.kind = str_of(kind), .name = name, .namespace = workload->namespace};
    target_tell(target, &made, DEED_ADDED, "", "%s", "");
}
