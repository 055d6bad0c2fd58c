#include "config/placeholder.h"

#include <string.h>

/* An expression in braces: [$]{ROOT.PART.PART} or ${{ROOT.PART}}, possibly with spaces inside the
 * braces. */
struct expression {
    struct str root;
    struct str parts; /* with dots and brackets */
    size_t start;     /* offset of the $ or brace */
    size_t end;       /* offset after the last brace, or after the last part if not closed */
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

/* Returns the end of the parts that begin at `at`. A part begins with a letter, so that numbers do
 * not match. */
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

static struct expression parse_expression(struct str text, size_t brace)
{
    struct expression expression = {.start = brace};
    expression.dollar = brace > 0 && text.data[brace - 1] == '$';
    expression.start -= expression.dollar;
    expression.doubled = expression.dollar && has_byte(text, brace + 1, '{');
    size_t first = brace + 1 + expression.doubled;
    size_t at = skip_spaces(text, first);
    if (at == text.len || !is_letter(text.data[at]))
        return expression;
    size_t root_end = placeholder_name_end(text, at);
    size_t end = parts_end(text, root_end);
    size_t close = skip_spaces(text, end);
    expression.root = str_slice(text, at, root_end);
    expression.parts = str_slice(text, root_end, end);
    expression.spaced = at > first || close > end;
    expression.closed =
        has_byte(text, close, '}') && (!expression.doubled || has_byte(text, close + 1, '}'));
    expression.end = expression.closed ? close + 1 + expression.doubled : end;
    return expression;
}

/* Warns of a known root in an invalid form, and of a `$` before a placeholder: the `$` is kept,
 * except before `module`. */
static void report_root(const struct scope *scope, struct location at, struct str written,
                        const struct expression *expression, const char *form)
{
    if (expression->dollar && !expression->doubled && !expression->spaced && expression->closed) {
        diag_warning(scope->diags, at, RULE_LITERAL_PLACEHOLDER,
                     "the \"$\" in \"%.*s\" is kept as literal text", STR_ARG(written));
        diag_hint(scope->diags, "write %.*s", STR_ARG(str_skip(written, 1)));
        return;
    }
    diag_warning(scope->diags, at, RULE_LITERAL_PLACEHOLDER,
                 "\"%.*s\" is not a placeholder and is kept as literal text", STR_ARG(written));
    diag_hint(scope->diags, "use the form %s", form);
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

/* Warns of an expression that resembles a placeholder. `root`: the most similar root; empty if
 * there is none. No literal form is suggested for `$` before `module`, because
 * ${{module.NAME.OUTPUT}} is a placeholder. */
static void report_near(const struct scope *scope, struct location at, struct str written,
                        const struct expression *expression, struct str root)
{
    diag_warning(scope->diags, at, RULE_LITERAL_PLACEHOLDER,
                 "\"%.*s\" is not a placeholder and is kept as literal text", STR_ARG(written));
    if (!scope->diags->last_kept)
        return;
    struct str inner = str_skip(written, expression->dollar);
    struct str literal =
        str_format(scope->arena, "%s{%.*s}", expression->dollar ? "$" : "", STR_ARG(inner));
    if (root.len == 0)
        diag_hint(scope->diags,
                  "placeholders begin with one of: %.*s; for literal braces, write %.*s",
                  STR_ARG(list_roots(scope->arena)), STR_ARG(literal));
    else if (expression->dollar && str_eq_c(root, "module"))
        diag_hint(scope->diags, "did you mean {%.*s%.*s}?", STR_ARG(root),
                  STR_ARG(expression->parts));
    else
        diag_hint(scope->diags, "did you mean {%.*s%.*s}? for literal braces, write %.*s",
                  STR_ARG(root), STR_ARG(expression->parts), STR_ARG(literal));
}

/* True for words joined by dots, except in other syntaxes such as %{host.name} or #{user.name}. */
static bool has_placeholder_shape(struct str text, const struct expression *expression)
{
    char before = expression->start > 0 ? text.data[expression->start - 1] : ' ';
    bool digit = before >= '0' && before <= '9';
    return expression->parts.len && !expression->dollar && !digit && !is_letter(before) &&
           !strchr("%#@\\", before);
}

/* True if a root is similar: at most one letter in four differs, so {end} is not similar to {env}.
 * False for ${NAME}, which is shell syntax, and for ${{, which is a literal ${, except with
 * `module`. */
static bool is_near_root(const struct expression *expression, const struct suggestion *near)
{
    size_t longer = near->word.len > near->best.len ? near->word.len : near->best.len;
    return near->best.len && near->distance * 4 <= longer &&
           (!expression->dollar || expression->parts.len) &&
           (!expression->doubled || str_eq_c(near->best, "module"));
}

void placeholder_check(const struct scope *scope, const struct node *scalar, bool verbatim,
                       size_t at, bool is_text)
{
    struct str text = scalar->text;
    bool dollar = at > 0 && text.data[at - 1] == '$';
    if (text.data[at] != '{' || (!is_text && !dollar))
        return;
    struct expression expression = parse_expression(text, at);
    struct suggestion near = {.word = str_lower(scope->arena, expression.root)};
    if (expression.root.len == 0)
        return;
    struct location where =
        placeholder_location(scalar, verbatim, expression.start, expression.end);
    struct str written = str_slice(text, expression.start, expression.end);
    const char *form;
    const char *name;
    for (size_t i = 0; (name = placeholder_root(i, &form)) != NULL; i++) {
        if (str_eq_c(expression.root, name)) {
            if (expression.closed || expression.parts.len || has_byte(text, expression.end, '.') ||
                has_byte(text, expression.end, '['))
                report_root(scope, where, written, &expression, form);
            return;
        }
        suggestion_add(&near, str_from_c(name));
    }
    if (expression.closed &&
        (is_near_root(&expression, &near) || has_placeholder_shape(text, &expression)))
        report_near(scope, where, written, &expression, near.best);
}
