#include "base/rule.h"
#include "unit.h"

#include <string.h>

/* True for lower-case words with dashes between them. */
static bool is_kebab_case(const char *name)
{
    size_t len = strlen(name);
    return str_span_only(str_from_c(name), "abcdefghijklmnopqrstuvwxyz-") && name[0] != '-' &&
           name[len - 1] != '-' && !strstr(name, "--");
}

static bool is_sentence(const char *text)
{
    return *text >= 'A' && text[strlen(text) - 1] == '.';
}

static void test_names(void **state)
{
    (void)state;
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        const struct rule_info *info = rule_info(rule);
        if (!is_kebab_case(info->name))
            fail_msg("not lower-case words with dashes: %s", info->name);
        for (enum rule other = 0; other < rule; other++)
            if (strcmp(rule_info(other)->name, info->name) == 0)
                fail_msg("duplicate name: %s", info->name);
    }
}

static void test_texts(void **state)
{
    (void)state;
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        const struct rule_info *info = rule_info(rule);
        if (!is_sentence(info->why))
            fail_msg("%s: not a sentence: %s", info->name, info->why);
        if (!is_sentence(info->fix))
            fail_msg("%s: not a sentence: %s", info->name, info->fix);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_names),
        UNIT_TEST(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
