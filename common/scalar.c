#include "scalar.h"

#include "utf8.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_keyword(struct str text)
{
    enum { LONGEST = 5 };
    if (text.len > LONGEST)
        return false;
    /* "<<" and "=" are YAML 1.1's merge and default keys. */
    static const char *const words[] = {"",     "~",     "null",  "true", "false", "yes",
                                        "no",   "on",    "off",   "y",    "n",     ".nan",
                                        ".inf", "-.inf", "+.inf", "<<",   "=",     "."};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is_nocase(text, words[i]))
            return true;
    return false;
}

static size_t skip(struct str text, size_t at, const char *allowed)
{
    while (at < text.len && text.data[at] && strchr(allowed, text.data[at]))
        at++;
    return at;
}

/* Integers of every base, floats, sexagesimals (12:30:45), with Ruby's and YAML 1.1's separators.
 * Dotted groups (1.2.3) are floats to the letter of YAML 1.1's pattern. */
static bool is_number(struct str text)
{
    size_t at = text.len && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    struct str digits = str_from(text, at);
    if (digits.len > 2 && digits.data[0] == '0' && strchr("xXoObB", digits.data[1]))
        return str_only(str_from(digits, 2), "0123456789abcdefABCDEF_");
    size_t mantissa = skip(digits, 0, "0123456789_,.:");
    bool has_digit = false;
    for (size_t i = 0; i < mantissa; i++)
        has_digit |= is_digit(digits.data[i]);
    if (!has_digit)
        return false;
    if (mantissa == digits.len)
        return true;
    if (digits.data[mantissa] != 'e' && digits.data[mantissa] != 'E')
        return false;
    size_t exponent = skip(digits, mantissa + 1, "+-0123456789");
    return exponent == digits.len;
}

/* 2001-12-14, alone or with a time behind it. */
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
    if (is_keyword(text))
        return true;
    bool numeric = is_digit(text.data[0]) || strchr("+-.:,_", text.data[0]);
    return numeric && (is_number(text) || is_timestamp(text));
}

static bool may_start_plain(struct str text)
{
    /* A dash may start a plain text when no space follows and it is no document mark. */
    if (text.data[0] == '-')
        return text.len > 1 && text.data[1] != ' ' && !str_is(text, "--") &&
               !str_starts(text, STR("---"));
    return !strchr("?:,[]{}#&*!|>'\"%@` .=<", text.data[0]) ||
           (text.data[0] == '.' && !str_starts(text, STR("...")));
}

/* Beyond ASCII: emoji and other planes are left to the double quotes, for libyaml escapes them. */
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
    for (size_t at = 0; at < text.len;) {
        unsigned char byte = (unsigned char)text.data[at];
        char next = at + 1 < text.len ? text.data[at + 1] : 0;
        uint32_t character = 0;
        size_t len = byte < 0x80 ? 1 : utf8_decode(text, at, &character);
        bool printable = byte < 0x80 ? byte >= 0x20 && byte != 0x7F : is_printable(character);
        if (len == 0 || !printable || (byte == ':' && next == ' ') || (byte == ' ' && next == '#'))
            return false;
        at += len;
    }
    return true;
}

bool scalar_to_int(struct str text, int64_t *ret_number)
{
    enum { MOST_DIGITS = 18 }; /* fits an int64_t whatever the digits are */
    bool negative = text.len > 1 && text.data[0] == '-';
    struct str digits = str_from(text, negative ? 1 : 0);
    if (digits.len == 0 || digits.len > MOST_DIGITS)
        return false;
    if (digits.data[0] == '0' && digits.len > 1)
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!is_digit(digits.data[i]))
            return false;
        number = number * 10 + (digits.data[i] - '0');
    }
    *ret_number = negative ? -number : number;
    return true;
}

bool scalar_to_bool(struct str text, bool *ret_flag)
{
    static const struct {
        const char *word;
        bool flag;
    } words[] = {{"true", true}, {"false", false}, {"yes", true},
                 {"no", false},  {"on", true},     {"off", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is_nocase(text, words[i].word)) {
            *ret_flag = words[i].flag;
            return true;
        }
    }
    return false;
}
