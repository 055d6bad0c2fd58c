#include "base/utf8.h"
#include "unit.h"
#include "yaml/edit.h"
#include "yaml/emit.h"
#include "yaml/parse_manifest.h"
#include "yaml/scalar.h"

#include <libfyaml.h>
#include <yaml.h>

static struct str yaml_of(struct unit *unit, struct node *document)
{
    struct buf out = {0};
    emit_yaml(&out, &document, 1);
    return buf_take(&unit->arena, &out);
}

static struct str json_of(struct unit *unit, const struct node *node, size_t indent)
{
    struct buf out = {0};
    emit_json(&out, node, indent);
    return buf_take(&unit->arena, &out);
}

static struct node *sample(struct unit *unit)
{
    struct arena *arena = &unit->arena;
    struct node *map = node_new(arena, NODE_MAP);
    node_set_string(arena, map, "plain", STR("a b"));
    node_set_string(arena, map, "bool", STR("yes"));
    node_set_bool(arena, map, "flag", true);
    node_set_int(arena, map, "number", -7);
    node_set_string(arena, map, "octal", STR("0777"));
    node_set_string(arena, map, "empty", STR(""));
    /* A key that comes from a file; generated keys are names of the API. */
    node_put(map, node_scalar(arena, STYLE_TEXT, STR("y")),
             node_scalar(arena, STYLE_TEXT, STR("key")));
    node_set_string(arena, map, "lines", STR("a\n\tb"));
    node_set_map(arena, map, "none");
    node_set_list(arena, map, "nothing");
    struct node *list = node_set_list(arena, map, "list");
    node_append_string(arena, list, STR("~"));
    node_set_string(arena, node_append_map(arena, list), "a", STR("b"));
    return map;
}

static void test_yaml_form(void **state)
{
    struct unit *unit = *state;
    assert_str(yaml_of(unit, sample(unit)), "---\n"
                                            "plain: a b\n"
                                            "bool: \"yes\"\n"
                                            "flag: true\n"
                                            "number: -7\n"
                                            "octal: \"0777\"\n"
                                            "empty: \"\"\n"
                                            "\"y\": key\n"
                                            "lines: \"a\\n\\tb\"\n"
                                            "none: {}\n"
                                            "nothing: []\n"
                                            "list:\n"
                                            "- \"~\"\n"
                                            "- a: b\n");
}

static void test_every_document_begins_with_its_mark(void **state)
{
    struct unit *unit = *state;
    struct node *documents[] = {sample(unit), sample(unit)};
    struct buf out = {0};
    emit_yaml(&out, documents, 0);
    assert_int_equal(out.len, 0);
    buf_add(&out, STR("before\n"));
    emit_yaml(&out, documents, 2);
    struct str one = yaml_of(unit, documents[0]);
    assert_str(buf_str(&out),
               str_format(&unit->arena, "before\n%.*s%.*s", STR_ARG(one), STR_ARG(one)).data);
    buf_free(&out);
}

static void test_long_strings_are_not_folded(void **state)
{
    struct unit *unit = *state;
    struct node *map = node_new(&unit->arena, NODE_MAP);
    node_set_string(&unit->arena, map, "a", unit_repeat(unit, "word ", 500));
    node_set_string(&unit->arena, map, "b", str_slice(unit_repeat(unit, "word ", 500), 0, 2499));
    struct str text = yaml_of(unit, map);
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    assert_int_equal(lines, 3);
}

static void test_json_form(void **state)
{
    struct unit *unit = *state;
    assert_str(json_of(unit, sample(unit), 0), "{\n"
                                               "    \"plain\": \"a b\",\n"
                                               "    \"bool\": \"yes\",\n"
                                               "    \"flag\": true,\n"
                                               "    \"number\": -7,\n"
                                               "    \"octal\": \"0777\",\n"
                                               "    \"empty\": \"\",\n"
                                               "    \"y\": \"key\",\n"
                                               "    \"lines\": \"a\\n\\u0009b\",\n"
                                               "    \"none\": {},\n"
                                               "    \"nothing\": [],\n"
                                               "    \"list\": [\n"
                                               "        \"~\",\n"
                                               "        {\n"
                                               "            \"a\": \"b\"\n"
                                               "        }\n"
                                               "    ]\n"
                                               "}");
    struct node *list = node_new(&unit->arena, NODE_LIST);
    node_append_string(&unit->arena, list, STR("\"\\/\x7F\x01\xC3\xA4"));
    assert_str(json_of(unit, list, 8), "[\n            \"\\\"\\\\/\\u007f\\u0001\xC3\xA4\"\n"
                                       "        ]");
}

