/* Kubernetes objects: an error is reported, or the service file that is printed reads as the one
 * that was made, and passes all checks of `validate`. The service file of the objects that it
 * renders renders the same. */
#include "fuzz.h"

#include "cluster/object.h"
#include "import/manifests.h"
#include "yaml/emit.h"

/* Returns the objects that an imported service file renders. */
static struct manifests render(struct import *import)
{
    struct import_rendered *rendered;
    size_t count = import_render(import, &rendered);
    struct manifests all = {.arena = import->arena};
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < rendered[i].count; j++)
            manifests_add(&all, rendered[i].objects[j]);
    return all;
}

static void check_again(struct import *first)
{
    struct arena *arena = first->arena;
    const struct manifests objects = render(first);
    struct diags diags = {.arena = arena};
    struct buf text = {0};
    emit_yaml(&text, objects.items, objects.count);
    const struct source source = {.path = STR("rendered.yaml"), .text = buf_str(&text)};
    struct import import = {.arena = arena, .diags = &diags, .source = &source};
    FUZZ_CHECK(manifests_import(&import, STR("")));
    FUZZ_CHECK(diags.count == 0);
    const struct manifests again = render(&import);
    FUZZ_CHECK(again.count == objects.count || import.note_count);
    for (size_t i = 0; import.note_count == 0 && i < objects.count; i++)
        FUZZ_CHECK(node_equal(objects.items[i], again.items[i]));
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    const struct source source = {.path = STR("objects.yaml"),
                                  .text = fuzz_text(&arena, data, size)};
    struct import import = {.arena = &arena, .diags = &diags, .source = &source};
    bool ok = manifests_import(&import, STR("app"));
    fuzz_check_diags(&diags, !ok);
    if (ok) {
        fuzz_check_import(&import);
        check_again(&import);
    }
    arena_free(&arena);
    return 0;
}
