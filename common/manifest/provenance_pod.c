/* Rules for pods and their containers. */
#include "manifest/manifest.h"
#include "manifest/provenance_rules.h"

/* The container that a line belongs to. */
struct holder {
    const struct container *other; /* an init container or sidecar; NULL: the service's own */
    const struct record *record;   /* of `other`; else of the job; NULL: the workload's container */
    const struct job *job;         /* NULL: the workload */
};

static struct holder holder_of(const struct trace *trace)
{
    const struct service *service = trace->service;
    const struct value *sidecars = record_value(service->record, SERVICE_SIDECARS);
    const struct value *first = record_value(service->record, SERVICE_INIT_CONTAINERS);
    size_t index = step_at(trace, 2)->index;
    struct holder holder = {.job = trace->job};
    if (!str_eq_c(step_at(trace, 1)->key, "initContainers")) {
        holder.record = trace->job_record;
        return holder;
    }
    /* Pods of jobs have only the sidecars, which are the first. */
    holder.other = &service->containers[index];
    holder.record = index < sidecars->count ? sidecars->records[index]
                                            : first->records[index - sidecars->count];
    return holder;
}

static bool is_cron(const struct trace *trace)
{
    return str_eq_c(trace->kind, "CronJob");
}

void rule_container_name(struct trace *trace, const char *reason)
{
    from_value(trace, holder_of(trace).record, CONTAINER_NAME, reason, NULL);
}

void rule_container(struct trace *trace, const char *reason)
{
    from_location(trace, holder_of(trace).record->node->span, reason);
}

void rule_image(struct trace *trace, const char *reason)
{
    const struct holder holder = holder_of(trace);
    if (holder.other && !holder.other->inherits)
        from_value(trace, holder.record, CONTAINER_IMAGE, reason, NULL);
    else
        from_image(trace);
}

void rule_pull_policy(struct trace *trace, const char *reason)
{
    (void)reason;
    from_field(trace, SERVICE_IMAGE_PULL_POLICY, NULL,
               trace->layer->environment.provider->is_local
                   ? REASON("images of a local cluster may never have been pushed")
                   : REASON("each pod runs the image of the registry, and its credentials are "
                            "checked"));
}

/* Commands */

/* Adds an item of a list of strings in a record. */
static void from_list(struct trace *trace, const struct record *record, enum field_id field)
{
    const struct value *list = record_value(record, field);
    size_t index = trace->steps[trace->depth - 1].index;
    from_location(trace, list->items[index].node->span, NULL);
}

static void from_words(struct trace *trace, enum field_id service, enum field_id cron,
                       enum field_id pre_deploy, enum field_id container)
{
    const struct holder holder = holder_of(trace);
    if (holder.other)
        from_list(trace, holder.record, container);
    else if (holder.record)
        from_list(trace, holder.record, is_cron(trace) ? cron : pre_deploy);
    else
        from_list(trace, trace->service->record, service);
}

void rule_command(struct trace *trace, const char *reason)
{
    (void)reason;
    from_words(trace, SERVICE_COMMANDS, CRON_JOB_COMMANDS, PRE_DEPLOY_COMMANDS, CONTAINER_COMMANDS);
}

void rule_arguments(struct trace *trace, const char *reason)
{
    (void)reason;
    from_words(trace, SERVICE_ARGS, CRON_JOB_ARGS, PRE_DEPLOY_ARGS, CONTAINER_ARGS);
}

/* Variables */

void rule_source(struct trace *trace, const char *reason)
{
    const struct service *service = trace->service;
    const struct value *sources = record_value(service->record, SERVICE_ENV_FROM);
    size_t index = step_at(trace, 4)->index;
    if (index < sources->count)
        from_location(trace, sources->items[index].node->span, reason);
    else
        from_field(trace, SERVICE_SECRETS, reason, NULL);
}

static const struct variable *variable_of(const struct trace *trace, const struct holder *holder)
{
    size_t index = step_at(trace, 4)->index;
    return holder->other ? &holder->other->variables[index]
           : holder->job ? &holder->job->variables[index]
                         : &trace->service->variables[index];
}

static const struct item *find_item(const struct trace *trace, const struct value *items,
                                    const struct variable *variable)
{
    const struct item *item =
        provenance_index_item(trace->provenance->index, items, variable->name);
    return item && item->name_node->span.source == variable->at.source &&
                   item->name_node->span.start == variable->at.start
               ? item
               : NULL;
}

/* Returns the item of env_vars that sets the variable; NULL: it is of `secrets` or a link. */
static const struct item *item_of(const struct trace *trace, const struct holder *holder,
                                  const struct variable *variable)
{
    const struct item *item = NULL;
    if (holder->other)
        item = find_item(trace, record_value(holder->record, CONTAINER_ENV_VARS), variable);
    else if (holder->record && is_cron(trace))
        item = find_item(trace, record_value(holder->record, CRON_JOB_ENV_VARS), variable);
    return item
               ? item
               : find_item(trace, record_value(trace->service->record, SERVICE_ENV_VARS), variable);
}

