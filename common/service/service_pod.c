/* Pod settings besides the container. */
#include "service/service_reader.h"

#include <inttypes.h>

/* True for labels that are set on all objects or used in selectors. */
static bool is_reserved_label(struct str key)
{
    static const char *const reserved[] = {
        "app.kubernetes.io/name",       "app.kubernetes.io/instance", "app.kubernetes.io/part-of",
        "app.kubernetes.io/managed-by", "opta.dev/layer-name",        "opta.dev/environment-name",
        "opta.dev/module-name",         "pod-template-hash",          "controller-revision-hash"};
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (str_eq_c(key, reserved[i]))
            return true;
    return false;
}

/* True for annotations that ingress-nginx or the NGINX Ingress Controller writes into the
 * configuration of nginx. */
static bool is_nginx_key(struct str key)
{
    return str_starts_with(key, STR("nginx.ingress.kubernetes.io/")) ||
           str_starts_with(key, STR("nginx.org/")) || str_starts_with(key, STR("nginx.com/"));
}

static void check_nginx(const struct service_reader *in, const struct item *item)
{
    if (str_ends_with(item->name, STR("-snippet")) || str_ends_with(item->name, STR("-snippets"))) {
        diag_error(in->reader.diags, item->name_node->span, RULE_NGINX_SNIPPET,
                   "\"%.*s\" is not allowed: it contains raw nginx configuration",
                   STR_ARG(item->name));
        diag_hint(in->reader.diags, "set it in the controller's configuration, or in a separate "
                                    "Ingress");
        return;
    }
    const char *error = name_check_nginx_value(item->text);
    if (error)
        diag_error(in->reader.diags, item->node->span, RULE_INVALID_LABEL, "\"%.*s\" %s",
                   STR_ARG(item->name), error);
}

static const struct value *read_metadata(const struct service_reader *in, enum field_id field)
{
    const struct value *map = service_value(in, field);
    for (size_t i = 0; i < map->count; i++) {
        const struct item *item = &map->items[i];
        bool label = field == SERVICE_POD_LABELS;
        const char *error = name_check_label_key(item->name);
        bool azure = str_eq_c(item->name, "azure.workload.identity/use") &&
                     record_has(in->record, SERVICE_AZURE_CLIENT_ID);
        if (!error && label && !layer_is_for_chart(in->layer) &&
            (is_reserved_label(item->name) || azure))
            error = "is reserved: it is set on all pods";
        if (error)
            diag_error(in->reader.diags, item->name_node->span, RULE_INVALID_LABEL,
                       "key \"%.*s\" %s", STR_ARG(item->name), error);
        if (!error && field == SERVICE_INGRESS_ANNOTATIONS && is_nginx_key(item->name))
            check_nginx(in, item);
        error = label ? name_check_label_value(item->text) : NULL;
        if (error)
            diag_error(in->reader.diags, item->node->span, RULE_INVALID_LABEL, "label value %s",
                       error);
    }
    return map;
}

/* Sets the timeout of a rollout, which must be longer than a pod may take to start. */
static void read_timeout(const struct service_reader *in)
{
    enum { SLACK = 60 }; /* seconds for scheduling and pulling the image */
    struct service *service = in->service;
    int64_t start = service->startup.kind == PROBE_NONE
                        ? service->readiness.delay
                        : service->startup.failures * service->startup.period;
    service->timeout = service_value(in, SERVICE_TIMEOUT)->number;
    if (service->timeout > start || layer_is_for_chart(in->layer))
        return;
    if (!record_has(in->record, SERVICE_TIMEOUT)) {
        service->timeout = start + SLACK;
        return;
    }
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_TIMEOUT), RULE_SHORT_TIMEOUT,
                 "a pod may take %" PRId64 " seconds to start, but timeout is only %" PRId64, start,
                 service->timeout);
    diag_hint(in->reader.diags, "set timeout above %" PRId64 ", or remove it", start);
}

/* The standard `restricted` requires a user other than root, but not which, and not a read-only
 * root file system. */
static void read_security(const struct service_reader *in)
{
    enum { RESTRICTED_USER = 10001 }; /* above 10000, to avoid users of the node */
    struct service *service = in->service;
    struct str security = service_value(in, SERVICE_POD_SECURITY)->text;
    const struct value *read_only = service_value(in, SERVICE_READ_ONLY_ROOT);
    const struct value *user = service_value(in, SERVICE_RUN_AS_USER);
    bool restricted = str_eq_c(security, "restricted");
    service->security = restricted                  ? POD_SECURITY_RESTRICTED
                        : str_eq_c(security, "off") ? POD_SECURITY_OFF
                                                    : POD_SECURITY_DEFAULT;
    service->read_only_root = read_only->node ? read_only->boolean : restricted;
    service->run_as_user = user->is_keyword ? -1
                           : user->node     ? user->number
                           : restricted     ? RESTRICTED_USER
                                            : -1;
    if (restricted && record_has(in->record, SERVICE_RUN_AS_USER) && service->run_as_user == 0) {
        service_error(in, SERVICE_RUN_AS_USER, RULE_CONFLICTING_FIELDS,
                      "run_as_user: 0 cannot be used with pod_security: restricted, which forbids "
                      "root");
        diag_hint(in->reader.diags, "set another user, or pod_security: default");
    }
}

