/* What kubectl writes to stderr, as our own errors and warnings. */
#include "cluster/kubectl_errors.h"
#include "os/console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of kubectl's own log, which -v asks for: "I0131 12:00:00.000000 ...". */
bool kubectl_is_log(struct str line)
{
    return line.len > 5 && strchr("IWEF", line.data[0]) &&
           str_span_only(str_slice(line, 1, 5), "0123456789") && line.data[5] == ' ';
}

static bool is_warning(struct str line)
{
    return str_starts_with(line, STR("Warning:"));
}

void kubectl_show_warnings(const struct kubectl *kubectl, const struct process *run)
{
    struct str text = str_skip(buf_str(&run->errors), run->stderr_shown);
    struct buf told = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        if (!is_warning(line) && !(kubectl_is_log(line) && kubectl->options->verbosity))
            continue;
        diag_add_visible(&told, line);
        buf_add_byte(&told, '\n');
    }
    console_print_error(buf_str(&told));
    buf_free(&told);
}

/* Reports a cause, after what the run was for; `run` NULL: it stopped before that. */
static void report(const struct kubectl *kubectl, const struct process *run, enum severity severity,
                   struct str message)
{
    if (severity == SEVERITY_ERROR)
        diag_error(kubectl->diags, NO_LOCATION, "%.*s", STR_ARG(message));
    else
        diag_warning(kubectl->diags, NO_LOCATION, "%.*s", STR_ARG(message));
    if (run)
        diag_context(kubectl->diags, "cannot %.*s", STR_ARG(kubectl_purpose(kubectl->arena, run)));
}

static void report_once(const struct kubectl *kubectl, const struct process *run,
                        enum severity severity, struct str message)
{
    if (!diags_contain(kubectl->diags, message))
        report(kubectl, run, severity, message);
}

static void report_start(const struct kubectl *kubectl, const struct process *run)
{
    const char *program = run->arguments[0];
    if (run->error == ETIMEDOUT) {
        report_once(kubectl, run, SEVERITY_ERROR,
                    str_format(kubectl->arena, "the cluster did not answer within %" PRId64 " s",
                               run->limit / 1000));
        return;
    }
    struct str message = str_format(kubectl->arena, "%s cannot be run: %s", program,
                                    run->error == ENOENT  ? "it is not there"
                                    : run->error == EFBIG ? "it prints too much"
                                                          : strerror(run->error));
    if (diags_contain(kubectl->diags, message))
        return;
    report(kubectl, NULL, SEVERITY_ERROR, message);
    if (run->error == ENOENT && !strchr(program, '/'))
        diag_hint(kubectl->diags, "install kubectl, or name it in KUBECTL_PATH");
}

/* The beginning of a message of kubectl, which is taken off where something follows. */
static bool begins_message(struct str *line)
{
    if (str_starts_with(*line, STR("error: ")) ||
        str_starts_with(*line, STR("Error from server"))) {
        size_t text = str_find(*line, 0, ':') + strlen(": ");
        if (text < line->len)
            *line = str_skip(*line, text);
        return true;
    }
    /* "Apply failed": of several objects in conflict only the first has "error: " before it. */
    return str_starts_with(*line, STR("The ")) || str_starts_with(*line, STR("Unable to ")) ||
           str_starts_with(*line, STR("Apply failed with "));
}

/* What kubectl adds to a message: flags of its own. */
static struct str without_advice(struct arena *arena, struct str line)
{
    const char *text = str_to_c(arena, line);
    const char *advice = strstr(text, "; if you choose to ignore these errors");
    return advice ? str_slice(line, 0, (size_t)(advice - text)) : line;
}

/* An answer that kubectl cannot read is quoted to its end; it may hold values of a Secret. */
static size_t answer_begin(struct arena *arena, struct str line)
{
    const char *text = str_to_c(arena, line);
    const char *quote = strstr(text, " is missing in '");
    return quote ? (size_t)(quote - text) + strlen(" is missing") : line.len;
}

