/* Errors and warnings as values with a location in a file.
 *
 * Functions that can fail take a `struct diags`, add to it and return false or NULL; they print
 * nothing. A program prints all diagnostics at the end, so that one run reports every error. */
#ifndef OPTASVC_DIAG_H
#define OPTASVC_DIAG_H

#include "base/limits.h"
#include "base/rule.h"
#include "base/str.h"

enum {
    DIAG_MAX = 200,       /* errors stored, and as many warnings; more are only counted */
    DIAG_TEXT_MAX = 1000, /* bytes of a message or hint; longer ones are cut */
};

/* Bytes `start` to `end` (exclusive) of a file; source NULL: no file, for example a flag. Trees
 * contain many locations, so the struct is small. */
struct location {
    const struct source *source;
    size_t start;
    size_t end;
};

/* Location of errors outside files, such as flags or the output of another program. */
#define NO_LOCATION ((struct location){0})

struct line_map;
struct node;

struct source {
    struct str path; /* as given by the user */
    struct str text;
    bool secret;  /* may contain secrets: its lines are not shown */
    bool *hidden; /* true: messages show positions only, no key, value or line; NULL: false. Set by
                     input_read(), cleared by load_service() */
    const struct location *use; /* the alias (*NAME) that uses the text; NULL: none */
    struct line_map *lines;     /* of the text; NULL: lines are counted for each position */
    struct node *tree;          /* of the text, if it was parsed without any diagnostic; NULL:
                                   load_service() parses it */
};

bool source_is_hidden(const struct source *source);

/* True if both are the same file, regardless of the alias used. */
bool source_is_same(const struct source *a, const struct source *b);

/* Returns the location of the whole file; no line is shown for it. */
struct location location_file(const struct source *source);
bool location_is_file(struct location at);

/* Returns the alias through which a location is used, or the location itself. */
struct location location_of_use(struct location at);

enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct diag {
    enum severity severity;
    enum rule rule; /* its name */
    struct location at;
    struct str message; /* what is wrong */
    struct str context; /* the operation, printed before the message; may be empty */
    struct str hint;    /* what to do; may be empty */
    size_t order;
    size_t repeats;  /* number of other aliases with the same diagnostic */
    bool can_allow;  /* a warning whose rule users can allow: its name is shown */
    bool hides_line; /* its line may contain a credential: it is not shown */
};

/* A rule that a comment allows in a range of its file. */
struct allowance {
    struct allowance *next;
    enum rule rule;
    struct location at; /* of the name in the comment */
    size_t start;       /* of the range */
    size_t end;         /* exclusive */
    bool is_whole_file;
    bool is_used; /* a warning was not reported because of it */
};

/* Rules whose warnings are not reported. */
struct diag_policy {
    bool allowed[RULE_COUNT];     /* everywhere */
    struct allowance *allowances; /* of the files that were read */
};

struct diags {
    struct arena *arena; /* for strings and items; set by the owner */
    struct diag *items;
    size_t count;
    size_t errors; /* all reported errors, stored or not */
    size_t warnings;
    size_t repeats[SEVERITY_WARNING + 1]; /* of these, repeats through another alias */
    bool last_kept;                       /* the last diagnostic is in `items` */
    struct diag_policy *policy;           /* NULL: all are reported */
};

/* Reports a diagnostic, whose name is that of the rule. A message is one sentence in lower case
 * without a full stop, with "%" as in printf(). If a text is used through several aliases, the same
 * diagnostic about it is shown once and its repeats are counted. */
void diag_error(struct diags *diags, struct location at, enum rule rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void diag_warning(struct diags *diags, struct location at, enum rule rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Variants for wrapper functions. */
void diag_verror(struct diags *diags, struct location at, enum rule rule, const char *format,
                 va_list arguments) __attribute__((format(printf, 4, 0)));
void diag_vwarning(struct diags *diags, struct location at, enum rule rule, const char *format,
                   va_list arguments) __attribute__((format(printf, 4, 0)));

/* Adds the operation, such as "cannot list Pods", to the last diagnostic. It is printed before the
 * message. diags_contain() ignores it, so that a cause that stops several operations is reported
 * once. */
void diag_context(struct diags *diags, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the hint of the last diagnostic: what to do. */
void diag_hint(struct diags *diags, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line to the hint of the last diagnostic. */
void diag_hint_line(struct diags *diags, const char *line);

/* Hides the line of the last diagnostic, because it may contain a credential. */
void diag_hide_line(struct diags *diags);

/* Turns all warnings into errors. */
void diags_promote_warnings(struct diags *diags);

/* True if another error would only be counted, so that its hint need not be computed. */
bool diags_full(const struct diags *diags);

/* Appends text with control and text-direction characters replaced; returns its width in
 * columns. */
size_t diag_add_visible(struct buf *out, struct str text);

/* Like diag_add_visible(), but cut to a number of columns, with "..." at the end if it fits. */
void diag_add_truncated(struct buf *out, struct str text, size_t columns);

/* Adds the hint "did you mean ...?". Returns false if there is no suggestion. */
bool diag_suggest(struct diags *diags, const struct suggestion *suggestion);

/* True if this message was reported before. Several operations can fail for the same reason. */
bool diags_contain(const struct diags *diags, struct str message);

/* 1-based line and column of a byte; columns count characters. */
struct position {
    size_t line;
    size_t column;
};
struct position diag_position(const struct source *source, size_t offset);

/* Returns a line map for a source with many position queries. It is filled on the first query, when
 * the text must be complete. */
struct line_map *line_map_new(struct arena *arena);

/* Append the message, after its context, and the hint, as they may be shown: without control
 * characters, and without the content of hidden files. */
void diag_add_message(struct buf *out, const struct diag *diag);
void diag_add_hint(struct buf *out, const struct diag *diag);

/* Sorts the diagnostics in the order in which they are written. */
void diags_sort(const struct diags *diags);

/* Returns the number of diagnostics that were only counted. */
size_t diags_omitted(const struct diags *diags);
/* True if the line of a diagnostic can be shown: it is in a file, and contains no secret. */
bool diag_shows_line(const struct diags *diags, const struct diag *diag);

/* Writes the diagnostics in the order of the text: "FILE:LINE:COLUMN: error: MESSAGE", the line, a
 * caret under the position, the hint, and the alias through which the text is used. */
void diags_write(const struct diags *diags, struct buf *out, bool color);

#endif
