#include "config/interpolate.h"
#include "config/usage.h"
#include "unit.h"
#include "unit_layer.h"

#include <sys/resource.h>
#include <unistd.h>

/* A file without environments that has a value for every root. */
static const char file[] = "name: hello\n"
                           "input_variables:\n"
                           "  - {name: size, default: 2}\n"
                           "  - {name: none}\n"
                           "  - {name: empty, default: ''}\n"
                           "providers: {aws: {region: us-east-1, account_id: '123456789012'}}\n"
                           "outputs: {domain: example.com, braces: '{env}'}\n"
                           "modules:\n"
                           "  - {name: db, type: postgres}\n"
                           "  - {name: bucket, type: s3, bucket_name: 'b-{layer_name}-{env}'}\n"
                           "  - {name: anonymous, type: s3}\n"
                           "  - {name: mixed, type: dns, domain: 'x{module.db.db_user}'}\n"
                           "  - {name: listed, type: dns, domain: [a]}\n"
                           "  - {name: dns, type: dns, domain: d.example.com}\n"
                           "  - {name: other, type: base}\n"
                           "  - {name: app, type: k8s-service}\n";

struct filling {
    struct input_options options;
    struct layer *layer;
    const char *variables[4];
};

static void begin(struct unit *unit, struct filling *filling, struct str text)
{
    filling->options.variables.items = filling->variables;
    filling->options = *usage_start(&unit->arena, &filling->options);
    filling->layer = unit_layer(unit, &filling->options, text);
    assert_no_diags(unit);
}

/* Fills in a string that is not in a file. */
static bool fill(struct unit *unit, struct filling *filling, struct str text,
                 struct filled_string *ret)
{
    unit->diags.count = 0;
    unit->diags.errors = 0;
    const struct node *scalar = node_scalar(&unit->arena, STYLE_TEXT, text);
    return interpolate(&filling->layer->scope, scalar, ret);
}

static void check(struct unit *unit, struct filling *filling, const char *text,
                  const char *expected)
{
    struct filled_string filled;
    if (!fill(unit, filling, str_from_c(text), &filled) || unit->diags.errors)
        fail_msg("%s: %s", text, unit_format_diags(unit).data);
    if (!str_eq_c(filled.text, expected))
        fail_msg("%s becomes %s, not %s", text, filled.text.data, expected);
    assert_null(filled.references);
}

