#include "yaml/scalar.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

enum {
    KEYWORD = 1,   /* text that begins with it may be null, a boolean or another keyword */
    NUMERIC = 2,   /* text that begins with it may be a number or a timestamp */
    INDICATOR = 4, /* plain text does not begin with it, apart from exceptions for - and . */
    SPECIAL = 8    /* text that contains it must be checked before it is written plain */
};

/* clang-format off */
static const unsigned char byte_classes[0x100] = {
    [0x00 ... 0x1F] = SPECIAL, [0x7F ... 0xFF] = SPECIAL,
    ['#'] = INDICATOR | SPECIAL, [':'] = NUMERIC | INDICATOR | SPECIAL,
    [' '] = INDICATOR, ['!'] = INDICATOR, ['"'] = INDICATOR, ['%'] = INDICATOR, ['&'] = INDICATOR,
    ['\''] = INDICATOR, ['*'] = INDICATOR, ['>'] = INDICATOR, ['?'] = INDICATOR, ['@'] = INDICATOR,
    ['['] = INDICATOR, [']'] = INDICATOR, ['`'] = INDICATOR, ['{'] = INDICATOR, ['|'] = INDICATOR,
    ['}'] = INDICATOR, ['<'] = KEYWORD | INDICATOR, ['='] = KEYWORD | INDICATOR,
    ['-'] = KEYWORD | NUMERIC | INDICATOR, ['.'] = KEYWORD | NUMERIC | INDICATOR,
    ['+'] = KEYWORD | NUMERIC, [','] = NUMERIC | INDICATOR, ['_'] = NUMERIC, ['0' ... '9'] = NUMERIC,
    ['~'] = KEYWORD, ['n'] = KEYWORD, ['N'] = KEYWORD, ['t'] = KEYWORD, ['T'] = KEYWORD,
    ['f'] = KEYWORD, ['F'] = KEYWORD, ['y'] = KEYWORD, ['Y'] = KEYWORD, ['o'] = KEYWORD,
    ['O'] = KEYWORD,
};
/* clang-format on */

static unsigned byte_class(struct str text, size_t at)
{
    return byte_classes[(unsigned char)text.data[at]];
}

static bool is_keyword(struct str text)
{
    enum { LENGTH_MAX = 5 };
    if (text.len > LENGTH_MAX)
        return false;
    /* "<<" and "=" are the merge and default keys of YAML 1.1. */
    static const char *const words[] = {"~",     "null",  "true", "false", "yes",  "no",
                                        "on",    "off",   "y",    "n",     ".nan", ".inf",
                                        "-.inf", "+.inf", "<<",   "=",     "."};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_c_nocase(text, words[i]))
            return true;
    return false;
}

static size_t skip(struct str text, size_t at, const char *allowed)
{
    while (at < text.len && text.data[at] && strchr(allowed, text.data[at]))
        at++;
    return at;
}

/* Integers in any base, floats and sexagesimals (12:30:45), with the separators of Ruby and YAML
 * 1.1. Dotted groups (1.2.3) match the float pattern of YAML 1.1. Go (yaml.v2, resolve())
 * removes all underscores first, also in 0_x1F or 3e7_. */
static bool is_number(struct str text)
{
    size_t sign = text.len && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    struct str digits = str_skip(text, skip(text, sign, "_"));
    size_t mark = digits.len && digits.data[0] == '0' ? skip(digits, 1, "_") : digits.len;
    if (mark + 1 < digits.len && strchr("xXoObB", digits.data[mark]))
        return str_span_only(str_skip(digits, mark + 1), "0123456789abcdefABCDEF_");
    size_t mantissa = skip(digits, 0, "0123456789_,.:");
    bool has_digit = false;
    for (size_t i = 0; i < mantissa; i++)
        has_digit |= str_is_digit(digits.data[i]);
    if (!has_digit)
        return false;
    if (mantissa == digits.len)
        return true;
    if (digits.data[mantissa] != 'e' && digits.data[mantissa] != 'E')
        return false;
    size_t exponent = skip(digits, mantissa + 1, "+-0123456789_");
    return exponent == digits.len;
}

