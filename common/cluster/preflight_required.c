/* Checks that the objects which pods require, besides the Secrets of single variables, exist. */
#include "cluster/apply.h"

/* The kinds that are queried here. Secrets are queried earlier, without their values. */
static const struct required_type {
    const char *api_version;
    const char *kind;
    const char *resource; /* as the server names it in messages */
} types[] = {
    [REQUIRED_CONFIG_MAP] = {"v1", "ConfigMap", "configmaps"},
    [REQUIRED_CLAIM] = {"v1", "PersistentVolumeClaim", "persistentvolumeclaims"},
    [REQUIRED_STORAGE_CLASS] = {"storage.k8s.io/v1", "StorageClass",
                                "storageclasses.storage.k8s.io"},
};

static bool is_secret(const struct required_object *object)
{
    return object->kind == REQUIRED_SECRET || object->kind == REQUIRED_PULL_SECRET;
}

static struct node *reference_of(struct arena *arena, const struct required_object *object,
                                 struct str namespace)
{
    const struct required_type *type = &types[object->kind];
    struct node *reference = node_new(arena, NODE_MAP);
    node_set_string(arena, reference, "apiVersion", str_from_c(type->api_version));
    node_set_string(arena, reference, "kind", str_from_c(type->kind));
    struct node *metadata = node_set_map(arena, reference, "metadata");
    node_set_string(arena, metadata, "name", object->name);
    if (object->kind != REQUIRED_STORAGE_CLASS)
        node_set_string(arena, metadata, "namespace", namespace);
    return reference;
}

/* What the cluster has of the required objects. */
struct found_objects {
    struct map objects;   /* by object_key() */
    struct map forbidden; /* `configmaps "web"` */
};

/* Queries the required objects of all services, each once. */
static struct found_objects query(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    const struct kubectl *kubectl = &cluster->kubectl;
    struct manifests references = {.arena = kubectl->arena};
    struct found_objects found = {0};
    struct map known = {0};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct service *service = cluster->services[i].service;
        for (size_t j = 0; service->has_image && j < service->required_count; j++) {
            const struct required_object *object = &service->required[j];
            if (is_secret(object))
                continue;
            struct node *reference =
                reference_of(kubectl->arena, object, cluster->services[i].namespace->name);
            if (!map_add(kubectl->arena, &known, object_key(kubectl->arena, reference), object))
                manifests_add(&references, reference);
        }
    }
    if (references.count == 0)
        return found;
    struct process run = kubectl_get_by_name(kubectl, references.items, references.count);
    kubectl_run(kubectl, &run, 1);
    if (kubectl_forbidden(&run))
        found.forbidden = kubectl_refused(kubectl, &run);
    else if (!process_succeeded(&run))
        kubectl_report(kubectl, &run);
    if (run.output.len)
        found.objects =
            object_index(kubectl->arena, kubectl_items(kubectl_parse_output(kubectl, &run)));
    process_free(&run);
    return found;
}

static bool is_absent(const struct cluster_namespace *namespace)
{
    return namespace->state == NAMESPACE_ABSENT;
}

/* Returns the start of a hint that creates an object. */
static const char *create_first(const struct cluster_namespace *namespace)
{
    return is_absent(namespace) ? "create the namespace, then the object: " : "create it: ";
}

/* Returns the flag of kubectl create that reads a file: its lines are variables, or it is itself a
 * key. */
static const char *file_flag(const struct required_object *object)
{
    return object->field == SERVICE_VOLUMES ? "--from-file FILE"
                                            : "--from-env-file FILE\nFILE contains lines KEY=VALUE";
}

/* Reports a missing object. */
static void report_missing(struct apply *apply, const struct cluster_namespace *namespace,
                           const struct required_object *object, const char *kind)
{
    struct arena *arena = &apply->cluster.arena;
    struct str reason = str_format(arena, "%s requires it", schema_field(object->field)->name);
    if (object->key.len)
        reason = str_format(arena, "needs key \"%.*s\"", STR_ARG(object->key));
    diag_error(&apply->cluster.diags, object->at, RULE_OBJECT_NOT_FOUND,
               "%s \"%.*s\" not found in namespace \"%.*s\" (%.*s)", kind, STR_ARG(object->name),
               STR_ARG(namespace->name), STR_ARG(reason));
}

