/* The values of the flags. Both programs set them. The library has no other input than these and
 * the files that they name. */
#ifndef OPTASVC_OPTIONS_H
#define OPTASVC_OPTIONS_H

#include "base/str.h"

struct usage;

/* The values of a repeatable flag, in their order on the command line. */
struct option_list {
    const char **items;
    size_t count;
};

/* Why files are read: determines which fields are required and which are used. */
enum read_mode {
    READ_SERVICES, /* all objects are generated */
    READ_TO_PUSH, /* like READ_SERVICES, but skipped files are not reported: apply, which runs after
                     the push, reads the files again and reports them */
    READ_NAMES,   /* only names and secrets of services are used, so flags may have no effect */
    READ_CHART, /* services are injected into manifests (inject.h): image and port are optional, and
                   a field that is not set changes nothing */
    READ_SECRETS, /* only `secrets` is used, also of files for a chart */
};

/* True if the files may be for a chart. */
static inline bool read_mode_is_for_chart(enum read_mode mode)
{
    return mode == READ_CHART || mode == READ_SECRETS;
}

/* Flags of commands that read service files. */
struct input_options {
    struct option_list files;     /* -f: files, directories, "-" */
    bool recursive;               /* -R */
    const char *environment;      /* --env; NULL: the only environment */
    const char *environment_file; /* --env-file; NULL: `path` of the environment */
    const char *parent_outputs;   /* --parent-outputs: JSON of `terraform output -json` */
    struct option_list variables; /* --var K=V */
    struct option_list modules;   /* --module; empty: all */
    const char *module_hint;      /* added to the error for an unknown --module; or NULL */
    const char *image_tag;        /* --image-tag */
    const char *image_digest;     /* --image-digest */
    const char *image_repository; /* image_tag and image_digest apply only to this repository; NULL:
                                     to all images without a tag or digest */
    const char *registry;         /* --registry */
    const char *namespace;        /* -n; NULL: name of the layer */
    struct option_list allow;     /* --allow RULE[,RULE]: their warnings are not reported */
    bool strict;                  /* --strict: warnings about the files are errors */
    enum read_mode mode;
    struct usage *usage; /* records which of these have an effect (usage.h); NULL: not recorded */
};

/* Flags for the injection of services into manifests. */
struct inject_options {
    const char *workload;  /* --workload KIND/NAME */
    const char *container; /* --container */
    const char *service;   /* --service */
    const char *ingress;   /* --ingress */
    const char *log_file;  /* --log-file */
    const char *report;    /* --report */
    const char *format;    /* -o: of the report; NULL: text on stderr, JSON in the file */
    bool dry_run;          /* --dry-run */
    bool diff;             /* --diff: print what changes instead of the manifests */
    bool diff_color;       /* color the diff; set by the filter */
    bool require_input;    /* --require-input: fail if there are no manifests */
    bool convert_ingress;  /* --convert-ingress */
    bool best_effort;      /* --best-effort: convert also what loses settings */
};

/* Flags that describe a Gateway, like `gateway` of an environment file. */
struct gateway_options {
    const char *name; /* --gateway NAMESPACE/NAME */
    const char *type; /* --type; NULL: standard */
    const char *listener;
    const char *http_listener;
    const char *session_persistence; /* NULL: none */
    bool listener_sets;
};

/* Flags that select services by the labels of their objects, without files. */
struct label_options {
    bool all_namespaces;  /* --all-namespaces */
    const char *selector; /* --selector; NULL: any */
};

/* Flags of commands that access a cluster. Those that kubectl has are passed to it. */
struct kubectl_options {
    const char *kubeconfig;
    const char *context;
    const char *cluster;
    const char *user;
    const char *as;
    const char *request_timeout;
    const char *kuberc;    /* --kuberc: kuberc.h */
    const char *verbosity; /* -v */
};

struct apply_options {
    const char *dry_run_mode; /* --dry-run=client, server or none */
    const char *wait;         /* --wait=true or false */
    const char *timeout;      /* --timeout, for duration_parse() */
    const char *prune;        /* --prune=service or layer */
    bool force_conflicts;
    bool adopt; /* --adopt: take ownership of objects that others created */
    bool rollback_on_failure;
};

struct rollback_options {
    const char *to_revision; /* NULL: the previous one */
};

struct delete_options {
    bool delete_namespace;
    bool delete_volumes;
    const char *timeout; /* for duration_parse(); NULL: none */
};

struct logs_options {
    bool follow;
    bool previous;
    bool timestamps;
    bool pre_deploy; /* --pre-deploy: of the Job instead of the workload */
    const char *tail;
    const char *since;
};

struct secret_options {
    const char *from_file;
    bool allow_empty;
    bool trim_newline;
    bool show_values;
    bool no_restart;
};

/* Flags of commands that push images. */
struct push_options {
    const char *image; /* --image, or the argument of push: a local image */
    const char *tag;   /* --tag; NULL: the tag of the image */
    bool create_repository;
    const char *container_tool; /* NULL: the first in PATH */
};

/* Flags that describe a new service file. */
struct init_options {
    const char *from_compose;   /* --from-compose: a Compose file */
    const char *from_manifests; /* --from-manifests: Kubernetes objects */
    const char *image;
    const char *port; /* --port [TYPE:]NUMBER, or none */
    const char *healthcheck_path;
    const char *host;             /* --host: public_uri */
    struct option_list variables; /* --env-var NAME=VALUE */
    const char *output_file;      /* --output-file; NULL: stdout */
    bool force;                   /* --force: overwrite it */
};

/* All flags. Each part of the library receives only the groups that it reads. */
struct options {
    struct input_options input;
    struct inject_options inject;
    struct gateway_options gateway;
    struct label_options labels;
    struct kubectl_options kubectl;
    struct apply_options apply;
    struct rollback_options rollback;
    struct delete_options delete;
    struct logs_options logs;
    struct secret_options secret;
    struct push_options push;
    struct init_options init;
    const char *output;    /* -o */
    const char *container; /* -c of logs and shell; NULL: that of the service */
    const char *color;     /* --color */
    bool help;             /* --help */
    bool watch;            /* -w */
    bool yes;              /* --yes: do not prompt */
    bool explain;          /* --explain of render */
    bool recursive_fields; /* --recursive of explain */
    bool rules;            /* --rules of explain */
};

#endif
