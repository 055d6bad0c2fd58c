/* Checked reading and writing of whole files. Interrupted and short calls are continued. */
#ifndef OPTASVC_IO_H
#define OPTASVC_IO_H

#include "base/str.h"

/* All of a file ("-": standard input) into `ret`, which the caller frees also after a failure.
 * Returns 0, or an errno; EFBIG when it holds more than `limit` bytes. */
int io_read_file(const char *path, size_t limit, struct buf *ret);

enum { IO_NOT_REGULAR = -1 }; /* unlike any errno */

/* The same for a path that no flag names, such as one written in a file: a pipe, socket, terminal,
 * device or file of the kernel (/proc, /sys) is refused with IO_NOT_REGULAR before it is read, so
 * that nobody waits for it and nothing is taken from it. "-" is a file of that name. */
int io_read_regular_file(const char *path, size_t limit, struct buf *ret);

/* A stream as it was read, in pages of its own that nothing else writes to. */
struct io_stream {
    struct str text;
    void *mapped; /* NULL: the text is in `buf` */
    size_t mapped_size;
    char *pages; /* of the mapping, those that are used */
    size_t size;
    struct buf buf;
};

/* What is told while a stream is read: all that came so far, always at the same place. */
typedef void io_progress(void *context, struct str text);

/* All of a file descriptor, in as few copies as the system allows. Returns 0, or an errno; EFBIG
 * when it holds more than `limit` bytes. The caller frees `ret` also after a failure. */
int io_read_stream(int fd, size_t limit, io_progress *grown, void *context, struct io_stream *ret);
void io_stream_free(struct io_stream *stream);

/* Writes all pieces as below; those of `stream` go into a pipe without being copied. */
int io_write_stream(int fd, const struct str *pieces, size_t count, const struct io_stream *stream);

/* Writes all pieces, one behind the other. Returns 0 or an errno. */
int io_write_pieces(int fd, const struct str *pieces, size_t count);

/* Writes all of `text` to a file descriptor. Returns 0 or an errno. */
int io_write(int fd, struct str text);

#endif
