/* The unified diff of a chart and what the injection wrote (--diff). */
#ifndef OPTASVC_INJECT_DIFF_H
#define OPTASVC_INJECT_DIFF_H

#include "chart/release.h"
#include "format/unified_diff.h"

struct inject_diff {
    struct arena *arena;
    const struct release *release;
    struct text_change *changes;
    size_t count;
    struct text_ranges secrets; /* lines of Secrets, which are not shown as context */
};

/* Adds the changes of a document, in the order of the stream: `additions` are written before it,
 * and `text` is its edited text; {NULL, 0}: not edited. */
void inject_diff_add(struct inject_diff *diff, size_t document, struct str additions,
                     struct str text, const struct edit_replacements *replacements);

/* Appends the diff; nothing if there are no changes. */
void inject_diff_write(const struct inject_diff *diff, struct str manifests, bool color,
                       struct buf *out);

#endif
