/* Shared by the files of this directory: how nginx reads Ingresses, and what each path becomes. */
#ifndef OPTASVC_CONVERT_MODEL_H
#define OPTASVC_CONVERT_MODEL_H

#include "convert/convert.h"
#include "manifest/traffic_gateway.h"

enum backend_protocol { PROTOCOL_HTTP, PROTOCOL_HTTPS, PROTOCOL_GRPC, PROTOCOL_GRPCS };

enum {
    WEBSOCKET_TIMEOUT = 3600, /* of Ingresses for websockets, as ingress-nginx recommends */
};

struct cors {
    bool enabled;
    struct str origins; /* lists separated by commas */
    struct str methods;
    struct str headers;
    struct str exposed; /* empty: none */
    bool credentials;
    int64_t max_age;
};

/* Attributes of the cookie of a sticky session, besides those of `struct traffic_affinity`. */
struct cookie_attributes {
    struct str same_site;
    struct str domain;
    bool secure;
};

/* The annotations of an Ingress, with the defaults of nginx. */
struct settings {
    struct str rewrite_target; /* empty: none */
    bool uses_regex;
    bool redirects_tls; /* ssl-redirect: to HTTPS if the host has a certificate */
    bool forces_tls;    /* force-ssl-redirect: always */
    enum backend_protocol protocol;
    struct str backend_ca;   /* proxy-ssl-secret without its namespace */
    struct str backend_name; /* proxy-ssl-name */
    struct traffic_affinity affinity;
    struct cookie_attributes attributes;
    struct traffic_hash hash;
    int64_t idle_timeout;    /* seconds; NGINX_READ_TIMEOUT if not set */
    int64_t connect_timeout; /* seconds; 0: not set */
    struct str body_size;    /* a quantity; empty: not limited by the Ingress */
    struct cors cors;
    struct str upstream_host;
    struct str forwarded_prefix;
    struct str issuer; /* of cert-manager; empty: none */
    const char *issuer_kind;
};

/* For ingress-nginx, ImplementationSpecific is Prefix (internal/k8s/main.go). */
enum path_type { PATH_EXACT, PATH_PREFIX };

/* How a route matches a path. */
enum match_kind { MATCH_KIND_EXACT, MATCH_KIND_PREFIX, MATCH_KIND_REGEX };

/* How a route rewrites the path. */
enum rewrite_kind {
    REWRITE_NONE,
    REWRITE_PREFIX, /* ReplacePrefixMatch */
    REWRITE_FULL,   /* ReplaceFullPath */
    REWRITE_REGEX,  /* an HTTPRouteFilter of Envoy Gateway */
};

struct ingress;
struct host;

/* A path of an Ingress. */
struct path_rule {
    struct ingress *ingress;
    struct str text; /* as nginx compares it: as written, "/" if it is missing, or with a slash at
                        its end (host.c) */
    enum path_type type;
    const struct node *backend;
    struct location at;
    bool is_default; /* of defaultBackend, which receives the requests that no path matches */
    size_t order;    /* in the input */
    /* Set by host_convert(): */
    bool is_unreachable; /* nginx sends its requests to another path */
    enum match_kind match;
    size_t wrappers;  /* groups around a regular expression, which make it longer */
    struct str value; /* of the match; empty after an error; "/" or without a trailing slash if it
                         is a prefix */
    enum rewrite_kind rewrite;
    struct str replacement; /* of the rewrite; of REWRITE_REGEX: the substitution */
    struct str pattern;     /* of REWRITE_REGEX */
};

/* The rules of an Ingress for a host, in the order in which nginx compares them. */
struct part {
    struct host *host;
    struct path_rule **rules;
    size_t count;
};

struct ingress {
    struct convert_ingress *input;
    struct str title; /* "Ingress/NAME", for messages */
    struct settings settings;
    struct part *parts;
    size_t part_count;
    const struct node *annotations; /* with merge keys expanded; NULL: none */
    struct map backend_objects;     /* names of the objects for ports of Services */
};

