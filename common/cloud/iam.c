#include "cloud/iam.h"

#include "cloud/aws_policy.h"
#include "format/arn.h"

#include <stdlib.h>

static word_list read_buckets = {"s3:GetObject*", "s3:ListBucket", NULL};
static word_list write_buckets = {"s3:DeleteObject*", "s3:GetObject*", "s3:ListBucket",
                                  "s3:PutObject*", NULL};
/* IAM has no separate actions for batches of messages. */
static word_list publish_queues = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
                                   "sqs:SendMessage", NULL};
static word_list subscribe_queues = {"sqs:DeleteMessage", "sqs:GetQueueAttributes",
                                     "sqs:GetQueueUrl", "sqs:ReceiveMessage", NULL};
static word_list publish_topics = {"sns:Publish", NULL};
/* ListTables is missing because it cannot be granted on a table. */
static word_list read_tables = {"dynamodb:BatchGetItem",
                                "dynamodb:Describe*",
                                "dynamodb:GetItem",
                                "dynamodb:PartiQLSelect",
                                "dynamodb:Query",
                                "dynamodb:Scan",
                                NULL};
static word_list write_tables = {"dynamodb:BatchGetItem",  "dynamodb:BatchWriteItem",
                                 "dynamodb:DeleteItem",    "dynamodb:Describe*",
                                 "dynamodb:GetItem",       "dynamodb:PartiQLDelete",
                                 "dynamodb:PartiQLInsert", "dynamodb:PartiQLSelect",
                                 "dynamodb:PartiQLUpdate", "dynamodb:PutItem",
                                 "dynamodb:Query",         "dynamodb:Scan",
                                 "dynamodb:UpdateItem",    NULL};
static word_list decrypt = {"kms:Decrypt", NULL};
static word_list encrypt = {"kms:Decrypt", "kms:GenerateDataKey", NULL};

/* The statements that links can grant. Those for KMS keys depend on a permission too. */
static const struct grant {
    const char *sid;
    const char *service;
    const char *permission;
    const char *const *actions;
    const char *arn_suffix; /* suffix of the ARN that is granted too, or NULL */
    bool key;               /* granted on the KMS key, only through the service */
    const char *unless;     /* a permission of the same link that grants it already */
} grants[] = {
    {"DecryptBucketKeys", "s3", "read", decrypt, .key = true, .unless = "write"},
    {"DecryptQueueKeys", "sqs", "subscribe", decrypt, .key = true, .unless = "publish"},
    {"DecryptTableKeys", "dynamodb", "read", decrypt, .key = true, .unless = "write"},
    {"EncryptBucketKeys", "s3", "write", encrypt, .key = true},
    {"EncryptQueueKeys", "sqs", "publish", encrypt, .key = true},
    {"EncryptTableKeys", "dynamodb", "write", encrypt, .key = true},
    {"EncryptTopicKeys", "sns", "publish", encrypt, .key = true},
    {"PublishQueues", "sqs", "publish", publish_queues, .arn_suffix = NULL},
    {"PublishTopics", "sns", "publish", publish_topics, .arn_suffix = NULL},
    {"ReadBuckets", "s3", "read", read_buckets, .arn_suffix = "/*"},
    {"ReadTables", "dynamodb", "read", read_tables, .arn_suffix = "/index/*"},
    {"SubscribeQueues", "sqs", "subscribe", subscribe_queues, .arn_suffix = NULL},
    {"WriteBuckets", "s3", "write", write_buckets, .arn_suffix = "/*"},
    {"WriteTables", "dynamodb", "write", write_tables, .arn_suffix = "/index/*"},
};

/* Strings, sorted and without duplicates in the output. */
struct str_list {
    struct str *items;
    size_t count;
};

static void add_string(struct arena *arena, struct str_list *strings, struct str text)
{
    strings->items = arena_grow(arena, strings->items, strings->count, sizeof text);
    strings->items[strings->count++] = text;
}

