/* healthcheck. */
#include "format/name.h"
#include "import/compose_reader.h"

#include <inttypes.h>

enum {
    PERIOD_MAX = 3600,
    FAILURES_MAX = 1000,
    STARTUP_MAX = 86400,
    INTERVAL_DEFAULT = 30, /* seconds, in Compose */
    RETRIES_DEFAULT = 3
};

/* Flags of curl and wget that do not change which responses are accepted, apart from -f of curl,
 * which a probe implies. */
static bool is_harmless(struct str word, bool curl)
{
    static const char *const curl_flags[] = {"--fail", "--silent", "--show-error", "--location"};
    static const char *const wget_flags[] = {"--spider",
                                             "--quiet",
                                             "--no-verbose",
                                             "--tries=1",
                                             "--output-document=-",
                                             "--output-document=/dev/null",
                                             "-nv"};
    const char *const *flags = curl ? curl_flags : wget_flags;
    size_t count = curl ? COUNT_OF(curl_flags) : COUNT_OF(wget_flags);
    for (size_t i = 0; i < count; i++)
        if (str_eq_c(word, flags[i]))
            return true;
    return word.len > 1 && word.data[0] == '-' &&
           str_span_only(str_skip(word, 1), curl ? "fsSL" : "qS");
}

/* http://localhost[:PORT][/PATH] */
static bool parse_url(struct str url, int64_t *ret_port, struct str *ret_path)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "0.0.0.0", "[::1]"};
    if (str_starts_with(url, STR("http://")))
        url = str_skip(url, 7);
    else if (str_contains(url, STR("://")))
        return false;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        struct str host = str_from_c(hosts[i]);
        if (!str_starts_with(url, host))
            continue;
        struct str rest = str_skip(url, host.len);
        size_t slash = str_find(rest, 0, '/');
        struct str port = str_slice(rest, 0, slash);
        *ret_port = 80;
        *ret_path = slash < rest.len ? str_skip(rest, slash) : STR("/");
        return (port.len == 0 ||
                (port.data[0] == ':' && str_to_int(str_skip(port, 1), ret_port))) &&
               *ret_port >= 1 && *ret_port <= 65535 && !name_check_request(*ret_path);
    }
    return false;
}

/* A request of curl or wget, which an HTTP probe does as well. */
struct request {
    int64_t port;
    struct str path;
};

static bool parse_request(const struct str *words, size_t count, struct request *ret)
{
    bool curl = count && str_eq_c(words[0], "curl");
    bool fails = !curl && count && str_eq_c(words[0], "wget");
    bool has_url = false;
    if (!curl && !fails)
        return false;
    for (size_t i = 1; i < count; i++) {
        bool has_value =
            i + 1 < count && (str_eq_c(words[i], curl ? "-o" : "-O") || str_eq_c(words[i], "-qO") ||
                              (!curl && str_eq_c(words[i], "-t")));
        if (has_value) {
            i++;
        } else if (words[i].len && words[i].data[0] == '-') {
            bool long_flag = str_starts_with(words[i], STR("--"));
            fails |= str_eq_c(words[i], "--fail") ||
                     (!long_flag && str_find(words[i], 0, 'f') < words[i].len);
            if (!is_harmless(words[i], curl) && !str_eq_c(words[i], "-qO-") &&
                !str_eq_c(words[i], "-O-"))
                return false;
        } else if (has_url || !parse_url(words[i], &ret->port, &ret->path)) {
            return false;
        } else {
            has_url = true;
        }
    }
    return has_url && fails;
}

/* Removes what makes a shell end with status 1, and redirections to /dev/null, from the end. */
static struct str strip_shell(struct str text)
{
    static const char *const ends[] = {"|| exit 1",   "||exit 1",   "|| false",
                                       "2>&1",        ">/dev/null", "> /dev/null",
                                       "&>/dev/null", ";",          " "};
    for (size_t i = 0; i < COUNT_OF(ends);) {
        struct str end = str_from_c(ends[i++]);
        if (!str_ends_with(text, end))
            continue;
        text = str_slice(text, 0, text.len - end.len);
        i = 0;
    }
    return text;
}