/* The same behind a conflict, and behind a kind that is not there. */
static bool is_advice(struct str line)
{
    return str_starts_with(line, STR("Please review the fields above")) ||
           str_starts_with(line, STR("ensure CRDs are installed first"));
}

/* Of a kind that the server does not have, asked for by its name and by an object. */
static const char no_resource[] = "have a resource type";
static const char no_kind[] = "no matches for kind";

static bool is_missing_kind_message(const char *text)
{
    return strstr(text, no_resource) || strstr(text, no_kind);
}

static const char forbidden_lead[] = "Error from server (Forbidden): ";

/* What a user may not do, from
 * `RESOURCES is forbidden: User "U" cannot VERB resource "R" in API group "G" in the namespace "N"`
 */
struct refusal {
    struct str resources; /* as kubectl get takes them */
    struct str action;    /* `User "U" cannot VERB` */
    struct str scope;     /* ` in the namespace "N"`, or empty */
};

static bool parse_refusal(struct arena *arena, struct str line, struct refusal *ret)
{
    static const char middle[] = " is forbidden: ", resource[] = " resource ",
                      namespace[] = " in the ";
    if (!str_starts_with(line, str_from_c(forbidden_lead)))
        return false;
    const char *text = str_to_c(arena, str_skip(line, sizeof forbidden_lead - 1));
    const char *action = strstr(text, middle);
    const char *object = action ? strstr(action, resource) : NULL;
    const char *scope = object ? strstr(object, namespace) : NULL;
    if (!object)
        return false;
    action += sizeof middle - 1;
    ret->resources = (struct str){text, (size_t)(action - text) - (sizeof middle - 1)};
    ret->action = (struct str){action, (size_t)(object - action)};
    ret->scope = scope ? str_from_c(scope) : (struct str){0};
    return true;
}

/* A list of several kinds that is refused as a whole is one message, not one for each kind. False
 * if that is not all that a run says. */
static bool report_refusals(const struct kubectl *kubectl, const struct process *run,
                            enum severity severity)
{
    struct str text = buf_str(&run->errors);
    struct refusal first = {0};
    struct buf list = {0};
    size_t count = 0;
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        struct refusal next;
        if (line.len == 0 || kubectl_is_log(line) || is_warning(line))
            continue;
        if (!parse_refusal(kubectl->arena, line, &next) ||
            (count &&
             !(str_equal(next.action, first.action) && str_equal(next.scope, first.scope)))) {
            buf_free(&list);
            return false;
        }
        first = count++ ? first : next;
        buf_add_joined(&list, ", ", next.resources);
    }
    struct str resources = buf_take(kubectl->arena, &list);
    if (count < 2)
        return false;
    report_once(kubectl, run, severity,
                str_format(kubectl->arena, "%.*s resources %.*s%.*s", STR_ARG(first.action),
                           STR_ARG(resources), STR_ARG(first.scope)));
    return true;
}

/* Reports a message by its first line, unless it was reported before. True if the lines after it
 * belong to its hint. */
static bool report_message(const struct kubectl *kubectl, const struct process *run,
                           enum severity severity, struct str line)
{
    line = without_advice(kubectl->arena, line);
    size_t end = answer_begin(kubectl->arena, line);
    bool quotes = end < line.len;
    if (quotes)
        line = str_format(kubectl->arena, "%.*s in the answer of the cluster",
                          STR_ARG(str_slice(line, 0, end)));
    if (diags_contain(kubectl->diags, line))
        return false;
    report(kubectl, run, severity, line);
    if (is_missing_kind_message(str_to_c(kubectl->arena, line)))
        diag_hint(kubectl->diags, "install the controller that brings its definition (CRD)");
    return !quotes;
}

