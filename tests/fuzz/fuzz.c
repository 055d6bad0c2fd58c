#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"

#include "base/utf8.h"
#include "cluster/object.h"
#include "manifest/traffic.h"
#include "yaml/emit.h"
#include "yaml/parse_manifest.h"
#include "yaml/parse_strict.h"
#include "yaml/scalar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, condition);
    abort();
}

struct str fuzz_text(struct arena *arena, const uint8_t *data, size_t size)
{
    return str_copy(arena, (struct str){(const char *)data, size});
}

const char *fuzz_file(unsigned slot, struct str text)
{
    static int files[FUZZ_FILES];
    static char paths[FUZZ_FILES][32];
    if (!files[slot]) {
        files[slot] = memfd_create("fuzz", 0);
        FUZZ_CHECK(files[slot] > 0);
        snprintf(paths[slot], sizeof paths[slot], "/proc/self/fd/%d", files[slot]);
    }
    FUZZ_CHECK(ftruncate(files[slot], 0) == 0);
    FUZZ_CHECK(text.len == 0 || pwrite(files[slot], text.data, text.len, 0) == (ssize_t)text.len);
    return paths[slot];
}

/* Terminal escapes begin with a control character, so messages must not contain one. */
void fuzz_check_visible(struct str text)
{
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t character = 0;
        len = utf8_decode(text, at, &character);
        FUZZ_CHECK(len > 0);
        FUZZ_CHECK(character == '\n' || (character >= 0x20 && character < 0x7F) ||
                   character >= 0xA0);
    }
}

void fuzz_check_diags(const struct diags *diags, bool failed)
{
    struct buf out = {0};
    FUZZ_CHECK(failed == (diags->errors > 0));
    diags_write(diags, &out, false);
    fuzz_check_visible(buf_str(&out));
    buf_free(&out);
}

/* A plain scalar must be a string to every reader. */
static void check_plain(struct str text, const struct node *read)
{
    if (read->kind == NODE_SCALAR && read->span.source && read->style == STYLE_PLAIN)
        FUZZ_CHECK(!scalar_is_ambiguous(text));
}

static void check_scalars(const struct node *made, const struct node *read)
{
    if (made->kind == NODE_SCALAR && made->style == STYLE_TEXT)
        check_plain(made->text, read);
    const struct node *each = read->first;
    for (const struct node *child = made->first; child && each; child = child->next) {
        check_scalars(child, each);
        each = each->next;
    }
}

void fuzz_check_emitted(struct arena *arena, struct node *const *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf yaml = {0}, json = {0};
        struct diags diags = {.arena = arena};
        struct node *read = NULL;
        emit_yaml(&yaml, &objects[i], 1);
        emit_json(&json, objects[i], 0);
        const struct source written = {.path = STR("yaml"), .text = buf_str(&yaml)};
        const struct source as_json = {.path = STR("json"), .text = buf_str(&json)};
        FUZZ_CHECK(load_manifest(arena, &written, 0, written.text.len, &diags, &read));
        FUZZ_CHECK(node_equal(objects[i], read));
        check_scalars(objects[i], read);
        if (written.text.len <= FILE_SIZE_MAX && as_json.text.len <= FILE_SIZE_MAX) {
            FUZZ_CHECK(node_equal(objects[i], load_service(arena, &written, &diags)));
            FUZZ_CHECK(node_equal(objects[i], load_service(arena, &as_json, &diags)));
        }
        FUZZ_CHECK(diags.count == 0);
        buf_free(&yaml);
        buf_free(&json);
    }
}

void fuzz_render(struct str service_file, const char *environment_file)
{
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    const struct source source = {.path = STR("service.yaml"), .text = service_file};
    /* No path of the input is opened. */
    const struct input_options options = {
        .image_tag = "v1",
        .environment = NULL,
        .environment_file = environment_file ? environment_file : fuzz_file(0, STR("name: e\n"))};
    struct layer *layer =
        service_file.len <= FILE_SIZE_MAX ? layer_read(&arena, &diags, &options, &source) : NULL;
    struct manifests manifests = {.arena = &arena};
    bool ok = layer && diags.errors == 0;
    for (size_t i = 0; layer && i < layer->module_count; i++) {
        if (!module_is_service(&layer->modules[i]))
            continue;
        const struct service *service = service_read(layer, &layer->modules[i]);
        ok &= service != NULL;
        if (!service)
            continue;
        const struct traffic traffic = traffic_of(service);
        ok &= traffic_check(&traffic);
        manifests_add_service(&manifests, service);
    }
    fuzz_check_diags(&diags, !ok && service_file.len <= FILE_SIZE_MAX);
    if (ok)
        fuzz_check_emitted(&arena, manifests.items, manifests.count);
    arena_free(&arena);
}

/* Checks that a service file has no error. */
static void check_valid(struct arena *arena, struct str text)
{
    struct diags diags = {.arena = arena};
    const struct source source = {.path = STR("app.yaml"), .text = text};
    const struct input_options options = {0};
    struct manifests manifests = {.arena = arena};
    struct layer *layer = layer_read(arena, &diags, &options, &source);
    FUZZ_CHECK(layer && diags.errors == 0);
    for (size_t i = 0; i < layer->module_count; i++) {
        const struct service *service = service_read(layer, &layer->modules[i]);
        FUZZ_CHECK(service);
        const struct traffic traffic = traffic_of(service);
        FUZZ_CHECK(traffic_check(&traffic));
        manifests_add_service(&manifests, service);
    }
    FUZZ_CHECK(diags.errors == 0);
    fuzz_check_emitted(arena, manifests.items, manifests.count);
}

void fuzz_check_import(struct import *import)
{
    struct buf text = {0};
    struct buf notes = {0};
    struct diags diags = {.arena = import->arena};
    import_write(import, &text);
    import_write_notes(import, &notes, false);
    fuzz_check_visible(buf_str(&notes));
    const struct source source = {.path = STR("app.yaml"), .text = buf_str(&text)};
    if (text.len <= FILE_SIZE_MAX) {
        const struct node *read = load_service(import->arena, &source, &diags);
        FUZZ_CHECK(diags.count == 0);
        FUZZ_CHECK(node_equal(import->file, read));
        check_valid(import->arena, buf_str(&text));
    }
    buf_free(&text);
    buf_free(&notes);
}
