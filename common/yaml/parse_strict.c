#include "yaml/parse_strict.h"

#include "base/utf8.h"
#include "yaml/anchor.h"

#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#if UNDER_ADDRESS_SANITIZER
/* libfyaml 0.7.12 forgets some buffers when a text is wrong. */
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

/* A mapping or list that is still open. */
struct level {
    struct node *node;
    struct node *key; /* mapping: read, its value not yet */
    struct map keys;
    struct node *merged;   /* mapping: the value of its merge key; NULL: none so far */
    struct node *unmerged; /* the value before the merge key; NULL: it is the first key */
    struct anchor *anchor; /* NULL: it has none */
    bool flow;             /* it is in brackets, or in what is */
};

struct loader {
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    size_t base; /* where the parsed text starts in the file: behind a byte order mark */
    struct node *root;
    struct level levels[FILE_DEPTH_MAX];
    size_t depth;
    struct anchors anchors;
    bool outdented;  /* a closing bracket is indented no further than its key */
    bool sloppy;     /* libfyaml does not check the indentation between brackets and quotes */
    size_t flow_end; /* sloppy: in brackets, what was read of them */
    bool failed;     /* reading on would only repeat the error */
};

static const char indent_hint[] =
    "indent the line further than its key; only a closing bracket may have the key's indentation";

static struct location place(const struct loader *loader, size_t start, size_t end)
{
    size_t limit = loader->source->text.len;
    start = start < limit ? start : limit;
    end = end < limit ? end : limit;
    return (struct location){.source = loader->source, .start = start, .end = end};
}

static struct location event_place(const struct loader *loader, struct fy_event *event)
{
    const struct fy_mark *start = fy_event_start_mark(event);
    const struct fy_mark *end = fy_event_end_mark(event);
    if (!start || !end)
        return place(loader, loader->base, loader->base);
    return place(loader, loader->base + start->input_pos, loader->base + end->input_pos);
}

static void fail(struct loader *loader, struct location at, const char *message, const char *hint)
{
    diag_error(loader->diags, at, "%s", message);
    if (hint)
        diag_hint(loader->diags, "%s", hint);
    loader->failed = true;
}

static bool is_merge_key(const struct node *key)
{
    return key->style == STYLE_PLAIN && str_eq_c(key->text, "<<");
}

static void take_key(struct loader *loader, struct level *level, struct node *key)
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
        diag_error(loader->diags, key->span, "duplicate key");
    else
        diag_error(loader->diags, key->span, "duplicate key \"%.*s\"", STR_ARG(key->text));
    if (!diags_full(loader->diags)) /* counting lines takes time */
        diag_hint(loader->diags, "first defined on line %zu; %s",
                  diag_position(loader->source, first->span.start).line,
                  is_merge_key(key) ? "use one merge key with a list: <<: [*ONE, *OTHER]"
                                    : "remove one of them");
}

static void take_value(struct level *level, struct node *value)
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

/* Puts a node at its place in the tree. An empty value has no location, so it gets that of its key
 * or list. */
static void take(struct loader *loader, struct node *node)
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
        take_value(level, node);
    } else if (node->kind == NODE_SCALAR) {
        if (!node->span.source)
            node->span = place(loader, level->node->span.start, level->node->span.end);
        take_key(loader, level, node);
    } else {
        fail(loader, node->span, "a key must be a string, not a map or list",
             "quote it if it begins with { or [");
    }
}

/* The place of an anchor, alias or tag with its mark, which the library's own place leaves out. */
static struct location marked_place(const struct loader *loader, struct fy_token *token)
{
    const struct fy_mark *start = fy_token_start_mark(token);
    const struct fy_mark *end = fy_token_end_mark(token);
    size_t at = loader->base + (start ? start->input_pos : 0);
    struct str text = loader->source->text;
    while (at > loader->base && at <= text.len && strchr("&*!<", text.data[at - 1]))
        at--;
    return place(loader, at, loader->base + (end ? end->input_pos : 0));
}

static struct str marked_name(struct location marked)
{
    return str_slice(marked.source->text, marked.start + 1, marked.end);
}

