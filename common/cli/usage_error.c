#include "cli/usage_error.h"

#include "base/diag.h"
#include "os/console.h"

#include <string.h>

int usage_error(const struct program *program, const struct command *command, struct str hint,
                const char *format, ...)
{
    struct arena arena = {0};
    struct buf message = {0};
    struct str line;
    va_list arguments;
    va_start(arguments, format);
    buf_add(&message, STR("error: "));
    diag_add_visible(&message, str_vformat(&arena, format, arguments));
    va_end(arguments);
    for (size_t at = 0; str_next_line(hint, &at, &line);) {
        buf_add(&message, STR("\n  "));
        diag_add_visible(&message, line);
    }
    if (program->single || !command)
        buf_format(&message, "\n  see %s --help\n", program->name);
    else
        buf_format(&message, "\n  see %s help %s\n", program->name, command->name);
    console_print_messages(buf_str(&message));
    buf_free(&message);
    arena_free(&arena);
    return EXIT_USAGE;
}

/* Unknown commands */

/* The words of an unknown command. */
struct unknown {
    const struct program *program;
    struct arena *arena;
    struct str first;
    struct str second; /* empty if there is none, or a flag */
    struct str both;
};

static const struct command *find_command(const struct program *program, struct str name)
{
    for (const struct command *const *each = program->commands; *each; each++)
        if (!(*each)->hidden && str_eq_c(name, (*each)->name))
            return *each;
    return NULL;
}

/* Returns the names of the commands whose first word is `word`; empty if there are none. */
static struct str list_words(const struct unknown *unknown, struct str word)
{
    struct str first = str_format(unknown->arena, "%.*s ", STR_ARG(word));
    struct buf names = {0};
    for (const struct command *const *each = unknown->program->commands; *each; each++)
        if (str_starts_with(str_from_c((*each)->name), first))
            buf_add_joined(&names, ", ", str_from_c((*each)->name));
    return buf_take(unknown->arena, &names);
}

static const struct command_synonym *find_synonym(const struct program *program, struct str word)
{
    const struct command_synonym *each = program->synonyms;
    while (each && each->word && !str_eq_c(word, each->word))
        each++;
    return each && each->word ? each : NULL;
}

/* Reports a word that has a known meaning. */
static int report_synonym(const struct unknown *unknown, struct str word,
                          const struct command_synonym *synonym)
{
    const char *name = unknown->program->name;
    if (!synonym->command)
        return usage_error(unknown->program, NULL, str_from_c(synonym->hint),
                           "unknown command \"%.*s\"", STR_ARG(word));
    struct str use = str_from_c(synonym->command);
    size_t flags = 0; /* "status --watch" */
    while (flags < use.len && !str_starts_with(str_skip(use, flags), STR(" -")))
        flags++;
    struct str hint = str_format(unknown->arena, "use %s %.*s%s%s", name, STR_ARG(use),
                                 synonym->hint ? ": " : "", synonym->hint ? synonym->hint : "");
    return usage_error(unknown->program, find_command(unknown->program, str_slice(use, 0, flags)),
                       hint, "unknown command \"%.*s\"", STR_ARG(word));
}

/* Compares a word with the names of the commands that begin with `first`, without it. A command
 * that deletes is never suggested. */
static struct suggestion find_similar(const struct program *program, struct str first,
                                      struct str word)
{
    struct suggestion suggestion = {.word = word};
    for (const struct command *const *each = program->commands; *each; each++) {
        struct str name = str_from_c((*each)->name);
        if (!(*each)->hidden && !(*each)->deletes && str_starts_with(name, first))
            suggestion_add(&suggestion, str_skip(name, first.len));
    }
    if (!first.len)
        suggestion_add(&suggestion, STR("help"));
    return suggestion;
}

/* Reports a word that may be misspelt, after `first`, the first word of a group and a space. */
static int report_misspelling(const struct unknown *unknown, struct str first, struct str word)
{
    struct str whole = STR_JOIN(unknown->arena, first, word);
    struct suggestion suggestion = find_similar(unknown->program, first, word);
    struct str hint = str_format(unknown->arena, "did you mean \"%.*s%.*s\"?", STR_ARG(first),
                                 STR_ARG(suggestion.best));
    if (suggestion.best.len)
        return usage_error(unknown->program, NULL, hint, "unknown command \"%.*s\"",
                           STR_ARG(whole));
    if (!first.len)
        return usage_error(unknown->program, NULL, STR(""), "unknown command \"%.*s\"",
                           STR_ARG(whole));
    return usage_error(unknown->program, NULL, STR(""), "unknown command \"%.*s\"; available: %.*s",
                       STR_ARG(whole),
                       STR_ARG(list_words(unknown, str_slice(first, 0, first.len - 1))));
}

/* Reports an unknown second word, such as `secret rm`. Suggestions compare only second words
 * because all commands share the first. `group` is "secret", also for `secrets rm`. */
