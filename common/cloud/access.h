/* Cloud access of the pods of a service: their identity and its permissions. */
#ifndef OPTASVC_ACCESS_H
#define OPTASVC_ACCESS_H

#include "cloud/aws_resource.h"

/* A link from the service to a cloud resource. */
struct cloud_link {
    const struct cloud_resource *resource;
    struct str *permissions;
    size_t permission_count;
};

struct cloud_access {
    const struct environment *environment;
    struct str namespace;
    struct str service_account;
    bool makes_repository; /* the ECR repository of image: AUTO is rendered */
    bool makes_role;       /* the IAM role is rendered */
    bool associates; /* the association with the ServiceAccount is rendered (EKS Pod Identity) */
    struct cloud_link *links;
    size_t link_count;
    const struct value *policies;     /* ARNs */
    struct str role_name;             /* makes_role: the name in IAM */
    struct str cluster;               /* associates: the EKS cluster */
    struct str provider;              /* OpenID provider of the cluster: HOST/PATH, or empty */
    struct str identity[CLOUD_COUNT]; /* of the pods in each cloud: ARN of an IAM role, service
                                         account, or client ID; empty: none or unknown */
};

#endif
