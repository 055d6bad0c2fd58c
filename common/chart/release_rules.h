/* The rules of a chart's Ingresses and routes, indexed by class, host and path. Shared by
 * release_rules.c, which reads them, and release_routes.c, which answers who receives a request. */
#ifndef OPTASVC_RELEASE_RULES_H
#define OPTASVC_RELEASE_RULES_H

#include "chart/release.h"

enum path_match {
    MATCH_EXACT,   /* the path itself */
    MATCH_BELOW,   /* the path and all below it, in whole elements */
    MATCH_BEGIN,   /* all paths that begin with it */
    MATCH_UNKNOWN, /* paths that begin with it and match the rest of a regular expression */
};

/* A path of a rule, or a default backend. */
struct path {
    struct path *self;
    struct path *next;           /* with the same class, host and head */
    const struct object *object; /* the Ingress or route */
    const struct node *backend;  /* of an Ingress; NULL for a route */
    const struct node *backends; /* of a route; without any that receives requests: it answers the
                                    requests itself */
    enum path_match match;
    struct str text;    /* as written; empty: a default backend */
    size_t rule;        /* the number of the path or rule in its list */
    bool conditional;   /* matches only some methods, headers or query parameters */
    bool canary;        /* receives a share of the requests for an equal path */
    bool by_controller; /* each controller reads its pathType differently */
    bool is_extended;   /* a filter of the controller may change where requests are sent */
    bool redirects;     /* only redirects to another scheme */
    bool misses_regex;  /* matches nothing: nginx reads the regular expression as text */
};

/* What the rules of a class for a host share. */
struct host {
    struct host *self;
    bool regex; /* nginx reads all paths as case-insensitive regular expressions */
};

/* Returns the rules of a class or of the Gateways, which are read when first requested. Their hosts
 * (struct host) have the keys "CLASS HOST ", and their paths (struct path) the same followed by the
 * literal text before the first operator of a regular expression. */
const struct rule_index *release_rules(struct release *release, enum rule_reader reader,
                                       enum hook_use hooks);

struct str rules_host_key(struct arena *arena, struct str class, struct str host);

#endif
