/* Base64 (RFC 4648), the encoding of Secret values. */
#ifndef OPTASVC_BASE64_H
#define OPTASVC_BASE64_H

#include "base/str.h"

/* Returns the encoding, in the arena. */
struct str base64_encode(struct arena *arena, struct str bytes);

/* Returns false for any input that base64_encode() does not produce. */
bool base64_decode(struct arena *arena, struct str text, struct str *ret_bytes);

#endif
