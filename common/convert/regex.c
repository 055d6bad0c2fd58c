/* Checks that PCRE, which nginx uses, and RE2, which Envoy uses, read a regular expression in the
 * same way. https://github.com/google/re2/wiki/Syntax, pcre2pattern(3) */
#include "convert/model.h"

enum {
    REPEAT_MAX = 1000, /* of a counted repetition in RE2 */
    GROUPS_MAX = 99,
};

struct scanner {
    struct str text;
    size_t at;
    int depth; /* of open groups */
    int groups;
    bool is_repeatable; /* the last item can be repeated */
    bool is_negated;    /* in a class that begins with ^ */
};

static char peek(const struct scanner *in, size_t ahead)
{
    return in->at + ahead < in->text.len ? in->text.data[in->at + ahead] : '\0';
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* True for a character that a path contains only as %XX when it is sent. nginx compares the decoded
 * path, Envoy the path as it was sent. */
static bool is_encoded(char byte)
{
    return byte && strchr(" %\"<>`#", byte);
}

static const char encoded_reason[] =
    "nginx compares it with the decoded path, Envoy with the path as it was sent, in which clients "
    "encode one of its characters";

/* Reads the character after a backslash. */
static const char *scan_escape(struct scanner *in)
{
    char byte = peek(in, 1);
    if (byte == '\0')
        return "it ends with a backslash";
    if (str_is_digit(byte))
        return "Envoy does not support back-references";
    if (!in->is_negated && (is_encoded(byte) || strchr("?snrtfv", byte)))
        return encoded_reason;
    if (is_letter(byte) && !strchr("dDwWsSbBntrfv", byte))
        return "Envoy does not support one of its escapes";
    in->at += 2;
    in->is_repeatable = byte != 'b' && byte != 'B';
    return NULL;
}

/* Reads a character class. */
static const char *scan_class(struct scanner *in)
{
    in->at++;
    in->is_negated = peek(in, 0) == '^';
    in->at += in->is_negated;
    if (peek(in, 0) == ']') /* an ordinary character in PCRE and RE2 */
        in->at++;
    while (in->at < in->text.len && peek(in, 0) != ']') {
        char byte = peek(in, 0);
        if (byte == '[' && peek(in, 1) == ':')
            return "named classes of characters are not converted";
        if (!in->is_negated && (is_encoded(byte) || byte == '?'))
            return encoded_reason;
        if (byte == '\\') {
            const char *error = scan_escape(in);
            if (error)
                return error;
        } else {
            in->at++;
        }
    }
    if (in->at >= in->text.len)
        return "a [ is not closed";
    in->at++;
    in->is_negated = false;
    in->is_repeatable = true;
    return NULL;
}

static const char *scan_group(struct scanner *in)
{
    in->at++;
    in->depth++;
    in->is_repeatable = false;
    if (peek(in, 0) == '*')
        return "Envoy does not support verbs";
    if (peek(in, 0) != '?') {
        in->groups++;
        return in->groups > GROUPS_MAX ? "it has too many groups" : NULL;
    }
    if (peek(in, 1) != ':')
        return "Envoy supports only groups ( and (?:";
    in->at += 2;
    return NULL;
}

/* Reads `{n,m}`; both engines read a brace that is not a repetition as a character. */
static const char *scan_braces(struct scanner *in)
{
    size_t end = in->at + 1;
    int number = 0;
    while (end < in->text.len && (str_is_digit(in->text.data[end]) || in->text.data[end] == ',')) {
        number = str_is_digit(in->text.data[end]) ? number * 10 + (in->text.data[end] - '0') : 0;
        if (number > REPEAT_MAX)
            return "Envoy repeats at most 1000 times";
        end++;
    }
    if (end == in->at + 1 || end >= in->text.len || in->text.data[end] != '}' ||
        in->text.data[in->at + 1] == ',')
        return "a { is not part of a repetition";
    in->at = end + 1;
    return NULL;
}

/* Reads an operator that repeats the item before it. */
static const char *scan_repetition(struct scanner *in)
{
    if (!in->is_repeatable)
        return "nothing is before a repetition";
    if (peek(in, 0) == '{') {
        const char *error = scan_braces(in);
        if (error)
            return error;
    } else {
        in->at++;
    }
    if (peek(in, 0) == '?')
        in->at++;
    in->is_repeatable = false;
    if (peek(in, 0) && strchr("*+?{", peek(in, 0)))
        return "Envoy does not support possessive or repeated repetitions";
    return NULL;
}

static const char *scan_item(struct scanner *in)
{
    char byte = peek(in, 0);
    if (byte == '\\')
        return scan_escape(in);
    if (is_encoded(byte))
        return encoded_reason;
    if (byte == '[')
        return scan_class(in);
    if (byte == '(')
        return scan_group(in);
    if (byte && strchr("*+?{", byte))
        return scan_repetition(in);
    if (byte == '|' && in->depth == 0)
        return "an alternative outside of a group matches anywhere in the path";
    if (byte == ')' && in->depth-- == 0)
        return "a ) has no (";
    if ((unsigned char)byte < ' ' || (unsigned char)byte >= 0x7F)
        return "it has characters that are not ASCII";
    in->at++;
    in->is_repeatable = byte != '|' && byte != '^' && byte != '$';
    return NULL;
}

const char *regex_check(struct str text, int *ret_groups)
{
    struct scanner in = {.text = text};
    *ret_groups = 0;
    while (in.at < text.len) {
        const char *error = scan_item(&in);
        if (error)
            return error;
    }
    *ret_groups = in.groups;
    return in.depth ? "a ( is not closed" : NULL;
}
