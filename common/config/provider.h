/* What a provider of `providers` means: a cloud, or a cluster on this machine. Each is a file
 * provider_NAME.c of cloud/, which is a layer above: the environment carries the table of them. */
#ifndef OPTASVC_PROVIDER_H
#define OPTASVC_PROVIDER_H

#include "config/schema.h"
#include "format/name.h"

enum cloud { CLOUD_NONE, CLOUD_AWS, CLOUD_GOOGLE, CLOUD_AZURE, CLOUD_LOCAL, CLOUD_COUNT };

struct environment; /* environment.h */
struct scope;       /* interpolate.h */
struct module;      /* module.h */
struct link;

/* Reads the keys of a provider into the environment; reports those that are invalid. */
typedef void provider_read(const struct schema_reader *reader, const struct record *record,
                           struct environment *ret);

/* Reads an output of a module of the cloud (LINK_CLOUD) into `ret`. Reports an error at `at` and
 * returns false if it is not known. */
typedef bool provider_output(struct scope *scope, struct module *module, struct str output,
                             struct location at, struct str *ret);

/* Returns the registry of `image: AUTO`; empty: not known. */
typedef struct str provider_registry(struct arena *arena, const struct environment *environment);

/* Warns that a link grants nothing, and tells how `account`, the identity of the pods, gets what it
 * asks for. `account` is empty where none is written. */
typedef void provider_grant(struct scope *scope, const struct link *link, struct str account);

/* An annotation of Services of type LoadBalancer. A row without a name is the last. */
struct load_balancer_annotation {
    const char *name;
    const char *value;
};

struct provider {
    enum cloud cloud;
    enum field_id field;         /* in `providers`; CLOUD_NONE: of no meaning */
    const char *title;           /* what a person calls it: "AWS" */
    bool local;                  /* a cluster on this machine, which may stand for any cloud */
    bool makes_objects;          /* controllers of the cluster make what services need of it */
    bool flat_names;             /* of repositories: opta-LAYER-MODULE; else LAYER/MODULE */
    provider_read *read;         /* NULL: it has no keys */
    provider_output *output;     /* NULL: the environment's outputs tell */
    provider_registry *registry; /* NULL: it has none */
    const char *registry_hint;   /* what to write where that is not known */
    provider_grant *grant;       /* NULL: an object grants it, or other means do */
    const char *annotation;      /* of a ServiceAccount, with its identity; NULL: it has none */
    enum field_id identity;      /* the field with that */
    name_check *identity_check;
    /* Of a Service of type LoadBalancer, for all clients or for internal ones. NULL: none; internal
     * load balancers then need annotations of the service file. */
    const struct load_balancer_annotation *external_load_balancer;
    const struct load_balancer_annotation *internal_load_balancer;
    const char *pod_label; /* of pods that have that identity, with the value "true"; NULL: none */
};

#endif
