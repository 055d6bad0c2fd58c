#include "manifest.h"

void manifest_service(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    struct node *object = manifest_object(manifests, service, "v1", "Service", service->name);
    struct node *spec = put_map(arena, object, "spec");
    put_text(arena, spec, "type", STR("ClusterIP"));
    manifest_selector(manifests, service, spec, "selector");
    struct node *port = add_map(arena, put_list(arena, spec, "ports"));
    put_text(arena, port, "name", service->port->name);
    put_int(arena, port, "port", service->port->service_port);
    put_text(arena, port, "targetPort", service->port->name);
    put_text(arena, port, "protocol", STR("TCP"));
}
