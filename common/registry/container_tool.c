#define _XOPEN_SOURCE 700 /* realpath */
#include "registry/container_tool.h"

#include "format/image_ref.h"
#include "format/name.h"
#include "os/argv.h"
#include "os/io.h"
#include "os/process.h"
#include "os/temp_dir.h"
#include "yaml/emit.h"
#include "yaml/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In the order in which they are tried. */
static const char *const tool_names[] = {"docker", "podman", "nerdctl", NULL};

/* Returns the tool's name and its arguments, up to a NULL. After a login it uses the credentials in
 * the directory: docker and nerdctl read DOCKER_CONFIG, podman reads REGISTRY_AUTH_FILE, even if it
 * is installed as docker. */
__attribute__((sentinel)) static struct argv tool_argv(const struct container_tool *tool, ...)
{
    struct argv argv = {0};
    va_list arguments;
    if (tool->logged_in) {
        argv_add(tool->arena, &argv, "env");
        argv_add(tool->arena, &argv,
                 str_format(tool->arena, "DOCKER_CONFIG=%s", tool->directory).data);
        argv_add(tool->arena, &argv,
                 str_format(tool->arena, "REGISTRY_AUTH_FILE=%s/auth.json", tool->directory).data);
    }
    argv_add(tool->arena, &argv, tool->name);
    va_start(arguments, tool);
    argv_add_all(tool->arena, &argv, arguments);
    va_end(arguments);
    return argv;
}

static bool fail(const struct container_tool *tool, const char *what, const struct process *run)
{
    if (!process_interrupted())
        diag_error(tool->diags, NO_LOCATION, RULE_TOOL_FAILED, "%s %s failed: %.*s", tool->name,
                   what, STR_ARG(process_failure_reason(tool->arena, run)));
    return false;
}

/* podman prints the name under which it is installed; docker prints "Docker" with a capital. */
static bool is_podman(struct str version)
{
    return str_starts_with(version, STR("podman ")) || str_starts_with(version, STR("docker "));
}

/* Runs the tool to find out whether it exists and what it is. Returns an errno if it cannot be
 * run. */
static int probe_tool(struct container_tool *tool, const char *name)
{
    struct process run = {.arguments = (const char *const[]){name, "--version", NULL}};
    process_run(&run, 1);
    int error = run.error;
    tool->name = name;
    tool->kind = strcmp(name, "nerdctl") == 0      ? TOOL_NERDCTL
                 : is_podman(buf_str(&run.output)) ? TOOL_PODMAN
                                                   : TOOL_DOCKER;
    process_free(&run);
    return error;
}

bool container_tool_find(struct container_tool *tool, const char *name)
{
    int error = ENOENT;
    if (name)
        error = probe_tool(tool, name);
    for (size_t i = 0; !name && error && tool_names[i]; i++)
        error = probe_tool(tool, tool_names[i]);
    if (error == 0 || process_interrupted())
        return error == 0;
    if (name) {
        if (error == ENOENT)
            diag_error(tool->diags, NO_LOCATION, RULE_TOOL_NOT_FOUND, "%s not found in PATH", name);
        else
            diag_error(tool->diags, NO_LOCATION, RULE_TOOL_FAILED, "cannot run %s: %s", name,
                       strerror(error));
        diag_hint(tool->diags, "install %s, or choose another tool with --container-tool", name);
        return false;
    }
    diag_error(tool->diags, NO_LOCATION, RULE_TOOL_NOT_FOUND,
               "no container tool found: docker, podman and nerdctl are not in PATH");
    diag_hint(tool->diags, "install one of them");
    return false;
}

/* True if the tool reported that the image does not exist; each tool words that differently. */
static bool is_missing_image(const struct container_tool *tool, const struct process *run)
{
    static const char *const patterns[] = {"no such image", "no such object", "image not known"};
    struct str text = str_lower(tool->arena, buf_str(&run->errors));
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        if (str_contains(text, str_from_c(patterns[i])))
            return true;
    return false;
}