static int report_second_word(const struct unknown *unknown, struct str group)
{
    struct str first = str_format(unknown->arena, "%.*s ", STR_ARG(group));
    struct str name = STR_JOIN(unknown->arena, first, unknown->second);
    const struct command_synonym *synonym = find_synonym(unknown->program, name);
    const struct command *command = find_command(unknown->program, name);
    if (command) { /* secrets list */
        const struct command_synonym exact = {.command = command->name};
        return report_synonym(unknown, unknown->both, &exact);
    }
    if (synonym)
        return report_synonym(unknown, unknown->both, synonym);
    return report_misspelling(unknown, first, unknown->second);
}

static int report(const struct unknown *unknown)
{
    const struct program *program = unknown->program;
    struct str first = unknown->first;
    struct str singular = str_slice(first, 0, str_ends_with(first, STR("s")) ? first.len - 1 : 0);
    struct str group = list_words(unknown, first).len ? first : singular;
    bool is_group = group.len && list_words(unknown, group).len;
    if (is_group && unknown->second.len)
        return report_second_word(unknown, group);
    if (is_group && str_equal(group, first))
        return usage_error(program, NULL, STR(""), "missing command; available: %.*s",
                           STR_ARG(list_words(unknown, first)));
    const struct command_synonym *synonym = find_synonym(program, unknown->both);
    if (synonym)
        return report_synonym(unknown, unknown->both, synonym);
    synonym = find_synonym(program, first);
    if (synonym)
        return report_synonym(unknown, first, synonym);
    bool is_pair = !find_similar(program, STR(""), first).best.len && /* secert list */
                   find_similar(program, STR(""), unknown->both).best.len;
    return report_misspelling(unknown, STR(""), is_pair ? unknown->both : first);
}

int report_unknown_command(const struct program *program, const char *const *words, size_t count)
{
    struct arena arena = {0};
    struct unknown unknown = {.program = program, .arena = &arena, .first = str_from_c(words[0])};
    unknown.second = count > 1 && words[1][0] != '-' ? str_from_c(words[1]) : STR("");
    unknown.both =
        unknown.second.len ? str_format(&arena, "%s %s", words[0], words[1]) : unknown.first;
    int status = report(&unknown);
    arena_free(&arena);
    return status;
}

bool is_synonym(const struct program *program, struct str words)
{
    return find_synonym(program, words) != NULL;
}

/* Unknown flags */

/* A flag of other tools or of other commands. */
struct flag_word {
    const char *word;    /* "--file", "-k" */
    const char *command; /* of this command only; NULL: of all */
    const char *flag;    /* the name of the flag that does it, if the command has it; may be NULL */
    const char *hint;    /* if the command does not have that flag; may be NULL */
};

static const char values_hint[] =
    "pass the value on stdin or with --from-file: other users can see the arguments of a process, "
    "and shells save them";

static const char kubeconfig_hint[] =
    "set it in the kubeconfig; --context, --cluster and --user select its entries";

static const struct flag_word flag_words[] = {
    {"--server", NULL, NULL, kubeconfig_hint},
    {"-s", NULL, NULL, kubeconfig_hint},
    {"--token", NULL, NULL, kubeconfig_hint},
    {"--as-group", NULL, NULL, kubeconfig_hint},
    {"--as-uid", NULL, NULL, kubeconfig_hint},
    {"--certificate-authority", NULL, NULL, kubeconfig_hint},
    {"--client-certificate", NULL, NULL, kubeconfig_hint},
    {"--client-key", NULL, NULL, kubeconfig_hint},
    {"--insecure-skip-tls-verify", NULL, NULL, kubeconfig_hint},
    {"--tls-server-name", NULL, NULL, kubeconfig_hint},
    {"--file", NULL, "filename", NULL},
    {"--files", NULL, "filename", NULL},
    {"--service-file", NULL, "filename", NULL},
    {"-k", NULL, NULL, "kustomizations are not read: kubectl apply -k applies them"},
    {"--kustomize", NULL, NULL, "kustomizations are not read: kubectl apply -k applies them"},
    {"-e", NULL, "env", NULL},
    {"--environment", NULL, "env", NULL},
    {"--ns", NULL, "namespace", NULL},
    {"-A", NULL, NULL, "the service files determine the namespaces: use -f and --module"},
    {"--all-namespaces", NULL, NULL,
     "the service files determine the namespaces: use -f and --module"},
    {"-l", NULL, NULL, "select services with -f FILE and --module NAME"},
    {"--selector", NULL, NULL, "select services with -f FILE and --module NAME"},
    {"-m", NULL, "module", NULL},
    {"--name", NULL, "module", NULL},
    {"--set", NULL, "var", NULL},
    {"--values", NULL, "var", NULL},
    {"--tag", NULL, "image-tag", NULL},
    {"--digest", NULL, "image-digest", NULL},
    {"--format", NULL, "output", NULL},
    {"--json", NULL, "output", NULL},
    {"--atomic", NULL, "rollback-on-failure", NULL},
    {"--confirm", NULL, "yes", NULL},
    {"--force", NULL, NULL,
     "--force-conflicts overwrites fields of other field managers; --adopt adopts objects"},
    {"--install", NULL, NULL, "apply creates objects that do not exist"},
    {"--server-side", NULL, NULL, "apply is always server-side"},
    {"--create-namespace", NULL, NULL, "apply creates a missing namespace"},
    {"--lines", NULL, "tail", NULL},
    {"-F", NULL, "follow", NULL},
    {"--all-containers", "logs", NULL, "select one container with --container"},
    {"--watch", NULL, "follow", NULL},
    {"--revision", "history", NULL, "history lists all revisions, with -o json in more detail"},
    {"--revision", "rollback", "to-revision", NULL},
    {"--client", "version", NULL, "omit it: version never accesses a cluster"},
    {"--dry-run", "delete", NULL, "delete lists the objects and asks for confirmation"},
    {"--value", "secret set", NULL, values_hint},
    {"--from-literal", "secret set", NULL, values_hint},
    {"-i", "shell", NULL, "shell always connects stdin, and a terminal if there is one"},
    {"-t", "shell", NULL, "shell always connects stdin, and a terminal if there is one"},
};

