/* The forms of strings that fields.def requires of fields, as regular expressions for the JSON
 * Schema. The functions of format/name.h check the same when a field is read, with better messages;
 * tests/schema compares both. */
#ifndef OPTASVC_STRING_FORM_H
#define OPTASVC_STRING_FORM_H

#include "format/name.h"

/* Which unquoted numbers have the form. */
enum form_numbers {
    NUMBERS_NONE,
    NUMBERS_BELOW_ONE,    /* only those that begin with a dash or a dot */
    NUMBERS_NOT_NEGATIVE, /* most of them; a schema cannot see how a number is written */
    NUMBERS_ANY,
};

struct string_form {
    const char *pattern; /* of the whole string; ECMAScript with the flag `u`, and Python */
    const char *message; /* what is required, after the name of the field; NULL: that of `check` */
    name_check *check;
    enum form_numbers numbers;
    bool booleans; /* true and false have the form */
};

extern const struct string_form form_namespace, form_service, form_subdomain, form_variable,
    form_secret_key, form_label_key, form_label_value, form_environment, form_image,
    form_service_image, form_registry, form_port, form_mount_path, form_probe_path, form_public_uri,
    form_hash_key, form_http_header, form_http_value, form_annotation, form_env_source,
    form_pod_field, form_trigger_type, form_trigger_auth, form_schedule, form_time_zone,
    form_file_mode, form_disk_name, form_peer, form_gateway, form_iam_role, form_iam_policy,
    form_google_account, form_uuid, form_eks_cluster, form_aws_region, form_aws_account;

/* Returns what a string must be, for messages: "must consist of letters". */
const char *string_form_message(const struct string_form *form);

#endif
