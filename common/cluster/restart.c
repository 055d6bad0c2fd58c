#include "cluster/restart.h"

#include "cluster/object.h"

/* kubectl rejects a second restart within the same second, but pods of the first may have been
 * created before the change that requires this restart, so it is retried. */
bool restart_workload(const struct kubectl *kubectl, const struct node *live)
{
    enum { TRIES = 3, PAUSE = 1000 };
    const char *const *arguments =
        kubectl_argv(kubectl, "rollout", "restart", object_title(kubectl->arena, live).data,
                     "--namespace", str_to_c(kubectl->arena, object_namespace(live)), NULL)
            .items;
    for (int i = 1;; i++) {
        struct process run = {.arguments = arguments};
        kubectl_run(kubectl, &run, 1);
        bool ok = process_succeeded(&run);
        bool again = !ok && i < TRIES && kubectl_stderr_contains(&run, "within the past second");
        if (!ok && !again)
            kubectl_report(kubectl, &run);
        process_free(&run);
        if (!again || process_interrupted())
            return ok;
        process_sleep(PAUSE);
    }
}
