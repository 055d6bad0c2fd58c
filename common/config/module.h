/* The modules of a file, their types, and links to them. */
#ifndef OPTASVC_MODULE_H
#define OPTASVC_MODULE_H

#include "base/map.h"
#include "config/environment.h"

enum link_kind {
    LINK_NONE,    /* requires names of outputs */
    LINK_SERVICE, /* k8s-service: host and port */
    LINK_SECRET,  /* credentials from a Secret */
    LINK_CLOUD,   /* cloud permissions */
};

struct module_type {
    const char *name; /* without aws-, gcp-, azure-, local-, unless only one cloud has the type */
    enum link_kind link;
    const char *const *outputs;             /* NULL-terminated; LINK_SECRET: keys of the Secret */
    enum cloud cloud;                       /* for LINK_CLOUD */
    const char *service;                    /* CLOUD_AWS: its service in ARNs; else NULL */
    const char *const *permissions;         /* for LINK_CLOUD, NULL-terminated */
    const char *const *default_permissions; /* for LINK_CLOUD, NULL-terminated */
    const struct output_field
        *fields; /* outputs that are the value of a field, terminated by a row of NULL; or NULL */
    const struct schema *schema; /* of its own fields; NULL if unknown */
};

/* Cloud prefixes of type names, such as "aws-", NULL-terminated. */
extern const char *const module_prefixes[];

/* All types, terminated by one without a name. */
extern const struct module_type module_types[];

/* An output whose value is that of a field. */
struct output_field {
    const char *output;
    const char *field;
};

struct cloud_resource; /* aws_resource.h */

/* State of a value that is read once and may refer to others. */
enum known { KNOWN_UNREAD, KNOWN_READING, KNOWN_READ, KNOWN_INVALID };

/* An output that is set in the module: in `outputs`, or in a field. */
struct module_output {
    struct str name;
    const struct node *node;
    enum known known;
    struct str text; /* set if `known` is KNOWN_READ */
};

struct module {
    struct str name;
    struct str type;                /* as written */
    const struct module_type *kind; /* NULL for a type that Opta does not have */
    const struct node *node;
    struct location name_at; /* location of its name, or of its type if that is the default name */
    const struct record *credentials; /* LINK_SECRET: set by module_read_credentials() */
    struct module_output *outputs;
    size_t output_count;
    struct map output_names; /* struct module_output by name */
    bool broken;  /* an error was reported: references to it are not reported, and `type` may be a
                     guess */
    bool unnamed; /* `name` is a guess or empty: any unknown name may refer to this module */
    enum known known;                      /* CLOUD_AWS: state of `resource` */
    const struct cloud_resource *resource; /* the AWS resource (aws_resource.h) */
};

/* Returns the type with the given name, with or without a cloud prefix; NULL if there is none.
 * `local`: the file is for a local cluster, where redis has no password. */
const struct module_type *module_type_find(struct str name, bool local);

/* Similarity of a type to k8s-service. TYPE_NEAR: a misspelling that is not another type. */
enum type_likeness { TYPE_OTHER, TYPE_NEAR, TYPE_SERVICE };
enum type_likeness module_type_likeness(struct arena *arena, struct str type);

/* Returns the field that has the value of an output; NULL if there is none. `type` may be NULL. */
const char *module_type_field(const struct module_type *type, struct str output);

/* True if an output is or contains a password, which must not be in a file. */
bool module_output_is_secret(const struct module *module, struct str output);

bool module_is_service(const struct module *module);

/* Reads the list of modules. Reports invalid types and names. `modules`: NULL if the file has
 * none. */
struct module *modules_read(const struct schema_reader *reader, const struct node *modules,
                            bool local, size_t *ret_count);

/* Reads the name and keys of the Secret with the credentials of a LINK_SECRET module. Reports names
 * that Kubernetes would reject. */
void module_read_credentials(const struct schema_reader *reader, struct module *module);

/* Return the name of the Secret with the module's outputs, and the key of an output. */
struct str module_secret(const struct module *module);
struct str module_secret_key(const struct module *module, struct str output);

/* Returns the module with the given name; NULL if there is none. */
struct module *module_find(struct module *modules, size_t count, struct str name);

/* Reports at `at` that the module does not exist, unless the name of a module is invalid. */
void module_report_missing(const struct schema_reader *reader, const struct module *modules,
                           size_t count, struct str name, struct location at);

/* A link from a service to a module. */
struct link {
    struct module *module;
    const struct node *node; /* name of the module in the link */
    struct item *variables;  /* `name`: the output; `text`: the variable */
    size_t variable_count;
    struct str *permissions; /* for LINK_CLOUD */
    size_t permission_count;
};

/* Reads a service's `links`: names, NAME: [permission, ...], NAME: {output: variable, ...}. */
struct link *links_read(const struct schema_reader *reader, const struct node *links,
                        struct module *modules, size_t module_count, size_t *ret_count);

/* Returns the prefix of the variables with the address of a linked service: its name in upper
 * case. */
struct str link_service_prefix(struct arena *arena, const struct module *module);

/* Returns the default name of the variable for an output: NAME_output. */
struct str link_variable(struct arena *arena, const struct module *module, struct str output);

#endif
