/* Which names Kubernetes and the clouds take, and names made to fit. */
#ifndef OPTASVC_NAME_H
#define OPTASVC_NAME_H

#include "base/str.h"

/* NULL when the text is right; else what it must be, as the end of a sentence that begins with what
 * it names: "must be lower-case letters, ...". */
typedef const char *name_check(struct str text);

name_check name_check_namespace;   /* DNS label, RFC 1123 */
name_check name_check_service;     /* DNS label, RFC 1035: begins with a letter */
name_check name_check_subdomain;   /* DNS subdomain, RFC 1123: Secrets, ingress classes */
name_check name_check_host;        /* a host of an Ingress: a subdomain, `*.` before it allowed */
name_check name_check_variable;    /* environment variable, as Kubernetes 1.30 takes it */
name_check name_check_secret_key;  /* key of a Secret or ConfigMap */
name_check name_check_label_value; /* may be empty */
name_check name_check_image;       /* an image reference: NAME[:TAG][@DIGEST] */
name_check name_check_registry;    /* HOST[:PORT][/PATH], where repositories are */
name_check name_check_image_tag;
name_check name_check_image_digest; /* sha256 */
name_check name_check_port;         /* of a container: IANA service name, RFC 6335 */
name_check name_check_label_key;    /* of a label or annotation: [DOMAIN/]NAME */
name_check name_check_mount_path;   /* an absolute path in a container */
name_check name_check_path;         /* an absolute URL path */
name_check name_check_request;      /* a path with or without a query */
name_check name_check_hash_key;     /* what ingress-nginx takes for upstream-hash-by */
name_check name_check_nginx_value;  /* of an annotation that nginx's configuration contains */
name_check name_check_arn;
name_check name_check_iam_policy; /* its ARN */
name_check name_check_iam_role;   /* its ARN */
name_check name_check_s3_bucket;
name_check name_check_eks_cluster;
name_check name_check_openid_provider; /* HOST/PATH */
name_check name_check_google_account;  /* the address of a service account */
name_check name_check_uuid;
name_check name_check_google_project;
name_check name_check_aws_account;
name_check name_check_aws_region;

/* A domain name without the dot that ends a fully qualified one: "example.com." is "example.com".
 */
struct str name_without_root(struct str domain);

/* A module's name as the beginning of an environment variable: dashes become underscores. */
struct str name_for_variable(struct arena *arena, struct str name);

#endif
