/* Parses the stderr of kubectl. */
#ifndef OPTASVC_KUBECTL_ERRORS_H
#define OPTASVC_KUBECTL_ERRORS_H

#include "cluster/kubectl.h"

/* True for a line of kubectl's own log (klog), which -v requests. */
bool kubectl_is_log(struct str line);

/* Returns the purpose of a process, to follow "cannot": `list Pods in namespace "shop"`. */
struct str kubectl_purpose(struct arena *arena, const struct process *run);

/* Prints the warnings of a process that were not printed yet, and with -v its log. */
void kubectl_show_warnings(const struct kubectl *kubectl, const struct process *run);

#endif