/* The flag that was given. */
struct unknown_flag {
    const struct program *program;
    const struct command *command;
    struct str word; /* "--name" or "-n" */
    struct buf hint;
};

static void add_hint(struct unknown_flag *unknown, struct str line)
{
    buf_add_joined(&unknown->hint, "\n", line);
}

static bool is_flag(enum flag_id id, struct str word)
{
    if (str_starts_with(word, STR("--")))
        return str_eq_c(str_skip(word, 2), flag_table[id].name);
    return word.len == 2 && word.data[1] == flag_table[id].short_name;
}

static bool command_has_word(const struct command *command, struct str word)
{
    for (enum flag_id i = 0; i < FLAG_COUNT; i++)
        if (command_has_flag(command, i) && is_flag(i, word))
            return true;
    return false;
}

static bool is_kubectl_flag(struct str word)
{
    static const enum flag_id ids[] = {FLAGS_KUBECTL};
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        if (is_flag(ids[i], word))
            return true;
    return false;
}

/* Adds the hint of a flag of other tools. Returns false if there is none. */
static bool add_word(struct unknown_flag *unknown, struct arena *arena)
{
    const struct command *command = unknown->command;
    for (size_t i = 0; i < COUNT_OF(flag_words); i++) {
        const struct flag_word *each = &flag_words[i];
        if (!str_eq_c(unknown->word, each->word) ||
            (each->command && (!command || strcmp(command->name, each->command) != 0)))
            continue;
        struct str flag = str_format(arena, "--%s", each->flag ? each->flag : "");
        if (each->flag && command && command_has_word(command, flag))
            add_hint(unknown, str_format(arena, "did you mean \"%.*s\"?", STR_ARG(flag)));
        else if (each->hint)
            add_hint(unknown, str_from_c(each->hint));
        else
            continue;
        return true;
    }
    return false;
}

/* Adds the commands that have this flag, unless there are many. */
static void add_other_commands(struct unknown_flag *unknown, struct arena *arena)
{
    enum { COMMANDS_MAX = 4 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct command *const *each = unknown->program->commands; *each; each++)
        if (!(*each)->hidden && command_has_word(*each, unknown->word)) {
            buf_add_joined(&names, ", ", str_from_c((*each)->name));
            count++;
        }
    if (count && count <= COMMANDS_MAX)
        add_hint(unknown, str_format(arena, "%.*s is a flag of %.*s", STR_ARG(unknown->word),
                                     STR_ARG(buf_str(&names))));
    buf_free(&names);
}

static void add_misspelling(struct unknown_flag *unknown, struct arena *arena)
{
    struct suggestion suggestion = {.word = str_skip(unknown->word, 2)};
    for (enum flag_id i = 0; i < FLAG_COUNT; i++)
        if (command_has_flag(unknown->command, i))
            suggestion_add(&suggestion, str_from_c(flag_table[i].name));
    if (suggestion.best.len)
        add_hint(unknown, str_format(arena, "did you mean \"--%.*s\"?", STR_ARG(suggestion.best)));
}

int report_unknown_flag(const struct program *program, const struct command *command,
                        const char *argument)
{
    struct arena arena = {0};
    struct str given = str_from_c(argument);
    bool is_long = str_starts_with(given, STR("--"));
    struct unknown_flag unknown = {.program = program, .command = command};
    unknown.word = is_long ? str_slice(given, 0, str_find(given, 0, '=')) : str_slice(given, 0, 2);
    if (!add_word(&unknown, &arena)) {
        if (command && is_kubectl_flag(unknown.word))
            add_hint(&unknown, str_format(&arena, "%s does not access a cluster", command->name));
        else
            add_other_commands(&unknown, &arena);
        if (!unknown.hint.len && is_long && command)
            add_misspelling(&unknown, &arena);
    }
    int status = usage_error(program, command, buf_str(&unknown.hint), "unknown %sflag: %.*s",
                             is_long ? "" : "shorthand ", STR_ARG(unknown.word));
    buf_free(&unknown.hint);
    arena_free(&arena);
    return status;
}
