/* secret set, import, list, view, delete, edit: the Secret manual-secrets of a namespace.
 *
 * Values are kept in one arena, which is zeroed at the end; core dumps are disabled. */
#include "cli/completion.h"
#include "cli/usage_error.h"
#include "cluster/prompt.h"
#include "cluster/secret_usage.h"
#include "cluster/secrets.h"
#include "commands.h"
#include "edit_secrets.h"
#include "format/base64.h"
#include "format/dotenv.h"
#include "format/name.h"
#include "list_secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

struct command_run {
    struct cluster cluster;
    struct options options;
    struct arena values; /* memory for values */
    const struct invocation *invocation;
    struct cluster_namespace *namespace;
};

typedef bool secret_command(struct command_run *run);

static struct str argument(const struct command_run *run)
{
    return str_from_c(run->invocation->arguments.items[0]);
}

__attribute__((format(printf, 3, 4))) static bool fail(struct command_run *run, enum rule rule,
                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_verror(&run->cluster.diags, NO_LOCATION, rule, format, arguments);
    va_end(arguments);
    return false;
}

static bool report_not_found(struct command_run *run, struct str name)
{
    fail(run, RULE_OBJECT_NOT_FOUND, "secret \"%.*s\" not found", STR_ARG(name));
    diag_hint(&run->cluster.diags,
              "run kubectl optasvc secret list with the same flags to list the secrets");
    return false;
}

static bool check_name(struct command_run *run, struct str name)
{
    const char *problem = name_check_variable(name);
    return !problem ||
           fail(run, RULE_INVALID_NAME, "secret name \"%.*s\" %s", STR_ARG(name), problem);
}

/* Reads a file descriptor to its end, into the arena for values only. */
static bool read_value(struct command_run *run, int fd, const char *what, struct str *ret)
{
    size_t capacity = SECRET_SIZE_MAX + 1;
    char *bytes = arena_alloc(&run->values, capacity);
    size_t len = 0;
    while (len < capacity && process_wait_input(fd)) {
        ssize_t count = read(fd, bytes + len, capacity - len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(run, RULE_FILE_UNREADABLE, "cannot read %s: %s", what, strerror(errno));
        if (count == 0)
            break;
        len += (size_t)count;
    }
    if (len > SECRET_SIZE_MAX)
        return fail(run, RULE_LIMIT_EXCEEDED, "%s exceeds 1 MiB, the maximum size of a Secret",
                    what);
    *ret = (struct str){bytes, len};
    return !process_interrupted();
}

/* Maximum length of a line, with its newline, that a terminal accepts. It drops the rest. */
enum { TERMINAL_LINE_MAX = 4096 };

/* Reads a line from the terminal without echo, which is disabled before the prompt appears. Returns
 * its length, TERMINAL_LINE_MAX if there is more than one line, or -1 on error. */
static ssize_t read_hidden_line(struct str name, const struct termios *saved, char *line)
{
    struct termios no_echo = *saved;
    no_echo.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    no_echo.c_cc[VSUSP] = _POSIX_VDISABLE; /* while stopped, the terminal would stay silent */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &no_echo) < 0)
        return -1;
    struct buf prompt = {0};
    buf_format(&prompt, "Value of %.*s: ", STR_ARG(name));
    console_print_error(buf_str(&prompt));
    buf_free(&prompt);
    ssize_t count =
        process_wait_input(STDIN_FILENO) ? read(STDIN_FILENO, line, TERMINAL_LINE_MAX) : -1;
    int error = errno;
    int more = 0; /* bytes of further pasted lines */
    if (count > 0 && ioctl(STDIN_FILENO, FIONREAD, &more) == 0 && more > 0)
        count = TERMINAL_LINE_MAX;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, saved);
    console_print_error(STR("\n"));
    errno = error;
    return count;
}

static bool prompt_value(struct command_run *run, struct str name, struct str *ret)
{
    struct termios saved;
    if (tcgetattr(STDIN_FILENO, &saved) < 0)
        return fail(run, RULE_FILE_UNREADABLE, "cannot read from the terminal: %s",
                    strerror(errno));
    cluster_print(&run->cluster, "%.*s will be set in %.*s", STR_ARG(name),
                  STR_ARG(prompt_where(&run->cluster)));
    char *line = arena_alloc(&run->values, TERMINAL_LINE_MAX);
    ssize_t count = read_hidden_line(name, &saved, line);
    if (count < 0)
        return process_interrupted() ? false
                                     : fail(run, RULE_FILE_UNREADABLE,
                                            "cannot read from the terminal: %s", strerror(errno));
    if (count == TERMINAL_LINE_MAX)
        return fail(run, RULE_LIMIT_EXCEEDED,
                    "the value exceeds one terminal line; use --from-file");
    size_t len = (size_t)count;
    if (len && line[len - 1] == '\n')
        len--;
    *ret = (struct str){line, len};
    return len > 0 || run->options.secret.allow_empty ||
           fail(run, RULE_SECRET_VALUE, "the value is empty; pass --allow-empty to set it anyway");
}

