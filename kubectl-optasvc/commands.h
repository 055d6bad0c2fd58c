/* The commands of kubectl optasvc, one file each: cmd_NAME.c. */
#ifndef OPTASVC_COMMANDS_H
#define OPTASVC_COMMANDS_H

#include "cli/cli.h"
#include "os/console.h"

int cmd_push(const struct invocation *invocation);
int cmd_deploy(const struct invocation *invocation);
int cmd_apply(const struct invocation *invocation);
int cmd_diff(const struct invocation *invocation);
int cmd_delete(const struct invocation *invocation);
int cmd_status(const struct invocation *invocation);
int cmd_outputs(const struct invocation *invocation);
int cmd_logs(const struct invocation *invocation);
int cmd_shell(const struct invocation *invocation);
int cmd_secret_set(const struct invocation *invocation);
int cmd_secret_import(const struct invocation *invocation);
int cmd_secret_list(const struct invocation *invocation);
int cmd_secret_view(const struct invocation *invocation);
int cmd_secret_delete(const struct invocation *invocation);
int cmd_secret_edit(const struct invocation *invocation);
int cmd_render(const struct invocation *invocation);
int cmd_validate(const struct invocation *invocation);
int cmd_explain(const struct invocation *invocation);
int cmd_schema(const struct invocation *invocation);

/* Tells what is wrong with the flags of apply; 0 when nothing is, else the exit status. */
int cmd_apply_usage(const struct invocation *invocation);

int cmd_completion(const struct invocation *invocation);
int cmd_version(const struct invocation *invocation);

/* What completion offers as arguments. */
void complete_fields(struct completion *completion);
void complete_shells(struct completion *completion);

#endif
