#include "format/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct str base64_encode(struct arena *arena, struct str bytes)
{
    const unsigned char *from = (const unsigned char *)bytes.data;
    size_t len = (bytes.len + 2) / 3 * 4;
    char *text = arena_alloc(arena, len + 1);
    char *to = text;
    for (size_t at = 0; at < bytes.len; at += 3) {
        size_t left = bytes.len - at;
        uint32_t group = (uint32_t)from[at] << 16 | (left > 1 ? (uint32_t)from[at + 1] << 8 : 0) |
                         (left > 2 ? from[at + 2] : 0);
        *to++ = digits[group >> 18];
        *to++ = digits[group >> 12 & 63];
        *to++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[group & 63] : '=';
    }
    return (struct str){text, len};
}

bool base64_decode(struct arena *arena, struct str text, struct str *ret_bytes)
{
    size_t padding = str_ends_with(text, STR("==")) ? 2 : str_ends_with(text, STR("=")) ? 1 : 0;
    size_t len = text.len / 4 * 3 - (text.len ? padding : 0);
    char *bytes = arena_alloc(arena, len + 3);
    size_t filled = 0;
    if (text.len % 4)
        return false;
    for (size_t at = 0; at < text.len; at += 4) {
        uint32_t group = 0;
        for (size_t i = 0; i < 4; i++) {
            bool pads = at + i >= text.len - padding;
            const char *digit = memchr(digits, text.data[at + i], sizeof digits - 1);
            if (!digit && !pads)
                return false;
            group = group << 6 | (pads ? 0 : (uint32_t)(digit - digits));
        }
        bytes[filled++] = (char)(group >> 16);
        bytes[filled++] = (char)(group >> 8 & 0xFF);
        bytes[filled++] = (char)(group & 0xFF);
    }
    *ret_bytes = (struct str){bytes, len};
    /* Unused bits must be zero; otherwise two strings would decode to the same bytes. */
    return padding == 0 || bytes[len] == 0;
}
