#include "chart/pod_resources.h"

#include "format/quantity.h"

const struct node *resource_at(const struct node *parent, const char *list, const char *resource)
{
    return node_at(node_at(node_at(parent, "resources"), list), resource);
}

struct pod_resources pod_resources_of(const struct node *pod, const char *resource)
{
    return (struct pod_resources){.request = resource_at(pod, "requests", resource),
                                  .limit = resource_at(pod, "limits", resource)};
}

bool pod_resources_has(const struct node *pod, const char *resource)
{
    struct pod_resources own = pod_resources_of(pod, resource);
    return own.request || own.limit;
}

const struct node *container_request(const struct node *container, const char *resource)
{
    const struct node *request = resource_at(container, "requests", resource);
    return request ? request : resource_at(container, "limits", resource);
}

static int64_t add(int64_t a, int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t requested(const struct node *container, const char *resource)
{
    int64_t thousandths;
    struct str text = node_string(container_request(container, resource));
    return quantity_parse(text, &thousandths) ? thousandths : 0;
}

int64_t pod_requested(const struct node *pod, const char *resource)
{
    const struct node *containers = node_at(pod, "containers");
    const struct node *init = node_at(pod, "initContainers");
    int64_t running = 0;
    int64_t sidecars = 0; /* of the sidecars before the current init container */
    int64_t starting = 0; /* the maximum while init containers run */
    for (const struct node *each = node_first_child(containers); each; each = each->next)
        running = add(running, requested(each, resource));
    for (const struct node *each = node_first_child(init); each; each = each->next) {
        int64_t number = requested(each, resource);
        int64_t together = add(sidecars, number);
        if (str_eq_c(node_string(node_at(each, "restartPolicy")), "Always")) {
            running = add(running, number);
            sidecars = together;
        }
        if (together > starting)
            starting = together;
    }
    return running > starting ? running : starting;
}
