#include "config/foreign_word.h"

#include <string.h>

/* Columns: see foreign_words.def. */
struct foreign_word {
    const struct schema *schema;
    const char *words;
    const char *sample;
    const char *hint;
};

static const struct foreign_word rows[] = {
#define WORDS(schema, ...) {&schema##_schema, __VA_ARGS__},
#define FORM(...)
#include "config/foreign_words.def"
};

static const struct foreign_form {
    enum field_id field;
    enum node_kind kind;
    const char *sample;
    const char *hint;
} forms[] = {
#define WORDS(...)
#define FORM(...) {__VA_ARGS__},
#include "config/foreign_words.def"
};

/* Returns the word in lower case without dashes, underscores and dots. */
static struct str normalize_word(struct arena *arena, struct str word)
{
    char *plain = arena_alloc(arena, word.len + 1);
    size_t len = 0;
    struct str lower = str_lower(arena, word);
    for (size_t i = 0; i < lower.len; i++)
        if (lower.data[i] != '-' && lower.data[i] != '_' && lower.data[i] != '.')
            plain[len++] = lower.data[i];
    return (struct str){plain, len};
}

static bool has_word(const char *words, struct str word)
{
    struct str text = str_from_c(words);
    for (size_t at = 0; at < text.len;) {
        size_t end = str_find(text, at, ' ');
        if (str_equal(str_slice(text, at, end), word))
            return true;
        at = end + 1;
    }
    return false;
}

/* True if a hint can repeat the value without quotes. */
static bool is_plain(const struct node *value)
{
    enum { LENGTH_MAX = 60 };
    return value && value->kind == NODE_SCALAR && value->text.len &&
           value->text.len <= LENGTH_MAX &&
           str_span_only(value->text,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "-._/");
}

/* Returns the name in a map that has only that, such as {name: a} or {claimName: a} of Kubernetes;
 * other values unchanged. */
static const struct node *only_name(struct arena *arena, const struct node *value)
{
    const struct node *name = value->kind == NODE_MAP ? value->first : NULL;
    return name && !name->next && str_ends_with(str_lower(arena, name->key->text), STR("name"))
               ? name
               : value;
}

/* Returns a scalar, or the items of a short list, for a hint; empty if the hint cannot repeat the
 * value. */
static struct str value_format(struct arena *arena, const struct node *value)
{
    enum { ITEMS_SHOWN_MAX = 5 };
    struct str text = {0};
    size_t count = 0;
    value = value ? only_name(arena, value) : NULL;
    if (is_plain(value))
        return value->text;
    for (const struct node *item = value && value->kind == NODE_LIST ? value->first : NULL; item;
         item = item->next) {
        const struct node *name = only_name(arena, item);
        if (!is_plain(name) || ++count > ITEMS_SHOWN_MAX)
            return (struct str){0};
        text = str_format(arena, "%.*s%s%.*s", STR_ARG(text), text.len ? ", " : "",
                          STR_ARG(name->text));
    }
    return text;
}

/* Replaces each `$` of the hint with the value, or with the sample if the hint cannot repeat the
 * value. Several items are put in brackets, unless the hint has them. */
static struct str fill_hint(struct arena *arena, const char *hint, const char *sample,
                            const struct node *value)
{
    struct str written = value_format(arena, value);
    bool list = written.len && value->kind == NODE_LIST && value->first->next;
    struct str items = written.len ? written : str_from_c(sample);
    struct str whole = list ? str_format(arena, "[%.*s]", STR_ARG(items)) : items;
    struct buf text = {0};
    for (const char *at = hint; *at; at++) {
        if (*at == '$')
            buf_add(&text, at > hint && at[-1] == '[' ? items : whole);
        else
            buf_add_byte(&text, *at);
    }
    return buf_take(arena, &text);
}

/* Returns the first row with this word; NULL if there is none. */
static const struct foreign_word *find_row(struct arena *arena, const struct schema *schema,
                                           struct str word)
{
    struct str plain = normalize_word(arena, word);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if ((!schema || schema == rows[i].schema) && has_word(rows[i].words, plain))
            return &rows[i];
    return NULL;
}

struct str foreign_word_hint(struct arena *arena, const struct schema *schema, struct str word,
                             const struct node *value)
{
    const struct foreign_word *row = find_row(arena, schema, word);
    return row ? fill_hint(arena, row->hint, row->sample, value) : (struct str){0};
}

const struct field *foreign_word_field(struct arena *arena, const struct schema *schema,
                                       struct str word, const struct schema **ret_schema)
{
    static word_list starts = {"write a list: ", "write ", NULL};
    static word_list values = {": $", ": [$]", ": \"$\"", NULL};
    const struct foreign_word *row = find_row(arena, schema, word);
    struct str hint = row ? str_from_c(row->hint) : STR("");
    for (size_t i = 0; starts[i]; i++)
        if (str_starts_with(hint, str_from_c(starts[i]))) {
            hint = str_skip(hint, strlen(starts[i]));
            break;
        }
    size_t colon = str_find(hint, 0, ':');
    for (size_t i = 0; values[i]; i++)
        if (str_eq_c(str_skip(hint, colon), values[i])) {
            *ret_schema = row->schema;
            return schema_find(row->schema, str_slice(hint, 0, colon));
        }
    return NULL;
}

struct str foreign_form_hint(struct arena *arena, const struct field *field,
                             const struct node *value)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (schema_field(forms[i].field) == field && forms[i].kind == value->kind)
            return fill_hint(arena, forms[i].hint, forms[i].sample, value);
    return (struct str){0};
}
