#include "format/image_ref.h"
#include "unit.h"

static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *image, *repository, *tag, *digest;
        bool has_tag, has_digest;
    } rows[] = {
        {"nginx", "nginx", "", "", false, false},
        {"nginx:1.29", "nginx", "1.29", "", true, false},
        {"localhost:5000/a", "localhost:5000/a", "", "", false, false},
        {"localhost:5000/a/b:v1", "localhost:5000/a/b", "v1", "", true, false},
        {"a@sha256:12", "a", "", "sha256:12", false, true},
        {"r:1/a:v1@sha256:12", "r:1/a", "v1", "sha256:12", true, true},
        {"a:", "a", "", "", true, false},
        {"a@", "a", "", "", false, true},
        {"a:b:c", "a", "b:c", "", true, false},
        {"sha256:12/3", "sha256:12/3", "", "", false, false},
        {"", "", "", "", false, false},
        {":", "", "", "", true, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct image_name name = image_name_split(str_from_c(rows[i].image));
        assert_str(name.repository, rows[i].repository);
        assert_str(name.tag, rows[i].tag);
        assert_str(name.digest, rows[i].digest);
        assert_int_equal(name.has_tag, rows[i].has_tag);
        assert_int_equal(name.has_digest, rows[i].has_digest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_split)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