bool container_tool_query(const struct container_tool *tool, struct str image,
                          struct local_image *ret)
{
    struct process run = {.arguments = tool_argv(tool, "image", "inspect", "--format",
                                                 "{{.Id}} {{len .RepoTags}}", "--",
                                                 str_to_c(tool->arena, image), NULL)
                                           .items};
    process_run(&run, 1);
    *ret = (struct local_image){0};
    bool ok = process_succeeded(&run);
    if (ok) {
        struct str text = str_copy(tool->arena, buf_str(&run.output));
        size_t space = str_find(text, 0, ' ');
        ret->id = str_slice(text, 0, space);
        ret->reference_count = strtoul(str_skip(text, space).data, NULL, 10);
    } else if (run.error == 0 && is_missing_image(tool, &run)) {
        ok = !process_interrupted();
    } else {
        fail(tool, "image inspect", &run);
    }
    process_free(&run);
    return ok;
}

/* Returns docker's current context, which selects the engine; empty for the default. */
static struct str current_context(const struct container_tool *tool)
{
    struct process run = {.arguments = (const char *const[]){tool->name, "context", "inspect",
                                                             "--format", "{{.Name}}", NULL}};
    process_run(&run, 1);
    struct str name =
        process_succeeded(&run) ? str_copy(tool->arena, buf_str(&run.output)) : (struct str){0};
    process_free(&run);
    while (str_ends_with(name, STR("\n")))
        name.len--;
    return str_eq_c(name, "default") ? STR("") : name;
}

/* Links to the contexts of the user's configuration; nothing is copied. Returns 0 or an errno. */
static int link_contexts(const struct container_tool *tool)
{
    const char *directory = getenv("DOCKER_CONFIG");
    const char *home = getenv("HOME");
    struct str contexts = directory && *directory
                              ? str_format(tool->arena, "%s/contexts", directory)
                              : str_format(tool->arena, "%s/.docker/contexts", home ? home : "");
    char *real = realpath(contexts.data, NULL);
    int error =
        !real || symlink(real, str_format(tool->arena, "%s/contexts", tool->directory).data) < 0
            ? errno
            : 0;
    free(real);
    return error;
}

/* Writes a configuration with which docker finds its usual engine. Because `auths` contains the
 * host, docker stores credentials in this file; without it, it would use the system's credential
 * store and leave them there. */
static bool write_config(const struct container_tool *tool, struct str host)
{
    struct arena *arena = tool->arena;
    struct node *config = node_new(arena, NODE_MAP);
    struct buf text = {0};
    node_put(node_set_map(arena, config, "auths"), node_scalar(arena, STYLE_TEXT, host),
             node_new(arena, NODE_MAP));
    struct str context = tool->kind == TOOL_DOCKER ? current_context(tool) : (struct str){0};
    if (context.len)
        node_set_string(arena, config, "currentContext", context);
    emit_json(&text, config, 0);
    struct str piece = buf_str(&text);
    const char *path = str_format(arena, "%s/config.json", tool->directory).data;
    int error = context.len ? link_contexts(tool) : 0;
    if (error == 0)
        error = private_dir_write(path, &piece, 1);
    buf_free(&text);
    if (error)
        diag_error(tool->diags, NO_LOCATION, RULE_FILE_UNWRITABLE, "cannot write %s: %s", path,
                   strerror(error));
    return error == 0;
}

bool container_tool_log_in(struct container_tool *tool, struct str host, const char *user,
                           struct str password)
{
    if (!write_config(tool, host))
        return false;
    tool->logged_in = true;
    struct process run = {.arguments =
                              tool_argv(tool, "login", "--username", user, "--password-stdin",
                                        str_to_c(tool->arena, host), NULL)
                                  .items,
                          .input = password};
    process_run(&run, 1);
    bool ok = process_succeeded(&run) || fail(tool, "login", &run);
    process_free(&run);
    return ok;
}

/* Adds a name to the image; removes it if `image` is NULL. Not interrupted by a signal, so that the
 * state is known. */
static bool set_name(const struct container_tool *tool, const char *image, const char *name)
{
    struct argv argv = image ? tool_argv(tool, "tag", "--", image, name, NULL)
                             : tool_argv(tool, "image", "rm", "--", name, NULL);
    struct process run = {.arguments = argv.items, .uninterruptible = true};
    process_run(&run, 1);
    bool ok = run.error == 0 && run.status == 0;
    if (!ok && image)
        fail(tool, "tag", &run);
    else if (!ok && !process_interrupted()) {
        diag_warning(tool->diags, NO_LOCATION, RULE_TOOL_FAILED,
                     "cannot remove the temporary tag %s: %.*s", name,
                     STR_ARG(process_failure_reason(tool->arena, &run)));
        diag_hint(tool->diags, "remove it: %s image rm %s", tool->name, name);
    }
    process_free(&run);
    return ok;
}

