#include "base/version.h"
#include "commands.h"
#include "yaml/emit.h"
#include "yaml/parse_manifest.h"
#include "yaml/parse_strict.h"

#include <stdlib.h>

static int run_version(const struct invocation *invocation)
{
    if (!invocation->options.output)
        return cli_version(invocation->program);
    struct arena arena = {0};
    struct buf out = {0};
    struct node *map = node_new(&arena, NODE_MAP);
    node_set_string(&arena, map, "version", str_from_c(version_number));
    node_set_string(&arena, map, "commit", str_from_c(version_commit));
    node_set_string(&arena, map, "libfyaml", str_from_c(load_service_library()));
    node_set_string(&arena, map, "libyaml", str_from_c(load_manifest_library()));
    emit_format_find(invocation->options.output)->value(&out, map);
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    arena_free(&arena);
    return status;
}

const struct command command_version = {
    .name = "version",
    .group = GROUP_OTHER,
    .summary = "Print the version",
    .examples =
        EXAMPLES({"Print the version of the program and its libraries", "kubectl optasvc version"},
                 {"Print only the number", "kubectl optasvc version -o json | jq -r .version"}),
    .flags = FLAG_LIST(FLAG_OUTPUT),
    .outputs = emit_format_names,
    .output_default = "text",
    .run = run_version,
};
