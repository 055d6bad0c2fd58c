/* Policy documents of a service's IAM role, as JSON texts. */
#ifndef OPTASVC_IAM_H
#define OPTASVC_IAM_H

#include "cloud/access.h"

/* Characters of a role's name; limits.h has the other quotas.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
enum { IAM_ROLE_NAME_MAX = 64 };

/* What the links grant: one statement for each kind of right. Empty without links. */
struct str iam_links_policy(struct arena *arena, const struct cloud_access *access);

/* How many characters of a document count. */
size_t iam_policy_size(struct str document);

/* Who may become the role: the service's ServiceAccount alone, by EKS Pod Identity, or by the
 * OpenID provider of the cluster where there is one (IRSA). */
struct str iam_trust_policy(struct arena *arena, const struct cloud_access *access);

#endif
