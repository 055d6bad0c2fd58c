#include "registry/container_tool.h"
#include "unit.h"

#define HEX_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX_B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define A     "sha256:" HEX_A
#define B     "sha256:" HEX_B

static void test_digests(void **state)
{
    (void)state;
    static const struct {
        enum image_tool_kind kind;
        const char *output, *digest;
    } rows[] = {
        {TOOL_DOCKER, "v1: digest: " A " size: 528\n", A},
        {TOOL_DOCKER, "The push refers to repository [r/a]\n5f70: Pushed\nv1: digest: " A, A},
        {TOOL_DOCKER, "v1: digest: " A "\nv1: digest: " A "\n", A},
        {TOOL_DOCKER, "v1: digest: " A "\nv1: digest: " B "\n", ""}, /* which? */
        {TOOL_DOCKER, "v1: digest: sha256:" HEX_A "0\n", ""},
        {TOOL_DOCKER, "v1: digest: sha256:0123\n", ""},
        {TOOL_DOCKER, "v1: digest: sha256:", ""},
        {TOOL_DOCKER, "rev1: digest: " A "\n", ""},
        {TOOL_DOCKER, "digest: " A "\n", ""},
        {TOOL_DOCKER, A, ""},
        {TOOL_DOCKER, "manifest-" A ": done\n", ""},
        {TOOL_DOCKER, "", ""},
        {TOOL_NERDCTL, "manifest-" A ": done |++++|\nconfig-" B ": done\n", A},
        {TOOL_NERDCTL, "manifest-" A ": waiting\n\033[2Amanifest-" A ": done\n", A},
        {TOOL_NERDCTL, "index-" A ": done\nmanifest-" B ": done\nmanifest-" A ": done\n", A},
        {TOOL_NERDCTL, "manifest-" A ": done\nmanifest-" B ": done\n", ""},
        {TOOL_NERDCTL, "index-" A ": done\nindex-" B ": done\nmanifest-" A ": done\n", ""},
        {TOOL_NERDCTL, "layer-" A ": done\nconfig-" B ": done\n", ""},
        {TOOL_NERDCTL, "v1: digest: " A, ""},
        {TOOL_NERDCTL, "manifest-sha256:", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str digest = image_tool_digest(rows[i].kind, STR("v1"), str_of(rows[i].output));
        if (!str_is(digest, rows[i].digest))
            fail_msg("row %zu: \"%.*s\"", i, STR_ARG(digest));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_digests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