/* Hostile strings: random sequences of pieces that are special in YAML. */

enum { ROUNDS = 6000, PIECES_MAX = 6 };

static uint32_t next_random(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    return *random ^= *random << 5;
}

static struct str hostile_text(struct unit *unit, uint32_t *random)
{
    static const struct str pieces[] = {
        TEXT("a"),
        TEXT(" "),
        TEXT("  "),
        TEXT("\t"),
        TEXT("\n"),
        TEXT("\r"),
        TEXT("\r\n"),
        TEXT("#"),
        TEXT(" #"),
        TEXT(":"),
        TEXT(": "),
        TEXT("-"),
        TEXT("- "),
        TEXT("---"),
        TEXT("..."),
        TEXT("?"),
        TEXT("? "),
        TEXT(","),
        TEXT("["),
        TEXT("]"),
        TEXT("{"),
        TEXT("}"),
        TEXT("&"),
        TEXT("*"),
        TEXT("!"),
        TEXT("!!"),
        TEXT("|"),
        TEXT(">"),
        TEXT("'"),
        TEXT("\""),
        TEXT("%"),
        TEXT("@"),
        TEXT("`"),
        TEXT("\\"),
        TEXT("\\n"),
        TEXT("~"),
        TEXT("<<"),
        TEXT("="),
        TEXT("yes"),
        TEXT("No"),
        TEXT("on"),
        TEXT("null"),
        TEXT("true"),
        TEXT("y"),
        TEXT("0"),
        TEXT("1"),
        TEXT("7"),
        TEXT("0x"),
        TEXT("0o"),
        TEXT("0b"),
        TEXT("."),
        TEXT("e"),
        TEXT("E+"),
        TEXT("+"),
        TEXT("_"),
        TEXT(".inf"),
        TEXT(".nan"),
        TEXT("2001-12-14"),
        TEXT("T"),
        TEXT("Z"),
        TEXT("\x01"),
        TEXT("\x1B"),
        TEXT("\x7F"),
        TEXT("\xC2\x80"),
        TEXT("\xC2\x85"),
        TEXT("\xC2\xA0"),
        TEXT("\xC3\xA4"),
        TEXT("\xE2\x80\xA8"),
        TEXT("\xE2\x80\xA9"),
        TEXT("\xE4\xB8\xAD"),
        TEXT("\xEF\xBB\xBF"),
        TEXT("\xEF\xBF\xBD"),
        TEXT("\xEE\x80\x80"),
        TEXT("\xED\x9F\xBF"),
        TEXT("\xF0\x9F\x98\x80"),
        TEXT("\xF4\x8F\xBF\xBF"),
        TEXT("$(A)"),
        TEXT("A long piece that makes keys longer than one hundred and twenty eight bytes, "),
    };
    struct buf text = {0};
    for (uint32_t count = next_random(random) % PIECES_MAX; count > 0; count--)
        buf_add(&text, pieces[next_random(random) % COUNT_OF(pieces)]);
    return buf_take(&unit->arena, &text);
}

/* Returns a document with {KEY: STRING} pairs, a list of strings, and a pair inside a list. */
static struct node *hostile_document(struct unit *unit, const struct str *texts, size_t count)
{
    struct arena *arena = &unit->arena;
    struct node *map = node_new(arena, NODE_MAP);
    struct node *list = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < count; i++) {
        /* A number makes keys unique; the second key is the string itself. */
        struct str key =
            i == 1 ? texts[i] : str_format(arena, "%zu key %.*s", i, STR_ARG(texts[i]));
        node_put(map, node_scalar(arena, STYLE_TEXT, key),
                 node_scalar(arena, STYLE_TEXT, texts[i]));
        node_append_string(arena, list, texts[i]);
        struct node *inner = node_append_map(arena, list);
        node_put(inner, node_scalar(arena, STYLE_TEXT, texts[i]),
                 node_scalar(arena, STYLE_TEXT, texts[i]));
    }
    node_set_map(arena, map, "empty");
    node_put(map, node_scalar(arena, STYLE_TEXT, STR("list")), list);
    return map;
}

/* All scalars of a tree in the order they are written. */
struct texts {
    struct str *items;
    size_t count;
};

static void collect(struct unit *unit, const struct node *node, struct texts *texts)
{
    if (node->key)
        texts->items[texts->count++] = node->key->text;
    if (node->kind == NODE_SCALAR)
        texts->items[texts->count++] = node->text;
    for (const struct node *child = node->first; child; child = child->next)
        collect(unit, child, texts);
}

