/* A stream that is split: no byte is lost, whether it is split at once or in parts. */
#include "fuzz.h"

#include "yaml/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str text = fuzz_text(&arena, data, size);
    struct stream_parser whole = {.arena = &arena}, parts = {.arena = &arena};
    struct stream stream = stream_finish(&whole, text);
    size_t at = 0;
    for (size_t i = 0; i < stream.count; i++) {
        FUZZ_CHECK(stream.documents[i].start == at && stream.documents[i].end > at);
        at = stream.documents[i].end;
    }
    FUZZ_CHECK(at == text.len);
    for (size_t end = 1; end < text.len; end += 1 + end / 3)
        stream_feed(&parts, str_slice(text, 0, end));
    struct stream again = stream_finish(&parts, text);
    FUZZ_CHECK(again.count == stream.count);
    for (size_t i = 0; i < stream.count; i++) {
        FUZZ_CHECK(again.documents[i].end == stream.documents[i].end);
        FUZZ_CHECK(str_equal(again.documents[i].kind, stream.documents[i].kind));
        FUZZ_CHECK(again.documents[i].broken_marker == stream.documents[i].broken_marker);
    }
    stream_is_blank(text);
    arena_free(&arena);
    return 0;
}
