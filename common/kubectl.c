#include "kubectl.h"

#include "cli.h"
#include "emit.h"
#include "load_service.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void words_add(struct arena *arena, struct words *words, const char *word)
{
    /* The NULL behind the last word moves on. */
    words->items = arena_grow(arena, words->items, words->count, sizeof *words->items);
    words->items[words->count++] = word;
    words->items = arena_grow(arena, words->items, words->count, sizeof *words->items);
    words->items[words->count] = NULL;
}

void words_add_flag(struct arena *arena, struct words *words, const char *name, const char *value)
{
    if (value)
        words_add(arena, words, str_format(arena, "--%s=%s", name, value).data);
}

/* From 8 on kubectl logs what it sends and gets. */
static const char *capped(const struct kubectl *kubectl, const char *verbosity)
{
    return kubectl->secret && verbosity && strcmp(verbosity, "7") > 0 ? "7" : verbosity;
}

struct words kubectl_words(const struct kubectl *kubectl, ...)
{
    const struct options *options = kubectl->options;
    const char *program = getenv("KUBECTL_PATH");
    struct words words = {0};
    words_add(kubectl->arena, &words, program && *program ? program : "kubectl");
    va_list arguments;
    va_start(arguments, kubectl);
    for (const char *word; (word = va_arg(arguments, const char *)) != NULL;)
        words_add(kubectl->arena, &words, word);
    va_end(arguments);
    words_add_flag(kubectl->arena, &words, "kubeconfig", options->kubeconfig);
    words_add_flag(kubectl->arena, &words, "context", options->context);
    words_add_flag(kubectl->arena, &words, "cluster", options->cluster);
    words_add_flag(kubectl->arena, &words, "user", options->user);
    words_add_flag(kubectl->arena, &words, "as", options->as);
    words_add_flag(kubectl->arena, &words, "request-timeout", options->request_timeout);
    words_add_flag(kubectl->arena, &words, "v", capped(kubectl, options->verbosity));
    return words;
}

/* A line of kubectl's own log, which -v asks for: "I0131 12:00:00.000000 ...". */
static bool is_log(struct str line)
{
    return line.len > 5 && strchr("IWEF", line.data[0]) &&
           str_only(str_slice(line, 1, 5), "0123456789") && line.data[5] == ' ';
}

static bool is_warning(struct str line)
{
    return str_starts(line, STR("Warning:"));
}

static struct str next_line(struct str text, size_t *at)
{
    size_t end = str_find(text, *at, '\n');
    struct str line = str_slice(text, *at, end);
    *at = end + 1;
    return line;
}

static void tell_warnings(const struct kubectl *kubectl, const struct process *run)
{
    struct str text = str_from(buf_str(&run->errors), run->told);
    struct buf told = {0};
    for (size_t at = 0; at < text.len;) {
        struct str line = next_line(text, &at);
        if (!is_warning(line) && !(is_log(line) && kubectl->options->verbosity))
            continue;
        diag_add_visible(&told, line);
        buf_add_byte(&told, '\n');
    }
    cli_tell(buf_str(&told));
    buf_free(&told);
}

void kubectl_run(const struct kubectl *kubectl, struct process *runs, size_t count)
{
    process_run(runs, count);
    for (size_t i = 0; i < count; i++)
        tell_warnings(kubectl, &runs[i]);
}

bool kubectl_do(const struct kubectl *kubectl, struct process run)
{
    kubectl_run(kubectl, &run, 1);
    bool right = process_right(&run);
    if (!right)
        kubectl_report(kubectl, &run);
    process_free(&run);
    return right;
}

__attribute__((format(printf, 3, 4))) static void
report(const struct kubectl *kubectl, enum severity severity, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct str text = str_vformat(kubectl->arena, format, arguments);
    va_end(arguments);
    if (severity == SEVERITY_ERROR)
        diag_error(kubectl->diags, (struct location){0}, "%.*s", STR_ARG(text));
    else
        diag_warning(kubectl->diags, (struct location){0}, "%.*s", STR_ARG(text));
}

static void report_once(const struct kubectl *kubectl, enum severity severity, struct str message)
{
    if (!diags_hold(kubectl->diags, message))
        report(kubectl, severity, "%.*s", STR_ARG(message));
}

static void report_start(const struct kubectl *kubectl, const struct process *run)
{
    const char *program = run->arguments[0];
    struct str message = str_format(kubectl->arena, "%s cannot be run: %s", program,
                                    run->error == ENOENT  ? "it is not there"
                                    : run->error == EFBIG ? "it prints too much"
                                                          : strerror(run->error));
    if (diags_hold(kubectl->diags, message))
        return;
    report(kubectl, SEVERITY_ERROR, "%.*s", STR_ARG(message));
    if (run->error == ENOENT && !strchr(program, '/'))
        diag_hint(kubectl->diags, "install kubectl, or name it in KUBECTL_PATH");
}