static bool read_file(struct command_run *run, const char *path, struct str *ret)
{
    if (strcmp(path, "-") == 0)
        return read_value(run, STDIN_FILENO, "standard input", ret);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(run, RULE_FILE_UNREADABLE, "cannot read %s: %s", path, strerror(errno));
    bool ok = read_value(run, fd, path, ret);
    close(fd);
    return ok;
}

/* Returns the value without one trailing "\n" or "\r\n". */
static struct str trim_newline(struct str value)
{
    if (!str_ends_with(value, STR("\n")))
        return value;
    value.len -= str_ends_with(value, STR("\r\n")) ? 2 : 1;
    return value;
}

/* Warns about a trailing newline, which is usually unintended: echo adds one. Does not warn about
 * several trailing newlines, or about files of several lines, such as certificates. */
static void warn_newline(struct command_run *run, struct str value, bool file)
{
    struct str text = trim_newline(value);
    bool is_multiline = file && str_find(text, 0, '\n') < text.len;
    if (text.len == value.len || str_ends_with(text, STR("\n")) || is_multiline)
        return;
    diag_warning(&run->cluster.diags, NO_LOCATION, RULE_SECRET_VALUE,
                 "the value ends with a newline, which is part of the secret");
    diag_hint(&run->cluster.diags,
              "pass --trim-newline to remove it, or use printf instead of echo");
}

/* Reports an error and returns false if the value is empty or only a newline, because failed
 * commands leave such values in pipes and files. --allow-empty accepts it. */
static bool check_value(struct command_run *run, struct str *value, bool file)
{
    struct str text = trim_newline(*value);
    if (text.len == 0 && !run->options.secret.allow_empty) {
        fail(run, RULE_SECRET_VALUE,
             value->len ? "the value is only a newline" : "the value is empty");
        diag_hint(&run->cluster.diags, "pass --allow-empty to set it anyway");
        return false;
    }
    if (run->options.secret.trim_newline)
        *value = text;
    else
        warn_newline(run, *value, file);
    return true;
}

static bool read_new_value(struct command_run *run, struct str name, struct str *ret)
{
    const char *path = run->options.secret.from_file;
    if (!path && isatty(STDIN_FILENO))
        return prompt_value(run, name, ret);
    bool file = path && strcmp(path, "-") != 0;
    return read_file(run, path ? path : "-", ret) && check_value(run, ret, file);
}

/* Returns the changes that differ from the stored secrets. */
static struct secrets changed_secrets(struct arena *arena, const struct secrets *changes,
                                      const struct secrets *stored)
{
    struct secrets changed = {0};
    for (size_t i = 0; i < changes->count; i++) {
        const struct secret *change = &changes->items[i];
        const struct secret *previous = secrets_find(stored, change->name);
        if (previous && change->encoded.data && str_equal(previous->encoded, change->encoded))
            continue;
        if (!previous && !change->encoded.data)
            continue;
        changed.items = arena_grow(arena, changed.items, changed.count, sizeof *changed.items);
        changed.items[changed.count++] = *change;
    }
    secrets_index(arena, &changed);
    return changed;
}

static void print_changes(struct command_run *run, const struct secrets *changes,
                          const struct secrets *changed, const struct secrets *stored)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct str name = changes->items[i].name;
        bool is_changed = secrets_find(changed, name) != NULL;
        cluster_print(&run->cluster, "%.*s %s", STR_ARG(name),
                      !is_changed                       ? "unchanged"
                      : !changes->items[i].encoded.data ? "deleted"
                      : secrets_find(stored, name)      ? "changed"
                                                        : "set");
    }
}

