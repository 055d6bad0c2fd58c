/* Services into manifests that somebody else wrote: what helm-postrender does.
 *
 * A field that is written in the service file replaces what the chart says; one that is left out
 * changes nothing. All bytes that need not change stay. A second run changes nothing. */
#ifndef OPTASVC_INJECT_H
#define OPTASVC_INJECT_H

#include "base/diag.h"
#include "config/options.h"
#include "yaml/split.h"

/* What a run gives. The texts live until injected_free(), and as long as the input does. */
struct injected {
    struct arena arena;
    struct str *pieces; /* the manifests, in order; none after an error */
    size_t count;
    struct buf messages; /* for the user: errors, warnings, what was replaced */
    struct buf log;      /* the same, and what was added; empty without --log-file */
    struct buf report;   /* JSON: what was chosen, added, replaced, removed and left; empty without
                            --report */
};

/* Injects the services of the files that `input` names into `manifests`, whose documents
 * `stream` tells. False when anything is wrong with a file or the chart. With --dry-run the pieces
 * are the input, and the messages tell all that would happen. */
bool inject(const struct input_options *input, const struct inject_options *options,
            const struct source *manifests, struct stream stream, bool color, struct injected *ret);

void injected_free(struct injected *injected);

#endif
