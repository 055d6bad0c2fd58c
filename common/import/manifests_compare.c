/* Compares the given objects of an app with those that its module renders. Each difference is a
 * note, unless another note is about the same place. */
#include "import/manifests_place.h"

/* Values */

static void compare(const struct place *place, const struct node *given,
                    const struct node *rendered);

/* True if all values in a map are those that Kubernetes uses anyway. */
static bool has_only_defaults(const struct place *place, const struct node *value)
{
    if (value->kind != NODE_MAP || place_is_default(place, value))
        return place_is_default(place, value);
    for (const struct node *child = value->first; child; child = child->next) {
        const struct place inner = place_inside(place, child->key->text);
        if (!has_only_defaults(&inner, child))
            return false;
    }
    return true;
}

/* Notes each item of a list whose items have names; any other value as a whole. */
static void note_items(const struct place *place, const struct node *value,
                       void (*note)(const struct place *place, const struct node *value))
{
    for (const struct node *item = value->kind == NODE_LIST ? value->first : NULL; item;
         item = item->next) {
        struct str name = place_item_name(place, item);
        const struct place inner = place_item(place, name);
        if (name.len == 0)
            break;
        note(&inner, item);
        if (!item->next)
            return;
    }
    note(place, value);
}

/* True for a group that the new pods have, or that their volumes do not need: otherwise, they have
 * the fsGroup too. */
static bool is_own_group(const struct place *place, const struct node *value)
{
    struct str user = given_user(place->app);
    if (str_eq_c(place->path, "pod.securityContext.fsGroup"))
        return user.len && str_equal(node_string(value), user);
    if (!str_eq_c(place->path, "pod.securityContext.supplementalGroups"))
        return str_eq_c(place->path, "pod.securityContext.fsGroupChangePolicy");
    const struct node *item = node_first_child(value);
    while (item && item->next && str_equal(node_string(item), user))
        item = item->next;
    return user.len && item && str_equal(node_string(item), user);
}

static void only_given(const struct place *place, const struct node *value)
{
    bool is_whole = place_is_advised(place) || place_is_probe(place);
    if (is_own_group(place, value))
        return;
    if (is_whole ? has_only_defaults(place, value) : place_is_default(place, value))
        return;
    if (value->kind == NODE_MAP && !is_whole) {
        for (const struct node *child = value->first; child; child = child->next) {
            const struct place inner = place_inside(place, child->key->text);
            only_given(&inner, child);
        }
        return;
    }
    note_items(place, value, place_note_lost);
}

/* True for an addition that needs no note: that of the ServiceAccount is one, and labels of other
 * objects than pods have no effect. */
static bool needs_no_note(const struct place *place)
{
    return str_eq_c(place->path, "pod.serviceAccountName") ||
           str_starts_with(place->path, STR("CronJob.spec.jobTemplate.metadata.labels"));
}

static void only_rendered(const struct place *place, const struct node *value)
{
    static const char *const whole[] = {"container.lifecycle", "container.resources.requests",
                                        "mount.volume"};
    bool is_whole = place_is_probe(place);
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        is_whole |= str_eq_c(place->path, whole[i]);
    if (place_is_default(place, value) || needs_no_note(place))
        return;
    if (value->kind == NODE_MAP && !is_whole) {
        for (const struct node *child = value->first; child; child = child->next) {
            const struct place inner = place_inside(place, child->key->text);
            only_rendered(&inner, child);
        }
        return;
    }
    note_items(place, value, place_note_added);
}

static void compare_maps(const struct place *place, const struct node *given,
                         const struct node *rendered)
{
    for (const struct node *value = given->first; value; value = value->next) {
        const struct place inner = place_inside(place, value->key->text);
        const struct node *other = given_key(place->app->given, rendered, value->key->text);
        if (other)
            compare(&inner, value, other);
        else
            only_given(&inner, value);
    }
    for (const struct node *value = rendered->first; value; value = value->next) {
        const struct place inner = place_inside(place, value->key->text);
        if (!given_key(place->app->given, given, value->key->text))
            only_rendered(&inner, value);
    }
}

