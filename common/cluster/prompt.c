#include "cluster/prompt.h"

#include "cluster/ownership.h"
#include "os/console.h"

#include <string.h>
#include <unistd.h>

/* Returns the item of this name in a list of the kubeconfig; NULL if there is none. */
static const struct node *find_named(const struct node *list, struct str name)
{
    const struct node *item = node_first_child(list);
    while (item && !str_equal(node_string(node_get(item, "name")), name))
        item = item->next;
    return item;
}

/* Returns kubectl's configuration without credentials; NULL if it cannot be read, which the
 * commands that access the cluster report. */
static const struct node *get_config(const struct kubectl *kubectl)
{
    struct process run = {.arguments =
                              kubectl_argv(kubectl, "config", "view", "--output=json", NULL).items};
    process_run(&run, 1);
    const struct node *config =
        process_succeeded(&run) ? kubectl_parse_output(kubectl, &run) : NULL;
    process_free(&run);
    return config;
}

static struct str join_namespaces(struct cluster *cluster)
{
    struct buf names = {0};
    buf_add(&names, cluster->namespace_count == 1 ? STR("namespace ") : STR("namespaces "));
    for (size_t i = 0; i < cluster->namespace_count; i++)
        buf_format(&names, "%s\"%.*s\"", i ? ", " : "", STR_ARG(cluster->namespaces[i].name));
    return buf_take(&cluster->arena, &names);
}

/* As in kubectl, --context overrides current-context, and --cluster the cluster of the context. */
struct str prompt_where(struct cluster *cluster)
{
    struct arena *arena = &cluster->arena;
    struct diags diags = {.arena = arena};
    const struct options *options = cluster->options;
    const struct kubectl kubectl = {.options = &options->kubectl, .arena = arena, .diags = &diags};
    const struct node *config = get_config(&kubectl);
    struct str context = options->kubectl.context ? str_from_c(options->kubectl.context)
                                                  : node_string(node_at(config, "current-context"));
    const struct node *entry = find_named(node_at(config, "contexts"), context);
    struct str name = options->kubectl.cluster ? str_from_c(options->kubectl.cluster)
                                               : node_string(node_at(entry, "context cluster"));
    entry = find_named(node_at(config, "clusters"), name);
    struct str server = node_string(node_at(entry, "cluster server"));
    struct str text =
        context.len ? str_format(arena, "context \"%.*s\"", STR_ARG(context)) : STR("no context");
    if (name.len)
        text = str_format(arena, "%.*s, cluster \"%.*s\"", STR_ARG(text), STR_ARG(name));
    if (server.len)
        text = str_format(arena, "%.*s (%.*s)", STR_ARG(text), STR_ARG(server));
    return str_format(arena, "%.*s, %.*s", STR_ARG(text), STR_ARG(join_namespaces(cluster)));
}

void prompt_list(const struct cluster *cluster, const struct manifests *objects)
{
    struct arena arena = {0};
    for (size_t i = 0; i < objects->count; i++) {
        struct str namespace = object_namespace(objects->items[i]);
        cluster_print(
            cluster, "  %.*s%s%.*s%s%s", STR_ARG(object_title(&arena, objects->items[i])),
            namespace.len ? " in namespace \"" : "", STR_ARG(namespace), namespace.len ? "\"" : "",
            object_is_adopted(objects->items[i]) ? " (adopted: will be released, not deleted)"
                                                 : "");
    }
    arena_free(&arena);
}

bool prompt_confirm(struct cluster *cluster)
{
    char answer[16] = "";
    if (cluster->options->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        diag_error(&cluster->diags, NO_LOCATION, RULE_USAGE, "stdin is not a terminal; pass --yes");
        return false;
    }
    console_print_error(STR("Continue? [y/N] "));
    ssize_t count =
        process_wait_input(STDIN_FILENO) ? read(STDIN_FILENO, answer, sizeof answer - 1) : -1;
    if (count <= 0 || process_interrupted())
        return false;
    struct str line = str_slice(str_from_c(answer), 0, str_find(str_from_c(answer), 0, '\n'));
    return str_eq_c_nocase(line, "y") || str_eq_c_nocase(line, "yes");
}
