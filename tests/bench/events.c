/* The lower bound for a program that parses manifests with a YAML library: reads a file and all its
 * events. usage: events libyaml|libfyaml FILE */
#include <fcntl.h>
#include <libfyaml.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

static void fail(const char *what)
{
    fprintf(stderr, "events: %s\n", what);
    exit(EXIT_FAILURE);
}

static char *read_file(const char *path, size_t *ret_len)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0)
        fail(path);
    size_t len = (size_t)status.st_size;
    char *text = malloc(len);
    for (size_t at = 0; at < len;) {
        ssize_t got = text ? read(fd, text + at, len - at) : -1;
        if (got <= 0)
            fail(path);
        at += (size_t)got;
    }
    close(fd);
    *ret_len = len;
    return text;
}

static size_t read_libyaml(const char *text, size_t len)
{
    yaml_parser_t parser;
    size_t count = 0;
    if (!yaml_parser_initialize(&parser))
        fail("parser");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    for (bool last = false; !last; count++) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            fail("cannot be parsed");
        last = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return count;
}

static size_t read_libfyaml(const char *text, size_t len)
{
    struct fy_parse_cfg config = {.flags = FYPCF_QUIET};
    struct fy_parser *parser = fy_parser_create(&config);
    size_t count = 0;
    if (!parser || fy_parser_set_string(parser, text, len))
        fail("parser");
    for (struct fy_event *event; (event = fy_parser_parse(parser)) != NULL; count++)
        fy_parser_event_free(parser, event);
    fy_parser_destroy(parser);
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        fail("usage: events libyaml|libfyaml FILE");
    size_t len;
    char *text = read_file(argv[2], &len);
    printf("%zu\n",
           strcmp(argv[1], "libyaml") == 0 ? read_libyaml(text, len) : read_libfyaml(text, len));
    free(text);
    return EXIT_SUCCESS;
}
