/* What of libfyaml the programs for Linux are linked without. By --wrap the linker calls these in
 * place of functions that a parser of events never gets to, and drops what only those lead to: the
 * builder of documents, the emitter, scanf(), a tenth of the program. */
#include <libfyaml.h>

#include <stdlib.h>

enum fy_composer_return __wrap_fy_composer_process_event(void *composer, struct fy_event *event);
int __wrap_fy_term_query_size(int fd, int *rows, int *columns);

/* For parsers with a callback, which none of ours has. */
enum fy_composer_return __wrap_fy_composer_process_event(void *composer, struct fy_event *event)
{
    (void)composer;
    (void)event;
    abort();
}

/* The size of the terminal that libfyaml's own messages would go to. */
int __wrap_fy_term_query_size(int fd, int *rows, int *columns)
{
    (void)fd;
    (void)rows;
    (void)columns;
    return -1;
}