/* False when there is no message among what was written to stderr. */
static bool report_messages(const struct kubectl *kubectl, const struct process *run,
                            enum severity severity)
{
    struct str text = buf_str(&run->errors);
    struct buf rest = {0};
    bool any = false;  /* a message was found, */
    bool over = false; /* and the rest of the last one is not reported */
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        if (line.len == 0 || kubectl_is_log(line) || is_warning(line))
            continue;
        if (begins_message(&line) || !any) {
            any = true;
            over = !report_message(kubectl, run, severity, line);
            rest.len = 0;
            continue;
        }
        over = over || is_advice(line) || rest.len > DIAG_TEXT_MAX;
        if (over)
            continue;
        buf_add_joined(&rest, "\n", line);
        diag_hint(kubectl->diags, "%.*s", STR_ARG(buf_str(&rest)));
    }
    buf_free(&rest);
    return any;
}

/* The kubeconfig files that kubectl reads, as --kubeconfig or KUBECONFIG names them. */
static struct str kubeconfig_names(const struct kubectl *kubectl)
{
    const char *named = kubectl->options->kubeconfig;
    const char *variable = getenv("KUBECONFIG");
    const char *home = getenv("HOME");
    if (named || (variable && *variable))
        return str_from_c(named ? named : variable);
    return str_format(kubectl->arena, "%s/.kube/config", home ? home : "");
}

/* True if any of these names, which colons separate, is there. */
static bool any_is_there(const struct kubectl *kubectl, struct str names)
{
    for (size_t at = 0; at < names.len;) {
        size_t end = str_find(names, at, ':');
        struct str name = str_slice(names, at, end);
        at = end + 1;
        if (name.len && access(str_to_c(kubectl->arena, name), F_OK) == 0)
            return true;
    }
    return false;
}

/* A context, cluster or user that the kubeconfig does not have: the verbs of kubectl word it in
 * several ways. Empty for any other line. */
static struct str absent_entry(struct arena *arena, struct str line)
{
    static const struct {
        const char *lead;
        const char *what;
    } leads[] = {{"context was not found for specified context: ", "context"},
                 {"no server found for cluster \"", "cluster"},
                 {"context \"", "context"},
                 {"cluster \"", "cluster"},
                 {"auth info \"", "user"}};
    static const char *const before[] = {"error: ", "Error in configuration: ", "* "};
    static const char after[] = "\" does not exist";
    for (size_t i = 0; i < COUNT_OF(before); i++)
        if (str_starts_with(line, str_from_c(before[i])))
            line = str_skip(line, strlen(before[i]));
    for (size_t i = 0; i < COUNT_OF(leads); i++) {
        if (!str_starts_with(line, str_from_c(leads[i].lead)) ||
            (i >= 2 && !str_ends_with(line, str_from_c(after))))
            continue;
        struct str name = str_skip(line, strlen(leads[i].lead));
        name = str_slice(name, 0, str_find(name, 0, '"'));
        return str_format(arena, "%s \"%.*s\" does not exist", leads[i].what, STR_ARG(name));
    }
    return (struct str){0};
}

/* False if that is not all that a run says. */
static bool report_absent_entries(const struct kubectl *kubectl, const struct process *run)
{
    struct str text = buf_str(&run->errors);
    bool any = false;
    struct str line;
    for (int pass = 0; pass < 2; pass++)
        for (size_t at = 0; str_next_line(text, &at, &line);) {
            if (line.len == 0 || kubectl_is_log(line) || is_warning(line) ||
                str_eq_c(line, "Error in configuration: "))
                continue;
            struct str entry = absent_entry(kubectl->arena, line);
            if (entry.len == 0)
                return false;
            any = true;
            if (pass)
                report_once(kubectl, NULL, SEVERITY_ERROR, entry);
        }
    return any;
}

/* A kubeconfig that is not found, by its name: kubectl names none where a default is missing, and
 * asks a server of this machine instead. */
