/* The unified diff of a text and its changed form, from the changes instead of a comparison: its
 * cost is linear. patch and `git apply` accept it. */
#ifndef OPTASVC_UNIFIED_DIFF_H
#define OPTASVC_UNIFIED_DIFF_H

#include "base/str.h"

/* Replaces the bytes from `start` to `end` (exclusive). */
struct text_change {
    size_t start;
    size_t end;
    struct str text;  /* what replaces them */
    struct str title; /* of the part of the text that contains them, for the header of the hunk; may
                         be empty */
};

/* Lines that are never context, from the start of a line to that of another one. */
struct text_range {
    size_t start;
    size_t end;
};

struct text_ranges {
    struct text_range *items; /* in the order of the text */
    size_t count;
};

/* Appends the diff of `text`, with at most three lines of context, and `name` as the name of the
 * file. `changes` are in the order of the text and do not overlap. Nothing is appended if they
 * change nothing. */
void unified_diff(struct buf *out, struct str name, struct str text,
                  const struct text_change *changes, size_t count, const struct text_ranges *hidden,
                  bool color);

#endif
