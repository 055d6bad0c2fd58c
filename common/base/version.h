/* What this is, and what it was made from. */
#ifndef OPTASVC_VERSION_H
#define OPTASVC_VERSION_H

extern const char version_number[];
extern const char version_commit[]; /* "unknown" where it was not built from a repository */

#endif
