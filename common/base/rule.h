/* Names of errors and warnings. */
#ifndef OPTASVC_RULE_H
#define OPTASVC_RULE_H

#include "base/str.h"

#include <stdbool.h>

enum rule {
#define RULE(id, name, why, fix) RULE_##id,
#include "base/rules.def"
#undef RULE
    RULE_COUNT
};

/* The columns of rules.def. */
struct rule_info {
    const char *name;
    const char *why;
    const char *fix;
};

const struct rule_info *rule_info(enum rule rule);

#endif
