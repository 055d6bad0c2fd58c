#include "manifest/render.h"
#include "unit.h"
#include "yaml/parse_strict.h"
#include "yaml/scalar.h"

#include <stdio.h>
#include <unistd.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/optasvc-render-XXXXXX");
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    static const char *const names[] = {"a.yaml", "b.yaml"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(names[i]);
    return chdir("/") == 0 ? rmdir(directory) : -1;
}

static void write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

struct result {
    bool ok;
    struct str manifests;
    struct str messages;
};

/* Renders `count` files with the other options. `output`: value of -o. */
static struct result render_as(struct unit *unit, const char *output, struct input_options options,
                               size_t count)
{
    static const char *names[] = {"a.yaml", "b.yaml"};
    options.files = (struct option_list){names, count};
    struct buf manifests = {0};
    struct buf messages = {0};
    struct result result;
    result.ok = render(&options, output, false, &manifests, &messages);
    result.manifests = str_copy(&unit->arena, buf_str(&manifests));
    result.messages = str_copy(&unit->arena, buf_str(&messages));
    buf_free(&manifests);
    buf_free(&messages);
    /* After an error, no manifests are returned. */
    assert_int_equal(result.ok, result.manifests.len > 0);
    return result;
}

static struct result render_files(struct unit *unit, struct input_options options, size_t count)
{
    return render_as(unit, NULL, options, count);
}

static struct result render_text(struct unit *unit, struct input_options options, const char *text)
{
    write_file("a.yaml", str_from_c(text));
    return render_files(unit, options, 1);
}

#define SERVICE(name) "  - {name: " name ", type: k8s-service, image: 'a:1', port: {http: 80}"

/* Returns the rest of all lines with a prefix, joined with spaces. */
static const char *values_of(struct unit *unit, struct str text, const char *key)
{
    struct str values = STR("");
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);)
        if (str_starts_with(line, str_from_c(key)))
            values = str_format(&unit->arena, "%.*s%s%.*s", STR_ARG(values), values.len ? " " : "",
                                STR_ARG(str_skip(line, strlen(key))));
    return values.data;
}

static void test_kinds_and_their_order(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *fields, *kinds;
    } rows[] = {
        {"}", "Namespace ServiceAccount Service Deployment HorizontalPodAutoscaler "
              "PodDisruptionBudget"},
        {", public_uri: [a.com, b.com/x]}",
         "Namespace ServiceAccount Service Deployment HorizontalPodAutoscaler PodDisruptionBudget "
         "Ingress Ingress"},
        {", min_containers: 3}", "Namespace ServiceAccount Service Deployment PodDisruptionBudget"},
        {", max_containers: 1}", "Namespace ServiceAccount Service Deployment"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct result result =
            render_text(unit, (struct input_options){0},
                        str_format(&unit->arena, "name: hello\nmodules:\n" SERVICE("app") "%s\n",
                                   rows[i].fields)
                            .data);
        assert_true(result.ok);
        assert_string_equal(values_of(unit, result.manifests, "kind: "), rows[i].kinds);
    }
    struct input_options options = {.registry = "r.example.com"};
    struct result result =
        render_text(unit, options,
                    "name: hello\nmodules:\n  - {name: app, type: k8s-service, image: AUTO, "
                    "port: {http: 80}, public_uri: a.com}\n");
    assert_string_equal(values_of(unit, result.manifests, "kind: "),
                        "Namespace ServiceAccount Service Ingress");
}

static void test_replicas_only_without_an_autoscaler(void **state)
{
    struct unit *unit = *state;
    struct result result = render_text(unit, (struct input_options){0},
                                       "name: hello\nmodules:\n" SERVICE("app") "}\n");
    assert_string_equal(values_of(unit, result.manifests, "  replicas: "), "");
    result = render_text(unit, (struct input_options){0},
                         "name: hello\nmodules:\n" SERVICE("app") ", min_containers: 3}\n");
    assert_string_equal(values_of(unit, result.manifests, "  replicas: "), "3");
}

