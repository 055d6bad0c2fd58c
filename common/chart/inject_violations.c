/* Reports settings of the chart that violate the Pod Security Standard of pod_security and that are
 * not changed: as kept in fill mode, else as warnings, with pod_security: restricted only. The
 * newest version of the standard decides. */
#include "chart/inject_target.h"

static bool is_one_of(struct str text, const char *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(text, items[i]))
            return true;
    return false;
}

/* `object` NULL: the container. */
static void report(const struct target *target, const struct object *object, const char *what,
                   struct str detail)
{
    struct injection *injection = target->injection;
    if (target->fill) {
        inject_log(target, object, CHANGE_KEPT, what, "%.*s", STR_ARG(detail));
        return;
    }
    struct str container = node_string(node_at(target->container, "name"));
    diag_warning(injection->diags, record_location(target->service->record, SERVICE_POD_SECURITY),
                 RULE_CHART_CONFLICT, "%.*s%s%.*s: %s violates Pod Security \"restricted\": %.*s",
                 STR_ARG(object_display_name(injection->arena, target->workload)),
                 object ? "" : ": container ", STR_ARG(object ? STR("") : container), what,
                 STR_ARG(detail));
    diag_hint(injection->diags, "change it in the chart's values, or set pod_security: default");
}

static void report_value(const struct target *target, const struct object *object, const char *what,
                         struct str value)
{
    report(target, object, what,
           str_format(target->injection->arena, "the chart sets %.*s", STR_ARG(value)));
}

static bool is_restricted(const struct target *target)
{
    return target->service->security == POD_SECURITY_RESTRICTED;
}

/* True if root in the container is not root on the node, so that the standard allows it. */
static bool has_user_namespace(const struct target *target)
{
    const struct node *host = node_at(target_pod(target), "hostUsers");
    return host && !node_is_true(host);
}

/* Settings of a securityContext. `parent`: a container, or the spec of the pod with `object`. */

/* A hostProcess container has full access to the node. It exists on Windows only. */
static void report_host_process(const struct target *target, const struct object *object,
                                const struct node *parent)
{
    if (node_is_true(node_at(parent, "securityContext windowsOptions hostProcess")))
        report_value(target, object, "securityContext.windowsOptions.hostProcess", STR("true"));
}

static void report_modules(const struct target *target, const struct object *object,
                           const struct node *parent)
{
    static const char *const types[] = {"container_t", "container_init_t", "container_kvm_t",
                                        "container_engine_t"};
    static const char *const profiles[] = {"RuntimeDefault", "Localhost"};
    const struct node *options = node_at(parent, "securityContext seLinuxOptions");
    struct str type = node_string(node_at(options, "type"));
    struct str user = node_string(node_at(options, "user"));
    struct str role = node_string(node_at(options, "role"));
    struct str profile = node_string(node_at(parent, "securityContext appArmorProfile type"));
    if (type.len && !is_one_of(type, types, COUNT_OF(types)))
        report_value(target, object, "securityContext.seLinuxOptions.type", type);
    if (user.len)
        report_value(target, object, "securityContext.seLinuxOptions.user", user);
    if (role.len)
        report_value(target, object, "securityContext.seLinuxOptions.role", role);
    if (profile.len && !is_one_of(profile, profiles, COUNT_OF(profiles)))
        report_value(target, object, "securityContext.appArmorProfile.type", profile);
}

/* Reports what a service in override mode replaces in its container. */
static void report_replaceable(const struct target *target, const struct object *object,
                               const struct node *parent)
{
    struct str seccomp = node_string(node_at(parent, "securityContext seccompProfile type"));
    const struct node *non_root = node_at(parent, "securityContext runAsNonRoot");
    const struct node *user = node_at(parent, "securityContext runAsUser");
    int64_t id;
    if (str_eq_c(seccomp, "Unconfined"))
        report_value(target, object, "securityContext.seccompProfile.type", seccomp);
    if (!is_restricted(target) || has_user_namespace(target))
        return;
    if (non_root && !node_is_true(non_root))
        report_value(target, object, "securityContext.runAsNonRoot", node_string(non_root));
    if (user && node_to_int(user, &id) && id == 0)
        report_value(target, object, "securityContext.runAsUser", node_string(user));
}

/* Containers */

/* True for a capability that the standard lets a container add: the first one with restricted, all
 * of them with baseline. */
static bool may_add(struct str capability, bool restricted)
{
    static const char *const allowed[] = {
        "NET_BIND_SERVICE", "AUDIT_WRITE", "CHOWN",     "DAC_OVERRIDE", "FOWNER",
        "FSETID",           "KILL",        "MKNOD",     "SETFCAP",      "SETGID",
        "SETPCAP",          "SETUID",      "SYS_CHROOT"};
    return is_one_of(capability, allowed, restricted ? 1 : COUNT_OF(allowed));
}

