/* Replacements for functions of libfyaml that an event parser never calls, in the Linux programs.
 * With --wrap the linker uses these instead, and drops everything that only the originals
 * reference: the document builder, the emitter and scanf(), a tenth of the program. */
#include <libfyaml.h>

#include <stdlib.h>

enum fy_composer_return __wrap_fy_composer_process_event(void *composer, struct fy_event *event);
int __wrap_fy_term_query_size(int fd, int *rows, int *columns);

/* Called only for parsers with a callback, which we do not use. */
enum fy_composer_return __wrap_fy_composer_process_event(void *composer, struct fy_event *event)
{
    (void)composer;
    (void)event;
    abort();
}

/* Called only for libfyaml's own messages, which we do not use. */
int __wrap_fy_term_query_size(int fd, int *rows, int *columns)
{
    (void)fd;
    (void)rows;
    (void)columns;
    return -1;
}