static void test_a_namespace_is_rendered_once(void **state)
{
    struct unit *unit = *state;
    write_file("a.yaml", STR("name: hello\nmodules:\n" SERVICE("a") "}\n" SERVICE("b") "}\n"));
    write_file("b.yaml", STR("name: hello\nmodules:\n" SERVICE("c") "}\n"));
    struct result result = render_files(unit, (struct input_options){0}, 2);
    assert_true(result.ok);
    const char *kinds = values_of(unit, result.manifests, "kind: ");
    assert_true(str_starts_with(str_from_c(kinds), STR("Namespace ServiceAccount")));
    assert_false(unit_contains(str_skip(str_from_c(kinds), 1), "Namespace"));
    assert_string_equal(values_of(unit, result.manifests, "        image: "), "a:1 a:1 a:1");
    /* -n selects an existing namespace. */
    struct input_options options = {.namespace = "other"};
    result = render_files(unit, options, 2);
    assert_false(unit_contains(result.manifests, "kind: Namespace"));
    assert_false(unit_contains(result.manifests, "namespace: hello"));
}

static void test_duplicate_services(void **state)
{
    struct unit *unit = *state;
    write_file("a.yaml", STR("name: hello\nmodules:\n" SERVICE("app") "}\n"));
    write_file("b.yaml", STR("name: hello\nmodules:\n" SERVICE("app") "}\n"));
    struct result result = render_files(unit, (struct input_options){0}, 2);
    assert_false(result.ok);
    assert_contains(result.messages, "b.yaml:3:12: error: duplicate service \"app\" in namespace "
                                     "\"hello\"\n");
    write_file("b.yaml", STR("name: other\nmodules:\n" SERVICE("app") "}\n"));
    assert_true(render_files(unit, (struct input_options){0}, 2).ok);
    struct input_options options = {.namespace = "one"};
    assert_false(render_files(unit, options, 2).ok);
}

static void test_duplicate_routes(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *first, *second;
        bool ok;
    } rows[] = {
        {"a.com/x", "a.com/y", true},  {"a.com/x", "b.com/x", true}, {"a.com/x", "a.com/x/", false},
        {"A.com", "a.com/", false},    {"/x", "'*/x'", false},       {"a.com/x", "a.com/x/y", true},
        {"a.com/X", "a.com/x", false}, /* ingress-nginx ignores case */
        {"a.com/x", "'*/x'", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct result result = render_text(
            unit, (struct input_options){0},
            str_format(&unit->arena,
                       "name: hello\nmodules:\n" SERVICE("a") ", public_uri: %s}\n" SERVICE(
                           "b") ", public_uri: %s}\n",
                       rows[i].first, rows[i].second)
                .data);
        if (result.ok != rows[i].ok)
            fail_msg("%s beside %s: %s", rows[i].first, rows[i].second, result.messages.data);
        if (!result.ok)
            assert_contains(result.messages, "duplicate public_uri: service \"a\" already uses it");
    }
}

static void test_files_without_services(void **state)
{
    struct unit *unit = *state;
    struct result result = render_text(unit, (struct input_options){0}, "name: hello\n");
    assert_contains(result.messages, "a.yaml: error: no module of type k8s-service");
    write_file("b.yaml", STR("kind: Deployment\nweird: [\n"));
    write_file("a.yaml", STR("name: hello\nmodules:\n" SERVICE("app") "}\n"));
    /* Other files in a directory are skipped, including invalid ones; for -f FILE it is an error.
     */
    static const char *here[] = {"."};
    struct input_options options = {.files = {here, 1}};
    struct buf manifests = {0};
    struct buf messages = {0};
    assert_true(render(&options, NULL, false, &manifests, &messages));
    assert_true(str_eq_c(buf_str(&messages), "skipped 1 file without a k8s-service: ./b.yaml\n"));
    buf_free(&manifests);
    buf_free(&messages);
    assert_false(render_files(unit, (struct input_options){0}, 2).ok);
    write_file("a.yaml", STR("kind: Service\n"));
    assert_false(render(&options, NULL, false, &manifests, &messages));
    assert_contains(buf_str(&messages), "no service file found");
    buf_free(&manifests);
    buf_free(&messages);
}