static void test_roots(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, str_from_c(file));
    static const char *const rows[][2] = {
        {"{env}", "hello"},
        {"{layer_name}", "hello"},
        {"{parent_name}", "hello"},
        {"{region}", "us-east-1"},
        {"{aws.region}", "us-east-1"},
        {"{aws.account_id}", "123456789012"},
        {"{vars.size}", "2"},
        {"{variables.size}", "2"},
        {"{vars.empty}", ""},
        {"{vars[size]}", "2"},
        {"{parent.domain}", "example.com"},
        {"{parent[domain]}", "example.com"},
        {"{parent.braces}", "{env}"}, /* a value is not filled in again */
        {"{module.bucket.bucket_id}", "b-hello-hello"},
        {"{module[bucket][bucket_id]}", "b-hello-hello"},
        {"{module[bucket].bucket_id}", "b-hello-hello"},
        {"{module.dns.domain}", "d.example.com"},
        {"${{module.bucket.bucket_id}}", "b-hello-hello"},
        {"a{env}b{env}{env}c", "ahellobhellohelloc"},
        {"\xC3\xA4{env}\xE4\xB8\xAD", "\xC3\xA4hello\xE4\xB8\xAD"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(unit, &filling, rows[i][0], rows[i][1]);
}

/* Matching `{{` and `}}` are literal braces; every other brace is kept. */
static void test_braces(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, str_from_c(file));
    static const char *const rows[][2] = {
        {"", ""},
        {"no braces", "no braces"},
        {"{", "{"},
        {"}", "}"},
        {"{}", "{}"},
        {"{ env }", "{ env }"},
        {"{env", "{env"},
        {"env}", "env}"},
        {"{env.}", "{env.}"},
        {"{.env}", "{.env}"},
        {"{envx}", "{envx}"},
        {"{ENV}", "{ENV}"},
        {"{vars[size}", "{vars[size}"},
        {"{vars[]}", "{vars[]}"},
        {"{vars[size]x}", "{vars[size]x}"},
        {"{a.b}", "{a.b}"},
        {"%({Content-Type}i)s", "%({Content-Type}i)s"},
        {"{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"}, /* an unmatched }} is kept */
        {"${HOME} $(A) ${a:-b}", "${HOME} $(A) ${a:-b}"},
        {"{{", "{{"}, /* an unmatched {{ is kept */
        {"}}", "}}"},
        {"}}{{", "}}{{"},
        {"{{}}", "{}"},
        {"{{a}}", "{a}"},
        {"{{env}}", "{env}"},
        {"{{{{env}}}}", "{{env}}"},
        {"{{{env}}}", "{hello}"},
        {"{{ {env} }}", "{ hello }"},
        {"{{\"a\": \"{env}\"}}", "{\"a\": \"hello\"}"},
        {"{{a}} {{b", "{a} {{b"},
        {"a}} {{b}}", "a}} {b}"},
        {"{{a{{b}}", "{{a{b}"},
        {"{{a}}b}}", "{a}b}}"},
        {"{env}}", "hello}"},
        {"{env}}}", "hello}}"},
        {"{{env}", "{{env}"},
        {"${{env}}", "${env}"},
        {"${{ module.bucket.bucket_id }}", "${ module.bucket.bucket_id }"},
        {"${{module.bucket.bucket_id}", "${{module.bucket.bucket_id}"},
        {"$${{module.bucket.bucket_id}}", "$b-hello-hello"},
        {"{{.Values.x}}", "{.Values.x}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(unit, &filling, rows[i][0], rows[i][1]);
}

static void test_invalid_placeholders(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, str_from_c(file));
    static const struct {
        const char *text, *message, *hint;
    } rows[] = {
        {"{env.x}", "must have the form {env}", "{{env.x}}"},
        {"{vars}", "must have the form {vars.NAME}", "{{vars}}"},
        {"{vars.a.b}", "must have the form {vars.NAME}", ""},
        {"{parent.a.b.c.d}", "must have the form {parent.NAME}", ""},
        {"{module.db}", "must have the form {module.NAME.OUTPUT}", ""},
        {"${{module.db}}", "must have the form {module.NAME.OUTPUT}", ""},
        {"{aws}", "{aws.region} or {aws.account_id}", ""},
        {"{vars.sise}", "variable \"sise\" is not defined", "did you mean \"size\"?"},
        {"{vars.something}", "variable \"something\" is not defined", "--var something=VALUE"},
        {"{vars.none}", "variable \"none\" has no value", "--var none=VALUE"},
        {"{parent.domian}", "no output \"domian\"", "did you mean \"domain\"?"},
        {"{parent.something}", "no output \"something\"", "outputs: {something: VALUE}"},
        {"{aws.regoin}", "unknown placeholder {aws.regoin}", "did you mean \"region\"?"},
        {"{aws.xyz}", "unknown placeholder {aws.xyz}", "{{aws.xyz}}"},
        {"{module.bd.db_user}", "module \"bd\" not found", "did you mean \"db\"?"},
        {"{module.db.db_usr}", "module \"db\" has no output \"db_usr\"", "\"db_user\"?"},
        {"{module.db.outputs.db_usr}", "has no output \"db_usr\"", "outputs: {db_usr: VALUE}"},
        {"{module.app.x}", "output \"x\" of module \"app\" has no value",
         "set outputs: {x: VALUE} in the module, or set app_x in outputs"},
        {"{module.other.x}", "output \"x\" of module \"other\" has no value", ""},
        {"{module.app.output.x}", "must have the form {module.NAME.OUTPUT}", ""},
        {"{module.anonymous.bucket_id}", "cannot determine the bucket of \"anonymous\"",
         "set bucket_name in the module"},
        {"{module.anonymous.bucket_ip}", "has no output \"bucket_ip\"", "bucket_id"},
        {"{module.mixed.domain}", "output \"domain\" contains a secret output", ""},
        {"{module.listed.domain}", "output \"domain\" must be a string, not a list", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct filled_string filled;
        if (fill(unit, &filling, str_from_c(rows[i].text), &filled))
            fail_msg("%s becomes %s", rows[i].text, filled.text.data);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, rows[i].message, rows[i].hint);
    }
    /* All errors of a string are reported, not only the first. */
    struct filled_string filled;
    assert_false(fill(unit, &filling, STR("{vars.x}{env}{parent.y}"), &filled));
    assert_errors(unit, 2);
}

static void test_missing_values(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, STR("name: hello\nproviders: {google: {project: p}}\n"));
    static const char *const rows[][2] = {
        {"{region}", "no region"},
        {"{aws.region}", "no aws provider"},
        {"{parent.x}", "no output \"x\""},
    };
    struct filled_string filled;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(fill(unit, &filling, str_from_c(rows[i][0]), &filled));
        assert_diag(unit, 0, 0, 0, rows[i][1], "");
    }
    begin(unit, &filling, STR("name: hello\nproviders: {aws: {}}\n"));
    assert_false(fill(unit, &filling, STR("{aws.region}"), &filled));
    assert_diag(unit, 0, 0, 0, "the aws provider has no region", "");
    assert_false(fill(unit, &filling, STR("{aws.account_id}"), &filled));
    assert_diag(unit, 0, 0, 0, "the aws provider has no account_id", "");
    begin(unit, &filling, STR("name: hello\n"));
    assert_false(fill(unit, &filling, STR("{env}"), &filled));
    assert_diag(unit, 0, 0, 0, "{env} has no value: the file has no environment", "");
}

