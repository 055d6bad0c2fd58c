#include "cluster/secrets.h"

#include "cluster/ownership.h"
#include "cluster/restart.h"
#include "cluster/secret_usage.h"
#include "format/base64.h"
#include "manifest/manifest.h"
#include "yaml/emit.h"

#include <string.h>

/* Prints the version, then a line "KEY VALUE" for each key. */
static const char read_template[] = "--output=go-template={{.metadata.resourceVersion}}{{\"\\n\"}}"
                                    "{{range $k, $v := .data}}{{$k}} {{$v}}{{\"\\n\"}}{{end}}";

bool secrets_read(struct cluster *cluster, const struct cluster_namespace *namespace,
                  struct arena *arena, struct secrets *ret)
{
    struct process run = {
        .arguments = kubectl_argv(&cluster->kubectl, "get", "secret", MANUAL_SECRETS, "--namespace",
                                  namespace->name.data, "--ignore-not-found", read_template, NULL)
                         .items,
        .secret = true,
    };
    kubectl_run(&cluster->kubectl, &run, 1);
    *ret = (struct secrets){0};
    bool ok = process_succeeded(&run);
    if (!ok)
        kubectl_report(&cluster->kubectl, &run);
    struct str text = ok ? str_copy(arena, buf_str(&run.output)) : (struct str){0};
    process_free(&run);
    struct str line;
    size_t at = 0;
    if (str_next_line(text, &at, &line))
        ret->version = line;
    while (str_next_line(text, &at, &line)) {
        size_t space = str_find(line, 0, ' ');
        ret->items = arena_grow(arena, ret->items, ret->count, sizeof *ret->items);
        ret->items[ret->count++] =
            (struct secret){str_slice(line, 0, space), str_skip(line, space + 1)};
    }
    secrets_index(arena, ret);
    return ok;
}

void secrets_index(struct arena *arena, struct secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        map_add(arena, &secrets->names, secrets->items[i].name, &secrets->items[i]);
}

const struct secret *secrets_find(const struct secrets *secrets, struct str name)
{
    if (secrets->names.count)
        return map_get(&secrets->names, name);
    for (size_t i = 0; i < secrets->count; i++)
        if (str_equal(secrets->items[i].name, name))
            return &secrets->items[i];
    return NULL;
}

bool secret_decode(struct cluster *cluster, struct arena *arena, const struct secret *secret,
                   struct str *ret)
{
    if (base64_decode(arena, secret->encoded, ret))
        return true;
    diag_error(&cluster->diags, NO_LOCATION, RULE_UNEXPECTED_OUTPUT,
               "kubectl returned invalid base64 for \"%.*s\"", STR_ARG(secret->name));
    return false;
}

static char *append(char *to, struct str text)
{
    memcpy(to, text.data, text.len);
    return to + text.len;
}

/* Returns {"metadata":{"resourceVersion":"1"},"data":{"NAME":"VALUE","DELETED":null}}. Names and
 * base64 need no escapes. Allocated as a single block, because it contains values. */
static struct str patch_text(struct arena *arena, const struct secrets *changes, struct str version)
{
    size_t size = 100 + version.len;
    for (size_t i = 0; i < changes->count; i++)
        size += changes->items[i].name.len + changes->items[i].encoded.len + 10;
    char *text = arena_alloc(arena, size);
    char *to = append(text, STR("{"));
    if (version.len) {
        to = append(to, STR("\"metadata\":{\"resourceVersion\":\""));
        to = append(to, version);
        to = append(to, STR("\"},"));
    }
    to = append(to, STR("\"data\":{"));
    for (size_t i = 0; i < changes->count; i++) {
        const struct secret *secret = &changes->items[i];
        to = append(to, i ? STR(",\"") : STR("\""));
        to = append(to, secret->name);
        if (!secret->encoded.data) {
            to = append(to, STR("\":null"));
            continue;
        }
        to = append(to, STR("\":\""));
        if (secret->encoded.len)
            to = append(to, secret->encoded);
        to = append(to, STR("\""));
    }
    to = append(to, STR("}}"));
    return (struct str){text, (size_t)(to - text)};
}

static struct process patch_run(struct cluster *cluster, const struct cluster_namespace *namespace,
                                struct str patch)
{
    return (struct process){
        .arguments = kubectl_argv(&cluster->kubectl, "patch", "secret", MANUAL_SECRETS,
                                  "--namespace", namespace->name.data, "--type=merge",
                                  "--patch-file=/dev/stdin", "--field-manager=" MANAGER,
                                  "--output=jsonpath={.metadata.resourceVersion}", NULL)
                         .items,
        .input = patch,
    };
}

