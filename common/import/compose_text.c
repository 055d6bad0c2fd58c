/* Strings of a Compose file: variables, durations and sizes.
 * https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md */
#include "config/credential.h"
#include "import/compose_reader.h"

#include <string.h>

enum { NESTING_MAX = 10 }; /* of variables in defaults of variables */

/* What a byte of an expanded text is part of. */
enum mark {
    MARK_TEXT,
    MARK_PLACEHOLDER, /* {vars.NAME} */
    MARK_REFERENCE    /* $(NAME), which Kubernetes expands, or ${NAME} for a shell */
};

struct expansion {
    const struct compose_service *service;
    struct location at;
    enum compose_text mode;
    struct buf text;
    struct buf marks; /* an enum mark for each byte of `text` */
    bool invalid;
    struct str credential; /* a variable that may be a credential; empty: none */
    size_t scanned;        /* bytes of `text` in which quotes were counted */
    bool is_quoted;        /* the next byte is in single quotes */
};

/* NAME, or what is between the braces of ${NAME:-WORD}. */
struct variable_use {
    struct str name;
    char operator;   /* '-', '?' or '+'; 0: none */
    bool empty_too;  /* the operator has a colon: an empty variable counts as unset */
    struct str word; /* after the operator */
};

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t name_end(struct str text, size_t at)
{
    if (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        return at;
    while (at < text.len && is_name_byte(text.data[at]))
        at++;
    return at;
}

static void add(struct expansion *expansion, struct str text, enum mark mark)
{
    buf_add(&expansion->text, text);
    for (size_t i = 0; i < text.len; i++)
        buf_add_byte(&expansion->marks, (char)mark);
}

static bool use_parse(struct str inner, struct variable_use *ret)
{
    size_t at = name_end(inner, 0);
    *ret = (struct variable_use){.name = str_slice(inner, 0, at)};
    if (at == 0)
        return false;
    if (at == inner.len)
        return true;
    ret->empty_too = inner.data[at] == ':';
    at += ret->empty_too;
    if (at == inner.len || !strchr("-?+", inner.data[at]))
        return false;
    ret->operator= inner.data[at];
    ret->word = str_skip(inner, at + 1);
    return true;
}

/* Returns the offset of the brace that closes the one at `at`; text.len if there is none. */
static size_t find_close(struct str text, size_t at)
{
    size_t depth = 0;
    for (; at < text.len; at++) {
        if (text.data[at] == '{')
            depth++;
        if (text.data[at] == '}' && --depth == 0)
            return at;
    }
    return text.len;
}

static void expand(struct expansion *expansion, struct str text, unsigned depth);

/* Adds the variable to input_variables. Returns false if it is there with another default. */
static bool declare(const struct compose_service *service, const struct variable_use *use,
                    struct str value, struct location at)
{
    struct import *import = service->import;
    struct str *copy = ARENA_NEW(service->arena, struct str);
    *copy = value;
    const struct str *first =
        map_add(service->arena, &service->compose->variables, use->name, copy);
    if (first)
        return str_equal(*first, value);
    struct node *list = import_list(import, import->file, FILE_INPUT_VARIABLES, at);
    struct node *item = import_item_map(import, list, at);
    import_string(import, item, VARIABLE_NAME, use->name, at);
    import_string(import, item, VARIABLE_DEFAULT, value, at);
    if (use->operator!= '-')
        compose_lost(service, at,
                     "${%.*s} has no default: set its default in input_variables, or pass --var "
                     "%.*s=VALUE",
                     STR_ARG(use->name), STR_ARG(use->name));
    return true;
}

/* Returns the default of a variable. */
static struct str default_of(struct expansion *expansion, const struct variable_use *use,
                             unsigned depth)
{
    struct expansion inner = {
        .service = expansion->service, .at = expansion->at, .mode = COMPOSE_FIXED};
    if (use->operator== '-')
        expand(&inner, use->word, depth + 1);
    expansion->invalid |= inner.invalid;
    if (inner.credential.len)
        expansion->credential = inner.credential;
    buf_free(&inner.marks);
    return buf_take(expansion->service->arena, &inner.text);
}

bool compose_is_credential(const struct compose_service *service, struct str name, struct str value)
{
    return credential_has_form(value) || credential_url_password(value).len ||
           (credential_has_name(service->arena, name) && !credential_is_switch(value));
}

/* True for a variable that may be a credential, also if its default is empty. */
static bool is_credential(const struct expansion *expansion, const struct variable_use *use,
                          struct str value)
{
    return compose_is_credential(expansion->service, use->name, value) ||
           (value.len == 0 && credential_has_name(expansion->service->arena, use->name));
}

/* True if the end of the text is in single quotes. */
static bool is_in_single_quotes(struct expansion *expansion)
{
    for (; expansion->scanned < expansion->text.len; expansion->scanned++)
        expansion->is_quoted ^= expansion->text.data[expansion->scanned] == '\'';
    return expansion->is_quoted;
}

/* Adds a reference to a variable of the container, which is a key of a Secret. */
static void add_credential(struct expansion *expansion, const struct variable_use *use)
{
    const struct compose_service *service = expansion->service;
    struct str shell = str_format(service->arena, "${%.*s}", STR_ARG(use->name));
    struct str reference = shell;
    expansion->credential = use->name;
    if (expansion->mode == COMPOSE_FIXED) {
        compose_lost(service, expansion->at,
                     "%.*s is left empty, because it may be a credential: keep it in a Secret",
                     STR_ARG(shell));
        return;
    }
    compose_add_secret(service, use->name, shell, expansion->at);
    if (expansion->mode != COMPOSE_SHELL)
        reference = str_format(service->arena, "$(%.*s)", STR_ARG(use->name));
    else if (is_in_single_quotes(expansion))
        reference = str_format(service->arena, "'\"%.*s\"'", STR_ARG(shell));
    add(expansion, reference, MARK_REFERENCE);
}

static void add_variable(struct expansion *expansion, const struct variable_use *use,
                         unsigned depth)
{
    const struct compose_service *service = expansion->service;
    struct arena *arena = service->arena;
    if (use->operator== '+') {
        compose_lost(service, expansion->at, "${%.*s} is empty, as if %.*s were not set",
                     STR_ARG(use->name), STR_ARG(use->name));
        return;
    }
    struct str value = default_of(expansion, use, depth);
    if (is_credential(expansion, use, value)) {
        add_credential(expansion, use);
        return;
    }
    if (expansion->mode != COMPOSE_FIXED && declare(service, use, value, expansion->at)) {
        add(expansion, str_format(arena, "{vars.%.*s}", STR_ARG(use->name)), MARK_PLACEHOLDER);
        return;
    }
    if (use->operator== '-')
        compose_lost(service, expansion->at, "${%.*s} is replaced by its default",
                     STR_ARG(use->name));
    else
        compose_lost(service, expansion->at, "${%.*s} has no default: write its value",
                     STR_ARG(use->name));
    add(expansion, value, MARK_TEXT);
}

static void report_invalid(struct expansion *expansion)
{
    struct diags *diags = expansion->service->compose->diags;
    if (!expansion->invalid) {
        diag_error(diags, expansion->at, RULE_INVALID_COMPOSE, "invalid variable");
        diag_hint(diags, "write ${NAME} or ${NAME:-DEFAULT}; for a literal $, write $$");
    }
    expansion->invalid = true;
}

static void expand(struct expansion *expansion, struct str text, unsigned depth)
{
    for (size_t at = 0; at < text.len && !expansion->invalid;) {
        size_t dollar = str_find(text, at, '$');
        add(expansion, str_slice(text, at, dollar), MARK_TEXT);
        if (dollar == text.len)
            return;
        struct variable_use use;
        bool brace = dollar + 1 < text.len && text.data[dollar + 1] == '{';
        size_t end = brace ? find_close(text, dollar + 1) : name_end(text, dollar + 1);
        if (dollar + 1 < text.len && text.data[dollar + 1] == '$') {
            add(expansion, STR("$"), MARK_TEXT);
            at = dollar + 2;
            continue;
        }
        if (depth == NESTING_MAX || (brace && end == text.len) ||
            !use_parse(str_slice(text, dollar + 1 + brace, end), &use)) {
            report_invalid(expansion);
            return;
        }
        add_variable(expansion, &use, depth);
        at = end + brace;
    }
}

/* True if Kubernetes would replace a $ before `at`: that of $(NAME), or of a parenthesis that may
 * contain a reference, such as $(command $(NAME)). */
static bool is_replaced(const struct expansion *expansion, size_t at)
{
    struct str text = buf_str(&expansion->text);
    size_t end = at + 1;
    if (at == text.len || (text.data[at] != '(' && expansion->marks.data[at] != MARK_REFERENCE))
        return false;
    if (expansion->credential.len)
        return true;
    while (end < text.len &&
           (is_name_byte(text.data[end]) || text.data[end] == '-' || text.data[end] == '.'))
        end++;
    return end < text.len && text.data[end] == ')' &&
           map_get(&expansion->service->variables, str_slice(text, at + 1, end));
}

/* Kubernetes replaces $(NAME) and $$. Returns the string that it replaces by `text`. */
static void escape_dollars(struct expansion *expansion)
{
    struct str text = buf_str(&expansion->text);
    struct expansion out = {.service = expansion->service};
    const char *marks = expansion->marks.data;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.data[end] == '$' && marks[end] != MARK_REFERENCE)
            end++;
        struct str dollars = str_slice(text, at, end);
        add(&out, dollars, MARK_TEXT);
        if (dollars.len > 1 || (dollars.len && is_replaced(expansion, end)))
            add(&out, dollars, MARK_TEXT);
        if (end < text.len)
            add(&out, str_slice(text, end, end + 1), (enum mark)marks[end]);
        at = end + 1;
    }
    buf_free(&expansion->text);
    buf_free(&expansion->marks);
    expansion->text = out.text;
    expansion->marks = out.marks;
}

