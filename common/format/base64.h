/* Base64, RFC 4648, as the API writes the values of a Secret. */
#ifndef OPTASVC_BASE64_H
#define OPTASVC_BASE64_H

#include "base/str.h"

/* In the arena. */
struct str base64_encode(struct arena *arena, struct str bytes);

/* False for anything but what base64_encode() makes. */
bool base64_decode(struct arena *arena, struct str text, struct str *ret_bytes);

#endif
