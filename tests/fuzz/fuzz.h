/* What the fuzz targets share. Each target is one file with LLVMFuzzerTestOneInput(), which
 * libFuzzer, AFL++ and replay.c call. A property that does not hold ends the process. */
#ifndef OPTASVC_FUZZ_H
#define OPTASVC_FUZZ_H

#include "manifest/manifest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* The bytes, in memory of just that size, so that a sanitizer sees what is read behind them. */
struct str fuzz_text(struct arena *arena, const uint8_t *data, size_t size);

/* A path that reads as the text; `slot` below FUZZ_FILES: a text of before is replaced. */
enum { FUZZ_FILES = 16 };
const char *fuzz_file(unsigned slot, struct str text);

/* Something was reported if and only if `failed`, and a terminal can show it. */
void fuzz_check_diags(const struct diags *diags, bool failed);

/* Objects come back as they are from both libraries, as YAML and as JSON. */
void fuzz_check_emitted(struct arena *arena, struct node *const *objects, size_t count);

/* All that is made of a service file and, unless it is NULL, an environment file. */
void fuzz_render(struct str service_file, const char *environment_file);

#endif
