/* Pod settings besides the container, and cron jobs. */
#include "base/map.h"
#include "format/cron.h"
#include "service/service_reader.h"

#include <inttypes.h>

enum { HASH_LENGTH = 8 };

static void add_strings(struct buf *text, const struct value *strings)
{
    for (size_t i = 0; i < strings->count; i++) {
        buf_add_byte(text, '\0');
        buf_add(text, strings->items[i].text);
    }
    buf_add_byte(text, '\n');
}

/* Returns the default name of a cron job. It is derived from the commands, not from the position or
 * schedule, because a change of these must not create another CronJob. The hash includes the full
 * service name, which may be cut in the result. */
static struct str cron_hash_name(const struct service_reader *in, const struct cron_job *job)
{
    struct buf text = {0};
    buf_add(&text, in->service->name);
    buf_add_byte(&text, '\n');
    add_strings(&text, job->commands);
    add_strings(&text, job->args);
    uint32_t hash = str_hash(buf_str(&text));
    buf_free(&text);
    struct str name = str_slice(in->service->name, 0, CRON_NAME_MAX - 1 - HASH_LENGTH);
    return str_format(in->reader.arena, "%.*s-%08x", STR_ARG(name), hash);
}

/* Returns MODULE-NAME. Reports an error if it is not valid. */
static struct str cron_explicit_name(const struct service_reader *in, const struct record *record)
{
    struct diags *diags = in->reader.diags;
    struct location at = record_location(record, CRON_JOB_NAME);
    struct str suffix = record_value(record, CRON_JOB_NAME)->text;
    struct str name =
        str_format(in->reader.arena, "%.*s-%.*s", STR_ARG(in->service->name), STR_ARG(suffix));
    const char *invalid = name_check_namespace(suffix);
    if (invalid) {
        diag_error(diags, at, "name %s", invalid);
    } else if (name.len > CRON_NAME_MAX) {
        diag_error(diags, at, "CronJob name \"%.*s\" must be at most %d characters long",
                   STR_ARG(name), CRON_NAME_MAX);
        diag_hint(diags, "shorten name: the CronJob is named SERVICE-NAME");
    }
    return name;
}

static void check_cron_commands(const struct service_reader *in, const struct record *record,
                                const struct cron_job *job, struct map *names)
{
    struct diags *diags = in->reader.diags;
    struct location at = record->node->span;
    at.end = at.start;
    if (job->commands->invalid || job->args->invalid)
        return;
    if (job->commands->count == 0 && job->args->count == 0) {
        diag_error(diags, at, "a cron job requires commands or args");
        diag_hint(diags, "for example: commands: [./clean]");
    } else if (map_add(in->reader.arena, names, job->name, job)) {
        if (record_has(record, CRON_JOB_NAME)) {
            diag_error(diags, record_location(record, CRON_JOB_NAME),
                       "duplicate CronJob name \"%.*s\"", STR_ARG(job->name));
            diag_hint(diags, "set a different name in each cron job");
            return;
        }
        diag_error(diags, at, "duplicate cron job: another one has the same commands and args");
        diag_hint(diags, "set a name in each of them, for example: name: clean-daily");
    }
}

static void read_cron_job(const struct service_reader *in, const struct record *record,
                          struct map *names)
{
    struct service *service = in->service;
    struct cron_job *job = &service->cron_jobs[service->cron_job_count++];
    *job = (struct cron_job){.schedule = record_value(record, CRON_JOB_SCHEDULE)->text,
                             .commands = record_value(record, CRON_JOB_COMMANDS),
                             .args = record_value(record, CRON_JOB_ARGS)};
    job->name = record_has(record, CRON_JOB_NAME) ? cron_explicit_name(in, record)
                                                  : cron_hash_name(in, job);
    const char *error = cron_check(in->reader.arena, job->schedule);
    if (error && record_has(record, CRON_JOB_SCHEDULE)) {
        diag_error(in->reader.diags, record_location(record, CRON_JOB_SCHEDULE), "schedule %s",
                   error);
        diag_hint(in->reader.diags, "for example, every day at 03:00: \"0 3 * * *\"");
    }
    check_cron_commands(in, record, job, names);
}

static void read_cron_jobs(const struct service_reader *in)
{
    const struct value *written = service_value(in, SERVICE_CRON_JOBS);
    struct map names = {0};
    if (written->count > CRON_JOBS_MAX) {
        service_error(in, SERVICE_CRON_JOBS, "too many cron_jobs: %zu (maximum %d)", written->count,
                      CRON_JOBS_MAX);
        return;
    }
    in->service->cron_jobs = ARENA_ARRAY(in->reader.arena, written->count, struct cron_job);
    for (size_t i = 0; i < written->count; i++)
        read_cron_job(in, written->records[i], &names);
}

static void read_tolerations(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_TOLERATIONS);
    service->tolerations = ARENA_ARRAY(in->reader.arena, written->count, struct toleration);
    for (size_t i = 0; i < written->count; i++) {
        const struct record *record = written->records[i];
        struct toleration *toleration = &service->tolerations[service->toleration_count++];
        *toleration = (struct toleration){.key = record_value(record, TOLERATION_KEY)->text,
                                          .value = record_value(record, TOLERATION_VALUE)->text,
                                          .effect = record_value(record, TOLERATION_EFFECT)->text};
        const char *error = name_check_label_key(toleration->key);
        if (error && record_has(record, TOLERATION_KEY))
            diag_error(in->reader.diags, record_location(record, TOLERATION_KEY),
                       "toleration key %s", error);
        error = name_check_label_value(toleration->value);
        if (error)
            diag_error(in->reader.diags, record_location(record, TOLERATION_VALUE),
                       "toleration value %s", error);
    }
}

