/* Standard output and standard error. No other file writes to them (checked by
 * tests/layers/run). */
#ifndef OPTASVC_CONSOLE_H
#define OPTASVC_CONSOLE_H

#include "os/io.h"

/* Writes to stdout. Returns false after a failure, which console_finish() reports. */
bool console_print(struct str text);

/* Writes to stderr. Returns false after a failure, which cannot be reported anywhere. */
bool console_print_error(struct str text);

/* Shows a line on the terminal that the next output to stderr erases; an empty one only erases.
 * Nothing happens unless stderr is a terminal. */
void console_set_status(struct str line);

/* Like console_print_error() for whole lines: on a terminal, long ones are wrapped
 * (wrap_messages()). */
void console_print_messages(struct str text);

/* Like console_print_messages() for one line, with control characters replaced. */
void console_print_line(struct str text);

/* Also appends everything that is written to stderr from now on to `copy`; NULL: stops that. */
void console_copy_errors(struct buf *copy);

/* Writes `text`, or all pieces (like io_write_stream()), to stdout and closes it. Returns the exit
 * status: EXIT_FAILURE, with an error on stderr, if any write to stdout failed. */
int console_finish(struct str text);
int console_finish_stream(const struct str *pieces, size_t count, const struct io_stream *stream);

/* Like console_finish() for lines with columns: on a terminal, long ones are wrapped
 * (wrap_columns()). */
int console_finish_columns(struct str text);

/* Returns the maximum width of text on stdout if that is a terminal: its width, but 40 to 100
 * columns. Returns 0 if it is not a terminal, or if its size is unknown. */
size_t console_columns(void);

/* Returns the descriptor of stdout or stderr if `path` is the same file (/dev/stderr); otherwise
 * -1. Opening the file again would give it its own offset, so that it would overwrite the stream's
 * output. */
int console_find_stream(const char *path);

#endif
