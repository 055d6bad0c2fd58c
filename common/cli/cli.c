#include "cli/cli.h"

#include "base/diag.h"
#include "base/utf8.h"
#include "base/version.h"
#include "config/schema.h"
#include "os/console.h"
#include "yaml/parse_manifest.h"
#include "yaml/parse_strict.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One run of cli_main(). */
struct cli {
    struct arena arena;
    const struct program *program;
    struct invocation invocation;
    flag_bits given; /* bits of the flags that were written */
    size_t choice;   /* the FLAG_TYPE_CHOICE flag right before this argument; FLAG_COUNT: none */
    char **argv;
    size_t argc;
    size_t at; /* the next argument */
};

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
    console_print_error(buf_str(&message));
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
        const struct flag *flag = &flag_table[i];
        if (!command_takes(command, i))
            continue;
        size_t start = out->len;
        if (flag->short_name)
            buf_format(out, "  -%c, --%s", flag->short_name, flag->name);
        else
            buf_format(out, "      --%s", flag->name);
        if (flag->kind == FLAG_TYPE_CHOICE)
            buf_format(out, "[=%s]", flag->argument);
        else if (flag->argument)
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
    if (command->arguments)
        buf_format(out, " %s", command->arguments);
    buf_add(out, STR(" [flags]\n"));
    if (command->details)
        buf_format(out, "\n%s", command->details);
    write_flags(out, command);
}

static void write_program_help(struct buf *out, const struct program *program)
{
    buf_format(out, "%s\n\nUsage: %s COMMAND [flags]\n\nCommands:\n", program->summary,
               program->name);
    for (const struct command *const *each = program->commands; *each; each++)
        if (!(*each)->hidden)
            buf_format(out, "  %-15s%s\n", (*each)->name, (*each)->summary);
    buf_format(out, "  %-15s%s\n", "help", "Tell more of a command");
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
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

int cli_version(const struct program *program)
{
    struct buf out = {0};
    buf_format(&out, "%s %s (commit %s, libfyaml %s, libyaml %s)\n", program->file, version_number,
               version_commit, load_service_library(), load_manifest_library());
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

/* Flags */

bool command_takes(const struct command *command, size_t id)
{
    return (command->flags | FLAGS_EVERYWHERE) >> id & 1;
}

static size_t find_flag(const struct command *command, struct str name, struct suggestion *near)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (!command_takes(command, i))
            continue;
        if (str_eq_c(name, flag_table[i].name))
            return i;
        suggestion_add(near, str_from_c(flag_table[i].name));
    }
    return FLAG_COUNT;
}

