/* A file of a directory: it is a service file if and only if it can be parsed and has a module of
 * type k8s-service. */
#include "fuzz.h"

#include "config/discover.h"
#include "yaml/parse_strict.h"
#include "yaml/top_level.h"

static bool has_service(struct arena *arena, const struct source *source)
{
    static const char *const types[] = {"k8s-service", "aws-k8s-service", "gcp-k8s-service",
                                        "azure-k8s-service", "local-k8s-service"};
    struct diags diags = {.arena = arena};
    const struct node *root = load_service(arena, source, &diags);
    const struct node *modules = root ? node_target(node_at(root, "modules")) : NULL;
    if (!modules || root->kind != NODE_MAP || modules->kind != NODE_LIST)
        return false;
    for (const struct node *module = modules->first; module; module = module->next)
        for (size_t i = 0; i < COUNT_OF(types); i++)
            if (str_eq_c(node_string(node_at(module, "type")), types[i]))
                return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    const struct source source = {.path = STR("a.yaml"), .text = fuzz_text(&arena, data, size)};
    bool found = source.text.len <= FILE_SIZE_MAX && discover_is_service_file(&source, &diags);
    fuzz_check_diags(&diags, diags.errors > 0);
    FUZZ_CHECK(!found || diags.errors == 0);
    FUZZ_CHECK(found == (source.text.len <= FILE_SIZE_MAX && has_service(&arena, &source)));
    top_level_has_modules(source.text);
    arena_free(&arena);
    return 0;
}
