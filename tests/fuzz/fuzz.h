/* Shared by the fuzz targets. Each target is one file with LLVMFuzzerTestOneInput(), which
 * libFuzzer, AFL++ and replay.c call. A property that does not hold aborts the process. */
#ifndef OPTASVC_FUZZ_H
#define OPTASVC_FUZZ_H

#include "import/import.h"
#include "manifest/manifest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* Returns a copy of exactly this size, so that a sanitizer detects reads after its end. */
struct str fuzz_text(struct arena *arena, const uint8_t *data, size_t size);

/* Returns the path of a file with this content. `slot` is below FUZZ_FILES; its earlier content is
 * replaced. */
enum { FUZZ_FILES = 16 };
const char *fuzz_file(unsigned slot, struct str text);

/* Checks that errors were reported if and only if `failed`, and that no message has a control
 * character. */
void fuzz_check_diags(const struct diags *diags, bool failed);

/* Checks that a message has no control character except line breaks. */
void fuzz_check_visible(struct str text);

/* Checks that both libraries read the objects back unchanged, as YAML and as JSON. */
void fuzz_check_emitted(struct arena *arena, struct node *const *objects, size_t count);

/* Renders a service file, with an environment file unless it is NULL, and checks the objects. */
void fuzz_render(struct str service_file, const char *environment_file);

/* Checks that an imported service file is printed such that it reads as the one that was made, has
 * no error, and renders objects that both libraries read back. */
void fuzz_check_import(struct import *import);

#endif
