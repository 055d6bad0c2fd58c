#include "base/rule.h"

const struct rule_info *rule_info(enum rule rule)
{
    static const struct rule_info rules[] = {
#define RULE(id, name, why, fix) [RULE_##id] = {name, why, fix},
#include "base/rules.def"
#undef RULE
    };
    return &rules[rule];
}
