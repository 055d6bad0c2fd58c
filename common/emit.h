/* Node to text. */
#ifndef OPTASVC_EMIT_H
#define OPTASVC_EMIT_H

#include "node.h"

/* Appends YAML documents, each led by "---", in block style, with the quoting of scalar.h. */
void emit_yaml(struct buf *out, struct node *const *documents, size_t count);

/* Appends one JSON value, indented by four spaces as kubectl does, its lines after the first by
 * `indent` more. No newline at the end. */
void emit_json(struct buf *out, const struct node *node, size_t indent);

/* The version of libyaml. */
const char *emit_library(void);

#endif
