/* secret set, import, list, view, delete, edit: the Secret manual-secrets of a namespace.
 *
 * What holds a value lives in one arena, which is overwritten at the end, and no core is dumped. */
#include "cli/completion.h"
#include "cluster/prompt.h"
#include "cluster/secret_usage.h"
#include "cluster/secrets.h"
#include "commands.h"
#include "edit_secrets.h"
#include "format/base64.h"
#include "format/dotenv.h"
#include "format/name.h"

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
    struct arena values; /* all that holds a value */
    const struct invocation *invocation;
    struct cluster_namespace *namespace;
};

typedef bool secret_command(struct command_run *run);

static struct str argument(const struct command_run *run)
{
    return str_from_c(run->invocation->arguments.items[0]);
}

__attribute__((format(printf, 2, 3))) static bool fail(struct command_run *run, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_verror(&run->cluster.diags, NO_LOCATION, format, arguments);
    va_end(arguments);
    return false;
}

static bool check_name(struct command_run *run, struct str name)
{
    const char *wrong = name_check_variable(name);
    return !wrong || fail(run, "the name \"%.*s\" %s", STR_ARG(name), wrong);
}

/* All of a file descriptor, which never leaves the arena. */
static bool read_value(struct command_run *run, int fd, const char *what, struct str *ret)
{
    size_t room = SECRET_SIZE_MAX + 1;
    char *bytes = arena_alloc(&run->values, room);
    size_t len = 0;
    while (len < room && process_wait_input(fd)) {
        ssize_t count = read(fd, bytes + len, room - len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(run, "%s cannot be read: %s", what, strerror(errno));
        if (count == 0)
            break;
        len += (size_t)count;
    }
    if (len > SECRET_SIZE_MAX)
        return fail(run, "%s holds more than 1 MiB, which is all that a Secret may hold", what);
    *ret = (struct str){bytes, len};
    return !process_interrupted();
}

/* What a terminal takes as one line, its end included; it throws the rest away. */
enum { TYPED_MAX = 4096 };

/* A line that is typed; returns its bytes, TYPED_MAX for more than a line, or -1. The terminal
 * shows nothing before it asks. */
static ssize_t type_line(struct str name, const struct termios *shown, char *line)
{
    struct termios hidden = *shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    hidden.c_cc[VSUSP] = _POSIX_VDISABLE; /* a stopped program would leave it so */
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0)
        return -1;
    struct buf prompt = {0};
    buf_format(&prompt, "Value of %.*s: ", STR_ARG(name));
    console_print_error(buf_str(&prompt));
    buf_free(&prompt);
    ssize_t count = process_wait_input(STDIN_FILENO) ? read(STDIN_FILENO, line, TYPED_MAX) : -1;
    int error = errno;
    int more = 0; /* pasted lines behind the first */
    if (count > 0 && ioctl(STDIN_FILENO, FIONREAD, &more) == 0 && more > 0)
        count = TYPED_MAX;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, shown);
    console_print_error(STR("\n"));
    errno = error;
    return count;
}

static bool ask_value(struct command_run *run, struct str name, struct str *ret)
{
    struct termios shown;
    if (tcgetattr(STDIN_FILENO, &shown) < 0)
        return fail(run, "the terminal cannot be used: %s", strerror(errno));
    cluster_print(&run->cluster, "%.*s will be set in %.*s", STR_ARG(name),
                  STR_ARG(prompt_where(&run->cluster)));
    char *line = arena_alloc(&run->values, TYPED_MAX);
    ssize_t count = type_line(name, &shown, line);
    if (count < 0)
        return process_interrupted() ? false : fail(run, "nothing was read: %s", strerror(errno));
    if (count == TYPED_MAX)
        return fail(run, "that is more than a terminal takes as one line; use --from-file");
    size_t len = (size_t)count;
    if (len && line[len - 1] == '\n')
        len--;
    *ret = (struct str){line, len};
    return len > 0 || run->options.secret.allow_empty ||
           fail(run, "nothing was typed; pass --allow-empty to set an empty value");
}

static bool read_file(struct command_run *run, const char *path, struct str *ret)
{
    if (strcmp(path, "-") == 0)
        return read_value(run, STDIN_FILENO, "standard input", ret);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(run, "%s cannot be read: %s", path, strerror(errno));
    bool right = read_value(run, fd, path, ret);
    close(fd);
    return right;
}