/* Without the Secret, or with one of another type, pods start as long as a node has the image. */
static void check_pull_secret(struct apply *apply, const struct cluster_namespace *namespace,
                              const struct required_object *object)
{
    static const char *const keys[] = {".dockerconfigjson", ".dockercfg"};
    struct arena *arena = &apply->cluster.arena;
    struct diags *diags = &apply->cluster.diags;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (map_get(&namespace->secrets,
                    str_format(arena, "%.*s/%s", STR_ARG(object->name), keys[i])))
            return;
    if (map_get(&namespace->secrets, object->name))
        diag_error(diags, object->at, RULE_OBJECT_NOT_FOUND,
                   "Secret \"%.*s\" in namespace \"%.*s\" has no key \".dockerconfigjson\"",
                   STR_ARG(object->name), STR_ARG(namespace->name));
    else
        report_missing(apply, namespace, object, "Secret");
    diag_hint(diags,
              "create it from a login: kubectl create secret docker-registry %.*s -n %.*s "
              "--from-file=.dockerconfigjson=FILE\n"
              "FILE is written by docker login or podman login --authfile FILE",
              STR_ARG(object->name), STR_ARG(namespace->name));
}

/* Hints how to set a key of `manual-secrets`, or its first key. */
static void hint_set(struct apply *apply, const struct required_object *object)
{
    if (object->key.len)
        apply_hint_set(apply, "set it", object->key, object->at);
    else
        apply_hint_set(apply, "create it with its first key", STR("NAME"), object->at);
}

static void check_secret(struct apply *apply, const struct cluster_namespace *namespace,
                         const struct required_object *object)
{
    struct diags *diags = &apply->cluster.diags;
    struct arena *arena = &apply->cluster.arena;
    struct str key = STR_JOIN(arena, object->name, STR("/"), object->key);
    bool found = map_get(&namespace->secrets, object->name);
    if (found && (object->key.len == 0 || map_get(&namespace->secrets, key)))
        return;
    if (found) {
        diag_error(diags, object->at, RULE_OBJECT_NOT_FOUND,
                   "Secret \"%.*s\" in namespace \"%.*s\" has no key \"%.*s\"",
                   STR_ARG(object->name), STR_ARG(namespace->name), STR_ARG(object->key));
        if (apply_sets_secret(namespace, object->name))
            hint_set(apply, object);
        else
            diag_hint(diags, "add it: kubectl edit secret %.*s -n %.*s", STR_ARG(object->name),
                      STR_ARG(namespace->name));
        return;
    }
    report_missing(apply, namespace, object, "Secret");
    if (apply_sets_secret(namespace, object->name))
        hint_set(apply, object);
    else
        diag_hint(diags, "%skubectl create secret generic %.*s -n %.*s %s", create_first(namespace),
                  STR_ARG(object->name), STR_ARG(namespace->name), file_flag(object));
}

static bool has_key(const struct node *config_map, struct str key)
{
    static const char *const maps[] = {"data", "binaryData"};
    for (size_t i = 0; i < COUNT_OF(maps); i++) {
        const struct node *item = node_first_child(node_at(config_map, maps[i]));
        for (; item; item = item->next)
            if (str_equal(item->key->text, key))
                return true;
    }
    return false;
}

static void check_config_map(struct apply *apply, const struct cluster_namespace *namespace,
                             const struct required_object *object, const struct node *live)
{
    struct diags *diags = &apply->cluster.diags;
    if (live && (object->key.len == 0 || has_key(live, object->key)))
        return;
    if (live) {
        diag_error(diags, object->at, RULE_OBJECT_NOT_FOUND,
                   "ConfigMap \"%.*s\" in namespace \"%.*s\" has no key \"%.*s\"",
                   STR_ARG(object->name), STR_ARG(namespace->name), STR_ARG(object->key));
        diag_hint(diags, "add it: kubectl edit configmap %.*s -n %.*s", STR_ARG(object->name),
                  STR_ARG(namespace->name));
        return;
    }
    report_missing(apply, namespace, object, "ConfigMap");
    diag_hint(diags, "%skubectl create configmap %.*s -n %.*s %s", create_first(namespace),
              STR_ARG(object->name), STR_ARG(namespace->name), file_flag(object));
}

static bool has_access_mode(const struct node *claim, const char *mode)
{
    const struct node *item = node_first_child(node_at(claim, "spec accessModes"));
    while (item && !str_eq_c(node_string(item), mode))
        item = item->next;
    return item != NULL;
}

/* Returns the fields whose pods run beside those of the service; NULL if there are none. */
static const char *fields_of_jobs(const struct service *service)
{
    if (service->pre_deploy && service->cron_job_count)
        return "pre_deploy and cron_jobs";
    return service->pre_deploy ? "pre_deploy" : service->cron_job_count ? "cron_jobs" : NULL;
}

/* Warns of a claim that only one node or pod can mount, if a rollout, several pods or the pods of
 * jobs need more. */
