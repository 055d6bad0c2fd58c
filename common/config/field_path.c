#include "config/field_path.h"

#include "config/foreign_word.h"

#include <string.h>

/* A word of a path, between dots. */
struct word {
    struct str name;
    struct str rest; /* of the path, from this word on */
    int64_t index;   /* "[2]" or ".2" after the name; -1: none */
};

struct words {
    struct word *items;
    size_t count;
};

static const char digits[] = "0123456789";

const struct schema *field_schema(const struct field *field)
{
    return field == schema_field(FILE_MODULES) ? &service_schema : field->schema;
}

/* Splits "ports[0].port" into words. A number is the index of the word before it. */
static struct words split(struct arena *arena, struct str text)
{
    struct words words = {ARENA_ARRAY(arena, text.len + 1, struct word), 0};
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && !strchr(".[]", text.data[end]))
            end++;
        struct str name = str_slice(text, at, end);
        int64_t number;
        if (words.count && str_span_only(name, digits) && str_to_int(name, &number))
            words.items[words.count - 1].index = number;
        else if (name.len && !str_eq_c(name, "*") && !str_eq_c(name, "$"))
            words.items[words.count++] = (struct word){name, str_skip(text, at), -1};
        at = end + 1;
    }
    return words;
}

/* True if both are the same name, apart from case, dashes and underscores. */
static bool is_same_name(struct str word, const char *name)
{
    size_t at = 0;
    for (; *name; name++) {
        if (*name == '_' || *name == '-')
            continue;
        while (at < word.len && (word.data[at] == '_' || word.data[at] == '-'))
            at++;
        char byte = at < word.len ? word.data[at++] : '\0';
        if ((byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte) !=
            (*name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name))
            return false;
    }
    return at == word.len;
}

static const struct field *find_field(const struct schema *schema, struct str word)
{
    const struct field *field = schema_find(schema, word);
    for (size_t i = 0; !field && i < schema->count; i++)
        if (is_same_name(word, schema->fields[i].name))
            field = &schema->fields[i];
    return field;
}

static bool is_map_of_values(const struct field *field)
{
    return field->type == TYPE_MAP || field->type == TYPE_MAP_OR_PAIRS;
}

/* Returns the key that a path ends with, without brackets and quotes: ['a.b'] means a.b. */
static struct str clean_key(struct str key)
{
    if (str_ends_with(key, STR("]")))
        key = str_slice(key, 0, key.len - 1);
    bool quoted = key.len > 1 && (key.data[0] == '\'' || key.data[0] == '"') &&
                  key.data[key.len - 1] == key.data[0];
    return quoted ? str_slice(key, 1, key.len - 1) : key;
}

/* True if the word after a key is one of the fields. Otherwise it is a part of the key, which may
 * contain dots. */
static bool is_followed_by_field(const struct words *words, size_t key, const struct schema *fields)
{
    return key + 1 < words->count && find_field(fields, words->items[key + 1].name);
}

/* Follows the words from `first` on. Returns false at the first unknown word, and sets `ret_failed`
 * to its number; `path` then ends before it. */
static bool follow(const struct words *words, size_t first, const struct schema *schema,
                   struct field_path *path, size_t *ret_failed)
{
    *path = (struct field_path){.root = schema};
    for (size_t i = first; i < words->count; i++) {
        const struct word *word = &words->items[i];
        struct field_step *last = path->count ? &path->steps[path->count - 1] : NULL;
        const struct field *field = schema ? find_field(schema, word->name) : NULL;
        bool is_key = !field && last && is_map_of_values(last->field) && !last->key.len;
        *ret_failed = i;
        if (is_key && (!schema || !is_followed_by_field(words, i, schema))) {
            last->key = clean_key(word->rest);
            return true;
        }
        if (is_key) {
            last->key = clean_key(word->name);
            continue;
        }
        if (!field || path->count == FIELD_PATH_MAX)
            return false;
        path->steps[path->count++] = (struct field_step){.field = field, .index = word->index};
        schema = field_schema(field);
    }
    return true;
}

struct str field_path_format(struct arena *arena, const struct field_path *path)
{
    struct buf text = {0};
    if (path->root != &file_schema || path->count == 1) /* maps in a file have paths of their own */
        buf_add(&text, str_from_c(path->root->path));
    for (size_t i = 0; i < path->count; i++)
        buf_format(&text, "%s%s", i ? "." : "", path->steps[i].field->name);
    return buf_take(arena, &text);
}

/* True for words that mean a service. */
static bool is_service_word(struct str word)
{
    return str_ends_with(word, STR("k8s-service")) || str_eq_c_nocase(word, "service") ||
           str_eq_c_nocase(word, "services");
}

/* True for words of Kubernetes that lead to the fields of a pod or container. */
static bool is_structure(struct str word)
{
    static const char *const structure[] = {"deployment", "statefulset", "spec",    "template",
                                            "pod",        "containers",  "metadata"};
    for (size_t i = 0; i < COUNT_OF(structure); i++)
        if (str_eq_c_nocase(word, structure[i]))
            return true;
    return false;
}

/* A search for a path, with the attempt that found most words. */
struct search {
    struct arena *arena;
    struct words words;
    struct field_path *path;
    struct field_path best;
    size_t failed; /* number of the word that the best attempt did not find */
};

static bool try_root(struct search *search, size_t first, const struct schema *root)
{
    size_t failed = 0;
    if (follow(&search->words, first, root, search->path, &failed))
        return true;
    if (!search->best.root || search->path->count > search->best.count) {
        search->best = *search->path;
        search->failed = failed;
    }
    return false;
}

