#include "chart/convert_objects.h"

static bool is_deleted_hook(const struct object *ingress)
{
    struct str policies = node_string(
        node_at(object_node(ingress), "metadata annotations helm.sh/hook-delete-policy"));
    return ingress->hook && str_contains(policies, STR("hook-succeeded"));
}

void convert_warn_hook(struct diags *diags, const struct object *ingress, struct str name)
{
    diag_warning(diags, object_location(ingress), RULE_NOT_CONVERTED,
                 "%.*s is a Helm hook, so it is not converted", STR_ARG(name));
    diag_hint(diags, "remove its annotation helm.sh/hook, or convert it by hand");
}

void convert_add_object(struct convert *convert, const struct object *ingress, bool is_nginx,
                        bool is_converted)
{
    if (!is_converted && is_deleted_hook(ingress))
        return;
    convert->ingresses =
        arena_grow(convert->arena, convert->ingresses, convert->count, sizeof *convert->ingresses);
    convert->ingresses[convert->count++] = (struct convert_ingress){.node = object_node(ingress),
                                                                    .name = ingress->name,
                                                                    .namespace = ingress->namespace,
                                                                    .class = release_class(ingress),
                                                                    .is_nginx = is_nginx,
                                                                    .is_converted = is_converted,
                                                                    .at = object_location(ingress),
                                                                    .object = ingress};
}

struct str convert_objects_format(struct arena *arena, const struct convert_ingress *ingress)
{
    struct buf names = {0};
    for (size_t i = 0; i < ingress->object_count; i++) {
        const struct node *object = ingress->objects[i];
        buf_add_joined(&names, ", ",
                       STR_JOIN(arena, node_string(node_at(object, "kind")), STR("/"),
                                node_string(node_at(object, "metadata name"))));
    }
    return buf_take(arena, &names);
}