/* Finds the digest after each `prefix`; with `at_line_start` only at the start of a line.
 * Returns the number of different digests. */
static size_t find_digest(struct str output, struct str prefix, bool at_line_start, struct str *ret)
{
    enum { DIGEST_LEN = 71 }; /* "sha256:" and 64 hexadecimal digits */
    size_t count = 0;
    *ret = (struct str){0};
    for (size_t at = 0; at < output.len; at++) {
        struct str rest = str_skip(output, at);
        if (!str_starts_with(rest, prefix) ||
            (at_line_start && at > 0 && output.data[at - 1] != '\n'))
            continue;
        struct str digest = str_slice(rest, prefix.len, prefix.len + DIGEST_LEN);
        struct str next = str_slice(rest, prefix.len + DIGEST_LEN, prefix.len + DIGEST_LEN + 1);
        if (name_check_image_digest(digest) ||
            (next.len && str_span_only(next, "0123456789abcdef")))
            continue;
        count += !str_equal(*ret, digest);
        *ret = digest;
    }
    return count;
}

/* docker ends with the line "TAG: digest: sha256:... size: 528". nerdctl lists everything it sends:
 * for a multi-platform image the index, otherwise one manifest. */
struct str container_tool_digest(enum container_tool_kind kind, struct str tag, struct str output)
{
    struct arena arena = {0};
    struct str digest;
    size_t count;
    if (kind == TOOL_NERDCTL) {
        count = find_digest(output, STR("index-"), false, &digest);
        if (count == 0)
            count = find_digest(output, STR("manifest-"), false, &digest);
    } else {
        count =
            find_digest(output, str_format(&arena, "%.*s: digest: ", STR_ARG(tag)), true, &digest);
    }
    arena_free(&arena);
    return count == 1 ? digest : (struct str){0}; /* ambiguous if there are several */
}

/* Reads the digest file of podman. */
static struct str read_digest(const struct container_tool *tool, const char *path)
{
    enum { FILE_MAX = 4096 };
    struct buf text = {0};
    struct str digest = {0};
    if (io_read_file(path, FILE_MAX, &text) == 0)
        digest = buf_take(tool->arena, &text);
    while (str_ends_with(digest, STR("\n")))
        digest.len--;
    return name_check_image_digest(digest) ? STR("") : digest;
}

static struct str host_of(struct str reference)
{
    return str_slice(reference, 0, str_find(reference, 0, '/'));
}

/* docker and nerdctl use plain HTTP for a local registry; podman requires a flag. */
static bool is_local(struct str host)
{
    struct str name = str_slice(host, 0, str_find(host, 0, ':'));
    return str_eq_c(name, "localhost") || str_eq_c(name, "127.0.0.1");
}

/* https://cloud.google.com/artifact-registry/docs/docker/authentication
 * https://learn.microsoft.com/azure/container-registry/container-registry-authentication */
struct str container_tool_login_hint(const struct container_tool *tool, struct str host)
{
    struct arena *arena = tool->arena;
    const struct str azure = STR(".azurecr.io");
    bool google = str_eq_c(host, "gcr.io") || str_ends_with(host, STR(".gcr.io")) ||
                  str_ends_with(host, STR("-docker.pkg.dev"));
    struct str start = STR("");
    if (is_local(host))
        start = str_format(arena,
                           "if no registry is running at %.*s, start one: %s run -d -p 5000:5000 "
                           "docker.io/library/registry:2\n",
                           STR_ARG(host), tool->name);
    struct str command = str_format(arena, "%s login %.*s", tool->name, STR_ARG(host));
    if (google && tool->kind == TOOL_PODMAN)
        command = str_format(arena,
                             "gcloud auth print-access-token | %s login -u oauth2accesstoken "
                             "--password-stdin %.*s",
                             tool->name, STR_ARG(host));
    else if (google)
        command = str_format(arena, "gcloud auth configure-docker %.*s", STR_ARG(host));
    else if (str_ends_with(host, azure))
        command = str_format(arena, "%s%s%saz acr login --name %.*s",
                             tool->kind == TOOL_DOCKER ? "" : "DOCKER_COMMAND=",
                             tool->kind == TOOL_DOCKER ? "" : tool->name,
                             tool->kind == TOOL_DOCKER ? "" : " ",
                             STR_ARG(str_slice(host, 0, host.len - azure.len)));
    return str_format(arena, "%.*sif the registry requires authentication, log in first: %.*s",
                      STR_ARG(start), STR_ARG(command));
}

