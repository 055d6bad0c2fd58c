/* kubectl's preferences file (kuberc) changes the defaults of flags and adds aliases: with
 * `delete: interactive=true`, kubectl delete succeeds without deleting anything. */
#ifndef OPTASVC_KUBERC_H
#define OPTASVC_KUBERC_H

#include "base/diag.h"
#include "config/options.h"

/* Makes every later kubectl read a private kuberc that contains only the user's credential plugin
 * policy, or no kuberc if there is no policy. The user's file is --kuberc, else KUBERC, else
 * ~/.kube/kuberc, as for kubectl. Reports an error and returns false if that file cannot be read,
 * because it may contain a policy. */
bool kuberc_isolate(const struct kubectl_options *options, struct arena *arena,
                    struct diags *diags);

/* Before exec: passes the private file on as an open descriptor, and deletes it. */
void kuberc_keep_for_exec(void);

#endif
