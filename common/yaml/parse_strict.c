#include "yaml/parse_strict.h"

#include "base/utf8.h"
#include "yaml/anchor.h"

#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#if UNDER_ADDRESS_SANITIZER
/* libfyaml 0.7.12 leaks some buffers after a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml\n";
}
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif

/* An open map or list. */
struct level {
    struct node *node;
    struct node *key; /* map: the key whose value is read next */
    struct map keys;
    struct node *merged;   /* map: the value of its merge key; NULL: none so far */
    struct node *unmerged; /* the value before the merge key; NULL: the merge key is first */
    struct anchor *anchor; /* NULL: none */
    bool flow;             /* in brackets, or inside a collection in brackets */
};

struct loader {
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    size_t base; /* start of the parsed text: after a byte order mark */
    struct node *root;
    struct level levels[FILE_DEPTH_MAX];
    size_t depth;
    struct anchors anchors;
    bool outdented;  /* a closing bracket is indented no further than its key */
    bool sloppy;     /* libfyaml does not check the indentation between brackets and quotes */
    size_t flow_end; /* sloppy: end of the checked part of a collection in brackets */
    bool failed;     /* an error was reported; parsing stops */
};

static const char indent_hint[] =
    "indent the line further than its key; only a closing bracket may have the key's indentation";

static struct location make_location(const struct loader *loader, size_t start, size_t end)
{
    size_t limit = loader->source->text.len;
    start = start < limit ? start : limit;
    end = end < limit ? end : limit;
    return (struct location){.source = loader->source, .start = start, .end = end};
}

static struct location event_location(const struct loader *loader, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = fy_event_end_mark(event);
    if (!start || !end)
        return make_location(loader, loader->base, loader->base);
    return make_location(loader, loader->base + start->input_pos, loader->base + end->input_pos);
}

static void fail(struct loader *loader, struct location at, enum rule rule, const char *message,
                 const char *hint)
{
    diag_error(loader->diags, at, rule, "%s", message);
    if (hint)
        diag_hint(loader->diags, "%s", hint);
    loader->failed = true;
}

static bool is_merge_key(const struct node *key)
{
    return key->style == STYLE_PLAIN && str_eq_c(key->text, "<<");
}

static void add_key(struct loader *loader, struct level *level, struct node *key)
{
    level->key = key;
    const struct node *first;
    if (is_merge_key(key))
        first = level->merged ? level->merged->key : NULL;
    else
        first = map_add(loader->arena, &level->keys, key->text, key);
    if (!first)
        return;
    if (loader->source->secret)
        diag_error(loader->diags, key->span, RULE_DUPLICATE_KEY, "duplicate key");
    else
        diag_error(loader->diags, key->span, RULE_DUPLICATE_KEY, "duplicate key \"%.*s\"",
                   STR_ARG(key->text));
    if (!diags_full(loader->diags)) /* counting lines is slow */
        diag_hint(loader->diags, "first defined on line %zu; %s",
                  diag_position(loader->source, first->span.start).line,
                  is_merge_key(key) ? "use one merge key with a list: <<: [*ONE, *OTHER]"
                                    : "remove one of them");
}

static void add_value(struct level *level, struct node *value)
{
    if (is_merge_key(level->key)) {
        value->key = level->key;
        level->merged = value;
        level->unmerged = level->node->last;
    } else {
        node_put(level->node, level->key, value);
    }
    level->key = NULL;
}

/* Adds a node to the tree. An empty value has no location, so it gets that of its key or list. */
static void add_node(struct loader *loader, struct node *node)
{
    if (loader->depth == 0) {
        loader->root = node;
        return;
    }
    struct level *level = &loader->levels[loader->depth - 1];
    if (level->node->kind == NODE_LIST) {
        if (!node->span.source)
            node->span = level->node->span;
        node_append(level->node, node);
    } else if (level->key) {
        if (!node->span.source)
            node->span = level->key->span;
        add_value(level, node);
    } else if (node->kind == NODE_SCALAR) {
        if (!node->span.source)
            node->span = make_location(loader, level->node->span.start, level->node->span.end);
        add_key(loader, level, node);
    } else {
        fail(loader, node->span, RULE_YAML_UNSUPPORTED, "a key must be a string, not a map or list",
             "quote it if it begins with { or [");
    }
}