/* The value without one newline at its end, "\n" or "\r\n". */
static struct str trim_newline(struct str value)
{
    if (!str_ends_with(value, STR("\n")))
        return value;
    value.len -= str_ends_with(value, STR("\r\n")) ? 2 : 1;
    return value;
}

/* A newline at the end is almost always added by accident, as echo does. It is reported if it is
 * the only one there; in a file, where certificates end so too, if the value is one line. */
static void warn_newline(struct command_run *run, struct str value, bool file)
{
    struct str text = trim_newline(value);
    bool lines = file && str_find(text, 0, '\n') < text.len;
    if (text.len == value.len || str_ends_with(text, STR("\n")) || lines)
        return;
    diag_warning(&run->cluster.diags, NO_LOCATION,
                 "the value ends with a newline, which is stored with it");
    diag_hint(&run->cluster.diags,
              "pass --trim-newline to remove it; printf writes none, unlike echo");
}

/* An empty value is what a failed command leaves in a pipe or file, so it must be asked for; and a
 * newline alone is what echo makes of it. */
static bool check_value(struct command_run *run, struct str *value, bool file)
{
    struct str text = trim_newline(*value);
    if (text.len == 0 && !run->options.secret.allow_empty) {
        fail(run, value->len ? "the value is nothing but a newline" : "the value is empty");
        diag_hint(&run->cluster.diags, "pass --allow-empty to set it anyway");
        return false;
    }
    if (run->options.secret.trim_newline)
        *value = text;
    else
        warn_newline(run, *value, file);
    return true;
}

static bool read_given(struct command_run *run, struct str name, struct str *ret)
{
    const char *path = run->options.secret.from_file;
    if (!path && isatty(STDIN_FILENO))
        return ask_value(run, name, ret);
    bool file = path && strcmp(path, "-") != 0;
    return read_file(run, path ? path : "-", ret) && check_value(run, ret, file);
}

/* Those of the changes that change something, compared with what is there. */
static struct secrets differing(struct arena *arena, const struct secrets *changes,
                                const struct secrets *before)
{
    struct secrets rest = {0};
    for (size_t i = 0; i < changes->count; i++) {
        const struct secret *change = &changes->items[i];
        const struct secret *old = secrets_find(before, change->name);
        if (old && change->encoded.data && str_equal(old->encoded, change->encoded))
            continue;
        if (!old && !change->encoded.data)
            continue;
        rest.items = arena_grow(arena, rest.items, rest.count, sizeof *rest.items);
        rest.items[rest.count++] = *change;
    }
    secrets_index(arena, &rest);
    return rest;
}

static void tell_changes(struct command_run *run, const struct secrets *changes,
                         const struct secrets *differ, const struct secrets *before)
{
    for (size_t i = 0; i < changes->count; i++) {
        struct str name = changes->items[i].name;
        bool differs = secrets_find(differ, name) != NULL;
        cluster_print(&run->cluster, "%.*s %s", STR_ARG(name),
                      !differs                          ? "is unchanged"
                      : !changes->items[i].encoded.data ? "is deleted"
                      : secrets_find(before, name)      ? "is changed"
                                                        : "is set");
    }
}

/* Reports what the pods do not get of the keys that are set. */
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
                          const struct secrets *differ, const struct secrets *before)
{
    tell_changes(run, changes, differ, before);
    if (!run->options.secret.no_restart)
        secrets_restart(&run->cluster, differ);
    report_usage(run, changes);
    return run->cluster.diags.errors == 0;
}

/* Changes the Secret, and lets the pods restart whose values changed. */
static bool change(struct command_run *run, const struct secrets *changes)
{
    struct cluster *cluster = &run->cluster;
    struct secrets before;
    /* The right to read is needed in any case: kubectl patch gets what it changes. */
    if (!secrets_read(cluster, run->namespace, &run->values, &before))
        return false;
    struct secrets differ = differing(&run->values, changes, &before);
    if (differ.count && secrets_patch(cluster, run->namespace, &run->values, &differ,
                                      before.version, false) != SECRETS_CHANGED)
        return false;
    return finish_change(run, changes, &differ, &before);
}

static bool run_set(struct command_run *run)
{
    struct str name = argument(run);
    struct str value = {0};
    if (!check_name(run, name) || !read_given(run, name, &value))
        return false;
    struct secret secret = {name, base64_encode(&run->values, value)};
    return change(run, &(struct secrets){.items = &secret, .count = 1});
}