/* True if a brace directly before a placeholder would change it. */
static bool has_brace_before(const struct expansion *expansion)
{
    const char *text = expansion->text.data;
    const char *marks = expansion->marks.data;
    for (size_t i = 1; i < expansion->text.len; i++)
        if (marks[i] == MARK_PLACEHOLDER && marks[i - 1] == MARK_TEXT && text[i - 1] == '{')
            return true;
    return false;
}

static struct str finish(struct expansion *expansion)
{
    struct arena *arena = expansion->service->arena;
    if (expansion->mode == COMPOSE_KUBERNETES)
        escape_dollars(expansion);
    bool *placeholders = ARENA_ARRAY(arena, expansion->text.len, bool);
    for (size_t i = 0; i < expansion->text.len; i++)
        placeholders[i] = expansion->marks.data[i] == MARK_PLACEHOLDER;
    struct str text = buf_take(arena, &expansion->text);
    buf_free(&expansion->marks);
    return expansion->mode == COMPOSE_FIXED ? text : import_literal(arena, text, placeholders);
}

struct str compose_expand(const struct compose_service *service, struct str text,
                          struct location at, enum compose_text mode)
{
    struct expansion expansion = {.service = service, .at = at, .mode = mode};
    expand(&expansion, text, 0);
    if (mode != COMPOSE_FIXED && !expansion.invalid && has_brace_before(&expansion)) {
        buf_free(&expansion.text);
        buf_free(&expansion.marks);
        expansion = (struct expansion){.service = service, .at = at, .mode = COMPOSE_FIXED};
        expand(&expansion, text, 0);
        expansion.mode = mode;
    }
    return finish(&expansion);
}

