#include "chart/addition.h"

#include "yaml/split.h"

struct str addition_source_comment(struct str document)
{
    struct str line;
    for (size_t at = 0; str_next_line(document, &at, &line);) {
        if (str_starts_with(line, STR("# Source:"))) {
            line.len -= str_ends_with(line, STR("\r"));
            return line;
        }
        if (line.len && line.data[0] != '#' && !stream_is_marked(line))
            break;
    }
    return (struct str){0};
}

void addition_write(struct buf *out, const struct node *object, struct str comment,
                    const struct emit_style *style)
{
    struct str newline = str_from_c(style->newline);
    if (comment.len) {
        buf_add(out, comment);
        buf_add(out, newline);
    }
    for (const struct node *value = object->first; value; value = value->next) {
        emit_entry(out, value, 0, style);
        buf_add(out, newline);
    }
}
