/* Manual pages from the tables of commands and flags. */
#ifndef OPTASVC_MAN_H
#define OPTASVC_MAN_H

#include "cli/cli.h"

/* For `struct command`, of __man: prints the page of the program, in the language of man(7). */
int man(const struct invocation *invocation);

#endif