/* 2001-12-14, optionally followed by a time. */
static bool is_timestamp(struct str text)
{
    size_t year = skip(text, 0, "0123456789");
    if (year != 4 || text.len < 8 || text.data[4] != '-')
        return false;
    size_t month = skip(text, 5, "0123456789");
    if (month == 5 || month >= text.len || text.data[month] != '-')
        return false;
    size_t day = skip(text, month + 1, "0123456789");
    return day > month + 1 && (day == text.len || strchr("Tt \t", text.data[day]));
}

bool scalar_is_ambiguous(struct str text)
{
    unsigned first = text.len ? byte_class(text, 0) : 0;
    return text.len == 0 || ((first & KEYWORD) && is_keyword(text)) ||
           ((first & NUMERIC) && (is_number(text) || is_timestamp(text)));
}

static bool may_start_plain(struct str text)
{
    /* A dash may begin a plain scalar if no space follows and it is not a document marker. */
    if (text.data[0] == '-')
        return text.len > 1 && text.data[1] != ' ' && !str_eq_c(text, "--") &&
               !str_starts_with(text, STR("---"));
    return !(byte_class(text, 0) & INDICATOR) ||
           (text.data[0] == '.' && !str_starts_with(text, STR("...")));
}

/* For characters beyond ASCII. Those above U+FFFF are double-quoted, because libyaml escapes
 * them. */
static bool is_printable(uint32_t character)
{
    bool breaks = character == 0x2028 || character == 0x2029 || character == 0xFEFF;
    return ((character >= 0xA0 && character < 0xD800) ||
            (character >= 0xE000 && character < 0xFFFE)) &&
           !breaks;
}

bool scalar_may_be_plain(struct str text)
{
    if (text.len == 0 || !may_start_plain(text) || scalar_is_ambiguous(text))
        return false;
    char last = text.data[text.len - 1];
    if (last == ' ' || last == ':')
        return false;
    for (size_t at = 0, len; at < text.len; at += len) {
        len = 1;
        if (!(byte_class(text, at) & SPECIAL))
            continue;
        char byte = text.data[at];
        if (byte == ':' ? text.data[at + 1] == ' ' : byte == '#' && text.data[at - 1] == ' ')
            return false;
        if (byte == ':' || byte == '#')
            continue;
        uint32_t character;
        len = utf8_decode(text, at, &character);
        if (len == 0 || !is_printable(character))
            return false;
    }
    return true;
}

bool scalar_to_bool(struct str text, bool *ret_flag)
{
    static const struct {
        const char *word;
        bool flag;
    } words[] = {{"true", true}, {"false", false}, {"yes", true},
                 {"no", false},  {"on", true},     {"off", false}};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (str_eq_c_nocase(text, words[i].word)) {
            *ret_flag = words[i].flag;
            return true;
        }
    }
    return false;
}

/* Numbers as in sigs.k8s.io/yaml */

/* Returns the base for the prefix of the digits, as in Go: 010 is octal. */
static unsigned base_of(struct str digits, size_t *ret_prefix)
{
    static const struct {
        const char *prefix;
        unsigned base;
    } bases[] = {{"0x", 16}, {"0b", 2}, {"0o", 8}, {"0", 8}};
    for (size_t i = 0; i < COUNT_OF(bases); i++) {
        *ret_prefix = strlen(bases[i].prefix);
        if (digits.len > *ret_prefix &&
            str_eq_c_nocase(str_slice(digits, 0, *ret_prefix), bases[i].prefix))
            return bases[i].base;
    }
    *ret_prefix = 0;
    return 10;
}

/* Parses like Go's strconv.ParseInt() with base 0. The number fits an int64_t or, if positive, a
 * uint64_t. */
