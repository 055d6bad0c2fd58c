/* Checks that objects exist to which the services refer by name, and that the server does not check
 * when it accepts the workload or autoscaler: PriorityClasses and authentications of KEDA. */
#include "cluster/apply.h"

/* A kind of such objects. */
struct reference_kind {
    const char *api_version;
    const char *kind;
    const char *resource; /* for kubectl get, in a hint */
    bool has_namespace;
};

enum { PRIORITY_CLASS, TRIGGER_AUTHENTICATION, CLUSTER_TRIGGER_AUTHENTICATION, REFERENCE_KINDS };

static const struct reference_kind reference_kinds[REFERENCE_KINDS] = {
    [PRIORITY_CLASS] = {"scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", false},
    [TRIGGER_AUTHENTICATION] = {MANIFEST_KEDA, "TriggerAuthentication", "triggerauthentications",
                                true},
    [CLUSTER_TRIGGER_AUTHENTICATION] = {MANIFEST_KEDA, "ClusterTriggerAuthentication",
                                        "clustertriggerauthentications", false}};

/* The names in fields that refer to objects of one kind. */
struct references {
    const struct reference_kind *kind;
    struct manifests objects; /* a reference for each name */
    struct location *fields;  /* as many */
    size_t count;
};

static void add_reference(struct references *references, const struct deployed_service *deployed,
                          struct str name, struct location field)
{
    struct arena *arena = references->objects.arena;
    struct node *object = node_new(arena, NODE_MAP);
    node_set_string(arena, object, "apiVersion", str_from_c(references->kind->api_version));
    node_set_string(arena, object, "kind", str_from_c(references->kind->kind));
    struct node *metadata = node_set_map(arena, object, "metadata");
    node_set_string(arena, metadata, "name", name);
    if (references->kind->has_namespace)
        node_set_string(arena, metadata, "namespace", deployed->namespace->name);
    manifests_add(&references->objects, object);
    references->fields =
        arena_grow(arena, references->fields, references->count, sizeof *references->fields);
    references->fields[references->count++] = field;
}

static void add_service(struct references *references, const struct deployed_service *deployed)
{
    const struct service *service = deployed->service;
    if (service->priority_class.len)
        add_reference(&references[PRIORITY_CLASS], deployed, service->priority_class,
                      record_location(service->record, SERVICE_PRIORITY_CLASS));
    for (size_t i = 0; i < service->trigger_count && service_has_autoscaler(service); i++) {
        const struct trigger *trigger = &service->triggers[i];
        if (trigger->auth.len)
            add_reference(&references[trigger->cluster_auth ? CLUSTER_TRIGGER_AUTHENTICATION
                                                            : TRIGGER_AUTHENTICATION],
                          deployed, trigger->auth, trigger->at);
    }
}

static void report_missing(struct diags *diags, const struct reference_kind *kind,
                           const struct node *object, struct location field)
{
    struct str namespace = object_namespace(object);
    diag_error(diags, field, RULE_OBJECT_NOT_FOUND, "%s \"%.*s\" not found%s%.*s%s", kind->kind,
               STR_ARG(object_name(object)), namespace.len ? " in namespace \"" : "",
               STR_ARG(namespace), namespace.len ? "\"" : "");
    diag_hint(diags, "list the existing ones: kubectl get %s%s%.*s", kind->resource,
              namespace.len ? " -n " : "", STR_ARG(namespace));
}

/* A user may not be able to read the objects, or the server may not have the kind, which
 * cluster_check_kinds() reports for the autoscaler: then nothing is checked. */
static void check_references(struct apply *apply, const struct references *references)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    const struct manifests *objects = &references->objects;
    if (references->count == 0)
        return;
    struct process run = kubectl_get_by_name(kubectl, objects->items, objects->count);
    kubectl_run(kubectl, &run, 1);
    bool known = process_succeeded(&run);
    struct map found = {0};
    if (known && run.output.len) /* --ignore-not-found prints nothing for none */
        found = object_index(kubectl->arena, kubectl_items(kubectl_parse_output(kubectl, &run)));
    else if (!known && !kubectl_forbidden(&run) && !kubectl_is_missing_kind(&run))
        kubectl_report(kubectl, &run);
    process_free(&run);
    for (size_t i = 0; known && i < objects->count; i++)
        if (!map_get(&found, object_key(kubectl->arena, objects->items[i])))
            report_missing(&apply->cluster.diags, references->kind, objects->items[i],
                           references->fields[i]);
}

void apply_check_references(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct references references[REFERENCE_KINDS];
    for (size_t i = 0; i < REFERENCE_KINDS; i++)
        references[i] = (struct references){.kind = &reference_kinds[i],
                                            .objects = {.arena = &apply->cluster.arena}};
    for (size_t i = 0; i < cluster->service_count; i++)
        if (cluster->services[i].service->has_image)
            add_service(references, &cluster->services[i]);
    for (size_t i = 0; i < REFERENCE_KINDS; i++)
        check_references(apply, &references[i]);
}
