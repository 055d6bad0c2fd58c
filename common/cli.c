#include "cli.h"

#include "diag.h"
#include "emit.h"
#include "interpolate.h"
#include "load_service.h"
#include "name.h"
#include "utf8.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum flag_kind { KIND_SWITCH, KIND_TEXT, KIND_LIST };

static const char *const colors[] = {"auto", "always", "never", NULL};

static const struct flag {
    const char *name;
    char letter; /* 0: none */
    enum flag_kind kind;
    const char *argument; /* what help calls the value */
    const char *help;
    size_t offset; /* in struct options */
    const char *const *choices;
} flags[FLAG_COUNT] = {
    [FLAG_FILENAME] = {"filename", 'f', KIND_LIST, "FILE",
                       "service file, folder of such files, or - for standard input; repeatable",
                       offsetof(struct options, files), NULL},
    [FLAG_RECURSIVE] = {"recursive", 'R', KIND_SWITCH, NULL, "descend into the folders of a folder",
                        offsetof(struct options, recursive), NULL},
    [FLAG_ENV] = {"env", 0, KIND_TEXT, "NAME", "the environment, where a file has several",
                  offsetof(struct options, environment), NULL},
    [FLAG_ENV_FILE] = {"env-file", 0, KIND_TEXT, "FILE",
                       "environment file, in place of the one the service file names",
                       offsetof(struct options, environment_file), NULL},
    [FLAG_VAR] = {"var", 0, KIND_LIST, "NAME=VALUE", "what {vars.NAME} stands for; repeatable",
                  offsetof(struct options, variables), NULL},
    [FLAG_IMAGE_TAG] = {"image-tag", 0, KIND_TEXT, "TAG",
                        "tag for image: AUTO; without any, for the images that have no tag",
                        offsetof(struct options, image_tag), NULL},
    [FLAG_IMAGE_DIGEST] = {"image-digest", 0, KIND_TEXT, "DIGEST",
                           "the same by digest (sha256:...)",
                           offsetof(struct options, image_digest), NULL},
    [FLAG_REGISTRY] = {"registry", 0, KIND_TEXT, "ADDRESS", "registry for image: AUTO",
                       offsetof(struct options, registry), NULL},
    [FLAG_PARENT_OUTPUTS] = {"parent-outputs", 0, KIND_TEXT, "FILE",
                             "what {parent.NAME} stands for: JSON of `terraform output -json`",
                             offsetof(struct options, parent_outputs), NULL},
    [FLAG_MODULE] = {"module", 0, KIND_LIST, "NAME", "this service only; repeatable",
                     offsetof(struct options, modules), NULL},
    [FLAG_NAMESPACE] = {"namespace", 'n', KIND_TEXT, "NAME",
                        "namespace, in place of the layer's name; it is not made then",
                        offsetof(struct options, namespace), NULL},
    [FLAG_OUTPUT] = {"output", 'o', KIND_TEXT, "FORMAT", "format of the output",
                     offsetof(struct options, output), NULL},
    [FLAG_WORKLOAD] = {"workload", 0, KIND_TEXT, "KIND/NAME",
                       "the workload of the chart, in place of helm.workload",
                       offsetof(struct options, workload), NULL},
    [FLAG_CONTAINER] = {"container", 0, KIND_TEXT, "NAME",
                        "its container, in place of helm.container",
                        offsetof(struct options, container), NULL},
    [FLAG_INGRESS] = {"ingress", 0, KIND_TEXT, "NAME",
                      "its Ingress, or `new`, in place of helm.ingress",
                      offsetof(struct options, ingress), NULL},
    [FLAG_LOG_FILE] = {"log-file", 0, KIND_TEXT, "FILE",
                       "append what is done to this file too; also OPTASVC_LOG",
                       offsetof(struct options, log_file), NULL},
    [FLAG_REPORT] = {"report", 0, KIND_TEXT, "FILE",
                     "write what was added, replaced, removed and left to this file, as JSON",
                     offsetof(struct options, report), NULL},
    [FLAG_DRY_RUN] = {"dry-run", 0, KIND_SWITCH, NULL,
                      "pass the manifests through, and tell what would be injected",
                      offsetof(struct options, dry_run), NULL},
    [FLAG_COLOR] = {"color", 0, KIND_TEXT, "WHEN", "color of messages: auto, always or never",
                    offsetof(struct options, color), colors},
    [FLAG_HELP] = {"help", 'h', KIND_SWITCH, NULL, "show this help", offsetof(struct options, help),
                   NULL},
};

/* Flags that every command takes. */
static const unsigned everywhere = FLAG(COLOR) | FLAG(HELP);

/* One run of cli_main(). */
struct cli {
    struct arena arena;
    const struct program *program;
    struct invocation invocation;
    unsigned given; /* bits of the flags that were written */
    char **argv;
    size_t argc;
    size_t at; /* the next argument */
};

