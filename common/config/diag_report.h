/* Errors and warnings in the formats of --output that other programs read. */
#ifndef OPTASVC_DIAG_REPORT_H
#define OPTASVC_DIAG_REPORT_H

#include "yaml/node.h"

/* json; sarif: SARIF 2.1.0; github: annotations of GitHub Actions. Terminated by NULL. */
extern const char *const diag_format_names[];

/* A range of a file. */
struct diag_place {
    struct str path; /* empty: not in a file */
    bool is_file;    /* the whole file */
    struct position start;
    struct position end; /* exclusive */
};

struct diag_entry {
    enum severity severity;
    enum rule rule;
    struct str message;
    struct str hint;       /* may be empty */
    struct diag_place at;  /* of the text */
    struct diag_place use; /* of the alias through which it is used */
    size_t repeats;        /* number of other aliases with the same diagnostic */
};

struct diag_report {
    struct arena *arena;
    const char *format;
    struct node *root; /* of the format json: the caller may add keys */
    struct diag_entry *entries;
    size_t count;
    struct str *notes;
    size_t note_count;
    size_t errors; /* including those that were only counted */
    size_t warnings;
};

/* Begins a report that is allocated in the arena. `format` is one of diag_format_names. */
struct diag_report diag_report_begin(struct arena *arena, const char *format);

bool diag_report_is_json(const struct diag_report *report);

/* Copies the diagnostics; their sources may be freed afterwards. */
void diag_report_add(struct diag_report *report, const struct diags *diags);

/* Adds other messages, one per line. */
void diag_report_add_notes(struct diag_report *report, struct str lines);

/* Appends the report, with a final newline. */
void diag_report_write(const struct diag_report *report, struct buf *out);

/* Writes the format sarif; only for diag_report.c. */
void diag_report_write_sarif(const struct diag_report *report, struct buf *out);

/* Returns a path below the working directory relative to it, without "./". */
struct str diag_relative_path(struct arena *arena, struct str path);

#endif
