/* Rules of Kubernetes and the clouds for names, and conversions of names. */
#ifndef OPTASVC_NAME_H
#define OPTASVC_NAME_H

#include "base/str.h"

/* Returns NULL if the text is valid; otherwise the end of a sentence that starts with what the text
 * is: "must consist of lowercase letters, ...". */
typedef const char *name_check(struct str text);

name_check name_check_namespace;   /* DNS label, RFC 1123 */
name_check name_check_service;     /* DNS label, RFC 1035: starts with a letter */
name_check name_check_subdomain;   /* DNS subdomain, RFC 1123: Secrets, ingress classes */
name_check name_check_host;        /* host of an Ingress: a subdomain, optionally after `*.` */
name_check name_check_variable;    /* environment variable, as in Kubernetes 1.30 */
name_check name_check_secret_key;  /* key of a Secret or ConfigMap */
name_check name_check_label_value; /* may be empty */
name_check name_check_image;       /* image reference: NAME[:TAG][@DIGEST] */
name_check name_check_registry;    /* HOST[:PORT][/PATH] */
name_check name_check_image_tag;
name_check name_check_image_digest; /* sha256 */
name_check name_check_port;         /* port of a container: IANA service name, RFC 6335 */
name_check name_check_label_key;    /* label or annotation key: [DOMAIN/]NAME */
name_check name_check_mount_path;   /* absolute path in a container */
name_check name_check_path;         /* absolute URL path */
name_check name_check_request;      /* URL path with an optional query */
name_check name_check_hash_key;     /* value of ingress-nginx's upstream-hash-by */
name_check name_check_http_header;  /* name of a header in a probe, as in Kubernetes 1.30 */
name_check name_check_http_value;   /* its value */
name_check name_check_nginx_value;  /* annotation value that is copied into nginx's configuration */
name_check name_check_arn;
name_check name_check_iam_policy; /* its ARN */
name_check name_check_iam_role;   /* its ARN */
name_check name_check_s3_bucket;
name_check name_check_eks_cluster;
name_check name_check_openid_provider; /* HOST/PATH */
name_check name_check_google_account;  /* email address of a service account */
name_check name_check_uuid;
name_check name_check_google_project;
name_check name_check_aws_account;
name_check name_check_aws_region;
name_check name_check_time_zone; /* of the IANA database */

/* Returns a domain name without the final dot of a fully qualified name: "example.com" for
 * "example.com.". */
struct str name_without_root(struct str domain);

/* Converts a module's name to the prefix of an environment variable: dashes become underscores. */
struct str name_for_variable(struct arena *arena, struct str name);

#endif
