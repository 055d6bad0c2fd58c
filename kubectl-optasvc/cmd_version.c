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
    put_text(&arena, map, "version", str_of(version_number));
    put_text(&arena, map, "commit", str_of(version_commit));
    put_text(&arena, map, "libfyaml", str_of(load_service_library()));
    put_text(&arena, map, "libyaml", str_of(load_manifest_library()));
    emit_json(&out, map, 0);
    buf_add_byte(&out, '\n');
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    arena_free(&arena);
    return status;
}

static const char *const outputs[] = {"json", NULL};

const struct command command_version = {.name = "version",
                                        .summary = "Print the version",
                                        .flags = FLAG(OUTPUT),
                                        .outputs = outputs,
                                        .run = run_version};
