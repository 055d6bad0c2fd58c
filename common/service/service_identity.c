/* Cloud identity and permissions: links to modules of AWS and Google, additional_iam_policies,
 * iam_role_arn, gcp_service_account, azure_client_id, and the repository of image: AUTO. */
#include "base/map.h"
#include "cloud/aws_resource.h"
#include "cloud/ecr.h"
#include "cloud/iam.h"
#include "cloud/providers.h"
#include "config/module_output.h"
#include "format/arn.h"
#include "service/service_reader.h"

static const struct environment *environment_of(const struct service_reader *in)
{
    return &in->layer->environment;
}

/* True for a cloud for which no objects are rendered: permissions must be granted to the identity
 * of the pods. */
static bool uses_identity_only(const struct service_reader *in)
{
    const struct provider *provider = environment_of(in)->provider;
    return provider->identity_annotation && !provider->renders_objects;
}

static void hint_identity(const struct service_reader *in)
{
    diag_hint(in->reader.diags, "grant the permissions to the identity in %s",
              schema_field(environment_of(in)->provider->identity_field)->name);
}

/* This is not an error, because the permissions may be granted outside this file. */
static void warn_link(const struct service_reader *in, const struct link *link)
{
    struct buf list = {0};
    for (size_t i = 0; i < link->permission_count; i++)
        buf_add_joined(&list, ", ", link->permissions[i]);
    struct str granted = buf_take(in->reader.arena, &list);
    diag_warning(in->reader.diags, link->node->span, RULE_LINK_WITHOUT_PERMISSIONS,
                 "no cloud permissions are granted for this link to %.*s",
                 STR_ARG(link->module->type_name));
    if (environment_of(in)->provider->renders_objects)
        diag_hint(in->reader.diags, "set iam_role_arn to a role that grants: %.*s",
                  STR_ARG(granted));
    else
        diag_hint(in->reader.diags, "grant the ServiceAccount \"%.*s\" these permissions: %.*s",
                  STR_ARG(in->service->name), STR_ARG(granted));
}

/* Reports an error and returns true if the module of a link requires another cloud. */
static bool is_on_another_cloud(const struct service_reader *in, const struct link *link)
{
    const struct provider *own = environment_of(in)->provider;
    const struct provider *required = providers[link->module->type->cloud];
    if (own == required || own->cloud == CLOUD_NONE || own->is_local)
        return false;
    struct str message = str_format(
        in->reader.arena, "module \"%.*s\" (%.*s) requires %s, but the environment is on %s",
        STR_ARG(link->module->name), STR_ARG(link->module->type_name), required->title, own->title);
    if (diags_contain(in->reader.diags, message))
        return true;
    diag_error(in->reader.diags, link->node->span, RULE_WRONG_CLOUD, "%.*s", STR_ARG(message));
    if (uses_identity_only(in))
        hint_identity(in);
    return true;
}

void service_add_cloud_link(const struct service_reader *in, const struct link *link)
{
    struct cloud_access *cloud = &in->service->cloud;
    if (layer_is_for_chart(in->layer) ||
        in->layer->scope.environment_invalid) /* the chart has its own ServiceAccount */
        return;
    if (is_on_another_cloud(in, link))
        return;
    const struct provider *provider = providers[link->module->type->cloud];
    if (provider->warn_link) {
        provider->warn_link(&in->layer->scope, link,
                            service_value(in, provider->identity_field)->text);
        return;
    }
    if (record_has(in->record, SERVICE_IAM_ROLE_ARN)) /* that role grants the permissions */
        return;
    if (!environment_of(in)->uses_ack) {
        warn_link(in, link);
        return;
    }
    const struct aws_resource *resource =
        aws_resource_read(&in->layer->scope, link->module, link->node->span);
    if (!resource)
        return;
    cloud->links =
        arena_grow(in->reader.arena, cloud->links, cloud->link_count, sizeof *cloud->links);
    cloud->links[cloud->link_count++] =
        (struct cloud_link){resource, link->permissions, link->permission_count};
}