static struct map index_items(const struct place *place, const struct node *list)
{
    struct map items = {0};
    for (const struct node *item = list->first; item; item = item->next) {
        struct str name = place_item_name(place, item);
        if (name.len)
            map_add(place->app->arena, &items, name, item);
    }
    return items;
}

static bool has_names(const struct place *place, const struct node *list)
{
    struct map names = {0};
    bool unique = str_eq_c(place->path, "ScaledObject.spec.triggers");
    for (const struct node *item = list->first; item; item = item->next) {
        struct str name = place_item_name(place, item);
        if (name.len == 0 || (map_add(place->app->arena, &names, name, item) && unique))
            return false;
    }
    return true;
}

/* An item of a list whose items have no names. */
struct list_item {
    const struct node *node;
    struct str text;         /* that identifies it */
    struct list_item *match; /* in the other list; NULL: none */
    struct list_item *self;  /* this struct; maps return const pointers */
};

struct item_list {
    struct list_item *items;
    size_t count;
};

static struct place place_at(const struct place *place, size_t position)
{
    return place_item(place, str_from_int(place->app->arena, (int64_t)position));
}

/* Appends the keys and scalars of a tree, regardless of their style. */
static void add_text(struct buf *out, const struct node *node)
{
    if (node->key)
        buf_add(out, node->key->text);
    buf_add_byte(out, '\0');
    if (node->kind == NODE_SCALAR)
        buf_add(out, node->text);
    buf_add_byte(out, '\0');
    for (const struct node *child = node_first_child(node); child; child = child->next)
        add_text(out, child);
    buf_add_byte(out, '\0');
}

static struct item_list items_of(const struct place *place, const struct node *node)
{
    struct item_list list = {0};
    for (const struct node *item = node->first; item; item = item->next)
        list.count++;
    list.items = ARENA_ARRAY(place->app->arena, list.count, struct list_item);
    struct list_item *item = list.items;
    for (const struct node *each = node->first; each; each = each->next, item++) {
        struct buf text = {0};
        add_text(&text, each);
        *item = (struct list_item){
            .node = each, .text = buf_take(place->app->arena, &text), .self = item};
    }
    return list;
}

static void match_items(const struct place *place, struct item_list *one, struct item_list *other)
{
    struct map known = {0};
    for (size_t i = 0; i < other->count; i++)
        map_add(place->app->arena, &known, other->items[i].text, &other->items[i]);
    for (size_t i = 0; i < one->count; i++) {
        const struct list_item *found = map_get(&known, one->items[i].text);
        if (!found || found->match)
            continue;
        one->items[i].match = found->self;
        found->self->match = &one->items[i];
    }
}

static size_t count_different(const struct item_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += !list->items[i].match;
    return count;
}

/* Matches the items that differ, which are as many in both lists, and compares them. */
static void compare_different(const struct place *place, struct item_list *one,
                              struct item_list *other)
{
    size_t next = 0;
    for (size_t i = 0; i < one->count; i++) {
        if (one->items[i].match)
            continue;
        while (other->items[next].match)
            next++;
        one->items[i].match = &other->items[next];
        other->items[next].match = &one->items[i];
        const struct place inner = place_at(place, i);
        compare(&inner, one->items[i].node, other->items[next].node);
    }
}

static bool is_in_order(const struct item_list *list)
{
    const struct list_item *last = NULL; /* in the other list */
    for (size_t i = 0; i < list->count; i++) {
        const struct list_item *match = list->items[i].match;
        if (match && last && match < last)
            return false;
        last = match ? match : last;
    }
    return true;
}