static void check_text(const struct texts *expected, size_t at, struct str actual, bool plain,
                       const char *reader)
{
    if (at >= expected->count || !str_equal(expected->items[at], actual))
        fail_msg("%s reads text %zu as \"%.*s\"", reader, at, STR_ARG(actual));
    /* Readers have their own rules for types: a plain scalar must be a string to all of them. */
    if (plain && scalar_is_ambiguous(actual))
        fail_msg("\"%.*s\" is written without quotes", STR_ARG(actual));
}

static void check_libyaml(struct str yaml, const struct texts *expected)
{
    yaml_parser_t parser;
    yaml_event_t event;
    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.data, yaml.len);
    size_t at = 0;
    for (bool more = true; more;) {
        if (!yaml_parser_parse(&parser, &event))
            fail_msg("libyaml: %s at line %zu", parser.problem, parser.problem_mark.line + 1);
        if (event.type == YAML_SCALAR_EVENT) {
            struct str text = {(const char *)event.data.scalar.value, event.data.scalar.length};
            check_text(expected, at++, text, event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                       "libyaml");
        }
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    assert_int_equal(at, expected->count);
}

static void check_libfyaml(struct str yaml, const struct texts *expected,
                           enum fy_parse_cfg_flags version)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | version};
    struct fy_parser *parser = fy_parser_create(&config);
    assert_non_null(parser);
    assert_int_equal(fy_parser_set_string(parser, yaml.data, yaml.len), 0);
    size_t at = 0;
    struct fy_event *event;
    while ((event = fy_parser_parse(parser)) != NULL) {
        if (event->type == FYET_SCALAR) {
            struct fy_token *token = event->scalar.value;
            size_t len = 0;
            const char *text = token ? fy_token_get_text(token, &len) : "";
            check_text(expected, at++, (struct str){text, len},
                       token && fy_token_scalar_style(token) == FYSS_PLAIN, "libfyaml");
        }
        fy_parser_event_free(parser, event);
    }
    assert_false(fy_parser_get_stream_error(parser));
    fy_parser_destroy(parser);
    assert_int_equal(at, expected->count);
}

/* A comment after each value, as a hook writes it. */
static void add_comment(void *context, struct buf *out, const struct node *value)
{
    size_t *comments = context;
    buf_format(out, "  # %zu: \" %s", ++*comments, value->kind == NODE_SCALAR ? "scalar" : "[{");
}

static struct str commented_yaml_of(struct unit *unit, const struct node *document)
{
    struct buf out = {0};
    size_t comments = 0;
    emit_yaml_document(&out, document, add_comment, &comments);
    return buf_take(&unit->arena, &out);
}

static void check_round_trip(struct unit *unit, const struct str *hostile, size_t count)
{
    struct node *document = hostile_document(unit, hostile, count);
    struct texts expected = {ARENA_ARRAY(&unit->arena, 8 * count + 8, struct str), 0};
    collect(unit, document, &expected);
    struct str yaml = yaml_of(unit, document);
    check_libyaml(yaml, &expected);
    check_libfyaml(yaml, &expected, FYPCF_DEFAULT_VERSION_1_2);
    check_libfyaml(yaml, &expected, FYPCF_DEFAULT_VERSION_1_1);
    struct str commented = commented_yaml_of(unit, document);
    check_libyaml(commented, &expected);
    check_libfyaml(commented, &expected, FYPCF_DEFAULT_VERSION_1_2);
}

static void test_comments_follow_values(void **state)
{
    struct unit *unit = *state;
    struct arena *arena = &unit->arena;
    struct node *map = sample(unit);
    node_set_lines(arena, map, "block", STR("a\nb"));
    node_set_string(arena, node_set_map(arena, map, "last"), "end", STR("# 1"));
    assert_str(commented_yaml_of(unit, map), "---\n"
                                             "plain: a b  # 1: \" scalar\n"
                                             "bool: \"yes\"  # 2: \" scalar\n"
                                             "flag: true  # 3: \" scalar\n"
                                             "number: -7  # 4: \" scalar\n"
                                             "octal: \"0777\"  # 5: \" scalar\n"
                                             "empty: \"\"  # 6: \" scalar\n"
                                             "\"y\": key  # 7: \" scalar\n"
                                             "lines: \"a\\n\\tb\"  # 8: \" scalar\n"
                                             "none: {}  # 9: \" [{\n"
                                             "nothing: []  # 10: \" [{\n"
                                             "list:\n"
                                             "- \"~\"  # 11: \" scalar\n"
                                             "- a: b  # 12: \" scalar\n"
                                             "block: |-  # 13: \" scalar\n"
                                             "  a\n"
                                             "  b\n"
                                             "last:\n"
                                             "  end: \"# 1\"  # 14: \" scalar\n");
}

