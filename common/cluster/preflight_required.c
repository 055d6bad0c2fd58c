/* Checks that the objects which pods require, besides the Secrets of variables, exist. */
#include "cluster/apply.h"

static void hint_pull_secret(struct apply *apply, const struct cluster_namespace *namespace,
                             struct str name)
{
    diag_hint(&apply->cluster.diags,
              "create it from a login: kubectl create secret docker-registry %.*s -n %.*s "
              "--from-file=.dockerconfigjson=FILE\n"
              "FILE is written by docker login or podman login --authfile FILE",
              STR_ARG(name), STR_ARG(namespace->name));
}

/* Without the Secret, or with one of another type, pods start as long as a node has the image. */
static void check_pull_secret(struct apply *apply, const struct cluster_namespace *namespace,
                              const struct required_object *object)
{
    static const char *const keys[] = {".dockerconfigjson", ".dockercfg"};
    struct arena *arena = &apply->cluster.arena;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (map_get(&namespace->secrets,
                    str_format(arena, "%.*s/%s", STR_ARG(object->name), keys[i])))
            return;
    bool exists = map_get(&namespace->secrets, object->name) != NULL;
    diag_error(&apply->cluster.diags, object->at,
               exists ? "Secret \"%.*s\" in namespace \"%.*s\" has no key \".dockerconfigjson\""
                      : "Secret \"%.*s\" not found in namespace \"%.*s\" (image_pull_secrets "
                        "requires it)",
               STR_ARG(object->name), STR_ARG(namespace->name));
    hint_pull_secret(apply, namespace, object->name);
}

void apply_check_required(struct apply *apply, const struct deployed_service *deployed)
{
    const struct service *service = deployed->service;
    const struct cluster_namespace *namespace = deployed->namespace;
    for (size_t i = 0; service->has_image && i < service->required_count; i++)
        if (!namespace->secrets_forbidden)
            check_pull_secret(apply, namespace, &service->required[i]);
}
