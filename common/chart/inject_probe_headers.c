/* HTTP headers of probes. Headers of the chart with other names are kept. Messages show no values,
 * because a header may contain a credential. */
#include "chart/inject_target.h"

/* Returns the header from `item` on, or NULL. The case of letters has no meaning in names. */
static struct node *next_header(struct node *item, const char *name)
{
    while (item && !str_eq_c_nocase(node_string(node_at(item, "name")), name))
        item = item->next;
    return item;
}

static void set_header(const struct target *target, const char *probe, struct node *handler,
                       const struct item *header)
{
    struct arena *arena = target->injection->arena;
    const char *name = str_to_c(arena, header->name);
    const char *what = str_format(arena, "%s.httpHeaders.%s", probe, name).data;
    struct node *item = next_header(node_first_child(node_at(handler, "httpHeaders")), name);
    /* A request has all headers of the same name. */
    for (struct node *each = item; each; each = next_header(each->next, name))
        target_set(target, NULL, node_target(each), "value",
                   node_scalar(arena, STYLE_TEXT, header->text), what, HIDE_VALUES);
    struct node *list = item ? NULL : edit_list(target->edit, handler, "httpHeaders");
    if (!list)
        return;
    edit_insert(target->edit, list, NULL, manifest_header(arena, header));
    inject_log(target, NULL, CHANGE_ADDED, what, "%s", "");
}

void inject_probe_headers(const struct target *target)
{
    static const char *const probes[] = {"startupProbe", "livenessProbe", "readinessProbe"};
    const struct value *headers = record_value(target->service->record, SERVICE_PROBE_HEADERS);
    bool requests = false;
    for (size_t i = 0; headers->count && i < COUNT_OF(probes); i++) {
        if (!node_at(node_at(target->container, probes[i]), "httpGet"))
            continue;
        requests = true;
        struct node *probe = edit_map(target->edit, target->container, probes[i]);
        struct node *handler = probe ? edit_map(target->edit, probe, "httpGet") : NULL;
        for (size_t j = 0; handler && j < headers->count; j++)
            set_header(target, probes[i], handler, &headers->items[j]);
    }
    if (headers->count == 0 || requests || target->fill)
        return;
    diag_warning(target->injection->diags,
                 record_location(target->service->record, SERVICE_PROBE_HEADERS), RULE_NO_EFFECT,
                 "probe_headers has no effect: no probe of %.*s requests a path",
                 STR_ARG(object_display_name(target->injection->arena, target->workload)));
    diag_hint(target->injection->diags, "set healthcheck_path to add one");
}