/* True if stderr contains the beginning of a value. Messages of the server contain only names; this
 * is a safeguard in case kubectl prints its request. */
static bool shows_value(const struct process *run, const struct secrets *changes)
{
    struct str text = buf_str(&run->errors);
    enum { SHOWN = 8 };
    for (size_t i = 0; i < changes->count; i++) {
        struct str encoded = str_slice(changes->items[i].encoded, 0, SHOWN);
        if (encoded.len == SHOWN && str_contains(text, encoded))
            return true;
    }
    return false;
}

static void report_patch_failure(struct cluster *cluster, const struct cluster_namespace *namespace,
                                 const struct process *run, const struct secrets *changes)
{
    struct diags *diags = &cluster->diags;
    if (process_interrupted())
        return;
    if (kubectl_stderr_contains(run, "may not be more than 1048576 bytes") ||
        kubectl_stderr_contains(run, "Too long")) {
        diag_error(diags, NO_LOCATION, RULE_LIMIT_EXCEEDED,
                   "Secret \"" MANUAL_SECRETS
                   "\" in namespace \"%.*s\" exceeds 1 MiB (the sum of all its values)",
                   STR_ARG(namespace->name));
        diag_hint(diags, "nothing was changed; store large files in a volume or a bucket");
    } else if (shows_value(run, changes)) {
        diag_error(diags, NO_LOCATION, RULE_KUBECTL_FAILED,
                   "kubectl patch failed with exit status %d", run->status);
        diag_hint(diags, "its message is not shown because it contains a secret value");
    } else {
        kubectl_report(&cluster->kubectl, run);
    }
}

static struct node *secret_object(struct cluster *cluster,
                                  const struct cluster_namespace *namespace)
{
    struct arena *arena = &cluster->arena;
    struct node *object = node_new(arena, NODE_MAP);
    node_set_string(arena, object, "apiVersion", STR("v1"));
    node_set_string(arena, object, "kind", STR("Secret"));
    struct node *metadata = node_set_map(arena, object, "metadata");
    node_set_string(arena, metadata, "name", STR(MANUAL_SECRETS));
    node_set_string(arena, metadata, "namespace", namespace->name);
    manifest_layer_labels(arena, node_set_map(arena, metadata, "labels"), namespace->layer);
    node_set_string(arena, object, "type", STR("Opaque"));
    return object;
}

/* Creates an empty Secret. Succeeds if another process has just created it. */
static bool create_secret(struct cluster *cluster, const struct cluster_namespace *namespace,
                          bool report_namespace, bool *ret_no_namespace)
{
    struct node *object = secret_object(cluster, namespace);
    struct process run = {
        .arguments = kubectl_argv(&cluster->kubectl, "create", "--filename=-",
                                  "--field-manager=" MANAGER, "--output=name", NULL)
                         .items,
        .input = kubectl_documents(&cluster->kubectl, &object, 1),
    };
    kubectl_run(&cluster->kubectl, &run, 1);
    bool ok = process_succeeded(&run) || kubectl_stderr_contains(&run, "(AlreadyExists)");
    *ret_no_namespace = !ok && kubectl_is_missing_namespace(&run);
    if (!ok && (report_namespace || !*ret_no_namespace))
        kubectl_report(&cluster->kubectl, &run);
    process_free(&run);
    return ok;
}

static bool create_namespace(struct cluster *cluster, const struct cluster_namespace *namespace)
{
    struct manifests manifests = {.arena = &cluster->arena};
    manifest_namespace(&manifests, namespace->layer);
    struct str documents = kubectl_documents(&cluster->kubectl, manifests.items, manifests.count);
    return kubectl_run_one(&cluster->kubectl,
                           kubectl_apply(&cluster->kubectl, MANAGER, documents, 0));
}

/* Creates the Secret, and its namespace if it does not exist. */
static bool create_missing(struct cluster *cluster, const struct cluster_namespace *namespace)
{
    bool no_namespace;
    bool given = cluster->options->input.namespace != NULL; /* the namespace of -n must exist */
    if (create_secret(cluster, namespace, given, &no_namespace))
        return true;
    return no_namespace && !given && create_namespace(cluster, namespace) &&
           create_secret(cluster, namespace, true, &no_namespace);
}

/* Reports an error and returns false if there is no new version: then the server, or a proxy, has
 * changed nothing. */
