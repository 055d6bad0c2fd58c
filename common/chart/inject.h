/* Injects services into manifests that a chart rendered (helm-postrender).
 *
 * A field that the service file sets replaces the chart's value; an omitted field changes nothing.
 * All other bytes of the manifests are kept. A second run changes nothing. */
#ifndef OPTASVC_INJECT_H
#define OPTASVC_INJECT_H

#include "base/diag.h"
#include "config/options.h"
#include "yaml/split.h"

/* The result of a run. Valid until injected_free(), and only while the input is. */
struct injected {
    struct arena arena;
    struct arena chart; /* of the chart and the edited documents */
    struct str *pieces; /* the manifests, in order; empty after an error */
    size_t count;
    struct buf messages; /* for stderr: errors, warnings, changes of the chart's values */
    struct buf log;      /* the messages, and all other events; empty without --log-file */
    struct buf report;   /* for the file of --report: JSON with lists of all events, and nothing
                            after an error; with --output, errors and warnings in that format */
    struct buf diff;     /* unified, for stdout; empty without --diff or differences */
};

/* Injects the services of the files that `input` names into `manifests`, which `stream` splits into
 * documents. Reports errors and returns false if a file or the chart is invalid. With --dry-run,
 * the pieces are the input, and the messages list all changes. With --output and without --report,
 * the messages are in that format. */
bool inject(const struct input_options *input, const struct inject_options *options,
            const struct source *manifests, struct stream stream, bool color, struct injected *ret);

/* Fills the messages, the log and the report of a run that failed before inject(). */
void inject_fail(const struct inject_options *options, const struct diags *diags, bool color,
                 struct injected *ret);

void injected_free(struct injected *injected);

#endif
