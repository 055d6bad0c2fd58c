/* The lower bound for a program that uses these two libraries: for each service file, it reads the
 * events with libfyaml, and emits the manifests of optasvc with libyaml. There is no logic in
 * between. usage: floor MANIFESTS FILE... */
#include <fcntl.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

struct text {
    char *data;
    size_t len;
};

static void fail(const char *what)
{
    fprintf(stderr, "floor: %s\n", what);
    exit(EXIT_FAILURE);
}

static struct text read_file(const char *path)
{
    enum { STEP = 65536 };
    struct text text = {NULL, 0};
    int fd = open(path, O_RDONLY);
    ssize_t got = 1;
    while (fd >= 0 && got > 0) {
        text.data = realloc(text.data, text.len + STEP);
        got = text.data ? read(fd, text.data + text.len, STEP) : -1;
        text.len += got > 0 ? (size_t)got : 0;
    }
    if (fd < 0 || got < 0 || close(fd) < 0)
        fail(path);
    return text;
}

/* Reads the events of the manifests, to be emitted repeatedly. */
static yaml_event_t *read_events(struct text text, size_t *ret_count)
{
    yaml_parser_t parser;
    yaml_event_t *events = NULL;
    size_t count = 0;
    if (!yaml_parser_initialize(&parser))
        fail("parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.data, text.len);
    do {
        events = realloc(events, (count + 1) * sizeof *events);
        if (!events || !yaml_parser_parse(&parser, &events[count]))
            fail("manifests");
    } while (events[count++].type != YAML_STREAM_END_EVENT);
    yaml_parser_delete(&parser);
    *ret_count = count;
    return events;
}

static void parse_service(struct text text)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2};
    struct fy_parser *parser = fy_parser_create(&config);
    if (!parser || fy_parser_set_string(parser, text.data, text.len))
        fail("parser");
    for (struct fy_event *event; (event = fy_parser_parse(parser)) != NULL;)
        fy_parser_event_free(parser, event);
    fy_parser_destroy(parser);
}

static int append(void *data, unsigned char *bytes, size_t size)
{
    struct text *out = data;
    memcpy(out->data + out->len, bytes, size);
    out->len += size;
    return 1;
}

/* Copies an event, because the emitter frees its events. */
static int copy_event(yaml_event_t *copy, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_START_EVENT:
        return yaml_stream_start_event_initialize(copy, YAML_UTF8_ENCODING);
    case YAML_DOCUMENT_START_EVENT:
        return yaml_document_start_event_initialize(copy, NULL, NULL, NULL, 0);
    case YAML_SCALAR_EVENT:
        return yaml_scalar_event_initialize(copy, NULL, NULL, event->data.scalar.value,
                                            (int)event->data.scalar.length, 1, 1,
                                            event->data.scalar.style);
    case YAML_SEQUENCE_START_EVENT:
        return yaml_sequence_start_event_initialize(copy, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    case YAML_MAPPING_START_EVENT:
        return yaml_mapping_start_event_initialize(copy, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    case YAML_SEQUENCE_END_EVENT:
        return yaml_sequence_end_event_initialize(copy);
    case YAML_MAPPING_END_EVENT:
        return yaml_mapping_end_event_initialize(copy);
    case YAML_DOCUMENT_END_EVENT:
        return yaml_document_end_event_initialize(copy, 1);
    case YAML_STREAM_END_EVENT:
        return yaml_stream_end_event_initialize(copy);
    default:
        return 0;
    }
}

static void emit(const yaml_event_t *events, size_t count, struct text *out)
{
    yaml_emitter_t emitter;
    if (!yaml_emitter_initialize(&emitter))
        fail("emitter");
    yaml_emitter_set_output(&emitter, append, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    for (size_t i = 0; i < count; i++) {
        yaml_event_t copy;
        if (!copy_event(&copy, &events[i]) || !yaml_emitter_emit(&emitter, &copy))
            fail("emit");
    }
    yaml_emitter_delete(&emitter);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        fail("usage: floor MANIFESTS FILE...");
    size_t count;
    struct text manifests = read_file(argv[1]);
    yaml_event_t *events = read_events(manifests, &count);
    enum { SLACK = 4096 };
    struct text out = {malloc((manifests.len + SLACK) * (size_t)argc), 0};
    if (!out.data)
        fail("memory");
    for (int i = 2; i < argc; i++) {
        struct text service = read_file(argv[i]);
        parse_service(service);
        free(service.data);
        emit(events, count, &out);
    }
    for (size_t at = 0; at < out.len;) {
        ssize_t written = write(STDOUT_FILENO, out.data + at, out.len - at);
        if (written <= 0)
            fail("write");
        at += (size_t)written;
    }
    return EXIT_SUCCESS;
}
