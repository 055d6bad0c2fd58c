/* What the flags say. Both programs fill it in; the library reads it and nothing else of the
 * outside world but the files that it names. */
#ifndef OPTASVC_OPTIONS_H
#define OPTASVC_OPTIONS_H

#include "base/str.h"

struct usage;

/* The values of a flag that may be repeated, in the order given. */
struct option_list {
    const char **items;
    size_t count;
};

struct options {
    struct option_list files;     /* -f: files, folders, "-" */
    bool recursive;               /* -R */
    const char *environment;      /* --env; NULL: the only one */
    const char *environment_file; /* --env-file; NULL: the environment's own path */
    const char *parent_outputs;   /* --parent-outputs: JSON of `terraform output -json` */
    struct option_list variables; /* --var K=V */
    struct option_list modules;   /* --module; empty: all */
    const char *image_tag;        /* --image-tag */
    const char *image_digest;     /* --image-digest */
    const char *registry;         /* --registry */
    const char *namespace;        /* -n; NULL: the layer's name */
    const char *output;           /* -o */
    const char *color;            /* --color */
    bool help;                    /* --help */
    bool applies_nothing;         /* the command uses only the services' names and secrets */
    bool read_again;              /* the files, by apply: skipped files are reported then */
    struct usage *usage;          /* which of these have an effect (usage.h); NULL: not recorded */

    /* Of injecting services into manifests that others wrote (inject.h). Image and port may be
     * left out there, and what is left out changes nothing. */
    bool injects;
    bool secrets_only;    /* with `injects`: no chart is at hand, only what `secrets` says counts */
    const char *workload; /* --workload KIND/NAME */
    const char *container; /* --container */
    const char *service;   /* --service */
    const char *ingress;   /* --ingress */
    const char *log_file;  /* --log-file */
    const char *report;    /* --report */
    bool dry_run;          /* --dry-run */
    bool require_input;    /* --require-input: no manifests are an error */

    /* Of commands that talk to a cluster. Those that kubectl has too are handed to it. */
    const char *kubeconfig;
    const char *context;
    const char *cluster;
    const char *user;
    const char *as;
    const char *request_timeout;
    const char *kuberc;       /* --kuberc: kuberc.h */
    const char *verbosity;    /* -v */
    const char *dry_run_mode; /* --dry-run=client, server or none */
    const char *wait;         /* --wait=true or false */
    const char *timeout;      /* --timeout: duration_read() takes it */
    const char *prune;        /* --prune=service or layer */
    bool force_conflicts;
    bool adopt; /* --adopt: take over what others created */
    bool rollback_on_failure;
    bool yes;
    bool with_namespace;
    bool with_storage;
    bool watch;
    bool follow;
    bool previous;
    const char *from_file;
    bool allow_empty;
    bool trim_newline;
    bool show;
    bool no_restart;
    const char *tail;
    const char *since;

    /* Of commands that push images. */
    const char *image;            /* --image, or the argument of push: an image of this machine */
    const char *tag;              /* --tag; NULL: the image's own */
    bool create;                  /* --create */
    const char *tool;             /* --tool; NULL: the first that is there */
    const char *image_repository; /* whose image_tag or image_digest it is; NULL: of all that lack
                                     one */
};

#endif
