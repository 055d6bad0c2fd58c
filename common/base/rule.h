/* Names of errors and warnings. */
#ifndef OPTASVC_RULE_H
#define OPTASVC_RULE_H

#include "base/str.h"

#include <stdbool.h>

enum rule {
#define RULE(id, ...) RULE_##id,
#include "base/rules.def"
#undef RULE
    RULE_COUNT
};

enum rule_level {
    LEVEL_ERROR,
    LEVEL_WARNING,          /* not about a file, or about how it allows warnings */
    LEVEL_ALLOWABLE,        /* warnings that users can allow */
    LEVEL_MIXED,            /* errors, and warnings that users can allow */
    LEVEL_ERROR_OR_WARNING, /* errors, and warnings that users cannot allow */
};

/* The columns of rules.def. */
struct rule_info {
    const char *name;
    enum rule_level level;
    const char *why;
    const char *fix;
    const char *example; /* a part of a file that causes the warning; or NULL */
};

const struct rule_info *rule_info(enum rule rule);

/* Returns false if there is no rule of that name. */
bool rule_find(struct str name, enum rule *ret);

/* True for a rule whose warnings users can allow. */
bool rule_can_allow(enum rule rule);

/* Returns the level as text: "error", "warning", "error or warning". */
const char *rule_severity(enum rule rule);

#endif
