/* The environment that a layer is deployed to. */
#ifndef OPTASVC_ENVIRONMENT_H
#define OPTASVC_ENVIRONMENT_H

#include "base/map.h"
#include "config/gateway.h"
#include "config/options.h"
#include "config/provider.h"

/* An output of the environment, which `{parent.NAME}` reads. */
struct environment_output {
    struct str name;
    struct str text;
    bool sensitive;     /* marked so by Terraform: must not appear in a manifest */
    bool is_not_string; /* null, a list or a map */
    bool from_flag;     /* from --parent-outputs */
    struct location at;
};

/* An item of nginx_extra_tcp_ports in a k8s-base module: Opta's ingress-nginx forwarded this TCP
 * port to the Service with the same port. */
struct extra_tcp_port {
    struct extra_tcp_port *next;
    struct extra_tcp_port *self; /* this struct; maps return const pointers */
    struct str number;           /* as written */
    struct location at;
    bool is_used; /* a service has this port */
};

/* An entry of `environments` has variables in the maps `variables` and `vars`. */
enum { VARIABLE_MAPS = 2 };

struct environment {
    const struct input_options *options; /* their usage is recorded */
    const struct record *file; /* of the environment file; of the service file if that contains the
                                  environment; NULL if it was not read */
    struct str name;           /* name for `--env`; empty if the file has no environment */
    struct str file_name;      /* `name` in the environment file; empty if there is no such file */
    const struct value *variables[VARIABLE_MAPS]; /* of its entry; or NULL */
    const struct provider *const *providers;      /* indexed by `enum cloud` */
    const struct provider *provider;              /* that of CLOUD_NONE if the file has none */
    struct location provider_at;
    struct str region;     /* empty if unknown */
    struct str account_id; /* empty if unknown */
    struct str project;    /* Google project; empty if unknown */
    struct location project_at;
    struct environment_output **outputs;
    size_t output_count;
    struct map outputs_by_name; /* the first with each name */
    struct str registry;        /* empty if unknown */
    struct str ingress_class;
    enum flavour_id flavour;                /* flavour of ingress_class */
    bool has_ingress_class;                 /* the file has ingress_class or ingress_controller */
    bool has_ingress_controller;            /* the file has ingress_controller */
    const struct gateway *gateway;          /* replaces the Ingresses; NULL: there are Ingresses */
    struct str internal_class;              /* of the Ingresses of internal services; empty: none */
    enum flavour_id internal_flavour;       /* flavour of internal_class */
    const struct gateway *internal_gateway; /* replaces those Ingresses; NULL: none */
    struct str ingress_namespace;           /* of the proxies' pods; empty if not set */
    struct str tls_secret;                  /* empty if not set */
    struct str cluster_issuer;              /* empty if not set */
    bool uses_ack;           /* objects for the ACK controllers of AWS are generated */
    struct str cluster_name; /* EKS cluster; empty if unknown */
    struct str secret_store; /* source of `secrets`; empty for the Secret manual-secrets */
    struct str secret_store_kind;
    struct str secret_prefix;               /* prefix of the keys in the store */
    struct extra_tcp_port *extra_tcp_ports; /* linked list, unordered */
    struct map extra_tcp_port_numbers;      /* struct extra_tcp_port by number */
    const char *unread_path;                /* of the environment file; NULL if it has been read */
    struct location unread_at;
};

/* Selects the environment of a service file, and reads its file and the file of --parent-outputs.
 * `file`: the record of the service file, which is also the environment file if it has no
 * environments. `providers`: indexed by `enum cloud`; passed as an argument because this directory
 * may not include cloud/. Reports an error and returns false if no environment can be selected or
 * its file is invalid. */
bool environment_read(const struct schema_reader *reader, const struct record *file,
                      const struct input_options *options, const struct provider *const *providers,
                      struct environment *ret);

/* True for a field that belongs in an environment file. */
bool environment_has_field(const struct field *field);

/* Sets `ret` to the value of a field if it is set. Reports an error if `check` rejects the
 * value. */
void environment_set_checked(const struct schema_reader *reader, const struct record *record,
                             enum field_id field, name_check *check, struct str *ret);

/* Reads the environment file if environment_read() has deferred that. Reports an error and returns
 * false if the file is invalid. */
bool environment_read_deferred(const struct schema_reader *reader, struct environment *environment);

/* Returns the output with the given name; NULL if there is none. Records --parent-outputs as used
 * if the output is from there. */
const struct environment_output *environment_output_find(const struct environment *environment,
                                                         struct str name);

/* Reports an error at `at` and returns false if the output is not a string or is sensitive. */
bool environment_output_check(const struct environment_output *output, struct diags *diags,
                              struct location at);

#endif
