/* Environment variables. Variables of the chart are replaced in place. New variables are inserted
 * before the first variable that refers to them, because Kubernetes expands only references to
 * earlier variables. `env_from` and `secrets: all` add sources to envFrom after those of the chart,
 * which are kept. */
#include "chart/inject_target.h"

/* Returns the first variable with that name from `item` on, or NULL. */
static struct node *next_variable(struct node *item, struct str name)
{
    while (item && !str_equal(node_string(node_at(item, "name")), name))
        item = item->next;
    return item;
}

static struct node *find_variable(const struct node *env, struct str name)
{
    return env && env->kind == NODE_LIST ? next_variable(env->first, name) : NULL;
}

/* True if a value contains $(NAME). $$(NAME) is escaped, and not a reference. */
static bool refers_to(struct str value, struct str name)
{
    for (size_t at = str_find(value, 0, '$'); at < value.len; at = str_find(value, at, '$')) {
        if (at + 1 < value.len && value.data[at + 1] == '$') {
            at += 2;
            continue;
        }
        struct str rest = str_slice(value, at + 2, at + 2 + name.len);
        if (at + 1 < value.len && value.data[at + 1] == '(' && str_equal(rest, name) &&
            at + 2 + name.len < value.len && value.data[at + 2 + name.len] == ')')
            return true;
        at++;
    }
    return false;
}

static const struct node *first_reference(const struct node *env, struct str name)
{
    for (const struct node *item = env ? env->first : NULL; item; item = item->next)
        if (refers_to(node_string(node_at(item, "value")), name))
            return item;
    return NULL;
}

/* Messages never show the value of a variable, because it may be secret. */
static void replace_variable(const struct target *target, struct node *item,
                             const struct variable *variable)
{
    struct arena *arena = target->injection->arena;
    struct node *new_item = manifest_variable(arena, variable);
    struct node *value = new_item->last;
    const char *key = str_to_c(arena, value->key->text);
    const char *other = str_eq_c(value->key->text, "value") ? "valueFrom" : "value";
    const char *what = str_format(arena, "env.%.*s", STR_ARG(variable->name)).data;
    if (target->fill)
        return;
    if (node_at(item, other)) {
        edit_remove(target->edit, item, other);
        edit_set(target->edit, item, value->key->text, value);
        inject_log(target, NULL, CHANGE_REPLACED, what, "%s", "");
        return;
    }
    target_set(target, NULL, item, key, value, what, HIDE_VALUES);
}

/* Reports a variable of the service that refers to a later one: Kubernetes would not expand it. */
static void check_order(const struct target *target, const struct node *env,
                        const struct variable *variable)
{
    bool seen = false;
    for (const struct node *item = env->first; item; item = item->next) {
        struct str name = node_string(node_at(item, "name"));
        if (seen && refers_to(variable->text, name)) {
            diag_error(target->injection->diags, variable->at, RULE_UNEXPANDED_VARIABLE,
                       "%.*s: $(%.*s) in variable \"%.*s\" is not expanded: Kubernetes expands "
                       "only variables that are defined before it",
                       STR_ARG(object_display_name(target->injection->arena, target->workload)),
                       STR_ARG(name), STR_ARG(variable->name));
            diag_hint(target->injection->diags,
                      "rename \"%.*s\"; a new variable is added after \"%.*s\"",
                      STR_ARG(variable->name), STR_ARG(name));
            return;
        }
        seen |= str_equal(name, variable->name);
    }
}

/* True if `item` is `first` or after it. */
static bool is_at_or_after(const struct node *first, const struct node *item)
{
    while (first && first != item)
        first = first->next;
    return first != NULL;
}

/* The service's variables that the container does not have, each after those that it refers to. */
struct sequence {
    const struct service *service;
    const struct node *env; /* the chart's */
    bool *visited;
    const struct variable **items;
    size_t count;
};

static void visit(struct sequence *sequence, size_t index)
{
    const struct service *service = sequence->service;
    const struct variable *variable = &service->variables[index];
    if (sequence->visited[index])
        return;
    sequence->visited[index] = true;
    bool refers = str_find(variable->text, 0, '$') < variable->text.len;
    for (size_t i = 0; refers && i < service->variable_count; i++)
        if (refers_to(variable->text, service->variables[i].name))
            visit(sequence, i);
    if (!find_variable(sequence->env, variable->name))
        sequence->items[sequence->count++] = variable;
}

/* Inserts the new variables from the last to the first: each must be before the variables that
 * refer to it, which are then already in the list. */