static void warn_exclusive(struct apply *apply, const struct deployed_service *deployed,
                           const struct required_object *object, const struct node *claim)
{
    const struct service *service = deployed->service;
    const struct node *workload = deployed_service_workload(deployed);
    struct diags *diags = &apply->cluster.diags;
    bool several =
        service->max_containers > 1 || node_at(workload, "spec strategy rollingUpdate") != NULL;
    const char *jobs = service->max_containers ? fields_of_jobs(service) : NULL;
    bool one_pod = has_access_mode(claim, "ReadWriteOncePod");
    if (has_access_mode(claim, "ReadWriteMany") || has_access_mode(claim, "ReadOnlyMany") ||
        !(several || jobs))
        return;
    struct str subject =
        str_format(&apply->cluster.arena, "claim \"%.*s\" can be mounted %s", STR_ARG(object->name),
                   one_pod ? "in only one pod" : "on only one node");
    if (several)
        diag_warning(diags, object->at, RULE_EXCLUSIVE_VOLUME, "%.*s: pods %s do not start",
                     STR_ARG(subject), one_pod ? "besides the first" : "on other nodes");
    else
        diag_warning(diags, object->at, RULE_EXCLUSIVE_VOLUME,
                     "%.*s: pods of %s do not start while the service runs%s", STR_ARG(subject),
                     jobs, one_pod ? "" : " on another node");
    diag_hint(diags, "use a claim with the access mode ReadWriteMany%s",
              several && !jobs ? ", or persistent_storage" : "");
}

static void check_claim(struct apply *apply, const struct deployed_service *deployed,
                        const struct required_object *object, const struct node *live)
{
    struct diags *diags = &apply->cluster.diags;
    if (!live) {
        report_missing(apply, deployed->namespace, object, "PersistentVolumeClaim");
        diag_hint(diags,
                  "create it, or use persistent_storage, which creates a claim for each pod");
    } else if (node_at(live, "metadata deletionTimestamp")) {
        diag_error(diags, object->at, RULE_BEING_DELETED,
                   "PersistentVolumeClaim \"%.*s\" is being deleted", STR_ARG(object->name));
        diag_hint(diags, "use another claim");
    } else {
        warn_exclusive(apply, deployed, object, live);
    }
}

static void check_storage_class(struct apply *apply, const struct required_object *object,
                                const struct node *live)
{
    if (live)
        return;
    diag_error(&apply->cluster.diags, object->at, RULE_OBJECT_NOT_FOUND,
               "StorageClass \"%.*s\" not found", STR_ARG(object->name));
    diag_hint(&apply->cluster.diags, "list the existing ones: kubectl get storageclass");
}

/* True if the object may not be read, which is reported. */
static bool is_forbidden(struct apply *apply, const struct found_objects *found,
                         const struct required_object *object)
{
    const struct required_type *type = &types[object->kind];
    if (!map_get(&found->forbidden, str_format(&apply->cluster.arena, "%s \"%.*s\"", type->resource,
                                               STR_ARG(object->name))))
        return false;
    diag_warning(&apply->cluster.diags, object->at, RULE_FORBIDDEN,
                 "%s \"%.*s\" was not checked: forbidden (needs \"get\" on %s)", type->kind,
                 STR_ARG(object->name), type->resource);
    return true;
}

static void check(struct apply *apply, const struct deployed_service *deployed,
                  const struct found_objects *found, const struct required_object *object)
{
    struct arena *arena = &apply->cluster.arena;
    const struct cluster_namespace *namespace = deployed->namespace;
    if (is_secret(object) && namespace->secrets_forbidden)
        return; /* reported when they were queried */
    if (object->kind == REQUIRED_SECRET) {
        check_secret(apply, namespace, object);
    } else if (object->kind == REQUIRED_PULL_SECRET) {
        check_pull_secret(apply, namespace, object);
    } else if (!is_forbidden(apply, found, object)) {
        struct str key = object_key(arena, reference_of(arena, object, namespace->name));
        const struct node *live = map_get(&found->objects, key);
        if (object->kind == REQUIRED_CONFIG_MAP)
            check_config_map(apply, namespace, object, live);
        else if (object->kind == REQUIRED_CLAIM)
            check_claim(apply, deployed, object, live);
        else
            check_storage_class(apply, object, live);
    }
}

void apply_check_required(struct apply *apply)
{
    const struct found_objects found = query(apply);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct deployed_service *deployed = &apply->cluster.services[i];
        const struct service *service = deployed->service;
        for (size_t j = 0; service->has_image && j < service->required_count; j++)
            check(apply, deployed, &found, &service->required[j]);
    }
}
