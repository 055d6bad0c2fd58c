#include "cli/cli.h"
#include "os/console.h"
#include "unit.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Prints the parsed options, which the rows of the tests compare. */
static int print_options(const struct invocation *invocation)
{
    const struct options *options = &invocation->options;
    struct buf out = {0};
    buf_format(&out, "%s files", invocation->command->name);
    for (size_t i = 0; i < options->input.files.count; i++)
        buf_format(&out, " %s", options->input.files.items[i]);
    buf_format(&out, ";%s output %s; env %s; args", options->input.recursive ? " recursive;" : "",
               options->output ? options->output : "-",
               options->input.environment ? options->input.environment : "-");
    for (size_t i = 0; i < invocation->arguments.count; i++)
        buf_format(&out, " %s", invocation->arguments.items[i]);
    buf_format(&out, ";%s\n", invocation->color ? " color" : "");
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

static int fail_seven(const struct invocation *invocation)
{
    (void)invocation;
    console_print_error(STR("failed\n"));
    return 7;
}

static const char *const outputs[] = {"yaml", "json", NULL};

static const struct command render_command = {.name = "render",
                                              .group = GROUP_FILES,
                                              .arguments = "[FIELD]",
                                              .max_args = 2,
                                              .summary = "Renders.",
                                              .details = "In detail.\n",
                                              .flags = FLAG_LIST(FLAGS_RENDER, FLAG_OUTPUT),
                                              .required = FLAG_LIST(FLAG_FILENAME),
                                              .outputs = outputs,
                                              .output_default = "yaml",
                                              .run = print_options};
static const struct command validate_command = {
    .name = "validate", .group = GROUP_FILES, .summary = "Validates.", .run = print_options};
static const struct command fail_command = {
    .name = "fail", .group = GROUP_OTHER, .summary = "Fails.", .run = fail_seven};

static const struct command *const commands[] = {&render_command, &validate_command, &fail_command,
                                                 NULL};

static const struct program program = {
    .name = "kubectl it", .file = "kubectl-it", .summary = "Does it.", .commands = commands};

static const struct program single = {.name = "it",
                                      .file = "it",
                                      .summary = "Does it.",
                                      .commands = commands,
                                      .single = &render_command};

enum { ARGUMENTS_MAX = 8 };

struct result {
    int status;
    struct str out;
    struct str err;
};

static struct str read_back(struct unit *unit, FILE *file)
{
    char *bytes = arena_alloc(&unit->arena, 65536);
    rewind(file);
    size_t len = fread(bytes, 1, 65535, file);
    assert_int_equal(fclose(file), 0);
    return (struct str){bytes, len};
}

/* Runs in a child process, because cli_main() closes stdout. */
static struct result run(struct unit *unit, const struct program *tested_program,
                         const char *const *arguments)
{
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    assert_true(out && err);
    char *argv[ARGUMENTS_MAX + 2] = {NULL};
    int argc = 0;
    argv[argc++] = arena_alloc(&unit->arena, 1);
    for (; argc <= ARGUMENTS_MAX && arguments[argc - 1]; argc++) {
        struct str copy = str_from_c(arguments[argc - 1]);
        argv[argc] = arena_alloc(&unit->arena, copy.len + 1);
        memcpy(argv[argc], copy.data, copy.len);
    }
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        int status = cli_main(tested_program, argc, argv);
        arena_free(&unit->arena);
        exit(status); /* not _exit(), which would lose coverage data */
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (struct result){WEXITSTATUS(status), read_back(unit, out), read_back(unit, err)};
}

struct row {
    const char *arguments[ARGUMENTS_MAX + 1];
    int status;
    const char *out, *err; /* substrings */
};

static void check_rows(struct unit *unit, const struct program *tested_program,
                       const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct result result = run(unit, tested_program, rows[i].arguments);
        bool ok = result.status == rows[i].status && unit_contains(result.out, rows[i].out) &&
                  unit_contains(result.err, rows[i].err);
        /* An empty expectation means no output. */
        ok &= (*rows[i].out != 0) == (result.out.len > 0);
        ok &= (*rows[i].err != 0) == (result.err.len > 0);
        if (!ok)
            fail_msg("row %zu: status %d\n%.*s%.*s", i, result.status, STR_ARG(result.out),
                     STR_ARG(result.err));
    }
}

