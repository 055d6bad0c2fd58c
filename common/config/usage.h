/* Records which flags have an effect and which files are skipped.
 *
 * A flag without effect is usually a mistake, so it is an error. A flag has an effect if any
 * service uses it:
 *   --module          a file has a k8s-service with that name
 *   --var             a string that was read has {vars.NAME}, or a file declares the variable
 *   --image-tag, --image-digest   the image of a service uses it
 *   --registry        the address of an image: AUTO is derived from it
 *   --parent-outputs  a placeholder, or the ARN or ID of a linked module, uses one of its outputs
 * For commands that do not apply (status, outputs, logs, shell, delete, secret, push), only
 * --module is checked: the other flags have no effect there, and are allowed so that these commands
 * accept the same flags as `apply`. --env and --env-file are not checked: every file must have the
 * environment (environment.h), and --env-file overrides the path of every environment. */
#ifndef OPTASVC_USAGE_H
#define OPTASVC_USAGE_H

#include "base/diag.h"
#include "base/map.h"
#include "config/options.h"

/* Distinct names, in the order in which they were added. They are copies, because the files that
 * contain them may be freed. */
struct name_set {
    struct map known;
    struct str *items;
    size_t count;
};

struct usage {
    struct arena *arena;
    size_t service_count;       /* in all files, including those that --module excludes */
    struct map selected;        /* the names that --module selects */
    struct map variable_values; /* struct str, of --var by name */
    struct name_set modules;    /* of type k8s-service, if --module is given */
    struct name_set variables;  /* that are read or declared, if --var is given */
    bool uses_image_version;
    bool uses_registry;
    bool uses_parent_outputs;
    struct map files;           /* "DEVICE:INODE" of files that flags and service files refer to */
    struct option_list skipped; /* files found in directories that are not service files */
    struct option_list skipped_dirs; /* directories that have been read through another path */
    struct option_list broken_links; /* possibly to directories */
    bool skipped_subdirectories;     /* because -R is not set */
};

/* Returns a copy of the options whose usage is recorded, and whose --module and --var are indexed.
 */
const struct input_options *usage_start(struct arena *arena, const struct input_options *options);

/* Splits "NAME=VALUE". Returns false if "=" or NAME is missing. */
bool variable_split(const char *flag, struct str *ret_name, struct str *ret_value);

/* True if --module selects the service, or is not given. */
bool usage_selects(const struct input_options *options, struct str module);

/* Returns the value that --var sets, or NULL. If it sets a name several times, the last one is
 * used.
 */
const struct str *usage_variable_value(const struct input_options *options, struct str name);

/* These functions record usage. They do nothing if `options->usage` is NULL. usage_add_module()
 * must be called for each k8s-service, usage_add_variable() for each variable that is read or
 * declared. */
void usage_add_module(const struct input_options *options, struct str name);
void usage_add_variable(const struct input_options *options, struct str name);
void usage_add_image_version(const struct input_options *options);
void usage_add_registry(const struct input_options *options);
void usage_add_parent_outputs(const struct input_options *options);
void usage_add_file(const struct input_options *options, const char *path);
void usage_skip_file(const struct input_options *options, const char *path);
void usage_skip_directory(const struct input_options *options, const char *path);
void usage_skip_link(const struct input_options *options, const char *path);
void usage_skip_subdirectory(const struct input_options *options);

/* Reports flags without effect. Call it only if there are no errors, because an invalid service may
 * use the flags. */
void usage_check(const struct input_options *options, struct diags *diags);

/* Appends one line each for the skipped files, directories and links. Files that a flag or a
 * service file refers to, such as environment files, are not listed. */
void usage_write_skipped(const struct input_options *options, struct buf *out);

#endif
