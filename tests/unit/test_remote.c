#include "config/remote.h"
#include "unit.h"

static void test_addresses(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *path, *message, *hint;
    } rows[] = {
        {"git@github.com:org/repo.git//opta.yaml", "is in a git repository",
         "git clone git@github.com:org/repo.git"},
        {"git@github.com:org/repo.git//opta.yaml?ref=v1", "is in a git repository",
         "git clone --branch v1 git@github.com:org/repo.git"},
        {"git@github.com:org/repo.git//opta.yaml?a=b,ref=v1,c=d", "is in a git repository",
         "--branch v1 git@"},
        {"git::https://example.com/repo//a/b.yaml?ref=a'b&depth=1", "is in a git repository",
         "git clone --branch 'a'\\''b' https://example.com/repo"},
        {"https://github.com/org/repo.git", "is in a git repository",
         "git clone https://github.com/org/repo.git"},
        {"ssh://git@example.com/repo//x", "is in a git repository",
         "git clone ssh://git@example.com/repo"},
        {"https://user:secret@example.com/repo.git//x", "this path is in a git repository",
         "git clone REPOSITORY"},
        {"s3://bucket/key", "is an object in S3", "aws s3 cp s3://bucket/key ."},
        {"s3::https://s3.amazonaws.com/bucket/key", "is an object in S3", "download the file"},
        {"gs://bucket/key", "Google Cloud Storage", "gcloud storage cp"},
        {"gcs::https://www.googleapis.com/x", "Google Cloud Storage", "download the file"},
        {"http://example.com/x.yaml", "a URL", "curl -fsSLO"},
        {"https://example.com/x.yaml", "a URL", "curl -fsSLO"},
        {"ftp://example.com/x.yaml", "a remote address", "download the file"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str path = str_from_c(rows[i].path);
        unit->diags = (struct diags){.arena = &unit->arena};
        assert_true(remote_is(path));
        assert_true(remote_report(&unit->arena, &unit->diags, NO_LOCATION, path));
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, rows[i].message, rows[i].hint);
    }
}

static void test_local_paths(void **state)
{
    struct unit *unit = *state;
    static const char *const paths[] = {"",     "-",    "staging.yaml", "../env/a.yaml",
                                        "/a/b", "a::b", "me@host:x",    "a:b",
                                        "s3/a", "git"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct str path = str_from_c(paths[i]);
        if (remote_is(path) || remote_report(&unit->arena, &unit->diags, NO_LOCATION, path))
            fail_msg("%s", paths[i]);
        assert_no_diags(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_addresses), UNIT_TEST(test_local_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
