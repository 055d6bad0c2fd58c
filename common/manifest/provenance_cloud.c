/* Rules for objects of a cloud, and for secrets of a store. */
#include "cloud/providers.h"
#include "manifest/provenance_rules.h"

static const struct record *record_of_provider(const struct trace *trace)
{
    const struct environment *environment = &trace->layer->environment;
    const struct value *written =
        environment->file ? record_value(environment->file, FILE_PROVIDERS) : NULL;
    const struct value *keys = written && written->count
                                   ? record_value(written->records[0], environment->provider->field)
                                   : NULL;
    return keys && keys->records && keys->count ? keys->records[0] : NULL;
}

void rule_region(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_provider(trace), AWS_REGION, reason, NULL);
}

/* Adds what identifies the account in the cloud. */
static void from_account(struct trace *trace, const char *reason)
{
    static const enum field_id fields[] = {AWS_ACCOUNT_ID, AWS_REGION, GOOGLE_PROJECT};
    const struct record *record = record_of_provider(trace);
    for (size_t i = 0; record && i < COUNT_OF(fields); i++) {
        bool aws = fields[i] != GOOGLE_PROJECT;
        if (record->schema != (aws ? &aws_schema : &google_schema) ||
            !record_has(record, fields[i]))
            continue;
        from_value(trace, record, fields[i], reason, NULL);
        reason = NULL; /* of the first one */
    }
}

void rule_account(struct trace *trace, const char *reason)
{
    from_account(trace, reason);
}

/* Adds what the address of the repository is derived from. */
static void from_registry(struct trace *trace)
{
    const struct environment *environment = &trace->layer->environment;
    if (trace->layer->options->registry)
        from_flag(trace, "--registry");
    else if (environment->registry.len)
        from_environment(trace, FILE_REGISTRY, NULL, NULL);
    else
        from_account(trace, REASON("the registry of the cloud"));
}

static void from_version(struct trace *trace)
{
    const struct input_options *options = trace->layer->options;
    from_flag(trace, options->image_tag ? "--image-tag" : "--image-digest");
}

void from_image(struct trace *trace)
{
    const struct service *service = trace->service;
    const struct value *written = record_value(service->record, SERVICE_IMAGE);
    from_field(trace, SERVICE_IMAGE, NULL, NULL);
    if (service->repository.len)
        from_registry(trace);
    if (service->repository.len || !str_equal(service->image, written->text))
        from_version(trace);
}

void rule_repository_name(struct trace *trace, const char *reason)
{
    from_name(trace, reason);
    from_registry(trace);
}

/* True if the identity is the role that is rendered. */
static bool has_own_role(const struct trace *trace)
{
    return trace->service->cloud.renders_role;
}

void rule_permissions(struct trace *trace, const char *reason)
{
    const struct cloud_access *cloud = &trace->service->cloud;
    if (cloud->link_count)
        from_field(trace, SERVICE_LINKS, reason, NULL);
    if (cloud->policies->count)
        from_field(trace, SERVICE_IAM_POLICIES, reason, NULL);
}

/* Returns the field with the identity in the cloud that an annotation is for. */
static enum field_id identity_field(struct str annotation)
{
    for (int i = 0; i < CLOUD_COUNT; i++)
        if (providers[i]->identity_annotation &&
            str_eq_c(annotation, providers[i]->identity_annotation))
            return providers[i]->identity_field;
    return SERVICE_IAM_ROLE_ARN;
}

void rule_identity(struct trace *trace, const char *reason)
{
    enum field_id field = identity_field(step_last(trace));
    if (field != SERVICE_IAM_ROLE_ARN || !has_own_role(trace)) {
        from_field(trace, field, reason, NULL);
        return;
    }
    rule_permissions(trace, reason);
    if (str_eq_c(trace->kind, "ServiceAccount")) {
        rule_role_name(trace, NULL);
        from_account(trace, NULL);
    }
}