/* NULL if the node has no anchor. */
static struct anchor *take_anchor(struct loader *loader, struct fy_event *event, struct node *node)
{
    struct fy_token *token = fy_event_get_anchor_token(event);
    if (!token)
        return NULL;
    struct location at = marked_place(loader, token);
    return anchor_add(&loader->anchors, marked_name(at), at, node);
}

static void take_alias(struct loader *loader, struct fy_event *event)
{
    const struct level *level = loader->depth ? &loader->levels[loader->depth - 1] : NULL;
    struct location at = marked_place(loader, event->alias.anchor);
    if (level && level->node->kind == NODE_MAP && !level->key) {
        fail(loader, at, "an alias cannot be a key",
             "write the key itself, or quote it if it begins with *");
        return;
    }
    struct node *node = anchor_expand(&loader->anchors, marked_name(at), at, loader->depth);
    if (node)
        take(loader, node);
    else
        loader->failed = true;
}

static void open_level(struct loader *loader, struct fy_event *event, enum node_kind kind)
{
    struct node *node = node_new(loader->arena, kind);
    node->span = event_place(loader, event);
    if (loader->depth == FILE_DEPTH_MAX) {
        diag_error(loader->diags, node->span, "maps and lists are nested more than %d levels deep",
                   FILE_DEPTH_MAX);
        diag_hint(loader->diags, "reduce the nesting");
        loader->failed = true;
        return;
    }
    take(loader, node);
    bool inside = loader->depth && loader->levels[loader->depth - 1].flow;
    struct str text = str_skip(loader->source->text, node->span.start);
    bool bracket = str_starts_with(text, STR("{")) || str_starts_with(text, STR("["));
    loader->levels[loader->depth++] = (struct level){
        .node = node, .anchor = take_anchor(loader, event, node), .flow = inside || bracket};
}

static void close_level(struct loader *loader)
{
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

/* Bytes between the start of the line and an offset; a byte order mark is no part of the line. */
static size_t column_of(struct str text, size_t offset)
{
    size_t mark = utf8_bom_len(text);
    size_t start = offset;
    while (start > 0 && !is_break(text.data[start - 1]))
        start--;
    return offset - (start < mark ? mark : start);
}

/* libfyaml takes a block of text that is indented no further than its key or dash, with all keys
 * that follow it. */
static void check_block(struct loader *loader, struct location block)
{
    const struct level *level = loader->depth ? &loader->levels[loader->depth - 1] : NULL;
    if (!level || block.start == block.end)
        return;
    const struct node *parent = level->key ? level->key : level->node;
    struct str text = loader->source->text;
    if (column_of(text, block.start) <= column_of(text, parent->span.start))
        fail(loader, block, "the text of a block scalar (| or >) is not indented",
             "indent the text further than its key");
}

static void take_scalar(struct loader *loader, struct fy_event *event)
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
        /* The library's marks leave out the quotes. */
        size_t quote = node->style == STYLE_SINGLE || node->style == STYLE_DOUBLE;
        struct location at = event_place(loader, event);
        bool block = node->style == STYLE_LITERAL || node->style == STYLE_FOLDED;
        while (block && at.start < at.end && loader->source->text.data[at.start] == ' ')
            at.start++;
        node->text_at = at.start;
        node->span = place(loader, at.start - quote, at.end + quote);
        if (block)
            check_block(loader, at);
        size_t len = 0;
        const char *text = loader->failed ? NULL : fy_token_get_text(token, &len);
        if (!text && !loader->failed)
            out_of_memory();
        node->text = str_copy(loader->arena, (struct str){text, text ? len : 0});
        if (str_find(node->text, 0, '\0') < node->text.len)
            fail(loader, node->span, "a string must not contain a NUL character", "remove the \\0");
    }
    take(loader, node);
    take_anchor(loader, event, node);
}

/* Lines that begin with % before a document. libfyaml takes some broken ones without a word, and
 * does not come back from others. */
