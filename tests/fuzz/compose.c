/* A Compose file: an error is reported, or the service file that is printed reads as the one that
 * was made, and passes all checks of `validate`. */
#include "fuzz.h"

#include "cluster/object.h"
#include "import/compose.h"
#include "manifest/traffic.h"
#include "yaml/parse_strict.h"

/* Checks that a service file has no error. */
static void check_valid(struct arena *arena, struct str text)
{
    struct diags diags = {.arena = arena};
    const struct source source = {.path = STR("app.yaml"), .text = text};
    const struct input_options options = {0};
    struct manifests manifests = {.arena = arena};
    struct layer *layer = layer_read(arena, &diags, &options, &source);
    FUZZ_CHECK(layer && diags.errors == 0);
    for (size_t i = 0; i < layer->module_count; i++) {
        const struct service *service = service_read(layer, &layer->modules[i]);
        FUZZ_CHECK(service);
        const struct traffic traffic = traffic_of(service);
        FUZZ_CHECK(traffic_check(&traffic));
        manifests_add_service(&manifests, service);
    }
    FUZZ_CHECK(diags.errors == 0);
    fuzz_check_emitted(arena, manifests.items, manifests.count);
}

static void check_written(struct import *import)
{
    struct buf text = {0};
    struct buf notes = {0};
    struct diags diags = {.arena = import->arena};
    import_write(import, &text);
    import_write_notes(import, &notes, false);
    fuzz_check_visible(buf_str(&notes));
    const struct source source = {.path = STR("app.yaml"), .text = buf_str(&text)};
    if (text.len <= FILE_SIZE_MAX) {
        const struct node *read = load_service(import->arena, &source, &diags);
        FUZZ_CHECK(diags.count == 0);
        FUZZ_CHECK(node_equal(import->file, read));
        check_valid(import->arena, buf_str(&text));
    }
    buf_free(&text);
    buf_free(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    const struct source source = {.path = STR("compose.yaml"),
                                  .text = fuzz_text(&arena, data, size)};
    struct import import = {.arena = &arena, .diags = &diags, .source = &source};
    if (size > FILE_SIZE_MAX)
        return 0;
    bool ok = compose_import(&import, STR("app"), NULL) && import_finish(&import);
    fuzz_check_diags(&diags, !ok);
    if (ok)
        check_written(&import);
    arena_free(&arena);
    return 0;
}
