/* How the pods of a service access a cloud: the identity they have, and what it is granted. */
#ifndef OPTASVC_ACCESS_H
#define OPTASVC_ACCESS_H

#include "cloud/aws_resource.h"

/* A link of the service to a module of the cloud. */
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
    bool associates;       /* so is its association with the ServiceAccount, by EKS Pod Identity */
    struct cloud_link *links;
    size_t link_count;
    const struct value *policies;     /* ARNs */
    struct str role_name;             /* makes_role: its name in IAM */
    struct str cluster;               /* associates: its name */
    struct str provider;              /* OpenID provider of the cluster: HOST/PATH; empty: none */
    struct str identity[CLOUD_COUNT]; /* of the pods in each: an IAM role's ARN, an account, a
                                         client's ID; empty: not known, or none */
};

#endif
