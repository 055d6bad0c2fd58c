/* Manual pages from the tables of commands and flags. */
#ifndef OPTASVC_MAN_H
#define OPTASVC_MAN_H

#include "cli/cli.h"

/* Appends the page of a program, in man(7)'s language. */
void man_write(struct buf *out, const struct program *program);

#endif
