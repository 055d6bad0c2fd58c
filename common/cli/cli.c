#include "cli/cli.h"

#include "base/diag.h"
#include "base/utf8.h"
#include "base/version.h"
#include "cli/default_file.h"
#include "cli/help.h"
#include "cli/order_words.h"
#include "cli/report.h"
#include "cli/usage_error.h"
#include "config/allow.h"
#include "config/schema.h"
#include "os/console.h"
#include "yaml/parse_manifest.h"
#include "yaml/parse_strict.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* State of one cli_main() call. */
struct cli {
    struct arena arena;
    const struct program *program;
    struct invocation invocation;
    bool given[FLAG_COUNT];      /* flags on the command line */
    bool deprecated[FLAG_COUNT]; /* flags whose former name was reported */
    enum flag_id choice; /* FLAG_TYPE_CHOICE flag before this argument; FLAG_COUNT if none */
    const char **argv;
    size_t argc;
    size_t next;       /* index of the next argument */
    size_t name_count; /* arguments that are names of services */
};

int cli_usage(const struct invocation *invocation, const char *message)
{
    return usage_error(invocation->program, invocation->command, STR(""), "%s", message);
}

/* Reports an invalid command line. Returns EXIT_USAGE. */
#define FAIL(cli, ...) usage_error((cli)->program, (cli)->invocation.command, STR(""), __VA_ARGS__)

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

bool command_has_flag(const struct command *command, enum flag_id id)
{
    return id == FLAG_COLOR || id == FLAG_HELP || flag_list_has(command->flags, id);
}

enum flag_id command_find_flag(const struct command *command, struct str name)
{
    for (enum flag_id i = 0; i < FLAG_COUNT; i++)
        if (command_has_flag(command, i) && str_eq_c(name, flag_table[i].name))
            return i;
    for (const struct flag_alias *alias = flag_aliases; alias->name; alias++)
        if (command_has_flag(command, alias->id) && str_eq_c(name, alias->name))
            return alias->id;
    return FLAG_COUNT;
}

enum flag_id command_find_short_flag(const struct command *command, char short_flag)
{
    for (enum flag_id i = 0; i < FLAG_COUNT; i++)
        if (command_has_flag(command, i) && flag_table[i].short_name &&
            flag_table[i].short_name == short_flag)
            return i;
    return FLAG_COUNT;
}