static void read_policies(const struct service_reader *in)
{
    const struct value *policies = service_value(in, SERVICE_IAM_POLICIES);
    struct diags *diags = in->reader.diags;
    struct map seen = {0};
    in->service->cloud.policies = policies;
    for (size_t i = 0; i < policies->count; i++) {
        const struct item *item = &policies->items[i];
        const char *error = name_check_iam_policy(item->text);
        if (error) {
            diag_error(diags, item->node->span, RULE_INVALID_ARN,
                       "an item of additional_iam_policies %s", error);
        } else if (map_add(in->reader.arena, &seen, item->text, item)) {
            diag_error(diags, item->node->span, RULE_DUPLICATE_ITEM, "duplicate IAM policy");
            diag_hint(diags, "remove one of them");
        }
    }
    if (policies->count > IAM_POLICIES_MAX)
        service_error(in, SERVICE_IAM_POLICIES, RULE_LIMIT_EXCEEDED,
                      "too many IAM policies for one role: %zu (maximum %d)", policies->count,
                      IAM_POLICIES_MAX);
    if (policies->count == 0 || layer_is_for_chart(in->layer) ||
        in->layer->scope.environment_invalid)
        return;
    if (uses_identity_only(in)) {
        service_error(in, SERVICE_IAM_POLICIES, RULE_WRONG_CLOUD,
                      "additional_iam_policies requires AWS, but the environment is on %s",
                      environment_of(in)->provider->title);
        hint_identity(in);
    } else if (environment_of(in)->uses_ack && record_has(in->record, SERVICE_IAM_ROLE_ARN)) {
        service_error(in, SERVICE_IAM_POLICIES, RULE_CONFLICTING_FIELDS,
                      "additional_iam_policies and iam_role_arn are mutually exclusive with "
                      "cloud_objects: ack");
        diag_hint(diags, "remove iam_role_arn, or remove additional_iam_policies and attach the "
                         "policies to that role yourself");
    } else if (!environment_of(in)->uses_ack && !record_has(in->record, SERVICE_IAM_ROLE_ARN)) {
        diag_warning(diags, record_location(in->record, SERVICE_IAM_POLICIES), RULE_NO_EFFECT,
                     "additional_iam_policies has no effect: no IAM role is rendered");
        if (environment_of(in)->provider->renders_objects)
            diag_hint(diags, "set iam_role_arn to a role that has these policies");
        else
            diag_hint(diags, "attach them to the role of the ServiceAccount \"%.*s\" yourself",
                      STR_ARG(in->service->name));
    }
}

/* Returns the identity for one cloud. If the environment is on another cloud, warns that the field
 * has no effect: a file may be for environments on several clouds. */
static struct str read_identity(const struct service_reader *in, const struct provider *provider)
{
    const struct provider *own = environment_of(in)->provider;
    service_check(in, provider->identity_field, RULE_INVALID_VALUE, provider->check_identity);
    if (!record_has(in->record, provider->identity_field) || layer_is_for_chart(in->layer))
        return (struct str){0};
    if (own == provider || own->cloud == CLOUD_NONE)
        return service_value(in, provider->identity_field)->text;
    diag_warning(in->reader.diags, record_location(in->record, provider->identity_field),
                 RULE_WRONG_CLOUD, "%s has no effect: it requires %s, but the environment is on %s",
                 schema_field(provider->identity_field)->name, provider->title, own->title);
    diag_hint(in->reader.diags, "remove it, unless this file also serves an environment on %s",
              provider->title);
    return (struct str){0};
}

/* Returns ENV-LAYER-MODULE, as in Opta. A name that is too long for IAM is cut and ends with a
 * hash. */
static struct str role_name(const struct service_reader *in)
{
    struct arena *arena = in->reader.arena;
    struct str name = str_format(arena, "%.*s-%.*s-%.*s", STR_ARG(environment_of(in)->name),
                                 STR_ARG(in->layer->name), STR_ARG(in->service->name));
    enum { HASH = 9 }; /* a dash and eight digits */
    if (name.len <= IAM_ROLE_NAME_MAX)
        return name;
    return str_format(arena, "%.*s-%08x", STR_ARG(str_slice(name, 0, IAM_ROLE_NAME_MAX - HASH)),
                      str_hash(name));
}

/* Returns an output of the environment that describes its cluster, or NULL. These are not secrets,
 * even if Terraform marks them sensitive. */
static const struct environment_output *cluster_output(const struct service_reader *in,
                                                       const char *name)
{
    const struct environment_output *output =
        environment_output_find(environment_of(in), str_from_c(name));
    return output && !output->is_not_string ? output : NULL;
}

/* Reports an invalid output once, not for each service. */
static void check_output(const struct service_reader *in, const struct environment_output *output,
                         name_check *check, struct str text)
{
    const char *error = check(text);
    struct str message =
        str_format(in->reader.arena, "output %.*s %s", STR_ARG(output->name), error ? error : "");
    if (error && !diags_contain(in->reader.diags, message))
        diag_error(in->reader.diags, output->at, RULE_INVALID_VALUE, "%.*s", STR_ARG(message));
}

/* Sets the OpenID provider of the cluster in the form that IAM uses: without https://. */
static void read_openid_provider(const struct service_reader *in)
{
    const struct environment_output *output = cluster_output(in, "k8s_openid_provider_url");
    if (!output)
        return;
    struct str url = output->text;
    if (str_starts_with(url, STR("https://")))
        url = str_skip(url, STR("https://").len);
    while (str_ends_with(url, STR("/")))
        url.len--;
    in->service->cloud.openid_provider = url;
    check_output(in, output, name_check_openid_provider, url);
}

