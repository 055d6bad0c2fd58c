/* All limits on input and on what is generated from it. Input beyond a limit is rejected with an
 * error that states the limit. `make docs` generates docs/limits.md from this file; tests/limits
 * tests both sides of each limit. */
#ifndef OPTASVC_LIMITS_H
#define OPTASVC_LIMITS_H

enum {
    /* Service files and related files */
    FILE_SIZE_MAX = 1024 * 1024, /* bytes of a service file, environment file or outputs file */
    FILE_DEPTH_MAX = 32,         /* nesting depth of maps and lists */
    WHITESPACE_RUN_MAX =
        500, /* consecutive spaces, tabs and line breaks: libfyaml is quadratic in them */
    FILE_EXPANDED_MAX = 100000, /* keys, values, maps and lists after expanding a file's aliases */
    FILES_MAX = 20000,          /* files per run */
    DIRECTORY_DEPTH_MAX = 32,   /* directory depth with -R */
    SERVICES_MAX = 20000,       /* services per run */
    MODULES_MAX = 1000,         /* modules per file */
    ITEMS_MAX = 2000,           /* items of a list, or fields of a map, in one field */
    VARIABLES_MAX = 2000,       /* environment variables per container */
    ROUTES_MAX = 500,           /* addresses in public_uri */
    CRON_JOBS_MAX = 100, /* cron_jobs per service; each contains the complete pod configuration */
    VOLUMES_MAX = 100,   /* volumes per service */
    CONTAINERS_MAX = 20, /* init_containers and sidecars per service */
    FILES_OF_SERVICE_MAX = 100, /* files per service */
    CONFIG_MAP_SIZE_MAX =
        1024 * 1024,          /* bytes of the files of a service: MaxSecretSize of core/v1 */
    ALLOWED_RULES_MAX = 1000, /* rules in comments `# optasvc: allow` per file */
    INTERPOLATED_SIZE_MAX = 64 * 1024, /* bytes of a string after its placeholders are filled in */
    OUTPUTS_DEPTH_MAX = 50,            /* outputs in a chain in which each refers to the next */
    DURATION_MAX = 7 * 86400,          /* seconds of --timeout */
    SCAN_SIZE_MAX = 64 * 1024 * 1024,  /* bytes of a file in a directory; above FILE_SIZE_MAX it is
                                          only searched for the key modules */

    /* Charts */
    STREAM_SIZE_MAX = 256 * 1024 * 1024,  /* bytes of all manifests together */
    STREAM_DOCUMENTS_MAX = 100000,        /* documents per stream */
    MANIFEST_SIZE_MAX = 16 * 1024 * 1024, /* bytes of a parsed document */
    MANIFEST_DEPTH_MAX = 100,             /* nesting depth of maps and lists */
    MANIFEST_ANCHORS_MAX = 100,           /* anchors per document */
    MANIFEST_EXPANDED_MAX = 100000,       /* nodes after expanding a document's aliases */
    STREAM_EXPANDED_MAX = 1000000,        /* nodes after expanding the aliases of all documents */

    /* Secrets and the output of other programs */
    SECRET_SIZE_MAX = 1024 * 1024, /* bytes of a secret value or file: MaxSecretSize of core/v1 */
    EDITED_SIZE_MAX = 4 * 1024 * 1024,      /* bytes of the file that `secret edit` opens */
    PROCESS_OUTPUT_MAX = 256 * 1024 * 1024, /* bytes of output of kubectl or another program */
    JSON_DEPTH_MAX = 200, /* nesting depth of JSON objects and arrays in that output */
    PROCESS_SECRET_MAX = 4 * 1024 * 1024, /* bytes of output of a program that prints secrets */

    /* Names, as required by Kubernetes, registries and AWS */
    LABEL_MAX = 63, /* characters of the name of a service, layer, namespace, label or bucket */
    SUBDOMAIN_MAX = 253,    /* characters of a domain name or of a Secret's key */
    STATEFUL_NAME_MAX = 52, /* characters of the name of a service with persistent storage: its
                               pods' label controller-revision-hash adds a dash and 10 characters */
    CRON_NAME_MAX = 52,   /* characters of a CronJob's name, MODULE-NAME: its Jobs' names add a dash
                             and 10 digits */
    PORT_NAME_MAX = 15,   /* characters of a port's name */
    HTTP_PATH_MAX = 1024, /* characters of a path */
    IMAGE_MAX = 255,      /* characters of an image without its tag, or of a registry */
    TAG_MAX = 128,        /* characters of an image tag */
    EKS_CLUSTER_MAX = 100,  /* characters of an EKS cluster name */
    IAM_POLICIES_MAX = 20,  /* policies attached to an IAM role */
    IAM_INLINE_MAX = 10240, /* non-space characters of a role's inline policies: IAM's quota */
};

#endif
