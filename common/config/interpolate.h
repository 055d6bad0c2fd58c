/* Fills in placeholders: {env}, {vars.size}, {parent[domain]}, {module.bucket.bucket_id}, ...
 * {module.NAME.outputs.OUTPUT} and ${{module.NAME.OUTPUT}} mean {module.NAME.OUTPUT}.
 *
 * Matching `{{` and `}}` are literal braces. Other braces that are not part of a placeholder are
 * kept. */
#ifndef OPTASVC_INTERPOLATE_H
#define OPTASVC_INTERPOLATE_H

#include "config/environment.h"
#include "config/module.h"

/* A reference to an output that is known only in the cluster, such as a password. The filled
 * string has nothing at that offset; the caller inserts a reference to the Secret there. */
struct reference {
    const struct module *module;
    struct str output;
    size_t offset;                /* in the filled string */
    struct location location;     /* of the placeholder */
    const struct reference *next; /* in order of `offset` */
};

/* The value of a variable in the environment, or its default; --var overrides it. */
struct variable_value {
    struct str text;
    bool is_missing; /* declared, but without a default */
};

struct scope {
    struct arena *arena;
    struct diags *diags;
    struct str layer;
    struct environment *environment;
    const struct record *file;
    const struct input_options *options;
    struct map variables; /* struct variable_value, of the file and its environment by name */
    struct module *modules;
    size_t module_count;
    unsigned depth;           /* of nested outputs */
    bool environment_invalid; /* placeholders are neither filled in nor reported */
};

/* Indexes the variables and records their names as used (usage.h): --var may set them even if
 * nothing refers to them. */
void scope_add_variables(struct scope *scope);

/* Must be called before and after an output is read. scope_enter() reports an error at `at` and
 * returns false if the outputs are nested too deeply. */
bool scope_enter(struct scope *scope, struct location at);
void scope_leave(struct scope *scope);

/* Fills in the placeholders of a scalar (schema_fill). `context`: a struct scope. */
bool interpolate(void *context, const struct node *scalar, struct filled_string *ret);

#endif
