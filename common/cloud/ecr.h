/* The ECR repository of `image: AUTO`: its address and its settings. */
#ifndef OPTASVC_ECR_H
#define OPTASVC_ECR_H

#include "base/str.h"

struct ecr {
    struct str account; /* 12 digits */
    struct str region;
    struct str name; /* within the registry */
};

/* Returns the registry of an account in a region: "ACCOUNT.dkr.ecr.REGION.amazonaws.com". */
struct str ecr_registry(struct arena *arena, struct str account, struct str region);

/* Splits the address of a repository without tag or digest. Returns false if it is not in ECR. */
bool ecr_split(struct str repository, struct ecr *ret);

/* Returns the repository policy as JSON: only its account may pull. */
struct str ecr_policy(struct arena *arena, const struct ecr *ecr);

/* Returns the lifecycle policy as JSON, with the same limits as Opta.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html */
struct str ecr_lifecycle(struct arena *arena);

#endif