static void test_hostile_texts_come_back(void **state)
{
    struct unit *unit = *state;
    uint32_t random = 0x6f707461;
    for (size_t i = 0; i < ROUNDS; i += 4) {
        struct str texts[4];
        for (size_t j = 0; j < COUNT_OF(texts); j++)
            texts[j] = hostile_text(unit, &random);
        check_round_trip(unit, texts, COUNT_OF(texts));
        unit_reset(unit);
    }
}

/* Each character alone, at both ends and inside a word. */
static void test_every_low_character_comes_back(void **state)
{
    struct unit *unit = *state;
    for (uint32_t c = 0; c < 0x300; c++) {
        char bytes[2] = {(char)c};
        size_t len = 1;
        if (c >= 0x80) {
            bytes[0] = (char)(0xC0 | c >> 6);
            bytes[1] = (char)(0x80 | (c & 0x3F));
            len = 2;
        }
        struct str alone = {bytes, len};
        const struct str texts[] = {
            str_copy(&unit->arena, alone),
            str_format(&unit->arena, "%.*sx", STR_ARG(alone)),
            str_format(&unit->arena, "x%.*s", STR_ARG(alone)),
            str_format(&unit->arena, "x%.*sx", STR_ARG(alone)),
        };
        if (c == 0) /* %.*s of printf ends at a NUL */
            check_round_trip(unit, texts, 1);
        else
            check_round_trip(unit, texts, COUNT_OF(texts));
        unit_reset(unit);
    }
}

/* A strict JSON parser. Returns the offset after the value, or fails the test. */
struct json {
    struct str text;
    size_t at;
    const struct texts *expected;
    size_t found;
};

static char json_peek(struct json *json)
{
    while (json->at < json->text.len && strchr(" \n", json->text.data[json->at]))
        json->at++;
    assert_true(json->at < json->text.len);
    return json->text.data[json->at];
}

static void json_expect(struct json *json, char byte)
{
    if (json_peek(json) != byte)
        fail_msg("offset %zu: %c, not %c", json->at, json->text.data[json->at], byte);
    json->at++;
}

/* Up to U+FFFF: characters above are not escaped. */
static void add_utf8(struct buf *out, unsigned long code)
{
    assert_true(code < 0xD800 || (code > 0xDFFF && code <= 0xFFFF));
    if (code < 0x80) {
        buf_add_byte(out, (char)code);
        return;
    }
    if (code < 0x800) {
        buf_add_byte(out, (char)(0xC0 | code >> 6));
    } else {
        buf_add_byte(out, (char)(0xE0 | code >> 12));
        buf_add_byte(out, (char)(0x80 | (code >> 6 & 0x3F)));
    }
    buf_add_byte(out, (char)(0x80 | (code & 0x3F)));
}

static void json_escape(struct json *json, struct buf *out)
{
    static const char escapes[] = "\"\"\\\\/\x2f"
                                  "b\bf\fn\nr\rt\t";
    char kind = json->text.data[json->at++];
    if (kind == 'u') {
        char digits[5] = {0};
        memcpy(digits, json->text.data + json->at, 4);
        json->at += 4;
        unsigned long code = strtoul(digits, NULL, 16);
        assert_int_equal(strspn(digits, "0123456789abcdefABCDEF"), 4);
        add_utf8(out, code);
        return;
    }
    for (size_t i = 0; i + 1 < sizeof escapes; i += 2) {
        if (escapes[i] != kind)
            continue;
        buf_add_byte(out, escapes[i + 1]);
        return;
    }
    fail_msg("\\%c is not a valid escape", kind);
}

static void json_string(struct json *json)
{
    struct buf out = {0};
    json_expect(json, '"');
    while (json->text.data[json->at] != '"') {
        char byte = json->text.data[json->at++];
        assert_true((unsigned char)byte >= 0x20);
        if (byte == '\\')
            json_escape(json, &out);
        else
            buf_add_byte(&out, byte);
        assert_true(json->at < json->text.len);
    }
    json->at++;
    assert_true(json->found < json->expected->count);
    assert_true(str_equal(json->expected->items[json->found++], buf_str(&out)));
    buf_free(&out);
}

static void json_value(struct json *json)
{
    char open = json_peek(json);
    if (open == '"') {
        json_string(json);
        return;
    }
    bool map = open == '{';
    json_expect(json, map ? '{' : '[');
    char close = map ? '}' : ']';
    while (json_peek(json) != close) {
        if (map) {
            json_string(json);
            json_expect(json, ':');
        }
        json_value(json);
        if (json_peek(json) == close)
            break;
        json_expect(json, ',');
        assert_true(json_peek(json) != close);
    }
    json->at++;
}

