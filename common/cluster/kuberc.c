#include "cluster/kuberc.h"

#include "base/limits.h"
#include "os/io.h"
#include "yaml/emit.h"
#include "yaml/parse_strict.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char variable[] = "KUBERC";
static const char off[] = "off";

/* The private file; empty: none. It is deleted at exit. */
static char private_path[PATH_MAX];

static void remove_private(void)
{
    if (*private_path)
        unlink(private_path);
    *private_path = '\0';
}

/* Returns the file that kubectl would read (k8s.io/kubectl/pkg/kuberc, LoadKuberc()). `ret_named`:
 * the user named it. */
static const char *user_path(const struct kubectl_options *options, struct arena *arena,
                             bool *ret_named)
{
    const char *given = getenv(variable);
    *ret_named = options->kuberc || (given && *given);
    if (*ret_named)
        return options->kuberc ? options->kuberc : given;
    const char *home = getenv("HOME");
    return str_format(arena, "%s%s.kube/kuberc", home ? home : "", home && *home ? "/" : "").data;
}

/* Returns a copy of a document with only the policy. Sets `ret_any` if it has one. */
static struct node *policy_of(struct arena *arena, const struct node *document, bool *ret_any)
{
    static const char *const kept[] = {"apiVersion", "kind", "credentialPluginPolicy",
                                       "credentialPluginAllowlist"};
    struct node *copy = node_new(arena, NODE_MAP);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct node *value = node_get(document, kept[i]);
        if (value)
            node_set(arena, copy, kept[i], node_copy(arena, value));
        *ret_any |= value && i >= 2;
    }
    return copy;
}

static size_t next_line(struct str text, size_t at)
{
    size_t end = str_find(text, at, '\n');
    return end < text.len ? end + 1 : end;
}

/* Returns the next line that begins with "---", where kubectl splits the file. */
static size_t next_document(struct str text, size_t at)
{
    while (at < text.len && !str_starts_with(str_skip(text, at), STR("---")))
        at = next_line(text, at);
    return at;
}

/* True if the text has only comments. */
static bool is_blank(struct str text)
{
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);)
        if (!str_span_only(line, " \t\r") && !str_starts_with(line, STR("#")))
            return false;
    return true;
}

/* Writes the policies of all documents, because kubectl chooses one by the versions that it
 * supports. Sets `ret_any` if there is one. False if a document cannot be parsed. */
static bool read_policies(struct arena *arena, struct str text, struct buf *ret, bool *ret_any)
{
    for (size_t at = 0, end; at < text.len; at = end) {
        if (str_starts_with(str_skip(text, at), STR("---")))
            at = next_line(text, at);
        end = next_document(text, at);
        struct str document = str_slice(text, at, end);
        if (is_blank(document))
            continue;
        struct diags ignored = {.arena = arena};
        struct source *source = ARENA_NEW(arena, struct source);
        *source = (struct source){.path = STR("kuberc"), .text = document, .secret = true};
        struct node *tree = load_service(arena, source, &ignored);
        if (!tree || tree->kind != NODE_MAP)
            return false;
        struct node *policy = policy_of(arena, tree, ret_any);
        emit_yaml(ret, &policy, 1);
    }
    return true;
}

/* Writes the private file and sets KUBERC to it. Returns 0 or an errno. */
static int write_private(struct str text)
{
    const char *directory = getenv("TMPDIR");
    int length = snprintf(private_path, sizeof private_path, "%s/optasvc-kuberc-XXXXXX",
                          directory && *directory ? directory : "/tmp");
    if (length < 0 || (size_t)length >= sizeof private_path) {
        *private_path = '\0';
        return ENAMETOOLONG;
    }
    int fd = mkstemp(private_path);
    if (fd < 0) {
        *private_path = '\0';
        return errno;
    }
    atexit(remove_private);
    int error = io_write(fd, text);
    if (close(fd) < 0 && error == 0)
        error = errno;
    return error ? error : setenv(variable, private_path, 1) == 0 ? 0 : errno;
}

static bool report_unreadable(struct diags *diags, const char *path, const char *why)
{
    diag_error(diags, NO_LOCATION, RULE_FILE_UNREADABLE,
               "cannot read kubectl's preferences file %s: %s", path, why);
    diag_hint(diags, "fix it, or set KUBERC=off, which also ignores the credential plugin "
                     "policy that it may contain");
    return false;
}

bool kuberc_isolate(const struct kubectl_options *options, struct arena *arena, struct diags *diags)
{
    const char *given = getenv(variable);
    bool named;
    if (*private_path)
        return true;
    if (given && strcmp(given, off) == 0) {
        if (options->kuberc)
            diag_error(diags, NO_LOCATION, RULE_USAGE,
                       "--kuberc and KUBERC=off are mutually exclusive");
        return !options->kuberc;
    }
    const char *path = user_path(options, arena, &named);
    struct buf text = {0};
    struct buf policies = {0};
    bool any = false;
    int error = io_read_file(path, FILE_SIZE_MAX, &text);
    bool ok = error == 0 || (!named && (error == ENOENT || error == ENOTDIR));
    if (!ok)
        report_unreadable(diags, path, strerror(error));
    else if (error == 0 && !read_policies(arena, buf_str(&text), &policies, &any))
        ok = report_unreadable(diags, path, "invalid YAML");
    error = !ok ? 0 : any ? write_private(buf_str(&policies)) : setenv(variable, off, 1);
    if (error) {
        diag_error(diags, NO_LOCATION, RULE_FILE_UNWRITABLE,
                   "cannot write a private preferences file: %s", strerror(error));
        ok = false;
    }
    buf_free(&text);
    buf_free(&policies);
    return ok;
}

void kuberc_keep_for_exec(void)
{
    if (!*private_path)
        return;
    int fd = open(private_path, O_RDONLY); /* inherited: without O_CLOEXEC */
    char path[32];
    if (fd < 0)
        return;
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    setenv(variable, path, 1);
    remove_private();
}
