/* Prints the revisions of the pods of services. */
#include "cluster/ownership.h"
#include "cluster/revision.h"
#include "commands.h"
#include "table.h"
#include "yaml/emit.h"

#include <inttypes.h>
#include <stdlib.h>

static void add_revision(struct arena *arena, struct node *list, const struct revisions *revisions,
                         const struct revision *revision, bool current)
{
    struct node *map = node_append_map(arena, list);
    node_set_int(arena, map, "revision", revision->number);
    node_set_bool(arena, map, "current", current);
    node_set_string(arena, map, "creationTimestamp",
                    node_string(node_at(revision->object, "metadata creationTimestamp")));
    node_set_string(arena, map, "image", revision_image(revision));
    struct str change = revision_change(arena, revisions, revision);
    if (change.len)
        node_set_string(arena, map, "change", change);
}

/* Returns a service and its revisions, which are none if it is not deployed. */
static struct node *describe(struct arena *arena, const struct deployed_service *deployed)
{
    const struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
    struct node *map = cmd_describe_service(arena, deployed, live);
    struct node *list = node_set_list(arena, map, "revisions");
    if (!live)
        return map;
    struct revisions revisions = revisions_find(arena, deployed->namespace->live, live);
    const struct revision *current = revisions_current(&revisions, live);
    for (size_t i = 0; i < revisions.count; i++)
        add_revision(arena, list, &revisions, &revisions.items[i], &revisions.items[i] == current);
    return map;
}

enum { COLUMNS = 6 };

static const char *const titles[COLUMNS] = {"NAMESPACE", "NAME",  "REVISION",
                                            "AGE",       "IMAGE", "CHANGE"};

static void add_rows(struct table *table, const struct node *service)
{
    struct arena *arena = table->arena;
    bool deployed = str_eq_c(node_string(node_at(service, "deployed")), "true");
    const struct node *revision = node_first_child(node_at(service, "revisions"));
    do {
        int64_t number = object_number(revision, "revision", 0);
        bool current = str_eq_c(node_string(node_at(revision, "current")), "true");
        struct str image = node_string(node_at(revision, "image"));
        struct str change = node_string(node_at(revision, "change"));
        struct str *row = table_add_row(table);
        row[0] = node_string(node_at(service, "namespace"));
        row[1] = node_string(node_at(service, "name"));
        row[2] = number ? str_format(arena, "%" PRId64 "%s", number, current ? " (current)" : "")
                        : STR("-");
        row[3] = table_age(arena, node_string(node_at(revision, "creationTimestamp")));
        row[4] = image.len ? image : deployed ? STR("-") : STR("(not deployed)");
        row[5] = change.len ? change : STR("-");
        revision = revision ? revision->next : NULL;
    } while (revision);
}

static bool write_history(struct cluster *cluster, struct buf *out)
{
    struct arena *arena = &cluster->arena;
    const char *output = cluster->options->output;
    struct node *list = node_new(arena, NODE_LIST);
    struct table table = {.arena = arena, .columns = COLUMNS};
    if (!cluster_query(cluster, LIST_REVISIONS, 0))
        return false;
    table_add_titles(&table, titles);
    for (size_t i = 0; i < cluster->service_count; i++) {
        struct node *service = describe(arena, &cluster->services[i]);
        node_append(list, service);
        add_rows(&table, service);
    }
    if (!output) {
        table_write(&table, out);
        return true;
    }
    emit_format_find(output)->value(out, list);
    return true;
}

static int run_history(const struct invocation *invocation)
{
    struct cluster cluster;
    struct buf out = {0};
    bool ok = cluster_open(&cluster, &invocation->options, invocation->color, true) &&
              write_history(&cluster, &out);
    ok &= cluster_report(&cluster);
    int status = ok ? console_finish(buf_str(&out)) : EXIT_FAILURE;
    buf_free(&out);
    cluster_close(&cluster);
    return process_exit_status(status);
}

const struct command command_history = {
    .name = "history",
    .group = GROUP_INSPECT,
    .arguments = "[SERVICE...]",
    .max_names = SIZE_MAX,
    .summary = "List the revisions of the pods of services",
    .details = "A revision is a pod template that Kubernetes has recorded. CHANGE is its "
               "change cause (annotation kubernetes.io/change-cause), else the fields that "
               "changed. AGE is the time since it was created: a revision that is used again "
               "gets a new number.",
    .examples = EXAMPLES({"List the revisions of a service", "kubectl optasvc history -f web.yaml"},
                         {"Print the image of the current one",
                          "kubectl optasvc history -f web.yaml -o json |\n"
                          "    jq -r \".[].revisions[] | select(.current).image\""}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_OUTPUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = emit_format_names,
    .output_default = "table",
    .run = run_history,
};