struct str compose_string(const struct compose_service *service, const struct node *scalar,
                          enum compose_text text)
{
    if (scalar->kind == NODE_SCALAR)
        return compose_expand(service, scalar->text, scalar->span, text);
    compose_report_kind(service->compose, scalar,
                        scalar->key ? str_to_c(service->arena, scalar->key->text) : "this",
                        "a string");
    return STR("");
}

/* Expands a text without any note or error. */
static struct expansion expand_quietly(const struct compose_service *service, struct str text)
{
    struct compose *compose = service->compose;
    struct diags *diags = compose->diags;
    struct diags unreported = {.arena = service->arena};
    size_t notes = service->import->note_count;
    struct expansion expansion = {.service = service, .mode = COMPOSE_FIXED};
    compose->diags = &unreported;
    expand(&expansion, text, 0);
    compose->diags = diags;
    service->import->note_count = notes;
    buf_free(&expansion.marks);
    return expansion;
}

struct str compose_peek(const struct compose_service *service, const struct node *scalar)
{
    if (scalar->kind != NODE_SCALAR)
        return STR("");
    struct expansion expansion = expand_quietly(service, scalar->text);
    return buf_take(service->arena, &expansion.text);
}

struct str compose_find_credential(const struct compose_service *service, struct str text)
{
    struct expansion expansion = expand_quietly(service, text);
    buf_free(&expansion.text);
    return expansion.credential;
}

