/* What is the same for all of AWS: its partitions, and how its names are written.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
#ifndef OPTASVC_AWS_POLICY_H
#define OPTASVC_AWS_POLICY_H

#include "yaml/node.h"

/* The partition of a region: "aws", "aws-cn" or "aws-us-gov". */
const char *aws_partition(struct str region);

bool aws_is_partition(struct str name);

/* What its hosts' names end with: "amazonaws.com" or "amazonaws.com.cn". */
const char *aws_domain(struct str region);

/* The parts of arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE. */
struct arn {
    struct str partition;
    struct str service;
    struct str region;  /* empty where the service has one name for all regions */
    struct str account; /* empty where the name is one for all accounts */
    struct str resource;
};

/* Splits an ARN that name_wrong(NAME_ARN) takes. */
struct arn aws_arn_split(struct str arn);

/* A policy document without statements, and a statement added to one: "Sid" and "Effect: Allow".
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html */
struct node *aws_document(struct arena *arena);
struct node *aws_statement(struct arena *arena, struct node *document, const char *sid);

/* A document as JSON, a line for each item, as one reads it in a diff. */
struct str aws_document_text(struct arena *arena, const struct node *document);

#endif