static void test_hostile_texts_come_back_from_json(void **state)
{
    struct unit *unit = *state;
    uint32_t random = 0x6a736f6e;
    for (size_t i = 0; i < ROUNDS; i += 4) {
        struct str texts[4];
        for (size_t j = 0; j < COUNT_OF(texts); j++)
            texts[j] = hostile_text(unit, &random);
        struct node *document = hostile_document(unit, texts, COUNT_OF(texts));
        struct texts expected = {ARENA_ARRAY(&unit->arena, 8 * COUNT_OF(texts) + 8, struct str), 0};
        collect(unit, document, &expected);
        struct json json = {.text = json_of(unit, document, i % 9), .expected = &expected};
        json_value(&json);
        assert_int_equal(json.at, json.text.len);
        assert_int_equal(json.found, expected.count);
        unit_reset(unit);
    }
}

/* Fragments */

static struct str taken(struct unit *unit, struct buf *out)
{
    return buf_take(&unit->arena, out);
}

/* Returns the entries or items of a map or list, each at that column. */
static struct str fragment_of(struct unit *unit, const struct node *node, size_t column,
                              const struct emit_style *style)
{
    struct buf out = {0};
    for (const struct node *child = node->first; child; child = child->next) {
        buf_add_spaces(&out, column);
        if (node->kind == NODE_MAP)
            emit_entry(&out, child, column, style);
        else
            emit_item(&out, child, column, style);
        buf_add(&out, str_from_c(style->newline));
    }
    return taken(unit, &out);
}

static struct str inline_of(struct unit *unit, const struct node *node, bool json)
{
    struct buf out = {0};
    emit_inline(&out, node, json);
    return taken(unit, &out);
}

static struct node *nested(struct unit *unit)
{
    struct arena *arena = &unit->arena;
    struct node *map = node_new(arena, NODE_MAP);
    struct node *spec = node_set_map(arena, map, "spec");
    node_set_int(arena, spec, "replicas", 2);
    struct node *list = node_set_list(arena, spec, "items");
    struct node *item = node_append_map(arena, list);
    node_set_string(arena, item, "name", STR("a"));
    node_set_string(arena, node_set_map(arena, item, "port"), "name", STR("http"));
    node_append_string(arena, node_set_list(arena, item, "args"), STR("x"));
    node_append_string(arena, list, STR("true"));
    struct node *inner = node_new(arena, NODE_LIST);
    node_append(list, inner);
    node_append_string(arena, inner, STR("w"));
    node_set_string(arena, node_append_map(arena, inner), "k", STR("z"));
    node_append(inner, node_new(arena, NODE_LIST));
    node_set_map(arena, spec, "none");
    return map;
}

static void test_fragments_follow_their_neighbours(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct emit_style style;
        size_t column;
        const char *expected;
    } rows[] = {
        {{.step = 2, .dash = 0, .newline = "\n"},
         0,
         "spec:\n"
         "  replicas: 2\n"
         "  items:\n"
         "  - name: a\n"
         "    port:\n"
         "      name: http\n"
         "    args:\n"
         "    - x\n"
         "  - \"true\"\n"
         "  - - w\n"
         "    - k: z\n"
         "    - []\n"
         "  none: {}\n"},
        {{.step = 4, .dash = 2, .newline = "\n"},
         3,
         "   spec:\n"
         "       replicas: 2\n"
         "       items:\n"
         "         - name: a\n"
         "           port:\n"
         "               name: http\n"
         "           args:\n"
         "             - x\n"
         "         - \"true\"\n"
         "         - - w\n"
         "           - k: z\n"
         "           - []\n"
         "       none: {}\n"},
        {{.step = 1, .dash = 4, .newline = "\r\n"},
         0,
         "spec:\r\n"
         " replicas: 2\r\n"
         " items:\r\n"
         "     - name: a\r\n"
         "       port:\r\n"
         "        name: http\r\n"
         "       args:\r\n"
         "           - x\r\n"
         "     - \"true\"\r\n"
         "     - - w\r\n"
         "       - k: z\r\n"
         "       - []\r\n"
         " none: {}\r\n"},
    };
    const struct node *map = nested(unit);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(fragment_of(unit, map, rows[i].column, &rows[i].style), rows[i].expected);
    const struct node *list = node_at(map, "spec items");
    assert_str(fragment_of(unit, list, 2, &rows[0].style), "  - name: a\n"
                                                           "    port:\n"
                                                           "      name: http\n"
                                                           "    args:\n"
                                                           "    - x\n"
                                                           "  - \"true\"\n"
                                                           "  - - w\n"
                                                           "    - k: z\n"
                                                           "    - []\n");
}

