/* The flags of both programs: one row each, from which command lines are read, and help, man pages
 * and completion are made. */
#ifndef OPTASVC_FLAGS_H
#define OPTASVC_FLAGS_H

#include "config/options.h"

/* The flags there are; a command takes those whose bits it names: FLAG(FILENAME) | FLAG(ENV). */
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
    FLAG_OUTPUT,
    FLAG_WORKLOAD,
    FLAG_CONTAINER,
    FLAG_SERVICE,
    FLAG_INGRESS,
    FLAG_LOG_FILE,
    FLAG_REPORT,
    FLAG_DRY_RUN,
    FLAG_REQUIRE_INPUT,
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
    FLAG_YES,
    FLAG_WITH_NAMESPACE,
    FLAG_WITH_STORAGE,
    FLAG_WATCH,
    FLAG_FOLLOW,
    FLAG_PREVIOUS,
    FLAG_FROM_FILE,
    FLAG_ALLOW_EMPTY,
    FLAG_TRIM_NEWLINE,
    FLAG_SHOW,
    FLAG_NO_RESTART,
    FLAG_TAIL,
    FLAG_SINCE,
    FLAG_IMAGE,
    FLAG_TAG,
    FLAG_CREATE,
    FLAG_TOOL,
    FLAG_COLOR,
    FLAG_HELP,
    FLAG_COUNT,
};

typedef uint64_t flag_bits;

#define FLAG(id) (UINT64_C(1) << FLAG_##id)

/* Flags that every command takes. */
#define FLAGS_EVERYWHERE (FLAG(COLOR) | FLAG(HELP))

/* What renders takes. */
#define FLAGS_RENDER                                                                               \
    (FLAG(FILENAME) | FLAG(RECURSIVE) | FLAG(ENV) | FLAG(ENV_FILE) | FLAG(VAR) | FLAG(IMAGE_TAG) | \
     FLAG(IMAGE_DIGEST) | FLAG(REGISTRY) | FLAG(PARENT_OUTPUTS) | FLAG(MODULE) | FLAG(NAMESPACE))

/* What every command takes that talks to a cluster, beside FLAGS_RENDER. */
#define FLAGS_KUBECTL                                                                              \
    (FLAG(KUBECONFIG) | FLAG(CONTEXT) | FLAG(CLUSTER) | FLAG(USER) | FLAG(AS) |                    \
     FLAG(REQUEST_TIMEOUT) | FLAG(KUBERC) | FLAG(VERBOSITY))

enum flag_type {
    FLAG_TYPE_BOOL,
    FLAG_TYPE_STRING,
    FLAG_TYPE_LIST,
    FLAG_TYPE_CHOICE, /* --NAME=WORD, or --NAME alone, which means the first word */
};

struct flag {
    const char *name;
    char short_name; /* 0: none */
    enum flag_type kind;
    const char *argument; /* what help calls the value */
    const char *help;
    size_t offset; /* in struct options */
    const char *const *choices;
    /* Returns what a value must be, "must be ..."; NULL if it is valid. NULL: any text. */
    const char *(*check)(struct str value);
};

extern const struct flag flag_table[FLAG_COUNT];

#endif
