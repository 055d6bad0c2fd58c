/* Version and commit of the build. */
#ifndef OPTASVC_VERSION_H
#define OPTASVC_VERSION_H

extern const char version_number[];
extern const char version_commit[]; /* "unknown" if not built from a repository */

#endif