/* Values after an existing colon. */
static void test_values(void **state)
{
    struct unit *unit = *state;
    static const struct emit_style style = {.step = 2, .dash = 2, .newline = "\n"};
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"x", " x"},
        {"'1'", " \"1\""},
        {"{}", " {}"},
        {"[]", " []"},
        {"{a: b, c: [d]}", "\n    a: b\n    c:\n      - d"},
        {"[a, {b: c}]", "\n    - a\n    - b: c"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *root = NULL;
        const struct source *source = unit_source(unit, str_from_c(rows[i].text));
        assert_true(load_manifest(&unit->arena, source, 0, source->text.len, &unit->diags, &root));
        struct buf out = {0};
        emit_value(&out, node_copy(&unit->arena, root), 2, &style);
        assert_str(taken(unit, &out), rows[i].expected);
    }
}

static void test_scalars_in_fragments(void **state)
{
    struct unit *unit = *state;
    static const struct {
        enum scalar_style style;
        struct str text;
        const char *block;
        const char *flow;
    } rows[] = {
        {STYLE_TEXT, TEXT("a b"), "a b", "\"a b\""},
        {STYLE_TEXT, TEXT("a, b]}"), "a, b]}", "\"a, b]}\""},
        {STYLE_TEXT, TEXT(""), "\"\"", "\"\""},
        {STYLE_TEXT, TEXT("yes"), "\"yes\"", "\"yes\""},
        {STYLE_TEXT, TEXT("12"), "\"12\"", "\"12\""},
        {STYLE_TEXT, TEXT("<<"), "\"<<\"", "\"<<\""},
        {STYLE_TEXT, TEXT("a: b"), "\"a: b\"", "\"a: b\""},
        {STYLE_TEXT, TEXT("a #b"), "\"a #b\"", "\"a #b\""},
        {STYLE_TEXT, TEXT("*a"), "\"*a\"", "\"*a\""},
        {STYLE_TEXT, TEXT("a\nb"), "\"a\\nb\"", "\"a\\nb\""},
        {STYLE_TEXT, TEXT("\"\\"), "\"\\\"\\\\\"", "\"\\\"\\\\\""},
        {STYLE_TEXT, TEXT("\xC3\xA4"), "\xC3\xA4", "\"\xC3\xA4\""},
        {STYLE_TEXT, TEXT("\xC2\x85\xE2\x80\xA8\xE2\x80\xA9"), "\"\\N\\L\\P\"",
         "\"\\u0085\\u2028\\u2029\""},
        {STYLE_TEXT, TEXT("a\xEF\xBB\xBF"), "\"a\\uFEFF\"", "\"a\\ufeff\""},
        {STYLE_TEXT, TEXT("\xF0\x9F\x98\x80"), "\"\\U0001F600\"", "\"\xF0\x9F\x98\x80\""},
        {STYLE_TEXT, TEXT("\x7F\x01"), "\"\\x7F\\x01\"", "\"\\u007f\\u0001\""},
        {STYLE_PLAIN, TEXT("12"), "12", "12"},
        {STYLE_PLAIN, TEXT("true"), "true", "true"},
        {STYLE_PLAIN, TEXT("~"), "~", "~"},
    };
    static const struct emit_style style = {.step = 2, .dash = 0, .newline = "\n"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *scalar = node_scalar(&unit->arena, rows[i].style, rows[i].text);
        assert_true(emit_is_inline(scalar));
        assert_str(inline_of(unit, scalar, false), rows[i].block);
        assert_str(inline_of(unit, scalar, true), rows[i].flow);
        /* Keys are quoted like values. */
        struct node *map = node_new(&unit->arena, NODE_MAP);
        node_put(map, scalar, node_new(&unit->arena, NODE_LIST));
        bool simple = !utf8_has_line_break(rows[i].text);
        assert_str(
            fragment_of(unit, map, 0, &style),
            str_format(&unit->arena, simple ? "%s: []\n" : "? %s\n: []\n", rows[i].block).data);
    }
}

static struct node *alias_to(struct unit *unit, struct node *node)
{
    struct node *alias = node_new(&unit->arena, NODE_ALIAS);
    alias->text = STR("an_anchor");
    alias->first = node;
    return alias;
}