static void test_valid_command_lines(void **state)
{
    static const struct row rows[] = {
        {{"render", "-f", "a"}, 0, "render files a; output -; env -; args;\n", ""},
        {{"render", "-fa"}, 0, "files a;", ""},
        {{"render", "-f=a"}, 0, "files a;", ""},
        {{"render", "-f", "=a"}, 0, "files =a;", ""},
        {{"render", "--filename", "a"}, 0, "files a;", ""},
        {{"render", "--filename=a"}, 0, "files a;", ""},
        {{"render", "--filename=a=b"}, 0, "files a=b;", ""},
        {{"render", "-f", "a", "-f", "b"}, 0, "files a b;", ""},
        {{"render", "-f", "-"}, 0, "files -;", ""},
        {{"render", "-f", "--"}, 0, "files --;", ""}, /* a value may look like a flag */
        {{"render", "-Rf", "a"}, 0, "files a; recursive;", ""},
        {{"render", "-RRfa"}, 0, "files a; recursive;", ""},
        {{"render", "-f", "a", "--recursive"}, 0, "recursive;", ""},
        {{"render", "-f", "a", "x", "y"}, 0, "args x y;", ""},
        {{"render", "x", "-f", "a", "y"}, 0, "args x y;", ""},
        {{"render", "-f", "a", "--", "-f", "--x"}, 0, "args -f --x;", ""},
        {{"render", "-f", "a", "-"}, 0, "args -;", ""},
        {{"render", "-f", "a", "-o", "json", "--env=e"}, 0, "output json; env e;", ""},
        {{"render", "-f", "a", "--color", "always"}, 0, "args; color\n", ""},
        {{"render", "-f", "a", "--color=never"}, 0, "args;\n", ""},
        {{"validate"}, 0, "validate files;", ""},
        {{"fail"}, 7, "", "failed\n"},
    };
    check_rows(*state, &program, rows, COUNT_OF(rows));
}

static void test_help(void **state)
{
    static const struct row rows[] = {
        {{"help"}, 0, "Usage: kubectl it COMMAND [flags]", ""},
        {{"--help"}, 0, "  validate         Validates.\n", ""},
        {{"-h"}, 0, "  help             ", ""},
        {{"help", "help"}, 0, "Usage: kubectl it COMMAND", ""},
        {{"help", "render"}, 0, "Usage: kubectl it render [-f FILE] [FIELD] [flags]", ""},
        {{"render", "--help"}, 0, "Renders.\n\nUsage: ", ""},
        {{"render", "--help"}, 0, "\n\nFlags:\n  -o, --output FORMAT ", ""},
        {{"render", "--help"}, 0, "yaml)\n\nCommon flags:\n  -f, --filename FILE ", ""},
        {{"render", "-h"}, 0, "\nIn detail.\n", ""},
        {{"render", "-Rh"}, 0, "  -o, --output FORMAT         output format", ""},
        {{"help", "render"}, 0, "output format; one of: yaml, json (default: yaml)\n", ""},
        {{"help", "validate"}, 0, "      --color WHEN ", ""},
        {{"--version"}, 0, "kubectl-it ", ""},
        {{NULL}, 0, "Usage: kubectl it COMMAND", ""},
        {{"help", "rendr"}, 2, "", "unknown command \"rendr\"\n  did you mean \"render\"?"},
    };
    check_rows(*state, &program, rows, COUNT_OF(rows));
    struct result result = run(*state, &program, (const char *const[]){"help", "validate", NULL});
    assert_false(unit_contains(result.out, "--filename")); /* it has no flag */
}

