/* Places of values, and notes about them. */
#include "import/manifests_place.h"
#include "yaml/emit.h"

enum row_kind { ROW_DEFAULT, ROW_ADVICE };

static const struct field_row {
    enum row_kind kind;
    const char *path;
    const char *text;
} rows[] = {
#define DEFAULT(path, value) {ROW_DEFAULT, path, value},
#define ADVICE(path, text)   {ROW_ADVICE, path, text},
#include "import/manifests_fields.def"
};

static const char *find_row(const struct place *place, enum row_kind kind)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].kind == kind && str_eq_c(place->path, rows[i].path))
            return rows[i].text;
    return NULL;
}

const char *place_default(const struct place *place)
{
    return find_row(place, ROW_DEFAULT);
}

bool place_is_advised(const struct place *place)
{
    return find_row(place, ROW_ADVICE) != NULL;
}

/* Returns what to do about a field: the advice for it, or for the nearest map that it is in. */
static const char *find_advice(const struct place *place)
{
    struct place outer = *place;
    const char *advice = find_row(&outer, ROW_ADVICE);
    while (!advice && outer.path.len) {
        size_t dot = outer.path.len;
        while (dot > 0 && outer.path.data[dot - 1] != '.')
            dot--;
        outer.path = str_slice(outer.path, 0, dot ? dot - 1 : 0);
        advice = find_row(&outer, ROW_ADVICE);
    }
    return advice;
}

static struct str dotted(struct arena *arena, struct str path, struct str key)
{
    struct str separator = str_ends_with(path, STR(":")) ? STR(" ") : STR(".");
    return path.len ? STR_JOIN(arena, path, separator, key) : key;
}

bool place_is_probe(const struct place *place)
{
    struct str path = place->path;
    return str_eq_c(path, "container.livenessProbe") ||
           str_eq_c(path, "container.readinessProbe") || str_eq_c(path, "container.startupProbe");
}

/* Returns the object in a place that is not in the workload: "CronJob NAME:"; else an empty string.
 */
static struct str object_of(struct str shown)
{
    size_t colon = str_find(shown, 0, ':');
    return colon < shown.len ? str_slice(shown, 0, colon + 1) : STR("");
}

struct place place_inside(const struct place *place, struct str key)
{
    struct arena *arena = place->app->arena;
    struct place made = *place;
    bool in_probe = place_is_probe(place);
    made.path = dotted(arena, in_probe ? STR("probe") : place->path, key);
    made.shown = dotted(arena, place->shown, key);
    if (str_ends_with(made.path, STR(".template.spec"))) {
        made.path = STR("pod");
        made.shown = object_of(place->shown);
    } else if (str_ends_with(made.path, STR(".template.metadata"))) {
        made.path = STR("pod.metadata");
        made.shown = dotted(arena, object_of(place->shown), STR("pod metadata"));
    }
    return made;
}

/* Returns the name of a metric; the type of one that is not of this kind. */
static struct str metric_name(const struct node *item)
{
    static const char *const paths[] = {"resource name",        "containerResource name",
                                        "pods metric name",     "object metric name",
                                        "external metric name", "type"};
    struct str name = STR("");
    for (size_t i = 0; name.len == 0 && i < COUNT_OF(paths); i++)
        name = given_text(item, paths[i]);
    return name;
}

struct str place_item_name(const struct place *place, const struct node *item)
{
    static const struct {
        const char *path;
        const char *key;
    } lists[] = {{"pod.containers", "name"},
                 {"pod.initContainers", "name"},
                 {"pod.imagePullSecrets", "name"},
                 {"pod.tolerations", "key"},
                 {"pod.topologySpreadConstraints", "topologyKey"},
                 {"container.env", "name"},
                 {"container.ports", "containerPort"},
                 {"container.volumeMounts", "mountPath"},
                 {"probe.httpGet.httpHeaders", "name"},
                 {"ScaledObject.spec.triggers", "type"},
                 {"NetworkPolicy.spec.ports", "port"},
                 {"Service.spec.ports", "port"}};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        if (str_eq_c(place->path, lists[i].path) && item->kind == NODE_MAP)
            return given_text(item, lists[i].key);
    if (str_eq_c(place->path, "HorizontalPodAutoscaler.spec.metrics") && item->kind == NODE_MAP)
        return metric_name(item);
    return STR("");
}

struct place place_item(const struct place *place, struct str name)
{
    struct arena *arena = place->app->arena;
    struct place made = *place;
    bool main = str_eq_c(place->path, "pod.containers");
    made.shown = STR_JOIN(arena, place->shown, STR("["), name, STR("]"));
    if (str_eq_c(place->path, "container.volumeMounts"))
        made.path = STR("mount");
    if (main || str_eq_c(place->path, "pod.initContainers")) {
        made.path = STR("container");
        struct str object = object_of(place->shown);
        made.shown = main ? object
                          : STR_JOIN(arena, object, object.len ? STR(" ") : STR(""),
                                     STR("container "), name, STR(":"));
    }
    return made;
}

/* Notes */

/* True for a value that notes do not show, because it may be or contain a credential, or is long.
 */
static bool is_hidden(const struct place *place)
{
    static const char *const paths[] = {
        "pod.containers",    "pod.initContainers",     "container.env", "container.args",
        "container.command", "container.volumeMounts", "mount",         "mount.file"};
    static const char *const prefixes[] = {
        "container.env.", "probe.exec", "probe.httpGet.httpHeaders", "ScaledObject.spec.triggers"};
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (str_eq_c(place->path, paths[i]))
            return true;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (str_starts_with(place->path, str_from_c(prefixes[i])))
            return true;
    return false;
}

