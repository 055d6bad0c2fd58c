#include "cluster/kind.h"

#include "cluster/object.h"
#include "manifest/manifest.h"

#define ACK_KIND(kind, resources, service, order, ...)                                             \
    {                                                                                              \
        .name = kind, .resource = resources, .delete_order = order, .optional = true,              \
        .condition = "ACK.ResourceSynced", .failure_condition = "ACK.Terminal",                    \
        .events = EVENTS_OF_NAME, .controller = "the ACK controller for " service,                 \
        .alternative = "set cloud_objects: none in the environment file", __VA_ARGS__              \
    }

/* Lists that contain every workload. */
#define LISTS_WORKLOAD                                                                             \
    (LIST_WORKLOADS | LIST_STATUS | LIST_OUTPUTS | LIST_POD_OWNERS | LIST_SECRET_USERS |           \
     LIST_FILE_USERS | LIST_REVISIONS)

const struct kind kind_table[] = {
    {.name = "ServiceAccount", .resource = "serviceaccounts", .delete_order = 17, .required = true},
    /* Queried like kinds that a server may not have: users without `files` need no permission. */
    {.name = "ConfigMap",
     .resource = "configmaps",
     .role = ROLE_FILES,
     .delete_order = 21,
     .required = true,
     .optional = true,
     .controller = "Kubernetes"},
    {.name = "ExternalSecret",
     .resource = "externalsecrets.external-secrets.io",
     .delete_order = 16,
     .optional = true,
     .required = true,
     .condition = "Ready",
     .controller = "the External Secrets Operator",
     .events = EVENTS_OF_NAME},
    ACK_KIND("Repository", "repositories.ecr.services.k8s.aws", "ECR", 20,
             .retained = "it contains images"),
    ACK_KIND("Role", "roles.iam.services.k8s.aws", "IAM", 19, .required = true,
             .existing = "set iam_role_arn to use an existing role"),
    ACK_KIND("PodIdentityAssociation", "podidentityassociations.eks.services.k8s.aws", "EKS", 18,
             .required = true),
    {.name = "Service", .resource = "services", .role = ROLE_SERVICE, .delete_order = 15},
    {.name = "NetworkPolicy",
     .resource = "networkpolicies.networking.k8s.io",
     .delete_order = 14,
     .active = true,
     .separate = true},
    /* Only that of pre_deploy: others belong to a CronJob or to users. */
    {.name = "Job",
     .resource = "jobs.batch",
     .role = ROLE_JOB,
     .lists = LIST_STATUS | LIST_SECRET_USERS | LIST_CRON_JOBS | LIST_FILE_USERS,
     .delete_order = 10,
     .separate = true,
     .component = MANIFEST_PRE_DEPLOY,
     .events = EVENTS_OF_NAME},
    {.name = "Deployment",
     .resource = "deployments.apps",
     .role = ROLE_WORKLOAD,
     .lists = LISTS_WORKLOAD,
     .delete_order = 11,
     .active = true,
     .revisions = "replicasets.apps",
     .events = EVENTS_OF_NAME},
    {.name = "StatefulSet",
     .resource = "statefulsets.apps",
     .role = ROLE_WORKLOAD,
     .lists = LISTS_WORKLOAD | LIST_CLAIM_OWNERS,
     .delete_order = 12,
     .active = true,
     .stateful = true,
     .revisions = "controllerrevisions.apps",
     .events = EVENTS_OF_NAME},
    {.name = "HorizontalPodAutoscaler",
     .resource = "horizontalpodautoscalers.autoscaling",
     .role = ROLE_AUTOSCALER,
     .lists = LIST_STATUS,
     .delete_order = 0,
     .active = true},
    {.name = "ScaledObject",
     .resource = "scaledobjects.keda.sh",
     .role = ROLE_AUTOSCALER,
     .lists = LIST_STATUS,
     .delete_order = 1,
     .active = true,
     .optional = true,
     .controller = "KEDA",
     .alternative = "remove autoscaling_triggers",
     .transfer = "scaledobject.keda.sh/transfer-hpa-ownership"},
    {.name = "PodDisruptionBudget",
     .resource = "poddisruptionbudgets.policy",
     .delete_order = 13,
     .active = true},
    {.name = "Ingress",
     .resource = "ingresses.networking.k8s.io",
     .role = ROLE_INGRESS,
     .lists = LIST_STATUS,
     .delete_order = 2},
    {.name = "Certificate",
     .resource = "certificates.cert-manager.io",
     .delete_order = 8,
     .optional = true,
     .acceptance = ACCEPTANCE_CERTIFICATE,
     .controller = "cert-manager",
     .alternative = "set tls_secret instead of cluster_issuer in the environment file"},
    {.name = "ListenerSet",
     .resource = "listenersets.gateway.networking.k8s.io",
     .delete_order = 7,
     .optional = true,
     .acceptance = ACCEPTANCE_LISTENER_SET,
     .controller = "Gateway API 1.5 or later",
     .alternative = "remove listener_sets from the environment file"},
    {.name = "TraefikService",
     .resource = "traefikservices.traefik.io",
     .delete_order = 6,
     .optional = true,
     .controller = "Traefik",
     .alternative = "set another type of gateway in the environment file"},
    {.name = "HTTPRoute",
     .resource = "httproutes.gateway.networking.k8s.io",
     .role = ROLE_ROUTE,
     .lists = LIST_STATUS,
     .delete_order = 3,
     .optional = true,
     .acceptance = ACCEPTANCE_ROUTE,
     .controller = "the Gateway API",
     .alternative = "remove gateway from the environment file"},
    {.name = "GRPCRoute",
     .resource = "grpcroutes.gateway.networking.k8s.io",
     .role = ROLE_ROUTE,
     .lists = LIST_STATUS,
     .delete_order = 4,
     .optional = true,
     .acceptance = ACCEPTANCE_ROUTE,
     .controller = "the Gateway API",
     .alternative = "remove gateway from the environment file"},
    {.name = "BackendTrafficPolicy",
     .resource = "backendtrafficpolicies.gateway.envoyproxy.io",
     .delete_order = 5,
     .optional = true,
     .acceptance = ACCEPTANCE_POLICY,
     .controller = "Envoy Gateway",
     .alternative = "set another type of gateway in the environment file"},
    {.name = "CronJob",
     .resource = "cronjobs.batch",
     .role = ROLE_CRON_JOB,
     .lists = LIST_SECRET_USERS | LIST_CRON_JOBS | LIST_FILE_USERS,
     .delete_order = 9,
     .active = true},
    {.name = "DaemonSet",
     .resource = "daemonsets.apps",
     .not_rendered = true,
     .lists = LIST_SECRET_USERS},
    {.name = "ReplicaSet",
     .resource = "replicasets.apps",
     .not_rendered = true,
     .lists = LIST_POD_OWNERS | LIST_FILE_USERS | LIST_REVISIONS,
     .events = EVENTS_OF_NAME},
    {.name = "Pod",
     .resource = "pods",
     .not_rendered = true,
     .role = ROLE_POD,
     .lists = LIST_OUTPUTS | LIST_PODS | LIST_POD_OWNERS | LIST_SECRET_USERS | LIST_FILE_USERS,
     .events = EVENTS_OF_PODS},
    {.name = "PersistentVolumeClaim",
     .resource = "persistentvolumeclaims",
     .not_rendered = true,
     .lists = LIST_CLAIMS,
     .events = EVENTS_OF_CLAIMS},
    {.name = "Secret", .resource = "secrets", .not_rendered = true},
    {.name = "Event", .resource = "events", .not_rendered = true},
    {.name = "ControllerRevision",
     .resource = "controllerrevisions.apps",
     .not_rendered = true,
     .lists = LIST_FILE_USERS | LIST_REVISIONS},
};

