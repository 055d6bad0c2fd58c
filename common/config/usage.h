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

struct usage {
    struct arena *arena;
    size_t services;            /* number in all files, including those that --module excludes */
    struct suggestion *modules; /* for each --module: the most similar name of a k8s-service */
    struct suggestion
        *variables; /* for each --var: the most similar name that is read or declared */
    bool image_version;
    bool registry;
    bool parent_outputs;
    struct map files;           /* "DEVICE:INODE" of files that flags and service files refer to */
    struct option_list skipped; /* files found in directories that are not service files */
    struct option_list skipped_dirs; /* directories that have been read through another path */
    struct option_list broken_links; /* possibly to directories */
    bool subdirectories;             /* subdirectories were skipped because -R is not set */
};

/* Returns a copy of the options whose usage is recorded. */
const struct input_options *usage_start(struct arena *arena, const struct input_options *options);

/* Record usage. They do nothing if `options->usage` is NULL. usage_add_module() is called for each
 * k8s-service, usage_add_variable() for each variable that is read or declared. */
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

/* Writes a line each for the skipped files, directories and links. Files that a flag or a service
 * file refers to, such as environment files, are not listed. */
void usage_write_skipped(const struct input_options *options, struct buf *out);

#endif