/* Reports deleted keys that services of the given files need. */
static void report_needed(struct command_run *run, const struct secrets *changes)
{
    struct cluster *cluster = &run->cluster;
    struct secret_usage usage = secret_usage_of(cluster, run->namespace);
    for (size_t i = 0; i < usage.user_count; i++) {
        const struct secret_user *user = &usage.users[i];
        const struct secret *change = secrets_find(changes, user->variable->key);
        if (!change || change->encoded.data || user->variable->optional)
            continue;
        diag_warning(&cluster->diags, user->variable->at, RULE_SECRET_IN_USE,
                     "%.*s needs the deleted key \"%.*s\": new pods cannot start without it",
                     STR_ARG(secret_user_format(&cluster->arena, user)), STR_ARG(change->name));
        diag_hint(&cluster->diags,
                  "set it again, or remove it from the service file and run apply");
    }
}

/* Reports keys that are set but not used by pods. */
static void report_usage(struct command_run *run, const struct secrets *changes)
{
    struct cluster *cluster = &run->cluster;
    struct str *names = ARENA_ARRAY(&run->values, changes->count, struct str);
    size_t count = 0;
    for (size_t i = 0; i < changes->count; i++)
        if (changes->items[i].encoded.data)
            names[count++] = changes->items[i].name;
    secret_usage_report(cluster, run->namespace, names, count, true);
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct service *service = cluster->services[i].service;
        for (size_t j = 0; j < service->variable_count; j++) {
            const struct variable *variable = &service->variables[j];
            const struct secret *change = secrets_find(changes, variable->name);
            if (change && change->encoded.data && service_hides_key(service, variable))
                secret_usage_report_hidden(cluster, variable);
        }
    }
}

static bool finish_change(struct command_run *run, const struct secrets *changes,
                          const struct secrets *changed, const struct secrets *stored)
{
    print_changes(run, changes, changed, stored);
    if (!run->options.secret.no_restart)
        secrets_restart(&run->cluster, changed);
    report_needed(run, changes);
    report_usage(run, changes);
    return run->cluster.diags.errors == 0;
}

/* Changes the Secret and restarts the pods that use changed values. */
static bool change(struct command_run *run, const struct secrets *changes)
{
    struct cluster *cluster = &run->cluster;
    struct secrets stored;
    /* Reading requires no additional permission: kubectl patch reads the object too. */
    if (!secrets_read(cluster, run->namespace, &run->values, &stored))
        return false;
    struct secrets changed = changed_secrets(&run->values, changes, &stored);
    if (changed.count && secrets_patch(cluster, run->namespace, &run->values, &changed,
                                       stored.version, false) != SECRETS_CHANGED)
        return false;
    return finish_change(run, changes, &changed, &stored);
}

static bool run_set(struct command_run *run)
{
    struct str name = argument(run);
    struct str value = {0};
    if (!check_name(run, name) || !read_new_value(run, name, &value))
        return false;
    struct secret secret = {name, base64_encode(&run->values, value)};
    return change(run, &(struct secrets){.items = &secret, .count = 1});
}

static bool run_import(struct command_run *run)
{
    const char *path = run->invocation->arguments.items[0];
    struct source *source =
        ARENA_NEW(&run->cluster.arena, struct source); /* messages refer to it */
    struct dotenv dotenv;
    *source = (struct source){.path = str_from_c(strcmp(path, "-") ? path : "<stdin>"),
                              .secret = true,
                              .lines = line_map_new(&run->cluster.arena)};
    if (!read_file(run, path, &source->text))
        return false;
    bool ok = dotenv_parse(&run->values, source, &run->cluster.diags, &dotenv);
    if (!run->options.secret.allow_empty)
        ok &= dotenv_check_values(&dotenv, &run->cluster.diags, "pass --allow-empty");
    if (!ok)
        return false;
    if (dotenv.count == 0)
        return fail(run, RULE_SECRET_VALUE, "%s has no NAME=VALUE lines", path);
    struct secrets changes = {.count = dotenv.count};
    changes.items = ARENA_ARRAY(&run->values, dotenv.count, struct secret);
    for (size_t i = 0; i < dotenv.count; i++)
        changes.items[i] = (struct secret){dotenv.items[i].name,
                                           base64_encode(&run->values, dotenv.items[i].value)};
    secrets_index(&run->values, &changes);
    return change(run, &changes);
}

/* Only for terminals: a script names the key on purpose. */
static bool confirm_delete(struct command_run *run, struct str name)
{
    struct cluster *cluster = &run->cluster;
    if (run->options.yes)
        return true;
    cluster_print(cluster, "%.*s will be deleted from %.*s", STR_ARG(name),
                  STR_ARG(prompt_where(cluster)));
    bool confirmed = prompt_confirm(cluster);
    if (!confirmed && !process_interrupted())
        cluster_print(cluster, "nothing was deleted");
    return confirmed;
}

