/* Reports the stderr of kubectl as our own errors and warnings. */
#include "cluster/kubectl_errors.h"

#include "base/limits.h"
#include "os/console.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For example: "I0131 12:00:00.000000 ...". */
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
    struct buf shown = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        if (!is_warning(line) && !(kubectl_is_log(line) && kubectl->options->verbosity))
            continue;
        diag_add_visible(&shown, line);
        buf_add_byte(&shown, '\n');
    }
    console_print_error(buf_str(&shown));
    buf_free(&shown);
}

/* Reports a cause with the purpose of the process as context; without context if `run` is NULL. */
static void report(const struct kubectl *kubectl, const struct process *run, enum severity severity,
                   enum rule rule, struct str message)
{
    if (severity == SEVERITY_ERROR)
        diag_error(kubectl->diags, NO_LOCATION, rule, "%.*s", STR_ARG(message));
    else
        diag_warning(kubectl->diags, NO_LOCATION, rule, "%.*s", STR_ARG(message));
    if (run)
        diag_context(kubectl->diags, "cannot %.*s", STR_ARG(kubectl_purpose(kubectl->arena, run)));
}

static void report_once(const struct kubectl *kubectl, const struct process *run,
                        enum severity severity, enum rule rule, struct str message)
{
    if (!diags_contain(kubectl->diags, message))
        report(kubectl, run, severity, rule, message);
}

static void report_not_run(const struct kubectl *kubectl, const struct process *run)
{
    const char *program = run->arguments[0];
    if (run->error == ETIMEDOUT) {
        report_once(kubectl, run, SEVERITY_ERROR, RULE_CLUSTER_UNREACHABLE,
                    str_format(kubectl->arena, "the cluster did not answer within %" PRId64 " s",
                               run->limit / 1000));
        return;
    }
    bool not_in_path = run->error == ENOENT && !strchr(program, '/');
    struct str message =
        not_in_path ? str_format(kubectl->arena, "%s not found in PATH", program)
        : run->error == EFBIG
            ? str_format(kubectl->arena, "%s: output exceeds %d MiB", program,
                         (run->secret ? PROCESS_SECRET_MAX : PROCESS_OUTPUT_MAX) >> 20)
            : str_format(kubectl->arena, "cannot run %s: %s", program, strerror(run->error));
    if (diags_contain(kubectl->diags, message))
        return;
    report(kubectl, NULL, SEVERITY_ERROR, not_in_path ? RULE_TOOL_NOT_FOUND : RULE_KUBECTL_FAILED,
           message);
    if (not_in_path)
        diag_hint(kubectl->diags, "install kubectl, or set KUBECTL_PATH to its path");
}

/* True if a message of kubectl begins with this line. Strips its prefix, unless nothing follows. */
static bool begins_message(struct str *line)
{
    if (str_starts_with(*line, STR("error: ")) ||
        str_starts_with(*line, STR("Error from server"))) {
        size_t text = str_find(*line, 0, ':') + strlen(": ");
        if (text < line->len)
            *line = str_skip(*line, text);
        return true;
    }
    /* "Apply failed": with several conflicts, only the first has the prefix "error: ". */
    return str_starts_with(*line, STR("The ")) || str_starts_with(*line, STR("Unable to ")) ||
           str_starts_with(*line, STR("Apply failed with "));
}

/* Strips advice to use kubectl's own flags. */
static struct str without_advice(struct arena *arena, struct str line)
{
    const char *text = str_to_c(arena, line);
    const char *advice = strstr(text, "; if you choose to ignore these errors");
    return advice ? str_slice(line, 0, (size_t)(advice - text)) : line;
}

/* Returns where a quoted response begins; the length of the line if there is none. kubectl quotes a
 * response that it cannot parse in full, and that may contain values of a Secret. */
static size_t response_begin(struct arena *arena, struct str line)
{
    const char *text = str_to_c(arena, line);
    const char *quote = strstr(text, " is missing in '");
    return quote ? (size_t)(quote - text) + strlen(" is missing") : line.len;
}

/* Such advice after a conflict, and after a missing kind. */
static bool is_advice(struct str line)
{
    return str_starts_with(line, STR("Please review the fields above")) ||
           str_starts_with(line, STR("ensure CRDs are installed first"));
}

