#include "cloud/ecr.h"

#include "cloud/aws_policy.h"
#include "format/arn.h"
#include "format/name.h"

struct str ecr_registry(struct arena *arena, struct str account, struct str region)
{
    return str_format(arena, "%.*s.dkr.ecr.%.*s.%s", STR_ARG(account), STR_ARG(region),
                      aws_domain(region));
}

bool ecr_split(struct str repository, struct ecr *ret)
{
    const struct str service = STR(".dkr.ecr.");
    size_t dot = str_find(repository, 0, '.');
    size_t slash = str_find(repository, 0, '/');
    struct str host = str_slice(repository, dot, slash);
    if (!str_starts_with(host, service))
        return false;
    host = str_skip(host, service.len);
    size_t region = str_find(host, 0, '.');
    *ret = (struct ecr){.account = str_slice(repository, 0, dot),
                        .region = str_slice(host, 0, region),
                        .name = str_skip(repository, slash + 1)};
    return ret->name.len && str_eq_c(str_skip(host, region + 1), aws_domain(ret->region)) &&
           !name_check_aws_account(ret->account) && !name_check_aws_region(ret->region);
}

struct str ecr_policy(struct arena *arena, const struct ecr *ecr)
{
    static const char *const actions[] = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage",
                                          "ecr:GetDownloadUrlForLayer"};
    struct node *document = aws_policy_new(arena);
    struct node *statement = aws_policy_add_statement(arena, document, "PullByAccount");
    node_set_string(arena, node_set_map(arena, statement, "Principal"), "AWS",
                    str_format(arena, "arn:%s:iam::%.*s:root", aws_partition(ecr->region),
                               STR_ARG(ecr->account)));
    struct node *list = node_set_list(arena, statement, "Action");
    for (size_t i = 0; i < COUNT_OF(actions); i++)
        node_append_string(arena, list, str_from_c(actions[i]));
    return aws_policy_format(arena, document);
}

struct str ecr_lifecycle(struct arena *arena)
{
    static const struct {
        const char *prefix; /* of the tags; NULL: untagged images */
        int64_t kept;
        const char *description;
    } rules[] = {
        {"prod", 10, "Keep 10 images tagged prod*"},
        {"dev", 20, "Keep 20 images tagged dev*"},
        {NULL, 5, "Keep 5 untagged images"},
    };
    struct node *document = node_new(arena, NODE_MAP);
    struct node *list = node_set_list(arena, document, "rules");
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        struct node *rule = node_append_map(arena, list);
        node_set_int(arena, rule, "rulePriority", (int64_t)i + 1);
        node_set_string(arena, rule, "description", str_from_c(rules[i].description));
        struct node *selection = node_set_map(arena, rule, "selection");
        node_set_string(arena, selection, "tagStatus",
                        rules[i].prefix ? STR("tagged") : STR("untagged"));
        if (rules[i].prefix)
            node_append_string(arena, node_set_list(arena, selection, "tagPrefixList"),
                               str_from_c(rules[i].prefix));
        node_set_string(arena, selection, "countType", STR("imageCountMoreThan"));
        node_set_int(arena, selection, "countNumber", rules[i].kept);
        node_set_string(arena, node_set_map(arena, rule, "action"), "type", STR("expire"));
    }
    return aws_policy_format(arena, document);
}