const size_t kind_count = COUNT_OF(kind_table);

const struct kind *kind_find(struct str name)
{
    for (size_t i = 0; i < kind_count; i++)
        if (str_eq_c(name, kind_table[i].name))
            return &kind_table[i];
    return NULL;
}

const struct kind *kind_of(const struct node *object)
{
    return kind_find(node_string(node_get(object, "kind")));
}

bool kind_is_rendered(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && !kind->not_rendered;
}

bool kind_is(const struct node *object, enum kind_role role)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->role == role;
}

bool kind_is_stateful(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->stateful;
}

struct str kind_plural(struct arena *arena, struct str resource)
{
    for (size_t i = 0; i < kind_count; i++) {
        struct str name = str_from_c(kind_table[i].name);
        if (!str_eq_c(resource, kind_table[i].resource))
            continue;
        if (str_ends_with(name, STR("y")))
            return str_format(arena, "%.*sies", STR_ARG(str_slice(name, 0, name.len - 1)));
        return str_format(arena, "%.*s%s", STR_ARG(name),
                          str_ends_with(name, STR("s")) ? "es" : "s");
    }
    return resource;
}

bool kind_has_component(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return !kind || !kind->component ||
           str_eq_c(object_label(object, "app.kubernetes.io/component"), kind->component);
}

bool kind_is_listed_separately(const struct kind *kind, enum kind_list list)
{
    return kind->optional || (kind->separate && (list == LIST_RENDERED || list == LIST_STATUS));
}

bool kind_is_in_list(const struct kind *kind, enum kind_list list)
{
    return list == LIST_RENDERED ? !kind->not_rendered : kind->lists & list;
}

const char *kind_list(struct arena *arena, enum kind_list list)
{
    struct buf resources = {0};
    for (size_t i = 0; i < kind_count; i++)
        if (kind_is_in_list(&kind_table[i], list) &&
            !kind_is_listed_separately(&kind_table[i], list))
            buf_add_joined(&resources, ",", str_from_c(kind_table[i].resource));
    return buf_take(arena, &resources).data;
}