static void test_flags_override_variables(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {.variables = {"size=a=b", "size=3", "new=", "unused=1"}};
    filling.options.variables.count = 4;
    begin(unit, &filling, str_from_c(file));
    check(unit, &filling, "{vars.size}", "3"); /* the last one */
    check(unit, &filling, "{vars.new}", "");
    struct diags diags = {.arena = &unit->arena};
    filling.options.usage->service_count = 1;
    usage_check(&filling.options, &diags);
    assert_int_equal(diags.errors, 1);
    assert_contains(diags.items[0].message, "--var unused has no effect");
}

/* Exact names are found beyond SUGGESTION_COMPARED_MAX. */
static void test_flags_match_any_name(void **state)
{
    struct unit *unit = *state;
    const char *variables[] = {"v1500=x"};
    const char *modules[] = {"v1500", "v15000"};
    const struct input_options given = {.variables = {variables, 1}, .modules = {modules, 2}};
    const struct input_options *options = usage_start(&unit->arena, &given);
    options->usage->service_count = 1;
    for (int i = 0; i < 2000; i++) {
        usage_add_variable(options, str_format(&unit->arena, "v%d", i));
        usage_add_module(options, str_format(&unit->arena, "v%d", i));
    }
    struct diags diags = {.arena = &unit->arena};
    usage_check(options, &diags);
    assert_int_equal(diags.errors, 1);
    assert_str(diags.items[0].message, "k8s-service \"v15000\" not found");
    assert_true(usage_selects(options, STR("v1500")));
    assert_false(usage_selects(options, STR("v1501")));
}

