/* A dotenv file: its values survive a round trip. */
#include "fuzz.h"

#include "format/dotenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    const struct source source = {
        .path = STR(".env"), .text = fuzz_text(&arena, data, size), .secret = true};
    struct dotenv dotenv = {0};
    bool ok = dotenv_parse(&arena, &source, &diags, &dotenv);
    fuzz_check_diags(&diags, !ok);
    for (size_t i = 0; ok && i < dotenv.count; i++) {
        const struct dotenv_item *item = &dotenv.items[i];
        if (!dotenv_can_store(item->value))
            continue;
        struct dotenv again = {0};
        const struct source line = {.path = STR("line"),
                                    .text = dotenv_line(&arena, item->name, item->value)};
        FUZZ_CHECK(dotenv_parse(&arena, &line, &diags, &again) && again.count == 1);
        FUZZ_CHECK(str_equal(again.items[0].name, item->name));
        FUZZ_CHECK(str_equal(again.items[0].value, item->value));
    }
    arena_free(&arena);
    return 0;
}
