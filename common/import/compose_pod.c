/* The image, and the settings of a container that are neither ports, volumes nor limits. */
#include "format/image_ref.h"
#include "format/name.h"
#include "import/compose_reader.h"

#include <inttypes.h>

enum {
    GRACE_MIN = 2,
    GRACE_MAX = 86400,
    COMMENT_MAX = 75 /* characters of a comment in the line of the image */
};

static struct str text_of(const struct compose_service *service, const struct node *map,
                          const char *key)
{
    const struct node *value = compose_get(map, key);
    return value ? compose_string(service, value, COMPOSE_FIXED) : STR("");
}

/* Adds a flag of docker build with the value of a key. */
static void add_flag(const struct compose_service *service, struct buf *command, const char *flag,
                     const char *key)
{
    struct str value = text_of(service, compose_get(service->node, "build"), key);
    if (value.len)
        buf_format(command, " %s %.*s", flag, STR_ARG(str_shell(service->arena, value)));
}

/* Notes the keys of a build that the comment does not contain. */
static void note_build_keys(const struct compose_service *service, const struct node *build)
{
    static const char *const known[] = {"context", "dockerfile", "target"};
    for (const struct node *value = node_first_child(build); value; value = value->next) {
        bool is_known = build->kind != NODE_MAP || str_starts_with(value->key->text, STR("x-"));
        for (size_t i = 0; !is_known && i < COUNT_OF(known); i++)
            is_known = str_eq_c(value->key->text, known[i]);
        if (!is_known)
            compose_lost(service, value->key->span,
                         "build.%.*s is not carried over: pass it to docker build, or build the "
                         "image with docker compose build",
                         STR_ARG(value->key->text));
    }
}

/* Sets image: AUTO, with a comment that shows how to build and push the image. */
static void set_built(struct compose_service *service, const struct node *build)
{
    struct import *import = service->import;
    struct str context =
        build->kind == NODE_MAP ? text_of(service, build, "context") : node_string(build);
    if (build->kind == NODE_LIST) {
        compose_report_kind(service->compose, build, "build", "a string or map");
        return;
    }
    if (build->kind == NODE_SCALAR)
        context = compose_string(service, build, COMPOSE_FIXED);
    struct buf command = {0};
    buf_format(&command, "docker build -t %.*s", STR_ARG(service->name));
    if (build->kind == NODE_MAP) {
        struct str file = text_of(service, build, "dockerfile");
        if (file.len) { /* relative to the context */
            bool joined = context.len && !str_eq_c(context, ".") && file.data[0] != '/';
            file = joined ? str_format(service->arena, "%.*s/%.*s", STR_ARG(context), STR_ARG(file))
                          : file;
            buf_format(&command, " -f %.*s", STR_ARG(str_shell(service->arena, file)));
        }
        add_flag(service, &command, "--target", "target");
    }
    buf_format(&command, " %.*s",
               STR_ARG(context.len ? str_shell(service->arena, context) : STR(".")));
    struct node *image =
        import_string(import, service->module, SERVICE_IMAGE, STR("AUTO"), build->span);
    struct str build_command = buf_take(service->arena, &command);
    struct str deploy =
        str_format(service->arena, "kubectl optasvc deploy --image %.*s", STR_ARG(service->name));
    bool above = build_command.len + STR(" && ").len + deploy.len > COMMENT_MAX;
    import_comment(import, image, above, "%.*s%s%.*s", STR_ARG(build_command),
                   above ? "\n" : " && ", STR_ARG(deploy));
    note_build_keys(service, build);
}

/* Sets AUTO instead of an image that is not known here. */
static void set_unknown(struct compose_service *service, const char *why, struct location at)
{
    struct node *image =
        import_string(service->import, service->module, SERVICE_IMAGE, STR("AUTO"), at);
    import_comment(service->import, image, false, "write the image");
    compose_lost(service, at, "%s: write its image instead of AUTO", why);
}

