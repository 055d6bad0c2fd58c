/* Every limit on what is read, and on what is made of it. What goes beyond one is refused with an
 * error that tells the limit. docs/limits.md is made of this file by `make docs`, and tests/limits
 * has a case on both sides of each. */
#ifndef OPTASVC_LIMITS_H
#define OPTASVC_LIMITS_H

enum {
    /* Service files and what goes with them */
    FILE_SIZE_MAX = 1024 * 1024, /* bytes of a service file, environment file, or file of outputs */
    FILE_DEPTH_MAX = 32,         /* maps and lists inside each other */
    BLANKS_MAX = 500,            /* spaces, tabs and line breaks in a row, on which libfyaml
                                    spends the square of their number */
    FILE_EXPANDED_MAX = 100000, /* keys, values, maps and lists that the aliases of a file stand for
                                 */
    FILES_MAX = 20000,          /* files of one run */
    FOLDERS_DEPTH_MAX = 32,     /* directories inside each other, with -R */
    SERVICES_MAX = 20000,       /* services of one run */
    MODULES_MAX = 1000,         /* modules of a file */
    ITEMS_MAX = 2000,           /* items of a list, or fields of a map, that a field holds */
    VARIABLES_MAX = 2000,       /* environment variables of a container */
    ROUTES_MAX = 500,           /* addresses in public_uri */
    CRON_JOBS_MAX = 100,      /* cron_jobs of a service, each of which has all that its pods have */
    FILLED_MAX = 64 * 1024,   /* bytes of a text whose placeholders are filled in */
    OUTPUTS_DEPTH_MAX = 50,   /* outputs, each of which refers to the next */
    DURATION_MAX = 7 * 86400, /* seconds that --timeout may ask to wait */
    LOOK_SIZE_MAX = 64 * 1024 * 1024, /* bytes of a file in a directory; above FILE_SIZE_MAX it is
                                         only searched for the key modules */

    /* Charts */
    STREAM_SIZE_MAX = 256 * 1024 * 1024,  /* bytes of all manifests together */
    STREAM_DOCUMENTS_MAX = 100000,        /* documents of a stream */
    MANIFEST_SIZE_MAX = 16 * 1024 * 1024, /* bytes of a document that is read */
    MANIFEST_DEPTH_MAX = 100,             /* maps and lists inside each other */
    MANIFEST_ANCHORS_MAX = 100,           /* anchors of a document */
    MANIFEST_EXPANDED_MAX = 100000,       /* nodes that the aliases of a document stand for */
    STREAM_EXPANDED_MAX = 1000000,        /* the same, of all documents that are read */

    /* Secrets, and what other programs print */
    SECRET_SIZE_MAX = 1024 * 1024, /* bytes of a value or imported file: MaxSecretSize of core/v1 */
    EDITED_SIZE_MAX = 4 * 1024 * 1024,      /* bytes of the file that `secret edit` opens */
    PROCESS_OUTPUT_MAX = 256 * 1024 * 1024, /* bytes that kubectl or another program may print */
    JSON_DEPTH_MAX = 200,                   /* objects and arrays inside each other in that */
    PROCESS_SECRET_MAX = 4 * 1024 * 1024,   /* bytes that one may print that prints secrets */

    /* Names, by the rules of Kubernetes, registries and AWS */
    LABEL_MAX = 63,         /* characters of a name: service, layer, namespace, label, bucket */
    SUBDOMAIN_MAX = 253,    /* characters of a domain, or of a key of a Secret */
    STATEFUL_NAME_MAX = 52, /* characters of a service with disks: its pods' label
                               controller-revision-hash adds a dash and 10 characters */
    CRON_NAME_MAX = 52,     /* characters of a CronJob's name, MODULE-NAME: its Jobs' names add a
                               dash and 10 digits */
    PORT_NAME_MAX = 15,     /* characters of a port's name */
    HTTP_PATH_MAX = 1024,   /* characters of a path */
    IMAGE_MAX = 255,        /* characters of an image before its tag, or of a registry */
    TAG_MAX = 128,          /* characters of an image's tag */
    EKS_CLUSTER_MAX = 100,  /* characters of a cluster's name in EKS */
    IAM_POLICIES_MAX = 20,  /* policies attached to a role */
    IAM_INLINE_MAX = 10240, /* characters of a role's own policies, white space not counted:
                               IAM's quota */
};

#endif