/* Other files in a directory may have any size. */
static void test_large_other_files_are_skipped(void **state)
{
    struct unit *unit = *state;
    write_file("a.yaml", STR("name: hello\nmodules:\n" SERVICE("app") "}\n"));
    write_file("b.yaml", unit_repeat(unit, "a: b\n", FILE_SIZE_MAX / 4));
    static const char *here[] = {"."};
    struct input_options options = {.files = {here, 1}};
    struct buf manifests = {0};
    struct buf messages = {0};
    bool ok = render(&options, NULL, false, &manifests, &messages);
    struct str text = buf_take(&unit->arena, &messages);
    buf_free(&manifests);
    if (!ok)
        fail_msg("%s", text.data);
}

static void test_selected_modules(void **state)
{
    struct unit *unit = *state;
    static const char text[] =
        "name: hello\nmodules:\n" SERVICE("web") "}\n" SERVICE("worker") "}\n";
    static const char *both[] = {"worker", "wrker"};
    struct input_options options = {.modules = {both, 1}};
    struct result result = render_text(unit, options, text);
    assert_true(result.ok);
    assert_string_equal(values_of(unit, result.manifests, "      - name: "), "worker");
    options.modules.count = 2;
    result = render_text(unit, options, text);
    assert_contains(result.messages, "error: k8s-service \"wrker\" not found");
    both[0] = "wrker";
    options.modules.count = 1;
    result = render_text(unit, options, text);
    assert_contains(result.messages, "did you mean \"worker\"?");
    both[0] = "worker";
    /* Modules that are not selected are not read. */
    result = render_text(
        unit, options,
        "name: hello\nmodules:\n  - {name: web, type: k8s-service}\n" SERVICE("worker") "}\n");
    assert_true(result.ok);
}

static void test_variables_of_flags_must_be_used(void **state)
{
    struct unit *unit = *state;
    static const char *variables[] = {"size=1"};
    struct input_options options = {.variables = {variables, 1}};
    struct result result =
        render_text(unit, options, "name: hello\nmodules:\n" SERVICE("app") "}\n");
    assert_contains(result.messages, "error: --var size has no effect\n");
    assert_true(
        render_text(unit, options,
                    "name: hello\nmodules:\n" SERVICE("app") ", env_vars: {A: '{vars.size}'}}\n")
            .ok);
    assert_true(render_text(unit, options,
                            "name: hello\ninput_variables: [{name: size}]\n"
                            "modules:\n" SERVICE("app") "}\n")
                    .ok);
}

/* Environment variables cannot contain NUL; clusters reject such a manifest. */
static void test_nul_in_a_string(void **state)
{
    struct unit *unit = *state;
    struct result result =
        render_text(unit, (struct input_options){0},
                    "name: hello\nmodules:\n" SERVICE("app") ", env_vars: {A: \"a\\0b\"}}\n");
    assert_false(result.ok);
}

static void test_errors_of_all_files_are_reported(void **state)
{
    struct unit *unit = *state;
    write_file("a.yaml", STR("name: hello\nmodules:\n" SERVICE("app") ", x: y}\n"));
    write_file("b.yaml", STR("nmae: hello\n"));
    struct result result = render_files(unit, (struct input_options){0}, 2);
    assert_contains(result.messages, "a.yaml:3:");
    assert_contains(result.messages, "b.yaml:1:1");
    unlink("b.yaml");
    result = render_files(unit, (struct input_options){0}, 2);
    assert_contains(result.messages, "cannot read b.yaml");
}

static const char rich[] =
    "name: hello\n"
    "cluster_issuer: le\n"
    "modules:\n"
    "  - {name: db, type: postgres}\n"
    "  - name: app\n"
    "    type: k8s-service\n"
    "    image: nginx:1.29\n"
    "    port: {grpc: 80}\n"
    "    links: [db]\n"
    "    env_vars: {A: 'yes', B: \"a\\tb\\n\", C: '', D: 1.10, E: \"\\ud83d\\ude00 \\u2028\","
    " F: 'x{module.db.db_user}', G: '# no', H: \"\\e\\u0085\"}\n"
    "    public_uri: [a.com/x.y, a.com, b.com/z]\n"
    "    sticky_session: true\n";

/* True if every YAML reader reads the scalar as a string. */
static bool is_text(const struct node *scalar)
{
    return scalar->style != STYLE_PLAIN || !scalar_is_ambiguous(scalar->text);
}

