/* The names of errors and warnings: `explain RULE` and `explain --rules`. */
#ifndef OPTASVC_EXPLAIN_RULES_H
#define OPTASVC_EXPLAIN_RULES_H

#include "base/diag.h"

/* Appends a line for each rule. */
void explain_rules(struct buf *out);

/* Appends why a rule exists and how to fix what it reports. Reports an error and returns false if
 * there is no such rule. */
bool explain_rule(struct diags *diags, struct str name, struct buf *out);

#endif