static bool run_import(struct command_run *run)
{
    const char *path = run->invocation->arguments.items[0];
    struct source *source = ARENA_NEW(&run->cluster.arena, struct source); /* what is told has it */
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
        return fail(run, "%s sets nothing", path);
    struct secrets changes = {.count = dotenv.count};
    changes.items = ARENA_ARRAY(&run->values, dotenv.count, struct secret);
    for (size_t i = 0; i < dotenv.count; i++)
        changes.items[i] = (struct secret){dotenv.items[i].name,
                                           base64_encode(&run->values, dotenv.items[i].value)};
    secrets_index(&run->values, &changes);
    return change(run, &changes);
}

/* On a terminal alone: a script names the key on purpose. */
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
    struct secrets before;
    if (!check_name(run, name) ||
        !secrets_read(&run->cluster, run->namespace, &run->values, &before))
        return false;
    if (!secrets_find(&before, name))
        return fail(run, "no secret is named \"%.*s\"", STR_ARG(name));
    if (isatty(STDIN_FILENO) && !confirm_delete(run, name))
        return false;
    struct secret secret = {.name = name};
    return change(run, &(struct secrets){.items = &secret, .count = 1});
}

static bool decode(struct command_run *run, const struct secret *secret, struct str *ret)
{
    return base64_decode(&run->values, secret->encoded, ret) ||
           fail(run, "kubectl printed no base64 for \"%.*s\"", STR_ARG(secret->name));
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
        return fail(run, "no secret is named \"%.*s\"", STR_ARG(name));
    if (!decode(run, secret, &value))
        return false;
    const struct str pieces[] = {value, isatty(STDOUT_FILENO) ? STR("\n") : STR("")};
    return console_finish_stream(pieces, 2, &(struct io_stream){0}) == EXIT_SUCCESS;
}

/* As text in one line; what is none is told by its size alone. */
static struct str shown_value(struct command_run *run, struct str value)
{
    struct arena *arena = &run->values;
    struct str line =
        dotenv_can_store(value) ? dotenv_line(arena, STR(""), value) : STR("=(binary)\n");
    struct str rest = str_slice(line, 1, line.len - 1); /* without = and the line's end */
    struct buf text = {0};
    buf_reserve(&text, 2 * rest.len + 1); /* it must not move */
    struct str part;
    for (size_t at = 0; str_next_line(rest, &at, &part);) {
        diag_add_visible(&text, part);
        buf_add(&text, at <= rest.len ? STR("\\n") : STR(""));
    }
    struct str copy = str_copy(arena, buf_str(&text));
    buf_wipe(&text);
    return copy;
}

struct row {
    struct str name;
    struct str size;
    const char *note;
    struct str value;
};

/* What uses the keys: the given files, and, unless those use all keys, the rest of the namespace.
 */
static struct secret_usage find_usage(struct command_run *run, const struct secrets *secrets)
{
    struct cluster *cluster = &run->cluster;
    struct secret_usage usage = secret_usage_of(cluster, run->namespace);
    size_t i = 0;
    while (i < secrets->count && secret_usage_has(&usage, secrets->items[i].name))
        i++;
    if (i < secrets->count && !secret_usage_add_others(cluster, run->namespace, &usage) &&
        !process_interrupted())
        diag_warning(&cluster->diags, NO_LOCATION,
                     "cannot read what runs in namespace \"%.*s\": an unused key is one that no "
                     "service in the given files uses",
                     STR_ARG(run->namespace->name));
    return usage;
}

static size_t list_rows(struct command_run *run, const struct secrets *secrets, struct row **ret)
{
    struct arena *arena = &run->values;
    struct secret_usage usage = find_usage(run, secrets);
    struct row *rows = NULL;
    size_t count = 0;
    for (size_t i = 0; i < secrets->count; i++) {
        struct str value;
        if (!decode(run, &secrets->items[i], &value))
            return 0;
        rows = arena_grow(arena, rows, count, sizeof *rows);
        rows[count++] =
            (struct row){secrets->items[i].name, str_format(arena, "%zu", value.len),
                         secret_usage_has(&usage, secrets->items[i].name) ? "" : "unused",
                         run->options.secret.show ? shown_value(run, value) : STR("")};
    }
    struct map missing = {0};
    for (size_t i = 0; i < run->cluster.service_count; i++) {
        const struct service *service = run->cluster.services[i].service;
        for (size_t j = 0; j < service->variable_count; j++) {
            struct str key = service->variables[j].key;
            if (!str_eq_c(service->variables[j].secret, MANUAL_SECRETS) ||
                secrets_find(secrets, key) || map_add(arena, &missing, key, service))
                continue;
            rows = arena_grow(arena, rows, count, sizeof *rows);
            rows[count++] = (struct row){key, STR("-"), "missing", STR("")};
        }
    }
    *ret = rows;
    return count;
}