static void report_ports(const struct target *target)
{
    const struct node *ports = node_at(target->container, "ports");
    for (const struct node *port = node_first_child(ports); port; port = port->next) {
        struct str host = node_string(node_at(port, "hostPort"));
        if (host.len && !str_eq_c(host, "0"))
            report_value(target, NULL, "ports.hostPort", host);
    }
}

/* Probes and lifecycle handlers with a host connect from the node to any address. */
static void report_handler_hosts(const struct target *target)
{
    static const struct {
        const char *path;
        const char *what;
    } handlers[] = {{"livenessProbe", "livenessProbe"},
                    {"readinessProbe", "readinessProbe"},
                    {"startupProbe", "startupProbe"},
                    {"lifecycle postStart", "lifecycle.postStart"},
                    {"lifecycle preStop", "lifecycle.preStop"}};
    static const char *const kinds[] = {"httpGet", "tcpSocket"};
    struct arena *arena = target->injection->arena;
    for (size_t i = 0; i < COUNT_OF(handlers); i++)
        for (size_t j = 0; j < COUNT_OF(kinds); j++) {
            const struct node *handler = node_at(target->container, handlers[i].path);
            struct str host = node_string(node_at(node_at(handler, kinds[j]), "host"));
            if (host.len)
                report_value(target, NULL,
                             str_format(arena, "%s.%s.host", handlers[i].what, kinds[j]).data,
                             host);
        }
}

static bool drops_all(const struct node *container)
{
    const struct node *drop = node_at(container, "securityContext capabilities drop");
    for (const struct node *item = node_first_child(drop); item; item = item->next)
        if (str_eq_c(node_string(item), "ALL"))
            return true;
    return false;
}

/* Reports what no mode changes. */
static void report_unchanged(const struct target *target)
{
    const struct node *add = node_at(target->container, "securityContext capabilities add");
    struct str mount = node_string(node_at(target->container, "securityContext procMount"));
    for (const struct node *item = node_first_child(add); item; item = item->next)
        if (!may_add(node_string(item), is_restricted(target)))
            report_value(target, NULL, "securityContext.capabilities.add", node_string(item));
    if (mount.len && !str_eq_c(mount, "Default") && !has_user_namespace(target))
        report_value(target, NULL, "securityContext.procMount", mount);
    report_modules(target, NULL, target->container);
    report_ports(target);
    report_handler_hosts(target);
}

/* Reports what only a service in override mode changes, in its own container. */
static void report_kept(const struct target *target)
{
    const struct node *container = target->container;
    if (node_is_true(node_at(container, "securityContext allowPrivilegeEscalation")))
        report_value(target, NULL, "securityContext.allowPrivilegeEscalation", STR("true"));
    report_replaceable(target, NULL, container);
    if (is_restricted(target) && node_at(container, "securityContext capabilities drop") &&
        !drops_all(container))
        report(target, NULL, "securityContext.capabilities.drop",
               STR("the chart does not drop ALL"));
}

void violations_report(const struct target *target, bool refused)
{
    report_host_process(target, NULL, target->container);
    if (target->windows) {
        report_ports(target);
        report_handler_hosts(target);
        return;
    }
    report_unchanged(target);
    if (!refused)
        report_kept(target);
}

/* Returns what the standard requires and another container of the pod does not set; empty: all is
 * set. */
static struct str missing_settings(const struct target *target)
{
    const struct node *container = target->container;
    const struct node *pod = target_pod(target);
    const struct {
        bool is_set;
        const char *text;
    } settings[] = {{node_at(container, "securityContext allowPrivilegeEscalation") != NULL,
                     "allowPrivilegeEscalation: false"},
                    {node_at(container, "securityContext capabilities drop") != NULL,
                     "capabilities.drop: [ALL]"},
                    {has_user_namespace(target) ||
                         node_at(container, "securityContext runAsNonRoot") ||
                         node_at(pod, "securityContext runAsNonRoot"),
                     "runAsNonRoot: true"},
                    {node_at(container, "securityContext seccompProfile type") ||
                         node_at(pod, "securityContext seccompProfile type"),
                     "seccompProfile"}};
    struct buf text = {0};
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (!settings[i].is_set)
            buf_format(&text, "%s%s", text.len ? ", " : "", settings[i].text);
    return buf_take(target->injection->arena, &text);
}

