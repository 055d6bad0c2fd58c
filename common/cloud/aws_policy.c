#include "cloud/aws_policy.h"

#include "yaml/emit.h"

const char *aws_partition(struct str region)
{
    return str_starts(region, STR("cn-"))       ? "aws-cn"
           : str_starts(region, STR("us-gov-")) ? "aws-us-gov"
                                                : "aws";
}

bool aws_is_partition(struct str name)
{
    return str_is(name, "aws") || str_is(name, "aws-cn") || str_is(name, "aws-us-gov");
}

const char *aws_domain(struct str region)
{
    return str_starts(region, STR("cn-")) ? "amazonaws.com.cn" : "amazonaws.com";
}

/* Takes off what stands before the next colon. */
static struct str next_part(struct str *rest)
{
    size_t colon = str_find(*rest, 0, ':');
    struct str part = str_slice(*rest, 0, colon);
    *rest = str_from(*rest, colon + 1);
    return part;
}

struct arn aws_arn_split(struct str arn)
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

struct node *aws_document(struct arena *arena)
{
    struct node *document = node_new(arena, NODE_MAP);
    put_text(arena, document, "Version", STR("2012-10-17"));
    put_list(arena, document, "Statement");
    return document;
}

struct node *aws_statement(struct arena *arena, struct node *document, const char *sid)
{
    struct node *statement = add_map(arena, node_get(document, "Statement"));
    put_text(arena, statement, "Sid", str_of(sid));
    put_text(arena, statement, "Effect", STR("Allow"));
    return statement;
}

struct str aws_document_text(struct arena *arena, const struct node *document)
{
    struct buf text = {0};
    emit_json(&text, document, 0);
    struct str copy = str_copy(arena, buf_str(&text));
    buf_free(&text);
    return copy;
}
