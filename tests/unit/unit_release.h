/* Releases of charts, for unit tests. */
#ifndef OPTASVC_UNIT_RELEASE_H
#define OPTASVC_UNIT_RELEASE_H

#include "chart/release.h"
#include "unit.h"

#define DEPLOY  "---\napiVersion: apps/v1\nkind: Deployment\n"
#define SERVICE "---\napiVersion: v1\nkind: Service\n"

/* Begins a release of the documents in a text. */
static inline struct release release_of(struct unit *unit, const char *text)
{
    const struct source *source = unit_source(unit, str_from_c(text));
    struct stream_parser stream_parser = {.arena = &unit->arena};
    struct stream stream = stream_finish(&stream_parser, source->text);
    return release_begin(&unit->arena, &unit->diags, source, stream);
}

/* Returns the object of a type, of which there is one. */
static inline const struct object *only(struct release *release, enum object_kind type)
{
    const struct object *object = release_objects(release, type);
    assert_non_null(object);
    assert_null(object->next);
    return object;
}

#endif