/* Names of the environment are suggested too. */
static void test_variables_of_the_environment(void **state)
{
    struct unit *unit = *state;
    char path[] = "/tmp/optasvc-fill-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "name: live\n", 11), 11);
    assert_int_equal(close(fd), 0);
    struct filling filling = {.variables = {"region=x"}};
    filling.options.variables.count = 1;
    begin(unit, &filling,
          str_format(&unit->arena,
                     "name: hello\ninput_variables: [{name: color, default: red}]\n"
                     "environments: [{name: e, path: '%s', variables: {size: 1},"
                     " vars: {weight: 2, color: ''}}]\n",
                     path));
    check(unit, &filling, "{vars.size}{vars.weight}", "12");
    check(unit, &filling, "{vars.color}", ""); /* overrides the default */
    check(unit, &filling, "{env}{parent_name}", "elive");
    struct filled_string filled;
    assert_false(fill(unit, &filling, STR("{vars.sise}"), &filled));
    assert_diag(unit, 0, 0, 0, "variable \"sise\" is not defined", "did you mean \"size\"?");
    assert_false(fill(unit, &filling, STR("{vars.wieght}"), &filled));
    assert_diag(unit, 0, 0, 0, "", "did you mean \"weight\"?");
    assert_int_equal(unlink(path), 0);
}

/* Placeholders are not reported if the environment is invalid: there is one error for one cause. */
static void test_invalid_environment_is_reported_once(void **state)
{
    struct unit *unit = *state;
    struct input_options options = {0};
    struct layer *layer = unit_layer(
        unit, &options, STR("name: hello\nenvironments: [{name: a, path: /missing.yaml}]\n"));
    assert_errors(unit, 1);
    struct filled_string filled;
    const struct node *scalar = node_scalar(&unit->arena, STYLE_TEXT, STR("{vars.x} {nothing}"));
    assert_false(interpolate(&layer->scope, scalar, &filled));
    assert_errors(unit, 1);
    scalar = node_scalar(&unit->arena, STYLE_TEXT, STR("{nothing}"));
    assert_true(interpolate(&layer->scope, scalar, &filled));
}

static void test_splitting_variables(void **state)
{
    (void)state;
    static const struct {
        const char *flag;
        bool ok;
        const char *name, *value;
    } rows[] = {
        {"a=b", true, "a", "b"},     {"a=", true, "a", ""}, {"a=b=c", true, "a", "b=c"},
        {"a b=c", true, "a b", "c"}, {"a", false, "a", ""}, {"=b", false, "", "b"},
        {"", false, "", ""},         {"=", false, "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str name;
        struct str value;
        assert_int_equal(variable_split(rows[i].flag, &name, &value), rows[i].ok);
        assert_str(name, rows[i].name);
        assert_str(value, rows[i].value);
    }
}

/* A value that is known only in the cluster is omitted, and its offset is recorded. */
static void test_references(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, str_from_c(file));
    struct filled_string filled;
    assert_true(fill(unit, &filling,
                     STR("pg://{module.db.db_user}:${{module.db.db_password}}@{env}/x"), &filled));
    assert_str(filled.text, "pg://:@hello/x");
    const struct reference *first = filled.references;
    assert_str(first->module->name, "db");
    assert_str(first->output, "db_user");
    assert_int_equal(first->offset, 5);
    assert_str(first->next->output, "db_password");
    assert_int_equal(first->next->offset, 6);
    assert_null(first->next->next);
}

static void test_locations(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *line;
        size_t column, width;
    } rows[] = {
        {"    env_vars: {A: 'x{vars.q}y'}", 21, 8},
        {"    env_vars: {A: \"\xC3\xA4{vars.q}\"}", 21, 8},
        {"    env_vars: {A: 'x${{module.q.r}}'}", 21, 15},
        {"    env_vars: {A: '''{vars.q}'}", 19, 12}, /* with escapes: the whole scalar */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct input_options options = {0};
        struct str text = str_format(&unit->arena, SERVICE_HEAD "%s\n", rows[i].line);
        assert_null(unit_service(unit, &options, text));
        assert_errors(unit, 1);
        assert_diag(unit, 0, 7, rows[i].column, "", "");
        const struct location *at = &unit->diags.items[0].at;
        assert_int_equal(at->end - at->start, rows[i].width);
    }
}

