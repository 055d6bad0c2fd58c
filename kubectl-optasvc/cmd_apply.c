#include "cluster/apply.h"
#include "commands.h"
#include "manifest/manifest.h"

#include <stdlib.h>
#include <string.h>

static bool equals(const char *value, const char *word)
{
    return value && strcmp(value, word) == 0;
}

/* Returns the names of all objects that apply would send, in the format of `kubectl -o name`. */
static struct str format_object_names(struct arena *arena, const struct options *options,
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
    bool ok =
        render_services(&options->input, invocation->color, &arena, &render_result, &messages);
    console_print_messages(buf_str(&messages));
    int status =
        ok ? console_finish(format_object_names(&arena, options, &render_result)) : EXIT_FAILURE;
    buf_free(&messages);
    arena_free(&arena);
    return status;
}

int cmd_apply_check_flags(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    if (equals(options->apply.prune, "layer") && options->input.modules.count)
        return cli_usage(invocation, "--prune=layer and --module are mutually exclusive: it would "
                                     "delete the other services of the layer");
    if (equals(options->apply.wait, "false") && options->apply.rollback_on_failure)
        return cli_usage(invocation, "--rollback-on-failure has no effect with --wait=false");
    return 0;
}

int cmd_wait_check_flags(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    if (equals(options->apply.wait, "false") && options->apply.timeout)
        return cli_usage(invocation, "--timeout has no effect with --wait=false");
    return 0;
}

int cmd_apply(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    int status = cmd_apply_check_flags(invocation);
    if (status)
        return status;
    if (equals(options->apply.dry_run_mode, "client"))
        return options->output ? print_names(invocation) : cmd_render(invocation);
    return apply(options, invocation->color);
}

static const char *const outputs[] = {"name", NULL};

const struct command command_apply = {
    .name = "apply",
    .group = GROUP_DEPLOY,
    .summary = "Apply service files and wait for the rollout",
    .details =
        "All checks run before anything is changed: the files, the Secrets that the pods require, "
        "and a server-side dry run of every object. Then apply creates the namespace if it does "
        "not exist, runs the Jobs of pre_deploy, which must succeed, applies all objects "
        "server-side with the field manager `optasvc`, and deletes stale objects that would still "
        "act: autoscaler, disruption budget, CronJobs and, once the new pods are ready, a workload "
        "of another kind.\n"
        "--prune=layer lists the objects to delete "
        "and asks for confirmation; pass --yes if stdin is not a terminal.",
    .examples =
        EXAMPLES({"Apply a service file to the cluster of the current context",
                  "kubectl optasvc apply -f web.yaml"},
                 {"Check everything with the server, but change nothing",
                  "kubectl optasvc apply -f web.yaml --dry-run=server"},
                 {"Deploy to one environment; roll back if the new pods do not become ready",
                  "kubectl optasvc apply -f web.yaml --env staging --rollback-on-failure"},
                 {"Also delete the objects that the service file no longer generates",
                  "kubectl optasvc apply -f web.yaml --prune"}),
    .flags = FLAG_LIST(FLAGS_APPLY),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = outputs,
    .output_default = "progress",
    .run = cmd_apply,
};