struct str compose_origin(const struct compose_service *service, struct str text)
{
    bool brace = str_starts_with(text, STR("${"));
    struct variable_use use;
    if (!brace || find_close(text, 1) + 1 != text.len ||
        !use_parse(str_slice(text, 2, text.len - 1), &use))
        return text;
    return str_format(service->arena, "${%.*s}", STR_ARG(use.name));
}

void compose_report_value(const struct compose_service *service, const struct node *scalar,
                          const char *what)
{
    struct str name = scalar->key ? scalar->key->text : STR("value");
    if (scalar->kind != NODE_SCALAR) /* that was reported */
        return;
    if (str_find(scalar->text, 0, '$') < scalar->text.len)
        compose_lost(service, scalar->span,
                     "%.*s is not carried over, because its value is not known here",
                     STR_ARG(name));
    else
        diag_error(service->compose->diags, scalar->span, RULE_INVALID_COMPOSE, "%.*s %s",
                   STR_ARG(name), what);
}

/* Parses a number such as 1.5 at `*at`, and moves `*at` to its end. False if there is none, or if
 * it has more than 12 bytes. */
static bool parse_decimal(struct str text, size_t *at, double *ret_number)
{
    enum { LENGTH_MAX = 12 };
    size_t start = *at;
    double place = 1;
    bool point = false;
    *ret_number = 0;
    for (; *at < text.len && *at - start <= LENGTH_MAX; (*at)++) {
        char byte = text.data[*at];
        if (byte == '.' && !point) {
            point = true;
        } else if (byte >= '0' && byte <= '9') {
            *ret_number = *ret_number * 10 + (byte - '0');
            place *= point ? 10 : 1;
        } else {
            break;
        }
    }
    *ret_number /= place;
    return *at > start && *at - start <= LENGTH_MAX;
}

bool compose_duration(struct str text, int64_t *ret_seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"h", 3600}, {"m", 60}, {"s", 1}};
    double total = 0;
    size_t at = 0;
    while (at < text.len) {
        double number;
        if (!parse_decimal(text, &at, &number))
            return false;
        size_t unit = 0;
        while (unit < COUNT_OF(units) &&
               !str_starts_with(str_skip(text, at), str_from_c(units[unit].unit)))
            unit++;
        if (unit == COUNT_OF(units))
            return false;
        total += number * units[unit].seconds;
        at += strlen(units[unit].unit);
    }
    if (text.len == 0 || total > 1e9)
        return false;
    *ret_seconds = (int64_t)total;
    *ret_seconds += (double)*ret_seconds < total;
    return true;
}

bool compose_size(struct str text, int64_t *ret_bytes)
{
    static const struct {
        const char *unit;
        int shift;
    } units[] = {{"", 0},     {"b", 0},   {"k", 10},   {"kb", 10}, {"kib", 10},
                 {"m", 20},   {"mb", 20}, {"mib", 20}, {"g", 30},  {"gb", 30},
                 {"gib", 30}, {"t", 40},  {"tb", 40}};
    double number;
    size_t at = 0;
    if (!parse_decimal(text, &at, &number))
        return false;
    struct str unit = str_skip(text, at);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (!str_eq_c_nocase(unit, units[i].unit))
            continue;
        double bytes = number * (double)((int64_t)1 << units[i].shift);
        if (bytes > 1e15)
            return false;
        *ret_bytes = (int64_t)bytes;
        return true;
    }
    return false;
}
