/* Determines whether pods run on Windows, for which Kubernetes has several fields. */
#include "chart/inject_target.h"

/* Labels of nodes with the operating system. The second is deprecated, but nodes still have it. */
static const char *const os_labels[] = {"kubernetes.io/os", "beta.kubernetes.io/os"};

/* Only nodes that run Windows have this label. */
static const char build_label[] = "node.kubernetes.io/windows-build";

enum pod_os { OS_UNKNOWN, OS_WINDOWS, OS_OTHER };

static enum pod_os os_of(struct str name)
{
    if (name.len == 0)
        return OS_UNKNOWN;
    return str_eq_c(name, "windows") ? OS_WINDOWS : OS_OTHER;
}

static bool is_os_label(struct str key)
{
    for (size_t i = 0; i < COUNT_OF(os_labels); i++)
        if (str_eq_c(key, os_labels[i]))
            return true;
    return false;
}

static enum pod_os os_of_node_selector(const struct node *pod)
{
    const struct node *selector = node_at(pod, "nodeSelector");
    for (size_t i = 0; i < COUNT_OF(os_labels); i++) {
        enum pod_os os = os_of(node_string(node_at(selector, os_labels[i])));
        if (os != OS_UNKNOWN)
            return os;
    }
    return node_at(selector, build_label) ? OS_WINDOWS : OS_UNKNOWN;
}

/* Returns the system that a requirement of a node's labels implies. `NotIn` excludes the named
 * system, and there are only two. */
static enum pod_os os_of_requirement(const struct node *requirement)
{
    struct str key = node_string(node_at(requirement, "key"));
    struct str operator= node_string(node_at(requirement, "operator"));
    bool windows = false;
    bool other = false;
    for (const struct node *value = node_first_child(node_at(requirement, "values")); value;
         value = value->next) {
        windows |= os_of(node_string(value)) == OS_WINDOWS;
        other |= os_of(node_string(value)) == OS_OTHER;
    }
    if (str_eq_c(key, build_label))
        return str_eq_c(operator, "In") || str_eq_c(operator, "Exists") ? OS_WINDOWS : OS_UNKNOWN;
    if (!is_os_label(key) || windows == other)
        return OS_UNKNOWN;
    if (str_eq_c(operator, "In"))
        return windows ? OS_WINDOWS : OS_OTHER;
    return str_eq_c(operator, "NotIn") ? (windows ? OS_OTHER : OS_WINDOWS) : OS_UNKNOWN;
}

/* All requirements of a term must match, so any of them decides. */
static enum pod_os os_of_term(const struct node *term)
{
    const struct node *requirements = node_at(term, "matchExpressions");
    for (const struct node *each = node_first_child(requirements); each; each = each->next) {
        enum pod_os os = os_of_requirement(each);
        if (os != OS_UNKNOWN)
            return os;
    }
    return OS_UNKNOWN;
}

/* Any of the terms may match, so all of them must imply the same system. */
static enum pod_os os_of_affinity(const struct node *pod)
{
    const struct node *terms =
        node_at(pod, "affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution "
                     "nodeSelectorTerms");
    const struct node *first = node_first_child(terms);
    enum pod_os os = first ? os_of_term(first) : OS_UNKNOWN;
    for (const struct node *each = first; each; each = each->next)
        if (os_of_term(each) != os)
            return OS_UNKNOWN;
    return os;
}

static bool has_windows_options(const struct node *parent)
{
    return node_first_child(node_at(parent, "securityContext windowsOptions")) != NULL;
}

static enum pod_os os_of_options(const struct node *pod)
{
    static const char *const lists[] = {"initContainers", "containers"};
    bool found = has_windows_options(pod);
    for (size_t i = 0; i < COUNT_OF(lists) && !found; i++)
        for (const struct node *each = node_first_child(node_at(pod, lists[i])); each && !found;
             each = each->next)
            found = has_windows_options(each);
    return found ? OS_WINDOWS : OS_UNKNOWN;
}

const char *target_windows_field(const struct node *pod)
{
    /* By precedence: windowsOptions is last, because a kubelet on Linux ignores it. */
    const struct {
        const char *field;
        enum pod_os os;
    } fields[] = {{"os.name", os_of(node_string(node_at(pod, "os name")))},
                  {"nodeSelector", os_of_node_selector(pod)},
                  {"nodeAffinity", os_of_affinity(pod)},
                  {"windowsOptions", os_of_options(pod)}};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (fields[i].os != OS_UNKNOWN)
            return fields[i].os == OS_WINDOWS ? fields[i].field : NULL;
    return NULL;
}
