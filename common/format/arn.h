/* Amazon Resource Names, and the AWS partitions of regions and hosts.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
#ifndef OPTASVC_ARN_H
#define OPTASVC_ARN_H

#include "base/str.h"

/* Returns the partition of a region: "aws", "aws-cn" or "aws-us-gov". */
const char *aws_partition(struct str region);

bool aws_is_partition(struct str name);

/* Returns the domain of a region's hosts: "amazonaws.com" or "amazonaws.com.cn". */
const char *aws_domain(struct str region);

/* The parts of arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. */
struct arn {
    struct str partition;
    struct str service;
    struct str region;  /* empty if the service's names are unique across regions */
    struct str account; /* empty if its names are unique across accounts */
    struct str resource;
};

/* Splits an ARN that name_check_arn() accepts. */
struct arn arn_split(struct str arn);

#endif
