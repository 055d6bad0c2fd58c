#include "explain_rules.h"

void explain_rules(struct buf *out)
{
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        const struct rule_info *info = rule_info(rule);
        buf_format(out, "%-28s%-17s%s%s %s\n", info->name, rule_severity(rule),
                   rule_can_allow(rule) ? "*  " : "   ", info->why, info->fix);
    }
    buf_add(out, STR("\n* Can be allowed: with --allow RULE, or with a comment in the file, "
                     "# optasvc: allow RULE\n"));
}

static void write_rule(struct buf *out, enum rule rule)
{
    const struct rule_info *info = rule_info(rule);
    buf_format(out, "%s: %s\n\n  %s\n\n  Fix:      %s\n", info->name, rule_severity(rule),
               info->why, info->fix);
    if (info->example)
        buf_format(out, "  Example:  %s\n", info->example);
    if (rule_can_allow(rule))
        buf_format(out, "  Allow:    # optasvc: allow %s\n", info->name);
}

bool explain_rule(struct diags *diags, struct str name, struct buf *out)
{
    enum rule rule;
    if (rule_find(name, &rule)) {
        write_rule(out, rule);
        return true;
    }
    struct suggestion near = {.word = name};
    for (rule = 0; rule < RULE_COUNT; rule++)
        suggestion_add(&near, str_from_c(rule_info(rule)->name));
    diag_error(diags, NO_LOCATION, RULE_USAGE, "unknown rule \"%.*s\"", STR_ARG(name));
    if (!diag_suggest(diags, &near))
        diag_hint(diags, "run kubectl optasvc explain --rules to list them");
    return false;
}
