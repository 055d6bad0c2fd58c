/* Commands of other tools, such as kubectl, Helm, Terraform, Opta and shells. */
#ifndef OPTASVC_SYNONYMS_H
#define OPTASVC_SYNONYMS_H

#include "cli/cli.h"

extern const struct command_synonym command_synonyms[]; /* ended by a NULL word */

#endif
