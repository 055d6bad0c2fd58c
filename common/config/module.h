/* The modules of a file: which types there are, and what a service gets that links to one. */
#ifndef OPTASVC_MODULE_H
#define OPTASVC_MODULE_H

#include "base/map.h"
#include "config/environment.h"

enum link_kind {
    LINK_NONE,    /* only by naming outputs */
    LINK_SERVICE, /* another k8s-service: its host and port */
    LINK_SECRET,  /* credentials from a Secret */
    LINK_CLOUD,   /* cloud permissions */
};

struct module_type {
    const char *name; /* without aws-, gcp-, azure-, local-, unless only that cloud has it */
    enum link_kind link;
    const char *const *outputs;             /* ended by NULL; LINK_SECRET: the Secret's keys */
    enum cloud cloud;                       /* LINK_CLOUD */
    const char *service;                    /* CLOUD_AWS: what it is called in ARNs; else NULL */
    const char *const *permissions;         /* LINK_CLOUD: ended by NULL */
    const char *const *default_permissions; /* LINK_CLOUD: ended by NULL */
    const struct output_field *fields;      /* outputs that are the value of a field; ended by a
                                               row of NULL, or NULL */
    const struct schema *schema;            /* of its own fields; NULL: not known */
};

/* What stands before a type's name for one cloud, such as "aws-", ended by NULL. */
extern const char *const module_prefixes[];

/* All types, ended by one without a name. */
extern const struct module_type module_types[];

/* An output that is the value of a field. */
struct output_field {
    const char *output;
    const char *field;
};

struct cloud_resource; /* aws_resource.h */

/* How far something is read that refers to others, which is read once. */
enum known { KNOWN_UNREAD, KNOWN_READING, KNOWN_READ, KNOWN_INVALID };

/* An output that the module itself has: in `outputs`, or in a field. */
struct module_output {
    struct str name;
    const struct node *node;
    enum known known;
    struct str text; /* KNOWN_READ */
};

struct module {
    struct str name;
    struct str type;                /* as written */
    const struct module_type *kind; /* NULL: a type that Opta did not have */
    const struct node *node;
    struct location name_at;          /* its name, or its type where it is named after that */
    const struct record *credentials; /* LINK_SECRET: what module_read_credentials() found */
    struct module_output *outputs;
    size_t output_count;
    struct map output_names; /* the same by name */
    bool broken;  /* an error was reported: what refers to it is no further mistake, and `type` may
                     be  a guess */
    bool unnamed; /* `name` is a guess or empty: it may be the module that any name refers to */
    enum known known;                      /* CLOUD_AWS: how far this is read: */
    const struct cloud_resource *resource; /* what it is in AWS (aws_resource.h) */
};

/* The type of a name, with or without a cloud's prefix; NULL when there is none. `local`: the file
 * is for a cluster on this machine, where redis has no password. */
const struct module_type *module_type_find(struct str name, bool local);

/* How near a type is to k8s-service: a misspelling of it that is no other type is near. */
enum type_likeness { TYPE_OTHER, TYPE_NEAR, TYPE_SERVICE };
enum type_likeness module_type_likeness(struct arena *arena, struct str type);

/* The field that has the value of an output of a type, or NULL. `type` may be NULL. */
const char *module_type_field(const struct module_type *type, struct str output);

/* True for an output that must not appear in a file: a password, or a text with one. */
bool module_output_is_secret(const struct module *module, struct str output);

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

/* Reports at `at` that no module has this name, unless the name of one could not be read. */
void module_report_missing(const struct schema_reader *reader, const struct module *modules,
                           size_t count, struct str name, struct location at);

/* A link from a service to a module. */
struct link {
    struct module *module;
    const struct node *node; /* the target's name, as written in the link */
    struct item *variables;  /* .name is the output, .text the variable */
    size_t variable_count;
    struct str *permissions; /* LINK_CLOUD */
    size_t permission_count;
};

/* Reads a service's `links`: names, NAME: [permission, ...], NAME: {output: variable, ...}. */
struct link *links_read(const struct schema_reader *reader, const struct node *links,
                        struct module *modules, size_t module_count, size_t *ret_count);

/* What the variables with the address of a linked service begin with: its name in upper case. */
struct str link_service_prefix(struct arena *arena, const struct module *module);

/* The variable that an output of a module gets unless the link renames it: NAME_output. */
struct str link_variable(struct arena *arena, const struct module *module, struct str output);

#endif
