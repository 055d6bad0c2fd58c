/* Checked reading and writing of whole files. Interrupted and short calls are continued. */
#ifndef OPTASVC_IO_H
#define OPTASVC_IO_H

#include "base/str.h"

/* Reads a whole file ("-": standard input) into `ret`, which the caller frees even after a failure.
 * Returns 0 or an errno; EFBIG if the file exceeds `limit` bytes. */
int io_read_file(const char *path, size_t limit, struct buf *ret);

enum { IO_NOT_REGULAR = -1 }; /* not an errno */

/* Like io_read_file() for a path that does not come from a flag, such as one in a file: returns
 * IO_NOT_REGULAR for a pipe, socket, terminal, device or kernel file (/proc, /sys) without reading
 * it, so that nothing blocks or is consumed. "-" is a file of that name. */
int io_read_regular_file(const char *path, size_t limit, struct buf *ret);

/* A stream that was read into its own pages, which nothing else writes to. */
struct io_stream {
    struct str text;
    void *mapped; /* NULL: the text is in `buf` */
    size_t mapped_size;
    char *pages; /* the part of the mapping in use */
    size_t size;
    struct buf buf;
};

/* Called while a stream is read, with everything read so far, always at the same address. */
typedef void io_progress(void *context, struct str text);

/* Reads all of a file descriptor with as few copies as possible. Returns 0 or an errno; EFBIG if
 * there are more than `limit` bytes. The caller frees `ret` even after a failure. */
int io_read_stream(int fd, size_t limit, io_progress *on_progress, void *context,
                   struct io_stream *ret);
void io_stream_free(struct io_stream *stream);

/* Like io_write_pieces(), but pieces that are in `stream` are moved into a pipe without copying. */
int io_write_stream(int fd, const struct str *pieces, size_t count, const struct io_stream *stream);

/* Writes all pieces in order. Returns 0 or an errno. */
int io_write_pieces(int fd, const struct str *pieces, size_t count);

/* Writes all of `text` to a file descriptor. Returns 0 or an errno. */
int io_write(int fd, struct str text);

#endif