static void compare_items(const struct place *place, const struct node *given,
                          const struct node *rendered)
{
    struct item_list own = items_of(place, given);
    struct item_list others = items_of(place, rendered);
    match_items(place, &own, &others);
    if (count_different(&own) == count_different(&others))
        compare_different(place, &own, &others);
    if (str_eq_c(place->path, "container.envFrom") && !is_in_order(&own))
        place_note_order(place, given);
    for (size_t i = 0; i < own.count; i++) {
        const struct place inner = place_at(place, i);
        if (!own.items[i].match)
            place_note_lost(&inner, own.items[i].node);
    }
    for (size_t i = 0; i < others.count; i++) {
        const struct place inner = place_at(place, i);
        if (!others.items[i].match)
            place_note_added(&inner, others.items[i].node);
    }
}

static void compare_lists(const struct place *place, const struct node *given,
                          const struct node *rendered)
{
    if (!has_names(place, given) || !has_names(place, rendered)) {
        if (given->first->kind == NODE_MAP)
            compare_items(place, given, rendered);
        else if (!given_equal(place->app->given, given, rendered))
            place_note_changed(place, given, rendered);
        return;
    }
    const struct map known = index_items(place, rendered);
    const struct map own = index_items(place, given);
    for (const struct node *item = given->first; item; item = item->next) {
        struct str name = place_item_name(place, item);
        const struct place inner = place_item(place, name);
        const struct node *other = map_get(&known, name);
        if (!other || map_get(&own, name) != item)
            place_note_lost(&inner, item);
        else
            compare(&inner, item, other);
    }
    for (const struct node *item = rendered->first; item; item = item->next) {
        struct str name = place_item_name(place, item);
        const struct place inner = place_item(place, name);
        if (!map_get(&own, name))
            place_note_added(&inner, item);
    }
}

static void compare(const struct place *place, const struct node *given,
                    const struct node *rendered)
{
    const char *standard = place_default(place);
    if (standard && str_eq_c(STR("*"), standard))
        return;
    bool same_kind = given->kind == rendered->kind;
    if (given->kind != NODE_SCALAR && !given->first)
        only_rendered(place, rendered);
    else if (same_kind && given->kind == NODE_MAP)
        compare_maps(place, given, rendered);
    else if (same_kind && given->kind == NODE_LIST)
        compare_lists(place, given, rendered);
    else if (!same_kind || !str_equal(given->text, rendered->text))
        place_note_changed(place, given, rendered);
}

/* Objects */

static bool is_own_annotation(struct str key)
{
    return given_is_server_annotation(key) || str_starts_with(key, STR("argocd.argoproj.io/"));
}

/* Labels and annotations of objects other than pods are lost, except those that every object has.
 * All of an object are one note. */
static void note_metadata(const struct place *place, const struct node *given,
                          const struct node *rendered, const char *key)
{
    const struct node *map = node_at(given, key);
    const struct node *other = rendered ? node_at(rendered, key) : NULL;
    bool labels = str_ends_with(str_from_c(key), STR("labels"));
    struct buf names = {0};
    for (const struct node *item = node_first_child(map); item && item->key; item = item->next) {
        struct str name = item->key->text;
        const struct node *same = other ? given_key(place->app->given, other, name) : NULL;
        if (labels ? given_is_own_label(name) : is_own_annotation(name))
            continue;
        if (!same || !str_equal(node_string(same), node_string(item)))
            buf_add_joined(&names, ", ", name);
    }
    struct str list = buf_take(place->app->arena, &names);
    if (list.len)
        given_lost(place->app, given_at(map), "%s of the %.*s are not carried over: %.*s",
                   labels ? "labels" : "annotations", STR_ARG(given_text(given, "kind")),
                   STR_ARG(list));
}

static bool is_template(const struct given_app *app, const struct node *object)
{
    return object == app->workload->node && !str_eq_c(app->workload->kind, "CronJob");
}