/* Warns if `name` is the former name of the flag, once per flag. */
static void warn_deprecated(struct cli *cli, enum flag_id id, struct str name)
{
    if (str_eq_c(name, flag_table[id].name) || cli->deprecated[id])
        return;
    cli->deprecated[id] = true;
    report_warning(RULE_DEPRECATED_FLAG, "flag --%.*s is deprecated; use --%s", STR_ARG(name),
                   flag_table[id].name);
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* Returns NULL if the value is valid for the flag, else the error: "must be ...". */
static const char *check_value(struct cli *cli, enum flag_id id, const char *value)
{
    const char *const *choices =
        id == FLAG_OUTPUT ? cli->invocation.command->outputs : flag_table[id].choices;
    struct str text = str_from_c(value);
    size_t offset;
    if (text.len == 0)
        return "must not be empty";
    if (utf8_check(text, &offset))
        return "must be valid UTF-8 without control characters";
    if (flag_table[id].check)
        return flag_table[id].check(text);
    if (!choices || is_one_of(value, choices))
        return NULL;
    return str_format(&cli->arena, "must be %.*s",
                      STR_ARG(schema_choices_format(&cli->arena, choices, "or")))
        .data;
}

/* Returns the hint for a value of --output that the command does not have. */
static struct str format_hint(struct cli *cli, const char *value)
{
    const char *default_value = cli->invocation.command->output_default;
    if (strcmp(value, "wide") == 0 && default_value && strcmp(default_value, "table") == 0)
        return STR("the table has all columns; omit --output");
    struct buf names = {0};
    for (const struct command *const *each = cli->program->commands; *each; each++)
        if ((*each)->outputs && is_one_of(value, (*each)->outputs))
            buf_add_joined(&names, ", ", str_from_c((*each)->name));
    struct str commands = buf_take(&cli->arena, &names);
    return commands.len
               ? str_format(&cli->arena, "%s is a format of %.*s", value, STR_ARG(commands))
               : commands;
}

/* Returns the hint for an invalid value of a flag; empty if there is none. */
static struct str value_hint(struct cli *cli, enum flag_id id, const char *value)
{
    struct str unknown = allow_unknown_name(str_from_c(value));
    if (id == FLAG_OUTPUT)
        return format_hint(cli, value);
    return id == FLAG_ALLOW && unknown.len ? allow_hint(&cli->arena, unknown) : STR("");
}

static void add_to_list(struct cli *cli, struct option_list *list, const char *item)
{
    if (!list->items)
        list->items = ARENA_ARRAY(&cli->arena, cli->argc, const char *);
    list->items[list->count++] = item;
}

static int set_flag(struct cli *cli, enum flag_id id, const char *value)
{
    char *target = (char *)&cli->invocation.options + flag_table[id].offset;
    bool is_duplicate = cli->given[id];
    if (flag_table[id].type != FLAG_TYPE_BOOL) {
        const char *problem = check_value(cli, id, value);
        if (problem && (!*value || id == FLAG_VAR)) /* a variable may contain a secret */
            return FAIL(cli, "--%s %s", flag_table[id].name, problem);
        if (problem)
            return usage_error(cli->program, cli->invocation.command, value_hint(cli, id, value),
                               "--%s %s, not \"%s\"", flag_table[id].name, problem, value);
        if (is_duplicate && flag_table[id].type != FLAG_TYPE_LIST)
            return FAIL(cli, "duplicate flag --%s", flag_table[id].name);
    }
    cli->given[id] = true;
    switch (flag_table[id].type) {
    case FLAG_TYPE_BOOL:
        *(bool *)(void *)target = true;
        break;
    case FLAG_TYPE_STRING:
    case FLAG_TYPE_CHOICE:
        *(const char **)(void *)target = value;
        break;
    case FLAG_TYPE_LIST:
        add_to_list(cli, (struct option_list *)(void *)target, value);
        break;
    }
    return 0;
}

/* Returns the value of a flag, after "=" or the next argument; NULL if there is none. */
static const char *next_value(struct cli *cli, const char *attached)
{
    if (attached)
        return attached;
    return cli->next < cli->argc ? cli->argv[cli->next++] : NULL;
}

/* Reports -f or --filename in a program that takes the file as an argument. */
static int report_filename_flag(struct cli *cli, const char *flag, const char *attached)
{
    const char *file = next_value(cli, attached);
    struct str hint = str_format(&cli->arena, "pass the service file as an argument: %s %s",
                                 cli->program->name, file ? file : "FILE");
    return usage_error(cli->program, NULL, hint, "unknown flag: %s", flag);
}

static int parse_long_flag(struct cli *cli, const char *argument)
{
    struct str text = str_from_c(argument + 2);
    size_t equals = str_find(text, 0, '=');
    const char *attached = equals < text.len ? text.data + equals + 1 : NULL;
    struct str name = str_slice(text, 0, equals);
    enum flag_id id = command_find_flag(cli->invocation.command, name);
    if (id == FLAG_COUNT && cli->program->single && str_eq_c(name, flag_table[FLAG_FILENAME].name))
        return report_filename_flag(cli, "--filename", attached);
    if (id == FLAG_COUNT)
        return report_unknown_flag(cli->program, cli->invocation.command, argument);
    warn_deprecated(cli, id, name);
    if (flag_table[id].type == FLAG_TYPE_BOOL) {
        if (attached)
            return FAIL(cli, "--%s takes no value", flag_table[id].name);
        return set_flag(cli, id, NULL);
    }
    if (flag_table[id].type == FLAG_TYPE_CHOICE) { /* only "=" attaches a value, as in kubectl */
        cli->choice = attached ? FLAG_COUNT : id;
        return set_flag(cli, id, attached ? attached : flag_table[id].choices[0]);
    }
    const char *value = next_value(cli, attached);
    if (!value)
        return FAIL(cli, "--%s requires a value: --%s %s", flag_table[id].name, flag_table[id].name,
                    flag_table[id].argument);
    return set_flag(cli, id, value);
}

/* True if an argument looks like a path: it cannot be the name of a service. */
static bool is_path(const char *argument)
{
    return strcmp(argument, "-") == 0 || strpbrk(argument, "./") != NULL;
}

/* True if -f has another meaning in other tools, as in `kubectl logs -f web`, and `next`, the next
 * argument or NULL, is no file. */
static bool lacks_file(const struct command *command, enum flag_id id, const char *next)
{
    return id == FLAG_FILENAME && command->file_hint &&
           !(next && (is_path(next) || access(next, F_OK) == 0));
}

/* Parses the value of a flag that was given by its letter. */
static int parse_short_value(struct cli *cli, enum flag_id id, const char *attached)
{
    const struct command *command = cli->invocation.command;
    const struct flag *flag = &flag_table[id];
    const char *value = next_value(cli, attached);
    struct str hint = STR("");
    if (!attached && lacks_file(command, id, value))
        hint = str_from_c(command->file_hint);
    if (!value)
        return usage_error(cli->program, command, hint, "-%c requires a value: -%c %s",
                           flag->short_name, flag->short_name, flag->argument);
    if (hint.len)
        return usage_error(cli->program, command, hint, "-%c requires a service file, not \"%s\"",
                           flag->short_name, value);
    return set_flag(cli, id, value);
}

/* Parses -f FILE, -fFILE, -f=FILE and -Rf FILE. */
static int parse_short_flags(struct cli *cli, const char *argument)
{
    for (const char *short_flag = argument + 1; *short_flag; short_flag++) {
        enum flag_id id = command_find_short_flag(cli->invocation.command, *short_flag);
        const char *attached = short_flag[1] == '=' ? short_flag + 2
                               : short_flag[1]      ? short_flag + 1
                                                    : NULL;
        if (id == FLAG_COUNT && cli->program->single &&
            *short_flag == flag_table[FLAG_FILENAME].short_name)
            return report_filename_flag(cli, "-f", attached);
        if (id == FLAG_COUNT)
            return report_unknown_flag(cli->program, cli->invocation.command,
                                       (const char[]){'-', *short_flag, '\0'});
        if (flag_table[id].type == FLAG_TYPE_BOOL) {
            set_flag(cli, id, NULL);
            continue;
        }
        return parse_short_value(cli, id, attached);
    }
    return 0;
}

/* Adds an argument that is the name of a service. */
static int add_name(struct cli *cli, const char *argument)
{
    const struct command *command = cli->invocation.command;
    if (is_path(argument))
        return FAIL(cli, "unexpected argument \"%s\"; use -f %s", argument, argument);
    if (cli->name_count < command->max_names) {
        cli->name_count++;
        return set_flag(cli, FLAG_MODULE, argument);
    }
    if (command->max_args)
        return FAIL(cli, "unexpected argument \"%s\"; write a command after --: %s -- %s", argument,
                    command->name, argument);
    return FAIL(cli, "unexpected argument \"%s\"; %s accepts one service", argument, command->name);
}

/* Reports an argument of a command that accepts no more. */
static int report_extra_argument(struct cli *cli, const char *argument)
{
    const struct command *command = cli->invocation.command;
    bool reads_files = command->max_args == 0 && command_has_flag(command, FLAG_FILENAME);
    bool is_file = is_path(argument) || access(argument, F_OK) == 0;
    if (reads_files && !is_file && command_has_flag(command, FLAG_MODULE))
        return FAIL(cli, "unexpected argument \"%s\"; use --module %s, or -f for a file", argument,
                    argument);
    return FAIL(cli, "unexpected argument \"%s\"%s%s", argument, reads_files ? "; use -f " : "",
                reads_files ? argument : "");
}

static int add_argument(struct cli *cli, const char *argument, bool flags_ended)
{
    struct invocation *invocation = &cli->invocation;
    if (invocation->command->max_names && !(flags_ended && invocation->command->max_args))
        return add_name(cli, argument);
    if (invocation->arguments.count == invocation->command->max_args) {
        if (cli->choice < FLAG_COUNT && is_one_of(argument, flag_table[cli->choice].choices))
            return FAIL(cli, "unexpected argument \"%s\"; use --%s=%s", argument,
                        flag_table[cli->choice].name, argument);
        return report_extra_argument(cli, argument);
    }
    add_to_list(cli, &invocation->arguments, argument);
    return 0;
}

static int parse_arguments(struct cli *cli)
{
    bool flags_ended = false;
    while (cli->next < cli->argc && cli->argv[cli->next]) {
        const char *argument = cli->argv[cli->next++];
        int status = 0;
        if (argument[0] == '-')
            cli->choice = FLAG_COUNT;
        if (!flags_ended && strcmp(argument, "--") == 0)
            flags_ended = true;
        else if (!flags_ended && strncmp(argument, "--", 2) == 0)
            status = parse_long_flag(cli, argument);
        else if (!flags_ended && argument[0] == '-' && argument[1])
            status = parse_short_flags(cli, argument);
        else
            status = add_argument(cli, argument, flags_ended);
        if (status)
            return status;
    }
    return 0;
}

static int report_missing_flag(struct cli *cli, const struct flag *flag)
{
    if (flag->short_name)
        return FAIL(cli, "missing required flag: -%c %s", flag->short_name, flag->argument);
    return FAIL(cli, "missing required flag: --%s %s", flag->name, flag->argument);
}

static bool selects_by_labels(const struct cli *cli)
{
    return cli->given[FLAG_ALL_NAMESPACES] || cli->given[FLAG_SELECTOR];
}

/* Reports flags that have no effect because services are found without files. */
static int check_label_flags(struct cli *cli)
{
    static const enum flag_id flags[] = {FLAGS_RENDER};
    const struct flag *by =
        &flag_table[cli->given[FLAG_ALL_NAMESPACES] ? FLAG_ALL_NAMESPACES : FLAG_SELECTOR];
    if (!selects_by_labels(cli))
        return 0;
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if (!cli->given[flags[i]] || (flags[i] == FLAG_NAMESPACE && by->short_name == 'l'))
            continue;
        const char *hint = flags[i] == FLAG_NAMESPACE ? "it selects all namespaces"
                           : flags[i] == FLAG_MODULE
                               ? "services are found by the labels of their objects, without "
                                 "files; use -l opta.dev/module-name=NAME"
                               : "services are found by the labels of their objects, without files";
        return FAIL(cli, "--%s and --%s are mutually exclusive: %s", flag_table[flags[i]].name,
                    by->name, hint);
    }
    return 0;
}