static bool has_private_file(const struct service *service)
{
    for (size_t i = 0; i < service->file_count; i++)
        if (service_is_private_file(&service->files[i]))
            return true;
    return false;
}

static bool has_persistent_volume(const struct service *service)
{
    for (size_t i = 0; i < service->volume_count; i++)
        if (service->volumes[i].kind == VOLUME_OF_CLAIM)
            return true;
    return service->disk_count > 0;
}

/* Volumes belong to root unless they get a group. */
static void warn_volumes(const struct service_reader *in)
{
    const struct service *service = in->service;
    bool persistent = has_persistent_volume(service);
    bool private = has_private_file(service);
    if (!(persistent || private) || service->security != POD_SECURITY_RESTRICTED ||
        !service_value(in, SERVICE_RUN_AS_USER)->is_keyword)
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_RUN_AS_USER),
                 RULE_VOLUME_PERMISSIONS, "the user of the image may be unable to %s",
                 persistent ? "write to persistent volumes, which get no group"
                            : "read files whose mode excludes other users, which get no group");
    diag_hint(in->reader.diags, "write the number of that user, for example: run_as_user: 1000");
}

/* True if the pods certainly do not run as root. A chart may set another user than the default. */
static bool is_never_root(const struct service_reader *in)
{
    const struct service *service = in->service;
    if (layer_is_for_chart(in->layer) && !record_has(in->record, SERVICE_RUN_AS_USER))
        return false;
    return service->run_as_user > 0 ||
           (service->run_as_user < 0 && service->security == POD_SECURITY_RESTRICTED);
}

/* Files belong to root, and their group is that of the user if the pod has one (see
 * manifest_needs_group), so the mode must let the group or others execute a script. Kubernetes adds
 * only permissions to read. */
static void warn_scripts(const struct service_reader *in)
{
    enum { EXECUTED_BY_OWNER = 0100, EXECUTED_BY_GROUP = 0010, EXECUTED_BY_OTHERS = 0001 };
    const struct service *service = in->service;
    const struct value *written = service_value(in, SERVICE_FILES);
    bool group =
        service->run_as_user > 0 && (has_persistent_volume(service) || has_private_file(service));
    int64_t sufficient = group ? EXECUTED_BY_GROUP : EXECUTED_BY_OTHERS;
    for (size_t i = 0; is_never_root(in) && i < service->file_count; i++) {
        int64_t mode = service->files[i].mode;
        if (!(mode & EXECUTED_BY_OWNER) || (mode & sufficient))
            continue;
        diag_warning(in->reader.diags, record_location(written->records[i], MOUNTED_FILE_MODE),
                     RULE_VOLUME_PERMISSIONS,
                     "the user of the pods cannot execute this file, which belongs to root");
        diag_hint(in->reader.diags, "write %s",
                  service->run_as_user > 0 ? "\"0550\" or \"0555\"" : "\"0555\"");
    }
}

/* A StatefulSet has no such strategy: it stops each pod before it starts the new one. */
static void read_update_strategy(const struct service_reader *in)
{
    struct service *service = in->service;
    service->recreates = str_eq_c(service_value(in, SERVICE_UPDATE_STRATEGY)->text, "recreate");
    if (!service->recreates || service->disk_count == 0)
        return;
    service_error(in, SERVICE_UPDATE_STRATEGY, RULE_CONFLICTING_FIELDS,
                  "update_strategy: recreate cannot be used with persistent_storage");
    diag_hint(in->reader.diags, "remove it: an update stops each pod before its new one starts");
}

void service_read_pods(const struct service_reader *in)
{
    enum { DRAIN_MAX = 10 }; /* seconds until load balancers have removed a terminating pod */
    struct service *service = in->service;
    read_security(in);
    service->mounts_token = service_value(in, SERVICE_TOKEN)->boolean;
    read_timeout(in);
    service->grace_period = service_value(in, SERVICE_GRACE_PERIOD)->number;
    if (service->port_count) {
        int64_t half = service->grace_period / 2;
        service->drain = half < DRAIN_MAX ? half : DRAIN_MAX;
    }
    service->commands = service_value(in, SERVICE_COMMANDS);
    service->args = service_value(in, SERVICE_ARGS);
    service->pod_annotations = read_metadata(in, SERVICE_POD_ANNOTATIONS);
    service->pod_labels = read_metadata(in, SERVICE_POD_LABELS);
    service->ingress_annotations = read_metadata(in, SERVICE_INGRESS_ANNOTATIONS);
    service->service_annotations = read_metadata(in, SERVICE_SERVICE_ANNOTATIONS);
    service_read_disks(in);
    read_update_strategy(in);
    service_read_volumes(in);
    service_read_files(in);
    service_read_containers(in);
    warn_volumes(in);
    warn_scripts(in);
    service_read_cron_jobs(in);
    service_check_volume_sizes(in);
    service_read_pre_deploy(in);
    service_read_placement(in);
}