/* True for labels that are set on all objects or used in selectors. */
static bool is_reserved_label(struct str key)
{
    static const char *const reserved[] = {
        "app.kubernetes.io/name",       "app.kubernetes.io/instance", "app.kubernetes.io/part-of",
        "app.kubernetes.io/managed-by", "opta.dev/layer-name",        "opta.dev/environment-name",
        "opta.dev/module-name",         "pod-template-hash",          "controller-revision-hash"};
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (str_eq_c(key, reserved[i]))
            return true;
    return false;
}

/* True for annotations that ingress-nginx or the NGINX Ingress Controller writes into the
 * configuration of nginx. */
static bool is_nginx_key(struct str key)
{
    return str_starts_with(key, STR("nginx.ingress.kubernetes.io/")) ||
           str_starts_with(key, STR("nginx.org/")) || str_starts_with(key, STR("nginx.com/"));
}

static void check_nginx(const struct service_reader *in, const struct item *item)
{
    if (str_ends_with(item->name, STR("-snippet")) || str_ends_with(item->name, STR("-snippets"))) {
        diag_error(in->reader.diags, item->name_node->span,
                   "\"%.*s\" is not allowed: it contains raw nginx configuration",
                   STR_ARG(item->name));
        diag_hint(in->reader.diags, "set it in the controller's configuration, or in a separate "
                                    "Ingress");
        return;
    }
    const char *error = name_check_nginx_value(item->text);
    if (error)
        diag_error(in->reader.diags, item->node->span, "\"%.*s\" %s", STR_ARG(item->name), error);
}

static const struct value *read_metadata(const struct service_reader *in, enum field_id field)
{
    const struct value *map = service_value(in, field);
    for (size_t i = 0; i < map->count; i++) {
        const struct item *item = &map->items[i];
        bool label = field == SERVICE_POD_LABELS;
        const char *error = name_check_label_key(item->name);
        bool azure = str_eq_c(item->name, "azure.workload.identity/use") &&
                     record_has(in->record, SERVICE_AZURE_CLIENT_ID);
        if (!error && label && !layer_is_for_chart(in->layer) &&
            (is_reserved_label(item->name) || azure))
            error = "is reserved: it is set on all pods";
        if (error)
            diag_error(in->reader.diags, item->name_node->span, "key \"%.*s\" %s",
                       STR_ARG(item->name), error);
        if (!error && field == SERVICE_INGRESS_ANNOTATIONS && is_nginx_key(item->name))
            check_nginx(in, item);
        error = label ? name_check_label_value(item->text) : NULL;
        if (error)
            diag_error(in->reader.diags, item->node->span, "label value %s", error);
    }
    return map;
}

/* Sets the timeout of a rollout, which must be longer than a pod may take to start. */
static void read_timeout(const struct service_reader *in)
{
    enum { SLACK = 60 }; /* seconds for scheduling and pulling the image */
    struct service *service = in->service;
    int64_t start = service->startup.kind == PROBE_NONE
                        ? service->readiness.delay
                        : service->startup.failures * service->probe_period;
    service->timeout = service_value(in, SERVICE_TIMEOUT)->number;
    if (service->timeout > start || layer_is_for_chart(in->layer))
        return;
    if (!record_has(in->record, SERVICE_TIMEOUT)) {
        service->timeout = start + SLACK;
        return;
    }
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_TIMEOUT),
                 "a pod may take %" PRId64 " seconds to start, but timeout is only %" PRId64, start,
                 service->timeout);
    diag_hint(in->reader.diags, "set timeout above %" PRId64 ", or remove it", start);
}

void service_read_pods(const struct service_reader *in)
{
    enum { DRAIN_MAX = 10 }; /* seconds until load balancers have removed a terminating pod */
    struct service *service = in->service;
    struct str security = service_value(in, SERVICE_POD_SECURITY)->text;
    service->security = str_eq_c(security, "restricted") ? POD_SECURITY_RESTRICTED
                        : str_eq_c(security, "off")      ? POD_SECURITY_OFF
                                                         : POD_SECURITY_DEFAULT;
    service->mounts_token = service_value(in, SERVICE_TOKEN)->boolean;
    read_timeout(in);
    service->grace_period = service_value(in, SERVICE_GRACE_PERIOD)->number;
    if (service->port_count) {
        int64_t half = service->grace_period / 2;
        service->drain = half < DRAIN_MAX ? half : DRAIN_MAX;
    }
    service->commands = service_value(in, SERVICE_COMMANDS);
    service->args = service_value(in, SERVICE_ARGS);
    service->pod_annotations = read_metadata(in, SERVICE_POD_ANNOTATIONS);
    service->pod_labels = read_metadata(in, SERVICE_POD_LABELS);
    service->ingress_annotations = read_metadata(in, SERVICE_INGRESS_ANNOTATIONS);
    service->service_annotations = read_metadata(in, SERVICE_SERVICE_ANNOTATIONS);
    service_read_disks(in);
    service_read_volumes(in);
    service_read_files(in);
    read_cron_jobs(in);
    read_tolerations(in);
}