static bool is_confirmed(struct cluster *cluster, const struct process *run, struct str version)
{
    struct str now = buf_str(&run->output);
    if (now.len && !str_equal(now, version))
        return true;
    if (!process_interrupted())
        diag_error(&cluster->diags, NO_LOCATION, RULE_UNEXPECTED_OUTPUT,
                   "Secret \"" MANUAL_SECRETS
                   "\" was not changed: the server returned no new resourceVersion");
    return false;
}

enum secrets_patched secrets_patch(struct cluster *cluster,
                                   const struct cluster_namespace *namespace, struct arena *arena,
                                   const struct secrets *changes, struct str version, bool only_it)
{
    struct str patch = patch_text(arena, changes, only_it ? version : (struct str){0});
    struct process run = patch_run(cluster, namespace, patch);
    kubectl_run(&cluster->kubectl, &run, 1);
    if (!process_succeeded(&run) && kubectl_stderr_contains(&run, "(NotFound)")) {
        process_free(&run);
        if (!create_missing(cluster, namespace))
            return SECRETS_FAILED;
        run = patch_run(cluster, namespace, patch);
        kubectl_run(&cluster->kubectl, &run, 1);
    }
    enum secrets_patched patched =
        process_succeeded(&run)                                                 ? SECRETS_CHANGED
        : only_it && version.len && kubectl_stderr_contains(&run, "(Conflict)") ? SECRETS_OVERTAKEN
                                                                                : SECRETS_FAILED;
    if (patched == SECRETS_FAILED)
        report_patch_failure(cluster, namespace, &run, changes);
    else if (patched == SECRETS_CHANGED && !is_confirmed(cluster, &run, version))
        patched = SECRETS_FAILED;
    process_free(&run);
    return patched;
}

static bool container_uses_any(const struct container *container, const struct secrets *changes)
{
    for (size_t i = 0; i < container->variable_count; i++)
        if (str_eq_c(container->variables[i].secret, MANUAL_SECRETS) &&
            secrets_find(changes, container->variables[i].key))
            return true;
    return false;
}

/* True if a variable of the pods has one of the keys. With `secrets: all` that is true unless
 * variables hide all of them. */
static bool uses_any(const struct service *service, const struct secrets *changes)
{
    bool all = str_eq_c(service->all_secrets, MANUAL_SECRETS);
    size_t hidden = 0;
    for (size_t i = 0; i < service->container_count; i++)
        if (container_uses_any(&service->containers[i], changes))
            return true;
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        if (str_eq_c(variable->secret, MANUAL_SECRETS) && secrets_find(changes, variable->key))
            return true;
        if (all && secrets_find(changes, variable->name))
            hidden++;
    }
    return all && hidden < changes->count;
}

/* True if the deployed pods use any of the keys. They do not if the service file was not applied
 * since it lists them. */
static bool workload_uses_any(struct arena *arena, const struct node *workload,
                              const struct secrets *changes)
{
    struct secret_usage usage = {0};
    const struct node *template = node_at(workload, "spec template spec");
    if (template)
        secret_usage_add_references(arena, &usage, template);
    for (size_t i = 0; i < changes->count; i++)
        if (secret_usage_has(&usage, changes->items[i].name))
            return true;
    return false;
}

static void restart_service(struct cluster *cluster, const struct deployed_service *deployed,
                            const struct secrets *changes)
{
    const struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
    const struct node *unclaimed = deployed_service_live_workload(deployed, LABELS_UNCLAIMED);
    if (!live && unclaimed)
        cluster_print(
            cluster, "%.*s: not restarted: %.*s has no environment label; run apply to claim it",
            STR_ARG(deployed->service->name), STR_ARG(object_title(&cluster->arena, unclaimed)));
    if (live && !workload_uses_any(&cluster->arena, live, changes)) {
        cluster_print(cluster,
                      "%.*s: not restarted: its pods do not use the secret until the next apply",
                      STR_ARG(deployed->service->name));
        return;
    }
    if (!live || !restart_workload(&cluster->kubectl, live))
        return;
    struct str managers = {0};
    if (!object_applied_by(live, MANAGER))
        managers = object_managers(&cluster->arena, live);
    cluster_print(cluster, "%.*s: restarting its pods%s%.*s", STR_ARG(deployed->service->name),
                  managers.len ? "; they are managed by " : "", STR_ARG(managers));
}

void secrets_restart(struct cluster *cluster, const struct secrets *changes)
{
    bool any = false;
    for (size_t i = 0; i < cluster->service_count; i++)
        any |= uses_any(cluster->services[i].service, changes);
    if (!any || !cluster_query(cluster, LIST_WORKLOADS, 0))
        return;
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++)
        if (uses_any(cluster->services[i].service, changes))
            restart_service(cluster, &cluster->services[i], changes);
}
