/* A local image into the repository of a service: `kubectl optasvc push`.
 *
 *   container_tool.c   what we ask docker, podman or nerdctl for
 *   aws_cli.c      what we ask the aws CLI for, where the repository is one of ECR
 *   push.c         the order of it all
 *
 * What can be known before is checked before anything is sent. */
#ifndef OPTASVC_PUSH_H
#define OPTASVC_PUSH_H

#include "config/options.h"

struct pushed {
    struct str repository;
    struct str tag;
    struct str digest; /* empty: nothing was pushed */
};

enum push_extent {
    PUSH_NAMES,  /* only finds the repository and the tag: asks nobody */
    PUSH_CHECKS, /* also does all that changes nothing */
    PUSH_ALL,
};

/* Pushes options->image. Tells what goes wrong; false then, and after a signal. The result is in
 * the arena. */
bool push(struct arena *arena, const struct input_options *input,
          const struct push_options *options, bool color, enum push_extent extent,
          struct pushed *ret);

#endif
