/* Reports why an apply replaces pods. */
#include "cluster/apply.h"
#include "cluster/pod_template.h"

void apply_report_pods(struct apply *apply, const struct node *live, const struct node *after)
{
    struct str changes = pod_template_changes(&apply->cluster.arena, node_at(live, "spec template"),
                                              node_at(after, "spec template"));
    if (changes.len == 0 || object_number(live, "spec replicas", 1) == 0)
        return;
    const struct rollout *rollout = apply_rollout_of(apply, live);
    if (rollout && rollout->live == live)
        cluster_print(&apply->cluster, "%.*s: pods will be replaced (changed: %.*s)",
                      STR_ARG(rollout->title), STR_ARG(changes));
}
