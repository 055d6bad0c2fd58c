/* URIs and their Ingresses: no string may inject anything but a path, a host or a value into the
 * nginx configuration that a controller generates. */
#include "fuzz.h"

#include "yaml/emit.h"

/* A semicolon has no effect in a regular expression, which ingress-nginx quotes. */
static bool is_harmless(struct str text, bool expression)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '\n' || text.data[i] == '{' || text.data[i] == '}' ||
            text.data[i] == '"' || text.data[i] == ' ' || (text.data[i] == ';' && !expression))
            return false;
    return true;
}

static void check_ingress(const struct node *object)
{
    const struct node *rule = node_first_child(node_at(object, "spec rules"));
    for (; rule; rule = rule->next) {
        FUZZ_CHECK(is_harmless(node_string(node_get(rule, "host")), false));
        for (const struct node *path = node_first_child(node_at(rule, "http paths")); path;
             path = path->next)
            FUZZ_CHECK(is_harmless(
                node_string(node_get(path, "path")),
                str_eq_c(node_string(node_get(path, "pathType")), "ImplementationSpecific")));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct buf text = {0};
    struct diags diags = {.arena = &arena};
    struct input_options options = {0};
    buf_add(&text, STR("name: hello\nproviders: {aws: {region: us-east-1}}\noutputs: {domain: "
                       "example.com}\nmodules:\n  - {type: k8s-service, image: 'nginx:1', port: "
                       "{http: 80}, sticky_session: true, public_uri: "));
    emit_inline(&text, node_scalar(&arena, STYLE_TEXT, fuzz_text(&arena, data, size)), true);
    buf_add(&text, STR("}\n"));
    const struct source source = {.path = STR("service.yaml"), .text = buf_str(&text)};
    struct layer *layer = text.len < 65536 ? layer_read(&arena, &diags, &options, &source) : NULL;
    const struct service *service = layer ? service_read(layer, &layer->modules[0]) : NULL;
    if (service) {
        struct manifests manifests = {.arena = &arena};
        manifest_traffic(&manifests, service);
        for (size_t i = 0; i < manifests.count; i++)
            check_ingress(manifests.items[i]);
        fuzz_check_emitted(&arena, manifests.items, manifests.count);
    }
    if (layer)
        fuzz_check_diags(&diags, !service);
    buf_free(&text);
    arena_free(&arena);
    return 0;
}
