/* Flags that fix the behaviour of kubectl's verbs. */
#ifndef OPTASVC_KUBECTL_FLAGS_H
#define OPTASVC_KUBECTL_FLAGS_H

/* NULL-terminated lists of --NAME=VALUE: the flags of every verb, and those of the verb at the
 * beginning of `words`. The values are kubectl's defaults, so that neither a preferences file nor a
 * later kubectl changes the behaviour. kubectl 1.30 supports all of them. */
extern const char *const kubectl_common_flags[];
const char *const *kubectl_verb_flags(const char *const *words);

#endif
