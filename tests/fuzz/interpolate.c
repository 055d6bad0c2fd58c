/* A string with placeholders, in a file with a value for every root. */
#include "fuzz.h"

#include "config/usage.h"

static const char file[] = "name: hello\n"
                           "input_variables: [{name: size, default: 2}, {name: none}]\n"
                           "providers: {aws: {region: us-east-1, account_id: '123456789012'}}\n"
                           "outputs: {domain: example.com, braces: '{env}'}\n"
                           "modules:\n"
                           "  - {name: db, type: postgres}\n"
                           "  - {name: bucket, type: s3, bucket_name: 'b-{layer_name}-{env}'}\n"
                           "  - {name: queue, type: sqs, arn: '{module.queue.queue_arn}'}\n"
                           "  - {name: topic, type: sns}\n"
                           "  - {name: dns, type: dns, domain: '{module.dns.domain}'}\n"
                           "  - {name: app, type: k8s-service}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const variables[] = {"given=1", "size=3"};
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    const struct source source = {.path = STR("service.yaml"), .text = str_from_c(file)};
    const struct input_options options = {.variables = {(const char **)(uintptr_t)variables, 2}};
    struct layer *layer = layer_read(&arena, &diags, usage_start(&arena, &options), &source);
    FUZZ_CHECK(layer && diags.errors == 0);
    struct str text = fuzz_text(&arena, data, size);
    struct node *scalar = node_scalar(&arena, STYLE_TEXT, text);
    struct filled_string filled;
    bool ok = interpolate(&layer->scope, scalar, &filled);
    FUZZ_CHECK(ok == (diags.errors == 0));
    FUZZ_CHECK(filled.text.len <= INTERPOLATED_SIZE_MAX || filled.text.data == text.data);
    size_t before = 0;
    for (const struct reference *each = filled.references; each; each = each->next) {
        FUZZ_CHECK(each->offset >= before && each->offset <= filled.text.len);
        before = each->offset;
    }
    /* A string without braces does not change. */
    if (str_find(text, 0, '{') == text.len)
        FUZZ_CHECK(ok && str_equal(filled.text, text) && !filled.references);
    arena_free(&arena);
    return 0;
}
