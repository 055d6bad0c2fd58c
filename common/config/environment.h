/* Where a layer is deployed: the environment file, read once its path is known. */
#ifndef OPTASVC_ENVIRONMENT_H
#define OPTASVC_ENVIRONMENT_H

#include "base/map.h"
#include "config/gateway.h"
#include "config/options.h"
#include "config/provider.h"

/* What `{parent.NAME}` reads. */
struct output {
    struct str name;
    struct str text;
    bool sensitive; /* Terraform's word for it: may not appear in a manifest */
    bool unusable;  /* null, a list or a map */
    bool of_flag;   /* from --parent-outputs */
    struct location at;
};

/* An item of a k8s-base module's nginx_extra_tcp_ports: a port at which Opta's ingress-nginx passed
 * TCP on to the Service with that port. */
struct extra_tcp_port {
    struct extra_tcp_port *next;
    struct extra_tcp_port *self;
    struct str number; /* as it is written */
    struct location at;
    bool used; /* a service has that port */
};

struct environment {
    const struct input_options *options; /* whose usage is recorded */
    struct str name;      /* what `--env` calls it; empty: the file has no environment */
    struct str file_name; /* the environment file's own name; empty: there is none */
    const struct value *variables[2];        /* `variables` and `vars` of its entry; NULL: none */
    const struct provider *const *providers; /* all, by their `enum cloud` */
    const struct provider *provider;         /* that of CLOUD_NONE: it has none */
    struct location provider_at;
    struct str region;     /* empty: not known */
    struct str account_id; /* empty: not known */
    struct str project;    /* of Google; empty: not known */
    struct location project_at;
    struct output *outputs;
    size_t output_count;
    struct str registry; /* empty: not known */
    struct str ingress_class;
    enum flavour_id flavour;                /* of that class */
    bool has_ingress_class;                 /* the file has ingress_class or ingress_controller */
    bool has_ingress_controller;            /* the file has ingress_controller */
    const struct gateway *gateway;          /* replaces the Ingresses; NULL: there are Ingresses */
    struct str internal_class;              /* of the Ingresses of internal services; empty: none */
    enum flavour_id internal_flavour;       /* of that class */
    const struct gateway *internal_gateway; /* replaces those Ingresses; NULL: none */
    struct str tls_secret;                  /* empty: none */
    struct str cluster_issuer;              /* empty: none */
    bool ack;                               /* AWS objects are made, for the ACK controllers */
    struct str cluster_name;                /* of EKS; empty: not known */
    struct str secret_store; /* that `secrets` come from; empty: from the Secret manual-secrets */
    struct str secret_store_kind;
    struct str secret_prefix;               /* of the store's keys */
    struct extra_tcp_port *extra_tcp_ports; /* in no particular order */
    struct map extra_tcp_port_numbers;      /* the same by their numbers */
    const char *unread_path; /* its file, which nothing needed so far; NULL: it was read */
    struct location unread_at;
};

/* Chooses the environment of a service file and reads its file and the outputs that the flags name.
 * `file` is the service file's record; it is the environment file too where it has no environments.
 * `providers`: all, by their `enum cloud`, because clouds are a layer above. Reports and returns
 * false when there is none to choose or its file cannot be read. */
bool environment_read(const struct schema_reader *reader, const struct record *file,
                      const struct input_options *options, const struct provider *const *providers,
                      struct environment *ret);

/* Reads the text of a field, if it is there, into `ret`; reports one that is no such name. */
void environment_set_checked(const struct schema_reader *reader, const struct record *record,
                             enum field_id field, name_check *check, struct str *ret);

/* Reads the environment file that nothing needed so far, if there is one. Reports and returns false
 * if it cannot be read. */
bool environment_read_all(const struct schema_reader *reader, struct environment *environment);

/* The output of a name, or NULL. One of --parent-outputs is recorded as used. */
const struct output *environment_output(const struct environment *environment, struct str name);

/* Reports at `at` and returns false if an output has no text that may appear in a manifest. */
bool environment_output_check(const struct output *output, struct diags *diags, struct location at);

#endif
