#include "config/environment.h"
#include "unit.h"
#include "unit_layer.h"
#include "yaml/parse_strict.h"

#include <stdio.h>
#include <unistd.h>

static char directory[64];

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/optasvc-env-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

/* Also deletes files that remain after a failed test. */
static int remove_directory(void **state)
{
    (void)state;
    static const char *const names[] = {"env.yaml", "other.yaml", "outputs.json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    return rmdir(directory);
}

/* Writes a file into the directory, and overwrites an existing one. */
static const char *write_file(struct unit *unit, const char *name, struct str text)
{
    const char *path = str_format(&unit->arena, "%s/%s", directory, name).data;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* Returns a service file in the directory. */
static struct layer *layer_of(struct unit *unit, const struct input_options *options,
                              const char *text)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    struct source *source = ARENA_NEW(&unit->arena, struct source);
    source->path = str_format(&unit->arena, "%s/service.yaml", directory);
    source->text = str_from_c(text);
    return layer_read(&unit->arena, &unit->diags, options, source);
}

/* True if the environment is invalid, so that placeholders are not filled in. */
static bool is_invalid(struct unit *unit, const struct input_options *options, const char *text)
{
    return layer_of(unit, options, text)->scope.environment_invalid;
}

#define TWO                                                                                        \
    "name: hello\nenvironments:\n  - {name: staging, path: env.yaml}\n"                            \
    "  - {name: production, path: env.yaml, variables: {a: 1}, vars: {b: 2}}\n"

static void test_the_only_environment_is_selected(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    const char *path = write_file(unit, "env.yaml", STR("name: live\nregistry: r.example.com\n"));
    struct layer *layer =
        layer_of(unit, &options, "name: hello\nenvironments: [{name: staging, path: env.yaml}]\n");
    assert_no_diags(unit);
    assert_str(layer->environment.name, "staging");
    assert_str(layer->environment.file_name, "live");
    assert_str(layer->environment.registry, "r.example.com");
    assert_str(layer->environment.ingress_class, "nginx");
    assert_int_equal(layer->environment.provider->cloud, CLOUD_NONE);
    /* An absolute path is not changed. A flag overrides the file. */
    options.registry = "other.example.com";
    layer = layer_of(
        unit, &options,
        str_format(&unit->arena, "name: hello\nenvironments: [{name: staging, path: '%s'}]\n", path)
            .data);
    assert_no_diags(unit);
    assert_str(layer->environment.registry, "other.example.com");
    assert_int_equal(unlink(path), 0);
}

static void test_several_environments(void **state)
{
    struct unit *unit = *state;
    const char *path = write_file(unit, "env.yaml", STR("name: live\n"));
    struct input_options options = {.environment = "production"};
    struct layer *layer = layer_of(unit, &options, TWO);
    assert_no_diags(unit);
    assert_str(layer->environment.name, "production");
    assert_str(layer->environment.variables[0]->items[0].text, "1");
    assert_str(layer->environment.variables[1]->items[0].name, "b");
    options.environment = NULL;
    assert_true(is_invalid(unit, &options, TWO));
    assert_diag(unit, 0, 2, 1, "select one with --env", "available: staging, production");
    options.environment = "prodution";
    assert_true(is_invalid(unit, &options, TWO));
    assert_diag(unit, 0, 2, 1, "environment \"prodution\" not found", "--env production?");
    options.environment = "x";
    assert_true(is_invalid(unit, &options, TWO));
    assert_diag(unit, 0, 2, 1, "environment \"x\" not found", "available: staging");
    assert_int_equal(unlink(path), 0);
}

static void test_names_of_environments(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    assert_true(is_invalid(
        unit, &options, "name: hello\nenvironments: [{name: a, path: x}, {name: a, path: y}]\n"));
    assert_diag(unit, 0, 2, 43, "duplicate environment \"a\"", "");
    assert_true(is_invalid(unit, &options, "name: hello\nenvironments: [{name: a b, path: x}]\n"));
    assert_diag(unit, 0, 2, 23, "environment name must", "");
    assert_true(is_invalid(unit, &options, "name: hello\nenvironments: [{name: '', path: x}]\n"));
    assert_diag(unit, 0, 2, 23, "environment name must not be empty", "");
    assert_true(is_invalid(unit, &options, "name: hello\nenvironments: [{path: x}]\n"));
    assert_diag(unit, 0, 2, 16, "missing required field \"name\" in an environment",
                "name: staging");
    assert_errors(unit, 1);
    assert_true(is_invalid(unit, &options, "name: hello\nenvironments: [{name: a}]\n"));
    assert_diag(unit, 0, 2, 16, "missing required field \"path\" in an environment",
                "path: staging.yaml");
    assert_errors(unit, 1);
}

static void test_unreadable_environment_files(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    static const char one[] = "name: hello\nenvironments:\n  - name: a\n    path: env.yaml\n";
    assert_true(is_invalid(unit, &options, one));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 4, 11, "/env.yaml: No such file", "--env-file FILE");
    /* Errors in the file are reported with its path. */
    const char *path = write_file(unit, "env.yaml", STR("name: e\nregion: x\n"));
    assert_true(is_invalid(unit, &options, one));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 2, 1, "unknown field \"region\"", "");
    assert_true(str_ends_with(unit->diags.items[0].at.source->path, STR("/env.yaml")));
    /* The file named -, not standard input. */
    assert_true(is_invalid(unit, &options, "name: hello\nenvironments: [{name: a, path: '-'}]\n"));
    assert_diag(unit, 0, 2, 32, "/-: No such file", "");
    write_file(unit, "env.yaml", STR("name: ["));
    assert_true(is_invalid(unit, &options, one));
    assert_int_equal(unit->diags.errors, 1);
    write_file(unit, "env.yaml", unit_repeat(unit, "#", FILE_SIZE_MAX));
    assert_true(is_invalid(unit, &options, one));
    assert_diag(unit, 0, 0, 0, "the file is empty", "");
    write_file(unit, "env.yaml", unit_repeat(unit, "#", FILE_SIZE_MAX + 1));
    assert_true(is_invalid(unit, &options, one));
    assert_diag(unit, 0, 4, 11, "exceeds 1048576 bytes", "");
    assert_int_equal(unlink(path), 0);
}

