#include "config/source.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/optasvc-input-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[128];
    if (chdir("/") != 0)
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void touch(const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* Returns the listed paths, separated by spaces; those passed with -f have a star. */
static const char *list(struct unit *unit, bool recursive, const char *const *files, size_t count,
                        bool *ret_right)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    const char **items = ARENA_ARRAY(&unit->arena, count, const char *);
    memcpy(items, files, count * sizeof *items);
    struct input_options options = {.files = {items, count}, .recursive = recursive};
    struct input *inputs;
    size_t found;
    *ret_right = input_list(&unit->arena, &unit->diags, &options, &inputs, &found);
    struct str text = STR("");
    for (size_t i = 0; i < found; i++)
        text = str_format(&unit->arena, "%.*s%s%s%s", STR_ARG(text), i ? " " : "", inputs[i].path,
                          inputs[i].named ? "*" : "");
    return text.data;
}

static void test_listing(void **state)
{
    struct unit *unit = *state;
    assert_int_equal(mkdir("d", 0700), 0);
    assert_int_equal(mkdir("d/sub", 0700), 0);
    assert_int_equal(mkdir("d/dir.yaml", 0700), 0);
    static const char *const names[] = {
        "d/b.yaml",          "d/a.yml",   "d/c.json",       "d/B.yaml",     "d/\xC3\xA4.yaml",
        "d/x.txt",           "d/yaml",    "d/.hidden.yaml", "d/a.yaml.bak", "d/sub/z.yaml",
        "d/dir.yaml/i.yaml", "d/10.yaml", "d/9.yaml",       "single"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        touch(names[i]);
    assert_int_equal(symlink("b.yaml", "d/link.yaml"), 0);
    assert_int_equal(symlink("sub", "d/zlink"), 0);
    static const struct {
        bool recursive;
        const char *files[3];
        size_t count;
        const char *found;
    } rows[] = {
        {false, {"single", "-", "d/x.txt"}, 3, "single* -* d/x.txt*"},
        {false,
         {"d"},
         1,
         "d/10.yaml d/9.yaml d/B.yaml d/a.yml d/b.yaml d/c.json d/link.yaml d/\xC3\xA4.yaml"},
        {false, {"d/sub/"}, 1, "d/sub/z.yaml"},
        {true,
         {"d"},
         1,
         "d/10.yaml d/9.yaml d/B.yaml d/a.yml d/b.yaml d/c.json d/dir.yaml/i.yaml d/link.yaml "
         "d/sub/z.yaml d/\xC3\xA4.yaml"},
        {false, {"d/zlink"}, 1, "d/zlink/z.yaml"}, /* a link passed with -f is followed */
        {false,
         {"d", "d/sub"},
         2, /* without -R, neither includes the other */
         "d/10.yaml d/9.yaml d/B.yaml d/a.yml d/b.yaml d/c.json d/link.yaml d/\xC3\xA4.yaml "
         "d/sub/z.yaml"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool right;
        const char *found = list(unit, rows[i].recursive, rows[i].files, rows[i].count, &right);
        assert_true(right);
        assert_string_equal(found, rows[i].found);
    }
}

static void test_unreadable_paths(void **state)
{
    struct unit *unit = *state;
    static const char *const files[] = {"missing", "single/x", "missing too"};
    bool right;
    list(unit, false, files, COUNT_OF(files), &right);
    assert_false(right);
    assert_errors(unit, 3);
    assert_diag(unit, 0, 0, 0, "cannot read missing: No such file", "");
    assert_diag(unit, 1, 0, 0, "cannot read single/x: Not a directory", "");
}

static void test_duplicate_paths(void **state)
{
    struct unit *unit = *state;
    assert_int_equal(mkdir("twice", 0700), 0);
    assert_int_equal(mkdir("twice/sub", 0700), 0);
    touch("twice/a.yaml");
    touch("twice/sub/b.yaml");
    assert_int_equal(symlink("twice", "again"), 0);
    assert_int_equal(link("twice/a.yaml", "hard"), 0);
    static const struct {
        bool recursive;
        const char *files[2];
        const char *message;
    } rows[] = {
        {false, {"twice/a.yaml", "twice/a.yaml"}, "-f selects twice/a.yaml twice"},
        {false, {"twice/a.yaml", "./twice/a.yaml"}, "it is the same as twice/a.yaml"},
        {false, {"twice/a.yaml", "hard"}, "-f selects hard twice: it is the same as twice/a.yaml"},
        {false, {"twice", "twice/a.yaml"}, "-f selects twice/a.yaml twice"},
        {false, {"twice/a.yaml", "twice"}, "-f selects twice/a.yaml twice"},
        {false, {"twice", "again"}, "-f selects again twice: it is the same as twice"},
        {true, {"twice", "twice/sub"}, "-f selects twice/sub twice"},
        {true, {"twice/sub", "again"}, "-f selects again/sub twice"},
        {true, {"twice", "twice/sub/b.yaml"}, "-f selects twice/sub/b.yaml twice"},
        {false, {"-", "-"}, "-f selects - twice"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool right;
        unit_forget(unit);
        list(unit, rows[i].recursive, rows[i].files, 2, &right);
        assert_false(right);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, rows[i].message, "remove one of them");
    }
}

static void test_many_files(void **state)
{
    struct unit *unit = *state;
    assert_int_equal(mkdir("many", 0700), 0);
    enum { MANY = 200 };
    for (size_t i = 0; i < MANY; i++)
        touch(str_format(&unit->arena, "many/%03zu.yaml", i).data);
    static const char *const files[] = {"many"};
    bool right;
    const char *found = list(unit, false, files, 1, &right);
    assert_true(right);
    assert_true(str_starts_with(str_from_c(found), STR("many/000.yaml many/001.yaml ")));
    assert_true(str_ends_with(str_from_c(found), STR(" many/199.yaml")));
}

static void test_depth_on_both_sides_of_the_limit(void **state)
{
    struct unit *unit = *state;
    struct str path = STR("deep");
    for (size_t depth = 0; depth < FOLDERS_DEPTH_MAX; depth++) {
        assert_int_equal(mkdir(str_to_c(&unit->arena, path), 0700), 0);
        touch(str_format(&unit->arena, "%.*s/f.yaml", STR_ARG(path)).data);
        path = str_format(&unit->arena, "%.*s/d", STR_ARG(path));
    }
    static const char *const files[] = {"deep"};
    bool right;
    struct str found = str_from_c(list(unit, true, files, 1, &right));
    assert_true(right);
    size_t count = 0;
    for (size_t at = 0; at < found.len; at = str_find(found, at, ' ') + 1)
        count++;
    assert_int_equal(count, FOLDERS_DEPTH_MAX);
    assert_int_equal(mkdir(path.data, 0700), 0);
    list(unit, true, files, 1, &right);
    assert_false(right);
    assert_errors(unit, 1);
    assert_contains(unit->diags.items[0].message, "cannot read deep/d/d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_listing),
        UNIT_TEST(test_unreadable_paths),
        UNIT_TEST(test_duplicate_paths),
        UNIT_TEST(test_many_files),
        UNIT_TEST(test_depth_on_both_sides_of_the_limit),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
