/* Who a service is to a cloud: links to modules of AWS and Google, additional_iam_policies,
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

/* True for a cloud that nothing is made in: what the pods may do there hangs on their identity. */
static bool is_elsewhere(const struct service_reader *in)
{
    const struct provider *provider = environment_of(in)->provider;
    return provider->annotation && !provider->makes_objects;
}

static void hint_at_identity(const struct service_reader *in)
{
    diag_hint(in->reader.diags, "what the pods may do there hangs on the identity that %s names",
              schema_field(environment_of(in)->provider->identity)->name);
}

/* Others' means may grant it. */
static void warn_link(const struct service_reader *in, const struct link *link)
{
    struct buf list = {0};
    for (size_t i = 0; i < link->permission_count; i++)
        buf_add_joined(&list, ", ", link->permissions[i]);
    struct str granted = buf_take(in->reader.arena, &list);
    diag_warning(in->reader.diags, link->node->span,
                 "no cloud permission is made for this link to %.*s", STR_ARG(link->module->type));
    if (environment_of(in)->provider->makes_objects)
        diag_hint(in->reader.diags, "write iam_role_arn: the role that grants %.*s",
                  STR_ARG(granted));
    else
        diag_hint(in->reader.diags, "grant the ServiceAccount \"%.*s\" %.*s by other means",
                  STR_ARG(in->service->name), STR_ARG(granted));
}

/* True if the environment is of another cloud than the module of a link, which is reported. */
static bool is_of_another_cloud(const struct service_reader *in, const struct link *link)
{
    const struct provider *own = environment_of(in)->provider;
    const struct provider *wanted = providers[link->module->kind->cloud];
    if (own == wanted || own->cloud == CLOUD_NONE || own->local)
        return false;
    struct str message = str_format(
        in->reader.arena, "\"%.*s\" is of %s (%.*s), and this environment is of %s",
        STR_ARG(link->module->name), wanted->title, STR_ARG(link->module->type), own->title);
    if (diags_contain(in->reader.diags, message))
        return true;
    diag_error(in->reader.diags, link->node->span, "%.*s", STR_ARG(message));
    if (is_elsewhere(in))
        hint_at_identity(in);
    return true;
}

void service_add_cloud_link(const struct service_reader *in, const struct link *link)
{
    struct cloud_access *cloud = &in->service->cloud;
    if (layer_injects(in->layer) || in->layer->scope.blind) /* a chart's account is not ours */
        return;
    if (is_of_another_cloud(in, link))
        return;
    const struct provider *provider = providers[link->module->kind->cloud];
    if (provider->grant) {
        provider->grant(&in->layer->scope, link, service_value(in, provider->identity)->text);
        return;
    }
    if (record_has(in->record, SERVICE_IAM_ROLE_ARN)) /* which grants it */
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
        const char *wrong = name_check_iam_policy(item->text);
        if (wrong)
            diag_error(diags, item->node->span, "an IAM policy %s", wrong);
        else if (map_add(in->reader.arena, &seen, item->text, item))
            diag_error(diags, item->node->span, "this policy stands here twice");
    }
    if (policies->count > IAM_POLICIES_MAX)
        service_error(in, SERVICE_IAM_POLICIES,
                      "more than %d policies: IAM attaches no more to a role", IAM_POLICIES_MAX);
    if (policies->count == 0 || layer_injects(in->layer) || in->layer->scope.blind)
        return;
    if (is_elsewhere(in)) {
        service_error(in, SERVICE_IAM_POLICIES,
                      "additional_iam_policies are of AWS, and this environment is of %s",
                      environment_of(in)->provider->title);
        hint_at_identity(in);
    } else if (environment_of(in)->ack && record_has(in->record, SERVICE_IAM_ROLE_ARN)) {
        service_error(in, SERVICE_IAM_POLICIES,
                      "additional_iam_policies go to a role that is made here, and iam_role_arn "
                      "names another");
        diag_hint(diags, "keep one of the two: attach the policies to that role by other means");
    } else if (!environment_of(in)->ack && !record_has(in->record, SERVICE_IAM_ROLE_ARN)) {
        diag_warning(diags, record_location(in->record, SERVICE_IAM_POLICIES),
                     "no IAM role is made for additional_iam_policies");
        if (environment_of(in)->provider->makes_objects)
            diag_hint(diags, "write iam_role_arn: the role that they are attached to");
        else
            diag_hint(diags, "attach them to the ServiceAccount \"%.*s\" by other means",
                      STR_ARG(in->service->name));
    }
}

