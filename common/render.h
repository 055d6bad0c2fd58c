/* Files in, manifests out: what `render` prints, and what all that applies it hands to kubectl. */
#ifndef OPTASVC_RENDER_H
#define OPTASVC_RENDER_H

#include "options.h"

/* Renders all files that the options name. `ret_manifests` gets YAML documents, or one v1/List with
 * --output json; `ret_messages` what to tell the user. Both are the caller's to free. False, and no
 * manifests, when anything is wrong with any file. */
bool render(const struct options *options, bool color, struct buf *ret_manifests,
            struct buf *ret_messages);

#endif