/* Messages for a missing kind, queried by name and by object. */
static const char no_resource[] = "have a resource type";
static const char no_kind[] = "no matches for kind";

static bool is_missing_kind_message(const char *text)
{
    return strstr(text, no_resource) || strstr(text, no_kind);
}

/* Returns the name of a message of kubectl or the API server. */
static enum rule rule_of_message(struct arena *arena, struct str line)
{
    static const struct {
        const char *text;
        enum rule rule;
    } rules[] = {
        {"field is immutable", RULE_IMMUTABLE_FIELD},
        {"Forbidden: updates to", RULE_IMMUTABLE_FIELD},
        {"orbidden", RULE_FORBIDDEN},
        {no_resource, RULE_KIND_NOT_FOUND},
        {no_kind, RULE_KIND_NOT_FOUND},
        {"Unable to connect to the server", RULE_CLUSTER_UNREACHABLE},
        {"The connection to the server ", RULE_CLUSTER_UNREACHABLE},
        {"Apply failed with ", RULE_FIELD_CONFLICT},
        {"not found", RULE_OBJECT_NOT_FOUND},
    };
    const char *text = str_to_c(arena, line);
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (strstr(text, rules[i].text))
            return rules[i].rule;
    return RULE_KUBECTL_FAILED;
}

static const char forbidden_lead[] = "Error from server (Forbidden): ";

/* Parsed from
 * `RESOURCES is forbidden: User "U" cannot VERB resource "R" in API group "G" in the namespace "N"`
 */
struct forbidden_request {
    struct str resources; /* as in kubectl get */
    struct str action;    /* `User "U" cannot VERB` */
    struct str scope;     /* ` in the namespace "N"`, or empty */
};

static bool parse_forbidden(struct arena *arena, struct str line, struct forbidden_request *ret)
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

/* Reports a forbidden list of several kinds as one message. Reports nothing and returns false if
 * the process printed any other message. */