/* A host of one class, with the paths of all its Ingresses. */
struct host {
    struct host *self;           /* not const, unlike the pointers in maps */
    struct str name;             /* empty: every host without rules of its own */
    bool uses_regex;             /* nginx reads all its paths as regular expressions */
    bool has_tls;                /* an Ingress has a certificate for it */
    bool is_shared;              /* an Ingress that is not converted has paths for it */
    bool is_split;               /* several Ingresses have rules for it */
    const struct ingress *first; /* the first of them */
    bool is_grpc;                /* all its paths are for gRPC, and can be matched by GRPCRoutes */
    struct path_rule **rules;
    size_t count;
    struct ingress *tls_owner; /* the first Ingress with a certificate for it */
    struct str tls_secret;     /* of that Ingress; empty: the default certificate of nginx */
    struct str overlapping; /* a host whose certificate has names in common: set by tls_compare() */
};

/* Messages */

/* Reports an error and marks the conversion as failed. Errors in Ingresses that are not converted
 * are not reported. */
void convert_error(struct convert *convert, const struct ingress *ingress, struct location at,
                   enum rule rule, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Reports a setting that cannot be converted: an error, or, with --best-effort, a warning and a
 * difference. Returns true if the conversion continues without it. */
bool convert_refuse(struct convert *convert, const struct ingress *ingress, struct location at,
                    struct str about, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Records a difference. */
void convert_differ(struct convert *convert, const struct ingress *ingress, struct str about,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Returns "HOST PATH" or the path for messages. */
struct str rule_title(struct arena *arena, const struct host *host, const struct path_rule *rule);

/* ingress.c: reads the hosts of all Ingresses. */
struct model {
    struct convert *convert;
    struct ingress *ingresses;
    size_t count;
    struct host **hosts; /* in the order of the input */
    size_t host_count;
    struct map hosts_by_name; /* by class and host */
};
void model_read(struct model *model);

/* settings.c: reads the annotations of an Ingress. For an Ingress that is not converted, only those
 * that affect the paths of its hosts. */
void settings_read(struct convert *convert, struct ingress *ingress);

/* Returns the value of an annotation of ingress-nginx, without its prefix; NULL if missing. */
const struct node *settings_annotation(const struct convert *convert, const struct ingress *ingress,
                                       const char *name);

/* snippet.c: returns the name of the first directive of a snippet that may restrict who can send
 * requests; empty: none. */
struct str snippet_find_access(struct str snippet);

/* Returns the annotations and labels that the objects for an Ingress get; NULL: none. */
struct node *settings_kept_annotations(struct arena *arena, const struct ingress *ingress);

/* True if the Gateway has this type. */
static inline bool convert_is_envoy(const struct convert *convert)
{
    return convert->gateway->flavour == FLAVOUR_ENVOY;
}

static inline bool settings_is_grpc(const struct settings *settings)
{
    return settings->protocol == PROTOCOL_GRPC || settings->protocol == PROTOCOL_GRPCS;
}

/* True if nginx connects to the pods with TLS. */
static inline bool settings_has_backend_tls(const struct settings *settings)
{
    return settings->protocol == PROTOCOL_HTTPS || settings->protocol == PROTOCOL_GRPCS;
}

/* True if nginx rewrites the path. A rewrite to the same path is none. */
static inline bool rule_has_rewrite(const struct path_rule *rule)
{
    struct str target = rule->ingress->settings.rewrite_target;
    return target.len && !str_equal(target, rule->text);
}

/* True if the Ingress redirects requests for the host to HTTPS. */
static inline bool settings_redirects(const struct settings *settings, const struct host *host)
{
    return settings->forces_tls || (settings->redirects_tls && host->has_tls);
}

/* host.c: decides how the routes match and rewrite each path of a host. */
void host_convert(struct convert *convert, struct host *host);

/* path.c */

/* A path that nginx reads as a regular expression. */
enum pattern_kind {
    PATTERN_BELOW, /* `prefix` and all paths below it, perhaps not `prefix` itself */
    PATTERN_BEGIN, /* all paths that begin with `prefix` */
    PATTERN_OTHER, /* anything else, also a plain path */
};
struct pattern {
    enum pattern_kind kind;
    struct str prefix; /* without a trailing slash; of PATTERN_OTHER: the literal text that all
                          matching paths begin with */
    struct str head;   /* the beginning of `prefix` without a dot that is an operator */
    bool needs_slash;  /* `prefix` itself does not match */
    bool has_dot;      /* an unescaped dot, which nginx reads as any character */
    bool has_escaped_dot;
    int rest;            /* the group that has the rest of the path; 0: none */
    bool rest_has_slash; /* the rest begins with the slash */
    int slash;           /* the group that has only the slash; 0: none */
    bool is_literal;     /* no operator but dots */
    bool needs_regex;    /* a prefix would match the same paths as an earlier one: set by host.c */
};
struct pattern pattern_parse(struct arena *arena, struct str text);

/* Sets the match and rewrite of a rule whose path is a prefix in effect. */
void path_convert_prefix(struct convert *convert, const struct host *host, struct path_rule *rule,
                         const struct pattern *pattern);

/* Sets those of a rule for Envoy's regular expressions. */
void path_convert_regex(struct convert *convert, const struct host *host, struct path_rule *rule);

/* Returns the length of the regular expression in the route. */
size_t path_regex_length(const struct path_rule *rule);

/* Sets those of a rule of a host without regular expressions. `has_sibling`: the host has another
 * path that differs only in the slash at its end. */
void path_convert_plain(struct convert *convert, const struct host *host, struct path_rule *rule,
                        bool has_sibling);

/* Reports a value that a route cannot have, and returns false. */
bool path_check_value(struct convert *convert, const struct host *host,
                      const struct path_rule *rule);

/* regex.c: returns NULL if PCRE, which nginx uses, and RE2, which Envoy uses, read the regular
 * expression in the same way, else why not. */
const char *regex_check(struct str text, int *ret_groups);

/* route.c: generates the objects of a part of an Ingress. */
void route_add_part(struct convert *convert, struct ingress *ingress, struct part *part);

/* Adds an object that replaces the Ingress, with its namespace, labels and annotations. */
struct node *route_add_object(struct convert *convert, struct ingress *ingress,
                              const char *api_version, const char *kind, struct str name);

/* backend.c: resolves a backend. Reports errors and returns false if it is not possible. */
bool backend_read(struct convert *convert, const struct ingress *ingress, const struct host *host,
                  const struct path_rule *rule, struct traffic_backend *ret);

/* policy.c: returns the settings in the form that the generators of public_uri read. */
struct traffic settings_traffic(const struct convert *convert, const struct settings *settings);

/* Adds the policy of a route for a host. */
void policy_add(struct convert *convert, struct ingress *ingress, const struct host *host,
                const struct gateway_route *route);

/* Adds a BackendTLSPolicy for a port that is used with TLS, once for all Ingresses. Reports an
 * error if another Ingress uses the port in another way. */
void policy_add_backend_tls(struct convert *convert, struct ingress *ingress,
                            const struct traffic_backend *backend);

/* Adds a TraefikService with the sticky session for a port, once for each Ingress, and returns its
 * name. */
struct str policy_add_sticky_service(struct convert *convert, struct ingress *ingress,
                                     const struct traffic_backend *backend);

/* Adds an HTTPRouteFilter with the rewrite of a rule. */
void policy_add_rewrite(struct convert *convert, struct ingress *ingress,
                        const struct path_rule *rule, struct str name);

/* Adds a filter with the CORS settings of an Ingress. */
void policy_add_cors(struct convert *convert, const struct ingress *ingress, struct node *filters);

/* Reports settings that the type of the Gateway does not support, once for each Ingress. */
void policy_check(struct convert *convert, struct ingress *ingress);

/* tls.c: compares the certificates of the ListenerSets. */
void tls_compare(const struct model *model);

/* Adds the ListenerSet of a host, if the Ingress owns it, and returns its name; empty: the
 * routes are attached to the Gateway. */
struct str tls_add_listener_set(struct convert *convert, struct ingress *ingress,
                                const struct host *host);

/* Reports certificates of an Ingress that are not used, or with which gRPC may fail. */
void tls_report(struct convert *convert, const struct ingress *ingress);

#endif
