/* Which flags of a run had an effect, and which files it skipped.
 *
 * A flag that changes nothing is most often a mistake, so it is an error. It counts as used if any
 * service of the run uses it:
 *   --module          a file has a k8s-service of that name
 *   --var             a text that was read has {vars.NAME}, or a file declares the variable
 *   --image-tag, --image-digest   the image of a service took it
 *   --registry        the address of an image: AUTO was derived from it
 *   --parent-outputs  a placeholder read one of its outputs, or the ARN or ID of a linked module
 * did
 * Commands that apply nothing (status, outputs, logs, shell, delete, secret, push) check --module
 * alone: there the others make no difference, and are given to read the same files as `apply` does.
 * --env and --env-file need no such check: every file must have the environment (environment.h),
 * and every file takes the environment file in place of its own. */
#ifndef OPTASVC_USAGE_H
#define OPTASVC_USAGE_H

#include "base/diag.h"
#include "base/map.h"
#include "config/options.h"

struct usage {
    struct arena *arena;
    size_t services;              /* of all files, selected by --module or not */
    struct suggestion *modules;   /* of each --module, the nearest name of a k8s-service */
    struct suggestion *variables; /* of each --var, the nearest name that is read or declared */
    bool image_version;
    bool registry;
    bool parent_outputs;
    struct map files;                /* "DEVICE:INODE" of files that flags and service files name */
    struct option_list skipped;      /* files of directories that are not service files */
    struct option_list skipped_dirs; /* directories that were already read under another path */
    struct option_list broken_links; /* that may have led to directories */
    bool subdirectories;             /* some were not read, because -R is missing */
};

/* A copy of the options, in the arena, whose usage is recorded. */
const struct input_options *usage_start(struct arena *arena, const struct input_options *options);

/* Recording. All of them do nothing if `options->usage` is NULL. usage_add_module() is for each
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

/* Reports the flags without effect. Only for runs without errors: a service that could not be read
 * may have used them. */
void usage_check(const struct input_options *options, struct diags *diags);

/* Writes one line each that names the skipped files, directories and links. A file that a
 * flag or a service file names, such as an environment file, is not skipped. */
void usage_write_skipped(const struct input_options *options, struct buf *out);

#endif
