/* Shared by flavours that generate Ingresses: an Ingress for each host, and its annotations. */
#ifndef OPTASVC_TRAFFIC_INGRESS_H
#define OPTASVC_TRAFFIC_INGRESS_H

#include "manifest/traffic.h"

/* The parts of an Ingress that depend on the flavour. `only_root`: `/` is the only path of the
 * host. */
struct ingress_form {
    /* NULL: the flavour has no annotations. */
    void (*put_annotations)(struct arena *arena, const struct traffic *traffic, bool only_root,
                            struct node *annotations);
    /* Adds `path` and `pathType`. */
    void (*put_path)(struct arena *arena, struct str prefix, bool only_root, struct node *item);
};

void ingress_render(struct manifests *manifests, const struct traffic *traffic,
                    const struct ingress_form *form);

/* The alternative to `spec.ingressClassName`: deprecated, but the only one for GKE's controller. */
#define CLASS_ANNOTATION "kubernetes.io/ingress.class"

/* The ClusterIssuer of cert-manager that issues the certificate. */
#define ISSUER_ANNOTATION "cert-manager.io/cluster-issuer"

/* Of a Service: the protocol that Traefik as an ingress controller uses for it. */
#define TRAEFIK_SCHEME_ANNOTATION "traefik.ingress.kubernetes.io/service.serversscheme"

/* Where load balancers of AWS send requests to: `ip` is the pods, `instance` the nodes. */
#define ALB_CLASS             "alb"
#define ALB_TARGET_ANNOTATION "alb.ingress.kubernetes.io/target-type"

/* Reports an error if that annotation names another class. */
void ingress_check_class(const struct traffic *traffic);

/* Annotations of ingress-nginx and compatible controllers: traffic_nginx.c. */

#define NGINX_ANNOTATION "nginx.ingress.kubernetes.io/"

bool nginx_is_annotation(struct str key);

/* Adds the annotations for protocol, affinity and hash. */
void nginx_put_annotations(struct arena *arena, const struct traffic *traffic,
                           struct node *annotations);

/* A traffic setting that an Ingress can express only with these annotations. */
struct nginx_setting {
    struct location at;
    struct str text; /* for messages: "sticky_session requires nginx annotations" */
    bool protocol;   /* other controllers may have their own settings for it */
};
const struct nginx_setting *nginx_settings(const struct traffic *traffic, size_t *ret_count);

/* Warns that controllers of `class` have their own settings for the protocol: traffic_generic.c. */
void generic_warn_protocol(const struct traffic *traffic, struct str class);

#endif
