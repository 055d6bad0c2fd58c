/* Manual pages from the tables of commands and flags. */
#ifndef OPTASVC_MAN_H
#define OPTASVC_MAN_H

#include "cli/cli.h"

/* The hidden command __man. Prints the manual page of the program in man(7) format. */
extern const struct command command_man;

#endif