void cli_tell(struct str messages)
{
    int ignored = io_write(STDERR_FILENO, messages);
    (void)ignored;
}

int cli_finish(struct str text)
{
    return cli_finish_stream(&text, 1, &(struct io_stream){0});
}

int cli_finish_stream(const struct str *pieces, size_t count, const struct io_stream *stream)
{
    int error = io_write_stream(STDOUT_FILENO, pieces, count, stream);
    if (close(STDOUT_FILENO) < 0 && error == 0)
        error = errno;
    if (error == 0)
        return EXIT_SUCCESS;
    struct buf message = {0};
    buf_format(&message, "error: the output cannot be written: %s\n", strerror(error));
    cli_tell(buf_str(&message));
    buf_free(&message);
    return EXIT_FAILURE;
}

/* Tells a mistake in the command line, and where to read on. */
__attribute__((format(printf, 3, 4))) static int
usage_error(struct cli *cli, const struct suggestion *near, const char *format, ...)
{
    const struct command *command = cli->invocation.command;
    const struct program *program = cli->program;
    va_list arguments;
    va_start(arguments, format);
    struct str text = str_vformat(&cli->arena, format, arguments);
    va_end(arguments);
    struct buf message = {0};
    buf_add(&message, STR("error: "));
    diag_add_visible(&message, text);
    buf_add_byte(&message, '\n');
    if (near && near->best.len)
        buf_format(&message, "  did you mean \"%.*s\"?\n", STR_ARG(near->best));
    if (program->single || !command)
        buf_format(&message, "  see %s --help\n", program->name);
    else
        buf_format(&message, "  see %s help %s\n", program->name, command->name);
    cli_tell(buf_str(&message));
    buf_free(&message);
    return EXIT_USAGE;
}

int cli_usage(const struct invocation *invocation, const char *message)
{
    struct cli cli = {.program = invocation->program, .invocation = *invocation};
    int status = usage_error(&cli, NULL, "%s", message);
    arena_free(&cli.arena);
    return status;
}

/* Help */

static void write_flags(struct buf *out, const struct command *command)
{
    enum { NAME_COLUMNS = 30 };
    buf_add(out, STR("\nFlags:\n"));
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        const struct flag *flag = &flags[i];
        if (!((command->flags | everywhere) >> i & 1))
            continue;
        size_t start = out->len;
        if (flag->letter)
            buf_format(out, "  -%c, --%s", flag->letter, flag->name);
        else
            buf_format(out, "      --%s", flag->name);
        if (flag->argument)
            buf_format(out, " %s", flag->argument);
        size_t used = out->len - start;
        buf_add_spaces(out, used < NAME_COLUMNS ? NAME_COLUMNS - used : 1);
        buf_format(out, " %s", flag->help);
        if (i == FLAG_OUTPUT)
            for (size_t j = 0; command->outputs[j]; j++)
                buf_format(out, "%s%s", j ? ", " : ": ", command->outputs[j]);
        buf_add_byte(out, '\n');
    }
}

static void write_command_help(struct buf *out, const struct program *program,
                               const struct command *command)
{
    buf_format(out, "%s\n\nUsage: %s", command->summary, program->name);
    if (!program->single)
        buf_format(out, " %s", command->name);
    if (command->required & FLAG(FILENAME))
        buf_add(out, STR(" -f FILE"));
    buf_format(out, "%s%s [flags]\n", *command->arguments ? " " : "", command->arguments);
    if (command->details)
        buf_format(out, "\n%s", command->details);
    write_flags(out, command);
}

static void write_program_help(struct buf *out, const struct program *program)
{
    buf_format(out, "%s\n\nUsage: %s COMMAND [flags]\n\nCommands:\n", program->summary,
               program->name);
    for (size_t i = 0; i < program->count; i++)
        buf_format(out, "  %-12s%s\n", program->commands[i].name, program->commands[i].summary);
    buf_format(out, "  %-12s%s\n", "help", "Tell more of a command");
    buf_format(out, "\n%s help COMMAND tells more, %s --version the version.\n", program->name,
               program->name);
}

static int show_help(const struct program *program, const struct command *command)
{
    struct buf out = {0};
    if (command)
        write_command_help(&out, program, command);
    else
        write_program_help(&out, program);
    int status = cli_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

static int show_version(const struct program *program)
{
    struct buf out = {0};
    buf_format(&out, "%s %s (libfyaml %s, libyaml %s)\n", program->file, OPTASVC_VERSION,
               load_service_library(), emit_library());
    int status = cli_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

/* Flags */

static bool takes(const struct command *command, size_t id)
{
    return (command->flags | everywhere) >> id & 1;
}

static size_t find_flag(const struct command *command, struct str name, struct suggestion *near)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (!takes(command, i))
            continue;
        if (str_is(name, flags[i].name))
            return i;
        suggestion_offer(near, str_of(flags[i].name));
    }
    return FLAG_COUNT;
}