/* A tag that is a variable without a default is left out. */
static void set_image(struct compose_service *service, const struct node *node)
{
    struct import *import = service->import;
    size_t notes = import->note_count;
    if (node->kind != NODE_SCALAR) {
        compose_report_kind(service->compose, node, "image", "a string");
        return;
    }
    struct str image = compose_string(service, node, COMPOSE_FIXED);
    struct image_name parts = image_name_split(image);
    if (parts.has_tag && parts.tag.len == 0 && !parts.has_digest)
        image = parts.repository;
    if (name_check_image(image) && str_find(node->text, 0, '$') < node->text.len) {
        import->note_count = notes;
        set_unknown(service, "the image has variables without defaults", node->span);
        return;
    }
    if (image.data != parts.repository.data || image.len != parts.repository.len) {
        import->note_count = notes; /* the variables are read again */
        image = compose_string(service, node, COMPOSE_VARIABLES);
    }
    import_string(import, service->module, SERVICE_IMAGE, image, node->span);
}

static void read_image(struct compose_service *service)
{
    const struct node *image = compose_get(service->node, "image");
    const struct node *build = compose_get(service->node, "build");
    struct location at = service->node->key->span;
    if (image) {
        set_image(service, image);
        if (build)
            compose_lost(
                service, build->key->span,
                "build is not carried over: push the image with docker compose build and "
                "docker compose push, or write image: AUTO and use kubectl optasvc deploy");
        return;
    }
    if (build) {
        set_built(service, build);
        return;
    }
    if (compose_get(service->node, "extends") || compose_get(service->node, "provider")) {
        set_unknown(service, "the service has no image of its own", at);
        return;
    }
    if (service->has_unknown_keys)
        return;
    diag_error(service->compose->diags, at, RULE_INVALID_COMPOSE,
               "service \"%.*s\" has neither image nor build", STR_ARG(service->key));
    diag_hint(service->compose->diags,
              "if the file overrides another one, import what docker compose config prints for "
              "both");
}

static void read_platform(struct compose_service *service)
{
    const struct node *node = compose_get(service->node, "platform");
    struct str text = node ? compose_string(service, node, COMPOSE_FIXED) : STR("");
    size_t slash = str_find(text, 0, '/');
    struct str architecture = str_skip(text, slash + 1);
    if (!node)
        return;
    architecture = str_slice(architecture, 0, str_find(architecture, 0, '/'));
    if (!str_eq_c(str_slice(text, 0, slash), "linux") || architecture.len == 0) {
        compose_lost(service, node->span, "platform %.*s is not carried over: set node_selector",
                     STR_ARG(text));
        return;
    }
    struct node *map =
        import_map(service->import, service->module, SERVICE_NODE_SELECTOR, node->span);
    import_entry(service->import, map, STR("kubernetes.io/arch"), architecture, node->span);
}

static void read_pull_policy(struct compose_service *service)
{
    static const struct {
        const char *compose;
        const char *policy;
    } policies[] = {{"always", "Always"},
                    {"missing", "IfNotPresent"},
                    {"if_not_present", "IfNotPresent"},
                    {"never", "Never"}};
    const struct node *node = compose_get(service->node, "pull_policy");
    struct str text = node ? compose_string(service, node, COMPOSE_FIXED) : STR("");
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        if (!str_eq_c(text, policies[i].compose))
            continue;
        import_string(service->import, service->module, SERVICE_IMAGE_PULL_POLICY,
                      str_from_c(policies[i].policy), node->span);
        return;
    }
    if (node)
        compose_lost(service, node->span,
                     "pull_policy %.*s is not carried over: set image_pull_policy", STR_ARG(text));
}

static void read_user(struct compose_service *service)
{
    const struct node *node = compose_get(service->node, "user");
    struct str text = node ? compose_string(service, node, COMPOSE_FIXED) : STR("");
    size_t colon = str_find(text, 0, ':');
    struct str user = str_slice(text, 0, colon);
    struct str group = str_skip(text, colon + 1);
    int64_t number;
    if (!node)
        return;
    if (!str_to_int(user, &number) || (group.len && !str_equal(group, user))) {
        compose_lost(
            service, node->span,
            "user %.*s is not carried over: set run_as_user to the number of a user with a "
            "group of the same number, or USER in the image",
            STR_ARG(text));
        return;
    }
    import_int(service->import, service->module, SERVICE_RUN_AS_USER, number, node->span);
}

