/* The services of a run that works on them: rendered once, with errors on stderr. */
#ifndef OPTASVC_SESSION_H
#define OPTASVC_SESSION_H

#include "manifest/render.h"

struct session {
    struct arena *arena; /* of the services; the caller sets it */
    struct rendered_service *services;
    size_t service_count;
};

/* Reads and renders the files that the options name, prints messages to stderr, and begins to watch
 * for signals. Returns false if a file has an error. `quiet`: of the warnings only those about
 * skipped files are printed; the others are for commands that apply. */
bool session_open(struct session *session, const struct input_options *options, bool color,
                  bool quiet);

/* Prints and removes what was reported so far. Returns true if there was no error and no signal. */
bool session_report(struct diags *diags, bool color);

#endif
