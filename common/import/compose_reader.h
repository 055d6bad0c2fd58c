/* Shared by the compose_*.c files. */
#ifndef OPTASVC_COMPOSE_READER_H
#define OPTASVC_COMPOSE_READER_H

#include "import/compose.h"

/* The maps of a Compose file whose keys compose_keys.def lists. */
enum compose_map {
    COMPOSE_FILE,
    COMPOSE_SERVICE,
    COMPOSE_HEALTHCHECK,
    COMPOSE_DEPLOY,
    COMPOSE_RESOURCES,
    COMPOSE_LIMITS,
    COMPOSE_RESERVATIONS,
    COMPOSE_DEVICE,
    COMPOSE_PORT,
    COMPOSE_MOUNT,
    COMPOSE_MOUNT_VOLUME, /* the `volume` of a mount */
    COMPOSE_TMPFS,
    COMPOSE_VOLUME,
    COMPOSE_OBJECT, /* an item of the top-level `secrets` or `configs` */
    COMPOSE_GRANT,  /* an item of the `secrets` or `configs` of a service */
    COMPOSE_ENV_FILE,
    COMPOSE_DEPENDENCY,
};

struct compose {
    struct import *import;
    struct arena *arena;
    struct diags *diags;
    const struct node *root;
    const char *registry;
    struct map variables;       /* struct str: the default of each input variable */
    struct map addresses;       /* struct compose_addresses, by key of the service */
    struct map other_names;     /* of services, which only Compose has (compose_addresses.c) */
    struct map dependencies;    /* names of services that others depend on */
    struct map tasks;           /* names of services whose end others wait for */
    struct map volumes;         /* struct volume_usage, by name */
    struct map names;           /* of modules */
    struct map suffixes;        /* numbers of modules that would have the same name */
    struct map secrets;         /* those that were added, by SERVICE/NAME; values not used */
    struct map service_keys;    /* names of services in the file */
    struct map definitions;     /* items of the other top-level maps, by KEY/NAME */
    struct buf without_memory;  /* services without a memory limit */
    struct buf without_restart; /* services that may be tasks */
};

/* A port of a container. */
struct compose_port {
    int64_t number;
    struct str name; /* from the file; may be empty */
    bool is_http;    /* by its app_protocol or a health check */
    struct location at;
};

enum { PORTS_PER_SERVICE_MAX = 50, PORT_MAX = 65535 };

/* An address HOST:PORT in a string of the file. */
struct compose_address {
    int64_t port;
    struct str host;
};

/* The addresses of a service with different ports. */
struct compose_addresses {
    struct compose_address items[PORTS_PER_SERVICE_MAX];
    size_t count;
    struct compose_addresses *self; /* this struct; maps return const pointers */
};

/* An environment variable of a service. */
struct compose_variable {
    const struct node *last;       /* its item or value in the file; the last of several */
    struct compose_variable *self; /* this struct; maps return const pointers */
};

/* What is known about a public image. */
struct compose_image {
    const char *name; /* the last part of its repository */
    int64_t port;
    bool is_http;        /* the protocol of the port */
    const char *data[2]; /* directories of its data, which are empty in the image; may be NULL */
    bool runs_initdb;    /* of PostgreSQL, which rejects a directory that is not empty */
};

/* A service, while it is read. */
struct compose_service {
    struct compose *compose;
    struct import *import;
    struct arena *arena;
    struct str key;                    /* its name in the Compose file */
    struct str name;                   /* of the module */
    const struct node *node;           /* in the Compose file */
    struct node *module;               /* in the service file */
    const struct compose_image *image; /* NULL: not a well-known one */
    struct map variables;              /* struct compose_variable, by name */
    struct map host_directories; /* paths where those of the host are mounted; values not used */
    bool mounts_secrets;         /* the volume for `secrets` was added */
    struct buf secret_flags;     /* of kubectl, for the files of `secrets` */
    bool has_unknown_keys;       /* one of them may be a misspelled key that is missing */
    struct compose_port ports[PORTS_PER_SERVICE_MAX];
    size_t port_count;
};

/* The end of a message about a container that ends. */
#define COMPOSE_TASK_HINT                                                                          \
    "Kubernetes restarts a container that ends; write a task in cron_jobs, or in pre_deploy of "   \
    "another service"

/* Reports a note about a service: "NAME: TEXT". */
__attribute__((format(printf, 3, 4))) void
compose_lost(const struct compose_service *service, struct location at, const char *format, ...);
__attribute__((format(printf, 3, 4))) void
compose_ignored(const struct compose_service *service, struct location at, const char *format, ...);

/* Reports that a node is not of the kind that Compose requires. Returns false. */
bool compose_report_kind(struct compose *compose, const struct node *node, const char *what,
                         const char *kind);

/* Checks the keys of a map, and reports those that are not READ. `service` may be NULL. `path`:
 * prefix of the keys in messages, with its final dot. Reports an error and returns false if the
 * node is not a map or has an unknown key. */