static void compare_pair(struct given_app *app, struct node *given, struct node *rendered)
{
    struct str kind = given_text(given, "kind");
    struct str name = given_text(rendered, "metadata name");
    struct str old = given_text(given, "metadata name");
    bool main = is_template(app, given);
    struct place place = {.app = app,
                          .path = main ? STR("workload") : kind,
                          .shown = main ? STR("") : STR_JOIN(app->arena, kind, STR(" "), name)};
    if (!str_equal(old, name) && !main)
        given_lost(app, node_at(given, "metadata name")->span, "%.*s %.*s becomes %.*s",
                   STR_ARG(kind), STR_ARG(old), STR_ARG(name));
    if (!str_equal(kind, given_text(rendered, "kind")))
        given_lost(app, node_at(given, "kind")->span, "the %.*s becomes a %.*s%s", STR_ARG(kind),
                   STR_ARG(given_text(rendered, "kind")),
                   str_eq_c(kind, "StatefulSet")
                       ? ", because it gets no persistent_storage: pods have no fixed names"
                       : "");
    note_metadata(&place, given, rendered, "metadata labels");
    note_metadata(&place, given, rendered, "metadata annotations");
    static const char *const handled[] = {"apiVersion", "kind", "metadata", "status"};
    for (size_t i = 0; i < COUNT_OF(handled); i++) {
        node_remove(given, handled[i]);
        node_remove(rendered, handled[i]);
    }
    place.shown = main ? STR("") : STR_JOIN(app->arena, kind, STR(" "), name, STR(":"));
    compare_maps(&place, given, rendered);
}

/* The rendered objects of an app. Those that were compared are NULL. */
struct rendered {
    struct node **items;
    size_t count;
};

static struct node *take(struct rendered *rendered, const char *kind, struct str name)
{
    for (size_t i = 0; i < rendered->count; i++) {
        struct node *item = rendered->items[i];
        if (!item || !str_eq_c(given_text(item, "kind"), kind) ||
            (name.len && !str_equal(given_text(item, "metadata name"), name)))
            continue;
        rendered->items[i] = NULL;
        return item;
    }
    return NULL;
}

/* Returns the rendered object that a given one becomes, and removes it from the others. */
static struct node *take_counterpart(struct given_app *app, const struct given_object *object,
                                     struct rendered *rendered)
{
    static const char *const single[] = {"HorizontalPodAutoscaler", "PodDisruptionBudget",
                                         "ScaledObject", "ServiceAccount", "NetworkPolicy"};
    const char *kind = str_to_c(app->arena, object->kind);
    for (size_t i = 0; i < COUNT_OF(single); i++)
        if (str_eq_c(object->kind, single[i]))
            return take(rendered, kind, STR(""));
    if (object == app->workload && !str_eq_c(object->kind, "CronJob")) {
        struct node *found = take(rendered, "Deployment", STR(""));
        return found ? found : take(rendered, "StatefulSet", STR(""));
    }
    if (object == app->balancer)
        return take(rendered, kind, STR_JOIN(app->arena, app->name, STR("-tcp")));
    if (object == app->headless)
        return take(rendered, kind, STR_JOIN(app->arena, app->name, STR("-headless")));
    if (object == app->service)
        return take(rendered, kind, app->name);
    if (str_eq_c(object->kind, "CronJob")) {
        struct node *found = take(rendered, kind, object->name);
        return found
                   ? found
                   : take(rendered, kind, STR_JOIN(app->arena, app->name, STR("-"), object->name));
    }
    return str_eq_c(object->kind, "Job") ? take(rendered, kind, STR(""))
                                         : take(rendered, kind, object->name);
}

/* Returns the rendered ConfigMaps, which have the files of volumes. */
static struct map index_config_maps(struct given_app *app, struct node *const *objects,
                                    size_t count)
{
    struct map map = {0};
    for (size_t i = 0; i < count; i++) {
        if (!str_eq_c(given_text(objects[i], "kind"), "ConfigMap"))
            continue;
        struct given_object *object = ARENA_NEW(app->arena, struct given_object);
        *object = (struct given_object){.self = object, .node = objects[i]};
        map_add(app->arena, &map,
                STR_JOIN(app->arena, STR("ConfigMap/"), given_text(objects[i], "metadata name")),
                object);
    }
    return map;
}

/* A part of another note: the files of volumes are compared where they are mounted, and traffic is
 * compared as addresses. */