/* The beginning of a message of kubectl, which is taken off where something follows. */
static bool begins_message(struct str *line)
{
    if (str_starts(*line, STR("error: ")) || str_starts(*line, STR("Error from server"))) {
        size_t text = str_find(*line, 0, ':') + strlen(": ");
        if (text < line->len)
            *line = str_from(*line, text);
        return true;
    }
    /* "Apply failed": of several objects in conflict only the first has "error: " before it. */
    return str_starts(*line, STR("The ")) || str_starts(*line, STR("Unable to ")) ||
           str_starts(*line, STR("Apply failed with "));
}

/* What kubectl adds to a message: flags of its own. */
static struct str without_advice(struct arena *arena, struct str line)
{
    const char *text = str_c(arena, line);
    const char *advice = strstr(text, "; if you choose to ignore these errors");
    return advice ? str_slice(line, 0, (size_t)(advice - text)) : line;
}

/* The same behind a conflict, and behind a kind that is not there. */
static bool is_advice(struct str line)
{
    return str_starts(line, STR("Please review the fields above")) ||
           str_starts(line, STR("ensure CRDs are installed first"));
}

/* Of a kind that the server does not have, asked for by its name and by an object. */
static const char no_resource[] = "have a resource type";
static const char no_kind[] = "no matches for kind";

static bool lacks_kind(const char *text)
{
    return strstr(text, no_resource) || strstr(text, no_kind);
}

/* False when there is no message among what was written to stderr. */
static bool report_messages(const struct kubectl *kubectl, const struct process *run,
                            enum severity severity)
{
    struct str text = buf_str(&run->errors);
    struct str rest = {0};
    bool any = false;  /* a message was found, */
    bool over = false; /* and what follows of the last one is not told */
    for (size_t at = 0; at < text.len;) {
        struct str line = next_line(text, &at);
        if (line.len == 0 || is_log(line) || is_warning(line))
            continue;
        if (begins_message(&line) || !any) {
            any = true;
            line = without_advice(kubectl->arena, line);
            over = diags_hold(kubectl->diags, line);
            if (!over)
                report(kubectl, severity, "%.*s", STR_ARG(line));
            if (!over && lacks_kind(str_c(kubectl->arena, line)))
                diag_hint(kubectl->diags,
                          "install the controller that brings its definition (CRD)");
            rest = (struct str){0};
            continue;
        }
        over = over || is_advice(line) || rest.len > DIAG_TEXT_MAX;
        if (over)
            continue;
        rest = str_format(kubectl->arena, "%.*s%s%.*s", STR_ARG(rest), rest.len ? "\n" : "",
                          STR_ARG(line));
        diag_hint(kubectl->diags, "%.*s", STR_ARG(rest));
    }
    return any;
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
    else if (!report_messages(kubectl, run, severity))
        report_once(kubectl, severity, how_it_ended(kubectl, run));
}

void kubectl_report(const struct kubectl *kubectl, const struct process *run)
{
    report_run(kubectl, run, SEVERITY_ERROR);
}

void kubectl_warn(const struct kubectl *kubectl, const struct process *run)
{
    report_run(kubectl, run, SEVERITY_WARNING);
}

bool kubectl_says(const struct process *run, const char *words)
{
    struct arena arena = {0};
    bool found = strstr(str_c(&arena, buf_str(&run->errors)), words) != NULL;
    arena_free(&arena);
    return found;
}

bool kubectl_forbidden(const struct process *run)
{
    struct str text = buf_str(&run->errors);
    bool any = false;
    for (size_t at = 0; at < text.len;) {
        struct str line = next_line(text, &at);
        bool forbidden = str_starts(line, STR("Error from server (Forbidden)"));
        if (!forbidden && begins_message(&line))
            return false;
        any |= forbidden;
    }
    return run->error == 0 && run->status != 0 && any;
}

bool kubectl_conflicts(const struct process *run)
{
    return run->error == 0 && run->status != 0 && kubectl_says(run, "Apply failed with ");
}

bool kubectl_lacks_kind(const struct process *run)
{
    return run->error == 0 && run->status != 0 &&
           (kubectl_says(run, no_resource) || kubectl_says(run, no_kind));
}

bool kubectl_lacks_namespace(const struct process *run)
{
    return run->error == 0 && run->status != 0 && kubectl_says(run, "(NotFound)") &&
           kubectl_says(run, "namespaces \"");
}

