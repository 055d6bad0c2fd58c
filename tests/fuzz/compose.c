/* A Compose file: an error is reported, or the service file that is printed reads as the one that
 * was made, and passes all checks of `validate`. */
#include "fuzz.h"

#include "import/compose.h"

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
        fuzz_check_import(&import);
    arena_free(&arena);
    return 0;
}
