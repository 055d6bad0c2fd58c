#include "config/foreign_file.h"

#include "config/allow.h"

#include "config/schema.h"
#include "yaml/parse_strict.h"
#include "yaml/top_level.h"

/* The top-level keys of a file: those of the tree, or if the file cannot be parsed, those at the
 * beginning of a line. */
struct outline {
    struct str path;
    struct str text;
    const struct node *root; /* NULL if the file cannot be parsed */
};

/* Finds the first line that begins with the key and a colon. Sets `ret_rest` to what follows. */
static bool find_line(struct str text, const char *key, struct str *ret_rest)
{
    struct str name = str_from_c(key);
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        if (str_starts_with(line, name) && str_starts_with(str_skip(line, name.len), STR(":"))) {
            *ret_rest = str_skip(line, name.len + 1);
            return true;
        }
    }
    return false;
}

static bool has_key(const struct outline *outline, const char *key)
{
    struct str rest;
    return outline->root ? node_at(outline->root, key) != NULL
                         : find_line(outline->text, key, &rest);
}

/* Returns the scalar value of a key; empty if there is none. */
static struct str value_of(const struct outline *outline, const char *key)
{
    struct str rest;
    if (outline->root)
        return node_string(node_at(outline->root, key));
    if (!find_line(outline->text, key, &rest))
        return (struct str){0};
    while (rest.len && rest.data[0] == ' ')
        rest = str_skip(rest, 1);
    while (rest.len && (rest.data[rest.len - 1] == ' ' || rest.data[rest.len - 1] == '\r'))
        rest.len--;
    return rest;
}

static bool has_file_name(const struct outline *outline, const char *file)
{
    struct str directory = str_directory(outline->path);
    return str_eq_c(str_skip(outline->path, directory.len), file);
}

static bool contains(struct str text, const char *part)
{
    for (size_t at = 0; at < text.len; at++)
        if (str_starts_with(str_skip(text, at), str_from_c(part)))
            return true;
    return false;
}

/* True if the file has actions of Go templates and cannot be parsed: strings of a valid file may
 * contain actions. */
static bool is_template(const struct outline *outline)
{
    static const char *const signs[] = {"{{ .",   "{{- ",      "{{.",         "{{ include ",
                                        "{{ if ", "{{ range ", "{{ template "};
    for (size_t i = 0; !outline->root && i < COUNT_OF(signs); i++)
        if (contains(outline->text, signs[i]))
            return true;
    return false;
}

static bool is_kustomization(const struct outline *outline)
{
    return str_starts_with(value_of(outline, "apiVersion"), STR("kustomize.config.k8s.io/")) ||
           has_file_name(outline, "kustomization.yaml") ||
           has_file_name(outline, "kustomization.yml");
}

static bool is_score(const struct outline *outline)
{
    return str_starts_with(value_of(outline, "apiVersion"), STR("score.dev/"));
}

static bool is_object(const struct outline *outline)
{
    return value_of(outline, "apiVersion").len && value_of(outline, "kind").len;
}

static bool is_chart(const struct outline *outline)
{
    return value_of(outline, "apiVersion").len && has_key(outline, "name") &&
           has_key(outline, "version");
}

static bool is_compose(const struct outline *outline)
{
    if (!has_key(outline, "services"))
        return false;
    const struct node *services = outline->root ? node_at(outline->root, "services") : NULL;
    for (const struct node *service = node_first_child(services); service; service = service->next)
        if (node_at(service, "image") || node_at(service, "build"))
            return true;
    return has_file_name(outline, "docker-compose.yml") ||
           has_file_name(outline, "docker-compose.yaml") ||
           has_file_name(outline, "compose.yaml") || has_file_name(outline, "compose.yml");
}

static bool is_workflow(const struct outline *outline)
{
    return has_key(outline, "on") && has_key(outline, "jobs");
}