/* Returns the location of an anchor, alias or tag including its indicator, which the marks of
 * libfyaml exclude. */
static struct location marked_location(const struct loader *loader, struct fy_token *token)
{
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);
    size_t at = loader->base + (start ? start->input_pos : 0);
    struct str text = loader->source->text;
    while (at > loader->base && at <= text.len && strchr("&*!<", text.data[at - 1]))
        at--;
    return make_location(loader, at, loader->base + (end ? end->input_pos : 0));
}

static struct str marked_name(struct location marked)
{
    return str_slice(marked.source->text, marked.start + 1, marked.end);
}

/* Returns NULL if the node has no anchor. */
static struct anchor *add_anchor(struct loader *loader, struct fy_event *event, struct node *node)
{
    struct fy_token *token = fy_event_get_anchor_token(event);
    if (!token)
        return NULL;
    struct location at = marked_location(loader, token);
    return anchor_add(&loader->anchors, marked_name(at), at, node);
}

static void add_alias(struct loader *loader, struct fy_event *event)
{
    const struct level *level = loader->depth ? &loader->levels[loader->depth - 1] : NULL;
    struct location at = marked_location(loader, event->alias.anchor);
    if (level && level->node->kind == NODE_MAP && !level->key) {
        fail(loader, at, RULE_YAML_UNSUPPORTED, "an alias cannot be a key",
             "write the key itself, or quote it if it begins with *");
        return;
    }
    struct node *node = anchor_expand(&loader->anchors, marked_name(at), at, loader->depth);
    if (node)
        add_node(loader, node);
    else
        loader->failed = true;
}

static void open_level(struct loader *loader, struct fy_event *event, enum node_kind kind)
{
    struct node *node = node_new(loader->arena, kind);
    node->span = event_location(loader, event);
    if (loader->depth == FILE_DEPTH_MAX) {
        diag_error(loader->diags, node->span, RULE_LIMIT_EXCEEDED,
                   "maps and lists are nested more than %d levels deep", FILE_DEPTH_MAX);
        diag_hint(loader->diags, "reduce the nesting");
        loader->failed = true;
        return;
    }
    add_node(loader, node);
    bool inside = loader->depth && loader->levels[loader->depth - 1].flow;
    struct str text = str_skip(loader->source->text, node->span.start);
    bool bracket = str_starts_with(text, STR("{")) || str_starts_with(text, STR("["));
    loader->levels[loader->depth++] = (struct level){
        .node = node, .anchor = add_anchor(loader, event, node), .flow = inside || bracket};
}