/* Adds where the value of a variable is written: in env_vars, or as `field` of its map there. */
static void from_variable(struct trace *trace, enum field_id field, const char *listed,
                          const char *unset)
{
    const struct holder holder = holder_of(trace);
    const struct variable *variable = variable_of(trace, &holder);
    const struct item *item = item_of(trace, &holder, variable);
    if (item && item->record)
        from_value(trace, item->record, field, NULL, unset);
    else
        from_location(trace, item ? item->node->span : variable->at, listed);
}

void rule_variable_name(struct trace *trace, const char *reason)
{
    const struct holder holder = holder_of(trace);
    const struct variable *variable = variable_of(trace, &holder);
    from_location(trace, variable->at,
                  variable->implied ? REASON("the variable that the placeholder refers to")
                                    : reason);
}

/* Adds the port of a linked service that is the value of a variable. With `port`, the Service
 * always has the same port. */
static void from_linked_port(struct trace *trace, const struct module *module,
                             const struct variable *variable)
{
    const struct node *port = node_first_child(node_get(module->node, "ports"));
    for (; port; port = port->next) {
        const struct node *number = node_at(port, "service_port");
        number = number ? number : node_at(port, "port");
        if (str_equal(node_string(number), variable->text))
            from_location(trace, number->span, NULL);
    }
}

/* Adds the output of a linked module that is the value of a variable. */
static void from_linked_output(struct trace *trace, const struct module *module,
                               const struct variable *variable)
{
    for (size_t i = 0; i < module->output_count; i++) {
        const struct module_output *output = &module->outputs[i];
        if (str_equal(link_variable(trace->layer->arena, module, output->name), variable->name))
            from_location(trace, output->node->span, NULL);
    }
}

/* Adds what the value of a variable of a link is, if the link names only the module. */
static void from_link(struct trace *trace, const struct variable *variable)
{
    const struct layer *layer = trace->layer;
    const struct node *name =
        provenance_field_at(trace->provenance->index, layer, trace->service, variable->at).node;
    const struct module *module =
        name ? module_find(layer->modules, layer->module_count, node_string(name)) : NULL;
    if (module && module_is_service(module))
        from_linked_port(trace, module, variable);
    else if (module)
        from_linked_output(trace, module, variable);
}

void rule_variable_value(struct trace *trace, const char *reason)
{
    const struct holder holder = holder_of(trace);
    const struct variable *variable = variable_of(trace, &holder);
    from_variable(trace, ENV_REFERENCE_FIELD,
                  variable->linked ? REASON("an output of the linked module") : reason, NULL);
    if (variable->linked)
        from_link(trace, variable);
}

void rule_variable_object(struct trace *trace, const char *reason)
{
    const struct holder holder = holder_of(trace);
    const struct variable *variable = variable_of(trace, &holder);
    (void)reason;
    from_variable(trace, variable->secret.len ? ENV_REFERENCE_SECRET : ENV_REFERENCE_CONFIG_MAP,
                  str_eq_c(variable->secret, MANUAL_SECRETS)
                      ? REASON("the Secret that kubectl optasvc secret set fills")
                  : trace->layer->environment.secret_store.len && !variable->linked
                      ? REASON("the Secret of the ExternalSecret")
                      : REASON("the Secret of the module"),
                  NULL);
}

void rule_variable_key(struct trace *trace, const char *reason)
{
    const struct holder holder = holder_of(trace);
    const struct variable *variable = variable_of(trace, &holder);
    from_variable(trace, ENV_REFERENCE_KEY,
                  variable->linked ? REASON("the key of the output") : reason,
                  REASON("the name of the variable"));
}

void rule_variable_optional(struct trace *trace, const char *reason)
{
    from_variable(trace, ENV_REFERENCE_OPTIONAL, reason, NULL);
}

void rule_variable_field(struct trace *trace, const char *reason)
{
    from_variable(trace, ENV_REFERENCE_FIELD, reason, NULL);
}

/* Resources */

/* The fields of a resource. */
struct resource_fields {
    const char *name;
    enum field_id request;
    enum field_id limit;
};

static struct resource_fields resource_of(struct str name)
{
    static const struct resource_fields rows[] = {
        {"cpu", RESOURCES_CPU, LIMITS_CPU},
        {"memory", RESOURCES_MEMORY, LIMITS_MEMORY},
        {"ephemeral-storage", RESOURCES_DISK, LIMITS_DISK},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_eq_c(name, rows[i].name))
            return rows[i];
    return rows[0];
}

/* Requests and limits of a container; NULL: not set. */
struct written_resources {
    const struct record *requests;
    const struct record *limits;
};

static const struct record *first_record(const struct record *record, enum field_id field)
{
    const struct value *value = record_value(record, field);
    return value->count ? value->records[0] : NULL;
}

static bool is_set(const struct record *record, enum field_id field)
{
    return record && record_has(record, field);
}

/* Sets what determines the resources of a container, first its own, then those of the service.
 * Returns their number. */
