#include "cloud/aws_policy.h"

#include "yaml/emit.h"

struct node *aws_policy_new(struct arena *arena)
{
    struct node *document = node_new(arena, NODE_MAP);
    node_set_string(arena, document, "Version", STR("2012-10-17"));
    node_set_list(arena, document, "Statement");
    return document;
}

struct node *aws_policy_add_statement(struct arena *arena, struct node *document, const char *sid)
{
    struct node *statement = node_append_map(arena, node_get(document, "Statement"));
    node_set_string(arena, statement, "Sid", str_from_c(sid));
    node_set_string(arena, statement, "Effect", STR("Allow"));
    return statement;
}

struct str aws_policy_format(struct arena *arena, const struct node *document)
{
    struct buf text = {0};
    emit_json(&text, document, 0);
    return buf_take(arena, &text);
}