/* A chain of outputs, each of which refers to the next. */
static struct str chain(struct unit *unit, size_t links)
{
    struct buf text = {0};
    buf_add(&text, STR("name: hello\nmodules:\n"));
    for (size_t i = 0; i < links; i++)
        buf_format(&text, "  - {name: b%zu, type: dns, domain: 'x{module.b%zu.domain}'}\n", i,
                   i + 1);
    buf_format(&text, "  - {name: b%zu, type: dns, domain: end}\n", links);
    return buf_take(&unit->arena, &text);
}

static void test_length_of_filled_string(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    enum { TENTH = INTERPOLATED_SIZE_MAX / 10 };
    struct buf text = {0};
    buf_add(&text, STR("name: hello\nmodules:\n  - {name: b, type: dns, domain: "));
    for (size_t i = 0; i < TENTH; i++)
        buf_add_byte(&text, 'x');
    buf_add(&text, STR("}\n"));
    begin(unit, &filling, buf_str(&text));
    struct filled_string filled;
    struct buf references = {0};
    for (size_t i = 0; i < 10; i++)
        buf_add(&references, STR("{module.b.domain}"));
    buf_format(&references, "%0*d", INTERPOLATED_SIZE_MAX - 10 * TENTH, 0);
    assert_true(fill(unit, &filling, buf_str(&references), &filled));
    assert_int_equal(filled.text.len, INTERPOLATED_SIZE_MAX);
    buf_add_byte(&references, 'x');
    assert_false(fill(unit, &filling, buf_str(&references), &filled));
    assert_errors(unit, 1);
    buf_free(&references);
    buf_free(&text);
}

static void test_chain_of_outputs(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, chain(unit, 20));
    check(unit, &filling, "{module.b0.domain}", "xxxxxxxxxxxxxxxxxxxxend");
    begin(unit, &filling, chain(unit, OUTPUTS_DEPTH_MAX - 1));
    struct filled_string filled;
    assert_true(fill(unit, &filling, STR("{module.b0.domain}"), &filled));
    begin(unit, &filling, chain(unit, OUTPUTS_DEPTH_MAX));
    assert_false(fill(unit, &filling, STR("{module.b0.domain}"), &filled));
    assert_errors(unit, 1);
    assert_diag(unit, 0, OUTPUTS_DEPTH_MAX + 2, 38, "chain of outputs exceeds 50 references", "");
    /* Outputs at the end of the chain are still valid. */
    assert_true(fill(unit, &filling, STR("{module.b50.domain}"), &filled));
}

/* The error is reported once. The work must not double with each reference. */
static void test_an_output_that_refers_to_itself(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling,
          STR("name: hello\nmodules:\n  - {name: b, type: dns, domain: "
              "'{module.b.domain}{module.b.domain}'}\n"));
    struct filled_string filled;
    assert_false(fill(unit, &filling, STR("{module.b.domain}"), &filled));
    if (unit->diags.errors > 2)
        fail_msg("two references to itself are %zu errors", unit->diags.errors);
}

/* The error is reported where the output is used first, and not again. */
static void test_an_invalid_output_is_reported_once(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling,
          STR("name: hello\nmodules:\n  - {name: b, type: dns, domain: '{vars.x}'}\n"));
    struct filled_string filled;
    assert_false(fill(unit, &filling, STR("{module.b.domain}{module.b.domain}"), &filled));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 3, 35, "variable \"x\" is not defined", "");
    assert_int_equal(module_find(filling.layer->modules, 1, STR("b"))->outputs[0].state,
                     STATE_INVALID);
    assert_false(fill(unit, &filling, STR("{module.b.domain}"), &filled));
    assert_errors(unit, 0);
}

