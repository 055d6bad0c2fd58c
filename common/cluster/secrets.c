#include "cluster/secrets.h"

#include "cluster/ownership.h"
#include "manifest/manifest.h"
#include "yaml/emit.h"

#include <string.h>

/* Values and their names, a line each, behind the version. */
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
    bool right = process_succeeded(&run);
    if (!right)
        kubectl_report(&cluster->kubectl, &run);
    struct str text = right ? str_copy(arena, buf_str(&run.output)) : (struct str){0};
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
    return right;
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

static char *add(char *to, struct str text)
{
    memcpy(to, text.data, text.len);
    return to + text.len;
}

/* {"metadata":{"resourceVersion":"1"},"data":{"NAME":"VALUE","GONE":null}}; names and base64 need
 * no escapes. Built in one piece of the arena, for it holds values. */
static struct str patch_text(struct arena *arena, const struct secrets *changes, struct str version)
{
    size_t size = 100 + version.len;
    for (size_t i = 0; i < changes->count; i++)
        size += changes->items[i].name.len + changes->items[i].encoded.len + 10;
    char *text = arena_alloc(arena, size);
    char *to = add(text, STR("{"));
    if (version.len) {
        to = add(to, STR("\"metadata\":{\"resourceVersion\":\""));
        to = add(to, version);
        to = add(to, STR("\"},"));
    }
    to = add(to, STR("\"data\":{"));
    for (size_t i = 0; i < changes->count; i++) {
        const struct secret *secret = &changes->items[i];
        to = add(to, i ? STR(",\"") : STR("\""));
        to = add(to, secret->name);
        if (!secret->encoded.data) {
            to = add(to, STR("\":null"));
            continue;
        }
        to = add(to, STR("\":\""));
        if (secret->encoded.len)
            to = add(to, secret->encoded);
        to = add(to, STR("\""));
    }
    to = add(to, STR("}}"));
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

/* A message of the server holds names alone; should a kubectl ever print what it sends, it is kept
 * back. */
static bool shows_value(const struct process *run, const struct secrets *changes)
{
    struct str text = buf_str(&run->errors);
    enum { SHOWN = 8 };
    for (size_t i = 0; i < changes->count; i++) {
        struct str encoded = str_slice(changes->items[i].encoded, 0, SHOWN);
        for (size_t at = 0; encoded.len == SHOWN && at + SHOWN <= text.len; at++)
            if (memcmp(text.data + at, encoded.data, SHOWN) == 0)
                return true;
    }
    return false;
}

static void report(struct cluster *cluster, const struct cluster_namespace *namespace,
                   const struct process *run, const struct secrets *changes)
{
    struct diags *diags = &cluster->diags;
    if (process_interrupted())
        return;
    if (kubectl_stderr_contains(run, "may not be more than 1048576 bytes") ||
        kubectl_stderr_contains(run, "Too long")) {
        diag_error(diags, NO_LOCATION,
                   "the Secret \"" MANUAL_SECRETS
                   "\" of namespace \"%.*s\" is full: all its values "
                   "together may have 1 MiB",
                   STR_ARG(namespace->name));
        diag_hint(diags, "nothing was changed; a large file belongs into a volume or a bucket");
    } else if (shows_value(run, changes)) {
        diag_error(diags, NO_LOCATION, "kubectl patch failed with exit status %d", run->status);
        diag_hint(diags, "its message is not shown, for it holds a value");
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

/* Makes it empty; that another has just made it is as good. */
static bool make_secret(struct cluster *cluster, const struct cluster_namespace *namespace,
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
    bool right = process_succeeded(&run) || kubectl_stderr_contains(&run, "(AlreadyExists)");
    *ret_no_namespace = !right && kubectl_is_missing_namespace(&run);
    if (!right && (report_namespace || !*ret_no_namespace))
        kubectl_report(&cluster->kubectl, &run);
    process_free(&run);
    return right;
}

static bool make_namespace(struct cluster *cluster, const struct cluster_namespace *namespace)
{
    struct manifests manifests = {.arena = &cluster->arena};
    manifest_namespace(&manifests, namespace->layer);
    struct str documents = kubectl_documents(&cluster->kubectl, manifests.items, manifests.count);
    return kubectl_run_one(&cluster->kubectl,
                           kubectl_apply(&cluster->kubectl, MANAGER, documents, 0));
}

/* Secret and namespace, as far as they are not there. */
static bool make(struct cluster *cluster, const struct cluster_namespace *namespace)
{
    bool no_namespace;
    bool given = cluster->options->input.namespace != NULL; /* -n names one that is there */
    if (make_secret(cluster, namespace, given, &no_namespace))
        return true;
    return no_namespace && !given && make_namespace(cluster, namespace) &&
           make_secret(cluster, namespace, true, &no_namespace);
}

/* A change has a new version. Without one the server, or something before it, has changed nothing.
 */
static bool is_confirmed(struct cluster *cluster, const struct process *run, struct str version)
{
    struct str now = buf_str(&run->output);
    if (now.len && !str_equal(now, version))
        return true;
    if (!process_interrupted())
        diag_error(&cluster->diags, NO_LOCATION,
                   "the Secret \"" MANUAL_SECRETS
                   "\" was not changed: the server has no new version of it");
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
        if (!make(cluster, namespace))
            return SECRETS_FAILED;
        run = patch_run(cluster, namespace, patch);
        kubectl_run(&cluster->kubectl, &run, 1);
    }
    enum secrets_patched patched =
        process_succeeded(&run)                                                 ? SECRETS_CHANGED
        : only_it && version.len && kubectl_stderr_contains(&run, "(Conflict)") ? SECRETS_OVERTAKEN
                                                                                : SECRETS_FAILED;
    if (patched == SECRETS_FAILED)
        report(cluster, namespace, &run, changes);
    else if (patched == SECRETS_CHANGED && !is_confirmed(cluster, &run, version))
        patched = SECRETS_FAILED;
    process_free(&run);
    return patched;
}

/* True when a variable of the pods has one of the keys. With secrets: all that is so unless
 * variables hide every one of them. */
static bool uses_any(const struct service *service, const struct secrets *changes)
{
    bool all = str_eq_c(service->all_secrets, MANUAL_SECRETS);
    size_t hidden = 0;
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        if (str_eq_c(variable->secret, MANUAL_SECRETS) && secrets_find(changes, variable->key))
            return true;
        if (all && secrets_find(changes, variable->name))
            hidden++;
    }
    return all && hidden < changes->count;
}

/* kubectl refuses a second restart within a second, but pods of the first may have the old value:
 * it is requested again then. False if it fails, which is reported. */
static bool request_restart(struct cluster *cluster, const struct deployed_service *deployed,
                            const struct node *live)
{
    enum { TRIES = 3, PAUSE = 1000 };
    const char *const *arguments = kubectl_argv(&cluster->kubectl, "rollout", "restart",
                                                object_title(&cluster->arena, live).data,
                                                "--namespace", deployed->namespace->name.data, NULL)
                                       .items;
    for (int i = 1;; i++) {
        struct process run = {.arguments = arguments};
        kubectl_run(&cluster->kubectl, &run, 1);
        bool ok = process_succeeded(&run);
        bool again = !ok && i < TRIES && kubectl_stderr_contains(&run, "within the past second");
        if (!ok && !again)
            kubectl_report(&cluster->kubectl, &run);
        process_free(&run);
        if (!again || process_interrupted())
            return ok;
        process_sleep(PAUSE);
    }
}

static void restart_unit(struct cluster *cluster, const struct deployed_service *deployed)
{
    const struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
    const struct node *unclaimed = deployed_service_live_workload(deployed, LABELS_UNCLAIMED);
    if (!live && unclaimed)
        cluster_print(
            cluster, "%.*s: not restarted: %.*s has no environment label; apply claims it",
            STR_ARG(deployed->service->name), STR_ARG(object_title(&cluster->arena, unclaimed)));
    if (!live || !request_restart(cluster, deployed, live))
        return;
    struct str managers = {0};
    if (!object_applied_by(live, MANAGER))
        managers = object_managers(&cluster->arena, live);
    cluster_print(cluster, "%.*s: its pods restart%s%.*s", STR_ARG(deployed->service->name),
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
            restart_unit(cluster, &cluster->services[i]);
}
