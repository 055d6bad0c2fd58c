/* kubectl's preferences file (kuberc) changes the defaults of its flags and adds aliases: with
 * `delete: interactive=true` a deletion succeeds and deletes nothing. */
#ifndef OPTASVC_KUBERC_H
#define OPTASVC_KUBERC_H

#include "base/diag.h"
#include "config/options.h"

/* Every kubectl that is run from now on reads a private kuberc, which has only the user's policy
 * for credential plugins, or none where there is no policy. The user's file is --kuberc, else
 * KUBERC, else ~/.kube/kuberc, as kubectl chooses it. Reports an error and returns false if that
 * file cannot be read, because it may have a policy. */
bool kuberc_isolate(const struct kubectl_options *options, struct arena *arena,
                    struct diags *diags);

/* Keeps the private file readable for the program that this one becomes, and for nobody else. */
void kuberc_keep_for_exec(void);

#endif
