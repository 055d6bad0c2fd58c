/* Files of NAME=VALUE lines.
 *
 *   # a comment, and blank lines
 *   export NAME = value   # taken as it is, without the spaces around it; " #" begins a comment
 *   NAME='all but a single quote, over several lines'
 *   NAME="the same with \n \r \t \\ \" \$ for what they stand for"
 *
 * A $ stays a $: nothing is expanded. */
#ifndef OPTASVC_DOTENV_H
#define OPTASVC_DOTENV_H

#include "base/diag.h"

struct dotenv_item {
    struct str name; /* an environment variable's (name.h) */
    struct str value;
    struct location at; /* of the name */
    bool bare;          /* nothing follows the =, not even quotes */
};

struct dotenv {
    struct dotenv_item *items;
    size_t count;
};

/* Reports all that is wrong. No message shows anything of the text but names. */
bool dotenv_parse(struct arena *arena, const struct source *source, struct diags *diags,
                  struct dotenv *ret);

/* Reports each name without a value, because a template that was not filled in looks like this;
 * NAME="" is an empty value. `otherwise`: what else the user can do. */
bool dotenv_check_values(const struct dotenv *dotenv, struct diags *diags, const char *otherwise);

/* True when dotenv_line() can write the value: UTF-8 text without NUL. */
bool dotenv_can_store(struct str value);

/* The line for an item, which reads back the same. */
struct str dotenv_line(struct arena *arena, struct str name, struct str value);

#endif