static void read_grace_period(struct compose_service *service)
{
    const struct node *node = compose_get(service->node, "stop_grace_period");
    int64_t seconds;
    if (!node)
        return;
    if (!compose_duration(compose_string(service, node, COMPOSE_FIXED), &seconds)) {
        compose_report_value(service, node, "must be a duration, for example 1m30s");
        return;
    }
    int64_t valid = seconds < GRACE_MIN ? GRACE_MIN : seconds > GRACE_MAX ? GRACE_MAX : seconds;
    if (valid != seconds)
        compose_lost(service, node->span,
                     "stop_grace_period is set to %" PRId64 " seconds, the nearest possible value",
                     valid);
    import_int(service->import, service->module, SERVICE_GRACE_PERIOD, valid, node->span);
}

/* Notes restart, or deploy.restart_policy. `never`: the value that means no restart. */
static void note_restart(const struct compose_service *service, const struct node *key,
                         const char *name, struct str value, const char *never)
{
    bool ends = map_get(&service->compose->tasks, service->key);
    if (str_eq_c(value, never) || str_eq_c(value, "false"))
        compose_lost(service, key->span, "%s: %.*s is not carried over: " COMPOSE_TASK_HINT, name,
                     STR_ARG(value));
    else if (ends && str_starts_with(value, STR("on-failure")))
        compose_lost(service, key->span,
                     "%s: %.*s is not carried over, because another service waits for the end of "
                     "this one: " COMPOSE_TASK_HINT,
                     name, STR_ARG(value));
    else
        compose_ignored(service, key->span,
                        "%s is not needed: Kubernetes restarts containers that end", name);
}

/* Without a restart policy, a container that ends is not restarted. It is a task if another service
 * waits for its end, and may be one if it neither has a port nor a health check. */
static void note_no_restart(const struct compose_service *service)
{
    bool is_server = !str_eq_c(node_string(import_get(service->module, SERVICE_PORT)), "none") ||
                     compose_get(service->node, "healthcheck");
    if (map_get(&service->compose->tasks, service->key))
        compose_lost(service, service->node->key->span,
                     "another service waits for the end of this one: " COMPOSE_TASK_HINT);
    else if (!is_server && !compose_is_job(service))
        buf_add_joined(&service->compose->without_restart, ", ", service->name);
}

static void read_restart(const struct compose_service *service)
{
    const struct node *restart = compose_get(service->node, "restart");
    const struct node *policy = compose_get(compose_get(service->node, "deploy"), "restart_policy");
    if (restart)
        note_restart(service, restart, "restart", compose_string(service, restart, COMPOSE_FIXED),
                     "no");
    if (policy)
        note_restart(service, policy->key, "deploy.restart_policy",
                     text_of(service, policy, "condition"), "none");
    if (!restart && !policy)
        note_no_restart(service);
}

/* Returns the text of an item of a list, or the key of an item of a map. */
static struct str item_text(const struct node *item)
{
    return item->key ? item->key->text : node_string(item);
}

static void read_dependency(const struct compose_service *service, const struct node *item)
{
    struct str name = item_text(item);
    struct location at = item->key ? item->key->span : item->span;
    struct str condition = STR("");
    if (item->key && !node_is_null(item)) {
        if (!compose_check_keys(service->compose, service, COMPOSE_DEPENDENCY, item, "depends_on."))
            return;
        condition = text_of(service, item, "condition");
    }
    if (str_eq_c(condition, "service_completed_successfully"))
        compose_lost(
            service, at,
            "depends_on %.*s is not carried over, which must end first: write its command in "
            "pre_deploy, or in init_containers",
            STR_ARG(name));
    else
        compose_ignored(service, at,
                        "depends_on %.*s is not needed: pods start in any order, and a container "
                        "that exits because %.*s is not ready is restarted",
                        STR_ARG(name), STR_ARG(name));
}

static void read_dependencies(const struct compose_service *service)
{
    const struct node *depends = compose_get(service->node, "depends_on");
    if (depends && depends->kind == NODE_SCALAR)
        compose_report_kind(service->compose, depends, "depends_on", "a list or map");
    for (const struct node *item = node_first_child(depends); item; item = item->next)
        read_dependency(service, item);
}

