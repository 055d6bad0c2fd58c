#include "config/diag_report.h"

#include "unit.h"

#include <unistd.h>

/* Returns the report of the fixture's diagnostics. */
static struct str report(struct unit *unit, const char *format)
{
    struct buf out = {0};
    struct diag_report report = diag_report_begin(&unit->arena, format);
    diag_report_add(&report, &unit->diags);
    diag_report_write(&report, &out);
    return buf_take(&unit->arena, &out);
}

/* Returns the URI that SARIF has for a path. */
static struct str uri(struct unit *unit, const char *path)
{
    static const char key[] = "\"uri\": \"";
    struct source *source = ARENA_NEW(&unit->arena, struct source);
    *source = (struct source){.path = str_from_c(path), .text = STR("a: 1\n")};
    unit->diags = (struct diags){.arena = &unit->arena};
    diag_error(&unit->diags, location_file(source), RULE_WRONG_FILE, "m");
    struct str text = report(unit, "sarif");
    const char *found = strstr(str_to_c(&unit->arena, text), key);
    assert_non_null(found);
    struct str rest = str_from_c(found + strlen(key));
    return str_slice(rest, 0, str_find(rest, 0, '"'));
}

static void test_uris(void **state)
{
    struct unit *unit = *state;
    char *directory = getcwd(NULL, 0);
    assert_non_null(directory);
    assert_str(uri(unit, "web.yaml"), "web.yaml");
    assert_str(uri(unit, "././a/b.yaml"), "a/b.yaml");
    assert_str(uri(unit, "../web.yaml"), "../web.yaml");
    assert_str(uri(unit, "a:b c%\xC3\xA4#?.yaml"), "a%3Ab%20c%25%C3%A4%23%3F.yaml");
    assert_str(uri(unit, str_format(&unit->arena, "%s/a/web.yaml", directory).data), "a/web.yaml");
    assert_str(uri(unit, "/nowhere/web.yaml"), "file:///nowhere/web.yaml");
    free(directory);
}

/* Diagnostics that are only counted are a note, and are part of the number of errors. */
static void test_omitted(void **state)
{
    struct unit *unit = *state;
    for (size_t i = 0; i < DIAG_MAX + 3; i++)
        diag_error(&unit->diags, NO_LOCATION, RULE_USAGE, "error %zu", i);
    assert_contains(report(unit, "json"), "\"errors\": 203,");
    assert_contains(report(unit, "json"), "\"... and 3 more\"");
    assert_contains(report(unit, "github"), "\nnote: ... and 3 more\n");
}

static void test_escapes_of_annotations(void **state)
{
    struct unit *unit = *state;
    const struct source source = {.path = STR("a,b:c%.yaml"), .text = STR("a\nb\n")};
    const struct location at = {.source = &source, .start = 0, .end = 3};
    diag_warning(&unit->diags, at, RULE_NO_EFFECT, "100%%, a: b");
    diag_hint(&unit->diags, "one\ntwo::error::");
    assert_str(report(unit, "github"),
               "::warning file=a%2Cb%3Ac%25.yaml,line=1,endLine=2,col=1,title=no-effect::"
               "100%25, a: b%0Aone%0Atwo::error::\n");
}

/* A hidden file has a position, but neither message nor hint. */
static void test_hidden(void **state)
{
    struct unit *unit = *state;
    bool hidden = true;
    const struct source source = {
        .path = STR("/etc/passwd"), .text = STR("secret: 1\n"), .hidden = &hidden};
    const struct location at = {.source = &source, .start = 8, .end = 9};
    diag_error(&unit->diags, at, RULE_UNKNOWN_FIELD, "unknown field \"secret\"");
    diag_hint(&unit->diags, "remove secret");
    for (const char *const *format = diag_format_names; *format; format++) {
        assert_contains(report(unit, *format), "invalid service or environment file");
        assert_false(unit_contains(report(unit, *format), "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_uris),
        UNIT_TEST(test_omitted),
        UNIT_TEST(test_escapes_of_annotations),
        UNIT_TEST(test_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
