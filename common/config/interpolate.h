/* Placeholders in texts: {env}, {vars.size}, {parent[domain]}, {module.bucket.bucket_id}, ...
 * {module.NAME.outputs.OUTPUT} means {module.NAME.OUTPUT}.
 *
 * `{{` and its matching `}}` are a literal brace each; braces that are no placeholder stay as they
 * are written. `${{module.NAME.OUTPUT}}` means `{module.NAME.OUTPUT}`. */
#ifndef OPTASVC_INTERPOLATE_H
#define OPTASVC_INTERPOLATE_H

#include "config/environment.h"
#include "config/module.h"

/* An output that only the cluster knows, such as a password: the text has nothing at `at`, and its
 * reader puts there what stands for it. */
struct reference {
    const struct module *module;
    struct str output;
    size_t at; /* in the filled text */
    struct location where;
    const struct reference *next; /* behind this one in the text */
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
    unsigned depth; /* of outputs that are read because one refers to the next */
    bool blind; /* the environment could not be read: placeholders stand for nothing, unreported */
};

/* Before and behind the reading of what tells an output. Reports at `at` and returns false when
 * that would be too deep. */
bool scope_enter(struct scope *scope, struct location at);
void scope_leave(struct scope *scope);

/* A schema_fill; `context` is a struct scope. */
bool interpolate(void *context, const struct node *scalar, struct filled *ret);

/* Splits "K=V"; false when there is no "=" or no K. */
bool variable_split(const char *flag, struct str *ret_name, struct str *ret_value);

#endif
