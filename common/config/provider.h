/* The interface of a provider: a cloud, or a local cluster. The providers are implemented in
 * cloud/; struct environment has a table of them. */
#ifndef OPTASVC_PROVIDER_H
#define OPTASVC_PROVIDER_H

#include "config/schema.h"
#include "format/name.h"

enum cloud { CLOUD_NONE, CLOUD_AWS, CLOUD_GOOGLE, CLOUD_AZURE, CLOUD_LOCAL, CLOUD_COUNT };

struct environment; /* environment.h */
struct scope;       /* interpolate.h */
struct module;      /* module.h */
struct link;

/* Reads the keys of a provider into the environment. Reports invalid values. */
typedef void provider_read(const struct schema_reader *reader, const struct record *record,
                           struct environment *ret);

/* Sets `ret` to the value of an output of a module of type LINK_CLOUD. Reports an error at `at` and
 * returns false if the value is unknown. */
typedef bool provider_output(struct scope *scope, struct module *module, struct str output,
                             struct location at, struct str *ret);

/* Returns the registry for `image: AUTO`; empty if unknown. */
typedef struct str provider_registry(struct arena *arena, const struct environment *environment);

/* Warns that a link grants no permissions, and explains how to grant them to `account`, the
 * identity of the pods. `account`: empty if not set. */
typedef void provider_warn_link(struct scope *scope, const struct link *link, struct str account);

/* An annotation of Services of type LoadBalancer. A row without a name is the last. */
struct load_balancer_annotation {
    const char *name;
    const char *value;
};

struct provider {
    enum cloud cloud;
    enum field_id field;     /* in `providers`; unused for CLOUD_NONE */
    const char *title;       /* name in messages: "AWS" */
    bool is_local;           /* a local cluster, which accepts modules of any cloud */
    bool renders_objects;    /* objects are rendered for controllers that create its resources */
    bool has_flat_names;     /* names of repositories are opta-LAYER-MODULE; else LAYER/MODULE */
    provider_read *read;     /* NULL if it has no keys */
    provider_output *output; /* NULL: outputs come from the environment's outputs */
    provider_registry *registry;     /* NULL if it has none */
    const char *registry_hint;       /* hint if the registry is unknown */
    provider_warn_link *warn_link;   /* NULL if no warning is needed */
    const char *identity_annotation; /* of ServiceAccounts, with the identity; NULL if none */
    enum field_id identity_field;    /* field of a service with the identity */
    name_check *check_identity;
    /* Of a Service of type LoadBalancer, for all clients or for internal ones. NULL: none; internal
     * load balancers then need annotations of the service file. */
    const struct load_balancer_annotation *external_load_balancer;
    const struct load_balancer_annotation *internal_load_balancer;
    const char *pod_label; /* label of pods with the identity, with value "true"; or NULL */
};

#endif
