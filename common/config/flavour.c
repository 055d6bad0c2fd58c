#include "config/flavour.h"

/* Keywords of one group: those of the other are left out. */
#define KEYWORD_IF_INGRESS_INGRESS(keyword) keyword,
#define KEYWORD_IF_INGRESS_GATEWAY(keyword)
#define KEYWORD_IF_GATEWAY_INGRESS(keyword)
#define KEYWORD_IF_GATEWAY_GATEWAY(keyword) keyword,

const char *const ingress_flavour_keywords[] = {
#define FLAVOUR(id, name, group, keyword) KEYWORD_IF_INGRESS_##group(keyword)
#include "config/flavours.def"
    NULL};

const char *const gateway_flavour_keywords[] = {
#define FLAVOUR(id, name, group, keyword) KEYWORD_IF_GATEWAY_##group(keyword)
#include "config/flavours.def"
    NULL};

static const char *const keywords[] = {
#define FLAVOUR(id, name, group, keyword) [FLAVOUR_##id] = keyword,
#include "config/flavours.def"
};

enum flavour_id flavour_of_keyword(struct str keyword)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (str_eq_c(keyword, keywords[i]))
            return (enum flavour_id)i;
    return (enum flavour_id)0;
}

const char *flavour_keyword(enum flavour_id flavour)
{
    return keywords[flavour];
}

/* A class is one of nginx if its first or last dash-separated word is `nginx`: nginx,
 * internal-nginx, nginx-internal. */
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
