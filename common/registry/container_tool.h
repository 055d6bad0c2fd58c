/* What we ask docker, podman or nerdctl for: one function per question. Each is exec'ed with a list
 * of arguments; names are checked before (name.h), so none is taken for a flag. */
#ifndef OPTASVC_CONTAINER_TOOL_H
#define OPTASVC_CONTAINER_TOOL_H

#include "base/diag.h"
#include "os/process.h"

enum image_tool_kind { TOOL_DOCKER, TOOL_PODMAN, TOOL_NERDCTL };

struct image_tool {
    struct arena *arena; /* of arguments and answers */
    struct diags *diags; /* where failures are reported */
    const char *name;
    enum image_tool_kind kind; /* `docker` may be podman under another name */
    const char *folder;        /* private, for what its programs write */
    bool logged_in;            /* with credentials in that folder, not with the user's */
};

struct local_image {
    struct str id; /* empty: there is no such image here */
    size_t names;  /* "NAME:TAG" that lead to it */
};

/* Finds the tool of this name, the first that is on PATH where it is NULL, for a `tool` whose arena
 * and diags are set. */
bool image_tool_find(struct image_tool *tool, const char *name);

/* Looks for an image of this machine. False when that cannot be told. */
bool image_tool_query(const struct image_tool *tool, struct str image, struct local_image *ret);

/* Logs in to a registry; the credentials stay in the folder. */
bool image_tool_log_in(struct image_tool *tool, struct str host, const char *user,
                       struct str password);

/* Pushes a local image as REPOSITORY:TAG, showing the tool's own progress, and reads from it the
 * digest that the registry knows the image by. A name that the image needs here for that is taken
 * off again, also when it fails or a signal comes. */
bool image_tool_push(const struct image_tool *tool, struct str image,
                     const struct local_image *local, struct str reference, struct str *ret_digest);

/* The digest in what `docker push` or `nerdctl push` printed; empty when it tells none. */
struct str image_tool_digest(enum image_tool_kind kind, struct str tag, struct str output);

/* What to do where a registry may have refused a push for lack of a login. */
struct str image_tool_login_hint(const struct image_tool *tool, struct str host);

/* Prints the images of this machine, a line each. */
struct process image_tool_list(const struct image_tool *tool);

#endif
