/* Writes new documents in the style of a chart. */
#ifndef OPTASVC_ADDITION_H
#define OPTASVC_ADDITION_H

#include "yaml/emit.h"

/* Returns the `# Source:` comment of a document, which Helm 3 writes; empty if it has none. */
struct str addition_source_comment(struct str document);

/* Appends a new document without a marker, with the comment, if any, first. */
void addition_write(struct buf *out, const struct node *object, struct str comment,
                    const struct emit_style *style);

#endif
