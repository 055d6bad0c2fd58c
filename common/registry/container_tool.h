/* Access to docker, podman or nerdctl: one function per query. Each is executed with an argument
 * list; names are checked before (name.h), so none can be taken for a flag. */
#ifndef OPTASVC_CONTAINER_TOOL_H
#define OPTASVC_CONTAINER_TOOL_H

#include "base/diag.h"
#include "os/process.h"

enum image_tool_kind { TOOL_DOCKER, TOOL_PODMAN, TOOL_NERDCTL };

struct image_tool {
    struct arena *arena; /* for arguments and results */
    struct diags *diags; /* where failures are reported */
    const char *name;
    enum image_tool_kind kind; /* `docker` may be podman under another name */
    const char *directory;     /* private directory for its credentials and results */
    bool logged_in;            /* uses credentials in that directory instead of the user's */
};

struct local_image {
    struct str id;          /* empty: not found */
    size_t reference_count; /* number of "NAME:TAG" references to it */
};

/* Finds the tool of this name; NULL: the first one in PATH. Arena and diags of `tool` must be
 * set. */
bool image_tool_find(struct image_tool *tool, const char *name);

/* Queries a local image. Reports an error and returns false if the query fails. */
bool image_tool_query(const struct image_tool *tool, struct str image, struct local_image *ret);

/* Logs in to a registry; the credentials stay in the directory. */
bool image_tool_log_in(struct image_tool *tool, struct str host, const char *user,
                       struct str password);

/* Pushes a local image as REPOSITORY:TAG, shows the tool's progress, and returns the digest in the
 * registry. A local name that the push needs is removed again, also after a failure or a signal. */
bool image_tool_push(const struct image_tool *tool, struct str image,
                     const struct local_image *local, struct str reference, struct str *ret_digest);

/* Returns the digest in the output of `docker push` or `nerdctl push`; empty if there is none. */
struct str image_tool_digest(enum image_tool_kind kind, struct str tag, struct str output);

/* Returns the hint for a push that may have been rejected because of a missing login. */
struct str image_tool_login_hint(const struct image_tool *tool, struct str host);

/* Returns a process that prints the local images, one per line. */
struct process image_tool_list(const struct image_tool *tool);

#endif