static int compare_strings(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void set_strings(struct arena *arena, struct node *map, const char *key,
                        const struct str_list *strings)
{
    struct node *list = node_set_list(arena, map, key);
    qsort(strings->items, strings->count, sizeof *strings->items, compare_strings);
    for (size_t i = 0; i < strings->count; i++)
        if (i == 0 || !str_equal(strings->items[i], strings->items[i - 1]))
            node_append_string(arena, list, strings->items[i]);
}

static void set_string_list(struct arena *arena, struct node *map, const char *key,
                            const char *const *list)
{
    struct node *items = node_set_list(arena, map, key);
    for (; *list; list++)
        node_append_string(arena, items, str_from_c(*list));
}

static bool has_permission(const struct cloud_link *link, const char *permission)
{
    for (size_t i = 0; permission && i < link->permission_count; i++)
        if (str_eq_c(link->permissions[i], permission))
            return true;
    return false;
}

/* Adds a service in the form of kms:ViaService. In China it may have either domain. */
static void add_service(struct arena *arena, struct str_list *services, const char *service,
                        struct str region)
{
    add_string(arena, services,
               str_format(arena, "%s.%.*s.amazonaws.com", service, STR_ARG(region)));
    if (str_starts_with(region, STR("cn-")))
        add_string(arena, services,
                   str_format(arena, "%s.%.*s.amazonaws.com.cn", service, STR_ARG(region)));
}

static void add_grant(struct arena *arena, struct node *document, const struct grant *grant,
                      const struct cloud_access *access)
{
    struct str_list resources = {0};
    struct str_list services = {0};
    for (size_t i = 0; i < access->link_count; i++) {
        const struct cloud_link *link = &access->links[i];
        const struct cloud_resource *resource = link->resource;
        if (!str_eq_c(resource->parts.service, grant->service) ||
            !has_permission(link, grant->permission) || has_permission(link, grant->unless) ||
            (grant->key && resource->key.len == 0))
            continue;
        add_string(arena, &resources, grant->key ? resource->key : resource->arn);
        if (grant->arn_suffix)
            add_string(arena, &resources,
                       str_format(arena, "%.*s%s", STR_ARG(resource->arn), grant->arn_suffix));
        if (grant->key)
            add_service(arena, &services, grant->service, arn_split(resource->key).region);
    }
    if (resources.count == 0)
        return;
    struct node *statement = aws_policy_add_statement(arena, document, grant->sid);
    set_string_list(arena, statement, "Action", grant->actions);
    set_strings(arena, statement, "Resource", &resources);
    if (services.count)
        set_strings(
            arena, node_set_map(arena, node_set_map(arena, statement, "Condition"), "StringEquals"),
            "kms:ViaService", &services);
}

struct str iam_links_policy(struct arena *arena, const struct cloud_access *access)
{
    struct node *document = aws_policy_new(arena);
    for (size_t i = 0; i < COUNT_OF(grants); i++)
        add_grant(arena, document, &grants[i], access);
    return access->link_count ? aws_policy_format(arena, document) : (struct str){0};
}

size_t iam_policy_size(struct str document)
{
    size_t size = 0;
    for (size_t i = 0; i < document.len; i++)
        size += document.data[i] != ' ' && document.data[i] != '\n';
    return size;
}

/* https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html and pod-id-abac.html */
static void trust_pod_identity(struct arena *arena, const struct cloud_access *access,
                               struct node *document)
{
    static word_list actions = {"sts:AssumeRole", "sts:TagSession", NULL};
    struct node *statement = aws_policy_add_statement(arena, document, "PodIdentity");
    node_set_string(arena, node_set_map(arena, statement, "Principal"), "Service",
                    STR("pods.eks.amazonaws.com"));
    set_string_list(arena, statement, "Action", actions);
    struct node *equal =
        node_set_map(arena, node_set_map(arena, statement, "Condition"), "StringEquals");
    node_set_string(arena, equal, "aws:RequestTag/eks-cluster-name", access->cluster);
    node_set_string(arena, equal, "aws:RequestTag/kubernetes-namespace", access->namespace);
    node_set_string(arena, equal, "aws:RequestTag/kubernetes-service-account",
                    access->service_account);
}

/* https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html */
static void trust_provider(struct arena *arena, const struct cloud_access *access,
                           struct node *document)
{
    const struct environment *environment = access->environment;
    struct str provider = access->provider;
    struct node *statement = aws_policy_add_statement(arena, document, "ServiceAccount");
    node_set_string(arena, node_set_map(arena, statement, "Principal"), "Federated",
                    str_format(arena, "arn:%s:iam::%.*s:oidc-provider/%.*s",
                               aws_partition(environment->region), STR_ARG(environment->account_id),
                               STR_ARG(provider)));
    node_set_string(arena, statement, "Action", STR("sts:AssumeRoleWithWebIdentity"));
    struct node *equal =
        node_set_map(arena, node_set_map(arena, statement, "Condition"), "StringEquals");
    node_set_string(arena, equal, str_format(arena, "%.*s:aud", STR_ARG(provider)).data,
                    STR("sts.amazonaws.com"));
    node_set_string(arena, equal, str_format(arena, "%.*s:sub", STR_ARG(provider)).data,
                    str_format(arena, "system:serviceaccount:%.*s:%.*s", STR_ARG(access->namespace),
                               STR_ARG(access->service_account)));
}

struct str iam_trust_policy(struct arena *arena, const struct cloud_access *access)
{
    struct node *document = aws_policy_new(arena);
    if (access->provider.len)
        trust_provider(arena, access, document);
    else
        trust_pod_identity(arena, access, document);
    return aws_policy_format(arena, document);
}