/* A request in the string of a shell, without any other syntax of it. */
static bool parse_shell_request(const struct compose_service *service, struct str text,
                                struct request *ret)
{
    struct str *words;
    size_t count;
    text = strip_shell(text);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '$' || text.data[i] == '|' || text.data[i] == ';' ||
            text.data[i] == '>' || text.data[i] == '<' || text.data[i] == '`' ||
            text.data[i] == '\n')
            return false;
    return shell_split(service->arena, text, &words, &count) && parse_request(words, count, ret);
}

/* Requires HTTP of the port of a request. Returns false if the container does not have the port,
 * so that the command remains. */
static bool use_request(struct compose_service *service, const struct request *request,
                        const struct node *test)
{
    struct compose_port *port = NULL;
    for (size_t i = 0; i < service->port_count; i++)
        if (service->ports[i].number == request->port)
            port = &service->ports[i];
    if (!port && service->port_count == 0)
        port = compose_add_port(service, request->port, test->span);
    if (!port)
        return false;
    for (size_t i = 0; i < service->port_count; i++)
        service->ports[i].is_http = &service->ports[i] == port;
    import_string(service->import, service->module, SERVICE_HEALTHCHECK_PATH,
                  import_literal(service->arena, request->path, NULL), test->span);
    return true;
}

static void set_shell_command(struct compose_service *service, const struct node *test,
                              struct str text, struct location at)
{
    struct request request;
    size_t notes = service->import->note_count;
    if (parse_shell_request(service, compose_expand(service, text, at, COMPOSE_FIXED), &request) &&
        use_request(service, &request, test))
        return;
    service->import->note_count = notes; /* the variables are read again */
    struct node *list =
        import_list(service->import, service->module, SERVICE_HEALTHCHECK_COMMAND, test->span);
    import_item(service->import, list, STR("sh"), at);
    import_item(service->import, list, STR("-c"), at);
    import_item(service->import, list, compose_expand(service, text, at, COMPOSE_SHELL), at);
}

/* Notes a credential in a command without a shell, which cannot refer to it. Returns false if there
 * is none. */
static bool note_credential(const struct compose_service *service, const struct node *test)
{
    for (const struct node *item = test->first->next; item; item = item->next) {
        struct str name = compose_find_credential(service, node_string(item));
        if (name.len == 0)
            continue;
        compose_lost(service, item->span,
                     "healthcheck.test is not carried over, because %.*s may be a credential: add "
                     "it to secrets, and write healthcheck_command with sh -c and $%.*s",
                     STR_ARG(name), STR_ARG(name));
        return true;
    }
    return false;
}

static void set_command(struct compose_service *service, const struct node *test)
{
    struct str *words = NULL;
    size_t count = 0;
    struct request request;
    for (const struct node *item = test->first->next; item; item = item->next) {
        words = arena_grow(service->arena, words, count, sizeof *words);
        words[count++] = compose_string(service, item, COMPOSE_VARIABLES);
    }
    if (count == 0 ||
        (parse_request(words, count, &request) && use_request(service, &request, test)))
        return;
    struct node *list =
        import_list(service->import, service->module, SERVICE_HEALTHCHECK_COMMAND, test->span);
    const struct node *item = test->first;
    for (size_t i = 0; i < count; i++) {
        item = item->next;
        import_item(service->import, list, words[i], item->span);
    }
}

static void disable(struct compose_service *service, struct location at)
{
    import_string(service->import, service->module, SERVICE_HEALTHCHECK, STR("none"), at);
}

/* Returns false if there is no check. */
static bool read_test(struct compose_service *service, const struct node *test)
{
    struct str first = test->kind == NODE_LIST ? node_string(test->first) : STR("");
    if (test->kind == NODE_SCALAR) {
        set_shell_command(service, test, test->text, test->span);
    } else if (str_eq_c(first, "NONE")) {
        disable(service, test->span);
        return false;
    } else if (str_eq_c(first, "CMD-SHELL") && test->first->next &&
               test->first->next->kind == NODE_SCALAR) {
        set_shell_command(service, test, test->first->next->text, test->first->next->span);
    } else if (str_eq_c(first, "CMD")) {
        if (note_credential(service, test))
            return false;
        set_command(service, test);
    } else {
        diag_error(service->compose->diags, test->span, RULE_INVALID_COMPOSE,
                   "healthcheck.test must be a string, or a list that begins with CMD, CMD-SHELL "
                   "or NONE");
        return false;
    }
    return true;
}

