/* The flags that fix what a verb of kubectl does. */
#ifndef OPTASVC_KUBECTL_FLAGS_H
#define OPTASVC_KUBECTL_FLAGS_H

/* Flags as --NAME=VALUE, ended by NULL: those that every verb takes, and those of the verb that the
 * words, ended by NULL, begin with. Each has kubectl's own default, so that neither a preferences
 * file nor a later kubectl changes what a verb does. kubectl 1.30 knows all of them. */
extern const char *const kubectl_common_flags[];
const char *const *kubectl_verb_flags(const char *const *words);

#endif