/* A link without another name than that of the service is only an order. */
static void read_links(const struct compose_service *service)
{
    const struct node *links = compose_get(service->node, "links");
    for (const struct node *item = node_first_child(links); item; item = item->next) {
        struct str text = node_string(item);
        size_t colon = str_find(text, 0, ':');
        if (colon < text.len && !str_equal(str_slice(text, 0, colon), str_skip(text, colon + 1)))
            compose_lost(service, item->span,
                         "link %.*s is not carried over: use the name of the service",
                         STR_ARG(text));
        else
            compose_ignored(service, item->span,
                            "link %.*s is not needed: services reach each other by name",
                            STR_ARG(text));
    }
}

/* Notes a name that other services may use. `why`: it is not needed otherwise. */
static void read_name(const struct compose_service *service, const char *key, const char *why)
{
    const struct node *node = compose_get(service->node, key);
    struct str name = node ? compose_peek(service, node) : STR("");
    if (node && compose_is_host(service->compose, name))
        compose_lost(service, node->key->span,
                     "%s %.*s is not carried over, but addresses contain it: use the name of the "
                     "service, %.*s",
                     key, STR_ARG(name), STR_ARG(service->name));
    else if (node)
        compose_ignored(service, node->key->span, "%s is not needed: %s", key, why);
}

/* Notes an IP address that other services use. `node`: it; may be NULL. */
static void read_address(const struct compose_service *service, const struct node *node)
{
    struct str address = node ? compose_peek(service, node) : STR("");
    if (node && compose_is_host(service->compose, address))
        compose_lost(service, node->span,
                     "ipv4_address %.*s is not carried over, but the file contains it elsewhere: "
                     "use the name of the service, %.*s",
                     STR_ARG(address), STR_ARG(service->name));
}

/* Returns what to do instead of a network_mode. */
static const char *network_hint(struct str mode)
{
    if (str_eq_c(mode, "none"))
        return "all pods have a network; set network_policy to restrict it";
    if (str_eq_c(mode, "host"))
        return "pods have their own network; write the ports that the service has in ports";
    return "pods have their own network; write a container that shares it in sidecars";
}

/* Networks separate services in Compose only; other names in them are lost. */
static void read_networks(const struct compose_service *service)
{
    const struct node *networks = compose_get(service->node, "networks");
    const struct node *mode = compose_get(service->node, "network_mode");
    if (networks)
        compose_ignored(service, networks->key->span,
                        "networks is not needed: all pods can reach each other; set "
                        "network_policy to restrict that");
    for (const struct node *item = node_first_child(networks); item; item = item->next) {
        const struct node *aliases = compose_get(item, "aliases");
        for (const struct node *alias = node_first_child(aliases); alias; alias = alias->next)
            compose_lost(service, alias->span,
                         "alias %.*s is not carried over: use the name of the service",
                         STR_ARG(node_string(alias)));
        read_address(service, compose_get(item, "ipv4_address"));
    }
    if (mode && !str_eq_c(node_string(mode), "bridge"))
        compose_lost(service, mode->span, "network_mode %.*s is not carried over: %s",
                     STR_ARG(node_string(mode)), network_hint(node_string(mode)));
}

static void read_labels(const struct compose_service *service)
{
    const struct node *labels = compose_get(service->node, "labels");
    for (const struct node *item = node_first_child(labels); item; item = item->next) {
        struct str text = item_text(item);
        struct str name = str_slice(text, 0, str_find(text, 0, '='));
        struct location at = item->key ? item->key->span : item->span;
        compose_lost(service, at, "label %.*s is not carried over: %s", STR_ARG(name),
                     str_starts_with(name, STR("traefik."))
                         ? "set public_uri for the address of the service"
                         : "write labels that others read in pod_labels or pod_annotations");
    }
}

void compose_read_pod(struct compose_service *service)
{
    const struct node *read_only = compose_get(service->node, "read_only");
    read_image(service);
    read_platform(service);
    read_pull_policy(service);
    read_user(service);
    if (compose_is_true(read_only))
        import_bool(service->import, service->module, SERVICE_READ_ONLY_ROOT, true,
                    read_only->span);
    read_grace_period(service);
    read_restart(service);
    read_dependencies(service);
    read_links(service);
    read_name(service, "container_name", "pods are named after the service");
    read_name(service, "hostname", "others reach the service by its name");
    read_networks(service);
    read_labels(service);
}
