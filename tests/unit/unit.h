/* Shared by the unit tests: a fixture with an arena and diagnostics, and assertions on strings and
 * diagnostics that print the actual value. */
#ifndef OPTASVC_UNIT_H
#define OPTASVC_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

struct unit {
    struct arena arena;
    struct diags diags;
};

static inline int unit_begin(void **state)
{
    struct unit *unit = calloc(1, sizeof *unit);
    if (!unit)
        return -1;
    unit->diags.arena = &unit->arena;
    *state = unit;
    return 0;
}

static inline int unit_end(void **state)
{
    struct unit *unit = *state;
    arena_free(&unit->arena);
    free(unit);
    return 0;
}

/* A test with a fresh fixture as its state. */
#define UNIT_TEST(test) cmocka_unit_test_setup_teardown(test, unit_begin, unit_end)

/* Initializes a struct str in a table; the literal may contain NUL. */
#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

static inline void unit_reset(struct unit *unit)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    arena_reset(&unit->arena);
}

static inline const struct source *unit_source(struct unit *unit, struct str text)
{
    struct source *source = ARENA_NEW(&unit->arena, struct source);
    source->path = STR("service.yaml");
    source->text = str_copy(&unit->arena, text);
    source->lines = line_map_new(&unit->arena);
    return source;
}

/* Returns `text` repeated `times` times. */
static inline struct str unit_repeat(struct unit *unit, const char *text, size_t times)
{
    size_t len = strlen(text);
    char *repeated = arena_alloc(&unit->arena, len * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(repeated + i * len, text, len);
    return (struct str){repeated, len * times};
}

static inline bool unit_contains(struct str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t at = 0; at + len <= text.len; at++)
        if (len == 0 || memcmp(text.data + at, part, len) == 0)
            return true;
    return false;
}

#define assert_str(actual, expected) unit_assert_str(actual, expected, __FILE__, __LINE__)
#define assert_contains(text, part)  unit_assert_contains(text, part, __FILE__, __LINE__)

static inline void unit_assert_str(struct str actual, const char *expected, const char *file,
                                   int line)
{
    if (str_eq_c(actual, expected))
        return;
    print_error("\"%.*s\" is not \"%s\"\n", STR_ARG(actual), expected);
    _fail(file, line);
}

static inline void unit_assert_contains(struct str text, const char *part, const char *file,
                                        int line)
{
    if (unit_contains(text, part))
        return;
    print_error("\"%.*s\" does not contain \"%s\"\n", STR_ARG(text), part);
    _fail(file, line);
}

/* Returns all diagnostics as the user sees them. */
static inline struct str unit_format_diags(struct unit *unit)
{
    struct buf out = {0};
    diags_write(&unit->diags, &out, false);
    return buf_take(&unit->arena, &out);
}

static inline void unit_assert_count(struct unit *unit, size_t errors, size_t warnings,
                                     const char *file, int line)
{
    if (unit->diags.errors == errors && unit->diags.warnings == warnings)
        return;
    struct str text = unit_format_diags(unit);
    print_error("not %zu errors and %zu warnings, but:\n%.*s", errors, warnings, STR_ARG(text));
    _fail(file, line);
}

#define assert_errors(unit, errors)                                                                \
    unit_assert_count(unit, errors, (unit)->diags.warnings, __FILE__, __LINE__)
#define assert_warnings(unit, warnings) unit_assert_count(unit, 0, warnings, __FILE__, __LINE__)
#define assert_no_diags(unit)           unit_assert_count(unit, 0, 0, __FILE__, __LINE__)

/* Asserts that diagnostic `index` (in the order of reporting) has this position, message and hint;
 * substrings are enough. Line 0: the whole file, or no file. */
#define assert_diag(unit, index, line, column, message, hint)                                      \
    unit_assert_diag(unit, index, (struct position){line, column}, message, hint, __FILE__,        \
                     __LINE__)

static inline void unit_assert_diag(struct unit *unit, size_t index, struct position expected,
                                    const char *message, const char *hint, const char *file,
                                    int line)
{
    if (index >= unit->diags.count) {
        print_error("there are only %zu diagnostics\n", unit->diags.count);
        _fail(file, line);
        return;
    }
    const struct diag *diag = &unit->diags.items[index];
    struct position position = {0};
    if (diag->at.source && !location_is_file(diag->at))
        position = diag_position(diag->at.source, diag->at.start);
    bool same_position = position.line == expected.line && position.column == expected.column;
    if (same_position && unit_contains(diag->message, message) && unit_contains(diag->hint, hint))
        return;
    print_error("%zu:%zu: \"%.*s\", hint \"%.*s\"\nis not %zu:%zu: \"%s\", hint \"%s\"\n",
                position.line, position.column, STR_ARG(diag->message), STR_ARG(diag->hint),
                expected.line, expected.column, message, hint);
    _fail(file, line);
}

#endif
