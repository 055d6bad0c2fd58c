/* cron_jobs and pre_deploy. */
#include "import/manifests_reader.h"

/* A Job of an app, and its container. */
struct given_job {
    const struct node *spec; /* of the Job */
    const struct node *template;
    struct node *container;
};

/* Finds the parts of a Job. Returns false if it has no container. */
static bool prepare(struct given_app *app, const struct node *spec, struct given_job *ret)
{
    *ret = (struct given_job){.spec = spec, .template = spec ? node_at(spec, "template") : NULL};
    ret->container = given_main_container(app, ret->template);
    if (!ret->container)
        return false;
    if (ret->container == app->container) /* a CronJob without another workload */
        return true;
    given_inline_config_maps(app, ret->container);
    given_hide_credentials(app, ret->container);
    given_resolve_mounts(app, &app->given->by_name, node_at(ret->template, "spec"), NULL,
                         ret->container);
    return true;
}

static void set_int(const struct given_app *app, struct node *map, enum field_id field,
                    const struct node *spec, const char *key)
{
    int64_t number;
    if (given_int(spec, key, &number))
        import_int(app->import, map, field, number, node_at(spec, key)->span);
}

/* Returns the suffix of the name that the CronJob has after that of the module. */
static struct str suffix_of(const struct given_app *app, struct str name)
{
    struct str prefix = STR_JOIN(app->arena, app->name, STR("-"));
    return str_starts_with(name, prefix) ? str_skip(name, prefix.len) : name;
}

/* True if the suffix looks like one that is derived from the commands. import_finish() cannot
 * know, so the name is written unless it is such a hash. */
static bool is_hash(struct str suffix)
{
    enum { HASH_LENGTH = 8 };
    return suffix.len == HASH_LENGTH && str_span_only(suffix, "0123456789abcdef");
}

static void read_cron_job(struct given_app *app, const struct given_object *object)
{
    struct import *import = app->import;
    struct given_job job;
    const struct node *name = node_at(object->node, "metadata name");
    const struct node *schedule = node_at(object->node, "spec schedule");
    const struct node *zone = node_at(object->node, "spec timeZone");
    const struct node *policy = node_at(object->node, "spec concurrencyPolicy");
    if (!schedule || schedule->kind != NODE_SCALAR || !name ||
        !prepare(app, node_at(object->node, "spec jobTemplate spec"), &job))
        return;
    struct node *item = import_item_map(
        import, import_list(import, app->module, SERVICE_CRON_JOBS, object->at), object->at);
    struct str suffix = suffix_of(app, node_string(name));
    if (!is_hash(suffix))
        import_string(import, item, CRON_JOB_NAME, suffix, name->span);
    given_string(app, item, CRON_JOB_SCHEDULE, schedule);
    if (zone)
        given_string(app, item, CRON_JOB_TIME_ZONE, zone);
    given_list(app, item, CRON_JOB_COMMANDS, node_at(job.container, "command"));
    given_list(app, item, CRON_JOB_ARGS, node_at(job.container, "args"));
    bool own = job.container == app->container;
    given_write_own_env(app, item, CRON_JOB_ENV_VARS, job.container, app->container);
    if (!own)
        given_write_own_resources(app, item, job.container, given_service_resources(app->container),
                                  CRON_JOB_RESOURCE_REQUEST, CRON_JOB_RESOURCE_LIMITS);
    set_int(app, item, CRON_JOB_TIMEOUT, job.spec, "activeDeadlineSeconds");
    set_int(app, item, CRON_JOB_RETRIES, job.spec, "backoffLimit");
    import_string(import, item, CRON_JOB_CONCURRENCY,
                  policy ? str_lower(app->arena, node_string(policy)) : STR("allow"),
                  policy ? policy->span : object->at);
    if (given_true(object->node, "spec suspend"))
        import_bool(import, item, CRON_JOB_SUSPEND, true,
                    node_at(object->node, "spec suspend")->span);
}

static void read_pre_deploy(struct given_app *app, const struct given_object *object)
{
    struct given_job job;
    if (import_get(app->module, SERVICE_PRE_DEPLOY) ||
        !prepare(app, node_at(object->node, "spec"), &job))
        return;
    struct node *map = import_map(app->import, app->module, SERVICE_PRE_DEPLOY, object->at);
    given_list(app, map, PRE_DEPLOY_COMMANDS, node_at(job.container, "command"));
    given_list(app, map, PRE_DEPLOY_ARGS, node_at(job.container, "args"));
    set_int(app, map, PRE_DEPLOY_TIMEOUT, job.spec, "activeDeadlineSeconds");
    set_int(app, map, PRE_DEPLOY_RETRIES, job.spec, "backoffLimit");
}

void given_read_jobs(struct given_app *app)
{
    for (const struct given_object *object = app->given->objects; object; object = object->next) {
        if (object->app != app)
            continue;
        if (str_eq_c(object->kind, "CronJob"))
            read_cron_job(app, object);
        else if (str_eq_c(object->kind, "Job"))
            read_pre_deploy(app, object);
    }
}
