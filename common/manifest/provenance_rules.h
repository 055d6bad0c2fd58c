/* The rules of provenance.def: functions for lines whose source depends on more than one field. */
#ifndef OPTASVC_PROVENANCE_RULES_H
#define OPTASVC_PROVENANCE_RULES_H

#include "manifest/provenance.h"
#include "service/service_traffic.h"

/* A step of the path to a line: a key of a map, or the index of an item of a list. */
struct step {
    bool is_item;   /* of a list; else a value of a map */
    struct str key; /* of a value */
    size_t index;
    const struct node *node; /* that the step leads to */
};

enum { STEPS_MAX = 24 }; /* manifests are less deep */

/* A line that is being explained. */
struct trace {
    const struct provenance_table *table;
    const struct layer *layer;
    const struct service *service;
    const struct node *object;
    struct str kind;
    struct traffic traffic;          /* of the service, if it has routes */
    const struct job *job;           /* that the object is for; NULL: none */
    const struct record *job_record; /* its item of cron_jobs, or pre_deploy */
    struct step steps[STEPS_MAX];
    size_t depth;
    size_t base;                  /* index of the first step in a pod template; 0: not in one */
    struct provenance_line *line; /* to which sources are added */
    struct provenance_source sources[PROVENANCE_SOURCES_MAX]; /* of the line */
    struct provenance *provenance;
};

/* The function of a row. `reason`: that of the row; NULL: none. */
typedef void provenance_rule(struct trace *trace, const char *reason);

/* Marks the reasons in rules, which tests/provenance collects. */
#define REASON(text) text

/* Return a step of the path, counted from the start of the object or pod template. */
const struct step *step_at(const struct trace *trace, size_t index);
struct str step_last(const struct trace *trace);

/* Add a source. Their reasons may be NULL. */
void from_location(struct trace *trace, struct location at, const char *reason);
void from_constant(struct trace *trace, const char *reason);
void from_default(struct trace *trace, enum field_id field, const char *reason);
void from_flag(struct trace *trace, const char *flag);

/* Adds a field: where it is set, with the reason `set`; else its default, with the reason
 * `unset`. */
void from_value(struct trace *trace, const struct record *record, enum field_id field,
                const char *set, const char *unset);
void from_field(struct trace *trace, enum field_id field, const char *set, const char *unset);

/* Adds a field of the environment file. */
void from_environment(struct trace *trace, enum field_id field, const char *set, const char *unset);

/* Adds the name of the service. */
void from_name(struct trace *trace, const char *reason);

/* Adds the item of a map with a key. Returns false if it has none. */
bool from_item(struct trace *trace, const struct value *map, struct str key);

/* Adds a field of an item of `ports`, or the field of `port`. `index`: of the service's port. */
void from_port(struct trace *trace, size_t index, enum field_id field, const char *set,
               const char *unset);

/* Adds the number or name of the public port for which Traefik would connect with HTTPS. */
void from_assumed_https(struct trace *trace);

/* Returns the field that determines startup_timeout: itself, or a delay. */
enum field_id field_of_startup(const struct trace *trace);

/* Adds the namespace: --namespace or the name of the layer. */
void from_namespace(struct trace *trace);

/* Adds the image of the service, the registry and the version. */
void from_image(struct trace *trace);

#define FIXED(kinds, path, reason)
#define SET(kinds, path, field, reason)
#define FROM(kinds, path, field, reason)
#define ENVIRONMENT(kinds, path, field, reason)
#define RULE(kinds, path, rule, reason) provenance_rule rule_##rule;
#include "manifest/provenance.def"
#undef FIXED
#undef SET
#undef FROM
#undef ENVIRONMENT
#undef RULE

#endif