static void test_aliases_and_merges(void **state)
{
    struct unit *unit = *state;
    struct arena *arena = &unit->arena;
    static const struct emit_style style = {.step = 2, .dash = 0, .newline = "\n"};
    struct node *target = node_new(arena, NODE_MAP);
    node_set_string(arena, target, "not", STR("written"));
    struct node *map = node_new(arena, NODE_MAP);
    node_set(arena, map, "alias", alias_to(unit, target));
    struct node *merging = node_set_map(arena, map, "merging");
    node_set(arena, merging, "<<", alias_to(unit, target));
    node_set_string(arena, merging, "own", STR("a, b"));
    struct node *list = node_set_list(arena, map, "list");
    node_append(list, alias_to(unit, target));
    struct node *item = node_append_map(arena, list);
    node_set(arena, item, "<<", alias_to(unit, target));
    struct node *late = node_set_map(arena, map, "late");
    node_set_string(arena, late, "own", STR("c"));
    node_set(arena, late, "<<", alias_to(unit, target));
    assert_str(fragment_of(unit, map, 0, &style), "alias: *an_anchor\n"
                                                  "merging: {<<: *an_anchor, \"own\": \"a, b\"}\n"
                                                  "list:\n"
                                                  "- *an_anchor\n"
                                                  "- {<<: *an_anchor}\n"
                                                  "late:\n"
                                                  "  own: c\n"
                                                  "  <<: *an_anchor\n");
    assert_str(inline_of(unit, map, true),
               "{\"alias\": *an_anchor, \"merging\": {<<: *an_anchor, \"own\": \"a, b\"}, "
               "\"list\": [*an_anchor, {<<: *an_anchor}], \"late\": {\"own\": \"c\", "
               "<<: *an_anchor}}");
    assert_true(emit_is_inline(node_get(map, "alias")));
    assert_true(emit_is_inline(merging));
    assert_false(emit_is_inline(late));
    assert_false(emit_is_inline(list));
    assert_true(emit_is_inline(node_new(arena, NODE_MAP)));
    assert_true(emit_is_inline(node_new(arena, NODE_LIST)));
}

static void test_existing_content_is_kept(void **state)
{
    struct unit *unit = *state;
    static const struct emit_style style = {.step = 2, .dash = 0, .newline = "\n"};
    const struct node *map = nested(unit);
    struct buf out = {0};
    buf_add(&out, STR("before "));
    emit_entry(&out, map->first, 0, &style);
    emit_inline(&out, map, true);
    emit_item(&out, node_at(map, "spec none"), 0, &style);
    emit_value(&out, node_at(map, "spec none"), 0, &style);
    struct str text = taken(unit, &out);
    assert_true(str_starts_with(text, STR("before spec:\n  replicas: 2\n")));
    assert_true(str_ends_with(text, STR("\"none\": {}}}- {} {}")));
}

static void check_read_back(struct unit *unit, const struct node *meant, struct str text)
{
    const struct source *source = unit_source(unit, text);
    struct node *read = NULL;
    bool ok = load_manifest(&unit->arena, source, 0, text.len, &unit->diags, &read);
    if (!ok || !read || !edit_same(&unit->arena, meant, read))
        fail_msg("does not survive a round trip:\n%.*s", STR_ARG(text));
}

/* The output of every style is read back unchanged. */
static void test_hostile_texts_come_back_from_fragments(void **state)
{
    struct unit *unit = *state;
    uint32_t random = 0x66726167;
    static const struct emit_style styles[] = {
        {.step = 2, .dash = 0, .newline = "\n"},   {.step = 2, .dash = 2, .newline = "\r\n"},
        {.step = 4, .dash = 0, .newline = "\r\n"}, {.step = 1, .dash = 1, .newline = "\n"},
        {.step = 8, .dash = 6, .newline = "\n"},   {.step = 3, .dash = 0, .newline = "\n"},
    };
    for (size_t i = 0; i < ROUNDS; i += 4) {
        struct str texts[4];
        for (size_t j = 0; j < COUNT_OF(texts); j++)
            texts[j] = hostile_text(unit, &random);
        const struct emit_style *style = &styles[i / 4 % COUNT_OF(styles)];
        struct node *document = hostile_document(unit, texts, COUNT_OF(texts));
        struct node *outer = node_new(&unit->arena, NODE_MAP);
        node_set(&unit->arena, outer, "outer", document);
        node_set_int(&unit->arena, outer, "number", (int64_t)i);
        check_read_back(unit, outer, fragment_of(unit, outer, i % 3, style));
        check_read_back(unit, outer, inline_of(unit, outer, true));
        check_read_back(unit, node_at(outer, "outer list"),
                        fragment_of(unit, node_at(outer, "outer list"), 0, style));
        unit_reset(unit);
    }
}

/* The same bytes as libyaml's emitter */

static int write_to_buf(void *data, unsigned char *bytes, size_t size)
{
    buf_add(data, (struct str){(const char *)bytes, size});
    return 1;
}