static void add_variables(const struct target *target)
{
    const struct service *service = target->service;
    struct arena *arena = target->injection->arena;
    struct sequence sequence = {.service = service,
                                .env = node_at(target->container, "env"),
                                .visited = ARENA_ARRAY(arena, service->variable_count, bool)};
    sequence.items = ARENA_ARRAY(arena, service->variable_count, const struct variable *);
    for (size_t i = 0; i < service->variable_count; i++)
        visit(&sequence, i);
    const struct node *appended = NULL; /* the first of the variables appended at the end */
    for (size_t i = sequence.count; i > 0; i--) {
        const struct variable *variable = sequence.items[i - 1];
        struct node *env = edit_list(target->edit, target->container, "env");
        struct node *new_item = manifest_variable(arena, variable);
        if (!env)
            return;
        const struct node *before = first_reference(env, variable->name);
        if (!before || is_at_or_after(appended, before)) {
            edit_insert(target->edit, env, appended, new_item);
            appended = new_item;
        } else {
            edit_insert(target->edit, env, before, new_item);
        }
        inject_log(target, NULL, CHANGE_ADDED,
                   str_format(arena, "env.%.*s", STR_ARG(variable->name)).data, "%s", "");
    }
}

/* True for an item of the chart's envFrom that provides every key of the source, without a prefix.
 */
static bool is_source(const struct node *item, const struct variable_source *source)
{
    const char *path = source->is_secret ? "secretRef name" : "configMapRef name";
    return str_equal(node_string(node_at(item, path)), source->name) &&
           node_string(node_at(item, "prefix")).len == 0;
}

static bool has_source(const struct node *list, const struct variable_source *source)
{
    for (const struct node *item = list ? node_first_child(list) : NULL; item; item = item->next)
        if (is_source(item, source))
            return true;
    return false;
}

static void log_source(const struct target *target, const struct variable_source *source,
                       enum change_kind kind)
{
    inject_log(target, NULL, kind,
               str_format(target->injection->arena, "envFrom.%.*s", STR_ARG(source->name)).data,
               "%s", "");
}

/* Adds the sources that the chart does not have. Later sources take precedence, so ours are the
 * first. */
static void fill_sources(const struct target *target)
{
    const struct node *before = node_first_child(node_at(target->container, "envFrom"));
    for (size_t i = 0; i < target->service->source_count; i++) {
        const struct variable_source *source = &target->service->sources[i];
        if (has_source(node_at(target->container, "envFrom"), source))
            continue;
        struct node *list = edit_list(target->edit, target->container, "envFrom");
        if (!list)
            return;
        edit_insert(target->edit, list, before, manifest_source(target->injection->arena, source));
        log_source(target, source, CHANGE_ADDED);
    }
}

/* True if the last sources of the container are those of the service, in their order, and are
 * required. */
static bool has_sources(const struct target *target, const struct node *list)
{
    const struct service *service = target->service;
    size_t count = 0;
    for (const struct node *item = node_first_child(list); item; item = item->next)
        count++;
    if (count < service->source_count)
        return false;
    const struct node *item = node_first_child(list);
    for (size_t i = 0; i < count; i++, item = item->next) {
        if (i < count - service->source_count)
            continue;
        const struct variable_source *source = &service->sources[i + service->source_count - count];
        const char *optional = source->is_secret ? "secretRef optional" : "configMapRef optional";
        if (!is_source(item, source) || str_eq_c(node_string(node_at(item, optional)), "true"))
            return false;
    }
    return true;
}

static bool is_of_service(const void *context, struct node *item)
{
    const struct service *service = context;
    for (size_t i = 0; i < service->source_count; i++)
        if (is_source(item, &service->sources[i]))
            return true;
    return false;
}

/* Later sources of envFrom take precedence, so ours are the last, in their order. */
static void inject_sources(const struct target *target)
{
    const struct service *service = target->service;
    const struct node *chart = node_at(target->container, "envFrom");
    if (target->fill) {
        fill_sources(target);
        return;
    }
    if (has_sources(target, chart))
        return;
    for (size_t i = 0; i < service->source_count; i++)
        log_source(target, &service->sources[i],
                   has_source(chart, &service->sources[i]) ? CHANGE_REPLACED : CHANGE_ADDED);
    struct node *list = edit_list(target->edit, target->container, "envFrom");
    if (!list)
        return;
    edit_remove_items(target->edit, list, is_of_service, service);
    for (size_t i = 0; i < service->source_count; i++)
        edit_insert(target->edit, list, NULL,
                    manifest_source(target->injection->arena, &service->sources[i]));
}

void inject_variables(const struct target *target)
{
    const struct service *service = target->service;
    inject_sources(target);
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        struct node *item = find_variable(node_at(target->container, "env"), variable->name);
        /* A chart may define a variable twice. Which of them is used depends on how it is applied.
         */
        for (; item; item = next_variable(item->next, variable->name))
            replace_variable(target, item, variable);
    }
    add_variables(target);
    const struct node *env = node_at(target->container, "env");
    for (size_t i = 0; env && env->kind == NODE_LIST && i < service->variable_count; i++)
        check_order(target, env, &service->variables[i]);
}
