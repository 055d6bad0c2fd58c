/* Node to text. */
#ifndef OPTASVC_EMIT_H
#define OPTASVC_EMIT_H

#include "yaml/node.h"

/* Appends YAML documents in block style, each after a line "---". The bytes are those of libyaml's
 * emitter with unlimited width. A string is plain where scalar_may_be_plain() allows it, otherwise
 * in double quotes. The root is a map or list. */
void emit_yaml(struct buf *out, struct node *const *documents, size_t count);

/* Appends one JSON value, indented by four spaces as kubectl does, its lines after the first by
 * `indent` more. No newline at the end. */
void emit_json(struct buf *out, const struct node *node, size_t indent);

/* A word of --output, and how it prints objects or one value. Each appends. */
struct emit_format {
    const char *name;
    void (*begin)(struct buf *out); /* a list of objects */
    void (*object)(struct buf *out, struct node *object, bool first);
    void (*end)(struct buf *out);
    void (*value)(struct buf *out, struct node *value); /* a map or list alone, with its newline */
};

/* The words, ended by NULL; the first is the default. */
extern const char *const emit_format_names[];

/* The format of a word; the default for NULL. */
const struct emit_format *emit_format_find(const char *name);

/* How the neighbours of a fragment are written. */
struct emit_style {
    size_t step;         /* columns that a map stands to the right of its parent's key */
    size_t dash;         /* the same for the dashes of a list */
    const char *newline; /* "\n" or "\r\n" */
};

/* Append a key with its value, what follows behind the colon, or a list's item with its dash, in
 * block style. The first line has its indentation already; `column` is that of the key or dash. No
 * line break at the end. */
void emit_entry(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style);
void emit_value(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style);
void emit_item(struct buf *out, const struct node *item, size_t column,
               const struct emit_style *style);

/* Appends a node in one line: scalars as in a block; maps and lists, and with `json` scalars and
 * keys too, as JSON, which is YAML's flow style as well. */
void emit_inline(struct buf *out, const struct node *node, bool json);

/* True when a value stands behind its key or dash in the same line: a scalar, an alias, what is
 * empty, and what merges an alias. */
bool emit_is_inline(const struct node *node);

#endif