static void report_push_failure(const struct container_tool *tool, const struct process *run,
                                struct str reference)
{
    struct str why = run->error ? process_failure_reason(tool->arena, run)
                                : str_format(tool->arena, "%s push exited with status %d",
                                             tool->name, run->status);
    diag_error(tool->diags, NO_LOCATION, RULE_PUSH_FAILED, "cannot push %.*s: %.*s",
               STR_ARG(reference), STR_ARG(why));
    if (!tool->logged_in)
        diag_hint(tool->diags, "%.*s",
                  STR_ARG(container_tool_login_hint(tool, host_of(reference))));
}

/* The tool has already shown its own error messages. */
static bool run_push(const struct container_tool *tool, struct argv argv, struct str reference,
                     const char *digest_file, struct str *ret_digest)
{
    struct process run = {.arguments = argv.items, .tee_stderr = true};
    process_run(&run, 1);
    bool ok = process_succeeded(&run);
    struct str tag = image_name_split(reference).tag;
    if (ok && digest_file)
        *ret_digest = read_digest(tool, digest_file);
    else if (ok)
        *ret_digest =
            str_copy(tool->arena, container_tool_digest(tool->kind, tag, buf_str(&run.output)));
    else if (!process_interrupted())
        report_push_failure(tool, &run, reference);
    process_free(&run);
    if (ok && ret_digest->len == 0) {
        diag_error(tool->diags, NO_LOCATION, RULE_UNEXPECTED_OUTPUT,
                   "%s push did not report the digest of %.*s", tool->name, STR_ARG(reference));
        diag_hint(tool->diags, "look up the digest in the registry, and pass it to deploy with "
                               "--image-digest");
    }
    return ok && ret_digest->len;
}

/* podman can push an image under a name that it does not have locally. */
static bool push_renamed(const struct container_tool *tool, struct str image, struct str reference,
                         struct str *ret_digest)
{
    const char *file = str_format(tool->arena, "%s/digest", tool->directory).data;
    struct argv argv =
        tool_argv(tool, "push", str_format(tool->arena, "--digestfile=%s", file).data, NULL);
    if (is_local(host_of(reference)))
        argv_add(tool->arena, &argv, "--tls-verify=false");
    argv_add(tool->arena, &argv, "--");
    argv_add(tool->arena, &argv, str_to_c(tool->arena, image));
    argv_add(tool->arena, &argv,
             str_format(tool->arena, "docker://%s", str_to_c(tool->arena, reference)).data);
    return run_push(tool, argv, reference, file, ret_digest);
}

bool container_tool_push(const struct container_tool *tool, struct str image,
                         const struct local_image *local, struct str reference,
                         struct str *ret_digest)
{
    struct local_image existing;
    if (tool->kind == TOOL_PODMAN)
        return push_renamed(tool, image, reference, ret_digest);
    const char *name = str_to_c(tool->arena, reference);
    if (!container_tool_query(tool, reference, &existing))
        return false;
    bool has_name = str_equal(existing.id, local->id);
    bool ok =
        (has_name || set_name(tool, str_to_c(tool->arena, image), name)) &&
        run_push(tool, tool_argv(tool, "push", "--", name, NULL), reference, NULL, ret_digest);
    /* Removing the last name would delete the image. */
    if (existing.id.len == 0 && local->reference_count)
        set_name(tool, NULL, name);
    return ok;
}

struct process container_tool_list(const struct container_tool *tool)
{
    return (struct process){
        .arguments =
            tool_argv(tool, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", NULL).items};
}
