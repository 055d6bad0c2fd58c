#include "cluster/kind.h"

#define ACK_KIND(kind, resources, service, turn, ...)                                              \
    {                                                                                              \
        .name = kind, .resource = resources, .deleted = turn, .condition = "ACK.ResourceSynced",   \
        .failed = "ACK.Terminal", .controller = "the ACK controller for " service,                 \
        .instead = "write cloud_objects: none in the environment file", __VA_ARGS__                \
    }

const struct kind kind_table[] = {
    {.name = "ServiceAccount", .resource = "serviceaccounts", .deleted = 8},
    {.name = "ExternalSecret",
     .resource = "externalsecrets.external-secrets.io",
     .deleted = 7,
     .condition = "Ready",
     .controller = "the External Secrets Operator"},
    ACK_KIND("Repository", "repositories.ecr.services.k8s.aws", "ECR", 11, .kept = true),
    ACK_KIND("Role", "roles.iam.services.k8s.aws", "IAM", 10, .kept = false),
    ACK_KIND("PodIdentityAssociation", "podidentityassociations.eks.services.k8s.aws", "EKS", 9,
             .kept = false),
    {.name = "Service", .resource = "services", .deleted = 6},
    {.name = "Deployment", .resource = "deployments.apps", .deleted = 3, .acts = true},
    {.name = "StatefulSet", .resource = "statefulsets.apps", .deleted = 4, .acts = true},
    {.name = "HorizontalPodAutoscaler",
     .resource = "horizontalpodautoscalers.autoscaling",
     .deleted = 0,
     .acts = true},
    {.name = "PodDisruptionBudget",
     .resource = "poddisruptionbudgets.policy",
     .deleted = 5,
     .acts = true},
    {.name = "Ingress", .resource = "ingresses.networking.k8s.io", .deleted = 1},
    {.name = "CronJob", .resource = "cronjobs.batch", .deleted = 2, .acts = true},
};

const size_t kind_count = sizeof kind_table / sizeof *kind_table;

const struct kind *kind_of(const struct node *object)
{
    struct str name = node_text(node_get(object, "kind"));
    for (size_t i = 0; i < kind_count; i++)
        if (str_is(name, kind_table[i].name))
            return &kind_table[i];
    return NULL;
}

const char *kind_resources(struct arena *arena)
{
    struct buf list = {0};
    for (size_t i = 0; i < kind_count; i++)
        if (!kind_table[i].condition)
            buf_add_joined(&list, ",", str_of(kind_table[i].resource));
    return buf_take(arena, &list).data;
}
