#include "chart/release.h"
#include "unit.h"

static struct release release_of(struct unit *unit, const char *text)
{
    const struct source *source = unit_source(unit, str_from_c(text));
    struct stream_parser stream_parser = {.arena = &unit->arena};
    struct stream stream = stream_finish(&stream_parser, source->text);
    return release_begin(&unit->arena, &unit->diags, source, stream);
}

static bool is_named(const void *context, const struct object *object, struct str namespace,
                     struct str service)
{
    (void)object;
    (void)namespace;
    return context && str_eq_c(service, context);
}

/* Returns "OBJECT SERVICE:PORT" for a host and path, with "ours" before it if the Service is
 * `ours`; empty if nothing matches. */
static struct str owner_text(struct unit *unit, struct release *release, struct rule_class class,
                             const char *address, const char *ours)
{
    struct str text = str_from_c(address);
    size_t slash = str_find(text, 0, '/');
    struct path_owner owner;
    release_find_owner(release, class, str_slice(text, 0, slash), str_skip(text, slash), is_named,
                       ours, &owner);
    if (!owner.object)
        return STR("");
    return str_format(&unit->arena, "%s%.*s %.*s:%.*s", owner.is_ours ? "ours " : "",
                      STR_ARG(object_display_name(&unit->arena, owner.object)),
                      STR_ARG(owner.service), STR_ARG(owner.port));
}

struct row {
    const char *address;
    const char *owner;
};

static void assert_owners(struct unit *unit, struct release *release, struct rule_class class,
                          const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_str(owner_text(unit, release, class, rows[i].address, NULL), rows[i].owner);
}

#define INGRESS(name, spec)                                                                        \
    "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: " name "}\n"           \
    "spec:\n  ingressClassName: nginx\n  " spec "\n"
#define BACKEND(name, port) "backend: {service: {name: " name ", port: {" port "}}}"

/* The host a.org has regular expressions, b.org has none. */
static const char ingresses[] =
    "---\n"
    "apiVersion: networking.k8s.io/v1\n"
    "kind: Ingress\n"
    "metadata:\n"
    "  name: regex\n"
    "  annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}\n"
    "spec:\n"
    "  ingressClassName: nginx\n"
    "  rules:\n"
    "  - host: a.org\n"
    "    http: {paths: [{path: /x(/|$)(.*), pathType: "
    "ImplementationSpecific, " BACKEND("x", "number: 80") "}]}\n" INGRESS(
        "plain",
        "rules: [{host: a.org, http: {paths: [{path: /y, pathType: Exact, " BACKEND(
            "y", "name: http") "}]}}, {host: b.org, http: {paths: [{path: /y, pathType: "
                               "Exact, " BACKEND("y", "name: http") "}, {path: /, pathType: "
                                                                    "Prefix, " BACKEND(
                                                                        "z", "number: 81") "}]}}]");

static void test_ingresses_by_reader(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(unit, ingresses);
    static const struct row nginx[] = {
        {"a.org/x", "Ingress/regex x:80"},
        {"a.org/X/1", "Ingress/regex x:80"},
        {"a.org/xy", ""},
        {"a.org/y", "Ingress/plain y:http"},
        {"a.org/Y1", "Ingress/plain y:http"},
        {"a.org", ""},
        {"b.org/y", "Ingress/plain y:http"},
        {"b.org/y/1", "Ingress/plain z:81"},
        {"b.org/Y", "Ingress/plain z:81"},
        {"c.org/y", ""},
    };
    static const struct row generic[] = {
        {"a.org/x", "Ingress/regex x:80"},   {"a.org/X", ""},
        {"a.org/y", "Ingress/plain y:http"}, {"a.org/y/1", ""},
        {"b.org/y", "Ingress/plain y:http"}, {"b.org/y/1", "Ingress/plain z:81"},
    };
    assert_owners(unit, &release, (struct rule_class){.reader = RULES_NGINX, .name = STR("nginx")},
                  nginx, COUNT_OF(nginx));
    assert_owners(unit, &release,
                  (struct rule_class){.reader = RULES_GENERIC, .name = STR("nginx")}, generic,
                  COUNT_OF(generic));
    assert_str(
        owner_text(unit, &release, (struct rule_class){.reader = RULES_NGINX}, "a.org/x", NULL),
        "");
}

#define ROUTE(name, hosts, rules)                                                                  \
    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " name "}\n" \
    "spec:\n  parentRefs: [{name: gw}]\n  hostnames: [" hosts "]\n  rules: [" rules "]\n"

static const char routes[] =
    ROUTE("exact", "a.b.org",
          "{matches: [{path: {type: Exact, value: /x}}], backendRefs: [{name: e, port: 1}]}, "
          "{matches: [{path: {value: /x}}], backendRefs: [{name: p, port: 2}, {name: w, port: 3}]}")
        ROUTE("wild", "'*.b.org'", "{backendRefs: [{name: w, port: 3}]}")
            ROUTE("wider", "'*.org'", "{backendRefs: [{name: o, port: 4}]}");

static void test_routes(void **state)
{
    struct unit *unit = *state;
    struct release release = release_of(unit, routes);
    struct rule_class class = {.reader = RULES_GATEWAY};
    static const struct row rows[] = {
        {"a.b.org/x", "HTTPRoute/exact e:1"},
        {"a.b.org/x/y", "HTTPRoute/exact p:2"},
        {"a.b.org/xy", ""},
        {"c.b.org/x", "HTTPRoute/wild w:3"},
        {"d.c.b.org", "HTTPRoute/wild w:3"},
        {"d.org", "HTTPRoute/wider o:4"},
        {"org", ""},
    };
    assert_owners(unit, &release, class, rows, COUNT_OF(rows));
    assert_str(owner_text(unit, &release, class, "a.b.org/x/y", "w"), "ours HTTPRoute/exact w:3");
    assert_str(owner_text(unit, &release, class, "a.b.org/x", "p"), "HTTPRoute/exact e:1");
    class.continues = true;
    assert_str(owner_text(unit, &release, class, "a.b.org/xy", NULL), "HTTPRoute/wild w:3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_ingresses_by_reader),
        UNIT_TEST(test_routes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
