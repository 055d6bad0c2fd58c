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

/* True for a cloud without objects of ours: its permissions depend on the pods' identity. */
static bool uses_identity_only(const struct service_reader *in)
{
    const struct provider *provider = environment_of(in)->provider;
    return provider->annotation && !provider->makes_objects;
}

static void hint_identity(const struct service_reader *in)
{
    diag_hint(in->reader.diags, "grant the permissions to the identity in %s",
              schema_field(environment_of(in)->provider->identity)->name);
}

/* A warning only: the permissions may be granted outside this file. */
static void warn_link(const struct service_reader *in, const struct link *link)
{
    struct buf list = {0};
    for (size_t i = 0; i < link->permission_count; i++)
        buf_add_joined(&list, ", ", link->permissions[i]);
    struct str granted = buf_take(in->reader.arena, &list);
    diag_warning(in->reader.diags, link->node->span,
                 "no cloud permissions are granted for this link to %.*s",
                 STR_ARG(link->module->type));
    if (environment_of(in)->provider->makes_objects)
        diag_hint(in->reader.diags, "set iam_role_arn to a role that grants: %.*s",
                  STR_ARG(granted));
    else
        diag_hint(in->reader.diags, "grant the ServiceAccount \"%.*s\" these permissions: %.*s",
                  STR_ARG(in->service->name), STR_ARG(granted));
}

/* Reports an error and returns true if the module of a link belongs to another cloud. */
static bool is_on_another_cloud(const struct service_reader *in, const struct link *link)
{
    const struct provider *own = environment_of(in)->provider;
    const struct provider *required = providers[link->module->kind->cloud];
    if (own == required || own->cloud == CLOUD_NONE || own->local)
        return false;
    struct str message = str_format(
        in->reader.arena, "module \"%.*s\" (%.*s) requires %s, but the environment is on %s",
        STR_ARG(link->module->name), STR_ARG(link->module->type), required->title, own->title);
    if (diags_contain(in->reader.diags, message))
        return true;
    diag_error(in->reader.diags, link->node->span, "%.*s", STR_ARG(message));
    if (uses_identity_only(in))
        hint_identity(in);
    return true;
}

void service_add_cloud_link(const struct service_reader *in, const struct link *link)
{
    struct cloud_access *cloud = &in->service->cloud;
    if (layer_injects(in->layer) ||
        in->layer->scope.blind) /* the chart has its own ServiceAccount */
        return;
    if (is_on_another_cloud(in, link))
        return;
    const struct provider *provider = providers[link->module->kind->cloud];
    if (provider->grant) {
        provider->grant(&in->layer->scope, link, service_value(in, provider->identity)->text);
        return;
    }
    if (record_has(in->record, SERVICE_IAM_ROLE_ARN)) /* that role grants the permissions */
        return;
    if (!environment_of(in)->ack) {
        warn_link(in, link);
        return;
    }
    const struct cloud_resource *resource =
        cloud_resource(&in->layer->scope, link->module, link->node->span);
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
            diag_error(diags, item->node->span, "an item of additional_iam_policies %s", error);
        } else if (map_add(in->reader.arena, &seen, item->text, item)) {
            diag_error(diags, item->node->span, "duplicate IAM policy");
            diag_hint(diags, "remove one of them");
        }
    }
    if (policies->count > IAM_POLICIES_MAX)
        service_error(in, SERVICE_IAM_POLICIES,
                      "too many IAM policies for one role: %zu (maximum %d)", policies->count,
                      IAM_POLICIES_MAX);
    if (policies->count == 0 || layer_injects(in->layer) || in->layer->scope.blind)
        return;
    if (uses_identity_only(in)) {
        service_error(in, SERVICE_IAM_POLICIES,
                      "additional_iam_policies requires AWS, but the environment is on %s",
                      environment_of(in)->provider->title);
        hint_identity(in);
    } else if (environment_of(in)->ack && record_has(in->record, SERVICE_IAM_ROLE_ARN)) {
        service_error(in, SERVICE_IAM_POLICIES,
                      "additional_iam_policies and iam_role_arn are mutually exclusive with "
                      "cloud_objects: ack");
        diag_hint(diags, "remove iam_role_arn, or remove additional_iam_policies and attach the "
                         "policies to that role yourself");
    } else if (!environment_of(in)->ack && !record_has(in->record, SERVICE_IAM_ROLE_ARN)) {
        diag_warning(diags, record_location(in->record, SERVICE_IAM_POLICIES),
                     "additional_iam_policies has no effect: no IAM role is rendered");
        if (environment_of(in)->provider->makes_objects)
            diag_hint(diags, "set iam_role_arn to a role that has these policies");
        else
            diag_hint(diags, "attach them to the role of the ServiceAccount \"%.*s\" yourself",
                      STR_ARG(in->service->name));
    }
}

