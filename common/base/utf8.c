#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(struct str text, size_t at, uint32_t *ret_character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at >= text.len)
        return 0;
    const unsigned char *bytes = (const unsigned char *)text.data + at;
    size_t len = bytes[0] < 0x80   ? 1
                 : bytes[0] < 0xC0 ? 0
                 : bytes[0] < 0xE0 ? 2
                 : bytes[0] < 0xF0 ? 3
                 : bytes[0] < 0xF8 ? 4
                                   : 0;
    if (len == 0 || len > text.len - at)
        return 0;
    uint32_t character = len == 1 ? bytes[0] : bytes[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        character = (character << 6) | (bytes[i] & 0x3F);
    }
    bool surrogate = character >= 0xD800 && character <= 0xDFFF;
    if (character < smallest[len] || surrogate || character > 0x10FFFF)
        return 0;
    *ret_character = character;
    return len;
}

bool utf8_is_ascii(struct str text)
{
    uint64_t all = 0;
    uint64_t word;
    size_t at = 0;
    for (; text.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        all |= word;
    }
    for (; at < text.len; at++)
        all |= (unsigned char)text.data[at];
    return (all & 0x8080808080808080) == 0;
}

const char *utf8_check(struct str text, size_t *ret_offset)
{
    for (size_t at = 0; at < text.len;) {
        unsigned char byte = (unsigned char)text.data[at];
        *ret_offset = at;
        if (byte >= 0x20 && byte < 0x7F) {
            at++;
            continue;
        }
        if (byte == 0)
            return "a NUL byte";
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
            return "a control character";
        uint32_t character;
        size_t len = utf8_decode(text, at, &character);
        if (len == 0)
            return "a byte that is not UTF-8";
        if (character >= 0x80 && character < 0xA0 && character != 0x85)
            return "a control character";
        if (character == 0xFFFE || character == 0xFFFF)
            return "a noncharacter of Unicode";
        at += len;
    }
    return NULL;
}

struct range {
    uint32_t first;
    uint32_t last;
};

static bool in_ranges(uint32_t character, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    return false;
}

void utf8_encode(struct buf *out, uint32_t character)
{
    static const unsigned char first[] = {0x00, 0xC0, 0xE0, 0xF0}; /* by continuation bytes */
    int continuations = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    buf_add_byte(out, (char)(first[continuations] | character >> (6 * continuations)));
    while (continuations-- > 0)
        buf_add_byte(out, (char)(0x80 | (character >> (6 * continuations) & 0x3F)));
}

bool utf8_has_line_break(struct str text)
{
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t character = (unsigned char)text.data[at];
        len = character < 0x80 ? 1 : utf8_decode(text, at, &character);
        if (len == 0) {
            len = 1;
            continue;
        }
        if (character == '\n' || character == '\r' || character == 0x85 || character == 0x2028 ||
            character == 0x2029)
            return true;
    }
    return false;
}

size_t utf8_bom_len(struct str text)
{
    const struct str bom = STR("\xEF\xBB\xBF");
    return str_starts_with(text, bom) ? bom.len : 0;
}

size_t utf8_columns(uint32_t character)
{
    /* From Unicode's East Asian Width (UAX #11): the blocks relevant to carets and progress
     * lines. */
    static const struct range zero_width[] = {
        {0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}};
    static const struct range double_width[] = {
        {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
        {0x23F0, 0x23F0},   {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
        {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
        {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},
        {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F5},   {0x26FA, 0x26FD},
        {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274E},
        {0x2753, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x27BF, 0x27BF},
        {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0xA960, 0xA97F},
        {0xFE10, 0xFE19},   {0x16FE0, 0x18DFF}, {0x1AFF0, 0x1B2FF}, {0x1F004, 0x1F004},
        {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F19A}, {0x1F200, 0x1F2FF}, {0x1F7E0, 0x1F7FF},
        {0x1FA70, 0x1FAFF}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    if (in_ranges(character, zero_width, COUNT_OF(zero_width)))
        return 0;
    return in_ranges(character, double_width, COUNT_OF(double_width)) ? 2 : 1;
}
