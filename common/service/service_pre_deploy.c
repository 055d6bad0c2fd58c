/* pre_deploy: a command that must succeed before each rollout, such as a migration. */
#include "service/service_reader.h"

void service_read_pre_deploy(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_PRE_DEPLOY);
    if (written->count == 0)
        return;
    const struct record *record = written->records[0];
    struct job *job = ARENA_NEW(in->reader.arena, struct job);
    *job = (struct job){.commands = record_value(record, PRE_DEPLOY_COMMANDS),
                        .args = record_value(record, PRE_DEPLOY_ARGS),
                        .timeout = record_value(record, PRE_DEPLOY_TIMEOUT)->number,
                        .retries = record_value(record, PRE_DEPLOY_RETRIES)->number,
                        .variables = service->variables,
                        .variable_count = service->variable_count,
                        .resources = service->resources};
    job->resources.gpus = 0; /* as in cron jobs: it would wait for a free one */
    service->pre_deploy = job;
    if (job->commands->invalid || job->args->invalid || job->commands->count || job->args->count ||
        service_has_unknown_field(record))
        return;
    struct location at = record->node->span;
    at.end = at.start;
    diag_error(in->reader.diags, at, RULE_REQUIRED_FIELD, "pre_deploy requires commands or args");
    diag_hint(in->reader.diags, "for example: pre_deploy: {commands: [./migrate]}");
}