static bool report_forbidden_list(const struct kubectl *kubectl, const struct process *run,
                                  enum severity severity)
{
    struct str text = buf_str(&run->errors);
    struct forbidden_request first = {0};
    struct buf list = {0};
    size_t count = 0;
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        struct forbidden_request next;
        if (line.len == 0 || kubectl_is_log(line) || is_warning(line))
            continue;
        if (!parse_forbidden(kubectl->arena, line, &next) ||
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
    report_once(kubectl, run, severity, RULE_FORBIDDEN,
                str_format(kubectl->arena, "%.*s resources %.*s%.*s", STR_ARG(first.action),
                           STR_ARG(resources), STR_ARG(first.scope)));
    return true;
}

/* Reports the first line of a message, unless it was reported before. True if the following lines
 * belong to its hint. */
static bool report_message(const struct kubectl *kubectl, const struct process *run,
                           enum severity severity, struct str line)
{
    line = without_advice(kubectl->arena, line);
    size_t end = response_begin(kubectl->arena, line);
    bool quotes = end < line.len;
    if (quotes)
        line = str_format(kubectl->arena, "%.*s in the response of the server",
                          STR_ARG(str_slice(line, 0, end)));
    if (diags_contain(kubectl->diags, line))
        return false;
    report(kubectl, run, severity, rule_of_message(kubectl->arena, line), line);
    if (is_missing_kind_message(str_to_c(kubectl->arena, line)))
        diag_hint(kubectl->diags,
                  "install the controller that provides its CustomResourceDefinition (CRD)");
    return !quotes;
}

/* Reports the messages of a process. False if there are none. */
static bool report_messages(const struct kubectl *kubectl, const struct process *run,
                            enum severity severity)
{
    struct str text = buf_str(&run->errors);
    struct buf rest = {0};
    bool any = false;  /* a message was found */
    bool over = false; /* the remaining lines of the last message are not reported */
    struct str line;
    struct str last = {0}; /* kubectl may report each of its attempts */
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        if (line.len == 0 || kubectl_is_log(line) || is_warning(line) || str_equal(line, last))
            continue;
        last = line;
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

/* Returns the kubeconfig files that kubectl reads, as given by --kubeconfig or KUBECONFIG. */
static struct str kubeconfig_names(const struct kubectl *kubectl)
{
    const char *named = kubectl->options->kubeconfig;
    const char *variable = getenv("KUBECONFIG");
    const char *home = getenv("HOME");
    if (named || (variable && *variable))
        return str_from_c(named ? named : variable);
    return str_format(kubectl->arena, "%s/.kube/config", home ? home : "");
}

/* True if any of these colon-separated files exists. */
static bool any_exists(const struct kubectl *kubectl, struct str names)
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

/* Returns the message for a context, cluster or user that is not in the kubeconfig, which the verbs
 * of kubectl report in several ways. Empty for any other line. */
static struct str missing_entry_message(struct arena *arena, struct str line)
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

/* Reports entries that are not in the kubeconfig. Reports nothing and returns false if the process
 * printed any other message. */
static bool report_missing_entries(const struct kubectl *kubectl, const struct process *run)
{
    struct str text = buf_str(&run->errors);
    bool any = false;
    struct str line;
    for (int pass = 0; pass < 2; pass++)
        for (size_t at = 0; str_next_line(text, &at, &line);) {
            if (line.len == 0 || kubectl_is_log(line) || is_warning(line) ||
                str_eq_c(line, "Error in configuration: "))
                continue;
            struct str entry = missing_entry_message(kubectl->arena, line);
            if (entry.len == 0)
                return false;
            any = true;
            if (pass)
                report_once(kubectl, NULL, SEVERITY_ERROR, RULE_INVALID_KUBECONFIG, entry);
        }
    return any;
}

/* Reports that no kubeconfig exists, or that it has no current context. kubectl does not say so,
 * but tries to connect to localhost. */
static bool report_missing_kubeconfig(const struct kubectl *kubectl, const struct process *run)
{
    struct str names = kubeconfig_names(kubectl);
    bool asked_localhost = kubectl_stderr_contains(run, "localhost:8080");
    bool missing = asked_localhost || kubectl_stderr_contains(run, ": no such file or directory");
    bool exists = any_exists(kubectl, names);
    if (!missing || (exists && (!asked_localhost || kubectl->options->context)))
        return false;
    struct str message =
        exists ? str_format(kubectl->arena,
                            "%.*s has no current context, or no server is running at "
                            "localhost:8080",
                            STR_ARG(names))
               : str_format(kubectl->arena, "kubeconfig not found: %.*s", STR_ARG(names));
    if (diags_contain(kubectl->diags, message))
        return true;
    report(kubectl, NULL, SEVERITY_ERROR, RULE_INVALID_KUBECONFIG, message);
    diag_hint(kubectl->diags,
              exists ? "pass --context NAME; kubectl config get-contexts lists the contexts"
                     : "pass --kubeconfig FILE, or set KUBECONFIG");
    return true;
}

/* Returns the message for a process that printed none. */
static struct str exit_message(const struct kubectl *kubectl, const struct process *run)
{
    enum { BY_SIGNAL = 128 };
    if (run->status > BY_SIGNAL)
        return str_format(kubectl->arena, "%s %s was terminated by signal %d (%s)",
                          run->arguments[0], run->arguments[1], run->status - BY_SIGNAL,
                          strsignal(run->status - BY_SIGNAL));
    return str_format(kubectl->arena, "%s %s failed with exit status %d and no error message",
                      run->arguments[0], run->arguments[1], run->status);
}

static void report_run(const struct kubectl *kubectl, const struct process *run,
                       enum severity severity)
{
    if (process_interrupted())
        return;
    if (run->error)
        report_not_run(kubectl, run);
    else if (!report_missing_kubeconfig(kubectl, run) && !report_missing_entries(kubectl, run) &&
             !report_forbidden_list(kubectl, run, severity) &&
             !report_messages(kubectl, run, severity))
        report_once(kubectl, run, severity, RULE_KUBECTL_FAILED, exit_message(kubectl, run));
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
    return str_contains(buf_str(&run->errors), str_from_c(words));
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
        size_t from = what.len; /* after the last ": " */
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

bool kubectl_is_rejected(const struct process *run)
{
    return kubectl_conflicts(run) || (run->error == 0 && run->status != 0 &&
                                      (kubectl_stderr_contains(run, "Error from server") ||
                                       kubectl_stderr_contains(run, "is invalid")));
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