void rule_role_name(struct trace *trace, const char *reason)
{
    (void)reason;
    from_name(trace, REASON("ENVIRONMENT-LAYER-SERVICE, as in Opta"));
    from_location(trace, record_location(trace->layer->file, FILE_NAME), NULL);
    from_location(trace, layer_environment_location(trace->layer), NULL);
}

void rule_policy(struct trace *trace, const char *reason)
{
    const struct value *policies = trace->service->cloud.policies;
    from_location(trace, policies->items[step_at(trace, 2)->index].node->span, reason);
}

static void from_output(struct trace *trace, const struct environment_output *output)
{
    if (output->from_flag)
        from_flag(trace, "--parent-outputs");
    else
        from_location(trace, output->at, NULL);
}

void rule_cluster_name(struct trace *trace, const char *reason)
{
    const struct environment *environment = &trace->layer->environment;
    const struct environment_output *output =
        environment_output_find(environment, STR("k8s_cluster_name"));
    (void)reason;
    if (!environment->cluster_name.len && output) {
        from_output(trace, output);
        return;
    }
    from_environment(trace, FILE_CLUSTER_NAME, NULL, REASON("the name that Opta gave"));
    if (!environment->cluster_name.len)
        from_location(trace, layer_environment_location(trace->layer), NULL);
}

void rule_trust(struct trace *trace, const char *reason)
{
    const struct environment_output *issuer =
        environment_output_find(&trace->layer->environment, STR("k8s_openid_provider_url"));
    from_name(trace, REASON("only pods with this ServiceAccount can assume the role"));
    from_namespace(trace);
    if (trace->service->cloud.renders_pod_identity)
        rule_cluster_name(trace, reason);
    if (issuer)
        from_output(trace, issuer);
    if (issuer)
        from_value(trace, record_of_provider(trace), AWS_ACCOUNT_ID, NULL, NULL);
}

/* Adds the fields of linked modules that name their resources. */
static void from_resources(struct trace *trace)
{
    static const char *const fields[] = {"arn", "bucket_name", "kms_key_arn"};
    const struct layer *layer = trace->layer;
    const struct node *links = record_value(trace->service->record, SERVICE_LINKS)->node;
    for (const struct node *link = node_first_child(links); link; link = link->next) {
        const struct node *name = link->kind == NODE_MAP ? link->first->key : link;
        const struct module *module =
            module_find(layer->modules, layer->module_count, node_string(name));
        for (size_t i = 0; module && i < COUNT_OF(fields); i++)
            if (node_get(module->node, fields[i]))
                from_location(trace, node_get(module->node, fields[i])->span, NULL);
    }
}

void rule_links(struct trace *trace, const char *reason)
{
    from_field(trace, SERVICE_LINKS, reason, NULL);
    from_location(trace, record_location(trace->layer->file, FILE_NAME), NULL);
    from_account(trace, NULL);
    from_resources(trace);
}

/* Secrets */

static const struct record *record_of_store(const struct trace *trace)
{
    return record_value(trace->layer->environment.file, FILE_EXTERNAL_SECRETS)->records[0];
}

void rule_secret_store(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_store(trace), EXTERNAL_SECRETS_STORE, reason, NULL);
}

void rule_secret_store_kind(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_store(trace), EXTERNAL_SECRETS_KIND, NULL, reason);
}

void rule_secret_key(struct trace *trace, const char *reason)
{
    const struct record *store = record_of_store(trace);
    (void)reason;
    from_location(trace, record_location(trace->layer->file, FILE_NAME),
                  REASON("the secrets of a layer are in one key of the store"));
    if (record_has(store, EXTERNAL_SECRETS_PREFIX))
        from_value(trace, store, EXTERNAL_SECRETS_PREFIX, NULL, NULL);
}

void rule_secret(struct trace *trace, const char *reason)
{
    const struct value *secrets = record_value(trace->service->record, SERVICE_SECRETS);
    from_location(trace, secrets->items[step_at(trace, 2)->index].node->span, reason);
}
