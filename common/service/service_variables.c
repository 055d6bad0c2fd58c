/* links, secrets, env_vars and env_from: the environment variables of the container.
 *
 * Variables of links come first, then secrets, then env_vars, which may refer to both as $(NAME):
 * Kubernetes expands only names that are defined earlier. A key in `secrets` replaces a link's
 * variable of the same name, with a warning; any other duplicate is an error. */
#include "base/map.h"
#include "config/module_output.h"
#include "service/service_reader.h"

#include <inttypes.h>

static bool add_variable(const struct service_reader *in, struct variable variable)
{
    struct service *service = in->service;
    if (service->variable_count == VARIABLES_MAX) {
        diag_error(in->reader.diags, variable.at, RULE_LIMIT_EXCEEDED,
                   "too many environment variables (maximum %d)", VARIABLES_MAX);
        return false;
    }
    const char *error = name_check_variable(variable.name);
    if (error)
        diag_error(in->reader.diags, variable.at, RULE_INVALID_VARIABLE_NAME,
                   "variable \"%.*s\" %s", STR_ARG(variable.name), error);
    service->variables =
        arena_grow(in->reader.arena, service->variables, service->variable_count, sizeof variable);
    service->variables[service->variable_count++] = variable;
    return true;
}

static struct variable secret_variable(const struct module *module, struct str output,
                                       struct str name, struct location at)
{
    return (struct variable){.name = name,
                             .at = at,
                             .secret = module_secret(module),
                             .key = module_secret_key(module, output)};
}

static bool add_address(const struct service_reader *in, const struct link *link)
{
    struct arena *arena = in->reader.arena;
    struct location at = link->node->span;
    int64_t port = service_linked_port(in->layer, link->module);
    if (port < 0 && layer_selects(in->layer, link->module))
        return true;
    if (port < 0) {
        diag_error(in->reader.diags, at, RULE_INVALID_LINK, "service \"%.*s\" has invalid ports",
                   STR_ARG(link->module->name));
        diag_hint(in->reader.diags, "add --module %.*s to see its errors",
                  STR_ARG(link->module->name));
        return true;
    }
    service_check_admitted(in, link);
    if (port == 0) {
        diag_error(in->reader.diags, at, RULE_INVALID_LINK,
                   "service \"%.*s\" has no ports to link to", STR_ARG(link->module->name));
        diag_hint(in->reader.diags, "add a port to that service, or remove the link");
        return true;
    }
    for (size_t i = 0; i < link->variable_count; i++) {
        const struct item *item = &link->variables[i];
        bool host = str_eq_c(item->name, "host");
        struct variable variable = {.name = item->text,
                                    .at = item->node->span,
                                    .text = host ? link->module->name
                                                 : str_format(arena, "%" PRId64, port),
                                    .linked = true};
        if (!add_variable(in, variable))
            return false;
    }
    return true;
}

static bool add_outputs(const struct service_reader *in, const struct link *link)
{
    for (size_t i = 0; i < link->variable_count; i++) {
        const struct item *item = &link->variables[i];
        struct location at = item->node->span;
        struct variable variable = {.name = item->text, .at = at};
        enum output_source source = module_output_read(&in->layer->scope, link->module, item->name,
                                                       item->name_node->span, &variable.text);
        if (source == OUTPUT_SECRET)
            variable = secret_variable(link->module, item->name, item->text, at);
        variable.linked = true;
        if (source != OUTPUT_UNKNOWN && !add_variable(in, variable))
            return false;
    }
    return true;
}

static bool read_link_variables(const struct service_reader *in, const struct link *link)
{
    enum link_kind kind = link->module->type ? link->module->type->link : LINK_NONE;
    if (kind == LINK_SERVICE && link->module == in->module) {
        diag_error(in->reader.diags, link->node->span, RULE_INVALID_LINK,
                   "a service cannot link to itself");
        diag_hint(in->reader.diags, "remove the link");
        return true;
    }
    if (kind == LINK_SERVICE)
        return add_address(in, link);
    if (kind == LINK_CLOUD)
        service_add_cloud_link(in, link);
    return add_outputs(in, link);
}

static bool read_links(const struct service_reader *in)
{
    const struct node *node = service_value(in, SERVICE_LINKS)->node;
    if (!node)
        return true;
    size_t count;
    const struct link *links =
        links_read(&in->reader, node, in->layer->modules, in->layer->module_count, &count);
    for (size_t i = 0; i < count; i++)
        if (!read_link_variables(in, &links[i]))
            return false;
    return true;
}

struct str service_secret(struct arena *arena, const struct layer *layer, struct str service)
{
    if (layer->environment.secret_store.len == 0 || layer->options->mode == READ_CHART)
        return STR(MANUAL_SECRETS);
    return str_format(arena, "%.*s-secrets", STR_ARG(service));
}

