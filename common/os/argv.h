/* A growing argument list for a program. */
#ifndef OPTASVC_ARGV_H
#define OPTASVC_ARGV_H

#include "base/str.h"

struct argv {
    const char **items; /* terminated by NULL; NULL while empty */
    size_t count;       /* without the terminating NULL */
};

void argv_add(struct arena *arena, struct argv *argv, const char *argument);

/* Adds all arguments up to a NULL. */
void argv_add_all(struct arena *arena, struct argv *argv, va_list arguments);

/* Adds --NAME=VALUE, or nothing if `value` is NULL. */
void argv_add_flag(struct arena *arena, struct argv *argv, const char *name, const char *value);

#endif
