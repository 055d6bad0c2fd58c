/* The events of a document that parse_manifest.c parses, and their compact form, from which the
 * tree is built again without the parser. An event takes about three bytes in it, and a node of the
 * tree about a hundred. */
#ifndef OPTASVC_MANIFEST_EVENT_H
#define OPTASVC_MANIFEST_EVENT_H

#include "yaml/node.h"

struct manifest_event {
    enum {
        EVENT_SCALAR,
        EVENT_MAP,
        EVENT_LIST,
        EVENT_END, /* of a map or list */
        EVENT_ALIAS
    } kind;
    enum scalar_style style;
    size_t start; /* offsets in the source, as in struct node */
    size_t end;
    size_t text_at;
    struct str text;   /* of a scalar; the name of an alias */
    struct str anchor; /* empty: none */
};

/* State of writing or reading the compact form. */
struct manifest_events {
    struct str source; /* the text of the whole stream */
    size_t at;         /* the end of the last event in the source */
    size_t read;       /* bytes read so far */
};

/* Appends an event. Its strings must stay valid as long as `bytes` are used. */
void manifest_event_write(struct manifest_events *events, const struct manifest_event *event,
                          struct buf *bytes);

/* Reads the next event. Returns false at the end. */
bool manifest_event_read(struct manifest_events *events, struct str bytes,
                         struct manifest_event *ret);

#endif