static bool parse_go_int(struct str text, bool *ret_negative, uint64_t *ret_number)
{
    *ret_negative = str_starts_with(text, STR("-"));
    struct str digits = str_skip(text, *ret_negative || str_starts_with(text, STR("+")) ? 1 : 0);
    size_t prefix;
    unsigned base = base_of(digits, &prefix);
    uint64_t number = 0;
    for (size_t i = prefix; i < digits.len; i++) {
        unsigned digit = str_digit(digits.data[i]);
        if (digit >= base || number > (UINT64_MAX - digit) / base)
            return false;
        number = number * base + digit;
    }
    *ret_number = number;
    return digits.len && (!*ret_negative || number <= (uint64_t)INT64_MAX + 1);
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_go_float(struct str text)
{
    const char *digits = "0123456789";
    size_t start = text.len && strchr("+-", text.data[0]) ? 1 : 0;
    size_t point = skip(text, start, digits);
    size_t end = point;
    if (point < text.len && text.data[point] == '.')
        end = skip(text, point + 1, digits);
    if (point == start && end <= point + 1)
        return false;
    if (end == text.len)
        return true;
    if (text.data[end] != 'e' && text.data[end] != 'E')
        return false;
    size_t exponent = end + 1;
    if (exponent < text.len && strchr("+-", text.data[exponent]))
        exponent++;
    return exponent < text.len && skip(text, exponent, digits) == text.len;
}

/* Returns the exponent of a float. Beyond six digits the exact value does not matter. */
static int64_t exponent_of(struct str text)
{
    enum { DIGITS_MAX = 6 };
    int64_t number = 0;
    struct str digits = str_skip(text, text.len && strchr("+-", text.data[0]) ? 1 : 0);
    for (size_t i = 0; i < digits.len && i < DIGITS_MAX; i++)
        number = number * 10 + (digits.data[i] - '0');
    return str_starts_with(text, STR("-")) ? -number : number;
}

/* True for a float with an integral value, which JSON writes without a point. False if it has
 * more than the 15 digits of a double, or does not fit. */
static bool is_whole(struct str text, int64_t *ret_number)
{
    enum { DIGITS_MAX = 15, LENGTH_MAX = 18 };
    char digits[DIGITS_MAX];
    size_t count = 0;
    size_t end = skip(text, 0, "+-.0123456789");
    size_t point = str_find(str_slice(text, 0, end), 0, '.');
    int64_t power =
        exponent_of(str_skip(text, end + 1)); /* power of ten of the last significant digit */
    size_t last = end;                        /* after the last nonzero digit */
    while (last > 0 && strchr("0.", text.data[last - 1]))
        last--;
    for (size_t i = 0; i < last; i++) {
        if (!str_is_digit(text.data[i]) || (count == 0 && text.data[i] == '0'))
            continue;
        if (count == DIGITS_MAX)
            return false;
        digits[count++] = text.data[i];
    }
    power += last > point ? -(int64_t)(last - point - 1) : (int64_t)(point - last);
    if (count && (power < 0 || (int64_t)count + power > LENGTH_MAX))
        return false;
    *ret_number = 0;
    for (int64_t i = 0; count && i < (int64_t)count + power; i++)
        *ret_number = *ret_number * 10 + (i < (int64_t)count ? digits[i] - '0' : 0);
    if (str_starts_with(text, STR("-")))
        *ret_number = -*ret_number;
    return true;
}

static struct str without_underscores(struct arena *arena, struct str text)
{
    if (str_find(text, 0, '_') == text.len)
        return text;
    char *copy = arena_alloc(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '_')
            copy[len++] = text.data[i];
    return (struct str){copy, len};
}

__attribute__((noinline)) static struct str number_as_json(struct arena *arena, struct str text)
{
    bool negative;
    uint64_t number;
    int64_t whole;
    if (str_to_int(text, &whole) && text.data[0] != '-') /* the usual form */
        return text;
    struct str plain = without_underscores(arena, text);
    if (parse_go_int(plain, &negative, &number))
        return str_format(arena, "%s%" PRIu64, negative && number ? "-" : "", number);
    if (!is_go_float(text.data[0] == '.' ? text : plain))
        return text;
    if (is_whole(plain, &whole))
        return str_format(arena, "%" PRId64, whole);
    return str_skip(plain, plain.data[0] == '+' ? 1 : 0);
}

struct str scalar_as_json(struct arena *arena, struct str text)
{
    char first = text.len ? text.data[0] : ' ';
    bool number = str_is_digit(first) || first == '+' || first == '-' || first == '.';
    return number ? number_as_json(arena, text) : text;
}

bool scalar_is_json_true(struct str text)
{
    static const char *const words[] = {"y",    "Y",    "yes", "Yes", "YES", "true",
                                        "True", "TRUE", "on",  "On",  "ON"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_c(text, words[i]))
            return true;
    return false;
}
