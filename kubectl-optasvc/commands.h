/* The commands of kubectl optasvc, one file each: cmd_NAME.c. */
#ifndef OPTASVC_COMMANDS_H
#define OPTASVC_COMMANDS_H

#include "cli.h"

int cmd_render(const struct invocation *invocation);
int cmd_validate(const struct invocation *invocation);
int cmd_explain(const struct invocation *invocation);
int cmd_schema(const struct invocation *invocation);

#endif
