/* The modules of a file: which types there are, and what a service gets that links to one. */
#ifndef OPTASVC_MODULE_H
#define OPTASVC_MODULE_H

#include "config/schema.h"

enum link_kind {
    LINK_NONE,    /* not a thing to link to */
    LINK_SERVICE, /* another k8s-service: its host and port */
    LINK_SECRET,  /* credentials from a Secret */
    LINK_CLOUD,   /* cloud permissions */
};

struct module_type {
    const char *name; /* without aws-, gcp-, azure-, local-, unless only that cloud has it */
    enum link_kind link;
    const char *const *outputs;             /* ended by NULL; LINK_SECRET: the Secret's keys */
    const char *service;                    /* LINK_CLOUD: what AWS calls it in ARNs */
    const char *const *permissions;         /* LINK_CLOUD: ended by NULL */
    const char *const *default_permissions; /* LINK_CLOUD: ended by NULL */
    const char *known_output; /* others: an output that a field of the module tells, */
    const char *known_field;  /* and that field */
};

struct cloud_resource; /* aws_resource.h */

struct module {
    struct str name;
    struct str type;                /* as written */
    const struct module_type *kind; /* NULL: a type that Opta did not have */
    const struct node *node;
    bool incomplete; /* its type or name was reported: `kind` or `name` is a guess, or empty */
    struct location name_at;          /* its name, or its type where it is named after that */
    const struct record *credentials; /* LINK_SECRET: what module_read_credentials() found */
    enum { KNOWN_UNREAD, KNOWN_READING, KNOWN_READ, KNOWN_WRONG } known; /* filled in once: */
    struct str known_text;                                               /* its known_output, */
    const struct cloud_resource *resource; /* LINK_CLOUD: what it is in AWS (aws_resource.h) */
};

/* The type of a name, with or without a cloud's prefix; NULL when there is none. `local`: the file
 * is for a cluster on this machine, where redis has no password. */
const struct module_type *module_type_find(struct str name, bool local);

/* How near a type is to k8s-service: a misspelling of it that is no other type is near. */
enum type_likeness { TYPE_OTHER, TYPE_NEAR, TYPE_SERVICE };
enum type_likeness module_type_likeness(struct arena *arena, struct str type);

/* The value of an output that the module's own field tells, or NULL. */
const struct node *module_known_output(const struct module *module, struct str output);

bool module_is_service(const struct module *module);

/* Reads the list of modules; reports what is wrong with their types and names. `modules` may be
 * NULL (the file has none). */
struct module *modules_read(const struct schema_reader *reader, const struct node *modules,
                            bool local, size_t *ret_count);

/* Reads which Secret holds the credentials that a LINK_SECRET module hands out; reports names that
 * Kubernetes would refuse. */
void module_read_credentials(const struct schema_reader *reader, struct module *module);

/* The Secret with the module's outputs, and the key of one of them there. */
struct str module_secret(const struct module *module);
struct str module_secret_key(const struct module *module, struct str output);

/* The module of a name, or NULL. */
struct module *module_find(struct module *modules, size_t count, struct str name);

/* A link from a service to a module. */
struct link {
    struct module *module;
    const struct node *node; /* the target's name, as written in the link */
    struct item *variables;  /* LINK_SECRET: .name is the output, .text the variable */
    size_t variable_count;
    struct str *permissions; /* LINK_CLOUD */
    size_t permission_count;
};

/* Reads a service's `links`: names, NAME: [permission, ...], NAME: [{output: variable, ...}]. */
struct link *links_read(const struct schema_reader *reader, const struct node *links,
                        struct module *modules, size_t module_count, size_t *ret_count);

/* What the variables with the address of a linked service begin with: its name in upper case. */
struct str link_service_prefix(struct arena *arena, const struct module *module);

/* The variable that an output of a module gets unless the link renames it: NAME_output. */
struct str link_variable(struct arena *arena, const struct module *module, struct str output);

#endif
