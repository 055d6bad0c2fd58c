/* Evaluates the status conditions by which controllers accept or refuse the objects that carry
 * traffic: routes, ListenerSets, policies and Certificates (kind.h: enum kind_acceptance). */
#ifndef OPTASVC_ACCEPTANCE_H
#define OPTASVC_ACCEPTANCE_H

#include "cluster/kind.h"
#include "yaml/node.h"

enum acceptance_state { ACCEPTANCE_WAITS, ACCEPTANCE_DONE, ACCEPTANCE_REFUSED };

struct acceptance {
    enum acceptance_state state;
    bool answered;             /* a controller has written a status for the object */
    const struct node *parent; /* the reference whose controller has not accepted a route or
                                  ListenerSet; NULL for other kinds */
    struct str reason;         /* of the condition, one word; may be empty */
    struct str text;           /* why it is not accepted */
};

/* True if a controller accepts or refuses objects of this kind. */
bool acceptance_is_reported(const struct node *object);

/* Evaluates the status of a live object. Conditions of an earlier generation do not count. */
struct acceptance acceptance_evaluate(struct arena *arena, const struct node *live);

/* Returns the message of a ListenerSet's condition OverlappingTLSConfig if it is true; empty if
 * not. */
struct str acceptance_overlap(const struct node *live);

/* Returns a reference to a Gateway or ListenerSet for messages: "Gateway infra/public". `object`:
 * the object that has the reference. */
struct str acceptance_parent_title(struct arena *arena, const struct node *object,
                                   const struct node *parent);

/* Returns the command that describes it: "kubectl describe gateway public -n infra". */
struct str acceptance_describe_parent(struct arena *arena, const struct node *object,
                                      const struct node *parent);

#endif
