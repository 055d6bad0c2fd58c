/* Flags before the command. */
#ifndef OPTASVC_ORDER_WORDS_H
#define OPTASVC_ORDER_WORDS_H

#include "cli/cli.h"

struct word_order {
    size_t names;        /* the words of the command, which are first now */
    const char *unknown; /* the flag before it that no command has; NULL if there is none */
    enum flag_id open;   /* the flag whose value is missing after the last word, or FLAG_COUNT */
};

/* Moves the words of the command, at most two, before the flags that precede them, which kubectl
 * accepts too: `-n shop secret -f web.yaml list`. Stops at an unknown flag. */
struct word_order order_words(const struct program *program, const char **words, size_t count);

#endif
