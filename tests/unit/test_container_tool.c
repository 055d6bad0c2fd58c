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
        enum container_tool_kind kind;
        const char *output, *digest;
    } rows[] = {
        {TOOL_DOCKER, "v1: digest: " A " size: 528\n", A},
        {TOOL_DOCKER, "The push refers to repository [r/a]\n5f70: Pushed\nv1: digest: " A, A},
        {TOOL_DOCKER, "v1: digest: " A "\nv1: digest: " A "\n", A},
        {TOOL_DOCKER, "v1: digest: " A "\nv1: digest: " B "\n", ""}, /* ambiguous */
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
        struct str digest =
            container_tool_digest(rows[i].kind, STR("v1"), str_from_c(rows[i].output));
        if (!str_eq_c(digest, rows[i].digest))
            fail_msg("row %zu: \"%.*s\"", i, STR_ARG(digest));
    }
}

static void test_login_hints(void **state)
{
    struct unit *unit = *state;
    static const struct {
        enum container_tool_kind kind;
        const char *name, *host, *hint;
    } rows[] = {
        {TOOL_DOCKER, "docker", "r.example.com", "docker login r.example.com"},
        {TOOL_DOCKER, "docker", "gcr.io", "gcloud auth configure-docker gcr.io"},
        {TOOL_NERDCTL, "nerdctl", "eu.gcr.io", "gcloud auth configure-docker eu.gcr.io"},
        {TOOL_DOCKER, "docker", "us-docker.pkg.dev", "gcloud auth configure-docker us-docker"},
        {TOOL_PODMAN, "podman", "gcr.io",
         "gcloud auth print-access-token | podman login -u oauth2accesstoken --password-stdin "
         "gcr.io"},
        {TOOL_DOCKER, "docker", "acme.azurecr.io", "first: az acr login --name acme"},
        {TOOL_PODMAN, "podman", "acme.azurecr.io",
         "first: DOCKER_COMMAND=podman az acr login --name acme"},
        {TOOL_DOCKER, "docker", "notgcr.io", "docker login notgcr.io"},
        {TOOL_DOCKER, "docker", "localhost:5000", "docker run -d -p 5000:5000"},
        {TOOL_PODMAN, "podman", "127.0.0.1:5000", "podman run -d -p 5000:5000"},
        {TOOL_DOCKER, "docker", "localhost.example.com", "docker login localhost.example.com"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct container_tool tool = {
            .arena = &unit->arena, .name = rows[i].name, .kind = rows[i].kind};
        struct str hint = container_tool_login_hint(&tool, str_from_c(rows[i].host));
        if (!strstr(hint.data, rows[i].hint))
            fail_msg("%s: %s", rows[i].host, hint.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_digests), UNIT_TEST(test_login_hints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
