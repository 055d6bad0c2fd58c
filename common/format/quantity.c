#include "format/quantity.h"

#include <inttypes.h>

struct str quantity_cpu(struct arena *arena, int64_t millicores)
{
    if (millicores % 1000 == 0)
        return str_from_int(arena, millicores / 1000);
    return STR_JOIN(arena, str_from_int(arena, millicores), STR("m"));
}

/* With the largest suffix that leaves an integer, as Kubernetes does for each of its formats. Only
 * what is no integer of Mi is written with a decimal suffix, if that leaves a smaller one. */
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

/* What a number is multiplied by: 2^two * 10^ten. False for what is no suffix. */
static bool read_suffix(struct str suffix, int *ret_two, int *ret_ten)
{
    static const struct {
        const char *name;
        int two;
        int ten;
    } suffixes[] = {{"", 0, 0},    {"n", 0, -9},  {"u", 0, -6},  {"m", 0, -3},
                    {"k", 0, 3},   {"M", 0, 6},   {"G", 0, 9},   {"T", 0, 12},
                    {"P", 0, 15},  {"E", 0, 18},  {"Ki", 10, 0}, {"Mi", 20, 0},
                    {"Gi", 30, 0}, {"Ti", 40, 0}, {"Pi", 50, 0}, {"Ei", 60, 0}};
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        if (!str_eq_c(suffix, suffixes[i].name))
            continue;
        *ret_two = suffixes[i].two;
        *ret_ten = suffixes[i].ten;
        return true;
    }
    enum { MOST_DIGITS = 2 };
    if (suffix.len < 2 || (suffix.data[0] != 'e' && suffix.data[0] != 'E'))
        return false;
    bool negative = suffix.data[1] == '-';
    struct str digits = str_skip(suffix, negative || suffix.data[1] == '+' ? 2 : 1);
    if (digits.len == 0 || digits.len > MOST_DIGITS || skip_digits(digits, 0) != digits.len)
        return false;
    *ret_two = 0;
    *ret_ten = 0;
    for (size_t i = 0; i < digits.len; i++)
        *ret_ten = *ret_ten * 10 + (digits.data[i] - '0');
    if (negative)
        *ret_ten = -*ret_ten;
    return true;
}

/* Adds a digit; what does not fit stays at the most. */
static void add_digit(int64_t *number, int digit)
{
    *number = *number > (INT64_MAX - 9) / 10 ? INT64_MAX : *number * 10 + digit;
}

/* Multiplies and divides by ten, up to the next whole number as Kubernetes does; `rest`: the number
 * is a little larger, before and after. */
static int64_t scale_by_ten(int64_t number, int power, bool *rest)
{
    for (; power > 0 && number > 0 && number < INT64_MAX; power--)
        add_digit(&number, 0);
    for (; power < 0 && number > 0 && number < INT64_MAX; power++) {
        *rest |= number % 10 != 0;
        number /= 10;
    }
    return number < INT64_MAX ? number + *rest : number;
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
    int two;
    int ten;
    bool rest = false;
    if (whole.len + fraction.len == 0 || !read_suffix(str_skip(text, end), &two, &ten))
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < whole.len; i++)
        add_digit(&number, whole.data[i] - '0');
    /* Digits that would not fit are too small to count, but for rounding up. */
    int64_t room = (INT64_MAX >> two) / 10000;
    size_t used = 0;
    for (; used < fraction.len && number < room; used++)
        add_digit(&number, fraction.data[used] - '0');
    for (size_t i = used; i < fraction.len; i++)
        rest |= fraction.data[i] != '0';
    for (; two > 0 && number < INT64_MAX; two--)
        number = number > INT64_MAX / 2 ? INT64_MAX : number * 2;
    *ret_thousandths = scale_by_ten(number, ten + THOUSANDTHS - (int)used, &rest);
    *ret_rounded = rest;
    return true;
}
