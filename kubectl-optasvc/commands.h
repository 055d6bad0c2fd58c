/* The commands of kubectl optasvc. Each cmd_*.c defines its own, and main.c lists them. */
#ifndef OPTASVC_COMMANDS_H
#define OPTASVC_COMMANDS_H

#include "cli/cli.h"
#include "cluster/cluster.h"
#include "os/console.h"

extern const struct command command_apply;
extern const struct command command_push;
extern const struct command command_deploy;
extern const struct command command_diff;
extern const struct command command_delete;
extern const struct command command_status;
extern const struct command command_restart;
extern const struct command command_history;
extern const struct command command_rollback;
extern const struct command command_outputs;
extern const struct command command_logs;
extern const struct command command_shell;
extern const struct command command_secret_set;
extern const struct command command_secret_import;
extern const struct command command_secret_list;
extern const struct command command_secret_view;
extern const struct command command_secret_delete;
extern const struct command command_secret_edit;
extern const struct command command_init;
extern const struct command command_render;
extern const struct command command_validate;
extern const struct command command_inject;
extern const struct command command_convert_ingress;
extern const struct command command_explain;
extern const struct command command_schema;
extern const struct command command_completion;
extern const struct command command_version;

/* Flags of commands that access a cluster; all of them read service files. */
#define FLAGS_CLUSTER FLAGS_RENDER, FLAGS_KUBECTL

#define FLAGS_APPLY                                                                                \
    FLAGS_CLUSTER, FLAG_DRY_RUN_MODE, FLAG_WAIT, FLAG_TIMEOUT, FLAG_PRUNE, FLAG_FORCE_CONFLICTS,   \
        FLAG_ADOPT, FLAG_ROLLBACK_ON_FAILURE, FLAG_YES, FLAG_OUTPUT

/* Flags of commands that push an image. */
#define FLAGS_PUSH FLAG_TAG, FLAG_CREATE_REPOSITORY, FLAG_CONTAINER_TOOL

/* Reports an invalid combination of flags of apply. Returns the exit status; 0 if the flags are
 * valid. */
int cmd_apply_check_flags(const struct invocation *invocation);

/* The same for commands that use --timeout only to wait. apply also waits for the Job of
 * pre_deploy, and limits each call of kubectl. */
int cmd_wait_check_flags(const struct invocation *invocation);

/* Shared by several commands. Return the exit status. */
int cmd_apply(const struct invocation *invocation);
int cmd_render(const struct invocation *invocation);

/* Returns a map with the name and namespace of a service and whether it is deployed, to which
 * commands add what they print as JSON. `live`: its workload; NULL if there is none. */
struct node *cmd_describe_service(struct arena *arena, const struct deployed_service *deployed,
                                  const struct node *live);

#endif