static size_t read_resources(const struct trace *trace, struct written_resources ret[2])
{
    const struct holder holder = holder_of(trace);
    const struct record *service = trace->service->record;
    size_t count = 0;
    if (holder.other)
        ret[count++] =
            (struct written_resources){first_record(holder.record, CONTAINER_RESOURCE_REQUEST),
                                       first_record(holder.record, CONTAINER_RESOURCE_LIMITS)};
    else if (holder.record && is_cron(trace))
        ret[count++] =
            (struct written_resources){first_record(holder.record, CRON_JOB_RESOURCE_REQUEST),
                                       first_record(holder.record, CRON_JOB_RESOURCE_LIMITS)};
    if (!holder.other || holder.other->inherits)
        ret[count++] = (struct written_resources){first_record(service, SERVICE_RESOURCE_REQUEST),
                                                  first_record(service, SERVICE_RESOURCE_LIMITS)};
    return count;
}

void rule_request(struct trace *trace, const char *reason)
{
    const struct resource_fields fields = resource_of(step_last(trace));
    struct written_resources written[2];
    size_t count = read_resources(trace, written);
    (void)reason;
    for (size_t i = 0; i < count; i++) {
        if (!is_set(written[i].requests, fields.request))
            continue;
        from_value(trace, written[i].requests, fields.request, NULL, NULL);
        return;
    }
    from_default(trace, fields.request, REASON("the scheduler and the autoscaler need a request"));
}

void rule_gpus(struct trace *trace, const char *reason)
{
    struct written_resources written[2];
    size_t count = read_resources(trace, written);
    for (size_t i = 0; i < count; i++) {
        if (!is_set(written[i].limits, LIMITS_GPU))
            continue;
        from_value(trace, written[i].limits, LIMITS_GPU, reason, NULL);
        return;
    }
}

void rule_limit(struct trace *trace, const char *reason)
{
    const struct resource_fields fields = resource_of(step_last(trace));
    struct written_resources written[2];
    size_t count = read_resources(trace, written);
    (void)reason;
    for (size_t i = 0; i < count; i++) {
        if (is_set(written[i].limits, fields.limit)) {
            from_value(trace, written[i].limits, fields.limit, NULL, NULL);
            return;
        }
        if (is_set(written[i].requests, fields.request)) {
            from_value(trace, written[i].requests, fields.request, REASON("twice the request"),
                       NULL);
            return;
        }
    }
    from_default(trace, fields.limit, REASON("twice the request"));
}

/* Security */

void rule_user(struct trace *trace, const char *reason)
{
    if (service_has(trace->service, SERVICE_RUN_AS_USER) && trace->service->run_as_user >= 0)
        from_field(trace, SERVICE_RUN_AS_USER, reason, NULL);
    else
        from_field(trace, SERVICE_POD_SECURITY, reason ? reason : REASON("restricted forbids root"),
                   NULL);
}

void rule_read_only_root(struct trace *trace, const char *reason)
{
    if (service_has(trace->service, SERVICE_READ_ONLY_ROOT))
        from_field(trace, SERVICE_READ_ONLY_ROOT, reason, NULL);
    else
        from_field(trace, SERVICE_POD_SECURITY, reason, NULL);
}

/* Placement */

void rule_node_selector(struct trace *trace, const char *reason)
{
    (void)reason;
    from_item(trace, trace->service->node_selector, step_last(trace));
}

/* Adds a field of an item of tolerations, or the GPUs that the last toleration is for. */
static void from_toleration(struct trace *trace, enum field_id field, const char *unset)
{
    const struct service *service = trace->service;
    const struct value *written = record_value(service->record, SERVICE_TOLERATIONS);
    size_t index = step_at(trace, 2)->index;
    if (index < written->count) {
        from_value(trace, written->records[index], field, NULL, unset);
        return;
    }
    const struct record *limits = first_record(service->record, SERVICE_RESOURCE_LIMITS);
    from_value(trace, limits, LIMITS_GPU, REASON("only pods with GPUs may run on nodes with GPUs"),
               REASON("only pods with GPUs may run on nodes with GPUs"));
}

void rule_toleration_key(struct trace *trace, const char *reason)
{
    from_toleration(trace, TOLERATION_KEY, reason);
}

void rule_toleration_value(struct trace *trace, const char *reason)
{
    from_toleration(trace, TOLERATION_VALUE, reason);
}

void rule_toleration_effect(struct trace *trace, const char *reason)
{
    from_toleration(trace, TOLERATION_EFFECT, reason);
}

void rule_toleration_operator(struct trace *trace, const char *reason)
{
    const struct value *written = record_value(trace->service->record, SERVICE_TOLERATIONS);
    size_t index = step_at(trace, 2)->index;
    if (index < written->count)
        from_location(trace, written->records[index]->node->span,
                      REASON("the taint has exactly this value"));
    else
        from_toleration(trace, TOLERATION_KEY, reason);
}

void rule_pull_secret(struct trace *trace, const char *reason)
{
    const struct value *names = record_value(trace->service->record, SERVICE_IMAGE_PULL_SECRETS);
    from_location(trace, names->items[step_at(trace, 2)->index].node->span, reason);
}