static yaml_scalar_style_t libyaml_style_of(const struct node *scalar)
{
    if (scalar->style == STYLE_LINES)
        return YAML_LITERAL_SCALAR_STYLE;
    if (scalar->style == STYLE_PLAIN || scalar_may_be_plain(scalar->text))
        return YAML_PLAIN_SCALAR_STYLE;
    return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static void libyaml_node(yaml_document_t *document, const struct node *node, int *ret_id)
{
    if (node->kind == NODE_SCALAR) {
        *ret_id = yaml_document_add_scalar(
            document, NULL, (const yaml_char_t *)(node->text.len ? node->text.data : ""),
            (int)node->text.len, libyaml_style_of(node));
        return;
    }
    bool map = node->kind == NODE_MAP;
    *ret_id = map ? yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE)
                  : yaml_document_add_sequence(document, NULL, YAML_BLOCK_SEQUENCE_STYLE);
    for (const struct node *child = node->first; child; child = child->next) {
        int key = 0;
        int value;
        if (map)
            libyaml_node(document, child->key, &key);
        libyaml_node(document, child, &value);
        assert_true(map ? yaml_document_append_mapping_pair(document, *ret_id, key, value)
                        : yaml_document_append_sequence_item(document, *ret_id, value));
    }
}

static struct str libyaml_yaml_of(struct unit *unit, const struct node *root)
{
    yaml_emitter_t emitter;
    yaml_document_t document;
    struct buf out = {0};
    int id;
    assert_true(yaml_emitter_initialize(&emitter));
    yaml_emitter_set_output(&emitter, write_to_buf, &out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    assert_true(yaml_document_initialize(&document, NULL, NULL, NULL, 0, 1));
    libyaml_node(&document, root, &id);
    assert_true(yaml_emitter_open(&emitter));
    assert_true(yaml_emitter_dump(&emitter, &document));
    assert_true(yaml_emitter_close(&emitter));
    yaml_emitter_delete(&emitter);
    return taken(unit, &out);
}

static struct node *random_tree(struct unit *unit, uint32_t *random, size_t depth)
{
    enum { CHILDREN_MAX = 4 };
    struct arena *arena = &unit->arena;
    uint32_t choice = next_random(random) % 8;
    if (depth == 0 || choice < 3)
        return node_scalar(arena, STYLE_TEXT, hostile_text(unit, random));
    if (choice == 3)
        return node_scalar(arena, STYLE_LINES, STR("{\n    \"a\": [\n    ]\n}"));
    if (choice == 4)
        return node_int(arena, next_random(random));
    struct node *node = node_new(arena, choice == 5 ? NODE_LIST : NODE_MAP);
    for (uint32_t count = next_random(random) % CHILDREN_MAX; count > 0; count--) {
        struct node *child = random_tree(unit, random, depth - 1);
        if (node->kind == NODE_LIST)
            node_append(node, child);
        else
            node_put(node, node_scalar(arena, STYLE_TEXT, hostile_text(unit, random)), child);
    }
    return node;
}

static void test_bytes_are_those_of_libyaml(void **state)
{
    enum { DEPTH = 5 };
    struct unit *unit = *state;
    uint32_t random = 0x77726974;
    for (size_t i = 0; i < ROUNDS; i++) {
        struct node *map = node_new(&unit->arena, NODE_MAP);
        for (uint32_t count = next_random(&random) % 4; count > 0; count--)
            node_put(map, node_scalar(&unit->arena, STYLE_TEXT, hostile_text(unit, &random)),
                     random_tree(unit, &random, DEPTH));
        struct str expected = libyaml_yaml_of(unit, map);
        struct str actual = yaml_of(unit, map);
        if (!str_equal(actual, expected))
            fail_msg("written:\n%.*s\nby libyaml:\n%.*s", STR_ARG(actual), STR_ARG(expected));
        unit_reset(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_yaml_form),
        UNIT_TEST(test_every_document_begins_with_its_mark),
        UNIT_TEST(test_long_strings_are_not_folded),
        UNIT_TEST(test_comments_follow_values),
        UNIT_TEST(test_json_form),
        UNIT_TEST(test_hostile_texts_come_back),
        UNIT_TEST(test_every_low_character_comes_back),
        UNIT_TEST(test_hostile_texts_come_back_from_json),
        UNIT_TEST(test_fragments_follow_their_neighbours),
        UNIT_TEST(test_values),
        UNIT_TEST(test_scalars_in_fragments),
        UNIT_TEST(test_aliases_and_merges),
        UNIT_TEST(test_existing_content_is_kept),
        UNIT_TEST(test_hostile_texts_come_back_from_fragments),
        UNIT_TEST(test_bytes_are_those_of_libyaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
