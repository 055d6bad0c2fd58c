/* Recompiled when version or commit change: the Makefile defines both. */
#include "base/version.h"

const char version_number[] = OPTASVC_VERSION;
const char version_commit[] = OPTASVC_COMMIT;
