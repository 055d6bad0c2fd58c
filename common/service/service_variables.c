/* links, secrets and env_vars: the environment variables of the container.
 *
 * Those of links come first, then secrets, then env_vars, which may refer to both as $(NAME):
 * Kubernetes expands only names that are defined before it. A key that `secrets` lists replaces a
 * link's variable of the same name, with a warning; any other name that occurs twice is an error.
 */
#include "base/map.h"
#include "config/module_output.h"
#include "service/service_reader.h"

#include <inttypes.h>

static bool add_variable(const struct service_reader *in, struct variable variable)
{
    struct service *service = in->service;
    if (service->variable_count == VARIABLES_MAX) {
        diag_error(in->reader.diags, variable.at, "more than %d environment variables",
                   VARIABLES_MAX);
        return false;
    }
    const char *wrong = name_check_variable(variable.name);
    if (wrong)
        diag_error(in->reader.diags, variable.at, "the variable \"%.*s\" %s",
                   STR_ARG(variable.name), wrong);
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
    int64_t port = service_linked_port(in->layer, link->module->node);
    if (port < 0 && layer_selects(in->layer, link->module))
        return true;
    if (port < 0) {
        diag_error(in->reader.diags, at, "the ports of the service \"%.*s\" are wrong",
                   STR_ARG(link->module->name));
        return true;
    }
    if (port == 0) {
        diag_error(in->reader.diags, at, "the service \"%.*s\" listens to nothing",
                   STR_ARG(link->module->name));
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
        enum output_source source = module_output(&in->layer->scope, link->module, item->name,
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
    enum link_kind kind = link->module->kind ? link->module->kind->link : LINK_NONE;
    if (kind == LINK_SERVICE && link->module == in->module) {
        diag_error(in->reader.diags, link->node->span, "the service links to itself");
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

/* The Secret that `secrets` are looked up in. */
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
    diag_warning(in->reader.diags, listed->at,
                 "\"%.*s\" in secrets replaces the link's variable of the same name",
                 STR_ARG(listed->name));
    if (in->reader.diags->last_kept) /* counting lines takes time */
        diag_hint(in->reader.diags, "the link is on line %zu",
                  diag_position(linked->at.source, linked->at.start).line);
    *linked = *listed;
}

/* The variables of links by name; the first of several of one name. */
static struct map linked_names(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct map names = {0};
    for (size_t i = 0; i < service->variable_count; i++)
        map_add(in->reader.arena, &names, service->variables[i].name, &service->variables[i]);
    return names;
}

static bool read_listed(const struct service_reader *in, const struct value *secrets,
                        struct str secret)
{
    struct service *service = in->service;
    struct map linked = linked_names(in);
    const struct variable *before = service->variables; /* adding moves them */
    for (size_t i = 0; i < secrets->count; i++) {
        const struct item *item = &secrets->items[i];
        struct variable listed = {
            .name = item->text, .at = item->node->span, .secret = secret, .key = item->text};
        const struct variable *same = map_get(&linked, listed.name);
        if (same && service->variables[same - before].linked)
            replace_linked(in, (size_t)(same - before), &listed);
        else if (!add_variable(in, listed))
            return false;
    }
    return true;
}

static bool read_secrets(const struct service_reader *in)
{
    const struct value *secrets = service_value(in, SERVICE_SECRETS);
    struct str secret = service_secret(in->reader.arena, in->layer, in->service->name);
    if (secrets->is_keyword)
        in->service->all_secrets = secret;
    if (secrets->count == 1 && str_eq_c(secrets->items[0].text, "all")) {
        diag_warning(in->reader.diags, secrets->items[0].node->span,
                     "secrets lists one key that is named \"all\"");
        diag_hint(in->reader.diags, "to use every key write secrets: all");
    }
    return read_listed(in, secrets, secret);
}

static bool hold_the_same(const struct variable *a, const struct variable *b)
{
    return a->secret.len && str_equal(a->secret, b->secret) && str_equal(a->key, b->key);
}

/* The variable that holds an output: one that is there, or one that is added. */
static struct str reference_variable(const struct service_reader *in,
                                     const struct reference *reference)
{
    const struct service *service = in->service;
    struct str name = link_variable(in->reader.arena, reference->module, reference->output);
    struct variable wanted =
        secret_variable(reference->module, reference->output, name, reference->where);
    for (size_t i = 0; i < service->variable_count; i++)
        if (hold_the_same(&service->variables[i], &wanted))
            return service->variables[i].name;
    wanted.implied = true;
    add_variable(in, wanted);
    return name;
}

/* The text with $(NAME) where it refers to a secret output. Kubernetes takes $$ for a $ that begins
 * no reference, so those right before one are doubled. */
static struct str expand(const struct service_reader *in, const struct item *item)
{
    struct buf text = {0};
    size_t copied = 0;
    const struct reference *reference = item->references;
    for (; reference; reference = reference->next) {
        struct str name = reference_variable(in, reference);
        buf_add(&text, str_slice(item->text, copied, reference->at));
        for (size_t i = reference->at; i > copied && item->text.data[i - 1] == '$'; i--)
            buf_add_byte(&text, '$');
        buf_format(&text, "$(%.*s)", STR_ARG(name));
        copied = reference->at;
    }
    buf_add(&text, str_skip(item->text, copied));
    return buf_take(in->reader.arena, &text);
}

static bool read_env_var(const struct service_reader *in, const struct item *item)
{
    const struct reference *first = item->references;
    struct location at = item->name_node->span;
    struct variable variable = {.name = item->name, .at = at, .text = item->text};
    if (first && !first->next &&
        item->text.len == 0) /* the variable is the Secret's value itself */
        variable = secret_variable(first->module, first->output, item->name, at);
    else if (first)
        variable.text = expand(in, item);
    return add_variable(in, variable);
}

static void report_twice(const struct service_reader *in, const struct variable *first,
                         const struct variable *second)
{
    if (first->at.start > second->at.start) {
        const struct variable *swapped = first;
        first = second;
        second = swapped;
    }
    diag_error(in->reader.diags, second->at, "the variable \"%.*s\" is set twice",
               STR_ARG(second->name));
    if (first->implied || second->implied) {
        diag_hint(in->reader.diags,
                  "line %zu sets it too, and the placeholder stands for another value: rename the "
                  "variable, or write $(%.*s) to use its value",
                  diag_position(first->at.source, first->at.start).line, STR_ARG(second->name));
        return;
    }
    diag_hint(in->reader.diags, "line %zu sets it too: keep one of the two",
              diag_position(first->at.source, first->at.start).line);
}

/* Reports a variable that is set twice. One that was added for a reference may be written out
 * after it: the first of the two then serves both. */
static struct map check_variables(const struct service_reader *in)
{
    struct service *service = in->service;
    struct map names = {0};
    size_t kept = 0;
    for (size_t i = 0; i < service->variable_count; i++) {
        struct variable *variable = &service->variables[i];
        const struct variable *first =
            map_add(in->reader.arena, &names, variable->name, &service->variables[kept]);
        if (first && first->implied && hold_the_same(first, variable))
            continue;
        if (first)
            report_twice(in, first, variable);
        service->variables[kept++] = *variable;
    }
    service->variable_count = kept;
    return names;
}

/* The name in the next $(NAME) of a text; `at` moves after it. False: there is no other. $$ is a $
 * that begins none. */
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

/* True for a variable of the Service "kubernetes". The kubelet sets those of other Services only
 * with enableServiceLinks, which is off. */
static bool is_of_cluster(struct str name)
{
    return str_starts_with(name, STR("KUBERNETES_"));
}

/* `found`: the variable of that name, which is not before the one that refers to it; NULL: none. */
static void report_expansion(const struct service_reader *in, const struct variable *variable,
                             struct str name, const struct variable *found)
{
    struct diags *diags = in->reader.diags;
    if (found) {
        diag_warning(diags, variable->at,
                     "$(%.*s) is not expanded: Kubernetes expands only variables that are defined "
                     "before it",
                     STR_ARG(name));
        if (found != variable)
            diag_hint(diags, "move %.*s before %.*s", STR_ARG(name), STR_ARG(variable->name));
    } else if (in->service->all_secrets.len && !is_of_cluster(name)) {
        diag_warning(diags, variable->at,
                     "$(%.*s) is not expanded: env_vars cannot refer to keys of secrets: all",
                     STR_ARG(name));
        diag_hint(diags, "list the keys: secrets: [%.*s, ...]", STR_ARG(name));
    }
}

/* Kubernetes expands $(NAME) from the variables of `env` before it. A key that comes by envFrom
 * stays as it is written, and so does any other name, which may be a shell's. */
static void check_expansions(const struct service_reader *in, const struct map *names)
{
    const struct service *service = in->service;
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        struct str name;
        for (size_t at = 0; next_expansion(variable->text, &at, &name);) {
            const struct variable *found = map_get(names, name);
            if ((!found || found >= variable) && !name_check_variable(name))
                report_expansion(in, variable, name, found);
        }
    }
}

void service_read_variables(const struct service_reader *in)
{
    bool more = read_links(in) && read_secrets(in);
    const struct value *env_vars = service_value(in, SERVICE_ENV_VARS);
    for (size_t i = 0; more && i < env_vars->count; i++)
        more = read_env_var(in, &env_vars->items[i]);
    struct map names = check_variables(in);
    if (!layer_injects(in->layer)) /* a chart has its own env */
        check_expansions(in, &names);
}

bool service_hides_key(const struct service *service, const struct variable *variable)
{
    bool same = str_equal(variable->secret, service->all_secrets) &&
                str_equal(variable->key, variable->name);
    return service->all_secrets.len && !same;
}
