/* What the flavours that are Ingresses share: an Ingress for each host, and its annotations. */
#ifndef OPTASVC_TRAFFIC_INGRESS_H
#define OPTASVC_TRAFFIC_INGRESS_H

#include "manifest/traffic.h"

/* What the controllers of a flavour read beside hosts, Services and certificates. `only_root`: `/`
 * is the only path of the host. */
struct ingress_form {
    /* NULL: the controller is given no settings. */
    void (*put_annotations)(struct arena *arena, const struct traffic *traffic, bool only_root,
                            struct node *annotations);
    /* Adds `path` and `pathType`. */
    void (*put_path)(struct arena *arena, struct str prefix, bool only_root, struct node *item);
};

void ingress_render(struct manifests *manifests, const struct traffic *traffic,
                    const struct ingress_form *form);

/* The annotation that named the class before `spec.ingressClassName` did. */
#define CLASS_ANNOTATION "kubernetes.io/ingress.class"

/* Reports an annotation that names another class. */
void ingress_check_class(const struct traffic *traffic);

/* The annotations of ingress-nginx, which compatible controllers read too: traffic_nginx.c. */

#define NGINX_ANNOTATION "nginx.ingress.kubernetes.io/"

bool nginx_is_annotation(struct str key);

/* Adds those for the protocol, affinity and hash. */
void nginx_put_annotations(struct arena *arena, const struct traffic *traffic,
                           struct node *annotations);

/* Something in a traffic that an Ingress expresses by these annotations alone. */
struct nginx_setting {
    struct location at;
    struct str text; /* for a message: "sticky_session needs nginx annotations" */
    bool protocol;   /* other controllers may serve it by their own settings */
};
const struct nginx_setting *nginx_settings(const struct traffic *traffic, size_t *ret_count);

/* Other controllers, traffic_generic.c: warns that they have settings of their own for the
 * protocol. `class`: theirs. */
void generic_warn_protocol(const struct traffic *traffic, struct str class);

#endif
