/* Manual pages from the tables of commands and flags. */
#ifndef OPTASVC_MAN_H
#define OPTASVC_MAN_H

#include "cli/cli.h"

/* The hidden command __man. Prints the page of the program, in the language of man(7). */
extern const struct command command_man;

#endif
