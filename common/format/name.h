/* Which names Kubernetes and the clouds take, and names made to fit. */
#ifndef OPTASVC_NAME_H
#define OPTASVC_NAME_H

#include "base/str.h"

enum name_kind {
    NAME_NAMESPACE,   /* DNS label, RFC 1123 */
    NAME_SERVICE,     /* DNS label, RFC 1035: begins with a letter */
    NAME_SUBDOMAIN,   /* DNS subdomain, RFC 1123: Secrets, ingress classes */
    NAME_HOST,        /* a host of an Ingress: a subdomain, `*.` before it allowed */
    NAME_VARIABLE,    /* environment variable, as Kubernetes 1.30 takes it */
    NAME_SECRET_KEY,  /* key of a Secret or ConfigMap */
    NAME_LABEL_VALUE, /* may be empty */
    NAME_IMAGE,       /* an image reference: NAME[:TAG][@DIGEST] */
    NAME_REGISTRY,    /* HOST[:PORT][/PATH], where repositories are */
    NAME_IMAGE_TAG,
    NAME_IMAGE_DIGEST, /* sha256 */
    NAME_PORT,         /* of a container: IANA service name, RFC 6335 */
    NAME_LABEL_KEY,    /* of a label or annotation: [DOMAIN/]NAME */
    NAME_MOUNT_PATH,   /* an absolute path in a container */
    NAME_PATH,         /* an absolute URL path */
    NAME_REQUEST,      /* a path with or without a query */
    NAME_HASH_KEY,     /* what ingress-nginx takes for upstream-hash-by */
    NAME_NGINX_VALUE,  /* of an annotation that nginx's configuration is made of */
    NAME_ARN,
    NAME_IAM_POLICY, /* its ARN */
    NAME_IAM_ROLE,   /* its ARN */
    NAME_S3_BUCKET,
    NAME_EKS_CLUSTER,
    NAME_OPENID_PROVIDER, /* HOST/PATH */
    NAME_GOOGLE_ACCOUNT,  /* the address of a service account */
    NAME_UUID,
    NAME_GOOGLE_PROJECT,
    NAME_AWS_ACCOUNT,
    NAME_AWS_REGION,
};

/* NULL when the name is right; else what it must be, as the end of a sentence that begins with what
 * it names: "must be lower-case letters, ...". */
const char *name_wrong(enum name_kind kind, struct str name);

/* A domain name without the dot that ends a fully qualified one: "example.com." is "example.com".
 */
struct str name_without_root(struct str domain);

/* A module's name as the beginning of an environment variable: dashes become underscores. */
struct str name_for_variable(struct arena *arena, struct str name);

#endif