struct str service_secret_key(struct arena *arena, const struct layer *layer)
{
    return str_format(arena, "%.*s%.*s", STR_ARG(layer->environment.secret_prefix),
                      STR_ARG(layer->name));
}

static void replace_linked(const struct service_reader *in, size_t index,
                           const struct variable *listed)
{
    struct variable *linked = &in->service->variables[index];
    diag_warning(in->reader.diags, listed->at, RULE_SHADOWED_VARIABLE,
                 "\"%.*s\" in secrets replaces the variable of the same name from a link",
                 STR_ARG(listed->name));
    if (in->reader.diags->last_kept) /* counting lines takes time */
        diag_hint(in->reader.diags, "the link is on line %zu",
                  diag_position(linked->at.source, linked->at.start).line);
    *linked = *listed;
}

/* Returns the variables of links by name; for duplicates, the first. */
static struct map linked_names(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct map names = {0};
    for (size_t i = 0; i < service->variable_count; i++)
        map_add(in->reader.arena, &names, service->variables[i].name, &service->variables[i]);
    return names;
}

static bool read_listed_keys(const struct service_reader *in, const struct value *secrets,
                             struct str secret)
{
    struct service *service = in->service;
    struct map linked = linked_names(in);
    const struct variable *old_variables =
        service->variables; /* add_variable() may move the array */
    for (size_t i = 0; i < secrets->count; i++) {
        const struct item *item = &secrets->items[i];
        struct variable listed = {
            .name = item->text, .at = item->node->span, .secret = secret, .key = item->text};
        const struct variable *same = map_get(&linked, listed.name);
        if (same && service->variables[same - old_variables].linked)
            replace_linked(in, (size_t)(same - old_variables), &listed);
        else if (!add_variable(in, listed))
            return false;
    }
    return true;
}

static bool read_secrets(const struct service_reader *in)
{
    const struct value *secrets = service_value(in, SERVICE_SECRETS);
    struct str secret = service_secret(in->reader.arena, in->layer, in->service->name);
    if (secrets->is_keyword) {
        in->service->all_secrets = secret;
        service_add_source(in, true, secret);
    }
    if (secrets->count == 1 && str_eq_c(secrets->items[0].text, "all")) {
        diag_warning(in->reader.diags, secrets->items[0].node->span, RULE_AMBIGUOUS_SECRETS,
                     "secrets contains a single key named \"all\"");
        diag_hint(in->reader.diags, "to use all keys, write secrets: all");
    }
    return read_listed_keys(in, secrets, secret);
}

static bool has_same_value(const struct variable *a, const struct variable *b)
{
    return a->secret.len && str_equal(a->secret, b->secret) && str_equal(a->key, b->key);
}

/* Returns the name of the variable with an output; adds the variable if it does not exist. */
static struct str reference_variable(const struct service_reader *in,
                                     const struct reference *reference)
{
    const struct service *service = in->service;
    struct str name = link_variable(in->reader.arena, reference->module, reference->output);
    struct variable variable =
        secret_variable(reference->module, reference->output, name, reference->location);
    for (size_t i = 0; i < service->variable_count; i++)
        if (has_same_value(&service->variables[i], &variable))
            return service->variables[i].name;
    variable.implied = true;
    add_variable(in, variable);
    return name;
}

/* Returns the value with $(NAME) for each reference to a secret output. Dollar signs directly
 * before a reference are doubled, because Kubernetes reads $$ as an escaped $. */
static struct str expand(const struct service_reader *in, const struct item *item)
{
    struct buf text = {0};
    size_t copied = 0;
    const struct reference *reference = item->references;
    for (; reference; reference = reference->next) {
        struct str name = reference_variable(in, reference);
        buf_add(&text, str_slice(item->text, copied, reference->offset));
        for (size_t i = reference->offset; i > copied && item->text.data[i - 1] == '$'; i--)
            buf_add_byte(&text, '$');
        buf_format(&text, "$(%.*s)", STR_ARG(name));
        copied = reference->offset;
    }
    buf_add(&text, str_skip(item->text, copied));
    return buf_take(in->reader.arena, &text);
}

static bool read_env_var(const struct service_reader *in, const struct item *item)
{
    const struct reference *first = item->references;
    struct location at = item->name_node->span;
    struct variable variable = {.name = item->name, .at = at, .text = item->text};
    if (item->record)
        return !service_read_reference(in, item, &variable) || add_variable(in, variable);
    if (first && !first->next && item->text.len == 0) /* the whole value is the reference */
        variable = secret_variable(first->module, first->output, item->name, at);
    else if (first)
        variable.text = expand(in, item);
    return add_variable(in, variable);
}