static struct str inline_text(struct arena *arena, const struct node *value)
{
    enum { WIDTH = 60 };
    struct buf text = {0};
    struct buf cut = {0};
    emit_inline(&text, value, value->kind != NODE_SCALAR);
    diag_add_truncated(&cut, buf_str(&text), WIDTH);
    buf_free(&text);
    return buf_take(arena, &cut);
}

/* Appends the scalars of a list, or those of its maps, as in DEFAULT(). The order of keys has no
 * meaning. */
static void add_values(struct buf *out, const struct node *value)
{
    static const char *const keys[] = {"type", "value", "periodSeconds"};
    for (const struct node *item = node_first_child(value); item; item = item->next) {
        if (item->kind == NODE_SCALAR)
            buf_add_joined(out, " ", item->text);
        for (size_t i = 0; item->kind != NODE_SCALAR && i < COUNT_OF(keys); i++)
            buf_add_joined(out, " ", given_text(item, keys[i]));
    }
}

bool place_is_default(const struct place *place, const struct node *value)
{
    const char *text = find_row(place, ROW_DEFAULT);
    if (value->kind != NODE_SCALAR && !value->first)
        return true;
    if (!text)
        return false;
    if (str_eq_c(STR("*"), text))
        return true;
    if (value->kind == NODE_SCALAR)
        return str_eq_c(value->text, text);
    struct buf values = {0};
    add_values(&values, value);
    bool same = str_eq_c(buf_str(&values), text);
    buf_free(&values);
    return same;
}

/* Returns the place of what a mount that is lost has in particular: the kind of its volume. */
static struct place inside_mount(const struct place *place, const struct node *mount)
{
    struct place made = *place;
    const struct node *volume = node_at(mount, "volume");
    if (!str_eq_c(place->path, "mount") || mount->kind != NODE_MAP)
        return made;
    if (node_at(mount, "subPath"))
        made.path = STR("mount.subPath");
    else if (volume && volume->kind == NODE_MAP && volume->first)
        made.path = STR_JOIN(place->app->arena, STR("mount.volume."), volume->first->key->text);
    return made;
}

void place_note_lost(const struct place *place, const struct node *value)
{
    const struct place inner = inside_mount(place, value);
    const char *advice = find_advice(&inner);
    if (given_is_noted(place->app->given, value))
        return;
    given_lost(place->app, given_at(value), "%.*s is not carried over%s%s", STR_ARG(place->shown),
               advice ? ": " : "", advice ? advice : "");
}

void place_note_order(const struct place *place, const struct node *given)
{
    given_lost(place->app, given_at(given),
               "the order of %.*s changes: of several values of a variable, the last one counts",
               STR_ARG(place->shown));
}

/* What is added to each CronJob is one note. */
static struct str added_to(const struct place *place)
{
    struct str object = object_of(place->shown);
    if (!str_starts_with(object, STR("CronJob ")))
        return place->shown;
    return STR_JOIN(place->app->arena, STR("CronJobs:"), str_skip(place->shown, object.len));
}

/* Warns of a new limit: a container that needs more memory is killed. */
static void note_memory_limit(const struct place *place, struct str limit)
{
    static const char field[] = "resources.limits.memory";
    struct str shown = added_to(place);
    struct str container = str_slice(shown, 0, shown.len - strlen(field));
    given_added(place->app,
                "%.*sno memory limit: the container is limited to %.*s; set resource_request to "
                "what it needs",
                STR_ARG(container), STR_ARG(limit));
}

void place_note_added(const struct place *place, const struct node *value)
{
    const char *standard = find_row(place, ROW_DEFAULT);
    struct str text = inline_text(place->app->arena, value);
    struct str shown = added_to(place);
    if (str_eq_c(place->path, "container.resources.limits.memory"))
        note_memory_limit(place, text);
    else if (is_hidden(place))
        given_added(place->app, "added by the service file: %.*s", STR_ARG(shown));
    else if (standard)
        given_added(place->app, "%.*s becomes %.*s (default: %s)", STR_ARG(shown), STR_ARG(text),
                    standard);
    else
        given_added(place->app, "added by the service file: %.*s: %.*s", STR_ARG(shown),
                    STR_ARG(text));
}

void place_note_changed(const struct place *place, const struct node *given,
                        const struct node *rendered)
{
    struct arena *arena = place->app->arena;
    if (given_is_noted(place->app->given, given))
        return;
    /* Commands may contain credentials; those that the service file adds do not. */
    bool is_handler = str_starts_with(place->path, STR("container.lifecycle.")) &&
                      !str_ends_with(place->path, STR(".sleep.seconds"));
    if (is_hidden(place) || is_handler)
        given_lost(place->app, given_at(given), "%.*s differs", STR_ARG(place->shown));
    else if (given->kind != NODE_SCALAR || rendered->kind != NODE_SCALAR)
        given_lost(place->app, given_at(given), "%.*s becomes %.*s", STR_ARG(place->shown),
                   STR_ARG(inline_text(arena, rendered)));
    else
        given_lost(place->app, given_at(given), "%.*s becomes %.*s instead of %.*s",
                   STR_ARG(place->shown), STR_ARG(inline_text(arena, rendered)),
                   STR_ARG(inline_text(arena, given)));
}
