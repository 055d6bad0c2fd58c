#include "chart/workload_query.h"

#include "base/limits.h"

/* By which other parts of the query the keys of an index are qualified. */
enum { BY_KIND = 1, BY_NAMESPACE = 2, FORM_COUNT = 4 };

/* Indexes from keys to struct workload_list, each built on first use. */
struct workload_index {
    struct map maps[SET_COUNT][STEP_COUNT][FORM_COUNT];
    bool is_built[SET_COUNT][STEP_COUNT][FORM_COUNT];
};

static const enum object_kind object_kinds[SET_COUNT] = {
    [SET_WORKLOADS] = OBJECT_WORKLOAD,
    [SET_WORKLOAD_HOOKS] = OBJECT_WORKLOAD,
    [SET_PODS] = OBJECT_PODS,
    [SET_POD_HOOKS] = OBJECT_PODS,
};

struct workload_query workload_query_parse(struct arena *arena, struct str requested)
{
    struct str parts[3] = {0};
    size_t count = 0;
    size_t at = 0;
    while (count < 2 && str_find(requested, at, '/') < requested.len) {
        size_t end = str_find(requested, at, '/');
        parts[count++] = str_slice(requested, at, end);
        at = end + 1;
    }
    struct workload_query query = {.name = str_skip(requested, at)};
    if (count > 0)
        query.kind = str_lower(arena, parts[count - 1]);
    if (count > 1)
        query.namespace = parts[0];
    if (str_starts_with(query.name, STR("*-")))
        query.name = str_skip(query.name, 2);
    return query;
}

struct str workload_name_label(const struct object *object)
{
    struct tree_scope scope;
    release_open(object->release, &scope);
    struct str label =
        node_string(node_at(object_node(object), "metadata labels app.kubernetes.io/name"));
    release_close(object->release);
    return label;
}

/* A workload whose pods a Rollout runs is selected through that Rollout. Hooks are not part of the
 * release's lifetime. */
static bool is_in_set(const struct object *object, enum workload_set set)
{
    bool hook = set == SET_WORKLOAD_HOOKS || set == SET_POD_HOOKS;
    return object->name.len && object->hook == hook && !(set == SET_WORKLOADS && object->rollout);
}

/* Returns the key of objects with that name, or part of a name. */
static struct str index_key(struct arena *arena, struct str namespace, struct str kind,
                            struct str name)
{
    if (namespace.len == 0 && kind.len == 0)
        return name;
    return str_format(arena, "%.*s/%.*s/%.*s", STR_ARG(namespace), STR_ARG(kind), STR_ARG(name));
}

/* The index that is being built, and the object that is added to it. */
struct indexing {
    struct arena *arena;
    struct map *map;
    unsigned form;
    const struct object *object;
};

/* Adds the object as a candidate for a name of `named`: the object, or that of its workloadRef. */
static void add_candidate(const struct indexing *indexing, const struct object *named,
                          struct str name)
{
    struct arena *arena = indexing->arena;
    struct str namespace = indexing->form & BY_NAMESPACE ? named->namespace : STR("");
    struct str kind = indexing->form & BY_KIND ? str_lower(arena, named->kind) : STR("");
    struct workload_list *created = ARENA_NEW(arena, struct workload_list);
    *created = (struct workload_list){.self = created};
    const struct workload_list *known =
        map_add(arena, indexing->map, index_key(arena, namespace, kind, name), created);
    struct workload_list *candidates = known ? known->self : created;
    if (candidates->last && candidates->last->object == indexing->object)
        return;
    struct workload_entry *added = ARENA_NEW(arena, struct workload_entry);
    added->object = indexing->object;
    if (candidates->last)
        candidates->last->next = added;
    else
        candidates->first = added;
    candidates->last = added;
    candidates->count++;
    if (indexing->object->namespace.len == 0 && candidates->without_namespace_count++ == 0)
        candidates->without_namespace = indexing->object;
}

/* Kubernetes allows no longer names. Without the limit, a name of many dashes would be slow. */
static void add_suffixes(const struct indexing *indexing, const struct object *named)
{
    struct str name = named->name;
    for (size_t at = str_find(name, 0, '-'); at < name.len; at = str_find(name, at + 1, '-'))
        if (name.len - at <= SUBDOMAIN_MAX)
            add_candidate(indexing, named, str_skip(name, at + 1));
}

static void add_names(const struct indexing *indexing, enum match_step step,
                      const struct object *named)
{
    switch (step) {
    case STEP_NAME:
        add_candidate(indexing, named, named->name);
        break;
    case STEP_SUFFIX:
        add_suffixes(indexing, named);
        break;
    case STEP_LABEL:
        add_candidate(indexing, named, workload_name_label(named));
        break;
    default:
        add_candidate(indexing, named, STR(""));
    }
}

static void build(struct release *release, struct map *map, enum workload_set set,
                  enum match_step step, unsigned form)
{
    struct indexing indexing = {.arena = release->arena, .map = map, .form = form};
    for (const struct object *each = release_objects(release, object_kinds[set]); each;
         each = each->next) {
        if (!is_in_set(each, set))
            continue;
        indexing.object = each;
        add_names(&indexing, step, each);
        if (each->workload_ref)
            add_names(&indexing, step, each->workload_ref);
    }
}

struct workload_list workload_find(struct release *release, enum workload_set set,
                                   enum match_step step, const struct workload_query *query)
{
    if (!release->workload_index)
        release->workload_index = ARENA_NEW(release->arena, struct workload_index);
    struct workload_index *index = release->workload_index;
    unsigned form = (query->kind.len ? BY_KIND : 0) | (query->namespace.len ? BY_NAMESPACE : 0);
    struct map *map = &index->maps[set][step][form];
    if (!index->is_built[set][step][form])
        build(release, map, set, step, form);
    index->is_built[set][step][form] = true;
    struct str name = step == STEP_ANY ? STR("") : query->name;
    const struct workload_list *found =
        map_get(map, index_key(release->arena, query->namespace, query->kind, name));
    return found ? *found : (struct workload_list){0};
}
