/* Converts Ingresses of ingress-nginx to routes of the Gateway API with the same meaning.
 *
 * nginx reads all paths of a host together, so all Ingresses of a class must be passed at once,
 * also those that are not converted. What cannot be converted is an error; what works differently
 * in the routes is a difference. Access control is never lost: it is always an error.
 *
 * Rules of ingress-nginx 1.15: internal/ingress/controller/{controller,location}.go and
 * template/template.go. */
#ifndef OPTASVC_CONVERT_H
#define OPTASVC_CONVERT_H

#include "base/diag.h"
#include "base/map.h"
#include "config/gateway.h"
#include "manifest/manifest.h"

/* An Ingress, and what it becomes. */
struct convert_ingress {
    /* Set by the caller: */
    const struct node *node;
    struct str name;
    struct str namespace; /* empty: that of the release */
    struct str class;     /* empty: none */
    bool is_nginx;        /* its controller is ingress-nginx or reads its annotations */
    bool is_converted;    /* false: it only affects how nginx reads the paths of its hosts */
    struct location at;
    const void *object; /* for `find_service` */
    /* Set by convert_ingresses(): */
    struct node **objects; /* that replace it, in order */
    size_t object_count;
};

/* Something that the routes do differently, or, with --best-effort, not at all. */
struct convert_difference {
    const struct convert_ingress *ingress; /* NULL: all */
    struct str about; /* the host and path, an annotation, or a field of the Ingress */
    struct str detail;
    bool is_lost; /* an annotation that is not converted */
    size_t order;
};

struct convert {
    struct arena *arena;
    struct diags *diags;
    const struct gateway *gateway;
    bool best_effort; /* drop settings that cannot be converted, except access control */
    /* Returns the Service with that name in the namespace of an Ingress, or NULL. */
    const struct node *(*find_service)(void *context, const struct convert_ingress *ingress,
                                       struct str name);
    void *context;
    struct convert_ingress *ingresses;
    size_t count;
    struct convert_difference *differences;
    size_t difference_count;
    /* Set by convert_ingresses(): */
    struct map ports; /* the first Ingress that uses each port of a Service */
};

/* Converts the Ingresses that have `is_converted`. Reports errors and returns false if one of them
 * cannot be converted. */
bool convert_ingresses(struct convert *convert);

/* Returns "Ingress/NAME"; for all Ingresses with a star as the name. */
struct str convert_difference_title(struct arena *arena,
                                    const struct convert_difference *difference);

/* Returns the differences as a JSON list. */
struct node *convert_differences_list(struct arena *arena, const struct convert *convert);

#endif
