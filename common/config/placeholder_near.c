#include "config/placeholder.h"

#include <string.h>

/* What follows a brace: [$]{ROOT.PART.PART} or ${{ROOT.PART}}, with spaces around it or none. */
struct expression {
    struct str root;
    struct str parts; /* as written, with their dots and brackets */
    size_t start;     /* at the $ or brace */
    size_t end;       /* after the last brace; if it is not closed, after what was read */
    bool dollar;
    bool doubled;
    bool spaced;
    bool closed;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t skip_spaces(struct str text, size_t at)
{
    while (at < text.len && text.data[at] == ' ')
        at++;
    return at;
}

static bool has_byte(struct str text, size_t at, char byte)
{
    return at < text.len && text.data[at] == byte;
}

/* The end of the parts that begin at `at`; each begins with a letter, unlike those of numbers. */
static size_t parts_end(struct str text, size_t at)
{
    while (has_byte(text, at, '.') || has_byte(text, at, '[')) {
        bool bracket = text.data[at] == '[';
        if (at + 1 == text.len || !is_letter(text.data[at + 1]))
            break;
        size_t end = placeholder_name_end(text, at + 1);
        if (bracket && !has_byte(text, end, ']'))
            break;
        at = end + bracket;
    }
    return at;
}

static struct expression read_expression(struct str text, size_t brace)
{
    struct expression read = {.start = brace};
    read.dollar = brace > 0 && text.data[brace - 1] == '$';
    read.start -= read.dollar;
    read.doubled = read.dollar && has_byte(text, brace + 1, '{');
    size_t first = brace + 1 + read.doubled;
    size_t at = skip_spaces(text, first);
    if (at == text.len || !is_letter(text.data[at]))
        return read;
    size_t root_end = placeholder_name_end(text, at);
    size_t end = parts_end(text, root_end);
    size_t close = skip_spaces(text, end);
    read.root = str_slice(text, at, root_end);
    read.parts = str_slice(text, root_end, end);
    read.spaced = at > first || close > end;
    read.closed = has_byte(text, close, '}') && (!read.doubled || has_byte(text, close + 1, '}'));
    read.end = read.closed ? close + 1 + read.doubled : end;
    return read;
}

/* A root that is written, but not in its form. A placeholder after `$`, other than of a module, is
 * replaced, and the `$` is kept. */
static void report_root(const struct scope *scope, struct location at, struct str written,
                        const struct expression *read, const char *form)
{
    if (read->dollar && !read->doubled && !read->spaced && read->closed) {
        diag_warning(scope->diags, at, "the \"$\" of \"%.*s\" is kept as text", STR_ARG(written));
        diag_hint(scope->diags, "write %.*s", STR_ARG(str_skip(written, 1)));
        return;
    }
    diag_warning(scope->diags, at, "\"%.*s\" is not a placeholder and is kept as text",
                 STR_ARG(written));
    diag_hint(scope->diags, "placeholders of this kind have the form %s", form);
}

static struct str list_roots(struct arena *arena)
{
    struct buf list = {0};
    const char *form;
    const char *name;
    for (size_t i = 0; (name = placeholder_root(i, &form)) != NULL; i++)
        buf_add_joined(&list, ", ", str_from_c(name));
    return buf_take(arena, &list);
}

/* `root`: what is near; empty if nothing is. ${{module.NAME.OUTPUT}} is a placeholder, so what is
 * near it cannot be written in another way. */
static void report_near(const struct scope *scope, struct location at, struct str written,
                        const struct expression *read, struct str root)
{
    diag_warning(scope->diags, at, "\"%.*s\" is not a placeholder and is kept as text",
                 STR_ARG(written));
    if (!scope->diags->last_kept)
        return;
    struct str inner = str_skip(written, read->dollar);
    struct str literal =
        str_format(scope->arena, "%s{%.*s}", read->dollar ? "$" : "", STR_ARG(inner));
    if (root.len == 0)
        diag_hint(scope->diags,
                  "placeholders begin with one of: %.*s; to keep the braces as text, "
                  "write %.*s",
                  STR_ARG(list_roots(scope->arena)), STR_ARG(literal));
    else if (read->dollar && str_eq_c(root, "module"))
        diag_hint(scope->diags, "did you mean {%.*s%.*s}?", STR_ARG(root), STR_ARG(read->parts));
    else
        diag_hint(scope->diags, "did you mean {%.*s%.*s}? to keep the braces as text, write %.*s",
                  STR_ARG(root), STR_ARG(read->parts), STR_ARG(literal));
}

/* True for words joined with dots that are not part of another notation, such as %{host.name} or
 * #{user.name}. */
static bool is_shaped(struct str text, const struct expression *read)
{
    char before = read->start > 0 ? text.data[read->start - 1] : ' ';
    bool digit = before >= '0' && before <= '9';
    return read->parts.len && !read->dollar && !digit && !is_letter(before) &&
           !strchr("%#@\\", before);
}

/* One letter of four: {end} is far from {env}. Shells write ${NAME}, and ${{ is a literal ${. */
static bool is_near(const struct expression *read, const struct suggestion *near)
{
    size_t longer = near->word.len > near->best.len ? near->word.len : near->best.len;
    return near->best.len && near->distance * 4 <= longer && (!read->dollar || read->parts.len) &&
           (!read->doubled || str_eq_c(near->best, "module"));
}

void placeholder_check(const struct scope *scope, const struct node *scalar, bool verbatim,
                       size_t at, bool is_text)
{
    struct str text = scalar->text;
    bool dollar = at > 0 && text.data[at - 1] == '$';
    if (text.data[at] != '{' || (!is_text && !dollar))
        return;
    struct expression read = read_expression(text, at);
    struct suggestion near = {.word = str_lower(scope->arena, read.root)};
    if (read.root.len == 0)
        return;
    struct location place = placeholder_location(scalar, verbatim, read.start, read.end);
    struct str written = str_slice(text, read.start, read.end);
    const char *form;
    const char *name;
    for (size_t i = 0; (name = placeholder_root(i, &form)) != NULL; i++) {
        if (str_eq_c(read.root, name)) {
            if (read.closed || read.parts.len || has_byte(text, read.end, '.') ||
                has_byte(text, read.end, '['))
                report_root(scope, place, written, &read, form);
            return;
        }
        suggestion_add(&near, str_from_c(name));
    }
    if (read.closed && (is_near(&read, &near) || is_shaped(text, &read)))
        report_near(scope, place, written, &read, near.best);
}