static int check_required(struct cli *cli)
{
    const struct command *command = cli->invocation.command;
    for (enum flag_id i = 0; i < FLAG_COUNT; i++)
        if (i != FLAG_FILENAME && flag_list_has(command->required, i) && !cli->given[i])
            return report_missing_flag(cli, &flag_table[i]);
    if (cli->invocation.arguments.count < command->min_args)
        return FAIL(cli, "missing required argument: %s", command->arguments);
    if (flag_list_has(command->required, FLAG_FILENAME) && !cli->given[FLAG_FILENAME] &&
        !selects_by_labels(cli))
        return default_file_use(&cli->arena, &cli->invocation);
    return 0;
}

static int check_flags(struct cli *cli)
{
    if (cli->given[FLAG_IMAGE_TAG] && cli->given[FLAG_IMAGE_DIGEST])
        return FAIL(cli, "--image-tag and --image-digest are mutually exclusive");
    int status = check_label_flags(cli);
    return status ? status : check_required(cli);
}

/* https://no-color.org: any non-empty value disables color. */
bool cli_has_color(const struct options *options, enum cli_stream stream)
{
    const char *mode = options->color ? options->color : "auto";
    const char *no_color_variable = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    bool is_terminal = stream == CLI_STDOUT ? isatty(STDOUT_FILENO) : isatty(STDERR_FILENO);
    if (strcmp(mode, "auto") != 0)
        return strcmp(mode, "always") == 0;
    return is_terminal && !(no_color_variable && *no_color_variable) &&
           !(terminal && strcmp(terminal, "dumb") == 0);
}