static void report_answer(const struct kubectl *kubectl, const struct process *run,
                          const char *what)
{
    struct str message =
        str_format(kubectl->arena, "%s %s printed %s", run->arguments[0], run->arguments[1], what);
    if (diags_hold(kubectl->diags, message))
        return;
    report(kubectl, SEVERITY_ERROR, "%.*s", STR_ARG(message));
    diag_hint(kubectl->diags, "is it the kubectl of Kubernetes? KUBECTL_PATH can name another");
}

/* kubectl's JSON as every reader of YAML takes it: characters that YAML allows only as escapes are
 * written so, and NUL, which no text here may hold, as U+FFFD. A pod's message may be the last
 * bytes of its log. */
static struct str readable(struct arena *arena, struct str json)
{
    struct buf text = {0};
    for (size_t at = 0; at < json.len;) {
        uint32_t character = 0;
        size_t len = utf8_decode(json, at, &character);
        struct str rest = str_from(json, at);
        if (str_starts(rest, STR("\\u0000"))) {
            buf_add(&text, STR("\\ufffd"));
            at += strlen("\\u0000");
        } else if (character == '\\' && rest.len > 1) { /* an escaped backslash begins no escape */
            buf_add(&text, str_slice(rest, 0, 2));
            at += 2;
        } else if (len &&
                   ((character >= 0x7F && character < 0xA0) || (character & 0xFFFE) == 0xFFFE)) {
            buf_format(&text, "\\u%04x", character > 0xFFFF ? 0xFFFD : (unsigned)character);
            at += len;
        } else { /* bytes that are no UTF-8 stay, and the reader refuses them */
            buf_add(&text, str_slice(rest, 0, len ? len : 1));
            at += len ? len : 1;
        }
    }
    struct str copy = str_copy(arena, buf_str(&text));
    buf_free(&text);
    return copy;
}

struct node *kubectl_answer(const struct kubectl *kubectl, const struct process *run)
{
    if (run->output.len == 0) {
        if (process_right(run))
            report_answer(kubectl, run, "nothing");
        return NULL;
    }
    struct diags diags = {.arena = kubectl->arena};
    struct source *source = ARENA_NEW(kubectl->arena, struct source);
    *source = (struct source){.path = STR("kubectl"),
                              .text = readable(kubectl->arena, buf_str(&run->output)),
                              .secret = true,
                              .answered = true};
    struct node *answer = load_service(kubectl->arena, source, &diags);
    if (answer && answer->kind == NODE_MAP && node_get(answer, "kind"))
        return answer;
    report_answer(kubectl, run, "something else than objects");
    return NULL;
}

struct node *kubectl_get(const struct kubectl *kubectl, ...)
{
    struct words words = kubectl_words(kubectl, "get", NULL);
    va_list more;
    va_start(more, kubectl);
    for (const char *word; (word = va_arg(more, const char *)) != NULL;)
        words_add(kubectl->arena, &words, word);
    va_end(more);
    words_add(kubectl->arena, &words, "--output=json");
    struct process run = {.arguments = words.items};
    kubectl_run(kubectl, &run, 1);
    struct node *answer = NULL;
    if (!process_right(&run))
        kubectl_report(kubectl, &run);
    else if (run.output.len)
        answer = kubectl_answer(kubectl, &run);
    process_free(&run);
    return answer;
}

struct node *kubectl_items(struct node *answer)
{
    if (!answer)
        return NULL;
    return str_ends(node_text(node_get(answer, "kind")), STR("List"))
               ? node_items(node_get(answer, "items"))
               : answer;
}

struct str kubectl_documents(const struct kubectl *kubectl, struct node *const *objects,
                             size_t count)
{
    struct buf text = {0};
    emit_yaml(&text, objects, count);
    struct str documents = str_copy(kubectl->arena, buf_str(&text));
    buf_free(&text);
    return documents;
}

struct process kubectl_apply(const struct kubectl *kubectl, const char *manager,
                             struct str documents, unsigned flags)
{
    struct words words = kubectl_words(kubectl, "apply", "--server-side", "--filename=-", NULL);
    words_add_flag(kubectl->arena, &words, "field-manager", manager);
    words_add_flag(kubectl->arena, &words, "output", flags & APPLY_JSON ? "json" : "name");
    if (flags & APPLY_JSON)
        words_add(kubectl->arena, &words, "--show-managed-fields");
    if (flags & APPLY_DRY_RUN)
        words_add(kubectl->arena, &words, "--dry-run=server");
    if (flags & APPLY_FORCE)
        words_add(kubectl->arena, &words, "--force-conflicts");
    return (struct process){.arguments = words.items, .input = documents};
}

struct process kubectl_delete(const struct kubectl *kubectl, struct str documents, bool wait)
{
    struct words words =
        kubectl_words(kubectl, "delete", "--ignore-not-found", "--filename=-", "--output=name",
                      wait ? "--wait=true" : "--wait=false", NULL);
    return (struct process){.arguments = words.items, .input = documents};
}
