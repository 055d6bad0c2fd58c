/* What Ingresses and routes lead to. */
#include "import/manifests_reader.h"

bool given_is_own_namespace(const struct given *given, struct str namespace)
{
    return namespace.len == 0 || str_equal(namespace, given->namespace);
}

/* Returns the backend that a TraefikService has; other backends are returned as they are. */
static const struct node *resolve(const struct given *given, const struct node *backend)
{
    const struct given_object *object =
        str_eq_c(given_text(backend, "kind"), "TraefikService")
            ? given_find(given, "TraefikService", given_text(backend, "name"))
            : NULL;
    return object ? node_first_child(node_at(object->node, "spec weighted services")) : backend;
}

const struct given_object *given_backend_service(const struct given *given,
                                                 const struct node *backend)
{
    const struct node *reference = resolve(given, backend);
    struct str kind = given_text(reference, "kind");
    if ((kind.len && !str_eq_c(kind, "Service")) ||
        !given_is_own_namespace(given, given_text(reference, "namespace")))
        return NULL;
    return given_find(given, "Service", given_text(reference, "name"));
}

static bool is_named(const struct node *port, struct str text)
{
    struct str protocol = given_text(port, "protocol");
    return (protocol.len == 0 || str_eq_c(protocol, "TCP")) && text.len &&
           (str_equal(given_text(port, "port"), text) || str_equal(given_text(port, "name"), text));
}

/* Returns the port of the container that a port of a Service leads to; NULL if the service file has
 * none. */
static const struct given_port *find_target(const struct given_app *app,
                                            const struct given_object *service,
                                            const struct node *backend)
{
    const struct node *port = node_at(backend, "port");
    struct str text = node_string(port);
    if (port && port->kind == NODE_MAP)
        text = given_text(port, node_at(port, "name") ? "name" : "number");
    const struct node *item = node_first_child(node_at(service->node, "spec ports"));
    while (item && !is_named(item, text))
        item = item->next;
    const struct node *target = node_at(item, "targetPort");
    if (!target)
        target = node_at(item, "port");
    return target ? given_find_port(app, target) : NULL;
}

enum given_backend given_backend_of(const struct given_app *app, const struct node *backend)
{
    const struct given_object *service = given_backend_service(app->given, backend);
    if (!service || !service->app)
        return GIVEN_NO_SERVICE;
    if (service->app != app)
        return GIVEN_OTHER_APP;
    const struct given_port *port = find_target(app, service, resolve(app->given, backend));
    return port && port->is_http ? GIVEN_HTTP_PORT : GIVEN_OTHER_PORT;
}

struct str given_backend_problem(const struct given_app *app, const struct node *backend)
{
    struct str name = given_text(backend, "name");
    struct str kind = given_text(backend, "kind");
    struct str namespace = given_text(backend, "namespace");
    if (name.len == 0 || (kind.len && !str_eq_c(kind, "Service")))
        return STR("its backend is not a Service");
    if (!given_is_own_namespace(app->given, namespace))
        return str_format(app->arena, "its Service %.*s is in the namespace %.*s", STR_ARG(name),
                          STR_ARG(namespace));
    return STR_JOIN(app->arena, STR("no workload has the Service "), name);
}

/* True if a text of words separated by spaces has the word. */
static bool has_word(struct str words, struct str word)
{
    for (size_t at = 0, end; at < words.len; at = end + 1) {
        end = str_find(words, at, ' ');
        if (str_equal(str_slice(words, at, end), word))
            return true;
    }
    return false;
}

void given_note_keys(const struct given_app *app, const struct node *map, const char *known,
                     struct str owner)
{
    if (!map || map->kind != NODE_MAP)
        return;
    for (const struct node *item = map->first; item; item = item->next)
        if (!has_word(str_from_c(known), item->key->text))
            given_lost(app, given_at(item), "%.*s of %.*s is not carried over",
                       STR_ARG(item->key->text), STR_ARG(owner));
}
