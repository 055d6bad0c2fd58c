/* Reads the events of a YAML stream with libyaml and does nothing with them: the minimum for a program
 * that reads manifests. usage: events FILE */
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

static int fail(const char *what)
{
    fprintf(stderr, "events: %s\n", what);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    yaml_parser_t parser;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file)
        return fail("usage: events FILE");
    if (!yaml_parser_initialize(&parser))
        return fail("out of memory");
    yaml_parser_set_input_file(&parser, file);
    for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_STREAM_END_EVENT;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event))
            return fail("invalid YAML");
        type = event.type;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return fclose(file) ? fail("cannot read the file") : EXIT_SUCCESS;
}
