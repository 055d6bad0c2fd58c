/* For tests that begin with the text of a service file. */
#ifndef OPTASVC_UNIT_LAYER_H
#define OPTASVC_UNIT_LAYER_H

#include "unit.h"

#include "service/service.h"

/* A service file up to the fields of its k8s-service, which follow as lines of four spaces. */
#define SERVICE_HEAD                                                                               \
    "name: hello\n"                                                                                \
    "modules:\n"                                                                                   \
    "  - name: app\n"                                                                              \
    "    type: k8s-service\n"                                                                      \
    "    image: nginx:1.29\n"                                                                      \
    "    port: {http: 80}\n"

/* The same without its port. */
#define PORTLESS_HEAD                                                                              \
    "name: hello\n"                                                                                \
    "modules:\n"                                                                                   \
    "  - name: app\n"                                                                              \
    "    type: k8s-service\n"                                                                      \
    "    image: nginx:1.29\n"

/* A text that a service with these further lines is refused for, and how. */
struct refusal {
    const char *lines;
    size_t line, column;
    const char *message, *hint;
};

/* Reads a text under `options`, which must outlive the layer; what was reported before is
 * forgotten. */
static inline struct layer *unit_layer(struct unit *unit, const struct input_options *options,
                                       struct str text)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    return layer_read(&unit->arena, &unit->diags, options, unit_source(unit, text));
}

/* The first k8s-service of a text. NULL after an error. */
static inline const struct service *
unit_service(struct unit *unit, const struct input_options *options, struct str text)
{
    struct layer *layer = unit_layer(unit, options, text);
    for (size_t i = 0; layer && i < layer->module_count; i++)
        if (module_is_service(&layer->modules[i]))
            return service_read(layer, &layer->modules[i]);
    return NULL;
}

/* The service of a head and further lines; all texts are literals, or outlive the test. */
static inline const struct service *unit_service_of(struct unit *unit, const char *head,
                                                    const char *lines)
{
    static const struct input_options none;
    return unit_service(unit, &none, str_format(&unit->arena, "%s%s\n", head, lines));
}

/* Each row is refused with that one error. All that are not are told. */
static inline void unit_refuse(struct unit *unit, const char *head, const struct refusal *rows,
                               size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct refusal *row = &rows[i];
        const struct service *service = unit_service_of(unit, head, row->lines);
        const struct diag *diag = unit->diags.items;
        if (!service && unit->diags.errors == 1 && diag->at.source) {
            struct position at = diag_position(diag->at.source, diag->at.start);
            if (at.line == row->line && at.column == row->column &&
                unit_contains(diag->message, row->message) && unit_contains(diag->hint, row->hint))
                continue;
        }
        failed++;
        print_error("row %zu, %s\n%s\n%s", i, service ? "taken" : "refused otherwise", row->lines,
                    unit_written(unit).data);
    }
    assert_int_equal(failed, 0);
}

/* What stands in a tree under keys and, in lists, indexes, split by spaces; NULL: nothing. */
static inline const struct node *unit_at(const struct node *node, const char *path)
{
    struct str rest = str_from_c(path);
    while (node && rest.len) {
        size_t end = str_find(rest, 0, ' ');
        char key[64] = "";
        assert_true(end < sizeof key);
        memcpy(key, rest.data, end);
        rest = str_skip(rest, end + 1);
        if (node->kind == NODE_MAP) {
            node = node_get(node, key);
        } else {
            node = node->first;
            for (size_t i = strtoul(key, NULL, 10); node && i > 0; i--)
                node = node->next;
        }
    }
    return node;
}

#endif
