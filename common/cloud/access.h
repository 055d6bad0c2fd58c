/* Cloud access of the pods of a service: their identity and its permissions. */
#ifndef OPTASVC_ACCESS_H
#define OPTASVC_ACCESS_H

#include "cloud/aws_resource.h"

/* A link from the service to a cloud resource. */
struct cloud_link {
    const struct aws_resource *resource;
    struct str *permissions;
    size_t permission_count;
};

struct cloud_access {
    const struct environment *environment;
    struct str namespace;
    struct str service_account;
    bool renders_repository;   /* the ECR repository of image: AUTO is rendered */
    bool renders_role;         /* the IAM role is rendered */
    bool renders_pod_identity; /* the PodIdentityAssociation (EKS) is rendered */
    struct cloud_link *links;
    size_t link_count;
    const struct value *policies;     /* ARNs */
    struct str role_name;             /* renders_role: the name in IAM */
    struct str cluster;               /* renders_pod_identity: the EKS cluster */
    struct str openid_provider;       /* of the cluster: HOST/PATH; empty if unknown */
    struct str identity[CLOUD_COUNT]; /* of the pods in each cloud: ARN of an IAM role, service
                                         account, or client ID; empty: none or unknown */
};

#endif
