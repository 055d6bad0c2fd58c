/* Standard output and standard error. No other file writes to them (tests/layers/run checks it). */
#ifndef OPTASVC_CONSOLE_H
#define OPTASVC_CONSOLE_H

#include "os/io.h"

/* Writes to stdout. Returns false after a failure, which console_finish() reports. */
bool console_print(struct str text);

/* Writes to stderr. A failure is ignored: there is nowhere to report it. */
void console_print_error(struct str text);

/* The same for one line, with control characters made visible. */
void console_print_line(struct str text);

/* From now on what is written to stderr is added to `copy` too; NULL: no more. */
void console_copy_errors(struct buf *copy);

/* Writes `text`, or all pieces (as io_write_stream() does), to stdout and closes it. Returns the
 * exit status: EXIT_FAILURE, with an error on stderr, if any write to stdout failed. */
int console_finish(struct str text);
int console_finish_stream(const struct str *pieces, size_t count, const struct io_stream *stream);

/* Returns the descriptor of stdout or stderr if `path` is the same file (/dev/stderr), else -1.
 * Opened again, the file would be written at an offset of its own, over what the stream writes. */
int console_find_stream(const char *path);

#endif