/* Tries the maps whose path is the first word, such as module. */
static bool try_named_roots(struct search *search)
{
    struct str first = str_format(search->arena, "%.*s.", STR_ARG(search->words.items[0].name));
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        if (str_eq_c(first, schemas[i]->path) && try_root(search, 1, schemas[i]))
            return true;
    return str_eq_c(first, "module.") && search->words.count > 1 &&
           try_root(search, 1, &service_schema);
}

static bool try_roots(struct search *search, size_t structure)
{
    const struct words *words = &search->words;
    struct str first = words->items[0].name;
    if (is_service_word(first) && try_root(search, 1, &service_schema))
        return true;
    if (str_eq_c_nocase(first, "file") && try_root(search, 1, &file_schema))
        return true;
    return try_root(search, 0, &service_schema) || try_root(search, 0, &file_schema) ||
           try_named_roots(search) ||
           (structure && structure < words->count && try_root(search, structure, &service_schema));
}

/* Sets `ret_names` to all fields with this name in maps. Returns true if there is only one, and
 * sets the path to it. */
static bool find_nested(struct search *search, struct str name, struct str *ret_names)
{
    struct field_path found[SCHEMA_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++) {
            const struct field *field = &schemas[i]->fields[j];
            if (!str_eq_c(name, field->name))
                continue;
            found[count] = (struct field_path){
                .root = schemas[i], .steps = {{.field = field, .index = -1}}, .count = 1};
            count++;
        }
    struct buf names = {0};
    for (size_t i = 0; i < count; i++) {
        struct str quoted = str_format(search->arena, "\"%.*s\"",
                                       STR_ARG(field_path_format(search->arena, &found[i])));
        buf_add_joined(&names, i + 1 == count ? " or " : ", ", quoted);
    }
    *ret_names = buf_take(search->arena, &names);
    if (count != 1)
        return false;
    struct search full = *search;
    full.words = split(search->arena, field_path_format(search->arena, &found[0]));
    if (!try_roots(&full, 0))
        *search->path = found[0];
    return true;
}

/* Moves the root of a path in a file through `modules` to the service. */
static void start_at_service(struct field_path *path)
{
    path->module = -1;
    if (path->root != &file_schema || path->count < 2 ||
        path->steps[0].field != schema_field(FILE_MODULES))
        return;
    path->module = path->steps[0].index;
    path->root = &service_schema;
    path->count--;
    for (size_t i = 0; i < path->count; i++)
        path->steps[i] = path->steps[i + 1];
}

/* Describes the unknown word: the one that the best attempt did not find, or the first that is not
 * structure of Kubernetes. */
static void describe_failure(const struct search *search, size_t structure,
                             struct field_path_error *ret)
{
    const struct words *words = &search->words;
    const struct field_path *best = &search->best;
    bool skip = best->count == 0 && structure > 0 && structure < words->count;
    ret->word = words->items[skip ? structure : search->failed].name;
    if (best->count) {
        ret->schema = field_schema(best->steps[best->count - 1].field);
        ret->prefix = field_path_format(search->arena, best);
    } else if (search->failed && !skip) { /* after a word such as service */
        ret->schema = best->root;
        ret->prefix = best->root == &service_schema ? STR("") : words->items[0].name;
    }
}

/* Sets the hint for a word of another tool: the path as one word, or the unknown word. */
static void find_foreign(const struct search *search, struct str text, struct field_path_error *ret)
{
    bool ends = search->best.count && !ret->schema; /* a field without fields of its own */
    /* Of a word that is also a field of a map, only its meaning in a service is useful. */
    const struct schema *schema = ret->others.len ? &service_schema : ret->schema;
    ret->foreign_hint = foreign_word_hint(search->arena, schema, text, NULL);
    if (!ret->foreign_hint.len && !ends)
        ret->foreign_hint = foreign_word_hint(search->arena, schema, ret->word, NULL);
}

/* Finds the field if the last word is only another name for it: terminationGracePeriodSeconds. If
 * the field is in a map that the path does not name, it is only a suggestion. */
static bool find_renamed(const struct search *search, struct field_path_error *error)
{
    struct search renamed = *search;
    struct word *last = &renamed.words.items[renamed.words.count - 1];
    const struct schema *schema = NULL;
    const struct field *field =
        foreign_word_field(search->arena, error->schema, error->word, &schema);
    if (!field || error->others.len || error->word.data != last->name.data)
        return false;
    if (!error->schema && schema != &service_schema && schema != &file_schema) {
        error->others = str_format(search->arena, "\"%s%s\"", schema->path, field->name);
        return false;
    }
    if (error->schema)
        last->name = str_from_c(field->name);
    else
        renamed.words = split(search->arena, str_from_c(field->name));
    return try_roots(&renamed, 0);
}

static bool find_path(struct search *search, struct str text, struct field_path_error *ret_error)
{
    const struct words *words = &search->words;
    size_t structure = 0;
    while (structure < words->count && is_structure(words->items[structure].name))
        structure++;
    if (try_roots(search, structure))
        return true;
    describe_failure(search, structure, ret_error);
    bool nested = words->count == 1 && find_nested(search, text, &ret_error->others);
    if (!nested && find_renamed(search, ret_error))
        return true;
    find_foreign(search, text, ret_error);
    struct str name = str_format(search->arena, "%.*s:", STR_ARG(text));
    return nested && (!ret_error->foreign_hint.len || str_contains(ret_error->foreign_hint, name));
}

bool field_path_find(struct arena *arena, struct str text, struct field_path *ret,
                     struct field_path_error *ret_error)
{
    struct search search = {.arena = arena, .words = split(arena, text), .path = ret};
    *ret_error = (struct field_path_error){.word = text};
    if (search.words.count == 0 || !find_path(&search, text, ret_error))
        return false;
    start_at_service(ret);
    return true;
}