static void test_env_file_overrides_the_path(void **state)
{
    struct unit *unit = *state;
    const char *path = write_file(unit, "other.yaml", STR("name: other\n"));
    struct input_options options = {.environment_file = path, .environment = "staging"};
    struct layer *layer = layer_of(unit, &options, TWO);
    assert_no_diags(unit);
    assert_str(layer->environment.name, "staging");
    assert_str(layer->environment.file_name, "other");
    /* A file without environments gets the name of the environment file. */
    options.environment = NULL;
    layer = layer_of(unit, &options, "name: hello\n");
    assert_no_diags(unit);
    assert_str(layer->environment.name, "other");
    options.environment = "staging";
    assert_true(is_invalid(unit, &options, "name: hello\n"));
    assert_diag(unit, 0, 0, 0, "environment \"staging\" not found in the file",
                "environments: [{name: staging");
    options.environment_file = "/missing.yaml";
    options.environment = NULL;
    assert_true(is_invalid(unit, &options, "name: hello\n"));
    assert_diag(unit, 0, 0, 0, "cannot read", "");
    assert_int_equal(unlink(path), 0);
}

static void test_providers(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    static const struct {
        const char *providers;
        enum cloud cloud;
        const char *region, *account;
    } rows[] = {
        {"{aws: {region: us-east-1, account_id: 012345678901, extra: x}}", CLOUD_AWS, "us-east-1",
         "012345678901"},
        {"{aws: {}}", CLOUD_AWS, "", ""},
        {"{google: {region: us-central1, project: p}}", CLOUD_GOOGLE, "us-central1", ""},
        {"{azurerm: {location: centralus, tenant_id: t, subscription_id: s}}", CLOUD_AZURE,
         "centralus", ""},
        {"{local: {}}", CLOUD_LOCAL, "", ""},
        {"{}", CLOUD_NONE, "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct layer *layer = layer_of(
            unit, &options,
            str_format(&unit->arena, "name: hello\nproviders: %s\n", rows[i].providers).data);
        assert_no_diags(unit);
        assert_int_equal(layer->environment.provider->cloud, rows[i].cloud);
        assert_str(layer->environment.region, rows[i].region);
        assert_str(layer->environment.account_id, rows[i].account);
        /* A file with providers contains its environment, which has the name of the file. */
        assert_str(layer->environment.name, "hello");
    }
    assert_true(is_invalid(unit, &options,
                           "name: hello\nproviders: {aws: {region: useast, account_id: 12}}\n"));
    assert_errors(unit, 2);
    assert_diag(unit, 0, 2, 27, "region must be a region", "");
    assert_diag(unit, 1, 2, 47, "account_id must be 12 digits", "");
}

