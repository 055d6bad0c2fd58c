/* Functions for tests of service files. */
#ifndef OPTASVC_UNIT_LAYER_H
#define OPTASVC_UNIT_LAYER_H

#include "unit.h"

#include "service/service.h"

/* A service file up to the fields of its k8s-service; further fields follow, indented by four
 * spaces. */
#define SERVICE_HEAD                                                                               \
    "name: hello\n"                                                                                \
    "modules:\n"                                                                                   \
    "  - name: app\n"                                                                              \
    "    type: k8s-service\n"                                                                      \
    "    image: nginx:1.29\n"                                                                      \
    "    port: {http: 80}\n"

/* The same without a port. */
#define PORTLESS_HEAD                                                                              \
    "name: hello\n"                                                                                \
    "modules:\n"                                                                                   \
    "  - name: app\n"                                                                              \
    "    type: k8s-service\n"                                                                      \
    "    image: nginx:1.29\n"

/* Lines that make a service invalid, and the expected error. */
struct invalid_case {
    const char *lines;
    size_t line, column;
    const char *message, *hint;
};

/* Loads a text with `options`, which must outlive the layer; clears earlier diagnostics. */
static inline struct layer *unit_layer(struct unit *unit, const struct input_options *options,
                                       struct str text)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    return layer_read(&unit->arena, &unit->diags, options, unit_source(unit, text));
}

/* Returns the first k8s-service of a text; NULL after an error. */
static inline const struct service *
unit_service(struct unit *unit, const struct input_options *options, struct str text)
{
    struct layer *layer = unit_layer(unit, options, text);
    for (size_t i = 0; layer && i < layer->module_count; i++)
        if (module_is_service(&layer->modules[i]))
            return service_read(layer, &layer->modules[i]);
    return NULL;
}

/* Returns the service of a head and additional lines; all strings are literals or outlive the
 * test. */
static inline const struct service *unit_service_of(struct unit *unit, const char *head,
                                                    const char *lines)
{
    static const struct input_options none;
    return unit_service(unit, &none, str_format(&unit->arena, "%s%s\n", head, lines));
}

/* Asserts that each row causes exactly the expected error. Prints all rows that do not. */
static inline void unit_assert_invalid(struct unit *unit, const char *head,
                                       const struct invalid_case *rows, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        const struct invalid_case *row = &rows[i];
        const struct service *service = unit_service_of(unit, head, row->lines);
        const struct diag *diag = unit->diags.items;
        if (!service && unit->diags.errors == 1 && diag->at.source) {
            struct position at = diag_position(diag->at.source, diag->at.start);
            if (at.line == row->line && at.column == row->column &&
                unit_contains(diag->message, row->message) && unit_contains(diag->hint, row->hint))
                continue;
        }
        failed++;
        print_error("row %zu, %s\n%s\n%s", i, service ? "accepted" : "rejected with another error",
                    row->lines, unit_format_diags(unit).data);
    }
    assert_int_equal(failed, 0);
}

/* Returns the value in a tree at a path of keys and list indexes separated by spaces; NULL if
 * absent. */
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
