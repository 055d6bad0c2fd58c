/* UTF-8 and the characters that YAML allows in a file. */
#ifndef OPTASVC_UTF8_H
#define OPTASVC_UTF8_H

#include "base/str.h"

/* Decodes the character at `at`. Returns its length in bytes; 0 if the bytes are not valid UTF-8
 * (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t utf8_decode(struct str text, size_t at, uint32_t *ret_character);

/* Appends a character up to U+10FFFF. */
void utf8_encode(struct buf *out, uint32_t character);

/* Returns NULL if `text` is UTF-8 without NUL, DEL and control characters other than tab, CR and
 * LF; otherwise a description of the invalid byte and its offset. The YAML libraries loop on such
 * bytes or silently lose them. */
const char *utf8_check(struct str text, size_t *ret_offset);

/* True if every byte is below 0x80. */
bool utf8_is_ascii(struct str text);

/* Returns the length of the leading byte order mark: 3 or 0. */
size_t utf8_bom_len(struct str text);

/* True if the text has a YAML 1.1 line break: LF, CR, NEL, LS or PS (section 4.1.4). */
bool utf8_has_line_break(struct str text);

/* Returns the terminal columns of a character: 0, 1 or 2. */
size_t utf8_columns(uint32_t character);

#endif