static int run_command(struct cli *cli, const struct command *command)
{
    struct invocation *invocation = &cli->invocation;
    invocation->command = command;
    int status = parse_arguments(cli);
    if (status)
        return status;
    if (invocation->options.help)
        return help_show(cli->program, command);
    if (command->check)
        status = command->check(invocation);
    if (status == 0)
        status = check_flags(cli);
    if (status)
        return status;
    invocation->color = cli_has_color(&invocation->options, CLI_STDERR);
    return command->run(invocation);
}

/* Returns the command named by the next word or the next two; NULL if there is none. */
static const struct command *find_command(struct cli *cli)
{
    const char *first = cli->argv[cli->next];
    const char *second = cli->next + 1 < cli->argc ? cli->argv[cli->next + 1] : "";
    struct str two_words = str_format(&cli->arena, "%s %s", first, second);
    for (const struct command *const *each = cli->program->commands; *each; each++) {
        struct str name = str_from_c((*each)->name);
        if ((*each)->hidden || (!str_eq_c(name, first) && !str_equal(name, two_words)))
            continue;
        if (is_synonym(cli->program, two_words)) /* delete secret */
            return NULL;
        cli->next += str_eq_c(name, first) ? 1 : 2;
        return *each;
    }
    return NULL;
}

static int report_command(struct cli *cli)
{
    return report_unknown_command(cli->program, cli->argv + cli->next, cli->argc - cli->next);
}