/* A text that is for one cloud alone. Files may serve environments of several, so elsewhere it has
 * no effect, which is told; where no cloud is known it has. */
static struct str read_identity(const struct service_reader *in, const struct provider *provider)
{
    const struct provider *own = environment_of(in)->provider;
    service_check(in, provider->identity, provider->identity_check);
    if (!record_has(in->record, provider->identity) || layer_injects(in->layer))
        return (struct str){0};
    if (own == provider || own->cloud == CLOUD_NONE)
        return service_value(in, provider->identity)->text;
    diag_warning(in->reader.diags, record_location(in->record, provider->identity),
                 "%s has no effect: it is for %s, and this environment is of %s",
                 schema_field(provider->identity)->name, provider->title, own->title);
    return (struct str){0};
}

/* ENV-LAYER-MODULE, as Opta's; what is too long for IAM keeps its beginning and gets a hash. */
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

/* What the environment says of its cluster, or NULL. That it is called sensitive is of no matter:
 * it is no secret. */
static const struct output *cluster_output(const struct service_reader *in, const char *name)
{
    const struct output *output = environment_output(environment_of(in), str_from_c(name));
    return output && !output->unusable ? output : NULL;
}

/* What is wrong with the environment is told once, not for each service. */
static void check_output(const struct service_reader *in, const struct output *output,
                         name_check *check, struct str text)
{
    const char *wrong = check(text);
    struct str message = str_format(in->reader.arena, "the output %.*s %s", STR_ARG(output->name),
                                    wrong ? wrong : "");
    if (wrong && !diags_contain(in->reader.diags, message))
        diag_error(in->reader.diags, output->at, "%.*s", STR_ARG(message));
}

/* The OpenID provider of the cluster, as IAM names it: without https://. */
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
    struct str message = str_format(
        in->reader.arena, "nothing tells the EKS cluster: it is taken to be that of Opta, %.*s",
        STR_ARG(cloud->cluster));
    if (diags_contain(in->reader.diags, message))
        return;
    diag_warning(in->reader.diags, environment->provider_at, "%.*s", STR_ARG(message));
    diag_hint(in->reader.diags, "write cluster_name: in this file");
}

static void check_links_policy(const struct service_reader *in)
{
    size_t size = iam_policy_size(iam_links_policy(in->reader.arena, &in->service->cloud));
    if (size <= IAM_INLINE_MAX)
        return;
    service_error(in, SERVICE_LINKS,
                  "what the links grant takes %zu characters, and IAM takes %d in a role", size,
                  IAM_INLINE_MAX);
    diag_hint(in->reader.diags, "link to fewer modules, and grant the rest by a policy of your own "
                                "in additional_iam_policies");
}

/* A role that is made, or that others made, and how pods get at it. */
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
                   "nothing tells the account of the IAM role: the aws provider has no account_id");
        diag_hint(in->reader.diags, "write it there: the 12 digits");
    } else if (cloud->makes_role) {
        cloud->identity[CLOUD_AWS] = str_format(
            in->reader.arena, "arn:%s:iam::%.*s:role/%.*s", aws_partition(environment->region),
            STR_ARG(environment->account_id), STR_ARG(cloud->role_name));
    }
}

/* The controllers of a cluster make what is in its account and region. */
static void read_repository(const struct service_reader *in)
{
    const struct environment *environment = environment_of(in);
    struct ecr ecr;
    bool in_ecr = ecr_split(in->service->repository, &ecr);
    in->service->cloud.makes_repository = environment->ack && in_ecr &&
                                          str_equal(ecr.account, environment->account_id) &&
                                          str_equal(ecr.region, environment->region);
    if (record_has(in->record, SERVICE_TAG_MUTABILITY) && in->service->image.len && !in_ecr)
        diag_warning(in->reader.diags, record_location(in->record, SERVICE_TAG_MUTABILITY),
                     "image_tag_mutability has no effect: it is for image: AUTO in ECR");
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
