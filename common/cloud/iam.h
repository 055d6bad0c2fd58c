/* Policy documents of a service's IAM role, as JSON. */
#ifndef OPTASVC_IAM_H
#define OPTASVC_IAM_H

#include "cloud/access.h"

/* Characters of a role's name; limits.h has the other quotas.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
enum { IAM_ROLE_NAME_MAX = 64 };

/* Returns the policy that the links grant, with one statement for each kind of access; empty if
 * there are no links. */
struct str iam_links_policy(struct arena *arena, const struct cloud_access *access);

/* Returns the size of a document as IAM counts it: without white space. */
size_t iam_policy_size(struct str document);

/* Returns the trust policy of the role. Only the service's ServiceAccount may assume it: through
 * the OpenID provider of the cluster if there is one (IRSA), otherwise through EKS Pod Identity. */
struct str iam_trust_policy(struct arena *arena, const struct cloud_access *access);

#endif
