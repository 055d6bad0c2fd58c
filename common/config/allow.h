/* Which warnings the user allows: --allow, and comments in files.
 *
 *   # optasvc: allow RULE[, RULE] [-- REASON]
 *
 * Above the first key of a file, the comment is about the whole file. At the end of a line, it is
 * about the entry that begins on this line, or whose string is on it: a key with its value, or an
 * item of a list. On a line of its own, or after only the dash of an item, it is about the entry
 * that begins on the next line that is not a comment. Inside another comment, such as a line that
 * was commented out, it has no effect. */
#ifndef OPTASVC_ALLOW_H
#define OPTASVC_ALLOW_H

#include "config/options.h"
#include "yaml/node.h"

/* Returns the first name of a list, "a, b c", that is not a rule of a warning that can be allowed;
 * empty if there is none. */
struct str allow_unknown_name(struct str list);

/* Returns what to do about a name that allow_unknown_name() returned. */
struct str allow_hint(struct arena *arena, struct str name);

/* Returns NULL if --allow accepts the value, else "must be ...". */
const char *allow_check_flag(struct str list);

/* Returns the policy of the flags. */
struct diag_policy allow_read_flags(const struct input_options *options);

/* Adds the comments of a file to the policy of `diags`; does nothing if it has none. `root`: the
 * tree of the file. Warns of invalid comments. */
void allow_read_comments(struct arena *arena, struct diags *diags, const struct source *source,
                         const struct node *root);

/* Warns of comments of the file that had no effect, because the warning was not reported. */
void allow_report_unused(struct diags *diags, const struct source *source);

#endif
