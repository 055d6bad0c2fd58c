#include "format/duration.h"

#include <inttypes.h>

bool duration_parse(struct str text, int64_t *ret_seconds)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'h', 3600}, {'m', 60}, {'s', 1}};
    int64_t total = 0;
    size_t unit = 0; /* each at most once, in this order */
    for (size_t at = 0; at < text.len; at++) {
        int64_t number = 0;
        size_t digits = at;
        for (; at < text.len && str_is_digit(text.data[at]); at++)
            if (number <= DURATION_MAX)
                number = number * 10 + (text.data[at] - '0');
        bool has_no_unit = at == text.len && digits == 0;
        while (!has_no_unit && unit < 3 && at < text.len && units[unit].letter != text.data[at])
            unit++;
        if (at == digits || (!has_no_unit && (at == text.len || unit == 3)))
            return false;
        total += number * (has_no_unit ? 1 : units[unit++].seconds);
    }
    *ret_seconds = total;
    return total >= 1 && total <= DURATION_MAX;
}

/* Same thresholds as apimachinery's duration.HumanDuration(). */
struct str duration_format(struct arena *arena, int64_t seconds)
{
    int64_t minutes = seconds / 60;
    int64_t hours = minutes / 60;
    int64_t days = hours / 24;
    if (seconds < 0)
        return STR("0s");
    if (seconds < 120)
        return str_format(arena, "%" PRId64 "s", seconds);
    if (minutes < 10 && seconds % 60)
        return str_format(arena, "%" PRId64 "m%" PRId64 "s", minutes, seconds % 60);
    if (minutes < 180)
        return str_format(arena, "%" PRId64 "m", minutes);
    if (hours < 8 && minutes % 60)
        return str_format(arena, "%" PRId64 "h%" PRId64 "m", hours, minutes % 60);
    if (hours < 48)
        return str_format(arena, "%" PRId64 "h", hours);
    if (days < 8 && hours % 24)
        return str_format(arena, "%" PRId64 "d%" PRId64 "h", days, hours % 24);
    if (days < 2 * 365)
        return str_format(arena, "%" PRId64 "d", days);
    if (days < 8 * 365 && days % 365)
        return str_format(arena, "%" PRId64 "y%" PRId64 "d", days / 365, days % 365);
    return str_format(arena, "%" PRId64 "y", days / 365);
}

static int64_t number_at(struct str text, size_t at, size_t count)
{
    int64_t number = 0;
    for (size_t i = at; i < at + count; i++)
        number = number * 10 + (text.data[i] - '0');
    return number;
}

/* True if the text has the form, in which 0 stands for any digit. */
static bool matches_form(struct str text, struct str form)
{
    bool matches = text.len == form.len;
    for (size_t i = 0; matches && i < form.len; i++)
        matches = form.data[i] == '0' ? str_is_digit(text.data[i]) : text.data[i] == form.data[i];
    return matches;
}

/* True for an empty string or ".123". */
static bool is_fraction(struct str text)
{
    return text.len == 0 ||
           (text.len > 1 && text.data[0] == '.' && str_span_only(str_skip(text, 1), "0123456789"));
}

/* Returns the days since 1970-01-01 in the Gregorian calendar. Years start in March here, so that a
 * leap day is the last day. */
static int64_t days_until(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

int64_t timestamp_parse(struct str text)
{
    enum { YEAR_MIN = 1970 };
    static const struct {
        size_t at;
        int64_t min, max;
    } rules[] = {{5, 1, 12}, {8, 1, 31}, {11, 0, 23}, {14, 0, 59}, {17, 0, 60 /* a leap second */}};
    struct str form = STR("0000-00-00T00:00:00");
    int64_t parts[5];
    if (!str_ends_with(text, STR("Z")) || !matches_form(str_slice(text, 0, form.len), form) ||
        !is_fraction(str_slice(text, form.len, text.len - 1)))
        return -1;
    int64_t year = number_at(text, 0, 4);
    for (size_t i = 0; i < 5; i++) {
        parts[i] = number_at(text, rules[i].at, 2);
        if (parts[i] < rules[i].min || parts[i] > rules[i].max || year < YEAR_MIN)
            return -1;
    }
    return days_until(year, parts[0], parts[1]) * 86400 + parts[2] * 3600 + parts[3] * 60 +
           parts[4];
}
