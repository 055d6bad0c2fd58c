/* The kinds of objects that a service has in a cluster: the one place to add another. */
#ifndef OPTASVC_KIND_H
#define OPTASVC_KIND_H

#include "yaml/node.h"

struct kind {
    const char *name;     /* as an object calls it */
    const char *resource; /* as kubectl get calls it */
    size_t deleted; /* its turn: what sends traffic or makes pods goes before the pods, and what
                       pods need after them */
    bool acts;      /* left behind it goes on to act: scale, evict, start jobs, run pods */
    bool kept;      /* holds data: never removed because it is no longer rendered */
    const char *condition;  /* of its status, which pods wait for; NULL: they do not. Such a kind is
                               there only where its controller is. */
    const char *failed;     /* the condition that says that it will not be met as things are */
    const char *controller; /* what brings the kind, as a person would look for it, */
    const char *instead;    /* and how to do without; NULL: not at all */
};

/* In the order in which they are applied. Namespaces, claims and Secrets are not among them: they
 * stay. */
extern const struct kind kind_table[];
extern const size_t kind_count;

/* The kind of an object, or NULL for one that no service has. */
const struct kind *kind_of(const struct node *object);

/* Those that are there always, as `kubectl get` takes them. */
const char *kind_resources(struct arena *arena);

#endif
