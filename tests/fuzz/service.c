/* A service file, and the objects rendered from it. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    fuzz_render(fuzz_text(&arena, data, size), NULL);
    arena_free(&arena);
    return 0;
}
