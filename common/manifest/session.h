/* The services of a command that works on a cluster: rendered once, with errors on stderr. */
#ifndef OPTASVC_SESSION_H
#define OPTASVC_SESSION_H

#include "manifest/render.h"

struct session {
    struct arena *arena; /* for the services; set by the caller */
    struct rendered_service *services;
    size_t service_count;
};

/* Reads and renders the files of the options, prints messages to stderr, and installs signal
 * handlers. Returns false if a file has an error. With `quiet`, prints only warnings about skipped
 * files; other warnings are relevant only for commands that apply. */
bool session_open(struct session *session, const struct input_options *options, bool color,
                  bool quiet);

/* Prints and removes all diagnostics. Returns true if there was no error and no signal. */
bool session_report(struct diags *diags, bool color);

#endif
