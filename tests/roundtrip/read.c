/* Reads a YAML stream with libyaml or libfyaml and prints each document as one line of JSON, in
 * which every scalar is a string: "p" and the value if it was plain, "q" and the value if it was
 * quoted. usage: read libyaml|libfyaml <STREAM */
#include <libfyaml.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 64 };

/* The state of the writer: the open maps and lists, and their numbers of children so far. */
struct writer {
    bool map[DEPTH_MAX];
    size_t children[DEPTH_MAX];
    size_t depth;
};

static void fail(const char *what)
{
    fprintf(stderr, "read: %s\n", what);
    exit(EXIT_FAILURE);
}

static void before_child(struct writer *writer)
{
    if (writer->depth == 0)
        return;
    size_t *children = &writer->children[writer->depth - 1];
    bool value = writer->map[writer->depth - 1] && *children % 2 == 1;
    if (*children)
        fputs(value ? ":" : ",", stdout);
    ++*children;
}

static void open_child(struct writer *writer, bool map)
{
    before_child(writer);
    if (writer->depth == DEPTH_MAX)
        fail("too deep");
    writer->map[writer->depth] = map;
    writer->children[writer->depth++] = 0;
    fputs(map ? "{" : "[", stdout);
}

static void close_child(struct writer *writer)
{
    fputs(writer->map[--writer->depth] ? "}" : "]", stdout);
}

static void scalar(struct writer *writer, bool plain, const char *text, size_t len)
{
    before_child(writer);
    fputs(plain ? "\"p" : "\"q", stdout);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

static char *read_input(size_t *ret_len)
{
    enum { STEP = 1 << 20 };
    char *text = NULL;
    size_t len = 0;
    size_t got = 1;
    while (got > 0) {
        text = realloc(text, len + STEP);
        if (!text)
            fail("memory");
        got = fread(text + len, 1, STEP, stdin);
        len += got;
    }
    *ret_len = len;
    return text;
}

static void with_libyaml(const char *text, size_t len)
{
    yaml_parser_t parser;
    yaml_event_t event;
    struct writer writer = {.depth = 0};
    if (!yaml_parser_initialize(&parser))
        fail("parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    yaml_event_type_t type;
    do {
        if (!yaml_parser_parse(&parser, &event))
            fail(parser.problem ? parser.problem : "parse");
        type = event.type;
        if (type == YAML_ALIAS_EVENT)
            fail("alias");
        if (type == YAML_SCALAR_EVENT)
            scalar(&writer, event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                   (const char *)event.data.scalar.value, event.data.scalar.length);
        else if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT)
            open_child(&writer, type == YAML_MAPPING_START_EVENT);
        else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT)
            close_child(&writer);
        else if (type == YAML_DOCUMENT_END_EVENT)
            putchar('\n');
        yaml_event_delete(&event);
    } while (type != YAML_STREAM_END_EVENT);
    yaml_parser_delete(&parser);
}

static void with_libfyaml(const char *text, size_t len)
{
    struct fy_parse_cfg config = {.flags = FYPCF_DEFAULT_VERSION_1_2};
    struct writer writer = {.depth = 0};
    struct fy_parser *parser = fy_parser_create(&config);
    if (!parser || fy_parser_set_string(parser, text, len))
        fail("parser");
    for (struct fy_event *event; (event = fy_parser_parse(parser)) != NULL;) {
        if (event->type == FYET_SCALAR) {
            size_t size = 0;
            const char *data = fy_token_get_text(event->scalar.value, &size);
            scalar(&writer, fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN, data, size);
        } else if (event->type == FYET_MAPPING_START || event->type == FYET_SEQUENCE_START) {
            open_child(&writer, event->type == FYET_MAPPING_START);
        } else if (event->type == FYET_MAPPING_END || event->type == FYET_SEQUENCE_END) {
            close_child(&writer);
        } else if (event->type == FYET_ALIAS) {
            fail("alias");
        } else if (event->type == FYET_DOCUMENT_END) {
            putchar('\n');
        }
        fy_parser_event_free(parser, event);
    }
    if (fy_parser_get_stream_error(parser))
        fail("parse");
    fy_parser_destroy(parser);
}

int main(int argc, char **argv)
{
    size_t len;
    char *text = read_input(&len);
    if (argc == 2 && strcmp(argv[1], "libyaml") == 0)
        with_libyaml(text, len);
    else if (argc == 2 && strcmp(argv[1], "libfyaml") == 0)
        with_libfyaml(text, len);
    else
        fail("usage: read libyaml|libfyaml");
    free(text);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
