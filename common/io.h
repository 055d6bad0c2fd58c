/* Checked reading and writing of whole files. Interrupted and short calls are continued. */
#ifndef OPTASVC_IO_H
#define OPTASVC_IO_H

#include "str.h"

/* All of a file ("-": standard input) into `ret`, which the caller frees also after a failure.
 * Returns 0, or an errno; EFBIG when it holds more than `limit` bytes. */
int io_read_file(const char *path, size_t limit, struct buf *ret);

/* Writes all pieces, one behind the other. Returns 0 or an errno. */
int io_write_pieces(int fd, const struct str *pieces, size_t count);

/* Writes all of `text` to a file descriptor. Returns 0 or an errno. */
int io_write(int fd, struct str text);

#endif