static void test_ingress_settings(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    struct layer *layer = layer_of(unit, &options,
                                   "name: hello\ningress_class: traefik\n"
                                   "tls_secret: wildcard.tls\n");
    assert_no_diags(unit);
    assert_str(layer->environment.ingress_class, "traefik");
    assert_str(layer->environment.tls_secret, "wildcard.tls");
    assert_int_equal(layer->environment.flavour, FLAVOUR_GENERIC);
    assert_true(layer->environment.has_ingress_class);
    assert_false(layer->environment.has_ingress_controller);
    layer = layer_of(unit, &options, "name: hello\n");
    assert_int_equal(layer->environment.flavour, FLAVOUR_NGINX);
    assert_false(layer->environment.has_ingress_class);
    layer = layer_of(unit, &options, "name: hello\ningress_controller: generic\n");
    assert_str(layer->environment.ingress_class, "nginx");
    assert_int_equal(layer->environment.flavour, FLAVOUR_GENERIC);
    assert_true(layer->environment.has_ingress_class);
    assert_true(layer->environment.has_ingress_controller);
    layer_of(unit, &options,
             "name: hello\ningress_class: A\ntls_secret: b_c\ncluster_issuer: ''\n");
    assert_errors(unit, 3);
    assert_diag(unit, 0, 2, 16, "ingress_class must", "");
    assert_diag(unit, 1, 3, 13, "tls_secret must", "");
    assert_diag(unit, 2, 4, 17, "cluster_issuer must", "");
    layer_of(unit, &options, "name: hello\ntls_secret: a\ncluster_issuer: b\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 3, 17, "tls_secret and cluster_issuer are mutually exclusive",
                "use tls_secret");
}

/* Returns the value of the first output with the given name. */
static struct str output_of(const struct layer *layer, const char *name)
{
    for (size_t i = 0; i < layer->environment.output_count; i++)
        if (str_eq_c(layer->environment.outputs[i]->name, name))
            return layer->environment.outputs[i]->text;
    return STR("(none)");
}

/* Asserts that a string with a reference to an output is rejected. */
static void assert_not_filled(struct unit *unit, struct layer *layer, const char *text,
                              const char *message)
{
    struct filled_string filled;
    unit->diags.count = 0;
    unit->diags.errors = 0;
    assert_false(interpolate(&layer->scope, node_scalar(&unit->arena, STYLE_TEXT, str_from_c(text)),
                             &filled));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 0, 0, message, "");
}

