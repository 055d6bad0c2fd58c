/* Fills in placeholders: {env}, {vars.size}, {parent[domain]}, {module.bucket.bucket_id}, ...
 * {module.NAME.outputs.OUTPUT} and ${{module.NAME.OUTPUT}} mean {module.NAME.OUTPUT}.
 *
 * Matching `{{` and `}}` are literal braces. Other braces that are not part of a placeholder are
 * kept. */
#ifndef OPTASVC_INTERPOLATE_H
#define OPTASVC_INTERPOLATE_H

#include "config/environment.h"
#include "config/module.h"

/* A reference to an output that is known only in the cluster, such as a password. The filled string
 * has nothing at `at`; the caller inserts a reference to the Secret there. */
struct reference {
    const struct module *module;
    struct str output;
    size_t at; /* offset in the filled string */
    struct location where;
    const struct reference *next; /* the next one in the string */
};

struct scope {
    struct arena *arena;
    struct diags *diags;
    struct str layer;
    struct environment *environment;
    const struct record *file;
    const struct input_options *options;
    struct module *modules;
    size_t module_count;
    unsigned depth; /* number of nested outputs */
    bool blind;     /* the environment is invalid: placeholders are not filled in or reported */
};

/* Called before and after an output is read. scope_enter() reports an error at `at` and returns
 * false if the outputs are nested too deeply. */
bool scope_enter(struct scope *scope, struct location at);
void scope_leave(struct scope *scope);

/* Fills in the placeholders of a scalar (schema_fill). `context`: a struct scope. */
bool interpolate(void *context, const struct node *scalar, struct filled *ret);

/* Splits "K=V". Returns false if "=" or K is missing. */
bool variable_split(const char *flag, struct str *ret_name, struct str *ret_value);

#endif