static void refuse_directives(struct loader *loader)
{
    struct str text = loader->source->text;
    bool before_document = true;
    for (size_t at = loader->base; at < text.len; at = line_end(text, at) + 1) {
        struct str line = str_slice(text, at, line_end(text, at));
        size_t indent = 0;
        while (indent < line.len && is_blank(line.data[indent]))
            indent++;
        if (before_document && str_starts_with(line, STR("%"))) {
            fail(loader, place(loader, at, at + line.len), "YAML directives (%) are not supported",
                 "remove the line");
            return;
        }
        if (indent < line.len && line.data[indent] != '#')
            before_document = str_starts_with(line, STR("..."));
    }
}

/* A second document: told at its mark, or at its content where `...` alone ended the first. */
static bool refuse_second(struct loader *loader, struct fy_event *event)
{
    bool content = event->type == FYET_SCALAR || event->type == FYET_ALIAS ||
                   event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START;
    bool marked = event->type == FYET_DOCUMENT_START && !event->document_start.implicit;
    if (!loader->root || loader->depth > 0 || !(content || marked))
        return false;
    fail(loader, event_place(loader, event), "the file must contain a single YAML document",
         "remove the --- and everything after it, or move that to a separate file");
    return true;
}

static bool refuse_tag(struct loader *loader, struct fy_event *event)
{
    struct fy_token *tag = fy_event_get_tag_token(event);
    if (tag)
        fail(loader, marked_place(loader, tag), "YAML tags (!) are not supported",
             "remove the tag, or quote the value if it begins with !");
    return tag != NULL;
}

/* The column that the lines of a value must be indented further than, from 1: that of the innermost
 * block. 0: of the outermost value. */
static size_t block_column(const struct loader *loader)
{
    size_t depth = loader->depth;
    while (depth > 0 && loader->levels[depth - 1].flow)
        depth--;
    if (depth == 0)
        return 0;
    return 1 + column_of(loader->source->text, loader->levels[depth - 1].node->span.start);
}

/* Reports a line that begins at `at` and is indented no further than the block that it is in; a
 * closing bracket may be at the column of that block. Returns where the line's content begins. */
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
        fail(loader, place(loader, first, first + 1), "tab in the indentation",
             "indent with spaces; YAML does not allow tabs");
    else if (content && at - start + closes < least)
        fail(loader, place(loader, at, at), "invalid indentation in brackets or quotes",
             indent_hint);
    return at;
}

/* What libfyaml does not check when it is sloppy: the lines that begin in a part of the text. */
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