/* Returns the identity for one cloud. A file may serve environments on several clouds, so on
 * another cloud the field has no effect, with a warning. Without a provider, it has effect. */
static struct str read_identity(const struct service_reader *in, const struct provider *provider)
{
    const struct provider *own = environment_of(in)->provider;
    service_check(in, provider->identity, provider->identity_check);
    if (!record_has(in->record, provider->identity) || layer_injects(in->layer))
        return (struct str){0};
    if (own == provider || own->cloud == CLOUD_NONE)
        return service_value(in, provider->identity)->text;
    diag_warning(in->reader.diags, record_location(in->record, provider->identity),
                 "%s has no effect: it requires %s, but the environment is on %s",
                 schema_field(provider->identity)->name, provider->title, own->title);
    diag_hint(in->reader.diags, "remove it, unless this file also serves an environment on %s",
              provider->title);
    return (struct str){0};
}

/* ENV-LAYER-MODULE, as in Opta. A name too long for IAM is cut and gets a hash. */
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

/* Returns an output of the environment about its cluster, or NULL. Outputs marked sensitive are
 * accepted: these are not secrets. */
static const struct output *cluster_output(const struct service_reader *in, const char *name)
{
    const struct output *output = environment_output(environment_of(in), str_from_c(name));
    return output && !output->unusable ? output : NULL;
}

/* Errors in the environment are reported once, not for each service. */
static void check_output(const struct service_reader *in, const struct output *output,
                         name_check *check, struct str text)
{
    const char *error = check(text);
    struct str message =
        str_format(in->reader.arena, "output %.*s %s", STR_ARG(output->name), error ? error : "");
    if (error && !diags_contain(in->reader.diags, message))
        diag_error(in->reader.diags, output->at, "%.*s", STR_ARG(message));
}

/* The OpenID provider of the cluster, in the form that IAM uses: without https://. */
static void read_provider(const struct service_reader *in)
{
    const struct output *output = cluster_output(in, "k8s_openid_provider_url");
    if (!output)
        return;
    struct str url = output->text;
    if (str_starts_with(url, STR("https://")))
        url = str_skip(url, STR("https://").len);
    while (str_ends_with(url, STR("/")))
        url.len--;
    in->service->cloud.provider = url;
    check_output(in, output, name_check_openid_provider, url);
}

static void read_cluster(const struct service_reader *in)
{
    const struct environment *environment = environment_of(in);
    const struct output *output = cluster_output(in, "k8s_cluster_name");
    struct cloud_access *cloud = &in->service->cloud;
    cloud->associates = true;
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
    diag_warning(in->reader.diags, environment->provider_at, "%.*s", STR_ARG(message));
    diag_hint(in->reader.diags, "set cluster_name in this file");
}

static void check_links_policy(const struct service_reader *in)
{
    size_t size = iam_policy_size(iam_links_policy(in->reader.arena, &in->service->cloud));
    if (size <= IAM_INLINE_MAX)
        return;
    service_error(in, SERVICE_LINKS,
                  "the IAM policy for the links is too long: %zu characters (maximum %d)", size,
                  IAM_INLINE_MAX);
    diag_hint(in->reader.diags, "link to fewer modules, and grant the other permissions with a "
                                "policy in additional_iam_policies");
}

/* The IAM role, rendered or existing, and how pods assume it. */
static void read_role(const struct service_reader *in)
{
    const struct environment *environment = environment_of(in);
    struct cloud_access *cloud = &in->service->cloud;
    cloud->makes_role = environment->ack && cloud->identity[CLOUD_AWS].len == 0 &&
                        cloud->link_count + cloud->policies->count;
    if (!environment->ack || (!cloud->makes_role && cloud->identity[CLOUD_AWS].len == 0))
        return;
    read_provider(in);
    if (cloud->makes_role) {
        cloud->role_name = role_name(in);
        check_links_policy(in);
    }
    if (!cluster_output(in, "k8s_openid_provider_url")) {
        read_cluster(in);
    } else if (cloud->makes_role && environment->account_id.len == 0) {
        diag_error(in->reader.diags, in->service->at,
                   "cannot determine the AWS account of the IAM role");
        diag_hint(in->reader.diags, "set account_id (12 digits) in the environment's aws provider");
    } else if (cloud->makes_role) {
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
    in->service->cloud.makes_repository = environment->ack && in_ecr &&
                                          str_equal(ecr.account, environment->account_id) &&
                                          str_equal(ecr.region, environment->region);
    if (record_has(in->record, SERVICE_TAG_MUTABILITY) && in->service->image.len && !in_ecr) {
        diag_warning(in->reader.diags, record_location(in->record, SERVICE_TAG_MUTABILITY),
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
        if (providers[i]->annotation)
            cloud->identity[i] = read_identity(in, providers[i]);
    if (layer_injects(in->layer) || in->layer->scope.blind)
        return;
    read_role(in);
    read_repository(in);
}
