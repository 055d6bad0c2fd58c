#include "base/rule.h"

const struct rule_info *rule_info(enum rule rule)
{
    static const struct rule_info rules[] = {
#define RULE(id, name, level, ...) ROW(id, name, level, __VA_ARGS__, NULL, )
#define ROW(id, name, level, why, fix, example, ...)                                               \
    [RULE_##id] = {name, LEVEL_##level, why, fix, example},
#include "base/rules.def"
#undef RULE
#undef ROW
    };
    return &rules[rule];
}

bool rule_find(struct str name, enum rule *ret)
{
    for (*ret = 0; *ret < RULE_COUNT; (*ret)++)
        if (str_eq_c(name, rule_info(*ret)->name))
            return true;
    return false;
}

bool rule_can_allow(enum rule rule)
{
    enum rule_level level = rule_info(rule)->level;
    return level == LEVEL_ALLOWABLE || level == LEVEL_MIXED;
}

const char *rule_severity(enum rule rule)
{
    static const char *const names[] = {
        [LEVEL_ERROR] = "error",
        [LEVEL_WARNING] = "warning",
        [LEVEL_ALLOWABLE] = "warning",
        [LEVEL_MIXED] = "error or warning",
        [LEVEL_ERROR_OR_WARNING] = "error or warning",
    };
    return names[rule_info(rule)->level];
}
