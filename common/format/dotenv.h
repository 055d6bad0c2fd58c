/* Files of NAME=VALUE lines.
 *
 *   # a comment, and blank lines
 *   export NAME = value   # surrounding spaces are removed; " #" starts a comment
 *   NAME='any text without single quotes, may span lines'
 *   NAME="may span lines, with the escapes \n \r \t \\ \" \$"
 *
 * Variables such as $NAME are not expanded. */
#ifndef OPTASVC_DOTENV_H
#define OPTASVC_DOTENV_H

#include "base/diag.h"

struct dotenv_item {
    struct str name; /* name of an environment variable (name.h) */
    struct str value;
    struct location at; /* of the name */
    bool has_no_value;  /* nothing follows the =, not even quotes */
};

struct dotenv {
    struct dotenv_item *items;
    size_t count;
};

/* Parses the file and reports all errors; returns false if there are any. Messages show only names,
 * no values. */
bool dotenv_parse(struct arena *arena, const struct source *source, struct diags *diags,
                  struct dotenv *ret);

/* Reports each name without a value, because such a line is usually an unfilled template; NAME=""
 * is an empty value. `alternative`: what else to do, for the hint. Returns false if there are
 * any. */
bool dotenv_check_values(const struct dotenv *dotenv, struct diags *diags, const char *alternative);

/* True if dotenv_line() can represent the value: UTF-8 without NUL. */
bool dotenv_can_store(struct str value);

/* Returns the line for an item, which parses to the same value. */
struct str dotenv_line(struct arena *arena, struct str name, struct str value);

#endif
