/* The lines that kubectl writes. */
#ifndef OPTASVC_KUBECTL_ERRORS_H
#define OPTASVC_KUBECTL_ERRORS_H

#include "cluster/kubectl.h"

/* True for a line of kubectl's own log (klog), which -v requests. */
bool kubectl_is_log(struct str line);

/* What a run was for, after "cannot": `list Pods in namespace "shop"`. */
struct str kubectl_purpose(struct arena *arena, const struct process *run);

/* Shows the warnings of a run that were not shown yet, and with -v its log. */
void kubectl_show_warnings(const struct kubectl *kubectl, const struct process *run);

#endif
