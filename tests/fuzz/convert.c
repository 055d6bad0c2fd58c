/* Conversion of Ingresses: what is printed is valid YAML without anything that only nginx reads,
 * and errors are reported if and only if nothing is printed. */
#include "fuzz.h"

#include "chart/convert_manifests.h"
#include "manifest/traffic_ingress.h"
#include "yaml/parse_manifest.h"
#include "yaml/split.h"

static const struct gateway_options gateways[] = {
    {.name = "infra/public"},
    {.name = "infra/public", .type = "envoy", .listener = "https", .http_listener = "http"},
    {.name = "infra/public", .type = "envoy", .listener_sets = true, .http_listener = "http"},
    {.name = "infra/public", .type = "traefik", .listener = "https"},
    {.name = "infra/public", .type = "envoy", .session_persistence = "v1.6"},
};

enum { GATEWAYS = COUNT_OF(gateways) };

/* Checks that a value has no annotation of nginx. */
static void check_node(const struct node *node)
{
    if (node->kind == NODE_SCALAR) {
        FUZZ_CHECK(!node->key || !str_starts_with(node->key->text, STR(NGINX_ANNOTATION)));
        return;
    }
    for (const struct node *child = node->first; child; child = child->next)
        check_node(child);
}

static void check_object(struct arena *arena, struct node *object)
{
    struct str kind = node_string(node_at(object, "kind"));
    FUZZ_CHECK(node_at(object, "metadata name") && node_at(object, "spec"));
    FUZZ_CHECK(!str_eq_c(kind, "Ingress"));
    check_node(object);
    for (const struct node *rule = node_first_child(node_at(object, "spec rules")); rule;
         rule = rule->next)
        FUZZ_CHECK(str_eq_c(kind, "GRPCRoute") || node_at(rule, "matches"));
    fuzz_check_emitted(arena, &object, 1);
}

static void check_manifests(struct arena *arena, struct str text)
{
    const struct source source = {.path = STR("<stdout>"), .text = text};
    struct stream_parser parser = {.arena = arena};
    const struct stream stream = stream_finish(&parser, text);
    for (size_t i = 0; i < stream.count; i++) {
        struct diags diags = {.arena = arena};
        struct node *root;
        const struct document *document = &stream.documents[i];
        FUZZ_CHECK(load_manifest(arena, &source, document->start, document->end, &diags, &root));
        if (root)
            check_object(arena, node_copy(arena, root));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct converted converted;
    const struct source source = {.path = STR("<stdin>"), .text = fuzz_text(&arena, data, size)};
    bool ok = convert_manifests(&source, 1, &gateways[size % GATEWAYS], size / GATEWAYS % 2, false,
                                &converted);
    FUZZ_CHECK(ok || (converted.manifests.len == 0 && converted.messages.len > 0));
    FUZZ_CHECK(ok == (converted.report.len > 0));
    check_manifests(&arena, buf_str(&converted.manifests));
    converted_free(&converted);
    arena_free(&arena);
    return 0;
}