/* Each output refers to the next one twice. Each is read once, and its length is limited. */
static void test_outputs_that_double(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    enum { ROUNDS = 40 };
    struct buf text = {0};
    buf_add(&text, STR("name: hello\nmodules:\n"));
    for (int i = 0; i < ROUNDS; i++)
        buf_format(&text,
                   "  - {name: b%d, type: dns, domain: "
                   "'{module.b%d.domain}{module.b%d.domain}'}\n",
                   i, i + 1, i + 1);
    buf_format(&text, "  - {name: b%d, type: dns, domain: x}\n", ROUNDS);
    begin(unit, &filling, buf_str(&text));
    buf_free(&text);
    struct filled_string filled;
    assert_true(fill(unit, &filling, STR("{module.b24.domain}"), &filled));
    assert_int_equal(filled.text.len, INTERPOLATED_SIZE_MAX);
    assert_false(fill(unit, &filling, STR("{module.b0.domain}"), &filled));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 3 + 23, 36, "string exceeds 65536 bytes", "");
}

static void test_long_strings(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    begin(unit, &filling, str_from_c(file));
    static const struct {
        const char *piece;
        size_t len; /* an odd length, which does not divide the limit */
    } rows[] = {{"{env}", 5}, {"{{", 2}, {"{vars[", 6}, {"{{}}", 2}, {"{{a}}x", 4}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct filled_string filled;
        size_t most = INTERPOLATED_SIZE_MAX / rows[i].len;
        assert_true(fill(unit, &filling, unit_repeat(unit, rows[i].piece, most), &filled));
        assert_int_equal(filled.text.len, rows[i].len * most);
        assert_false(fill(unit, &filling, unit_repeat(unit, rows[i].piece, most + 1), &filled));
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, "string exceeds 65536 bytes", "");
        assert_int_equal(filled.text.len, 0);
    }
    /* References to secrets have no length. */
    enum { MANY = 100000 };
    struct filled_string filled;
    assert_true(fill(unit, &filling, unit_repeat(unit, "{module.db.db_user}", MANY), &filled));
    assert_int_equal(filled.text.len, 0);
}

/* Memory is limited, no matter how long the placeholders of a string would be, because files are
 * untrusted. */
static void test_memory_is_limited(void **state)
{
    struct unit *unit = *state;
    struct filling filling = {0};
    enum { VALUE = 500000, MANY = 400, MOST = 64 * 1024 /* KiB */ };
    begin(unit, &filling,
          str_format(&unit->arena, "name: hello\ninput_variables: [{name: x, default: %.*s}]\n",
                     STR_ARG(unit_repeat(unit, "v", VALUE))));
    struct str text = unit_repeat(unit, "{vars.x}", MANY);
    struct rusage before;
    struct rusage after;
    struct filled_string filled;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_false(fill(unit, &filling, text, &filled));
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_errors(unit, 1);
    if (after.ru_maxrss - before.ru_maxrss > MOST)
        fail_msg("%ld KiB for a text of %zu bytes", after.ru_maxrss - before.ru_maxrss, text.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_roots),
        UNIT_TEST(test_braces),
        UNIT_TEST(test_invalid_placeholders),
        UNIT_TEST(test_missing_values),
        UNIT_TEST(test_flags_override_variables),
        UNIT_TEST(test_flags_match_any_name),
        UNIT_TEST(test_variables_of_the_environment),
        UNIT_TEST(test_invalid_environment_is_reported_once),
        UNIT_TEST(test_splitting_variables),
        UNIT_TEST(test_references),
        UNIT_TEST(test_locations),
        UNIT_TEST(test_length_of_filled_string),
        UNIT_TEST(test_chain_of_outputs),
        UNIT_TEST(test_an_output_that_refers_to_itself),
        UNIT_TEST(test_an_invalid_output_is_reported_once),
        UNIT_TEST(test_outputs_that_double),
        UNIT_TEST(test_long_strings),
        UNIT_TEST(test_memory_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