static void report_duplicate(const struct service_reader *in, const struct variable *first,
                             const struct variable *second)
{
    if (first->at.start > second->at.start) {
        const struct variable *swapped = first;
        first = second;
        second = swapped;
    }
    diag_error(in->reader.diags, second->at, RULE_DUPLICATE_ITEM, "duplicate variable \"%.*s\"",
               STR_ARG(second->name));
    if (first->implied || second->implied) {
        diag_hint(in->reader.diags,
                  "first defined on line %zu, and the placeholder has a different value; rename "
                  "the variable, or write $(%.*s) to use its value",
                  diag_position(first->at.source, first->at.start).line, STR_ARG(second->name));
        return;
    }
    diag_hint(in->reader.diags, "first defined on line %zu; remove one of them",
              diag_position(first->at.source, first->at.start).line);
}

/* Reports duplicate variables, and returns all by name. If a variable that was added for a
 * reference is also defined with the same value, only the first of the two is kept. */
static struct map check_variables(const struct service_reader *in)
{
    struct service *service = in->service;
    struct map names = {0};
    size_t kept = 0;
    for (size_t i = 0; i < service->variable_count; i++) {
        struct variable *variable = &service->variables[i];
        const struct variable *first =
            map_add(in->reader.arena, &names, variable->name, &service->variables[kept]);
        if (first && first->implied && has_same_value(first, variable))
            continue;
        if (first)
            report_duplicate(in, first, variable);
        service->variables[kept++] = *variable;
    }
    service->variable_count = kept;
    return names;
}

/* Finds the next $(NAME) in a string from `*at`, and moves `*at` after it. Returns false if there
 * is no other. $$ is an escaped $. */
static bool next_expansion(struct str text, size_t *at, struct str *ret_name)
{
    for (size_t dollar; (dollar = str_find(text, *at, '$')) + 1 < text.len;) {
        char next = text.data[dollar + 1];
        if (next == '(') {
            size_t close = str_find(text, dollar, ')');
            *ret_name = str_slice(text, dollar + 2, close);
            *at = close + 1;
            return close < text.len;
        }
        *at = dollar + (next == '$' ? 2 : 1);
    }
    return false;
}

/* True for a variable of the Service "kubernetes". Those of other Services are set only with
 * enableServiceLinks, which is off. */
static bool is_kubernetes_variable(struct str name)
{
    return str_starts_with(name, STR("KUBERNETES_"));
}

/* Reports a reference of a container with an image of its own to a variable of the service. */
static void report_service_variable(const struct service_reader *in, struct location at,
                                    const struct variable *variable)
{
    struct diags *diags = in->reader.diags;
    struct str name = variable->name;
    struct str listed = service_secret(in->reader.arena, in->layer, in->service->name);
    diag_warning(diags, at, RULE_UNEXPANDED_VARIABLE,
                 "$(%.*s) is not expanded: a container with another image does not have the "
                 "variables of the service",
                 STR_ARG(name));
    if (str_equal(variable->secret, listed) && str_equal(variable->key, name))
        diag_hint(diags, "add it to secrets of the container: secrets: [%.*s]", STR_ARG(name));
    else if (variable->secret.len || variable->config_map.len)
        diag_hint(diags, "add it to env_vars of the container: %.*s: {%s: %.*s, key: %.*s}",
                  STR_ARG(name), variable->secret.len ? "secret" : "config_map",
                  STR_ARG(variable->secret.len ? variable->secret : variable->config_map),
                  STR_ARG(variable->key));
    else
        diag_hint(diags, "add %.*s to env_vars of the container", STR_ARG(name));
}

/* `found`: the variable with that name, not defined before `variable`; NULL if there is none. */
static void report_expansion(const struct service_reader *in, const struct variable *variable,
                             struct str name, const struct variable *found)
{
    struct diags *diags = in->reader.diags;
    const struct variable *of_service = map_get(&in->service->variables_by_name, name);
    if (!found && of_service) {
        report_service_variable(in, variable->at, of_service);
    } else if (found) {
        diag_warning(diags, variable->at, RULE_UNEXPANDED_VARIABLE,
                     "$(%.*s) is not expanded: Kubernetes expands only variables that are defined "
                     "before it",
                     STR_ARG(name));
        if (found != variable)
            diag_hint(diags, "move %.*s before %.*s", STR_ARG(name), STR_ARG(variable->name));
    } else if (in->service->source_count && !is_kubernetes_variable(name)) {
        bool all = in->service->all_secrets.len > 0;
        diag_warning(diags, variable->at, RULE_UNEXPANDED_VARIABLE,
                     "$(%.*s) is not expanded: env_vars cannot refer to keys of %s", STR_ARG(name),
                     all ? "secrets: all" : "env_from");
        if (all)
            diag_hint(diags, "list the keys: secrets: [%.*s, ...]", STR_ARG(name));
        else
            diag_hint(diags, "add it before this variable: %.*s: {secret: NAME}", STR_ARG(name));
    }
}