static size_t find_letter(const struct command *command, char letter)
{
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (takes(command, i) && flags[i].letter && flags[i].letter == letter)
            return i;
    return FLAG_COUNT;
}

static bool among(const char *word, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* NULL when the value fits the flag, else what is wrong with it. */
static const char *value_wrong(struct cli *cli, size_t id, const char *value)
{
    const char *const *choices =
        id == FLAG_OUTPUT ? cli->invocation.command->outputs : flags[id].choices;
    struct str text = str_of(value);
    struct str name;
    size_t bad;
    if (text.len == 0)
        return "must not be empty";
    if (utf8_check(text, &bad))
        return "must be UTF-8 text without control characters";
    switch (id) {
    case FLAG_VAR:
        return variable_split(value, &name, &text) ? NULL : "must be NAME=VALUE";
    case FLAG_REGISTRY:
        return name_wrong(NAME_REGISTRY, text);
    case FLAG_IMAGE_TAG:
        return name_wrong(NAME_IMAGE_TAG, text);
    case FLAG_IMAGE_DIGEST:
        return name_wrong(NAME_IMAGE_DIGEST, text);
    case FLAG_NAMESPACE:
        return name_wrong(NAME_NAMESPACE, text);
    default:
        break;
    }
    if (!choices || among(value, choices))
        return NULL;
    return str_format(&cli->arena, "must be %.*s",
                      STR_ARG(schema_words_text(&cli->arena, choices, "or")))
        .data;
}

static int set_flag(struct cli *cli, size_t id, const char *value)
{
    char *target = (char *)&cli->invocation.options + flags[id].offset;
    bool again = cli->given & 1U << id;
    if (flags[id].kind != KIND_SWITCH) {
        const char *wrong = value_wrong(cli, id, value);
        if (wrong && (!*value || id == FLAG_VAR)) /* a variable may hold what nobody should see */
            return usage_error(cli, NULL, "--%s %s", flags[id].name, wrong);
        if (wrong)
            return usage_error(cli, NULL, "--%s %s, not \"%s\"", flags[id].name, wrong, value);
        if (again && flags[id].kind == KIND_TEXT)
            return usage_error(cli, NULL, "--%s is given twice", flags[id].name);
    }
    cli->given |= 1U << id;
    switch (flags[id].kind) {
    case KIND_SWITCH:
        *(bool *)(void *)target = true;
        break;
    case KIND_TEXT:
        *(const char **)(void *)target = value;
        break;
    case KIND_LIST: {
        struct option_list *list = (struct option_list *)(void *)target;
        if (!list->items)
            list->items = ARENA_ARRAY(&cli->arena, cli->argc, const char *);
        list->items[list->count++] = value;
        break;
    }
    }
    return 0;
}

/* The value of a flag that needs one: behind "=", or the next argument. */
static const char *take_value(struct cli *cli, const char *attached)
{
    if (attached)
        return attached;
    return cli->at < cli->argc ? cli->argv[cli->at++] : NULL;
}

static int read_long(struct cli *cli, const char *argument)
{
    struct str text = str_of(argument + 2);
    size_t equals = str_find(text, 0, '=');
    const char *attached = equals < text.len ? text.data + equals + 1 : NULL;
    struct str name = str_slice(text, 0, equals);
    struct suggestion near = {.word = name};
    size_t id = find_flag(cli->invocation.command, name, &near);
    if (id == FLAG_COUNT) {
        if (near.best.len)
            near.best = str_format(&cli->arena, "--%.*s", STR_ARG(near.best));
        return usage_error(cli, &near, "unknown flag --%.*s", STR_ARG(name));
    }
    if (flags[id].kind == KIND_SWITCH) {
        if (attached)
            return usage_error(cli, NULL, "--%s takes no value", flags[id].name);
        return set_flag(cli, id, NULL);
    }
    const char *value = take_value(cli, attached);
    if (!value)
        return usage_error(cli, NULL, "--%s needs a value: --%s %s", flags[id].name, flags[id].name,
                           flags[id].argument);
    return set_flag(cli, id, value);
}

/* -f FILE, -fFILE, -f=FILE, -Rf FILE. */
static int read_letters(struct cli *cli, const char *argument)
{
    for (const char *letter = argument + 1; *letter; letter++) {
        size_t id = find_letter(cli->invocation.command, *letter);
        if (id == FLAG_COUNT)
            return usage_error(cli, NULL, "unknown flag -%c", *letter);
        if (flags[id].kind == KIND_SWITCH) {
            set_flag(cli, id, NULL);
            continue;
        }
        const char *attached = letter[1] == '=' ? letter + 2 : letter[1] ? letter + 1 : NULL;
        const char *value = take_value(cli, attached);
        if (!value)
            return usage_error(cli, NULL, "-%c needs a value: -%c %s", *letter, *letter,
                               flags[id].argument);
        return set_flag(cli, id, value);
    }
    return 0;
}

static int add_argument(struct cli *cli, const char *argument)
{
    struct invocation *invocation = &cli->invocation;
    if (invocation->arguments.count == invocation->command->most) {
        bool file = invocation->command->most == 0 && takes(invocation->command, FLAG_FILENAME);
        return usage_error(cli, NULL, "unexpected argument \"%s\"%s%s", argument,
                           file ? ": a file is given by -f " : "", file ? argument : "");
    }
    if (!invocation->arguments.items)
        invocation->arguments.items = ARENA_ARRAY(&cli->arena, cli->argc, const char *);
    invocation->arguments.items[invocation->arguments.count++] = argument;
    return 0;
}

static int read_arguments(struct cli *cli)
{
    bool flags_ended = false;
    while (cli->at < cli->argc && cli->argv[cli->at]) {
        const char *argument = cli->argv[cli->at++];
        int status = 0;
        if (!flags_ended && strcmp(argument, "--") == 0)
            flags_ended = true;
        else if (!flags_ended && strncmp(argument, "--", 2) == 0)
            status = read_long(cli, argument);
        else if (!flags_ended && argument[0] == '-' && argument[1])
            status = read_letters(cli, argument);
        else
            status = add_argument(cli, argument);
        if (status)
            return status;
    }
    return 0;
}

static int check_flags(struct cli *cli)
{
    const struct command *command = cli->invocation.command;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (command->required >> i & 1 && !(cli->given >> i & 1))
            return usage_error(cli, NULL, "--%s is needed: --%s %s", flags[i].name, flags[i].name,
                               flags[i].argument);
    if (cli->given & FLAG(IMAGE_TAG) && cli->given & FLAG(IMAGE_DIGEST))
        return usage_error(cli, NULL, "--image-tag and --image-digest exclude each other");
    return 0;
}

/* https://no-color.org: any value but the empty one. */
static bool wants_color(const struct options *options)
{
    const char *when = options->color ? options->color : "auto";
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(STDERR_FILENO) && !(no_color && *no_color) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

static int run_command(struct cli *cli, const struct command *command)
{
    struct invocation *invocation = &cli->invocation;
    invocation->command = command;
    int status = read_arguments(cli);
    if (status)
        return status;
    if (invocation->options.help)
        return show_help(cli->program, command);
    status = check_flags(cli);
    if (status)
        return status;
    invocation->color = wants_color(&invocation->options);
    return command->run(invocation);
}

static const struct command *find_command(struct cli *cli, const char *name,
                                          struct suggestion *near)
{
    *near = (struct suggestion){.word = str_of(name)};
    for (size_t i = 0; i < cli->program->count; i++) {
        if (strcmp(cli->program->commands[i].name, name) == 0)
            return &cli->program->commands[i];
        suggestion_offer(near, str_of(cli->program->commands[i].name));
    }
    suggestion_offer(near, STR("help"));
    return NULL;
}

static int run_help(struct cli *cli)
{
    if (cli->at == cli->argc)
        return show_help(cli->program, NULL);
    const char *name = cli->argv[cli->at++];
    struct suggestion near;
    const struct command *command = find_command(cli, name, &near);
    if (!command && strcmp(name, "help") == 0)
        return show_help(cli->program, NULL);
    return command ? show_help(cli->program, command)
                   : usage_error(cli, &near, "unknown command \"%s\"", name);
}

static int run_program(struct cli *cli)
{
    const struct program *program = cli->program;
    const char *first = cli->argc ? cli->argv[0] : NULL;
    if (first && strcmp(first, "--version") == 0)
        return show_version(program);
    if (program->single)
        return run_command(cli, program->commands);
    cli->at = 1;
    if (!first) {
        cli->at = 0;
        return usage_error(cli, NULL, "a command is needed");
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return show_help(program, NULL);
    if (strcmp(first, "help") == 0)
        return run_help(cli);
    struct suggestion near;
    const struct command *command = find_command(cli, first, &near);
    if (command)
        return run_command(cli, command);
    if (first[0] == '-')
        return usage_error(cli, NULL, "the command comes before its flags, not \"%s\"", first);
    return usage_error(cli, &near, "unknown command \"%s\"", first);
}

int cli_main(const struct program *program, int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* a reader that left is a failed write, told and counted */
    struct cli cli = {.program = program, .argv = argv + 1};
    cli.argc = argc > 1 ? (size_t)argc - 1 : 0;
    cli.invocation.program = program;
    int status = run_program(&cli);
    arena_free(&cli.arena);
    return status;
}