static size_t find_letter(const struct command *command, char letter)
{
    for (size_t i = 0; i < FLAG_COUNT; i++)
        if (command_takes(command, i) && flag_table[i].short_name &&
            flag_table[i].short_name == letter)
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

/* Returns what the value of a flag must be; NULL if it is valid. */
static const char *check_value(struct cli *cli, size_t id, const char *value)
{
    const char *const *choices =
        id == FLAG_OUTPUT ? cli->invocation.command->outputs : flag_table[id].choices;
    struct str text = str_from_c(value);
    size_t bad;
    if (text.len == 0)
        return "must not be empty";
    if (utf8_check(text, &bad))
        return "must be UTF-8 text without control characters";
    if (flag_table[id].check)
        return flag_table[id].check(text);
    if (!choices || among(value, choices))
        return NULL;
    return str_format(&cli->arena, "must be %.*s",
                      STR_ARG(schema_choices_format(&cli->arena, choices, "or")))
        .data;
}

static int set_flag(struct cli *cli, size_t id, const char *value)
{
    char *target = (char *)&cli->invocation.options + flag_table[id].offset;
    bool again = cli->given & UINT64_C(1) << id;
    if (flag_table[id].kind != FLAG_TYPE_BOOL) {
        const char *wrong = check_value(cli, id, value);
        if (wrong && (!*value || id == FLAG_VAR)) /* a variable may hold what nobody should see */
            return usage_error(cli, NULL, "--%s %s", flag_table[id].name, wrong);
        if (wrong)
            return usage_error(cli, NULL, "--%s %s, not \"%s\"", flag_table[id].name, wrong, value);
        if (again && flag_table[id].kind != FLAG_TYPE_LIST)
            return usage_error(cli, NULL, "--%s is given twice", flag_table[id].name);
    }
    cli->given |= UINT64_C(1) << id;
    switch (flag_table[id].kind) {
    case FLAG_TYPE_BOOL:
        *(bool *)(void *)target = true;
        break;
    case FLAG_TYPE_STRING:
    case FLAG_TYPE_CHOICE:
        *(const char **)(void *)target = value;
        break;
    case FLAG_TYPE_LIST: {
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

/* Reports -f or --filename of a program whose argument is the file. */
static int refuse_filename(struct cli *cli, const char *flag, const char *attached)
{
    const char *file = take_value(cli, attached);
    return usage_error(cli, NULL, "unknown flag %s: the service file is an argument: %s %s", flag,
                       cli->program->name, file ? file : "FILE");
}

static int read_long(struct cli *cli, const char *argument)
{
    struct str text = str_from_c(argument + 2);
    size_t equals = str_find(text, 0, '=');
    const char *attached = equals < text.len ? text.data + equals + 1 : NULL;
    struct str name = str_slice(text, 0, equals);
    struct suggestion near = {.word = name};
    size_t id = find_flag(cli->invocation.command, name, &near);
    if (id == FLAG_COUNT && cli->program->single && str_eq_c(name, flag_table[FLAG_FILENAME].name))
        return refuse_filename(cli, "--filename", attached);
    if (id == FLAG_COUNT) {
        if (near.best.len)
            near.best = str_format(&cli->arena, "--%.*s", STR_ARG(near.best));
        return usage_error(cli, &near, "unknown flag --%.*s", STR_ARG(name));
    }
    if (flag_table[id].kind == FLAG_TYPE_BOOL) {
        if (attached)
            return usage_error(cli, NULL, "--%s takes no value", flag_table[id].name);
        return set_flag(cli, id, NULL);
    }
    if (flag_table[id].kind ==
        FLAG_TYPE_CHOICE) { /* a word behind it is an argument, as kubectl has it */
        cli->choice = attached ? FLAG_COUNT : id;
        return set_flag(cli, id, attached ? attached : flag_table[id].choices[0]);
    }
    const char *value = take_value(cli, attached);
    if (!value)
        return usage_error(cli, NULL, "--%s needs a value: --%s %s", flag_table[id].name,
                           flag_table[id].name, flag_table[id].argument);
    return set_flag(cli, id, value);
}

/* -f FILE, -fFILE, -f=FILE, -Rf FILE. */
static int read_letters(struct cli *cli, const char *argument)
{
    for (const char *letter = argument + 1; *letter; letter++) {
        size_t id = find_letter(cli->invocation.command, *letter);
        const char *attached = letter[1] == '=' ? letter + 2 : letter[1] ? letter + 1 : NULL;
        if (id == FLAG_COUNT && cli->program->single &&
            *letter == flag_table[FLAG_FILENAME].short_name)
            return refuse_filename(cli, "-f", attached);
        if (id == FLAG_COUNT)
            return usage_error(cli, NULL, "unknown flag -%c", *letter);
        if (flag_table[id].kind == FLAG_TYPE_BOOL) {
            set_flag(cli, id, NULL);
            continue;
        }
        const char *value = take_value(cli, attached);
        if (!value)
            return usage_error(cli, NULL, "-%c needs a value: -%c %s", *letter, *letter,
                               flag_table[id].argument);
        return set_flag(cli, id, value);
    }
    return 0;
}

static int add_argument(struct cli *cli, const char *argument)
{
    struct invocation *invocation = &cli->invocation;
    if (invocation->arguments.count == invocation->command->max_args) {
        if (cli->choice < FLAG_COUNT && among(argument, flag_table[cli->choice].choices))
            return usage_error(cli, NULL, "unexpected argument \"%s\": write --%s=%s", argument,
                               flag_table[cli->choice].name, argument);
        bool file =
            invocation->command->max_args == 0 && command_takes(invocation->command, FLAG_FILENAME);
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
        if (argument[0] == '-')
            cli->choice = FLAG_COUNT;
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
            return usage_error(cli, NULL, "--%s is needed: --%s %s", flag_table[i].name,
                               flag_table[i].name, flag_table[i].argument);
    if (cli->invocation.arguments.count < command->min_args)
        return usage_error(cli, NULL, "an argument is needed: %s", command->arguments);
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

/* The command of the next word, or of the next two. */
static const struct command *find_command(struct cli *cli, struct suggestion *near)
{
    const char *first = cli->argv[cli->at++];
    const char *second = cli->at < cli->argc ? cli->argv[cli->at] : "";
    struct str both = str_format(&cli->arena, "%s %s", first, second);
    *near = (struct suggestion){.word = str_from_c(first)};
    for (const struct command *const *each = cli->program->commands; *each; each++) {
        const struct command *command = *each;
        struct str name = str_from_c(command->name);
        if (command->hidden)
            continue;
        if (str_eq_c(name, first))
            return command;
        if (str_equal(name, both)) {
            cli->at++;
            return command;
        }
        if (str_starts_with(name, str_format(&cli->arena, "%s ", first)))
            near->word = *second ? both : near->word;
        suggestion_add(near, name);
    }
    suggestion_add(near, STR("help"));
    return NULL;
}

/* The commands that begin with this word; false when there are none. */
static bool show_group(struct cli *cli, const char *word, int *ret_status)
{
    const struct program *program = cli->program;
    struct str first = str_format(&cli->arena, "%s ", word);
    struct buf out = {0};
    for (const struct command *const *each = program->commands; *each; each++)
        if (str_starts_with(str_from_c((*each)->name), first))
            buf_format(&out, "  %-15s%s\n", (*each)->name, (*each)->summary);
    bool any = out.len > 0;
    buf_format(&out, "\n%s help %s COMMAND tells more.\n", program->name, word);
    if (any)
        *ret_status = console_finish(buf_str(&out));
    buf_free(&out);
    return any;
}

/* The names of the commands that begin with this word; empty when there are none. */
static struct str group_names(struct cli *cli, const char *word)
{
    struct str first = str_format(&cli->arena, "%s ", word);
    struct buf names = {0};
    for (const struct command *const *each = cli->program->commands; *each; each++) {
        struct str name = str_from_c((*each)->name);
        if (str_starts_with(name, first))
            buf_add_joined(&names, ", ", name);
    }
    return buf_take(&cli->arena, &names);
}

/* The command that another word stands for, or empty. */
static struct str command_of_word(const struct program *program, struct str word)
{
    for (const struct command_word *each = program->words; each && each->word; each++)
        if (str_eq_c(word, each->word))
            return str_from_c(each->command);
    return (struct str){0};
}

/* An unknown word after that of a group: `secret rm`. Only the words after the first are compared,
 * because the first is that of all. */
static int refuse_in_group(struct cli *cli, const char *first, const char *second, struct str names)
{
    struct str group = str_format(&cli->arena, "%s ", first);
    struct suggestion near = {.word = str_from_c(second)};
    for (const struct command *const *each = cli->program->commands; *each; each++) {
        struct str name = str_from_c((*each)->name);
        if (str_starts_with(name, group))
            suggestion_add(&near, str_skip(name, group.len));
    }
    if (near.best.len)
        near.best = str_format(&cli->arena, "%s %.*s", first, STR_ARG(near.best));
    struct str both = str_format(&cli->arena, "%s %s", first, second);
    struct str known = command_of_word(cli->program, both);
    if (known.len)
        near.best = known;
    if (near.best.len)
        return usage_error(cli, &near, "unknown command \"%.*s\"", STR_ARG(both));
    return usage_error(cli, NULL, "unknown command \"%.*s\": the commands are %.*s", STR_ARG(both),
                       STR_ARG(names));
}

/* Of find_command(), which found none: what is not known, or not there. */
static int refuse_command(struct cli *cli, const char *first, const struct suggestion *near)
{
    struct str names = group_names(cli, first);
    if (names.len && (cli->at == cli->argc || cli->argv[cli->at][0] == '-'))
        return usage_error(cli, NULL, "a command is needed: %.*s", STR_ARG(names));
    if (names.len)
        return refuse_in_group(cli, first, cli->argv[cli->at], names);
    return usage_error(cli, near, "unknown command \"%.*s\"", STR_ARG(near->word));
}

static bool asks_help(const struct cli *cli, size_t at)
{
    const char *word = at < cli->argc ? cli->argv[at] : NULL;
    return word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0);
}

static int run_help(struct cli *cli)
{
    int status;
    if (cli->at == cli->argc || strcmp(cli->argv[cli->at], "help") == 0)
        return show_help(cli->program, NULL);
    const char *name = cli->argv[cli->at];
    struct suggestion near;
    const struct command *command = find_command(cli, &near);
    if (command)
        return show_help(cli->program, command);
    if (cli->at == cli->argc && show_group(cli, name, &status))
        return status;
    return refuse_command(cli, name, &near);
}

/* The command for scripts that has this name, or NULL. */
static const struct command *find_hidden(const struct program *program, const char *name)
{
    for (const struct command *const *each = program->commands; *each; each++)
        if ((*each)->hidden && strcmp((*each)->name, name) == 0)
            return *each;
    return NULL;
}

/* Runs it with all arguments that follow, as they are. */
static int run_hidden(struct cli *cli, const struct command *command)
{
    struct option_list *arguments = &cli->invocation.arguments;
    cli->invocation.command = command;
    arguments->items = ARENA_ARRAY(&cli->arena, cli->argc, const char *);
    while (cli->at < cli->argc)
        arguments->items[arguments->count++] = cli->argv[cli->at++];
    return command->run(&cli->invocation);
}

static int run_program(struct cli *cli)
{
    const struct program *program = cli->program;
    const char *first = cli->argc ? cli->argv[0] : NULL;
    const struct command *hidden = first ? find_hidden(program, first) : NULL;
    cli->at = 1;
    if (hidden)
        return run_hidden(cli, hidden);
    cli->at = 0;
    if (first && strcmp(first, "--version") == 0)
        return cli_version(program);
    if (program->single)
        return run_command(cli, program->single);
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
    int status;
    cli->at = 0;
    const struct command *command = find_command(cli, &near);
    if (command)
        return run_command(cli, command);
    if (first[0] == '-')
        return usage_error(cli, NULL, "the command comes before its flags, not \"%s\"", first);
    if (asks_help(cli, 1) && show_group(cli, first, &status))
        return status;
    return refuse_command(cli, first, &near);
}

/* kubectl asks for completion by this name.
 * https://kubernetes.io/docs/reference/kubectl/generated/kubectl_plugin/ */
static bool is_called_to_complete(const char *path)
{
    return path && str_ends_with(str_from_c(path), STR("kubectl_complete-optasvc"));
}

int cli_main(const struct program *program, int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* a reader that left is a failed write, told and counted */
    struct cli cli = {.program = program, .argv = argv + 1, .choice = FLAG_COUNT};
    cli.argc = argc > 1 ? (size_t)argc - 1 : 0;
    cli.invocation.program = program;
    const struct command *complete =
        is_called_to_complete(argv[0]) ? find_hidden(program, "__complete") : NULL;
    int status = complete ? run_hidden(&cli, complete) : run_program(&cli);
    arena_free(&cli.arena);
    return status;
}
