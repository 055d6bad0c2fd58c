#include "table.h"

#include "base/diag.h"
#include "format/duration.h"

#include <time.h>

struct str *table_add_row(struct table *table)
{
    size_t used = table->row_count * table->columns;
    for (size_t i = 0; i < table->columns; i++)
        table->cells = arena_grow(table->arena, table->cells, used + i, sizeof *table->cells);
    for (size_t i = 0; i < table->columns; i++)
        table->cells[used + i] = (struct str){0};
    table->row_count++;
    return &table->cells[used];
}

void table_add_titles(struct table *table, const char *const *titles)
{
    struct str *row = table_add_row(table);
    for (size_t i = 0; i < table->columns; i++)
        row[i] = str_from_c(titles[i]);
}

void table_write(const struct table *table, struct buf *out)
{
    enum { GAP = 3 };
    size_t *widths = ARENA_ARRAY(table->arena, table->columns, size_t);
    for (size_t i = 0; i < table->row_count * table->columns; i++)
        if (table->cells[i].len > widths[i % table->columns])
            widths[i % table->columns] = table->cells[i].len;
    for (size_t i = 0; i < table->row_count * table->columns; i++) {
        size_t column = i % table->columns;
        diag_add_visible(out, table->cells[i]);
        if (column + 1 == table->columns)
            buf_add_byte(out, '\n');
        else
            buf_add_spaces(out, widths[column] - table->cells[i].len + GAP);
    }
}

struct str table_age(struct arena *arena, struct str timestamp)
{
    int64_t seconds = timestamp_parse(timestamp);
    return seconds < 0 ? STR("-") : duration_format(arena, (int64_t)time(NULL) - seconds);
}
