/* A stream of YAML documents, split without being parsed.
 *
 * Documents are told apart by what YAML calls markers: a line `---`, alone or with a space, tab or
 * text of its own behind it, and a line `...`. In quotes or flow neither may stand at the start of
 * a line, so looking at lines is enough. Every byte belongs to one document: its `---`, the
 * directives (%) before that, and all up to the next. */
#ifndef OPTASVC_SPLIT_H
#define OPTASVC_SPLIT_H

#include "base/diag.h"

struct document {
    size_t start;
    size_t end;
    struct str kind;         /* of a block map that says it in one plain line; empty: not known */
    bool broken_marker;      /* a marker is lost: `---apiVersion: v1`, */
    size_t broken_marker_at; /* here */
};

struct stream {
    struct document *documents;
    size_t count;
    bool cut; /* behind STREAM_DOCUMENTS_MAX documents there are more */
};

/* Splits a text that may still grow: while it is read, there is time for it. */
struct stream_parser {
    struct arena *arena; /* of the documents; set by the owner */
    struct stream stream;
    struct document next; /* that is being read */
    unsigned kinds;       /* lines of it that say its kind */
    bool disguised;       /* a key may be `kind` in another form: "kind", <<, *alias, !!str kind */
    size_t searched;      /* up to the last line break that was looked at */
    size_t grown;         /* to what length, at the last call */
};

/* Looks at the lines that are complete. `text` is all there is, at the same place in every call. */
void stream_feed(struct stream_parser *stream_parser, struct str text);

/* Looks at the rest. */
struct stream stream_finish(struct stream_parser *stream_parser, struct str text);

/* True when the text begins with a line `---`; `---a:` is a key. */
bool stream_is_marked(struct str text);

/* True when nothing but blanks, comments and markers stands in the text. */
bool stream_is_blank(struct str text);

#endif