/* Reports a container that the service does not change. */
static void report_other(const struct target *target)
{
    if (node_is_true(node_at(target->container, "securityContext privileged")))
        report_value(target, NULL, "securityContext.privileged", STR("true"));
    violations_report(target, false);
    struct str missing = missing_settings(target);
    if (missing.len && !target->fill && !target->injection->has_fill)
        report(
            target, NULL, "securityContext",
            str_format(target->injection->arena, "the chart does not set %.*s", STR_ARG(missing)));
}

static void report_others(const struct target *target)
{
    static const char *const lists[] = {"initContainers", "containers"};
    struct target other = *target;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct node *list = node_at(target_pod(target), lists[i]);
        for (struct node *each = node_first_child(list); each; each = each->next) {
            other.container = node_target(each);
            if (other.container != target->container && other.container->kind == NODE_MAP)
                report_other(&other);
        }
    }
}

/* Pods */

/* Returns the type of a volume that the standard forbids; empty if it allows the volume. */
static struct str forbidden_volume_type(const struct node *volume, bool restricted)
{
    static const char *const allowed[] = {
        "configMap", "csi",       "downwardAPI",           "emptyDir", "ephemeral", "image",
        "name",      "projected", "persistentVolumeClaim", "secret"};
    if (node_at(volume, "hostPath"))
        return STR("hostPath");
    for (const struct node *each = node_first_child(volume); restricted && each; each = each->next)
        if (each->key && !node_is_merge(each) &&
            !is_one_of(each->key->text, allowed, COUNT_OF(allowed)))
            return each->key->text;
    return (struct str){0};
}

static void report_volumes(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct node *volumes = node_at(target_pod(target), "volumes");
    for (const struct node *item = node_first_child(volumes); item; item = item->next) {
        struct str type = forbidden_volume_type(item, is_restricted(target));
        if (type.len)
            report_value(
                target, target->workload, str_format(arena, "volumes.%.*s", STR_ARG(type)).data,
                str_format(arena, "volume %.*s", STR_ARG(node_string(node_at(item, "name")))));
    }
}

static void report_sysctls(const struct target *target)
{
    static const char *const allowed[] = {"kernel.shm_rmid_forced",
                                          "net.ipv4.ip_local_port_range",
                                          "net.ipv4.tcp_syncookies",
                                          "net.ipv4.ping_group_range",
                                          "net.ipv4.tcp_keepalive_time",
                                          "net.ipv4.ip_unprivileged_port_start",
                                          "net.ipv4.tcp_fin_timeout",
                                          "net.ipv4.ip_local_reserved_ports",
                                          "net.ipv4.tcp_keepalive_intvl",
                                          "net.ipv4.tcp_keepalive_probes",
                                          "net.ipv4.tcp_rmem",
                                          "net.ipv4.tcp_wmem",
                                          "net.ipv4.tcp_notsent_lowat",
                                          "net.ipv4.tcp_slow_start_after_idle"};
    const struct node *list = node_at(target_pod(target), "securityContext sysctls");
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        struct str name = node_string(node_at(item, "name"));
        if (!is_one_of(name, allowed, COUNT_OF(allowed)))
            report_value(target, target->workload, "securityContext.sysctls", name);
    }
}

/* The form of AppArmor profiles before the field appArmorProfile. */
static void report_apparmor_annotations(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct node *annotations =
        node_at(object_template(target->workload), "metadata annotations");
    for (const struct node *each = node_first_child(annotations); each; each = each->next) {
        struct str value = node_string(each);
        if (!each->key || !str_starts_with(each->key->text,
                                           STR("container.apparmor.security.beta.kubernetes.io/")))
            continue;
        if (value.len && !str_eq_c(value, "runtime/default") &&
            !str_starts_with(value, STR("localhost/")))
            report_value(
                target, target->workload,
                str_format(arena, "template.annotations.%.*s", STR_ARG(each->key->text)).data,
                value);
    }
}

void violations_report_pod(const struct target *target)
{
    static const char *const flags[] = {"hostNetwork", "hostPID", "hostIPC"};
    if (!target_has(target, SERVICE_POD_SECURITY) ||
        target->service->security == POD_SECURITY_OFF || (!target->fill && !is_restricted(target)))
        return;
    if (!target->fill || !target->service->helm.all_containers)
        report_others(target);
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (node_is_true(node_at(target_pod(target), flags[i])))
            report_value(target, target->workload, flags[i], STR("true"));
    report_host_process(target, target->workload, target_pod(target));
    report_volumes(target);
    if (target->windows)
        return;
    report_modules(target, target->workload, target_pod(target));
    report_replaceable(target, target->workload, target_pod(target));
    report_sysctls(target);
    report_apparmor_annotations(target);
}
