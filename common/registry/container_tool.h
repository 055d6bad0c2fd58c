/* Access to docker, podman or nerdctl: one function per query. Each is executed with an argument
 * list. Names are validated first (name.h), so none can be mistaken for a flag. */
#ifndef OPTASVC_CONTAINER_TOOL_H
#define OPTASVC_CONTAINER_TOOL_H

#include "base/diag.h"
#include "os/process.h"

enum container_tool_kind { TOOL_DOCKER, TOOL_PODMAN, TOOL_NERDCTL };

struct container_tool {
    struct arena *arena; /* for arguments and results */
    struct diags *diags; /* where failures are reported */
    const char *name;
    enum container_tool_kind kind; /* of the program: `docker` may be podman */
    const char *directory;         /* private directory for its credentials and results */
    bool logged_in;                /* uses credentials in that directory instead of the user's */
};

struct local_image {
    struct str id;          /* empty: not found */
    size_t reference_count; /* number of "NAME:TAG" references to it */
};

/* Finds the tool of this name; NULL: the first one in PATH. Arena and diags of `tool` must be
 * set. */
bool container_tool_find(struct container_tool *tool, const char *name);

/* Queries a local image. Reports an error and returns false if the query fails. */
bool container_tool_query(const struct container_tool *tool, struct str image,
                          struct local_image *ret);

/* Logs in to a registry. The credentials are stored in the private directory only. */
bool container_tool_log_in(struct container_tool *tool, struct str host, const char *user,
                           struct str password);

/* Pushes a local image as REPOSITORY:TAG, shows the tool's progress, and returns the digest in the
 * registry. If the push needs a temporary local name, it is removed, even after a failure or a
 * signal. */
bool container_tool_push(const struct container_tool *tool, struct str image,
                         const struct local_image *local, struct str reference,
                         struct str *ret_digest);

/* Returns the digest in the output of `docker push` or `nerdctl push`; empty if there is none. */
struct str container_tool_digest(enum container_tool_kind kind, struct str tag, struct str output);

/* Returns the hint for a push that may have been rejected because of a missing login. */
struct str container_tool_login_hint(const struct container_tool *tool, struct str host);

/* Returns a process that prints the local images, one per line. */
struct process container_tool_list(const struct container_tool *tool);

#endif