static bool has_help_flag(const struct cli *cli)
{
    for (size_t i = 0; i < cli->argc && strcmp(cli->argv[i], "--") != 0; i++)
        if (strcmp(cli->argv[i], "--help") == 0 || strcmp(cli->argv[i], "-h") == 0)
            return true;
    return false;
}

/* -v alone is the version, as of other programs; -v LEVEL is a flag of commands. */
static bool asks_for_version(const struct cli *cli)
{
    static word_list flags = {"-v", "-V", NULL};
    return strcmp(cli->argv[0], "--version") == 0 ||
           (cli->argc == 1 && is_one_of(cli->argv[0], flags));
}

static int run_help(struct cli *cli)
{
    int status;
    cli->next = 1;
    if (cli->next == cli->argc || strcmp(cli->argv[cli->next], "help") == 0)
        return help_show(cli->program, NULL);
    const char *name = cli->argv[cli->next];
    const struct command *command = find_command(cli);
    if (command)
        return help_show(cli->program, command);
    if (cli->next + 1 == cli->argc && help_show_words(cli->program, name, &status))
        return status;
    return report_command(cli);
}

/* Returns the hidden command of this name; NULL if there is none. */
static const struct command *find_hidden(const struct program *program, const char *name)
{
    for (const struct command *const *each = program->commands; *each; each++)
        if ((*each)->hidden && strcmp((*each)->name, name) == 0)
            return *each;
    return NULL;
}

/* Runs a hidden command with all following arguments, unparsed. */
static int run_hidden(struct cli *cli, const struct command *command)
{
    struct option_list *arguments = &cli->invocation.arguments;
    cli->invocation.command = command;
    arguments->items = ARENA_ARRAY(&cli->arena, cli->argc, const char *);
    while (cli->next < cli->argc)
        arguments->items[arguments->count++] = cli->argv[cli->next++];
    return command->run(&cli->invocation);
}

/* Runs the only command. Its argument is a file, so words that are commands of other programs are
 * reported with the flag that does the same, rather than as a missing file. */
static int run_single(struct cli *cli)
{
    static word_list words = {"help", "version", NULL};
    const char *word = cli->argv[0];
    bool is_word = word && cli->argc == 1 && is_one_of(word, words);
    if (!is_word || access(word, F_OK) == 0)
        return run_command(cli, cli->program->single);
    return usage_error(cli->program, NULL, str_format(&cli->arena, "did you mean \"--%s\"?", word),
                       "file not found: %s", word);
}

static int run_program(struct cli *cli)
{
    const struct program *program = cli->program;
    const char *first = cli->argv[0];
    const struct command *hidden = first ? find_hidden(program, first) : NULL;
    cli->next = 1;
    if (hidden)
        return run_hidden(cli, hidden);
    cli->next = 0;
    if (first && asks_for_version(cli))
        return cli_version(program);
    if (program->single)
        return run_single(cli);
    if (!first) /* as kubectl and helm do */
        return help_show(program, NULL);
    struct word_order order = order_words(program, cli->argv, cli->argc);
    if (order.names == 0 && order.unknown)
        return report_unknown_flag(program, NULL, order.unknown);
    first = cli->argv[0];
    if (strcmp(first, "help") == 0)
        return run_help(cli);
    const struct command *command = find_command(cli);
    if (command)
        return run_command(cli, command);
    if (first[0] == '-' && first[1])
        return has_help_flag(cli) ? help_show(program, NULL) : FAIL(cli, "missing command");
    int status;
    if (has_help_flag(cli) && help_show_words(program, first, &status))
        return status;
    return report_command(cli);
}

/* kubectl runs this program for completion of a plugin.
 * https://kubernetes.io/docs/reference/kubectl/generated/kubectl_plugin/ */
static bool is_completion_plugin(const char *path)
{
    return path && str_ends_with(str_from_c(path), STR("kubectl_complete-optasvc"));
}

int cli_main(const struct program *program, int argc, char **argv)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* a closed pipe is reported as a write error */
    struct cli cli = {.program = program, .choice = FLAG_COUNT};
    cli.argc = argc > 1 ? (size_t)argc - 1 : 0;
    cli.argv = ARENA_ARRAY(&cli.arena, cli.argc + 1, const char *);
    for (size_t i = 0; i < cli.argc; i++)
        cli.argv[i] = argv[i + 1];
    cli.invocation.program = program;
    const struct command *complete =
        is_completion_plugin(argv[0]) ? find_hidden(program, "__complete") : NULL;
    int status = complete ? run_hidden(&cli, complete) : run_program(&cli);
    arena_free(&cli.arena);
    return status;
}