/* Kubernetes expands $(NAME) only from earlier variables of `env`. Keys from envFrom and unknown
 * names are not expanded; the latter may be meant for a shell, so they are not reported. `names`:
 * the variables of an array with `variable` by name. */
static void check_expansion(const struct service_reader *in, const struct variable *variable,
                            const struct map *names)
{
    struct str name;
    for (size_t at = 0; next_expansion(variable->text, &at, &name);) {
        const struct variable *found = map_get(names, name);
        if ((!found || found >= variable) && !name_check_variable(name))
            report_expansion(in, variable, name, found);
    }
}

void service_read_variables(const struct service_reader *in)
{
    service_read_sources(in);
    bool ok = read_links(in) && read_secrets(in);
    const struct value *env_vars = service_value(in, SERVICE_ENV_VARS);
    for (size_t i = 0; ok && i < env_vars->count; i++)
        ok = read_env_var(in, &env_vars->items[i]);
    in->service->variables_by_name = check_variables(in);
    for (size_t i = 0; i < in->service->variable_count; i++)
        if (!layer_is_for_chart(in->layer)) /* the chart has its own env */
            check_expansion(in, &in->service->variables[i], &in->service->variables_by_name);
}

/* `own`: the variables of the container by name. */
static void check_own_list(const struct service_reader *in, const struct value *list,
                           const struct map *own)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct item *item = &list->items[i];
        struct str name;
        for (size_t at = 0; next_expansion(item->text, &at, &name);) {
            const struct variable *found = map_get(&in->service->variables_by_name, name);
            if (found && !map_get(own, name))
                report_service_variable(in, item->node->span, found);
        }
    }
}

void service_check_own_commands(const struct service_reader *in, const struct container *container)
{
    struct map own = {0};
    for (size_t i = 0; i < container->variable_count; i++)
        map_add(in->reader.arena, &own, container->variables[i].name, &container->variables[i]);
    check_own_list(in, container->commands, &own);
    check_own_list(in, container->args, &own);
}

void service_require_secret(const struct service_reader *in, const struct variable *variable)
{
    bool stored = in->layer->environment.secret_store.len > 0; /* apply waits for its Secret */
    struct str own = service_secret(in->reader.arena, in->layer, in->service->name);
    if (variable->secret.len == 0 || variable->optional ||
        (stored && str_equal(variable->secret, own)))
        return;
    service_require(in, (struct required_object){.kind = REQUIRED_SECRET,
                                                 .name = variable->secret,
                                                 .key = variable->key,
                                                 .at = variable->at,
                                                 .field = SERVICE_ENV_VARS});
}

/* Reads the variables that a container sets itself, by name. Reports invalid and duplicate names.
 */
static struct map read_own_variables(const struct service_reader *in, const struct value *env_vars)
{
    struct arena *arena = in->reader.arena;
    struct variable *variables = ARENA_ARRAY(arena, env_vars->count, struct variable);
    struct map own = {0};
    for (size_t i = 0; i < env_vars->count; i++) {
        const struct item *item = &env_vars->items[i];
        variables[i] =
            (struct variable){.name = item->name, .at = item->name_node->span, .text = item->text};
        if (item->record && service_read_reference(in, item, &variables[i]))
            service_require_secret(in, &variables[i]);
        const char *error = name_check_variable(item->name);
        if (error)
            diag_error(in->reader.diags, variables[i].at, RULE_INVALID_VARIABLE_NAME,
                       "variable \"%.*s\" %s", STR_ARG(item->name), error);
        const struct variable *first = map_add(arena, &own, item->name, &variables[i]);
        if (first)
            report_duplicate(in, first, &variables[i]);
    }
    return own;
}

struct variable *service_read_own_variables(const struct service_reader *in,
                                            const struct value *env_vars,
                                            const struct variable *inherited, size_t count,
                                            size_t *ret_count)
{
    struct map own = read_own_variables(in, env_vars);
    struct map names = {0};
    struct variable *variables =
        ARENA_ARRAY(in->reader.arena, count + env_vars->count, struct variable);
    size_t added = 0;
    for (size_t i = 0; i < count + env_vars->count; i++) {
        struct str name = i < count ? inherited[i].name : env_vars->items[i - count].name;
        const struct variable *variable = map_get(&own, name);
        if (map_add(in->reader.arena, &names, name, &variables[added]))
            continue;
        variables[added++] = variable ? *variable : inherited[i];
    }
    for (size_t i = 0; i < added; i++)
        if (map_get(&own, variables[i].name))
            check_expansion(in, &variables[i], &names);
    *ret_count = added;
    return variables;
}

bool service_hides_key(const struct service *service, const struct variable *variable)
{
    bool same = str_equal(variable->secret, service->all_secrets) &&
                str_equal(variable->key, variable->name);
    return service->all_secrets.len && !same;
}
