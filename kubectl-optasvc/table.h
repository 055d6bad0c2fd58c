/* Tables on stdout, as kubectl prints them. */
#ifndef OPTASVC_TABLE_H
#define OPTASVC_TABLE_H

#include "base/str.h"

struct table {
    struct arena *arena;
    size_t columns;
    struct str *cells; /* row by row */
    size_t row_count;
};

/* Adds a row, and returns its cells to be set. They are valid until the next row is added. */
struct str *table_add_row(struct table *table);

/* Adds a row of strings. */
void table_add_titles(struct table *table, const char *const *titles);

/* Appends the rows, with control characters replaced. */
void table_write(const struct table *table, struct buf *out);

/* Returns how long ago an API timestamp was; "-" if it is invalid. */
struct str table_age(struct arena *arena, struct str timestamp);

#endif