static void add_row(struct buf *out, size_t width, const struct row *row)
{
    buf_add(out, row->name);
    buf_add_spaces(out, width - row->name.len);
    buf_format(out, "   %-8.*s   %-7s   ", STR_ARG(row->size), row->note);
    buf_add(out, row->value);
    while (out->data[out->len - 1] == ' ')
        out->len--;
    buf_add_byte(out, '\n');
}

static bool run_list(struct command_run *run)
{
    struct secrets secrets;
    struct row *rows = NULL;
    if (!secrets_read(&run->cluster, run->namespace, &run->values, &secrets))
        return false;
    size_t count = list_rows(run, &secrets, &rows);
    size_t width = strlen("NAME");
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        width = rows[i].name.len > width ? rows[i].name.len : width;
        longest = rows[i].value.len > longest ? rows[i].value.len : longest;
    }
    if (run->cluster.diags.errors)
        return false;
    struct buf out = {0};
    buf_reserve(&out, (count + 1) * (width + longest + 100)); /* never moved */
    add_row(&out, width,
            &(struct row){STR("NAME"), STR("SIZE"), "NOTE",
                          run->options.secret.show ? STR("VALUE") : STR("")});
    for (size_t i = 0; i < count; i++)
        add_row(&out, width, &rows[i]);
    int status = console_finish(buf_str(&out));
    buf_wipe(&out);
    return status == EXIT_SUCCESS;
}

