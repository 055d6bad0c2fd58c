/* Amazon: regions, accounts, ECR, and IAM roles, which ACK controllers create. */
#include "cloud/aws_resource.h"
#include "cloud/ecr.h"
#include "cloud/providers.h"
#include "config/environment.h"

static void read_keys(const struct schema_reader *reader, const struct record *record,
                      struct environment *ret)
{
    environment_set_checked(reader, record, AWS_REGION, name_check_aws_region, &ret->region);
    environment_set_checked(reader, record, AWS_ACCOUNT_ID, name_check_aws_account,
                            &ret->account_id);
}

static struct str registry(struct arena *arena, const struct environment *environment)
{
    if (environment->account_id.len == 0 || environment->region.len == 0)
        return (struct str){0};
    return ecr_registry(arena, environment->account_id, environment->region);
}

/* Network load balancers of the AWS Load Balancer Controller, with the pods as targets.
 * https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations
 */
#define NETWORK_LOAD_BALANCER(scheme)                                                              \
    {"service.beta.kubernetes.io/aws-load-balancer-type", "external"},                             \
        {"service.beta.kubernetes.io/aws-load-balancer-nlb-target-type", "ip"},                    \
        {"service.beta.kubernetes.io/aws-load-balancer-scheme", scheme},                           \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

static const struct load_balancer_annotation external_load_balancer[] = {
    NETWORK_LOAD_BALANCER("internet-facing")};
static const struct load_balancer_annotation internal_load_balancer[] = {
    NETWORK_LOAD_BALANCER("internal")};

const struct provider provider_aws = {
    .cloud = CLOUD_AWS,
    .field = PROVIDERS_AWS,
    .title = "AWS",
    .renders_objects = true,
    .has_flat_names = true,
    .read = read_keys,
    .output = aws_resource_output,
    .registry = registry,
    .registry_hint = "set region and account_id in the environment's aws provider, or set registry "
                     "in the environment file, or pass --registry",
    .external_load_balancer = external_load_balancer,
    .internal_load_balancer = internal_load_balancer,
    .identity_annotation = "eks.amazonaws.com/role-arn",
    .identity_field = SERVICE_IAM_ROLE_ARN,
    .check_identity = name_check_iam_role,
};