/* Sets a number, and returns the one that is set. */
static int64_t set_number(struct compose_service *service, enum field_id field, int64_t number,
                          int64_t max, const struct node *node)
{
    int64_t valid = number < 1 ? 1 : number > max ? max : number;
    if (valid != number)
        compose_lost(service, node->span, "%.*s is set to %" PRId64 ", the nearest possible value",
                     STR_ARG(node->key->text), valid);
    import_int(service->import, service->module, field, valid, node->span);
    return valid;
}

/* Returns the seconds of a duration; 0, which means the default, if it is not set or invalid. */
static int64_t seconds_of(const struct compose_service *service, const struct node *node)
{
    int64_t seconds;
    if (!node)
        return 0;
    if (compose_duration(compose_string(service, node, COMPOSE_FIXED), &seconds))
        return seconds;
    compose_report_value(service, node, "must be a duration, for example 1m30s");
    return 0;
}

/* Returns the number that is set; otherwise the default of Compose. */
static int64_t read_duration(struct compose_service *service, const struct node *map,
                             const char *key, enum field_id field, int64_t default_value)
{
    const struct node *node = compose_get(map, key);
    int64_t seconds = seconds_of(service, node);
    return seconds ? set_number(service, field, seconds, PERIOD_MAX, node) : default_value;
}

static int64_t read_retries(struct compose_service *service, const struct node *map)
{
    const struct node *node = compose_get(map, "retries");
    int64_t number = 0;
    if (node && !str_to_int(compose_string(service, node, COMPOSE_FIXED), &number))
        compose_report_value(service, node, "must be an integer");
    return number ? set_number(service, SERVICE_PROBE_FAILURES, number, FAILURES_MAX, node)
                  : RETRIES_DEFAULT;
}

/* Docker never restarts a container because of its health check. A container that is still starting
 * becomes unhealthy `unhealthy_after` seconds after start_period. */
static void read_start_period(struct compose_service *service, const struct node *map,
                              int64_t unhealthy_after)
{
    const struct node *node = compose_get(map, "start_period");
    int64_t seconds = seconds_of(service, node);
    int64_t minimum = 0;
    if (seconds == 0)
        return;
    str_to_int(str_from_c(schema_field(SERVICE_STARTUP_TIMEOUT)->default_value), &minimum);
    if (seconds <= STARTUP_MAX) {
        seconds += unhealthy_after;
        seconds = seconds < minimum ? minimum : seconds > STARTUP_MAX ? STARTUP_MAX : seconds;
    }
    set_number(service, SERVICE_STARTUP_TIMEOUT, seconds, STARTUP_MAX, node);
}

void compose_read_health(struct compose_service *service)
{
    const struct node *map = compose_get(service->node, "healthcheck");
    if (!map ||
        !compose_check_keys(service->compose, service, COMPOSE_HEALTHCHECK, map, "healthcheck."))
        return;
    const struct node *test = compose_get(map, "test");
    if (compose_is_true(compose_get(map, "disable"))) {
        disable(service, map->key->span);
        return;
    }
    if (!test)
        compose_lost(service, map->key->span,
                     "the health check of the image is not carried over: set healthcheck_path or "
                     "healthcheck_command");
    if (!test || !read_test(service, test))
        return;
    int64_t interval =
        read_duration(service, map, "interval", SERVICE_PROBE_PERIOD, INTERVAL_DEFAULT);
    read_duration(service, map, "timeout", SERVICE_PROBE_TIMEOUT, INTERVAL_DEFAULT);
    read_start_period(service, map, interval * read_retries(service, map));
    compose_ignored(service, map->key->span,
                    "a container that fails its health check is restarted, unlike in Docker; set "
                    "liveness: none to only remove it from the Service");
}