static void read_cluster(const struct service_reader *in)
{
    const struct environment *environment = environment_of(in);
    const struct environment_output *output = cluster_output(in, "k8s_cluster_name");
    struct cloud_access *cloud = &in->service->cloud;
    cloud->renders_pod_identity = true;
    cloud->cluster = environment->cluster_name;
    if (cloud->cluster.len)
        return;
    if (output) {
        cloud->cluster = output->text;
        check_output(in, output, name_check_eks_cluster, output->text);
        return;
    }
    cloud->cluster = str_format(in->reader.arena, "opta-%.*s", STR_ARG(environment->name));
    struct str message =
        str_format(in->reader.arena, "cannot determine the EKS cluster; assuming Opta's name %.*s",
                   STR_ARG(cloud->cluster));
    if (diags_contain(in->reader.diags, message))
        return;
    diag_warning(in->reader.diags, environment->provider_at, RULE_ASSUMED_CLOUD_NAME, "%.*s",
                 STR_ARG(message));
    diag_hint(in->reader.diags, "set cluster_name in this file");
}

static void check_links_policy(const struct service_reader *in)
{
    size_t size = iam_policy_size(iam_links_policy(in->reader.arena, &in->service->cloud));
    if (size <= IAM_INLINE_MAX)
        return;
    service_error(in, SERVICE_LINKS, RULE_LIMIT_EXCEEDED,
                  "the IAM policy for the links is too long: %zu characters (maximum %d)", size,
                  IAM_INLINE_MAX);
    diag_hint(in->reader.diags, "link to fewer modules, and grant the other permissions with a "
                                "policy in additional_iam_policies");
}

/* Decides whether an IAM role is rendered, and how pods assume the rendered or existing role. */
static void read_role(const struct service_reader *in)
{
    const struct environment *environment = environment_of(in);
    struct cloud_access *cloud = &in->service->cloud;
    cloud->renders_role = environment->uses_ack && cloud->identity[CLOUD_AWS].len == 0 &&
                          cloud->link_count + cloud->policies->count;
    if (!environment->uses_ack || (!cloud->renders_role && cloud->identity[CLOUD_AWS].len == 0))
        return;
    read_openid_provider(in);
    if (cloud->renders_role) {
        cloud->role_name = role_name(in);
        check_links_policy(in);
    }
    if (!cluster_output(in, "k8s_openid_provider_url")) {
        read_cluster(in);
    } else if (cloud->renders_role && environment->account_id.len == 0) {
        diag_error(in->reader.diags, in->service->at, RULE_UNKNOWN_CLOUD_NAME,
                   "cannot determine the AWS account of the IAM role");
        diag_hint(in->reader.diags, "set account_id (12 digits) in the environment's aws provider");
    } else if (cloud->renders_role) {
        cloud->identity[CLOUD_AWS] = str_format(
            in->reader.arena, "arn:%s:iam::%.*s:role/%.*s", aws_partition(environment->region),
            STR_ARG(environment->account_id), STR_ARG(cloud->role_name));
    }
}

/* ACK controllers create resources only in the account and region of the cluster. */
static void read_repository(const struct service_reader *in)
{
    const struct environment *environment = environment_of(in);
    struct ecr ecr;
    bool in_ecr = ecr_split(in->service->repository, &ecr);
    in->service->cloud.renders_repository = environment->uses_ack && in_ecr &&
                                            str_equal(ecr.account, environment->account_id) &&
                                            str_equal(ecr.region, environment->region);
    if (record_has(in->record, SERVICE_TAG_MUTABILITY) && in->service->image.len && !in_ecr) {
        diag_warning(in->reader.diags, record_location(in->record, SERVICE_TAG_MUTABILITY),
                     RULE_NO_EFFECT,
                     "image_tag_mutability has no effect without image: AUTO in ECR");
        diag_hint(in->reader.diags,
                  "remove it, unless this file also serves an environment with ECR");
    }
}

void service_read_cloud(const struct service_reader *in)
{
    struct cloud_access *cloud = &in->service->cloud;
    cloud->environment = &in->layer->environment;
    cloud->namespace = in->layer->namespace;
    cloud->service_account = in->service->name;
    read_policies(in);
    for (int i = 0; i < CLOUD_COUNT; i++)
        if (providers[i]->identity_annotation)
            cloud->identity[i] = read_identity(in, providers[i]);
    if (layer_is_for_chart(in->layer) || in->layer->scope.environment_invalid)
        return;
    read_role(in);
    read_repository(in);
}
