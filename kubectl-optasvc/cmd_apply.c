#include "cluster/apply.h"
#include "commands.h"
#include "manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

static bool is(const char *value, const char *word)
{
    return value && strcmp(value, word) == 0;
}

/* All that would be sent, as kubectl names it. */
static struct str name_objects(struct arena *arena, const struct options *options,
                               const struct render_result *render_result)
{
    struct manifests manifests = {.arena = arena};
    struct map namespaces = {0};
    for (size_t i = 0; i < render_result->count; i++) {
        const struct rendered_service *rendered_service = &render_result->items[i];
        const struct layer *layer = rendered_service->service->layer;
        if (!options->input.namespace && !map_add(arena, &namespaces, layer->namespace, layer))
            manifest_namespace(&manifests, layer);
        for (size_t j = 0; j < rendered_service->count; j++)
            manifests_add(&manifests, rendered_service->objects[j]);
    }
    struct buf out = {0};
    for (size_t i = 0; i < manifests.count; i++)
        buf_format(&out, "%.*s\n", STR_ARG(object_title(arena, manifests.items[i])));
    return buf_take(arena, &out);
}

/* --dry-run=client --output=name */
static int print_names(const struct invocation *invocation)
{
    struct arena arena = {0};
    struct render_result render_result = {0};
    struct buf messages = {0};
    const struct options *options = &invocation->options;
    bool right =
        render_services(&options->input, invocation->color, &arena, &render_result, &messages);
    console_print_error(buf_str(&messages));
    int status =
        right ? console_finish(name_objects(&arena, options, &render_result)) : EXIT_FAILURE;
    buf_free(&messages);
    arena_free(&arena);
    return status;
}

int cmd_apply_usage(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    if (is(options->apply.prune, "layer") && options->input.modules.count)
        return cli_usage(invocation, "--prune=layer would remove the services that --module leaves "
                                     "out");
    if (is(options->apply.wait, "false") &&
        (options->apply.rollback_on_failure || options->apply.timeout))
        return cli_usage(invocation, "--timeout and --rollback-on-failure have no effect with "
                                     "--wait=false");
    return 0;
}

int cmd_apply(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    int wrong = cmd_apply_usage(invocation);
    if (wrong)
        return wrong;
    if (is(options->apply.dry_run_mode, "client"))
        return options->output ? print_names(invocation) : cmd_render(invocation);
    return apply(options, invocation->color);
}

static const char *const outputs[] = {"name", NULL};

const struct command command_apply = {
    .name = "apply",
    .summary = "Apply service files to the cluster and wait until their pods are ready",
    .details =
        "Nothing is changed before all of this is right: the files, the Secrets that the pods\n"
        "need, and the server's own check of every object. Then the namespace is made if it is\n"
        "not there, everything applied server-side as the manager `optasvc`, and what the\n"
        "service no longer has and would go on to act is removed: autoscaler, disruption budget,\n"
        "CronJobs, and, once the new pods are ready, the other kind of workload.\n"
        "--prune=layer lists what it will delete and asks; without a terminal it needs --yes.\n",
    .flags = FLAGS_APPLY,
    .required = FLAG(FILENAME),
    .outputs = outputs,
    .run = cmd_apply};