static bool run_delete(struct command_run *run)
{
    struct str name = argument(run);
    struct secrets stored;
    if (!check_name(run, name) ||
        !secrets_read(&run->cluster, run->namespace, &run->values, &stored))
        return false;
    if (!secrets_find(&stored, name))
        return report_not_found(run, name);
    if (isatty(STDIN_FILENO) && !confirm_delete(run, name))
        return false;
    struct secret secret = {.name = name};
    return change(run, &(struct secrets){.items = &secret, .count = 1});
}

static bool run_view(struct command_run *run)
{
    struct str name = argument(run);
    struct secrets secrets;
    struct str value;
    if (!check_name(run, name) ||
        !secrets_read(&run->cluster, run->namespace, &run->values, &secrets))
        return false;
    const struct secret *secret = secrets_find(&secrets, name);
    if (!secret)
        return report_not_found(run, name);
    if (!secret_decode(&run->cluster, &run->values, secret, &value))
        return false;
    const struct str pieces[] = {value, isatty(STDOUT_FILENO) ? STR("\n") : STR("")};
    return console_finish_stream(pieces, 2, &(struct io_stream){0}) == EXIT_SUCCESS;
}

static bool run_list(struct command_run *run)
{
    struct secrets secrets;
    return secrets_read(&run->cluster, run->namespace, &run->values, &secrets) &&
           secrets_list(&run->cluster, run->namespace, &run->values, &secrets,
                        run->options.secret.show_values);
}

/* Applies only edited keys. Reports an error if one was modified since it was read. */
static bool apply_edit(struct command_run *run, const struct secrets *read,
                       const struct secrets *changes)
{
    enum { ATTEMPTS_MAX = 5 };
    struct cluster *cluster = &run->cluster;
    for (int i = 0; i < ATTEMPTS_MAX; i++) {
        struct secrets now;
        if (!secrets_read(cluster, run->namespace, &run->values, &now))
            return false;
        for (size_t j = 0; j < changes->count; j++) {
            struct str name = changes->items[j].name;
            const struct secret *previous = secrets_find(read, name);
            const struct secret *new = secrets_find(&now, name);
            if (!previous != !new || (previous && !str_equal(previous->encoded, new->encoded)))
                return fail(
                    run, RULE_EDIT_FAILED,
                    "\"%.*s\" was modified during the edit; nothing was changed; edit again",
                    STR_ARG(name));
        }
        enum secrets_patched patched =
            secrets_patch(cluster, run->namespace, &run->values, changes, now.version, true);
        if (patched == SECRETS_FAILED)
            return false;
        if (patched == SECRETS_OVERTAKEN)
            continue;
        return finish_change(run, changes, changes, read);
    }
    return fail(
        run, RULE_EDIT_FAILED,
        "the Secret was modified repeatedly during the edit; nothing was changed; edit again");
}

static struct str deleted_names(struct command_run *run, const struct secrets *changes)
{
    struct buf names = {0};
    for (size_t i = 0; i < changes->count; i++)
        if (!changes->items[i].encoded.data)
            buf_add_joined(&names, ", ", changes->items[i].name);
    return buf_take(&run->values, &names);
}

/* Asks before deletions, because a file that the editor truncated would delete all secrets. */
static bool confirm_deletions(struct command_run *run, const struct secrets *changes)
{
    struct str names = deleted_names(run, changes);
    if (names.len == 0 || run->options.yes)
        return true;
    cluster_print(&run->cluster, "The following secrets will be deleted from %.*s: %.*s",
                  STR_ARG(prompt_where(&run->cluster)), STR_ARG(names));
    bool confirmed = prompt_confirm(&run->cluster);
    if (!confirmed && !process_interrupted())
        cluster_print(&run->cluster, "nothing was changed");
    return confirmed;
}

static bool run_edit(struct command_run *run)
{
    struct secrets secrets;
    struct secrets changes;
    if (!secrets_read(&run->cluster, run->namespace, &run->values, &secrets) ||
        !secrets_edit(&run->cluster, &run->values, &secrets, &changes))
        return false;
    if (changes.count == 0) {
        cluster_print(&run->cluster, "nothing was changed");
        return true;
    }
    return confirm_deletions(run, &changes) && apply_edit(run, &secrets, &changes);
}

/* Selects the namespace. Reports an error and returns false if there are several, or if its secrets
 * are managed elsewhere. */
