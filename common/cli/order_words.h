/* Flags before the command. */
#ifndef OPTASVC_ORDER_WORDS_H
#define OPTASVC_ORDER_WORDS_H

#include "cli/cli.h"

/* Moves the words of the command before the flags that precede them, which kubectl accepts too:
 * `-n shop secret -f web.yaml list`. Reports a flag that no command has. Returns 0 or the exit
 * status. */
int order_words(const struct program *program, char **argv, size_t argc);

#endif
