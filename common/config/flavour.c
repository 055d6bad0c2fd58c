#include "config/flavour.h"

const char *const flavour_keywords[] = {
#define FLAVOUR(id, name, keyword) keyword,
#include "config/flavours.def"
    NULL};

enum flavour_id flavour_of_keyword(struct str keyword)
{
    for (int i = 0; flavour_keywords[i]; i++)
        if (str_eq_c(keyword, flavour_keywords[i]))
            return (enum flavour_id)i;
    return (enum flavour_id)0;
}

/* The flavour is nginx if the first or last word of the class is `nginx`: nginx, internal-nginx,
 * nginx-internal. */
enum flavour_id flavour_of_class(struct str class)
{
    bool nginx = str_eq_c(class, "nginx") || str_ends_with(class, STR("-nginx")) ||
                 str_starts_with(class, STR("nginx-"));
    return nginx ? FLAVOUR_NGINX : FLAVOUR_GENERIC;
}

/* The ID of ingress-nginx is k8s.io/ingress-nginx. If a cluster has several, their IDs have an
 * additional word before or after it, such as k8s.io/internal-ingress-nginx.
 * nginx.org/ingress-controller is another program with its own annotations. */
enum flavour_id flavour_of_controller(struct str id)
{
    struct str name = str_skip(id, str_find(id, 0, '/') + 1);
    bool nginx =
        str_ends_with(name, STR("ingress-nginx")) || str_starts_with(name, STR("ingress-nginx-"));
    return nginx ? FLAVOUR_NGINX : FLAVOUR_GENERIC;
}
