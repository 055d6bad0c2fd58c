/* The pods, besides their containers. */
#include "import/manifests_reader.h"
#include "manifest/manifest.h"

/* Security */

static bool is_false(const struct node *map, const char *path)
{
    return str_eq_c(given_text(map, path), "false");
}

static bool drops_all(const struct node *container)
{
    const struct node *list = node_at(container, "securityContext capabilities drop");
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (str_eq_c(node_string(item), "ALL"))
            return true;
    return false;
}

/* Returns a value of the securityContext of the container, else of the pod. */
static const struct node *security_of(const struct given_app *app, const char *path)
{
    const struct node *own = node_at(app->container, "securityContext");
    const struct node *found = own ? node_at(own, path) : NULL;
    const struct node *shared = node_at(app->pod, "securityContext");
    return found || !shared ? found : node_at(shared, path);
}

struct str given_user(const struct given_app *app)
{
    return node_string(security_of(app, "runAsUser"));
}

/* Returns the value of pod_security that has the most in common with the pods, but not less
 * security. */
static const char *find_security(const struct given_app *app)
{
    bool profile = str_eq_c(node_string(security_of(app, "seccompProfile type")), "RuntimeDefault");
    bool unprivileged = is_false(app->container, "securityContext allowPrivilegeEscalation");
    const struct node *user = security_of(app, "runAsUser");
    bool non_root = node_is_true(security_of(app, "runAsNonRoot")) ||
                    (user && !str_eq_c(node_string(user), "0"));
    if (profile && unprivileged && drops_all(app->container) && non_root)
        return "restricted";
    return profile || unprivileged || drops_all(app->container) ? "default" : "off";
}

void given_read_security(struct given_app *app)
{
    enum { RESTRICTED_USER = 10001 };
    struct import *import = app->import;
    struct location at = app->pod->span;
    const char *security = find_security(app);
    bool restricted = str_eq_c(STR("restricted"), security);
    const struct node *user = security_of(app, "runAsUser");
    const struct node *read_only = security_of(app, "readOnlyRootFilesystem");
    int64_t number;
    import_string(import, app->module, SERVICE_POD_SECURITY, str_from_c(security),
                  app->container->span);
    if (node_is_true(read_only) != restricted)
        import_bool(import, app->module, SERVICE_READ_ONLY_ROOT, !restricted,
                    read_only ? read_only->span : at);
    if (!user && restricted)
        import_string(import, app->module, SERVICE_RUN_AS_USER, STR("image"), at);
    else if (user && str_to_int(node_string(user), &number) &&
             (!restricted || number != RESTRICTED_USER))
        import_int(import, app->module, SERVICE_RUN_AS_USER, number, user->span);
}

/* Other fields */

static void copy_string(const struct given_app *app, const char *path, enum field_id field)
{
    const struct node *node = node_at(app->pod, path);
    if (node && node->kind == NODE_SCALAR && node->text.len)
        given_string(app, app->module, field, node);
}

bool given_is_own_label(struct str key)
{
    static const char *const keys[] = {"app.kubernetes.io/name",    "app.kubernetes.io/instance",
                                       "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by",
                                       "opta.dev/layer-name",       "opta.dev/environment-name",
                                       "opta.dev/module-name",      "pod-template-hash",
                                       "controller-revision-hash",  "azure.workload.identity/use"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (str_eq_c(key, keys[i]))
            return true;
    return false;
}

bool given_is_server_annotation(struct str key)
{
    static const char *const prefixes[] = {"deployment.kubernetes.io/", "meta.helm.sh/",
                                           "postrenderer.helm.sh/"};
    static const char *const keys[] = {
        "kubectl.kubernetes.io/last-applied-configuration", "kubectl.kubernetes.io/restartedAt",
        "kubernetes.io/change-cause", "argocd.argoproj.io/sync-wave"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (str_starts_with(key, str_from_c(prefixes[i])))
            return true;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (str_eq_c(key, keys[i]))
            return true;
    return false;
}

static void read_metadata(struct given_app *app)
{
    const struct node *labels = node_at(app->template, "metadata labels");
    const struct node *annotations = node_at(app->template, "metadata annotations");
    for (const struct node *item = node_first_child(labels); item; item = item->next)
        if (item->key && !given_is_own_label(item->key->text))
            given_entry(app, import_map(app->import, app->module, SERVICE_POD_LABELS, labels->span),
                        item->key->text, item);
    for (const struct node *item = node_first_child(annotations); item; item = item->next)
        if (item->key && !given_is_server_annotation(item->key->text) &&
            (!str_eq_c(item->key->text, "kubectl.kubernetes.io/default-container") ||
             str_equal(node_string(item), app->name)))
            given_entry(
                app,
                import_map(app->import, app->module, SERVICE_POD_ANNOTATIONS, annotations->span),
                item->key->text, item);
}

static void read_node_selector(struct given_app *app)
{
    const struct node *selector = node_at(app->pod, "nodeSelector");
    for (const struct node *item = node_first_child(selector); item; item = item->next)
        if (item->key)
            given_entry(app,
                        import_map(app->import, app->module, SERVICE_NODE_SELECTOR, selector->span),
                        item->key->text, item);
}

/* Carries over tolerations of one taint; the one of GPUs follows from the limits. */
static void read_tolerations(struct given_app *app)
{
    const struct node *list = node_at(app->pod, "tolerations");
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        const struct node *key = node_at(item, "key");
        const struct node *value = node_at(item, "value");
        const struct node *effect = node_at(item, "effect");
        if (!key || !effect || str_eq_c(given_text(item, "operator"), "Exists"))
            continue;
        struct node *made = import_item_map(
            app->import, import_list(app->import, app->module, SERVICE_TOLERATIONS, list->span),
            item->span);
        given_string(app, made, TOLERATION_KEY, key);
        if (value)
            given_string(app, made, TOLERATION_VALUE, value);
        else
            import_string(app->import, made, TOLERATION_VALUE, STR(""), item->span);
        given_string(app, made, TOLERATION_EFFECT, effect);
    }
}

/* Returns the bits of `spread` that a constraint means; 0 if it means something else. */
static unsigned spread_of(const struct given_app *app, const struct node *constraint)
{
    struct str topology = given_text(constraint, "topologyKey");
    int64_t skew;
    if (!given_int(constraint, "maxSkew", &skew) || skew != 1 ||
        !str_eq_c(given_text(constraint, "whenUnsatisfiable"), "ScheduleAnyway") ||
        !given_selects(app->given, node_at(constraint, "labelSelector matchLabels"),
                       node_at(app->template, "metadata labels")))
        return SPREAD_NONE;
    return str_eq_c(topology, "kubernetes.io/hostname")        ? SPREAD_NODES
           : str_eq_c(topology, "topology.kubernetes.io/zone") ? SPREAD_ZONES
                                                               : SPREAD_NONE;
}

static void read_spread(struct given_app *app)
{
    static const char *const words[] = {
        [SPREAD_NONE] = "none", [SPREAD_NODES] = "nodes", [SPREAD_ZONES] = "zones"};
    const struct node *list = node_at(app->pod, "topologySpreadConstraints");
    const struct node *max = import_get(app->module, SERVICE_MAX_CONTAINERS);
    unsigned spread = SPREAD_NONE;
    int64_t number;
    for (const struct node *item = node_first_child(list); item; item = item->next)
        spread |= spread_of(app, item);
    if (max && str_to_int(max->text, &number) && number <= 1)
        return;
    if (spread != (SPREAD_NODES | SPREAD_ZONES))
        import_string(app->import, app->module, SERVICE_SPREAD, str_from_c(words[spread]),
                      list ? list->span : app->pod->span);
}

static void read_pull_secrets(struct given_app *app)
{
    const struct node *list = node_at(app->pod, "imagePullSecrets");
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        const struct node *name = node_at(item, "name");
        if (name && name->kind == NODE_SCALAR)
            import_item(
                app->import,
                import_list(app->import, app->module, SERVICE_IMAGE_PULL_SECRETS, list->span),
                import_literal(app->arena, name->text, NULL), name->span);
    }
}

