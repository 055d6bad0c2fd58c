/* The flags of both programs, one row each: the source of parsing, help, man pages and
 * completion. */
#ifndef OPTASVC_FLAGS_H
#define OPTASVC_FLAGS_H

#include "config/options.h"

enum flag_id {
    FLAG_FILENAME,
    FLAG_RECURSIVE,
    FLAG_ENV,
    FLAG_ENV_FILE,
    FLAG_VAR,
    FLAG_IMAGE_TAG,
    FLAG_IMAGE_DIGEST,
    FLAG_REGISTRY,
    FLAG_PARENT_OUTPUTS,
    FLAG_MODULE,
    FLAG_NAMESPACE,
    FLAG_ALLOW,
    FLAG_STRICT,
    FLAG_ALL_NAMESPACES,
    FLAG_SELECTOR,
    FLAG_OUTPUT,
    FLAG_WORKLOAD,
    FLAG_CONTAINER,
    FLAG_SERVICE,
    FLAG_INGRESS,
    FLAG_LOG_FILE,
    FLAG_REPORT,
    FLAG_DRY_RUN,
    FLAG_DIFF,
    FLAG_REQUIRE_INPUT,
    FLAG_CONVERT_INGRESS,
    FLAG_BEST_EFFORT,
    FLAG_MANIFESTS,
    FLAG_GATEWAY,
    FLAG_GATEWAY_TYPE,
    FLAG_LISTENER,
    FLAG_HTTP_LISTENER,
    FLAG_LISTENER_SETS,
    FLAG_SESSION_PERSISTENCE,
    FLAG_KUBECONFIG,
    FLAG_CONTEXT,
    FLAG_CLUSTER,
    FLAG_USER,
    FLAG_AS,
    FLAG_REQUEST_TIMEOUT,
    FLAG_KUBERC,
    FLAG_VERBOSITY,
    FLAG_DRY_RUN_MODE,
    FLAG_WAIT,
    FLAG_TIMEOUT,
    FLAG_PRUNE,
    FLAG_FORCE_CONFLICTS,
    FLAG_ADOPT,
    FLAG_ROLLBACK_ON_FAILURE,
    FLAG_TO_REVISION,
    FLAG_YES,
    FLAG_DELETE_NAMESPACE,
    FLAG_DELETE_VOLUMES,
    FLAG_DELETE_TIMEOUT,
    FLAG_WATCH,
    FLAG_FOLLOW,
    FLAG_PREVIOUS,
    FLAG_POD_CONTAINER,
    FLAG_TIMESTAMPS,
    FLAG_PRE_DEPLOY,
    FLAG_FROM_FILE,
    FLAG_ALLOW_EMPTY,
    FLAG_TRIM_NEWLINE,
    FLAG_SHOW_VALUES,
    FLAG_NO_RESTART,
    FLAG_TAIL,
    FLAG_SINCE,
    FLAG_IMAGE,
    FLAG_TAG,
    FLAG_CREATE_REPOSITORY,
    FLAG_CONTAINER_TOOL,
    FLAG_EXPLAIN,
    FLAG_RECURSIVE_FIELDS,
    FLAG_RULES,
    FLAG_FROM_COMPOSE,
    FLAG_FROM_MANIFESTS,
    FLAG_INIT_IMAGE,
    FLAG_INIT_PORT,
    FLAG_INIT_HEALTHCHECK_PATH,
    FLAG_INIT_HOST,
    FLAG_INIT_ENV_VAR,
    FLAG_OUTPUT_FILE,
    FLAG_FORCE,
    FLAG_COLOR,
    FLAG_HELP,
    FLAG_COUNT,
};

/* The flags of a command: FLAG_LIST(FLAGS_RENDER, FLAG_OUTPUT). */
#define FLAG_LIST(...)                                                                             \
    (const enum flag_id[])                                                                         \
    {                                                                                              \
        __VA_ARGS__, FLAG_COUNT                                                                    \
    }

/* True if a FLAG_LIST() contains a flag. `flags` may be NULL. */
bool flag_list_has(const enum flag_id *flags, enum flag_id id);

/* Flags of commands that read service files. */
#define FLAGS_FILES                                                                                \
    FLAG_FILENAME, FLAG_RECURSIVE, FLAG_ENV, FLAG_ENV_FILE, FLAG_VAR, FLAG_REGISTRY,               \
        FLAG_PARENT_OUTPUTS, FLAG_MODULE

/* Flags of commands that render service files. */
#define FLAGS_RENDER                                                                               \
    FLAGS_FILES, FLAG_IMAGE_TAG, FLAG_IMAGE_DIGEST, FLAG_NAMESPACE, FLAG_ALLOW, FLAG_STRICT

/* Flags of commands that access a cluster, in addition to FLAGS_RENDER. */
#define FLAGS_KUBECTL                                                                              \
    FLAG_KUBECONFIG, FLAG_CONTEXT, FLAG_CLUSTER, FLAG_USER, FLAG_AS, FLAG_REQUEST_TIMEOUT,         \
        FLAG_KUBERC, FLAG_VERBOSITY

enum flag_type {
    FLAG_TYPE_BOOL,
    FLAG_TYPE_STRING,
    FLAG_TYPE_LIST,
    FLAG_TYPE_CHOICE, /* --NAME=VALUE; --NAME means the first choice */
};

struct flag {
    const char *name;
    char short_name; /* 0 if none */
    enum flag_type type;
    const char *argument; /* name of the value in help */
    const char *help;
    size_t offset; /* of the member of struct options */
    const char *const *choices;
    /* Returns NULL if the value is valid, else "must be ...". NULL: any string is valid. */
    const char *(*check)(struct str value);
};

extern const struct flag flag_table[FLAG_COUNT];

/* A former flag name: accepted with a warning, not listed in help, man pages or completion. */
struct flag_alias {
    const char *name;
    enum flag_id id;
};

extern const struct flag_alias flag_aliases[]; /* ended by a NULL name */

#endif
