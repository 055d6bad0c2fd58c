/* Writes trees as YAML and JSON. */
#ifndef OPTASVC_EMIT_H
#define OPTASVC_EMIT_H

#include "yaml/node.h"

/* Appends YAML documents in block style, each after a line "---". The output equals that of
 * libyaml's emitter with unlimited width. Strings are plain if scalar_may_be_plain() allows it,
 * otherwise double-quoted. The root is a map or list. */
void emit_yaml(struct buf *out, struct node *const *documents, size_t count);

/* Is called where a comment may follow a value: after a value that is written in one line
 * (emit_is_inline()), before its line break, and after the header of a block scalar. */
typedef void emit_hook(void *context, struct buf *out, const struct node *value);

/* Like emit_yaml(), for one document that is not empty. Calls `hook` for each value, in the order
 * of the output. */
void emit_yaml_document(struct buf *out, const struct node *document, emit_hook *hook,
                        void *context);

/* Appends a JSON value with four spaces of indentation, as kubectl prints it. All lines but the
 * first are indented by another `indent` spaces. No final newline. */
void emit_json(struct buf *out, const struct node *node, size_t indent);

/* A format of --output. The functions append to `out`. */
struct emit_format {
    const char *name;
    void (*begin)(struct buf *out); /* begins a list of objects */
    void (*object)(struct buf *out, struct node *object, bool first);
    void (*end)(struct buf *out);
    void (*value)(struct buf *out,
                  struct node *value); /* a single map or list, with a final newline */
};

/* The names, terminated by NULL; the first is the default. */
extern const char *const emit_format_names[];

/* Returns the format of a name; the default for NULL. */
const struct emit_format *emit_format_find(const char *name);

/* The style of the surroundings of a fragment. */
struct emit_style {
    size_t step;         /* indentation of a map below its key */
    size_t dash;         /* indentation of a list's dashes below its key */
    const char *newline; /* "\n" or "\r\n" */
    emit_hook *hook;     /* NULL: none */
    void *context;       /* of the hook */
};

/* Append in block style a key with its value, the part after the colon, or a list item with its
 * dash. The first line is already indented; `column` is that of the key or dash. No final line
 * break. */
void emit_entry(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style);
void emit_value(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style);
void emit_item(struct buf *out, const struct node *item, size_t column,
               const struct emit_style *style);

/* Appends a node in one line: scalars as in block style, maps and lists as JSON, which is also
 * valid flow style. With `json`, scalars are JSON too. */
void emit_inline(struct buf *out, const struct node *node, bool json);

/* True if a value is written in the same line as its key or dash: a scalar, an alias, an empty
 * collection, or a map that begins with a merge key. */
bool emit_is_inline(const struct node *node);

#endif