/* True for a file named values.yaml, or with at least two keys that values of charts often have. */
static bool is_values(const struct outline *outline)
{
    static const char *const keys[] = {"replicaCount",    "fullnameOverride",
                                       "nameOverride",    "imagePullSecrets",
                                       "serviceAccount",  "podAnnotations",
                                       "podLabels",       "podSecurityContext",
                                       "securityContext", "image",
                                       "service",         "ingress",
                                       "resources",       "autoscaling",
                                       "nodeSelector",    "tolerations",
                                       "affinity",        "persistence",
                                       "global",          "livenessProbe",
                                       "readinessProbe",  "commonLabels",
                                       "extraEnvVars",    "volumes",
                                       "volumeMounts",    "imageRegistry",
                                       "httpRoute",       "metrics"};
    enum { KEYS_MIN = 2 };
    bool named = has_file_name(outline, "values.yaml") || has_file_name(outline, "values.yml");
    size_t count = named && outline->root && outline->root->kind == NODE_MAP ? KEYS_MIN : 0;
    for (size_t i = 0; i < file_schema.count; i++)
        if (has_key(outline, file_schema.fields[i].name))
            return false;
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        count += has_key(outline, keys[i]);
    return count >= KEYS_MIN;
}

/* True for a k8s-service that is not in a `modules` list. */
static bool is_module(const struct outline *outline)
{
    return outline->root && outline->root->kind == NODE_MAP &&
           (str_eq_c(value_of(outline, "type"), "k8s-service") ||
            (has_key(outline, "image") && has_key(outline, "port")));
}

/* The first match is reported. */
static const struct {
    bool (*matches)(const struct outline *outline);
    const char *description;
    const char *hint;
} kinds[] = {
    {is_template, "a Helm chart template",
     "render the chart with helm, then use helm-postrender or kubectl optasvc inject"},
    {is_kustomization, "a kustomization", "apply it with kubectl apply -k"},
    {is_score, "a Score file",
     "write each container as a module of type k8s-service with image, port and env_vars"},
    {is_object, "a Kubernetes object", "apply it with kubectl apply -f"},
    {is_chart, "the Chart.yaml of a Helm chart", "pass the chart to helm"},
    {is_compose, "a Docker Compose file",
     "convert it with kubectl optasvc init NAME --from-compose FILE"},
    {is_workflow, "a GitHub Actions workflow", ""},
    {is_module, "a single module", "add it to the modules list of a service file"},
    {is_values, "a Helm values file", "pass it to helm with --values"},
};

/* Reports an error and returns true if the file belongs to another tool. */
static bool report_foreign(struct diags *diags, const struct source *source,
                           const struct node *root, enum config_file expected)
{
    const struct outline outline = {.path = source->path, .text = source->text, .root = root};
    if (root ? node_at(root, "modules") != NULL : top_level_has_modules(source->text))
        return false;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!kinds[i].matches(&outline))
            continue;
        struct str kind =
            kinds[i].matches == is_object ? value_of(&outline, "kind") : (struct str){0};
        bool service = expected == SERVICE_FILE;
        diag_error(diags, location_file(source), RULE_WRONG_FILE, "this is %s%s%.*s, not %s file",
                   kinds[i].description, kind.len ? " of kind " : "", STR_ARG(kind),
                   service ? "a service" : "an environment");
        diag_hint(diags, "%s", kinds[i].hint);
        diag_hint_line(diags, service ? "a service file has a name and a modules list"
                                      : "an environment file has a name and providers");
        return true;
    }
    return false;
}

const struct node *load_config_file(struct arena *arena, const struct source *source,
                                    struct diags *diags, enum config_file expected)
{
    struct diags unreported = {.arena = arena};
    const struct node *root = load_service_file(arena, source, &unreported);
    if (!source_is_hidden(source) && report_foreign(diags, source, root, expected))
        return NULL;
    root = root ? root : load_service_file(arena, source, diags);
    if (root)
        allow_read_comments(arena, diags, source, root);
    return root;
}
