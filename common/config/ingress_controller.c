#include "config/ingress_controller.h"

bool ingress_is_nginx_annotation(struct str key)
{
    return str_starts(key, STR(NGINX_ANNOTATION));
}

/* A class is nginx's if one of the dash-separated words at its ends is `nginx`: nginx,
 * internal-nginx, nginx-internal. */
enum ingress_controller ingress_controller_of_class(struct str class)
{
    bool nginx = str_is(class, "nginx") || str_ends(class, STR("-nginx")) ||
                 str_starts(class, STR("nginx-"));
    return nginx ? INGRESS_NGINX : INGRESS_GENERIC;
}

/* ingress-nginx is k8s.io/ingress-nginx; several in a cluster are distinguished by a word before or
 * after it, such as k8s.io/internal-ingress-nginx. nginx.org/ingress-controller is another program,
 * which reads annotations of its own. */
enum ingress_controller ingress_controller_of_id(struct str id)
{
    struct str name = str_from(id, str_find(id, 0, '/') + 1);
    bool nginx = str_ends(name, STR("ingress-nginx")) || str_starts(name, STR("ingress-nginx-"));
    return nginx ? INGRESS_NGINX : INGRESS_GENERIC;
}
