#include "format/cron.h"

#include <string.h>

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                     "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

static const struct cron_field {
    const char *name;
    int64_t min;
    int64_t max;
    const char *const *words; /* names for min, min + 1, ...; NULL: numbers only */
    size_t word_count;
} cron_fields[] = {
    {"minute", 0, 59, NULL, 0},   {"hour", 0, 23, NULL, 0},       {"day of month", 1, 31, NULL, 0},
    {"month", 1, 12, months, 12}, {"day of week", 0, 6, days, 7},
};

enum { FIELD_COUNT = COUNT_OF(cron_fields) };

/* robfig/cron reads 08 as 8. */
static struct str skip_leading_zeros(struct str text)
{
    while (text.len > 1 && text.data[0] == '0')
        text = str_skip(text, 1);
    return text;
}

static bool parse_number(const struct cron_field *cron_field, struct str text, int64_t *ret)
{
    for (size_t i = 0; i < cron_field->word_count; i++) {
        if (str_eq_c_nocase(text, cron_field->words[i])) {
            *ret = cron_field->min + (int64_t)i;
            return true;
        }
    }
    return str_to_int(skip_leading_zeros(text), ret) && *ret >= cron_field->min &&
           *ret <= cron_field->max;
}

/* True for NUMBER, NUMBER-NUMBER, * or ?, each with an optional /STEP. */
static bool is_range(const struct cron_field *cron_field, struct str text)
{
    size_t slash = str_find(text, 0, '/');
    struct str step = str_skip(text, slash + 1);
    struct str range = str_slice(text, 0, slash);
    int64_t number = 1;
    if (slash < text.len && (!str_to_int(skip_leading_zeros(step), &number) || number < 1))
        return false;
    if (str_eq_c(range, "*") || str_eq_c(range, "?"))
        return true;
    size_t dash = str_find(range, 0, '-');
    int64_t from;
    int64_t to;
    if (!parse_number(cron_field, str_slice(range, 0, dash), &from))
        return false;
    return dash == range.len ||
           (parse_number(cron_field, str_skip(range, dash + 1), &to) && from <= to);
}

static bool is_field(const struct cron_field *cron_field, struct str text)
{
    for (size_t at = 0; at <= text.len;) {
        size_t end = str_find(text, at, ',');
        if (!is_range(cron_field, str_slice(text, at, end)))
            return false;
        at = end + 1;
    }
    return true;
}

/* True for @every 1h30m: integers with units, as in Go's time.ParseDuration. */
static bool is_every(struct str schedule)
{
    struct str prefix = STR("@every ");
    if (!str_starts_with(schedule, prefix) || schedule.len == prefix.len)
        return false;
    for (size_t at = prefix.len; at < schedule.len; at++) {
        size_t digits = at;
        while (at < schedule.len && schedule.data[at] >= '0' && schedule.data[at] <= '9')
            at++;
        bool unit = at < schedule.len && (schedule.data[at] == 'h' || schedule.data[at] == 'm' ||
                                          schedule.data[at] == 's');
        if (at == digits || !unit)
            return false;
    }
    return true;
}

static bool is_keyword(struct str schedule)
{
    if (is_every(schedule))
        return true;
    static const char *const words[] = {"@yearly", "@annually", "@monthly", "@weekly",
                                        "@daily",  "@midnight", "@hourly"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_c(schedule, words[i]))
            return true;
    return false;
}

const char *cron_check(struct arena *arena, struct str schedule)
{
    if (str_starts_with(schedule, STR("@")))
        return is_keyword(schedule) ? NULL
                                    : "must have five fields, or be @hourly, @daily, @weekly, "
                                      "@monthly, @yearly or @every 1h";
    size_t count = 0;
    struct str errors = {0};
    for (size_t at = 0; at < schedule.len;) {
        size_t end = at;
        while (end < schedule.len && !strchr(" \t\r\n", schedule.data[end]))
            end++;
        struct str text = str_slice(schedule, at, end);
        if (text.len && count < FIELD_COUNT && !is_field(&cron_fields[count], text))
            errors =
                str_format(arena, "%.*s%san invalid %s \"%.*s\" (allowed: %d to %d)",
                           STR_ARG(errors), errors.len ? ", and " : "has ", cron_fields[count].name,
                           STR_ARG(text), (int)cron_fields[count].min, (int)cron_fields[count].max);
        count += text.len > 0;
        at = end + 1;
    }
    if (count != FIELD_COUNT)
        errors = str_format(arena,
                            "%.*s%smust have five fields: minute, hour, day of month, month, "
                            "day of week",
                            STR_ARG(errors), errors.len ? ", and " : "");
    return errors.len ? errors.data : NULL;
}