/* Pods get a token unless they or their ServiceAccount say otherwise. */
static void read_token(struct given_app *app)
{
    const struct node *pod = node_at(app->pod, "automountServiceAccountToken");
    const struct node *account =
        app->account ? node_at(app->account->node, "automountServiceAccountToken") : NULL;
    const struct node *token = pod ? pod : account;
    if (!token || node_is_true(token))
        import_bool(app->import, app->module, SERVICE_TOKEN, true,
                    token ? token->span : app->pod->span);
}

static void read_identity(struct given_app *app)
{
    static const struct {
        const char *annotation;
        enum field_id field;
    } rows[] = {{"eks.amazonaws.com/role-arn", SERVICE_IAM_ROLE_ARN},
                {"iam.gke.io/gcp-service-account", SERVICE_GCP_SERVICE_ACCOUNT},
                {"azure.workload.identity/client-id", SERVICE_AZURE_CLIENT_ID}};
    const struct node *annotations =
        app->account ? node_at(app->account->node, "metadata annotations") : NULL;
    for (size_t i = 0; annotations && i < COUNT_OF(rows); i++) {
        const struct node *value = node_at(annotations, rows[i].annotation);
        if (value && value->kind == NODE_SCALAR)
            given_string(app, app->module, rows[i].field, value);
    }
}

/* Sets the image, and when it is pulled. */
static void read_image(struct given_app *app)
{
    const struct node *image = node_at(app->container, "image");
    if (!image || image->kind != NODE_SCALAR) {
        diag_error(app->given->diags, app->container->span, RULE_INVALID_OBJECTS,
                   "the container has no image");
        return;
    }
    given_string(app, app->module, SERVICE_IMAGE, image);
    struct str policy = given_pull_policy(app->container);
    const struct node *written = node_at(app->container, "imagePullPolicy");
    if (!str_eq_c(policy, "Always"))
        import_string(app->import, app->module, SERVICE_IMAGE_PULL_POLICY, policy,
                      written ? written->span : app->container->span);
}

void given_read_pod(struct given_app *app)
{
    enum { GRACE_MIN = 2 };
    int64_t grace;
    read_image(app);
    if (!str_eq_c(app->workload->kind, "CronJob")) {
        given_list(app, app->module, SERVICE_COMMANDS, node_at(app->container, "command"));
        given_list(app, app->module, SERVICE_ARGS, node_at(app->container, "args"));
    }
    given_write_resources(app, app->module, app->container);
    if (given_int(app->pod, "terminationGracePeriodSeconds", &grace))
        import_int(app->import, app->module, SERVICE_GRACE_PERIOD,
                   grace < GRACE_MIN ? GRACE_MIN : grace,
                   node_at(app->pod, "terminationGracePeriodSeconds")->span);
    copy_string(app, "priorityClassName", SERVICE_PRIORITY_CLASS);
    read_metadata(app);
    read_node_selector(app);
    read_tolerations(app);
    read_spread(app);
    read_pull_secrets(app);
    read_token(app);
    read_identity(app);
}
