/* The Job of pre_deploy. Its name has a hash of its pod template: a changed release is another Job,
 * because the template of a Job is immutable, and an unchanged one is the same. */
#include "manifest/manifest.h"
#include "yaml/emit.h"

enum { HASH_LENGTH = 8 };

static const char component[] = MANIFEST_PRE_DEPLOY;

/* Returns MODULE-pre-deploy, with at most `length` characters. */
static struct str cut_name(struct arena *arena, const struct service *service, size_t length)
{
    size_t rest = length - 1 - (sizeof component - 1);
    return STR_JOIN(arena, str_slice(service->name, 0, rest), STR("-"), str_from_c(component));
}

static uint32_t hash(const struct node *template)
{
    struct buf text = {0};
    emit_inline(&text, template, true);
    uint32_t hash = str_hash(buf_str(&text));
    buf_free(&text);
    return hash;
}

struct str manifest_pre_deploy_label(struct arena *arena, const struct service *service)
{
    return cut_name(arena, service, LABEL_MAX);
}

struct str manifest_pre_deploy_hash(const struct node *job)
{
    struct str name = node_string(node_at(job, "metadata name"));
    return str_skip(name, name.len - HASH_LENGTH);
}

/* A failed hook of Argo CD, which has this annotation, stops the sync. */
static void put_hook(struct arena *arena, struct node *metadata)
{
    manifest_put_wave(arena, metadata, MANIFEST_WAVE_OF_JOB);
    struct node *annotations = node_get(metadata, "annotations");
    node_set_string(arena, annotations, "argocd.argoproj.io/hook", STR("Sync"));
    node_set_string(arena, annotations, "argocd.argoproj.io/hook-delete-policy",
                    STR("BeforeHookCreation"));
}

void manifest_pre_deploy(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->pre_deploy || !service->has_image)
        return;
    struct node *object = manifest_object(manifests, service, "batch/v1", "Job", (struct str){0});
    struct node *metadata = node_get(object, "metadata");
    node_set_string(arena, node_get(metadata, "labels"), "app.kubernetes.io/component",
                    str_from_c(component));
    put_hook(arena, metadata);
    struct node *spec = node_set_map(arena, object, "spec");
    manifest_job_limits(arena, service->pre_deploy, spec);
    /* A pod that is being deleted must have ended before another one starts. */
    node_set_string(arena, spec, "podReplacementPolicy", STR("Failed"));
    const struct node *template =
        manifest_job_template(manifests, service, service->pre_deploy,
                              manifest_pre_deploy_label(arena, service), component, spec);
    node_get(metadata, "name")->text =
        str_format(arena, "%.*s-%08x",
                   STR_ARG(cut_name(arena, service, LABEL_MAX - 1 - HASH_LENGTH)), hash(template));
}
