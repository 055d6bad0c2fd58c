/* IAM policy documents, which are JSON.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
#ifndef OPTASVC_AWS_POLICY_H
#define OPTASVC_AWS_POLICY_H

#include "yaml/node.h"

/* Returns a policy document without statements. */
struct node *aws_policy_new(struct arena *arena);

/* Adds a statement to a document, with "Sid" and "Effect: Allow". */
struct node *aws_policy_add_statement(struct arena *arena, struct node *document, const char *sid);

/* Formats a document as JSON with one item per line, for readable diffs. */
struct str aws_policy_format(struct arena *arena, const struct node *document);

#endif