static void close_level(struct loader *loader)
{
    if (loader->depth == 0)
        return;
    struct level *level = &loader->levels[--loader->depth];
    if (level->merged)
        anchor_merge(&loader->anchors, level->node, level->unmerged, &level->keys, level->merged);
    if (level->anchor)
        level->anchor->open = false;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_break(char byte)
{
    return byte == '\n' || byte == '\r';
}

static size_t line_end(struct str text, size_t at)
{
    while (at < text.len && !is_break(text.data[at]))
        at++;
    return at;
}

/* Returns the number of bytes between the start of the line and an offset, without a byte order
 * mark. */
static size_t column_of(struct str text, size_t offset)
{
    size_t mark = utf8_bom_len(text);
    size_t start = offset;
    while (start > 0 && !is_break(text.data[start - 1]))
        start--;
    return offset - (start < mark ? mark : start);
}

/* libfyaml accepts a block scalar that is not indented further than its key or dash, and makes
 * all following keys part of it. */
static void check_block(struct loader *loader, struct location block)
{
    const struct level *level = loader->depth ? &loader->levels[loader->depth - 1] : NULL;
    if (!level || block.start == block.end)
        return;
    const struct node *parent = level->key ? level->key : level->node;
    struct str text = loader->source->text;
    if (column_of(text, block.start) <= column_of(text, parent->span.start))
        fail(loader, block, RULE_YAML_SYNTAX, "the text of a block scalar (| or >) is not indented",
             "indent the text further than its key");
}

/* True if the string of a scalar equals its text in the file: in one line, without escapes. */
static bool is_raw(enum scalar_style style, struct str written)
{
    for (size_t i = 0; i < written.len; i++) {
        char byte = written.data[i];
        if (is_break(byte) || (byte == '\'' && style == STYLE_SINGLE) ||
            (byte == '\\' && style == STYLE_DOUBLE))
            return false;
    }
    return style == STYLE_PLAIN || style == STYLE_SINGLE || style == STYLE_DOUBLE;
}

/* Returns the string of a scalar. `at` excludes quotes. */
static struct str scalar_text(struct loader *loader, struct fy_token *token,
                              enum scalar_style style, struct location at)
{
    struct str written = str_slice(loader->source->text, at.start, at.end);
    if (is_raw(style, written))
        return str_copy(loader->arena, written);
    size_t len = 0;
    const char *text = fy_token_get_text(token, &len);
    if (!text)
        out_of_memory();
    return str_copy(loader->arena, (struct str){text, len});
}

static void add_scalar(struct loader *loader, struct fy_event *event)
{
    static const enum scalar_style styles[] = {[FYSS_PLAIN] = STYLE_PLAIN,
                                               [FYSS_SINGLE_QUOTED] = STYLE_SINGLE,
                                               [FYSS_DOUBLE_QUOTED] = STYLE_DOUBLE,
                                               [FYSS_LITERAL] = STYLE_LITERAL,
                                               [FYSS_FOLDED] = STYLE_FOLDED};
    struct fy_token *token = event->scalar.value;
    enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    struct node *node = node_scalar(loader->arena, STYLE_PLAIN, (struct str){0});
    if (style >= 0 && style < FYSS_MAX)
        node->style = styles[style];
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    if (start) {
        /* The marks of libfyaml exclude quotes. */
        size_t quote = node->style == STYLE_SINGLE || node->style == STYLE_DOUBLE;
        struct location at = event_location(loader, event);
        bool block = node->style == STYLE_LITERAL || node->style == STYLE_FOLDED;
        while (block && at.start < at.end && loader->source->text.data[at.start] == ' ')
            at.start++;
        node->text_at = at.start;
        node->span = make_location(loader, at.start - quote, at.end + quote);
        if (block)
            check_block(loader, at);
        if (!loader->failed)
            node->text = scalar_text(loader, token, node->style, at);
        if (str_find(node->text, 0, '\0') < node->text.len)
            fail(loader, node->span, RULE_YAML_UNSUPPORTED,
                 "a string must not contain a NUL character", "remove the \\0");
    }
    add_node(loader, node);
    add_anchor(loader, event, node);
}

/* Reports directives: lines that begin with % before a document. libfyaml accepts some invalid
 * ones, and does not return for others. */
static void report_directives(struct loader *loader)
{
    struct str text = loader->source->text;
    bool before_document = true;
    bool has_mark = str_find(text, loader->base, '%') < text.len;
    for (size_t at = loader->base; has_mark && at < text.len; at = line_end(text, at) + 1) {
        struct str line = str_slice(text, at, line_end(text, at));
        size_t indent = 0;
        while (indent < line.len && is_blank(line.data[indent]))
            indent++;
        if (before_document && str_starts_with(line, STR("%"))) {
            fail(loader, make_location(loader, at, at + line.len), RULE_YAML_UNSUPPORTED,
                 "YAML directives (%) are not supported", "remove the line");
            return;
        }
        if (indent < line.len && line.data[indent] != '#')
            before_document = str_starts_with(line, STR("..."));
    }
}

/* Reports a second document at its marker, or at its content if only `...` ended the first. */
static bool report_second_document(struct loader *loader, struct fy_event *event)
{
    bool content = event->type == FYET_SCALAR || event->type == FYET_ALIAS ||
                   event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START;
    bool marked = event->type == FYET_DOCUMENT_START && !event->document_start.implicit;
    if (!loader->root || loader->depth > 0 || !(content || marked))
        return false;
    fail(loader, event_location(loader, event), RULE_YAML_UNSUPPORTED,
         "the file must contain a single YAML document",
         "remove the --- and everything after it, or move that to a separate file");
    return true;
}

static bool report_tag(struct loader *loader, struct fy_event *event)
{
    struct fy_token *tag = fy_event_get_tag_token(event);
    if (tag)
        fail(loader, marked_location(loader, tag), RULE_YAML_UNSUPPORTED,
             "YAML tags (!) are not supported",
             "remove the tag, or quote the value if it begins with !");
    return tag != NULL;
}

/* Returns the 1-based column of the innermost block, which the lines of a value must be indented
 * further than; 0 for the outermost value. */
static size_t block_column(const struct loader *loader)
{
    size_t depth = loader->depth;
    while (depth > 0 && loader->levels[depth - 1].flow)
        depth--;
    if (depth == 0)
        return 0;
    return 1 + column_of(loader->source->text, loader->levels[depth - 1].node->span.start);
}

/* Reports a line, beginning at `at`, that is not indented further than its block. A closing
 * bracket may be in the column of the block. Returns the start of the line's content. */
static size_t check_line(struct loader *loader, size_t at, bool in_quotes)
{
    struct str text = loader->source->text;
    size_t least = block_column(loader);
    size_t start = at;
    while (at < text.len && text.data[at] == ' ')
        at++;
    size_t first = at;
    while (at < text.len && is_blank(text.data[at]))
        at++;
    bool content = at < text.len && !is_break(text.data[at]) && (in_quotes || text.data[at] != '#');
    bool closes = content && !in_quotes && (text.data[at] == '}' || text.data[at] == ']');
    if (content && first < at && first - start < least)
        fail(loader, make_location(loader, first, first + 1), RULE_YAML_SYNTAX,
             "tab in the indentation", "indent with spaces; YAML does not allow tabs");
    else if (content && at - start + closes < least)
        fail(loader, make_location(loader, at, at), RULE_YAML_SYNTAX,
             "invalid indentation in brackets or quotes", indent_hint);
    return at;
}

/* Checks the indentation of the lines that begin in a part of the text, which libfyaml does not
 * check in sloppy mode. */
static void check_lines(struct loader *loader, size_t at, size_t end, bool in_quotes)
{
    struct str text = loader->source->text;
    while (at < end && !loader->failed) {
        if (!in_quotes && text.data[at] == '#')
            at = line_end(text, at);
        else if (is_break(text.data[at]))
            at = check_line(loader, at + 1, in_quotes);
        else
            at++;
    }
}

/* Checks the lines of collections in brackets and of quoted scalars. */
static void check_brackets(struct loader *loader, struct fy_event *event)
{
    const struct level *level = loader->depth ? &loader->levels[loader->depth - 1] : NULL;
    bool ends = event->type == FYET_MAPPING_END || event->type == FYET_SEQUENCE_END;
    struct location at = event_location(loader, event);
    size_t end = ends ? at.end : at.start;
    if (level && level->flow) {
        check_lines(loader, loader->flow_end, end, false);
        loader->flow_end = end;
    } else {
        loader->flow_end = at.start;
    }
    if (event->type != FYET_SCALAR || !event->scalar.value)
        return;
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
        check_lines(loader, at.start, at.end, true);
    if (level && level->flow)
        loader->flow_end = at.end;
}

static void handle_event(struct loader *loader, struct fy_event *event)
{
    if (report_second_document(loader, event) || report_tag(loader, event))
        return;
    if (loader->sloppy)
        check_brackets(loader, event);
    if (loader->failed)
        return;
    switch (event->type) {
    case FYET_SCALAR:
        add_scalar(loader, event);
        break;
    case FYET_ALIAS:
        add_alias(loader, event);
        break;
    case FYET_MAPPING_START:
        open_level(loader, event, NODE_MAP);
        break;
    case FYET_SEQUENCE_START:
        open_level(loader, event, NODE_LIST);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        close_level(loader);
        break;
    default:
        break;
    }
}

/* Converts a 1-based line and column (in characters) of libfyaml to an offset. */
static size_t offset_of(const struct loader *loader, int line, int column)
{
    struct str text = loader->source->text;
    size_t at = loader->base;
    for (; line > 1 && at < text.len; line--)
        at = str_find(text, at, '\n') + 1;
    for (; column > 1 && at < text.len && text.data[at] != '\n'; column--) {
        uint32_t character;
        size_t len = utf8_decode(text, at, &character);
        at += len ? len : 1;
    }
    return at;
}

/* Finds a tab in the indentation of a line, a common error that libfyaml reports unclearly. */
static bool find_line_tab(struct str text, size_t line, size_t *ret_tab)
{
    size_t at = line;
    while (at < text.len && text.data[at] == ' ')
        at++;
    *ret_tab = at;
    return at < text.len && text.data[at] == '\t';
}

/* Checks the line of an error and the next one, because libfyaml reports a tab at the token
 * before it. */
static bool find_tab(struct str text, size_t offset, size_t *ret_tab)
{
    size_t line = offset < text.len ? offset : text.len;
    while (line > 0 && text.data[line - 1] != '\n')
        line--;
    return find_line_tab(text, line, ret_tab) ||
           find_line_tab(text, str_find(text, line, '\n') + 1, ret_tab);
}

/* Returns the hint for the usual cause of a libfyaml error; NULL if unknown. */
static const char *syntax_hint(const char *message)
{
    static const struct {
        const char *words;
        const char *hint;
    } hints[] = {
        {"value after mapping", "quote a value that begins with {"},
        {"alias", "quote the value if it begins with *"},
        {"cannot start with", "quote the value"},
        {"nested block mapping on the same line",
         "quote a value that contains a colon and a space"},
        {"multiline plain key", "check the indentation, and that a space follows the colon"},
        {"indentation in mapping", "align it with the keys above"},
        {"expected key", "align it with the keys above"},
        {"trailing content after single-quoted", "write a quote inside single quotes twice: ''"},
        {"trailing content after double-quoted", "write a quote inside double quotes as \\\""},
        {"indented single-quoted", "check for a missing closing quote"},
        {"indented double-quoted", "check for a missing closing quote"},
        {"wrongly indented", indent_hint},
        {"expected '-' indicator", "align it with the keys above"},
        {"end of block sequence", "align it with the keys above"},
        {"closing bracket", "check for a missing ]"},
        {"missing comma in flow mapping", "check for a missing } or comma"},
        {"missing comma in flow sequence", "check for a missing ] or comma"},
    };
    for (size_t i = 0; i < COUNT_OF(hints); i++)
        if (strstr(message, hints[i].words))
            return hints[i].hint;
    return NULL;
}

/* True if a key is indented further than the key above, which has a value in the same line.
 * libfyaml reports that at the value. */
static bool finds_deeper_key(struct str text, const char *message, size_t offset, size_t *ret_key)
{
    size_t line = offset < text.len ? offset : text.len;
    while (line > 0 && text.data[line - 1] != '\n')
        line--;
    bool value = false;
    for (size_t at = line; at + 1 < offset; at++)
        value |= text.data[at] == ':' && text.data[at + 1] == ' ';
    size_t next = str_find(text, offset, '\n') + 1;
    size_t key = str_find(text, next, ':'); /* then the start of its line */
    bool found = key < text.len;
    while (key > next && text.data[key - 1] != '\n')
        key--;
    while (key < text.len && text.data[key] == ' ')
        key++;
    *ret_key = key;
    return value && found && strstr(message, "multiline plain key");
}

static void report_syntax(struct loader *loader, struct fy_diag *collected)
{
    void *iterator = NULL;
    struct fy_diag_error *error = fy_diag_errors_iterate(collected, &iterator);
    if (!error) { /* libfyaml fails without a message for some headers and directives */
        fail(loader, location_file(loader->source), RULE_YAML_SYNTAX, "invalid YAML",
             "check for an invalid | or > header, or a line that begins with %");
        return;
    }
    if (str_ends_with(str_from_c(error->msg), STR("end in flow mode")) && !loader->sloppy) {
        loader->outdented = true;
        return;
    }
    size_t offset = offset_of(loader, error->line, error->column);
    size_t tab;
    if (find_tab(loader->source->text, offset, &tab)) {
        fail(loader, make_location(loader, tab, tab + 1), RULE_YAML_SYNTAX,
             "tab in the indentation", "indent with spaces; YAML does not allow tabs");
        return;
    }
    size_t key;
    if (finds_deeper_key(loader->source->text, error->msg, offset, &key)) {
        fail(loader, make_location(loader, key, key), RULE_YAML_SYNTAX,
             "this key is indented further than the one above",
             "align it with the key above, which already has a value");
        return;
    }
    fail(loader, make_location(loader, offset, offset), RULE_YAML_SYNTAX, error->msg,
         syntax_hint(error->msg));
}

/* A libfyaml parser and its collected errors. */
struct parser {
    struct fy_parser *fy;
    struct fy_diag *errors;
};

/* The parser of the last file, if that was parsed without an error. Creating one takes longer
 * than parsing a small file. */
static struct parser idle;

static void destroy(struct parser *parser)
{
    fy_parser_destroy(parser->fy);
    fy_diag_destroy(parser->errors);
    *parser = (struct parser){0};
}

static struct parser create(enum fy_parse_cfg_flags flags)
{
    struct parser parser = {0};
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    parser.errors = fy_diag_create(&diag_config);
    if (!parser.errors)
        return parser;
    fy_diag_set_collect_errors(parser.errors, true);
    const struct fy_parse_cfg config = {.flags = flags, .diag = parser.errors};
    parser.fy = fy_parser_create(&config);
    return parser;
}

/* Returns a parser for a file; its `fy` is NULL if it cannot be created. */
static struct parser start(const struct loader *loader)
{
    struct parser parser = {0};
    enum fy_parse_cfg_flags flags =
        FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_COLLECT_DIAG;
    if (loader->sloppy)
        return create(flags | FYPCF_SLOPPY_FLOW_INDENTATION);
    if (idle.fy && fy_parser_reset(idle.fy) == 0)
        parser = idle;
    else
        destroy(&idle);
    idle = (struct parser){0};
    return parser.fy ? parser : create(flags);
}

/* Only a parser without errors is reused for the next file. */
static void finish(const struct loader *loader, struct parser *parser)
{
    void *iterator = NULL;
    if (!loader->failed && !loader->outdented && !loader->sloppy &&
        !fy_diag_errors_iterate(parser->errors, &iterator))
        idle = *parser;
    else
        destroy(parser);
}

static void parse(struct loader *loader)
{
    struct parser parser = start(loader);
    struct str text = str_skip(loader->source->text, loader->base);
    if (!parser.fy || fy_parser_set_string(parser.fy, text.data, text.len) != 0) {
        fail(loader, location_file(loader->source), RULE_OUT_OF_MEMORY,
             "cannot start the YAML parser", NULL);
        destroy(&parser);
        return;
    }
    struct fy_event *event;
    while (!loader->failed && (event = fy_parser_parse(parser.fy)) != NULL) {
        handle_event(loader, event);
        fy_parser_event_free(parser.fy, event);
    }
    if (!loader->failed && fy_parser_get_stream_error(parser.fy))
        report_syntax(loader, parser.errors);
    finish(loader, &parser);
}

/* Reports more than WHITESPACE_RUN_MAX consecutive blanks. */
static void report_blanks(struct loader *loader)
{
    struct str text = loader->source->text;
    size_t start = 0;
    for (size_t at = 0; text.len > WHITESPACE_RUN_MAX && at < text.len; at++) {
        char byte = text.data[at];
        if (!is_blank(byte) && !is_break(byte))
            start = at + 1;
        if (at + 1 - start <= WHITESPACE_RUN_MAX)
            continue;
        struct str message =
            str_format(loader->arena, "more than %d spaces, tabs and line breaks in a row",
                       WHITESPACE_RUN_MAX);
        fail(loader, make_location(loader, start, start), RULE_LIMIT_EXCEEDED, message.data,
             "remove some; a string that requires them can contain them as \\x20 in double quotes");
        return;
    }
}

/* Marks a service or environment file as not hidden. `root` may be incomplete after an error. */
static void unhide_own_file(const struct source *source, const struct node *root)
{
    static const char *const fields[] = {"name", "org_name", "providers", "modules"};
    for (size_t i = 0; source_is_hidden(source) && i < COUNT_OF(fields); i++)
        if (root && root->kind == NODE_MAP && node_get(root, fields[i]))
            *source->hidden = false;
}

struct node *load_service_file(struct arena *arena, const struct source *source,
                               struct diags *diags)
{
    struct node *root = load_service(arena, source, diags);
    if (!root || !source_is_hidden(source))
        return root;
    /* Messages about other files would show its values. */
    diag_error(diags, location_file(source), RULE_WRONG_FILE,
               "not a service file or environment file");
    diag_hint(diags, "pass a file with a name, and with modules or providers");
    return NULL;
}

static bool check_text(const struct source *source, struct diags *diags)
{
    size_t bad = 0;
    const char *wrong = utf8_check(source->text, &bad);
    if (!wrong)
        return true;
    bool encoding = strstr(wrong, "UTF-8") != NULL;
    struct location at = {.source = source, .start = bad, .end = bad};
    diag_error(diags, at, RULE_FILE_NOT_TEXT, "the file contains %s, which YAML does not allow",
               wrong);
    diag_hint(diags, encoding ? "save the file as UTF-8 text"
                              : "remove it, or write it as an escape in double quotes");
    return false;
}

/* libfyaml rejects a closing bracket in the column of its key, which other parsers accept,
 * unless it checks no indentation in brackets at all (sloppy mode). That mode reports other
 * errors less precisely, so it is tried second. */
static void parse_with_fallback(struct loader *loader)
{
    const struct diags before = *loader->diags;
    struct loader sloppy = *loader;
    parse(loader);
    if (!loader->outdented)
        return;
    *loader->diags = before;
    sloppy.sloppy = true;
    parse(&sloppy);
    *loader = sloppy;
}

struct node *load_service(struct arena *arena, const struct source *source, struct diags *diags)
{
    if (source->tree)
        return source->tree;
    if (!check_text(source, diags))
        return NULL;
    struct loader loader = {.arena = arena,
                            .source = source,
                            .diags = diags,
                            .base = utf8_bom_len(source->text),
                            .anchors = {.arena = arena, .diags = diags}};
    size_t errors = diags->errors;
    report_directives(&loader);
    if (!loader.failed)
        report_blanks(&loader);
    if (!loader.failed && loader.base < source->text.len)
        parse_with_fallback(&loader);
    unhide_own_file(source, loader.root);
    if (diags->errors > errors)
        return NULL;
    if (!loader.root || node_is_null(loader.root)) {
        diag_error(diags, location_file(source), RULE_WRONG_FILE, "the file is empty");
        return NULL;
    }
    return loader.root;
}

const char *load_service_library(void)
{
    return fy_library_version();
}
