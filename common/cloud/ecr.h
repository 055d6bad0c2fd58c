/* The ECR repository of `image: AUTO`: where it is, and what it is made with, whoever makes it. */
#ifndef OPTASVC_ECR_H
#define OPTASVC_ECR_H

#include "base/str.h"

struct ecr {
    struct str account; /* 12 digits */
    struct str region;
    struct str name; /* within the registry */
};

/* The registry of an account in a region: "ACCOUNT.dkr.ecr.REGION.amazonaws.com". */
struct str ecr_registry(struct arena *arena, struct str account, struct str region);

/* Splits the address of a repository, without tag or digest; false when it is none of ECR. */
bool ecr_split(struct str repository, struct ecr *ret);

/* Who may use it: a policy by which its account may pull, and nobody else do anything. JSON. */
struct str ecr_policy(struct arena *arena, const struct ecr *ecr);

/* Which images it keeps: Opta's numbers. JSON.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html */
struct str ecr_lifecycle(struct arena *arena);

#endif