static bool is_compared_elsewhere(struct str kind)
{
    static const char *const kinds[] = {"ConfigMap", "Ingress",     "HTTPRoute",
                                        "GRPCRoute", "ListenerSet", "Certificate"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_eq_c(kind, kinds[i]))
            return true;
    return false;
}

static bool has_tls_secret(const struct node *ingress, struct str name)
{
    const struct node *item = node_first_child(node_at(ingress, "spec tls"));
    while (item && !str_equal(given_text(item, "secretName"), name))
        item = item->next;
    return item;
}

/* Notes the Secrets of certificates that cert-manager requests again, into another Secret. */
static void note_certificates(const struct given_app *app, const struct given_object *object,
                              const struct rendered *rendered)
{
    const struct node *tls = node_at(object->node, "spec tls");
    if (!import_get(app->import->file, FILE_CLUSTER_ISSUER))
        return;
    for (const struct node *item = node_first_child(tls); item; item = item->next) {
        const struct node *secret = node_at(item, "secretName");
        bool found = !secret;
        for (size_t i = 0; i < rendered->count && !found; i++)
            found = rendered->items[i] && has_tls_secret(rendered->items[i], node_string(secret));
        if (!found)
            given_lost(app, secret->span,
                       "cert-manager requests a new certificate into another Secret than %.*s: "
                       "delete that when the new one works",
                       STR_ARG(node_string(secret)));
    }
}

/* Notes what is not compared of an object for traffic: its name and labels. */
static void note_replaced(struct given_app *app, const struct given_object *object,
                          const struct rendered *rendered)
{
    const struct place place = {.app = app};
    bool found = str_eq_c(object->kind, "ConfigMap");
    for (size_t i = 0; i < rendered->count && !found; i++)
        found = rendered->items[i] &&
                str_equal(given_text(rendered->items[i], "kind"), object->kind) &&
                str_equal(given_text(rendered->items[i], "metadata name"), object->name);
    if (str_eq_c(object->kind, "Ingress"))
        note_certificates(app, object, rendered);
    if (!found)
        given_lost(app, object->at, "%.*s %.*s gets another name: delete it when the new one works",
                   STR_ARG(object->kind), STR_ARG(object->name));
    if (!str_eq_c(object->kind, "ConfigMap"))
        note_metadata(&place, object->node, NULL, "metadata labels");
}

static void note_added_object(struct given_app *app, const struct node *object)
{
    struct str kind = given_text(object, "kind");
    const struct str account = STR("ServiceAccount");
    if (!is_compared_elsewhere(kind))
        given_added(app, "added by the service file: a %.*s%s", STR_ARG(kind),
                    str_equal(kind, account) ? ", instead of default" : "");
}

void given_compare(struct given_app *app, struct node *const *objects, size_t count)
{
    const struct map config_maps = index_config_maps(app, objects, count);
    struct rendered rendered = {.items = ARENA_ARRAY(app->arena, count, struct node *),
                                .count = count};
    for (size_t i = 0; i < count; i++)
        rendered.items[i] = objects[i];
    for (struct given_object *object = app->given->objects; object; object = object->next) {
        if (object->app != app)
            continue;
        if (is_compared_elsewhere(object->kind)) {
            note_replaced(app, object, &rendered);
            continue;
        }
        struct node *other = take_counterpart(app, object, &rendered);
        if (!other && object == app->autoscaler && app->is_fixed) {
            import_note(app->import, NOTE_IGNORED, object->at, app->name,
                        "%.*s %.*s is not needed: its minimum and maximum are the same",
                        STR_ARG(object->kind), STR_ARG(object->name));
            continue;
        }
        if (!other) {
            given_lost(app, object->at, "%.*s %.*s is not carried over", STR_ARG(object->kind),
                       STR_ARG(object->name));
            continue;
        }
        given_normalize(app, &app->given->by_name, object->node, true);
        given_normalize(app, &config_maps, other, false);
        compare_pair(app, object->node, other);
    }
    for (size_t i = 0; i < count; i++)
        if (rendered.items[i])
            note_added_object(app, rendered.items[i]);
}
