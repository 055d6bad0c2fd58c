/* Objects of a cluster, for unit tests. */
#ifndef OPTASVC_UNIT_OBJECT_H
#define OPTASVC_UNIT_OBJECT_H

#include "unit.h"
#include "yaml/parse_strict.h"

/* Parses an object from JSON or YAML. */
static inline struct node *unit_object(struct unit *unit, const char *text)
{
    struct node *node =
        load_service(&unit->arena, unit_source(unit, str_from_c(text)), &unit->diags);
    assert_no_diags(unit);
    assert_non_null(node);
    return node;
}

#endif
