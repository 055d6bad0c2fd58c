/* Objects with the routes of other APIs: Istio, OpenShift, Traefik and Contour. Their rules are not
 * read, only the hosts and Services that they name. */
#include "chart/release.h"

/* Where a kind has its hosts and Services: keys at any depth of `spec`. */
static const struct foreign_kind {
    const char *name;
    const char *hosts;       /* a host, a list of them, or an expression with Host(`NAME`) */
    const char *backends[2]; /* a map or list of maps */
    const char *service; /* the key in these maps: NAME, NAME.NAMESPACE or NAME.NAMESPACE.svc... */
} foreign_kinds[] = {
    {"VirtualService", "hosts", {"destination", NULL}, "host"},
    {"Route", "host", {"to", "alternateBackends"}, "name"},
    {"IngressRoute", "match", {"services", NULL}, "name"},
    {"HTTPProxy", "fqdn", {"services", NULL}, "name"},
};

/* An object that names a host or a Service. */
struct foreign {
    struct foreign *self;
    struct foreign *next; /* with the same key */
    const struct object *object;
    struct str namespace; /* of the Service; empty: that of the object */
};

/* An object whose names are added to the indexes. */
struct reading {
    struct release *release;
    const struct object *object;
    const struct foreign_kind *kind;
};

static void add(const struct reading *in, struct map *index, struct str key, struct str namespace)
{
    struct foreign *added = ARENA_NEW(in->release->arena, struct foreign);
    *added = (struct foreign){.self = added, .object = in->object, .namespace = namespace};
    const struct foreign *first = map_add(in->release->arena, index, key, added);
    if (first) {
        added->next = first->next;
        first->self->next = added;
    }
}

static void add_service(const struct reading *in, struct str name)
{
    size_t dot = str_find(name, 0, '.');
    struct str namespace = dot < name.len ? str_skip(name, dot + 1) : STR("");
    namespace.len = str_find(namespace, 0, '.');
    if (name.len)
        add(in, &in->release->foreign_by_service, str_slice(name, 0, dot), namespace);
}

/* Adds a host, or all strings in backquotes of an expression. */
static void add_host(const struct reading *in, struct str text)
{
    size_t start = str_find(text, 0, '`');
    if (start == text.len)
        add(in, &in->release->foreign_by_host, text, STR(""));
    while (start < text.len) {
        size_t end = str_find(text, start + 1, '`');
        add(in, &in->release->foreign_by_host, str_slice(text, start + 1, end), STR(""));
        start = end < text.len ? str_find(text, end + 1, '`') : text.len;
    }
}

static bool has_backends(const struct foreign_kind *kind, struct str key)
{
    return str_eq_c(key, kind->backends[0]) ||
           (kind->backends[1] && str_eq_c(key, kind->backends[1]));
}

/* Adds the names in a node with that key; an item of a list has the key of the list. */
static void add_names(const struct reading *in, struct str key, struct node *parent)
{
    const struct node *node = node_target(parent);
    if (node->kind == NODE_SCALAR) {
        if (str_eq_c(key, in->kind->hosts))
            add_host(in, node_string(node));
        return;
    }
    if (node->kind == NODE_MAP && has_backends(in->kind, key))
        add_service(in, node_string(node_at(node, in->kind->service)));
    for (struct node *each = node->first; each; each = each->next) {
        struct str name = node->kind == NODE_MAP ? each->key->text : key;
        bool is_service = has_backends(in->kind, key) && str_eq_c(name, in->kind->service);
        if (!is_service)
            add_names(in, name, each);
    }
}

/* True for a VirtualService that only applies inside of a mesh. */
static bool is_internal(const struct object *object)
{
    const struct node *gateways = node_at(object_node(object), "spec gateways");
    if (!str_eq_c(object->kind, "VirtualService"))
        return false;
    for (const struct node *each = node_first_child(gateways); each; each = each->next)
        if (!str_eq_c(node_string(each), "mesh"))
            return false;
    return true;
}

static void index_foreign(struct release *release)
{
    const struct object *first = release_objects(release, OBJECT_FOREIGN_ROUTE);
    if (release->foreign_indexed)
        return;
    struct tree_scope scope;
    release->foreign_indexed = true;
    release_open(release, &scope);
    for (const struct object *each = first; each; each = each->next) {
        struct reading reading = {.release = release, .object = each, .kind = foreign_kinds};
        struct node *spec = node_at(object_node(each), "spec");
        while (!str_eq_c(each->kind, reading.kind->name))
            reading.kind++;
        if (spec && !each->hook && !is_internal(each))
            add_names(&reading, STR(""), spec);
        release_clear(release);
    }
    release_close(release);
}

const struct object *release_foreign_to(struct release *release,
                                        const struct object *const *services, size_t count)
{
    index_foreign(release);
    for (size_t i = 0; i < count; i++)
        for (const struct foreign *each = map_get(&release->foreign_by_service, services[i]->name);
             each; each = each->next)
            if (release_is_in_namespace(release, services[i], each->object, each->namespace))
                return each->object;
    return NULL;
}

const struct object *release_foreign_of_host(struct release *release, struct str host)
{
    struct arena scratch = {0};
    index_foreign(release);
    const struct foreign *found = host.len ? map_get(&release->foreign_by_host, host) : NULL;
    for (size_t dot = str_find(host, 0, '.'); !found && dot < host.len;
         dot = str_find(host, dot + 1, '.'))
        found = map_get(&release->foreign_by_host,
                        str_format(&scratch, "*%.*s", STR_ARG(str_skip(host, dot))));
    arena_free(&scratch);
    return found ? found->object : NULL;
}