static void test_outputs(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    static const char text[] = "name: hello\noutputs: {domain: a.example.com, x: 0777}\n"
                               "modules: [{type: dns, domain: b.example.com}, {type: [x]}, y]\n";
    layer_of(unit, &options, text);
    struct layer *layer = layer_of(unit, &options,
                                   "name: hello\noutputs: {domain: a.example.com, x: 0777}\n"
                                   "modules: [{type: dns, domain: b.example.com}]\n");
    assert_no_diags(unit);
    assert_str(output_of(layer, "domain"), "a.example.com"); /* outputs override dns */
    assert_str(output_of(layer, "x"), "0777");
    layer = layer_of(unit, &options,
                     "name: hello\nmodules: [{type: aws-dns, domain: b.example.com}]\n");
    assert_str(output_of(layer, "domain"), "b.example.com");

    const char *path = write_file(unit, "outputs.json",
                                  STR("{\"domain\": {\"sensitive\": false, \"type\": \"string\","
                                      " \"value\": \"c.example.com\"},\n"
                                      " \"list\": {\"value\": [\"a\"]},\n"
                                      " \"password\": {\"sensitive\": true, \"value\": \"p\"}}\n"));
    options.parent_outputs = path;
    layer = layer_of(unit, &options, "name: hello\noutputs: {domain: a.example.com}\n");
    assert_no_diags(unit);
    assert_str(output_of(layer, "domain"), "c.example.com"); /* the flag overrides the file */
    assert_not_filled(unit, layer, "{parent.password}", "\"password\" is sensitive");
    assert_not_filled(unit, layer, "{parent.list}",
                      "\"list\" must be a string, not null, a list or a map");

    static const struct {
        const char *json;
        size_t line;
        const char *message;
    } rows[] = {
        {"[]", 1, "the file must be the output of terraform output -json"},
        {"{\"a\": \"b\"}", 1, "output \"a\" has no value"},
        {"{\"a\": {}}", 1, "output \"a\" has no value"},
        {"", 0, "the file is empty"},
        {"{", 1, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        write_file(unit, "outputs.json", str_from_c(rows[i].json));
        assert_true(is_invalid(unit, &options, "name: hello\n"));
        assert_errors(unit, 1);
        assert_contains(unit->diags.items[0].message, rows[i].message);
        assert_true(str_ends_with(unit->diags.items[0].at.source->path, STR("outputs.json")));
    }
    assert_int_equal(unlink(path), 0);
    assert_true(is_invalid(unit, &options, "name: hello\n"));
    assert_diag(unit, 0, 0, 0, "cannot read", "");
}

/* Terraform does not write such files, but they must not cause a crash. */
static void test_malformed_parent_outputs(void **state)
{
    struct unit *unit = *state;
    const char *path = write_file(unit, "outputs.json",
                                  STR("{\"a\": {\"sensitive\": [], \"value\": \"x\"},"
                                      " \"b\": {\"value\": null}}"));
    struct input_options options = {.parent_outputs = path};
    struct layer *layer = layer_of(unit, &options, "name: hello\n");
    assert_no_diags(unit);
    assert_str(output_of(layer, "a"), "x");
    assert_not_filled(unit, layer, "{parent.b}",
                      "\"b\" must be a string, not null, a list or a map");
    assert_int_equal(unlink(path), 0);
}

static void test_layer_names(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    layer_of(unit, &options, "name: Hello\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 7, "name must consist of lowercase", "");
    options.namespace = "other";
    struct layer *layer = layer_of(unit, &options, "name: hello\n");
    assert_str(layer->namespace, "other");
    assert_str(layer->name, "hello");
}

/* The namespace must not be empty. */
static void test_an_empty_layer_name(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    layer_of(unit, &options, "name: ''\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 7, "name", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_the_only_environment_is_selected),
        UNIT_TEST(test_several_environments),
        UNIT_TEST(test_names_of_environments),
        UNIT_TEST(test_unreadable_environment_files),
        UNIT_TEST(test_env_file_overrides_the_path),
        UNIT_TEST(test_providers),
        UNIT_TEST(test_ingress_settings),
        UNIT_TEST(test_outputs),
        UNIT_TEST(test_malformed_parent_outputs),
        UNIT_TEST(test_layer_names),
        UNIT_TEST(test_an_empty_layer_name),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
