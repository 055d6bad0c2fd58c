/* Prints the JSON Schema of the files, for completion and checks in editors. */
#include "commands.h"
#include "json_schema.h"
#include "yaml/emit.h"

static int run_schema(const struct invocation *invocation)
{
    (void)invocation;
    struct arena arena = {0};
    struct buf out = {0};
    emit_json(&out, json_schema(&arena), 0);
    buf_add_byte(&out, '\n');
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    arena_free(&arena);
    return status;
}

const struct command command_schema = {
    .name = "schema",
    .group = GROUP_FILES,
    .summary = "Print the JSON Schema of service files",
    .examples =
        EXAMPLES({"Save the schema for an editor", "kubectl optasvc schema >optasvc.schema.json"},
                 {"Check a service file with another program",
                  "check-jsonschema --schemafile <(kubectl optasvc schema) web.yaml"}),
    .run = run_schema,
};