static void test_invalid_command_lines(void **state)
{
    static const struct row rows[] = {
        {{""}, 2, "", "unknown command \"\""},
        {{"rendr"}, 2, "", "error: unknown command \"rendr\"\n  did you mean \"render\"?\n"},
        {{"hlep"}, 2, "", "did you mean \"help\"?"},
        {{"something"}, 2, "", "error: unknown command \"something\"\n  see"},
        {{"-f", "a"}, 2, "", "missing command"},
        {{"render"},
         2,
         "",
         "missing required flag: -f FILE; the working directory has no optasvc.yaml, optasvc.yml, "
         "opta.yaml or opta.yml\n  see kubectl it help render\n"},
        {{"render", "-f"}, 2, "", "-f requires a value: -f FILE"},
        {{"render", "--filename"}, 2, "", "--filename requires a value: --filename FILE"},
        {{"render", "--filename="}, 2, "", "--filename must not be empty\n"},
        {{"render", "-f", ""}, 2, "", "--filename must not be empty"},
        {{"render", "--filname", "a"},
         2,
         "",
         "unknown flag: --filname\n  did you mean \"--filename\"?"},
        {{"render", "--zzz=a"}, 2, "", "unknown flag: --zzz\n  see"},
        {{"render", "-z"}, 2, "", "unknown shorthand flag: -z"},
        {{"render", "-Rz"}, 2, "", "unknown shorthand flag: -z"},
        {{"validate", "-f", "a"}, 2, "", "unknown shorthand flag: -f"},
        {{"validate", "--filename", "a"}, 2, "", "unknown flag: --filename"},
        {{"render", "---f", "a"}, 2, "", "unknown flag: ---f"},
        {{"render", "--recursive=true"}, 2, "", "--recursive takes no value"},
        {{"render", "-f", "a", "x", "y", "z"}, 2, "", "unexpected argument \"z\""},
        {{"validate", "x"}, 2, "", "unexpected argument \"x\""},
        {{"render", "-f", "a", "-o", "xml"}, 2, "", "--output must be yaml or json, not \"xml\""},
        {{"render", "-f", "a", "--color", "red"}, 2, "", "must be auto, always or never"},
        {{"render", "-f", "a", "-o", "json", "-o", "json"}, 2, "", "duplicate flag --output"},
        {{"render", "-f", "a", "--var", "x"}, 2, "", "--var must be NAME=VALUE\n"},
        {{"render", "-f", "a", "--var", "=x"}, 2, "", "--var must be NAME=VALUE"},
        /* Other code relies on these checks of flag values. */
        {{"render", "-f", "a", "--var", "x=a\xFF"}, 2, "", "--var must be valid UTF-8"},
        {{"render", "-f", "a", "--var", "x=a\x1B[2J"}, 2, "", "without control characters\n"},
        {{"render", "-f", "a\xC3"}, 2, "", "--filename must be valid UTF-8"},
        {{"render", "-f", "a", "-n", "\xED\xA0\x80"}, 2, "", "--namespace must be valid UTF-8"},
        {{"render", "-f", "a", "--registry", "a b"}, 2, "", "--registry must be an address"},
        {{"render", "-f", "a", "--image-digest="}, 2, "", "--image-digest must not be empty"},
        {{"render", "-f", "a", "--image-tag", "-x"}, 2, "", "--image-tag must be at most 128"},
        {{"render", "-f", "a", "--image-tag="}, 2, "", "--image-tag must not be empty"},
        {{"render", "-f", "a", "--image-digest", "x"}, 2, "", "--image-digest must be sha256:"},
        {{"render", "-f", "a", "-n", "A"}, 2, "", "--namespace must consist of lowercase"},
        {{"render", "-f", "a", "--image-tag", "x",
          "--image-digest=sha256:"
          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
         2,
         "",
         "--image-tag and --image-digest are mutually exclusive"},
    };
    check_rows(*state, &program, rows, COUNT_OF(rows));
}

static void test_single_command_program(void **state)
{
    static const struct row rows[] = {
        {{"-f", "a", "x"}, 0, "files a; output -; env -; args x;", ""},
        {{"--version"}, 0, "it ", ""},
        {{"--help"}, 0, "Usage: it [-f FILE] [FIELD] [flags]", ""},
        {{NULL}, 2, "", "missing required flag: -f FILE; the working directory has no "},
        {{"render"}, 2, "", "missing required flag: -f FILE"},
    };
    check_rows(*state, &single, rows, COUNT_OF(rows));
}

/* auto does not color files, whatever the environment is. */
static void test_no_color_without_a_terminal(void **state)
{
    struct unit *unit = *state;
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    const char *const plain[] = {"render", "-f", "a", NULL};
    assert_false(unit_contains(run(unit, &program, plain).out, "color"));
    const char *const automatic[] = {"render", "-f", "a", "--color", "auto", NULL};
    assert_false(unit_contains(run(unit, &program, automatic).out, "color"));
    setenv("NO_COLOR", "1", 1);
    const char *const always[] = {"render", "-f", "a", "--color", "always", NULL};
    assert_true(
        unit_contains(run(unit, &program, always).out, "color")); /* the flag overrides NO_COLOR */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_valid_command_lines),         UNIT_TEST(test_help),
        UNIT_TEST(test_invalid_command_lines),       UNIT_TEST(test_single_command_program),
        UNIT_TEST(test_no_color_without_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
