/* Reads Ingresses: their hosts, paths and certificates. */
#include "convert/model.h"

static enum path_type path_type_of(const struct node *type)
{
    return str_eq_c(node_string(type), "Exact") ? PATH_EXACT : PATH_PREFIX;
}

/* Returns the host of a class, which is created if it is missing. Other controllers do not read
 * rules of this class. */
static struct host *find_host(struct model *model, const struct ingress *ingress, struct str name)
{
    struct arena *arena = model->convert->arena;
    struct str key = STR_JOIN(arena, ingress->input->class, STR(" "), str_lower(arena, name));
    const struct host *known = map_get(&model->hosts_by_name, key);
    if (known)
        return known->self;
    struct host *host = ARENA_NEW(arena, struct host);
    *host = (struct host){.self = host, .name = str_lower(arena, name)};
    map_add(arena, &model->hosts_by_name, key, host);
    model->hosts = arena_grow(arena, model->hosts, model->host_count, sizeof(struct host *));
    model->hosts[model->host_count++] = host;
    return host;
}

static struct path_rule *add_rule(struct arena *arena, struct host *host,
                                  const struct path_rule *rule)
{
    struct path_rule *added = ARENA_NEW(arena, struct path_rule);
    *added = *rule;
    added->order = host->count;
    host->rules = arena_grow(arena, host->rules, host->count, sizeof(struct path_rule *));
    host->rules[host->count++] = added;
    return added;
}

static void read_paths(struct model *model, struct ingress *ingress, struct host *host,
                       const struct node *rule)
{
    const struct node *first = node_first_child(node_at(rule, "http paths"));
    for (const struct node *each = first; each; each = each->next) {
        const struct node *path = node_at(each, "path");
        struct str text = node_string(path);
        add_rule(model->convert->arena, host,
                 &(struct path_rule){.ingress = ingress,
                                     .text = text.len ? text : STR("/"),
                                     .type = path_type_of(node_at(each, "pathType")),
                                     .backend = node_at(each, "backend"),
                                     .at = path ? path->span : each->span});
    }
}

/* Returns the default backend in the form of either API version, or NULL. */
static const struct node *default_backend(const struct ingress *ingress)
{
    const struct node *backend = node_at(ingress->input->node, "spec defaultBackend");
    return backend ? backend : node_at(ingress->input->node, "spec backend");
}

/* nginx applies rewrite-target and use-regex also to the path `/` that it adds to each host. */
static void read_host(struct model *model, struct ingress *ingress, struct host *host)
{
    const struct settings *settings = &ingress->settings;
    const struct node *backend = default_backend(ingress);
    host->is_shared |= !ingress->input->is_converted;
    host->first = host->first ? host->first : ingress;
    host->is_split |= host->first != ingress;
    if (backend)
        add_rule(model->convert->arena, host,
                 &(struct path_rule){.ingress = ingress,
                                     .text = STR("/"),
                                     .type = PATH_PREFIX,
                                     .backend = backend,
                                     .at = backend->span,
                                     .is_default = true});
    host->uses_regex |= settings->uses_regex;
}

static void read_regex(struct host *host)
{
    for (size_t i = 0; i < host->count && !host->uses_regex; i++)
        host->uses_regex = rule_has_rewrite(host->rules[i]);
}

static void read_rules(struct model *model, struct ingress *ingress)
{
    const struct node *spec = node_at(ingress->input->node, "spec");
    const struct node *rule = node_first_child(node_at(spec, "rules"));
    if (!rule) {
        convert_error(model->convert, ingress, ingress->input->at, RULE_NOT_CONVERTED,
                      default_backend(ingress)
                          ? "defaultBackend without rules would receive the requests of every "
                            "host of the Gateway"
                          : "it has no rules");
        diag_hint(model->convert->diags, "add a rule for each host to it");
    }
    for (; rule; rule = rule->next) {
        struct host *host = find_host(model, ingress, node_string(node_at(rule, "host")));
        read_paths(model, ingress, host, rule);
        read_host(model, ingress, host);
    }
}

/* Certificates of an Ingress by host. */
struct certificates {
    struct map by_host;          /* the entries of spec.tls */
    const struct node *hostless; /* an entry without hosts; NULL: none */
};

static struct certificates read_certificates(struct arena *arena, const struct ingress *ingress)
{
    struct certificates found = {0};
    const struct node *tls = node_first_child(node_at(ingress->input->node, "spec tls"));
    for (; tls; tls = tls->next) {
        const struct node *name = node_first_child(node_at(tls, "hosts"));
        if (!name && !found.hostless)
            found.hostless = tls;
        for (; name; name = name->next)
            map_add(arena, &found.by_host, str_lower(arena, node_string(name)), tls);
    }
    return found;
}

/* Returns the entry of spec.tls for a host, or NULL. nginx compares the host also with the names in
 * the certificate, so a wildcard counts, and an entry without hosts is assumed to match. */
static const struct node *find_certificate(struct arena *arena, const struct certificates *all,
                                           struct str host)
{
    const struct node *tls = map_get(&all->by_host, host);
    size_t dot = str_find(host, 0, '.');
    if (!tls && dot < host.len)
        tls = map_get(&all->by_host, STR_JOIN(arena, STR("*"), str_skip(host, dot)));
    return tls ? tls : all->hostless;
}

static void read_tls(struct model *model, struct ingress *ingress)
{
    struct arena *arena = model->convert->arena;
    const struct certificates all = read_certificates(arena, ingress);
    const struct node *rule = node_first_child(node_at(ingress->input->node, "spec rules"));
    for (; rule; rule = rule->next) {
        struct host *host = find_host(model, ingress, node_string(node_at(rule, "host")));
        const struct node *tls = find_certificate(arena, &all, host->name);
        if (!tls || host->tls_owner)
            continue;
        host->has_tls = true;
        host->tls_owner = ingress;
        host->tls_secret = node_string(node_at(tls, "secretName"));
    }
}

static void read_ingress(struct model *model, struct ingress *ingress)
{
    struct convert *convert = model->convert;
    const struct node *annotations = node_at(ingress->input->node, "metadata annotations");
    ingress->title = STR_JOIN(convert->arena, STR("Ingress/"), ingress->input->name);
    if (annotations && annotations->kind == NODE_MAP)
        ingress->annotations = node_effective(convert->arena, annotations);
    settings_read(convert, ingress);
    read_rules(model, ingress);
    read_tls(model, ingress);
}

/* A canary receives a share of the requests for paths of another Ingress. */
static bool is_canary(const struct convert *convert, const struct ingress *ingress)
{
    return str_eq_c(node_string(settings_annotation(convert, ingress, "canary")), "true");
}

static void drop_canaries(struct model *model)
{
    for (size_t i = 0; i < model->host_count; i++) {
        struct host *host = model->hosts[i];
        size_t kept = 0;
        for (size_t j = 0; j < host->count; j++)
            if (!is_canary(model->convert, host->rules[j]->ingress))
                host->rules[kept++] = host->rules[j];
        host->count = kept;
    }
}

void model_read(struct model *model)
{
    struct convert *convert = model->convert;
    model->ingresses = ARENA_ARRAY(convert->arena, convert->count, struct ingress);
    for (size_t i = 0; i < convert->count; i++) {
        if (!convert->ingresses[i].is_nginx && !convert->ingresses[i].is_converted)
            continue;
        struct ingress *ingress = &model->ingresses[model->count++];
        ingress->input = &convert->ingresses[i];
        read_ingress(model, ingress);
    }
    drop_canaries(model);
    for (size_t i = 0; i < model->host_count; i++)
        read_regex(model->hosts[i]);
}
