/* Splits a stream of YAML documents without parsing them.
 *
 * Documents are separated by markers: a line `---`, optionally followed by a blank and content,
 * and a line `...`. Inside quotes and flow collections no line may begin with a marker, so
 * checking lines is sufficient. Every byte belongs to one document: its `---`, the directives
 * (%) before that, and everything up to the next document. */
#ifndef OPTASVC_SPLIT_H
#define OPTASVC_SPLIT_H

#include "base/diag.h"

struct document {
    size_t start;
    size_t end;
    struct str kind;         /* of a block map with a plain line `kind: KIND`; empty: unknown */
    bool broken_marker;      /* a marker lost its line break (`---apiVersion: v1`), */
    size_t broken_marker_at; /* at this offset */
};

struct stream {
    struct document *documents;
    size_t count;
    bool cut; /* more than STREAM_DOCUMENTS_MAX documents follow */
};

/* State of splitting a text that is still being read. */
struct stream_parser {
    struct arena *arena; /* of the documents; set by the caller */
    struct stream stream;
    struct document next; /* the current document */
    unsigned kinds;       /* lines with its kind */
    bool disguised;  /* some key may be `kind` in another form: "kind", <<, *alias, !!str kind */
    size_t searched; /* up to the last line break that was checked */
    size_t grown;    /* length at the last call */
};

/* Parses the complete lines. `text` is everything read so far, at the same address in every
 * call. */
void stream_feed(struct stream_parser *stream_parser, struct str text);

/* Parses the rest and returns the documents. */
struct stream stream_finish(struct stream_parser *stream_parser, struct str text);

/* True if the text begins with a line `---`; `---a:` is a key. */
bool stream_is_marked(struct str text);

/* True if the text contains only blanks, comments and markers. */
bool stream_is_blank(struct str text);

#endif
