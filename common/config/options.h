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

/* What the files are read for, which decides what they must say and what counts of it. */
enum read_mode {
    READ_SERVICES, /* all of it is made */
    READ_AGAIN,    /* as READ_SERVICES, by apply later: skipped files are reported then */
    READ_NAMES,    /* only the services' names and secrets are used, so flags may have no effect */
    READ_CHART,    /* injected into manifests that others wrote (inject.h): image and port may be
                      left out, and what is left out changes nothing */
    READ_SECRETS,  /* no chart is at hand, only what `secrets` says counts, of files for one too */
};

/* True if the files may be those for a chart. */
static inline bool read_mode_injects(enum read_mode mode)
{
    return mode == READ_CHART || mode == READ_SECRETS;
}

/* Of what reads service files. */
struct input_options {
    struct option_list files;     /* -f: files, folders, "-" */
    bool recursive;               /* -R */
    const char *environment;      /* --env; NULL: the only one */
    const char *environment_file; /* --env-file; NULL: the environment's own path */
    const char *parent_outputs;   /* --parent-outputs: JSON of `terraform output -json` */
    struct option_list variables; /* --var K=V */
    struct option_list modules;   /* --module; empty: all */
    const char *image_tag;        /* --image-tag */
    const char *image_digest;     /* --image-digest */
    const char *image_repository; /* whose image_tag or image_digest it is; NULL: of all that lack
                                     one */
    const char *registry;         /* --registry */
    const char *namespace;        /* -n; NULL: the layer's name */
    enum read_mode mode;
    struct usage *usage; /* which of these have an effect (usage.h); NULL: not recorded */
};

/* Of injecting services into manifests. */
struct inject_options {
    const char *workload;  /* --workload KIND/NAME */
    const char *container; /* --container */
    const char *service;   /* --service */
    const char *ingress;   /* --ingress */
    const char *log_file;  /* --log-file */
    const char *report;    /* --report */
    bool dry_run;          /* --dry-run */
    bool require_input;    /* --require-input: no manifests are an error */
};

/* Of commands that talk to a cluster. Those that kubectl has too are handed to it. */
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
    const char *timeout;      /* --timeout: duration_parse() takes it */
    const char *prune;        /* --prune=service or layer */
    bool force_conflicts;
    bool adopt; /* --adopt: take over what others created */
    bool rollback_on_failure;
};

struct delete_options {
    bool with_namespace;
    bool with_storage;
};

struct logs_options {
    bool follow;
    bool previous;
    const char *tail;
    const char *since;
};

struct secret_options {
    const char *from_file;
    bool allow_empty;
    bool trim_newline;
    bool show;
    bool no_restart;
};

/* Of commands that push images. */
struct push_options {
    const char *image; /* --image, or the argument of push: an image of this machine */
    const char *tag;   /* --tag; NULL: the image's own */
    bool create;       /* --create */
    const char *tool;  /* --tool; NULL: the first that is there */
};

/* All of them, which the command line fills in. What is below the commands is handed its own. */
struct options {
    struct input_options input;
    struct inject_options inject;
    struct kubectl_options kubectl;
    struct apply_options apply;
    struct delete_options delete;
    struct logs_options logs;
    struct secret_options secret;
    struct push_options push;
    const char *output; /* -o */
    const char *color;  /* --color */
    bool help;          /* --help */
    bool watch;         /* -w */
    bool yes;           /* --yes: nothing is asked */
};

#endif