/* The event begins or ends a value in brackets, or is one in quotes. */
static void check_brackets(struct loader *loader, struct fy_event *event)
{
    const struct level *level = loader->depth ? &loader->levels[loader->depth - 1] : NULL;
    bool ends = event->type == FYET_MAPPING_END || event->type == FYET_SEQUENCE_END;
    struct location at = event_place(loader, event);
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

static void take_event(struct loader *loader, struct fy_event *event)
{
    if (refuse_second(loader, event) || refuse_tag(loader, event))
        return;
    if (loader->sloppy)
        check_brackets(loader, event);
    if (loader->failed)
        return;
    switch (event->type) {
    case FYET_SCALAR:
        take_scalar(loader, event);
        break;
    case FYET_ALIAS:
        take_alias(loader, event);
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

/* The offset of a 1-based line and column (in characters) of what libfyaml parsed. */
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

/* Finds a tab in the indentation of a line: the commonest mistake, told least clearly. */
static bool line_tab(struct str text, size_t line, size_t *ret_tab)
{
    size_t at = line;
    while (at < text.len && text.data[at] == ' ')
        at++;
    *ret_tab = at;
    return at < text.len && text.data[at] == '\t';
}

/* In the line of an error or the next one: libfyaml tells of a tab at what stands before it. */
static bool tab_indents(struct str text, size_t offset, size_t *ret_tab)
{
    size_t line = offset < text.len ? offset : text.len;
    while (line > 0 && text.data[line - 1] != '\n')
        line--;
    return line_tab(text, line, ret_tab) || line_tab(text, str_find(text, line, '\n') + 1, ret_tab);
}

/* What libfyaml's words most often mean, and what to do. */
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

/* True for a value in one line with a key below it that is indented further, which libfyaml reports
 * at the value. */
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
    if (!error) { /* libfyaml fails without a word on some headers and directives */
        fail(loader, location_file(loader->source), "invalid YAML",
             "check for an invalid | or > header, or a line that begins with %");
        return;
    }
    if (str_ends_with(str_from_c(error->msg), STR("end in flow mode")) && !loader->sloppy) {
        loader->outdented = true;
        return;
    }
    size_t offset = offset_of(loader, error->line, error->column);
    size_t tab;
    if (tab_indents(loader->source->text, offset, &tab)) {
        fail(loader, place(loader, tab, tab + 1), "tab in the indentation",
             "indent with spaces; YAML does not allow tabs");
        return;
    }
    size_t key;
    if (finds_deeper_key(loader->source->text, error->msg, offset, &key)) {
        fail(loader, place(loader, key, key), "this key is indented further than the one above",
             "align it with the key above, which already has a value");
        return;
    }
    fail(loader, place(loader, offset, offset), error->msg, syntax_hint(error->msg));
}

static void parse(struct loader *loader)
{
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.fp = NULL;
    struct fy_diag *collected = fy_diag_create(&diag_config);
    if (collected)
        fy_diag_set_collect_errors(collected, true);
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 |
                                           FYPCF_JSON_NONE | FYPCF_COLLECT_DIAG,
                                  .diag = collected};
    if (loader->sloppy)
        config.flags |= FYPCF_SLOPPY_FLOW_INDENTATION;
    struct fy_parser *parser = collected ? fy_parser_create(&config) : NULL;
    struct str text = str_skip(loader->source->text, loader->base);
    if (!parser || fy_parser_set_string(parser, text.data, text.len) != 0) {
        fail(loader, location_file(loader->source), "cannot start the YAML parser", NULL);
        fy_parser_destroy(parser);
        fy_diag_destroy(collected);
        return;
    }
    struct fy_event *event;
    while (!loader->failed && (event = fy_parser_parse(parser)) != NULL) {
        take_event(loader, event);
        fy_parser_event_free(parser, event);
    }
    if (!loader->failed && fy_parser_get_stream_error(parser))
        report_syntax(loader, collected);
    fy_parser_destroy(parser);
    fy_diag_destroy(collected);
}

/* More of them in a row than a file may have: see BLANKS_MAX. */
static void refuse_blanks(struct loader *loader)
{
    struct str text = loader->source->text;
    size_t start = 0;
    for (size_t at = 0; at < text.len; at++) {
        char byte = text.data[at];
        if (!is_blank(byte) && !is_break(byte))
            start = at + 1;
        if (at + 1 - start <= BLANKS_MAX)
            continue;
        struct str message = str_format(
            loader->arena, "more than %d spaces, tabs and line breaks in a row", BLANKS_MAX);
        fail(loader, place(loader, start, start), message.data,
             "remove some; a string that requires them can contain them as \\x20 in double quotes");
        return;
    }
}

/* A file of ours may be shown wherever it is; `root` may be what was read before an error. */
static void show_own_file(const struct source *source, const struct node *root)
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
    /* Its values would come into messages about other files. */
    diag_error(diags, location_file(source), "this is neither a service nor an environment file");
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
    diag_error(diags, at, "the file contains %s, which YAML does not allow", wrong);
    diag_hint(diags, encoding ? "save the file as UTF-8 text"
                              : "remove it, or write it as an escape in double quotes");
    return false;
}

/* libfyaml refuses a closing bracket under its key, which other readers take, unless it checks no
 * indentation in brackets at all. It then reports other errors less well, so that comes second. */
static void parse_either_way(struct loader *loader)
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
    if (!check_text(source, diags))
        return NULL;
    struct loader loader = {.arena = arena,
                            .source = source,
                            .diags = diags,
                            .base = utf8_bom_len(source->text),
                            .anchors = {.arena = arena, .diags = diags}};
    size_t errors = diags->errors;
    refuse_directives(&loader);
    if (!loader.failed)
        refuse_blanks(&loader);
    if (!loader.failed && loader.base < source->text.len)
        parse_either_way(&loader);
    show_own_file(source, loader.root);
    if (diags->errors > errors)
        return NULL;
    if (!loader.root || node_is_null(loader.root)) {
        diag_error(diags, location_file(source), "the file is empty");
        return NULL;
    }
    return loader.root;
}

const char *load_service_library(void)
{
    return fy_library_version();
}