/* Only what was changed by the editor, and only if nobody else has changed it meanwhile. */
static bool apply_edit(struct command_run *run, const struct secrets *read,
                       const struct secrets *changes)
{
    enum { TRIES = 5 };
    struct cluster *cluster = &run->cluster;
    for (int i = 0; i < TRIES; i++) {
        struct secrets now;
        if (!secrets_read(cluster, run->namespace, &run->values, &now))
            return false;
        for (size_t j = 0; j < changes->count; j++) {
            struct str name = changes->items[j].name;
            const struct secret *old = secrets_find(read, name);
            const struct secret *new = secrets_find(&now, name);
            if (!old != !new || (old && !str_equal(old->encoded, new->encoded)))
                return fail(run,
                            "\"%.*s\" was changed by others meanwhile; nothing was changed here",
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
    return fail(run, "others change the Secret all the time; nothing was changed here");
}

static struct str deleted_names(struct command_run *run, const struct secrets *changes)
{
    struct buf names = {0};
    for (size_t i = 0; i < changes->count; i++)
        if (!changes->items[i].encoded.data)
            buf_add_joined(&names, ", ", changes->items[i].name);
    return buf_take(&run->values, &names);
}

/* A file that an editor left empty looks like one whose secrets were all removed: deletions are
 * confirmed. */
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

/* The namespace that is meant: of all services, or an error. */
static bool choose_place(struct command_run *run)
{
    struct cluster *cluster = &run->cluster;
    if (cluster->namespace_count != 1)
        return fail(run, "the files are for several namespaces: give those of one");
    run->namespace = &cluster->namespaces[0];
    const struct layer *layer = run->namespace->layer;
    const struct environment *environment = &layer->environment;
    if (environment->secret_store.len == 0)
        return true;
    fail(run, "the secrets of this environment come from the %.*s \"%.*s\"",
         STR_ARG(environment->secret_store_kind), STR_ARG(environment->secret_store));
    struct str key = service_secret_key(&cluster->arena, layer);
    bool named = run->invocation->arguments.count &&
                 strcmp(run->invocation->command->name, "secret import") != 0;
    diag_hint(&cluster->diags, "the value belongs there: key \"%.*s\", property \"%s\"",
              STR_ARG(key), named ? run->invocation->arguments.items[0] : "NAME");
    return false;
}

static int run_command(const struct invocation *invocation, secret_command *command)
{
    struct command_run run = {.options = invocation->options, .invocation = invocation};
    run.options.input.mode = READ_SECRETS; /* files for charts have secrets too */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    bool right = cluster_open(&run.cluster, &run.options, invocation->color, true);
    run.cluster.kubectl.secret = true;
    right = right && choose_place(&run) && command(&run);
    right = cluster_report(&run.cluster) && right;
    arena_wipe(&run.values);
    cluster_close(&run.cluster);
    return process_exit_status(right ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool reads_stdin_twice(const struct invocation *invocation, bool value)
{
    for (size_t i = 0; i < invocation->options.input.files.count; i++)
        if (value && strcmp(invocation->options.input.files.items[i], "-") == 0)
            return true;
    return false;
}

static int twice(const struct invocation *invocation)
{
    return cli_usage(invocation, "standard input cannot be both the service file and the value");
}

static int run_secret_set(const struct invocation *invocation)
{
    const char *file = invocation->options.secret.from_file;
    if (reads_stdin_twice(invocation, !file || strcmp(file, "-") == 0))
        return twice(invocation);
    return run_command(invocation, run_set);
}

static int run_secret_import(const struct invocation *invocation)
{
    if (reads_stdin_twice(invocation, strcmp(invocation->arguments.items[0], "-") == 0))
        return twice(invocation);
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
        return twice(invocation);
    return run_command(invocation, run_edit);
}

const struct command command_secret_set = {
    .name = "secret set",
    .arguments = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "Set a secret of the namespace",
    .details = "The value is read from standard input, to the byte; on a terminal it is asked for\n"
               "and not shown. The pods that use it restart when it changed. An empty value is an\n"
               "error without --allow-empty; a newline at the end, which echo adds, is a warning\n"
               "without --trim-newline.\n",
    .flags =
        FLAGS_CLUSTER | FLAG(FROM_FILE) | FLAG(ALLOW_EMPTY) | FLAG(TRIM_NEWLINE) | FLAG(NO_RESTART),
    .required = FLAG(FILENAME),
    .run = run_secret_set,
    .complete = complete_secrets};

const struct command command_secret_import = {
    .name = "secret import",
    .arguments = "FILE.env",
    .min_args = 1,
    .max_args = 1,
    .summary = "Set all secrets of a file of NAME=VALUE lines, or none",
    .details =
        "Lines may begin with `export`; # begins a comment; values in single or double\n"
        "quotes may go on over several lines, and double quotes know \\n, \\r, \\t, \\\", \\\\\n"
        "and \\$. Nothing is expanded. FILE.env - is standard input. A name without a value\n"
        "is an error: write NAME=\"\" for an empty one, or pass --allow-empty.\n",
    .flags = FLAGS_CLUSTER | FLAG(ALLOW_EMPTY) | FLAG(NO_RESTART),
    .required = FLAG(FILENAME),
    .run = run_secret_import,
    .complete = complete_files};

const struct command command_secret_list = {
    .name = "secret list",
    .summary = "List the secrets, those that are missing and those that nothing uses",
    .flags = FLAGS_CLUSTER | FLAG(SHOW),
    .required = FLAG(FILENAME),
    .run = run_secret_list};

const struct command command_secret_view = {.name = "secret view",
                                            .arguments = "NAME",
                                            .min_args = 1,
                                            .max_args = 1,
                                            .summary = "Print the value of a secret, to the byte",
                                            .flags = FLAGS_CLUSTER,
                                            .required = FLAG(FILENAME),
                                            .run = run_secret_view,
                                            .complete = complete_secrets};

const struct command command_secret_delete = {.name = "secret delete",
                                              .arguments = "NAME",
                                              .min_args = 1,
                                              .max_args = 1,
                                              .summary = "Delete a secret",
                                              .details =
                                                  "On a terminal it asks, unless --yes is given.\n",
                                              .flags = FLAGS_CLUSTER | FLAG(NO_RESTART) | FLAG(YES),
                                              .required = FLAG(FILENAME),
                                              .run = run_secret_delete,
                                              .complete = complete_secrets};

const struct command command_secret_edit = {
    .name = "secret edit",
    .summary = "Edit the secrets in $VISUAL or $EDITOR",
    .details =
        "The file is private, and overwritten when the editor ends. Secrets that are no text\n"
        "stay as they are. Before secrets are deleted, their names are listed and confirmed;\n"
        "without a terminal that requires --yes.\n",
    .flags = FLAGS_CLUSTER | FLAG(YES) | FLAG(NO_RESTART),
    .required = FLAG(FILENAME),
    .run = run_secret_edit};
