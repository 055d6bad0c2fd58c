/* Pushes a local image to the repository of a service: `kubectl optasvc push`.
 *
 *   container_tool.c   access to docker, podman or nerdctl
 *   aws_cli.c          access to the aws CLI, for ECR repositories
 *   push.c             the sequence of steps
 *
 * All checks run before anything is sent. */
#ifndef OPTASVC_PUSH_H
#define OPTASVC_PUSH_H

#include "config/options.h"

struct pushed {
    struct str repository;
    struct str tag;
    struct str digest; /* empty: nothing was pushed */
};

enum push_extent {
    PUSH_NAMES,  /* only finds the repository and the tag; runs no program */
    PUSH_CHECKS, /* also runs all checks that change nothing */
    PUSH_ALL,
};

/* Pushes options->image. Reports errors; returns false after an error or a signal. The result is in
 * the arena. */
bool push(struct arena *arena, const struct input_options *input,
          const struct push_options *options, bool color, enum push_extent extent,
          struct pushed *ret);

#endif
