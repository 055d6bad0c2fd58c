#include "format/arn.h"

const char *aws_partition(struct str region)
{
    return str_starts_with(region, STR("cn-"))       ? "aws-cn"
           : str_starts_with(region, STR("us-gov-")) ? "aws-us-gov"
                                                     : "aws";
}

bool aws_is_partition(struct str name)
{
    return str_eq_c(name, "aws") || str_eq_c(name, "aws-cn") || str_eq_c(name, "aws-us-gov");
}

const char *aws_domain(struct str region)
{
    return str_starts_with(region, STR("cn-")) ? "amazonaws.com.cn" : "amazonaws.com";
}

/* Removes and returns the part before the next colon. */
static struct str next_part(struct str *rest)
{
    size_t colon = str_find(*rest, 0, ':');
    struct str part = str_slice(*rest, 0, colon);
    *rest = str_skip(*rest, colon + 1);
    return part;
}

struct arn arn_split(struct str arn)
{
    struct arn parts = {0};
    next_part(&arn); /* "arn" */
    parts.partition = next_part(&arn);
    parts.service = next_part(&arn);
    parts.region = next_part(&arn);
    parts.account = next_part(&arn);
    parts.resource = arn;
    return parts;
}
