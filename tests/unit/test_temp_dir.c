#include "os/temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *create_dir(struct unit *unit)
{
    const char *path = private_dir_create(&unit->arena);
    struct stat status;
    assert_non_null(path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(status.st_uid, geteuid());
    return path;
}

static const char *path_of(struct unit *unit, const char *directory, const char *name)
{
    return str_format(&unit->arena, "%s/%s", directory, name).data;
}

static void write_file(const char *path, const char *text)
{
    struct str piece = str_from_c(text);
    assert_int_equal(private_dir_write(path, &piece, 1), 0);
}

static void test_files(void **state)
{
    struct unit *unit = *state;
    const char *directory = create_dir(unit);
    const char *path = path_of(unit, directory, "a");
    struct str pieces[] = {STR("one"), STR(""), STR("two")};
    struct stat status;
    char text[8] = "";
    assert_int_equal(private_dir_write(path, pieces, COUNT_OF(pieces)), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    int file = open(path, O_RDONLY);
    assert_int_equal(read(file, text, sizeof text), 6);
    close(file);
    assert_string_equal(text, "onetwo");
    assert_int_equal(private_dir_write(path, pieces, 1), EEXIST);
    assert_int_equal(private_dir_write(path_of(unit, directory, "no/a"), pieces, 1), ENOENT);
    assert_true(private_dir_wipe(directory));
    assert_int_equal(access(directory, F_OK), -1);
    assert_false(private_dir_wipe(directory));
}

/* No written data remains: a hard link to the file shows that. */
static void test_files_of_other_programs(void **state)
{
    struct unit *unit = *state;
    const char *directory = create_dir(unit);
    const char *other = create_dir(unit);
    const char *kept = path_of(unit, other, "kept");
    const char *second = path_of(unit, other, "second");
    char text[8] = "";
    write_file(kept, "kept");
    assert_int_equal(mkdir(path_of(unit, directory, "a"), 0700), 0);
    write_file(path_of(unit, directory, "a/.hidden"), "secret");
    assert_int_equal(link(path_of(unit, directory, "a/.hidden"), second), 0);
    assert_int_equal(symlink(kept, path_of(unit, directory, "link")), 0);
    assert_int_equal(symlink(other, path_of(unit, directory, "folder")), 0);
    assert_int_equal(mkfifo(path_of(unit, directory, "pipe"), 0600), 0);
    assert_true(private_dir_wipe(directory));
    int file = open(second, O_RDONLY);
    assert_int_equal(read(file, text, sizeof text), 6);
    close(file);
    assert_memory_equal(text, "\0\0\0\0\0\0", 6);
    file = open(kept, O_RDONLY);
    assert_int_equal(read(file, text, sizeof text), 4);
    close(file);
    assert_memory_equal(text, "kept", 4);
    assert_true(private_dir_wipe(other));
}

static void test_depth(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *folders;
        bool right;
    } rows[] = {{"a/b/c/d/e/f/g", true}, {"a/b/c/d/e/f/g/h", false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *directory = create_dir(unit);
        const char *names = rows[i].folders;
        for (size_t len = 1; len <= strlen(names); len += 2)
            assert_int_equal(
                mkdir(str_format(&unit->arena, "%s/%.*s", directory, (int)len, names).data, 0700),
                0);
        assert_int_equal(private_dir_wipe(directory), rows[i].right);
        for (size_t len = strlen(names); !rows[i].right && len > 0; len -= len > 1 ? 2 : 1)
            rmdir(str_format(&unit->arena, "%s/%.*s", directory, (int)len, names).data);
        rmdir(directory);
        assert_int_equal(access(directory, F_OK), -1);
    }
}

/* Location of the directory: the first usable one of these. */
static void test_locations(void **state)
{
    struct unit *unit = *state;
    const char *runtime = create_dir(unit);
    const char *before = getenv("XDG_RUNTIME_DIR");
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    const char *directory = create_dir(unit);
    assert_true(str_starts_with(str_from_c(directory), str_from_c(runtime)));
    assert_true(private_dir_wipe(directory));
    static const char *const unfit[] = {"", "/nowhere"};
    for (size_t i = 0; i < COUNT_OF(unfit); i++) {
        setenv("XDG_RUNTIME_DIR", unfit[i], 1);
        assert_true(private_dir_wipe(create_dir(unit)));
    }
    if (before)
        setenv("XDG_RUNTIME_DIR", before, 1);
    else
        unsetenv("XDG_RUNTIME_DIR");
    assert_true(private_dir_wipe(runtime));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_files),
        UNIT_TEST(test_files_of_other_programs),
        UNIT_TEST(test_depth),
        UNIT_TEST(test_locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