static bool select_namespace(struct command_run *run)
{
    struct cluster *cluster = &run->cluster;
    if (cluster->namespace_count != 1)
        return fail(run, RULE_AMBIGUOUS_SELECTION,
                    "the files use several namespaces; pass files of a single namespace");
    run->namespace = &cluster->namespaces[0];
    const struct layer *layer = run->namespace->layer;
    const struct environment *environment = &layer->environment;
    if (environment->secret_store.len == 0)
        return true;
    fail(run, RULE_EXTERNAL_SECRETS, "the secrets of this environment come from the %.*s \"%.*s\"",
         STR_ARG(environment->secret_store_kind), STR_ARG(environment->secret_store));
    struct str key = service_secret_key(&cluster->arena, layer);
    bool named = run->invocation->arguments.count &&
                 strcmp(run->invocation->command->name, "secret import") != 0;
    diag_hint(&cluster->diags, "set the value there: key \"%.*s\", property \"%s\"", STR_ARG(key),
              named ? run->invocation->arguments.items[0] : "NAME");
    return false;
}

static int run_command(const struct invocation *invocation, secret_command *command)
{
    struct command_run run = {.options = invocation->options, .invocation = invocation};
    run.options.input.mode = READ_SECRETS; /* service files for charts have secrets too */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    bool ok = cluster_open(&run.cluster, &run.options, invocation->color, true);
    run.cluster.kubectl.secret = true;
    ok = ok && select_namespace(&run) && command(&run);
    ok = cluster_report(&run.cluster) && ok;
    arena_wipe(&run.values);
    cluster_close(&run.cluster);
    return process_exit_status(ok ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool reads_stdin_twice(const struct invocation *invocation, bool value)
{
    for (size_t i = 0; i < invocation->options.input.files.count; i++)
        if (value && strcmp(invocation->options.input.files.items[i], "-") == 0)
            return true;
    return false;
}

static int usage_stdin_twice(const struct invocation *invocation)
{
    return cli_usage(invocation, "standard input cannot be both the service file and the value; "
                                 "pass a file for one of them");
}

/* Reports a value on the command line, without printing it. The first argument may be the value
 * too, unless it looks like a name. */
static int check_value_argument(const struct invocation *invocation)
{
    const struct option_list *arguments = &invocation->arguments;
    struct str first = str_from_c(arguments->count ? arguments->items[0] : NULL);
    size_t equals = str_find(first, 0, '=');
    if (arguments->count < 2 && equals == first.len)
        return 0;
    struct arena arena = {0};
    struct str name = str_slice(first, 0, equals);
    if (name.len == 0 || !str_span_only(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))
        name = STR("NAME");
    struct str hint = str_format(
        &arena,
        "other users can see the arguments of a process, and shells save them; consider this value "
        "exposed\n"
        "to enter it at a prompt: kubectl optasvc secret set %.*s -f FILE\n"
        "to pass it on stdin: printf %%s \"$VALUE\" | kubectl optasvc secret set %.*s -f FILE",
        STR_ARG(name), STR_ARG(name));
    int status = usage_error(invocation->program, invocation->command, hint,
                             "the value of a secret cannot be an argument");
    arena_free(&arena);
    return status;
}

static int run_secret_set(const struct invocation *invocation)
{
    const char *file = invocation->options.secret.from_file;
    if (reads_stdin_twice(invocation, !file || strcmp(file, "-") == 0))
        return usage_stdin_twice(invocation);
    return run_command(invocation, run_set);
}

static int run_secret_import(const struct invocation *invocation)
{
    if (reads_stdin_twice(invocation, strcmp(invocation->arguments.items[0], "-") == 0))
        return usage_stdin_twice(invocation);
    return run_command(invocation, run_import);
}

static int run_secret_list(const struct invocation *invocation)
{
    return run_command(invocation, run_list);
}

static int run_secret_view(const struct invocation *invocation)
{
    return run_command(invocation, run_view);
}

static int run_secret_delete(const struct invocation *invocation)
{
    return run_command(invocation, run_delete);
}

static int run_secret_edit(const struct invocation *invocation)
{
    if (reads_stdin_twice(invocation, true))
        return usage_stdin_twice(invocation);
    return run_command(invocation, run_edit);
}

const struct command command_secret_set = {
    .name = "secret set",
    .group = GROUP_SECRETS,
    .arguments = "NAME",
    .min_args = 1,
    .max_args = SIZE_MAX, /* a value is reported without printing it */
    .summary = "Set a secret",
    .details =
        "Reads the value from stdin, unchanged; on a terminal, prompts for it and does not "
        "show it. The value cannot be an argument, because other users can see the arguments of a "
        "process. Restarts the pods that use the secret if the value changed. An empty "
        "value is an error unless --allow-empty is given; a trailing newline, which echo "
        "adds, is a warning unless --trim-newline is given.",
    .examples =
        EXAMPLES({"Prompt for the value", "kubectl optasvc secret set API_TOKEN -f web.yaml"},
                 {"Read the value from a password manager",
                  "pass show shop/token | kubectl optasvc secret set API_TOKEN -f web.yaml \\\n"
                  "    --trim-newline"},
                 {"Read the value from a file",
                  "kubectl optasvc secret set TLS_KEY -f web.yaml --from-file tls.key"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_FROM_FILE, FLAG_ALLOW_EMPTY, FLAG_TRIM_NEWLINE,
                       FLAG_NO_RESTART),
    .required = FLAG_LIST(FLAG_FILENAME),
    .check = check_value_argument,
    .run = run_secret_set,
    .complete = complete_secrets,
};

const struct command command_secret_import = {
    .name = "secret import",
    .group = GROUP_SECRETS,
    .arguments = "FILE.env",
    .min_args = 1,
    .max_args = 1,
    .summary = "Set secrets from a file of NAME=VALUE lines",
    .details = "Sets all secrets of the file, or none if there is an error. FILE.env may be - for "
               "stdin. Lines may begin with `export`; # starts a comment. Values in single or "
               "double quotes may span several lines; double quotes support \\n, \\r, \\t, \\\", "
               "\\\\ and \\$. Variables are not expanded. A name without a value is an error: "
               "write NAME=\"\" for an empty value, or pass --allow-empty.",
    .examples = EXAMPLES(
        {"Set all secrets of a file", "kubectl optasvc secret import secrets.env -f web.yaml"},
        {"Set all secrets of an encrypted file",
         "sops decrypt secrets.enc.env | kubectl optasvc secret import - -f web.yaml"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_ALLOW_EMPTY, FLAG_NO_RESTART),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_secret_import,
    .complete = complete_files,
};

const struct command command_secret_list = {
    .name = "secret list",
    .group = GROUP_SECRETS,
    .summary = "List secrets, including missing and unused ones",
    .examples = EXAMPLES(
        {"List the names of the secrets, which are missing and which are not used",
         "kubectl optasvc secret list -f web.yaml"},
        {"Also print the values", "kubectl optasvc secret list -f web.yaml --show-values"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_SHOW_VALUES),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_secret_list,
};

const struct command command_secret_view = {
    .name = "secret view",
    .group = GROUP_SECRETS,
    .arguments = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "Print the value of a secret",
    .examples = EXAMPLES({"Print a value, without a newline after it",
                          "kubectl optasvc secret view API_TOKEN -f web.yaml"},
                         {"Copy a secret to another environment",
                          "kubectl optasvc secret view API_TOKEN -f web.yaml --env staging |\n"
                          "    kubectl optasvc secret set API_TOKEN -f web.yaml --env production"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_secret_view,
    .complete = complete_secrets,
};

const struct command command_secret_delete = {
    .name = "secret delete",
    .group = GROUP_SECRETS,
    .deletes = true,
    .arguments = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "Delete a secret",
    .details = "Asks for confirmation on a terminal, unless --yes is given.",
    .examples =
        EXAMPLES({"Delete a secret after confirmation",
                  "kubectl optasvc secret delete API_TOKEN -f web.yaml"},
                 {"Delete it without asking, and do not restart the pods",
                  "kubectl optasvc secret delete API_TOKEN -f web.yaml --yes --no-restart"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_NO_RESTART, FLAG_YES),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_secret_delete,
    .complete = complete_secrets,
};

const struct command command_secret_edit = {
    .name = "secret edit",
    .group = GROUP_SECRETS,
    .summary = "Edit secrets in an editor",
    .details = "Opens $VISUAL or $EDITOR on a private file, which is overwritten when the editor "
               "exits. Binary values cannot be edited and are kept. Lists secrets to delete and "
               "asks for confirmation; pass --yes if stdin is not a terminal.",
    .examples = EXAMPLES({"Edit all secrets in $EDITOR", "kubectl optasvc secret edit -f web.yaml"},
                         {"Use another editor, which waits until the file is closed",
                          "VISUAL=\"code --wait\" kubectl optasvc secret edit -f web.yaml"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_YES, FLAG_NO_RESTART),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_secret_edit,
};
