/* Cron jobs. */
#include "base/map.h"
#include "format/cron.h"
#include "service/service_reader.h"

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
    add_strings(&text, job->job.commands);
    add_strings(&text, job->job.args);
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
        diag_error(diags, at, RULE_INVALID_NAME, "name %s", invalid);
    } else if (name.len > CRON_NAME_MAX) {
        diag_error(diags, at, RULE_INVALID_NAME,
                   "CronJob name \"%.*s\" must be at most %d characters long", STR_ARG(name),
                   CRON_NAME_MAX);
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
    if (job->job.commands->invalid || job->job.args->invalid)
        return;
    if (job->job.commands->count == 0 && job->job.args->count == 0) {
        if (service_has_unknown_field(record))
            return;
        diag_error(diags, at, RULE_REQUIRED_FIELD, "a cron job requires commands or args");
        diag_hint(diags, "for example: commands: [./clean]");
    } else if (map_add(in->reader.arena, names, job->name, job)) {
        if (record_has(record, CRON_JOB_NAME)) {
            diag_error(diags, record_location(record, CRON_JOB_NAME), RULE_DUPLICATE_ITEM,
                       "duplicate CronJob name \"%.*s\"", STR_ARG(job->name));
            diag_hint(diags, "set a different name in each cron job");
            return;
        }
        diag_error(diags, at, RULE_DUPLICATE_ITEM,
                   "duplicate cron job: another one has the same commands and args");
        diag_hint(diags, "set a name in each of them, for example: name: clean-daily");
    }
}

static const char *concurrency_policy(const struct record *record)
{
    struct str concurrency = record_value(record, CRON_JOB_CONCURRENCY)->text;
    return str_eq_c(concurrency, "replace") ? "Replace"
           : str_eq_c(concurrency, "allow") ? "Allow"
                                            : "Forbid";
}

static void read_cron_job(const struct service_reader *in, const struct record *record,
                          struct map *names)
{
    struct service *service = in->service;
    struct cron_job *job = &service->cron_jobs[service->cron_job_count++];
    *job = (struct cron_job){.schedule = record_value(record, CRON_JOB_SCHEDULE)->text,
                             .time_zone = record_value(record, CRON_JOB_TIME_ZONE)->text,
                             .suspend = record_value(record, CRON_JOB_SUSPEND)->boolean,
                             .concurrency = concurrency_policy(record)};
    job->job =
        (struct job){.commands = record_value(record, CRON_JOB_COMMANDS),
                     .args = record_value(record, CRON_JOB_ARGS),
                     .timeout = record_value(record, CRON_JOB_TIMEOUT)->number,
                     .retries = record_has(record, CRON_JOB_RETRIES)
                                    ? record_value(record, CRON_JOB_RETRIES)->number
                                    : -1,
                     .resources = service_read_own_resources(
                         in, record_value(record, CRON_JOB_RESOURCE_REQUEST),
                         record_value(record, CRON_JOB_RESOURCE_LIMITS), service->resources)};
    job->job.variables =
        service_read_own_variables(in, record_value(record, CRON_JOB_ENV_VARS), service->variables,
                                   service->variable_count, &job->job.variable_count);
    job->name = record_has(record, CRON_JOB_NAME) ? cron_explicit_name(in, record)
                                                  : cron_hash_name(in, job);
    const char *error = cron_check(in->reader.arena, job->schedule);
    if (error && record_has(record, CRON_JOB_SCHEDULE)) {
        diag_error(in->reader.diags, record_location(record, CRON_JOB_SCHEDULE),
                   RULE_INVALID_SCHEDULE, "schedule %s", error);
        diag_hint(in->reader.diags, "for example, every day at 03:00: \"0 3 * * *\"");
    }
    error = name_check_time_zone(job->time_zone);
    if (error && record_has(record, CRON_JOB_TIME_ZONE))
        diag_error(in->reader.diags, record_location(record, CRON_JOB_TIME_ZONE),
                   RULE_INVALID_SCHEDULE, "time_zone %s", error);
    check_cron_commands(in, record, job, names);
}

void service_read_cron_jobs(const struct service_reader *in)
{
    const struct value *written = service_value(in, SERVICE_CRON_JOBS);
    struct map names = {0};
    if (written->count > CRON_JOBS_MAX) {
        service_error(in, SERVICE_CRON_JOBS, RULE_LIMIT_EXCEEDED,
                      "too many cron_jobs: %zu (maximum %d)", written->count, CRON_JOBS_MAX);
        return;
    }
    in->service->cron_jobs = ARENA_ARRAY(in->reader.arena, written->count, struct cron_job);
    for (size_t i = 0; i < written->count; i++)
        read_cron_job(in, written->records[i], &names);
}
