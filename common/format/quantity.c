#include "format/quantity.h"

#include <inttypes.h>

struct str quantity_cpu(struct arena *arena, int64_t millicores)
{
    if (millicores % 1000 == 0)
        return str_from_int(arena, millicores / 1000);
    return STR_JOIN(arena, str_from_int(arena, millicores), STR("m"));
}

/* Uses the largest suffix that gives an integer, as Kubernetes does for each of its formats. The
 * decimal suffix is used only if the value is not a multiple of Mi and the number is smaller. */
struct str quantity_bytes(struct arena *arena, int64_t bytes)
{
    static const char *const binary[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", NULL};
    static const char *const decimal[] = {"", "k", "M", "G", "T", "P", "E", NULL};
    enum { MEBI = 2 };
    int64_t large = bytes;
    int64_t small = bytes;
    size_t binary_suffix = 0;
    size_t decimal_suffix = 0;
    for (; large > 0 && large % 1024 == 0 && binary[binary_suffix + 1]; binary_suffix++)
        large /= 1024;
    for (; small > 0 && small % 1000 == 0 && decimal[decimal_suffix + 1]; decimal_suffix++)
        small /= 1000;
    if (binary_suffix < MEBI && small < large)
        return STR_JOIN(arena, str_from_int(arena, small), str_from_c(decimal[decimal_suffix]));
    return STR_JOIN(arena, str_from_int(arena, large), str_from_c(binary[binary_suffix]));
}

static size_t skip_digits(struct str text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

/* Parses a suffix into its factor 2^power_of_2 * 10^power_of_10. Returns false for an unknown
 * suffix. */
static bool parse_suffix(struct str suffix, int *ret_power_of_2, int *ret_power_of_10)
{
    static const struct {
        const char *name;
        int power_of_2;
        int power_of_10;
    } suffixes[] = {{"", 0, 0},    {"n", 0, -9},  {"u", 0, -6},  {"m", 0, -3},
                    {"k", 0, 3},   {"M", 0, 6},   {"G", 0, 9},   {"T", 0, 12},
                    {"P", 0, 15},  {"E", 0, 18},  {"Ki", 10, 0}, {"Mi", 20, 0},
                    {"Gi", 30, 0}, {"Ti", 40, 0}, {"Pi", 50, 0}, {"Ei", 60, 0}};
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        if (!str_eq_c(suffix, suffixes[i].name))
            continue;
        *ret_power_of_2 = suffixes[i].power_of_2;
        *ret_power_of_10 = suffixes[i].power_of_10;
        return true;
    }
    enum { DIGITS_MAX = 2 };
    if (suffix.len < 2 || (suffix.data[0] != 'e' && suffix.data[0] != 'E'))
        return false;
    bool negative = suffix.data[1] == '-';
    struct str digits = str_skip(suffix, negative || suffix.data[1] == '+' ? 2 : 1);
    if (digits.len == 0 || digits.len > DIGITS_MAX || skip_digits(digits, 0) != digits.len)
        return false;
    *ret_power_of_2 = 0;
    *ret_power_of_10 = 0;
    for (size_t i = 0; i < digits.len; i++)
        *ret_power_of_10 = *ret_power_of_10 * 10 + (digits.data[i] - '0');
    if (negative)
        *ret_power_of_10 = -*ret_power_of_10;
    return true;
}

/* Appends a digit; saturates at INT64_MAX. */
static void add_digit(int64_t *number, int digit)
{
    *number = *number > (INT64_MAX - 9) / 10 ? INT64_MAX : *number * 10 + digit;
}

/* Multiplies by 10^power, rounding up as Kubernetes does. `*inexact` (in and out): the exact number
 * is slightly larger. */
static int64_t scale_by_ten(int64_t number, int power, bool *inexact)
{
    for (; power > 0 && number > 0 && number < INT64_MAX; power--)
        add_digit(&number, 0);
    for (; power < 0 && number > 0 && number < INT64_MAX; power++) {
        *inexact |= number % 10 != 0;
        number /= 10;
    }
    return number < INT64_MAX ? number + *inexact : number;
}

bool quantity_parse(struct str text, int64_t *ret_thousandths)
{
    bool rounded;
    return quantity_parse_rounded(text, ret_thousandths, &rounded);
}

bool quantity_parse_rounded(struct str text, int64_t *ret_thousandths, bool *ret_rounded)
{
    enum { THOUSANDTHS = 3 };
    size_t start = text.len && text.data[0] == '+' ? 1 : 0;
    size_t point = skip_digits(text, start);
    size_t end = point;
    if (point < text.len && text.data[point] == '.')
        end = skip_digits(text, point + 1);
    struct str whole = str_slice(text, start, point);
    struct str fraction = str_slice(text, point < end ? point + 1 : end, end);
    int power_of_2;
    int power_of_10;
    bool inexact = false;
    if (whole.len + fraction.len == 0 ||
        !parse_suffix(str_skip(text, end), &power_of_2, &power_of_10))
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < whole.len; i++)
        add_digit(&number, whole.data[i] - '0');
    /* Further digits are too small to matter, except for rounding up. */
    int64_t room = (INT64_MAX >> power_of_2) / 10000;
    size_t used = 0;
    for (; used < fraction.len && number < room; used++)
        add_digit(&number, fraction.data[used] - '0');
    for (size_t i = used; i < fraction.len; i++)
        inexact |= fraction.data[i] != '0';
    for (; power_of_2 > 0 && number < INT64_MAX; power_of_2--)
        number = number > INT64_MAX / 2 ? INT64_MAX : number * 2;
    *ret_thousandths = scale_by_ten(number, power_of_10 + THOUSANDTHS - (int)used, &inexact);
    *ret_rounded = inexact;
    return true;
}