bool compose_check_keys(struct compose *compose, const struct compose_service *service,
                        enum compose_map map, const struct node *node, const char *path);

/* Returns the value of a key; NULL if it is missing or null. */
const struct node *compose_get(const struct node *map, const char *key);

/* Returns the first item of a node of this kind; NULL if it is missing or of another kind. */
const struct node *compose_items(const struct node *node, enum node_kind kind);

/* Returns an item of a top-level map such as `volumes`; NULL if it is not defined. */
const struct node *compose_definition(const struct compose *compose, const char *key,
                                      struct str name);

/* True for the boolean true, also as a string. */
bool compose_is_true(const struct node *node);

/* True if the `mode` of `deploy` is one of containers that end. */
bool compose_is_job(const struct compose_service *service);

/* How the variables in a string, such as ${TAG:-1.0}, are replaced. */
enum compose_text {
    COMPOSE_FIXED,      /* by their defaults, with a note */
    COMPOSE_VARIABLES,  /* by placeholders {vars.TAG}: the text is one of the service file */
    COMPOSE_SHELL,      /* like COMPOSE_VARIABLES, for a command of a shell in the container */
    COMPOSE_KUBERNETES, /* like COMPOSE_VARIABLES, for strings in which Kubernetes expands $(NAME)
                         */
};

/* Returns the string of a scalar. A variable that may be a credential becomes a reference to a key
 * of `secrets`, or, with COMPOSE_FIXED, nothing, with a note. Reports an error and returns an empty
 * string if it has an invalid variable. */
struct str compose_string(const struct compose_service *service, const struct node *scalar,
                          enum compose_text text);

/* The same with COMPOSE_FIXED, without any note or error. */
struct str compose_peek(const struct compose_service *service, const struct node *scalar);

/* Returns a string in which ${NAME} is a reference. */
struct str compose_expand(const struct compose_service *service, struct str text,
                          struct location at, enum compose_text mode);

/* Reports an invalid value as an error, or, if it has a variable, as not carried over: its value in
 * Compose may be valid. `what`: the rest of a sentence, "must be an integer". */
void compose_report_value(const struct compose_service *service, const struct node *scalar,
                          const char *what);

/* True if a variable with this value may be a credential. */
bool compose_is_credential(const struct compose_service *service, struct str name,
                           struct str value);

/* Returns the name of a variable in the text that may be a credential; empty if it has none. */
struct str compose_find_credential(const struct compose_service *service, struct str text);

/* Returns ${NAME} for a text that is only this variable, without its default; else the text. */
struct str compose_origin(const struct compose_service *service, struct str text);

/* Adds a variable to `secrets`, without its value. Does nothing if it was added. */
void compose_add_secret(const struct compose_service *service, struct str name, struct str value,
                        struct location at);

/* Parses a duration such as 1m30s. `*ret_seconds` is rounded up. */
bool compose_duration(struct str text, int64_t *ret_seconds);

/* Parses a size such as 512m. */
bool compose_size(struct str text, int64_t *ret_bytes);

/* Splits a command as a shell does, into `ret_words` of the arena. Returns false if a quote is not
 * closed. */
bool shell_split(struct arena *arena, struct str text, struct str **ret_words, size_t *ret_count);

/* Sets a list field from a command: a list, or a string that is split. */
void compose_read_command(struct compose_service *service, const char *key, enum field_id field);

/* Returns what is known about the image of a service; NULL if it is not a well-known one. */
const struct compose_image *compose_find_image(const struct compose_service *service);

/* True for a directory of the data of a well-known image, or one that is in it or contains it. */
bool compose_is_data(const struct compose_service *service, struct str path);

/* Indexes the environment variables of a service, which other functions look up. */
void compose_index_variables(struct compose_service *service);

/* Each reads one group of keys. */
void compose_read_ports(struct compose_service *service);
void compose_read_health(struct compose_service *service);
void compose_write_ports(struct compose_service *service);
void compose_read_environment(struct compose_service *service);
void compose_read_mounts(struct compose_service *service);
void compose_read_grants(struct compose_service *service);
void compose_read_deploy(struct compose_service *service);
void compose_read_pod(struct compose_service *service);

/* Sets a size in MB, rounded up. */
void compose_set_megabytes(struct compose_service *service, struct node *map, enum field_id field,
                           int64_t bytes, struct location at);

/* Adds a file of the directory of the Compose file. Returns false if it is not a text file there.
 */
bool compose_add_file(struct compose_service *service, struct str target, struct str path,
                      struct location at);

/* Adds a port, unless the service has it. Returns it; NULL if there are too many. */
struct compose_port *compose_add_port(struct compose_service *service, int64_t number,
                                      struct location at);

/* True if a string of the file has an address with this name, which only Compose has. */
bool compose_is_host(const struct compose *compose, struct str name);

/* Index the addresses and volumes of all services, which compose_write_ports() and
 * compose_read_mounts() look up. */
void compose_index_addresses(struct compose *compose);
void compose_index_volumes(struct compose *compose);

#endif
