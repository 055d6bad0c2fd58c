/* What controllers of Ingresses understand. The environment file decides it (environment.h); a
 * service's needs are checked against it in service_ingress.c, and traffic_ingress.c writes what
 * each kind of controller reads. */
#ifndef OPTASVC_INGRESS_CONTROLLER_H
#define OPTASVC_INGRESS_CONTROLLER_H

#include "base/str.h"

enum ingress_controller {
    INGRESS_NGINX,   /* nginx annotations, and paths that are regular expressions */
    INGRESS_GENERIC, /* what every controller has: paths of type Prefix */
    INGRESS_CONTROLLERS
};

/* What the annotations begin with that ingress-nginx and compatible controllers read. */
#define NGINX_ANNOTATION "nginx.ingress.kubernetes.io/"

bool ingress_is_nginx_annotation(struct str key);

/* The kind of controller that a class most likely has, by its name. */
enum ingress_controller ingress_controller_of_class(struct str class);

/* The kind of controller that `spec.controller` of an IngressClass names. */
enum ingress_controller ingress_controller_of_id(struct str id);

#endif
