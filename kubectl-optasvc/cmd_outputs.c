/* Prints the outputs that Opta had: the repository for images, and the deployed image. */
#include "cluster/cluster.h"
#include "cluster/ownership.h"
#include "commands.h"
#include "format/image_ref.h"
#include "yaml/emit.h"

#include <stdlib.h>
#include <string.h>

/* Returns the digest of the image that a pod runs, from its status; empty if unknown. */
static struct str running_digest(const struct deployed_service *deployed, const struct node *live)
{
    const struct node *template = node_at(live, "spec template spec containers");
    struct str name = node_string(node_at(node_first_child(template), "name"));
    struct str image = node_string(node_at(node_first_child(template), "image"));
    for (size_t i = 0; i < deployed->related_count; i++) {
        const struct node *pod = deployed->related[i];
        if (!kind_is(pod, ROLE_POD) ||
            !str_equal(object_label(pod, "app.kubernetes.io/name"), deployed->service->name) ||
            !deployed_service_shows(deployed, pod) ||
            !str_equal(node_string(node_at(pod_service_container(pod), "image")), image))
            continue;
        const struct node *status = node_find_named(node_at(pod, "status containerStatuses"), name);
        struct image_name running = image_name_split(node_string(node_at(status, "imageID")));
        if (running.has_digest)
            return running.digest;
    }
    return (struct str){0};
}

static struct node *describe(struct arena *arena, const struct deployed_service *deployed)
{
    struct node *map = node_new(arena, NODE_MAP);
    const struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
    const struct node *container = node_first_child(node_at(live, "spec template spec containers"));
    struct str image = node_string(node_at(container, "image"));
    struct image_name parts = image_name_split(image);
    if (deployed->service->repository.len)
        node_set_string(arena, map, "docker_repo_url", deployed->service->repository);
    if (!image.len)
        return map;
    struct str digest = parts.digest.len ? parts.digest : running_digest(deployed, live);
    node_set_string(arena, map, "current_image", image);
    if (parts.tag.len)
        node_set_string(arena, map, "current_tag", parts.tag);
    if (digest.len)
        node_set_string(arena, map, "current_digest", digest);
    return map;
}

static void write_outputs(struct cluster *cluster, struct buf *out)
{
    struct arena *arena = &cluster->arena;
    struct node *map = node_new(arena, NODE_MAP);
    for (size_t i = 0; i < cluster->service_count; i++)
        node_put(map, node_scalar(arena, STYLE_TEXT, cluster->services[i].service->name),
                 describe(arena, &cluster->services[i]));
    if (cluster->service_count == 1)
        map = map->first;
    emit_format_find(cluster->options->output)->value(out, map);
}

static int run_outputs(const struct invocation *invocation)
{
    struct cluster cluster;
    struct buf out = {0};
    bool ok = cluster_open(&cluster, &invocation->options, invocation->color, true) &&
              cluster_query(&cluster, LIST_OUTPUTS, 0);
    ok = cluster_report(&cluster) && ok;
    if (ok)
        write_outputs(&cluster, &out);
    int status = ok ? console_finish(buf_str(&out)) : EXIT_FAILURE;
    buf_free(&out);
    cluster_close(&cluster);
    return process_exit_status(status);
}

const struct command command_outputs = {
    .name = "outputs",
    .group = GROUP_IMAGES,
    .arguments = "[SERVICE...]",
    .max_names = SIZE_MAX,
    .summary = "Print the repository and the deployed image of services",
    .details = "Prints docker_repo_url, current_image, current_tag and current_digest; for several "
               "services as a map by name.",
    .examples = EXAMPLES({"Print the repository, image, tag and digest of each service",
                          "kubectl optasvc outputs -f web.yaml"},
                         {"Print only the image that is running",
                          "kubectl optasvc outputs -f web.yaml -o json | jq -r .current_image"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_OUTPUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = emit_format_names,
    .output_default = "yaml",
    .run = run_outputs,
};