static bool report_missing(const struct kubectl *kubectl, const struct process *run)
{
    struct str names = kubeconfig_names(kubectl);
    bool asked_localhost = kubectl_stderr_contains(run, "localhost:8080");
    bool missing = asked_localhost || kubectl_stderr_contains(run, ": no such file or directory");
    if (!missing || any_is_there(kubectl, names))
        return false;
    struct str message = str_format(kubectl->arena, "kubeconfig not found: %.*s", STR_ARG(names));
    if (diags_contain(kubectl->diags, message))
        return true;
    report(kubectl, NULL, SEVERITY_ERROR, message);
    diag_hint(kubectl->diags, "name the cluster's: --kubeconfig FILE, or KUBECONFIG");
    return true;
}

/* Of a run that says nothing itself. */
static struct str how_it_ended(const struct kubectl *kubectl, const struct process *run)
{
    enum { BY_SIGNAL = 128 };
    if (run->status > BY_SIGNAL)
        return str_format(kubectl->arena, "%s %s was ended by signal %d (%s)", run->arguments[0],
                          run->arguments[1], run->status - BY_SIGNAL,
                          strsignal(run->status - BY_SIGNAL));
    return str_format(kubectl->arena, "%s %s failed with exit status %d, and does not say why",
                      run->arguments[0], run->arguments[1], run->status);
}

static void report_run(const struct kubectl *kubectl, const struct process *run,
                       enum severity severity)
{
    if (process_interrupted())
        return;
    if (run->error)
        report_start(kubectl, run);
    else if (!report_missing(kubectl, run) && !report_absent_entries(kubectl, run) &&
             !report_refusals(kubectl, run, severity) && !report_messages(kubectl, run, severity))
        report_once(kubectl, run, severity, how_it_ended(kubectl, run));
}

void kubectl_report(const struct kubectl *kubectl, const struct process *run)
{
    report_run(kubectl, run, SEVERITY_ERROR);
}

void kubectl_warn(const struct kubectl *kubectl, const struct process *run)
{
    report_run(kubectl, run, SEVERITY_WARNING);
}

bool kubectl_stderr_contains(const struct process *run, const char *words)
{
    struct arena arena = {0};
    bool found = strstr(str_to_c(&arena, buf_str(&run->errors)), words) != NULL;
    arena_free(&arena);
    return found;
}

bool kubectl_forbidden(const struct process *run)
{
    struct str text = buf_str(&run->errors);
    bool any = false;
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        bool forbidden = str_starts_with(line, STR("Error from server (Forbidden)"));
        if (!forbidden && begins_message(&line))
            return false;
        any |= forbidden;
    }
    return run->error == 0 && run->status != 0 && any;
}

struct map kubectl_refused(const struct kubectl *kubectl, const struct process *run)
{
    struct map refused = {0};
    struct str text = str_copy(kubectl->arena, buf_str(&run->errors));
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        const char *words = str_to_c(kubectl->arena, line);
        const char *found = strstr(words, " is forbidden");
        if (!found)
            continue;
        struct str what = str_slice(line, 0, (size_t)(found - words));
        size_t from = what.len; /* behind the ": " before it */
        while (from && what.data[from - 1] != ':')
            from--;
        while (from < what.len && what.data[from] == ' ')
            from++;
        map_add(kubectl->arena, &refused, str_skip(what, from), run);
    }
    return refused;
}

bool kubectl_conflicts(const struct process *run)
{
    return run->error == 0 && run->status != 0 &&
           kubectl_stderr_contains(run, "Apply failed with ");
}

bool kubectl_is_missing_kind(const struct process *run)
{
    return run->error == 0 && run->status != 0 &&
           (kubectl_stderr_contains(run, no_resource) || kubectl_stderr_contains(run, no_kind));
}

bool kubectl_is_missing_namespace(const struct process *run)
{
    return run->error == 0 && run->status != 0 && kubectl_stderr_contains(run, "(NotFound)") &&
           kubectl_stderr_contains(run, "namespaces \"");
}
