/* Errors and warnings as values, each with its place in a file.
 *
 * Functions that can fail take a `struct diags`, add to it and return false or NULL; nothing is
 * printed here. A program prints them all at the end, so that one run tells every mistake. */
#ifndef OPTASVC_DIAG_H
#define OPTASVC_DIAG_H

#include "base/limits.h"
#include "base/str.h"

enum {
    DIAG_MAX = 200,       /* errors of one file, and as many warnings; more are counted, not kept */
    DIAG_TEXT_MAX = 1000, /* bytes of a message or hint; what is longer is cut */
};

/* Bytes `start` up to `end` of a file; source NULL: no file, as for a flag. Trees hold many of
 * them, so they are kept small. */
struct location {
    const struct source *source;
    size_t start;
    size_t end;
};

/* Of what has no place in a file: a flag, or the answer of another program. */
#define NO_LOCATION ((struct location){0})

struct line_map;
struct node;

struct source {
    struct str path; /* as the user wrote it */
    struct str text;
    bool secret;  /* may hold what no message may show: its lines are left out */
    bool *hidden; /* true: no message shows a key, value or line of it, only positions; NULL: as
                     false. input_read() sets it, load_service() clears it */
    const struct location *use; /* the alias (*NAME) through which the text is used; NULL: it is
                                   used where it is written */
    struct line_map *lines;     /* of the text; NULL: counted anew for each position */
    struct node *tree;          /* of the text, which was parsed without any diagnostic; NULL:
                                   load_service() parses it */
};

bool source_is_hidden(const struct source *source);

/* True if both are the same file, whichever alias its text is used through. */
bool source_is_same(const struct source *a, const struct source *b);

/* The file itself rather than a place in it, so that no line is shown. */
struct location location_file(const struct source *source);
bool location_is_file(struct location at);

/* The alias that a location is used through, or the location itself. */
struct location location_of_use(struct location at);

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diag {
    enum severity severity;
    struct location at;
    struct str message; /* what is wrong */
    struct str context; /* what was being done, before the message; may be empty */
    struct str hint;    /* what to write instead; may be empty */
    size_t order;
    size_t repeats; /* further aliases through which the same was reported */
};

struct diags {
    struct arena *arena; /* of the texts; set by the owner */
    struct diag *items;
    size_t count;
    size_t errors; /* all that were reported, kept or not */
    size_t warnings;
    size_t repeats[SEVERITY_WARNING + 1]; /* of them, what is in `items` for another alias */
    bool last_kept;                       /* what was reported last has its place in `items` */
};

/* Messages are one sentence without a final stop, in lower case; "%" as printf(). What is reported
 * again in a text that several aliases stand for is one cause: it is counted, and shown once. */
void diag_error(struct diags *diags, struct location at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *diags, struct location at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for functions that wrap them. */
void diag_verror(struct diags *diags, struct location at, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
void diag_vwarning(struct diags *diags, struct location at, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* Adds what was being done to the diagnostic that was reported last: "cannot list Pods". It is
 * printed before the message, and does not count for diags_contain(): one cause that stops several
 * things is one message. */
void diag_context(struct diags *diags, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds what to do about it to the diagnostic that was reported last. */
void diag_hint(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line to the hint of the diagnostic that was reported last. */
void diag_hint_line(struct diags *diags, const char *line);

/* True when another error would only be counted: what its hint would say need not be found out. */
bool diags_full(const struct diags *diags);

/* Appends text with what a terminal would act on replaced; returns the columns it takes. */
size_t diag_add_visible(struct buf *out, struct str text);

/* The same, cut to a number of columns: "..." at the end, if it has room, shows that. */
void diag_add_truncated(struct buf *out, struct str text, size_t columns);

/* Adds "did you mean ...?" where a suggestion was found; false, and no hint, where none was. */
bool diag_suggest(struct diags *diags, const struct suggestion *near);

/* True when this was reported before: several things can fail for one reason. */
bool diags_contain(const struct diags *diags, struct str message);

/* 1-based line and column of a byte; columns count characters. */
struct position {
    size_t line;
    size_t column;
};
struct position diag_position(const struct source *source, size_t offset);

/* For a source whose positions are asked more than once: it is filled when the first one is, so the
 * text must be complete by then. */
struct line_map *line_map_new(struct arena *arena);

/* Writes them in the order of the text: "FILE:LINE:COLUMN: error: MESSAGE", the line, a caret under
 * the place, the hint, and the alias that the place is used through. */
void diags_write(const struct diags *diags, struct buf *out, bool color);

#endif