static bool same(const struct node *a, const struct node *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != b->kind || !a->key != !b->key ||
        (a->key && !str_equal(a->key->text, b->key->text)))
        return false;
    if (a->kind == NODE_SCALAR && (is_text(a) != is_text(b) || !str_equal(a->text, b->text)))
        return false;
    const struct node *left = a->first;
    const struct node *right = b->first;
    for (; left && right; left = left->next, right = right->next)
        if (!same(left, right))
            return false;
    return left == right;
}

static void test_json_equals_yaml(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    struct result yaml = render_text(unit, options, rich);
    struct result json = render_as(unit, "json", options, 1);
    if (!yaml.ok || !json.ok)
        fail_msg("%s", yaml.messages.data);
    const struct node *list =
        load_service(&unit->arena, unit_source(unit, json.manifests), &unit->diags);
    assert_no_diags(unit);
    assert_str(node_get(list, "apiVersion")->text, "v1");
    assert_str(node_get(list, "kind")->text, "List");
    const struct node *item = node_get(list, "items")->first;
    size_t objects = 0;
    for (size_t at = 0; at < yaml.manifests.len; objects++) {
        size_t end = at + 4;
        while (end < yaml.manifests.len &&
               !str_starts_with(str_skip(yaml.manifests, end), STR("---\n")))
            end = str_find(yaml.manifests, end, '\n') + 1;
        const struct node *document = load_service(
            &unit->arena, unit_source(unit, str_slice(yaml.manifests, at, end)), &unit->diags);
        assert_no_diags(unit);
        if (!same(document, item))
            fail_msg("object %zu differs", objects);
        item = item->next;
        at = end;
    }
    assert_null(item);
    assert_int_equal(objects, 8);
}

static void test_same_input_same_bytes(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    struct result first = render_text(unit, options, rich);
    struct result second = render_text(unit, options, rich);
    assert_true(first.ok && str_equal(first.manifests, second.manifests));
    assert_true(str_equal(first.messages, second.messages));
}

/* Selectors must match the pods of the service and no others. */
static void test_selectors_match_the_pods(void **state)
{
    struct unit *unit = *state;
    write_file("a.yaml", str_from_c(rich));
    struct result json = render_as(unit, "json", (struct input_options){0}, 1);
    const struct node *list =
        load_service(&unit->arena, unit_source(unit, json.manifests), &unit->diags);
    const struct node *labels = NULL;
    const struct node *selectors[8];
    size_t count = 0;
    for (const struct node *item = node_get(list, "items")->first; item; item = item->next) {
        const struct node *kind = node_get(item, "kind");
        const struct node *spec = node_get(item, "spec");
        if (str_eq_c(kind->text, "Deployment")) {
            const struct node *template = node_get(spec, "template");
            labels = node_get(node_get(template, "metadata"), "labels");
        }
        if (str_eq_c(kind->text, "Service"))
            selectors[count++] = node_get(spec, "selector");
        if (str_eq_c(kind->text, "Deployment") || str_eq_c(kind->text, "PodDisruptionBudget"))
            selectors[count++] = node_get(node_get(spec, "selector"), "matchLabels");
    }
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        for (const struct node *value = selectors[i]->first; value; value = value->next) {
            const struct node *label = node_get(labels, value->key->text.data);
            assert_non_null(label);
            assert_true(str_equal(label->text, value->text));
        }
        assert_true(same(selectors[i]->first, selectors[0]->first));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_kinds_and_their_order),
        UNIT_TEST(test_replicas_only_without_an_autoscaler),
        UNIT_TEST(test_a_namespace_is_rendered_once),
        UNIT_TEST(test_duplicate_services),
        UNIT_TEST(test_duplicate_routes),
        UNIT_TEST(test_files_without_services),
        UNIT_TEST(test_large_other_files_are_skipped),
        UNIT_TEST(test_selected_modules),
        UNIT_TEST(test_variables_of_flags_must_be_used),
        UNIT_TEST(test_nul_in_a_string),
        UNIT_TEST(test_errors_of_all_files_are_reported),
        UNIT_TEST(test_json_equals_yaml),
        UNIT_TEST(test_same_input_same_bytes),
        UNIT_TEST(test_selectors_match_the_pods),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
