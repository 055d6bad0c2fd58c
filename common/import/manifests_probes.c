/* Probes. A service file has one period, timeout and number of failures for all probes, and one
 * check for both liveness and readiness unless it sets them separately. */
#include "import/manifests_reader.h"
#include "service/service.h"

enum { DELAY_DEFAULT = 30, FAILURES_DEFAULT = 3, PERIOD_DEFAULT = 10, TIMEOUT_DEFAULT = 1 };

enum check { CHECK_NONE, CHECK_HTTP, CHECK_TCP, CHECK_GRPC, CHECK_COMMAND };

/* A probe of the container. */
struct given_probe {
    const struct node *node; /* NULL: none */
    enum check check;
    const struct node *path; /* CHECK_HTTP; NULL: / */
    const struct node *port;
    const struct node *command;
    int64_t delay;
    int64_t period;
    int64_t failures;
};

static int64_t number_of(const struct node *probe, const char *key, int64_t fallback)
{
    int64_t number;
    return given_int(probe, key, &number) ? number : fallback;
}

static struct given_probe read_probe(const struct given_app *app, const char *key)
{
    const struct node *node = node_at(app->container, key);
    struct given_probe probe = {.node = node};
    if (!node || node->kind != NODE_MAP)
        return (struct given_probe){0};
    if (node_at(node, "httpGet")) {
        probe.check = CHECK_HTTP;
        probe.path = node_at(node, "httpGet path");
        probe.port = node_at(node, "httpGet port");
    } else if (node_at(node, "tcpSocket")) {
        probe.check = CHECK_TCP;
        probe.port = node_at(node, "tcpSocket port");
    } else if (node_at(node, "grpc")) {
        probe.check = CHECK_GRPC;
        probe.port = node_at(node, "grpc port");
    } else if (node_at(node, "exec command")) {
        probe.check = CHECK_COMMAND;
        probe.command = node_at(node, "exec command");
    }
    probe.delay = number_of(node, "initialDelaySeconds", 0);
    probe.period = number_of(node, "periodSeconds", PERIOD_DEFAULT);
    probe.failures = number_of(node, "failureThreshold", FAILURES_DEFAULT);
    return probe;
}

static struct str path_of(const struct given_probe *probe)
{
    struct str path = node_string(probe->path);
    return path.len ? path : STR("/");
}

static bool is_same_list(const struct node *one, const struct node *other)
{
    const struct node *a = node_first_child(one);
    const struct node *b = node_first_child(other);
    for (; a && b; a = a->next, b = b->next)
        if (!str_equal(node_string(a), node_string(b)))
            return false;
    return !a && !b;
}

/* The port is not compared, because a service file has one for all probes. */
static bool is_same_check(const struct given_probe *one, const struct given_probe *other)
{
    if (one->check != other->check || one->check == CHECK_NONE)
        return false;
    return one->check == CHECK_HTTP      ? str_equal(path_of(one), path_of(other))
           : one->check == CHECK_COMMAND ? is_same_list(one->command, other->command)
                                         : true;
}

static void set_word(const struct given_app *app, enum field_id field, const char *word,
                     struct location at)
{
    import_string(app->import, app->module, field, str_from_c(word), at);
}

static void set_path(const struct given_app *app, enum field_id field,
                     const struct given_probe *probe)
{
    if (probe->path)
        given_string(app, app->module, field, probe->path);
    else
        set_word(app, field, "/", probe->node->span);
}

/* The check of a probe whose fields are not set. */
static enum check default_check(const struct given_app *app, const struct given_port *port,
                                struct str healthcheck, bool liveness)
{
    if (!port)
        return CHECK_NONE;
    if (str_eq_c(healthcheck, "grpc"))
        return CHECK_GRPC;
    bool is_plain_http = port->is_http && !app->has_grpc && !app->has_websocket;
    return healthcheck.len == 0 && liveness && is_plain_http ? CHECK_NONE : CHECK_TCP;
}

/* Sets the fields of a probe with a check of its own. */
static void write_own(const struct given_app *app, const struct given_probe *probe,
                      const struct probe_fields *fields)
{
    if (probe->check == CHECK_HTTP)
        set_path(app, fields->path, probe);
    else if (probe->check == CHECK_COMMAND)
        given_list(app, app->module, fields->command, probe->command);
}

/* Sets `healthcheck` if a probe that has no path or command would otherwise be another one. */
static void write_kind(const struct given_app *app, const struct given_port *port,
                       const struct given_probe *liveness, const struct given_probe *readiness)
{
    enum { PROBES = 2 };
    const struct given_probe *probes[PROBES] = {liveness, readiness};
    const struct probe_fields *fields[PROBES] = {&liveness_probe_fields, &readiness_probe_fields};
    struct str kind = STR("");
    const struct given_probe *from = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        bool grpc = probes[i]->check == CHECK_GRPC;
        bool differs = probes[i]->check == CHECK_TCP && kind.len == 0 &&
                       default_check(app, port, kind, i == 0) != CHECK_TCP;
        if (!grpc && !differs)
            continue;
        kind = grpc ? STR("grpc") : STR("tcp");
        from = probes[i];
    }
    if (from && port)
        import_string(app->import, app->module, SERVICE_HEALTHCHECK, kind, from->node->span);
    for (size_t i = 0; i < PROBES; i++)
        if (probes[i]->check == CHECK_NONE && default_check(app, port, kind, i == 0) != CHECK_NONE)
            set_word(app, fields[i]->none, "none", app->container->span);
}

static void write_checks(const struct given_app *app, const struct given_port *port,
                         const struct given_probe *liveness, const struct given_probe *readiness)
{
    if (is_same_check(liveness, readiness) && liveness->check == CHECK_HTTP) {
        set_path(app, SERVICE_HEALTHCHECK_PATH, readiness);
        return;
    }
    if (is_same_check(liveness, readiness) && liveness->check == CHECK_COMMAND) {
        given_list(app, app->module, SERVICE_HEALTHCHECK_COMMAND, readiness->command);
        return;
    }
    write_own(app, liveness, &liveness_probe_fields);
    write_own(app, readiness, &readiness_probe_fields);
    write_kind(app, port, liveness, readiness);
}

/* Returns the port of the probes: that of the first one that has one. Without any, the first. */
static const struct given_port *find_port(const struct given_app *app,
                                          const struct given_probe *const probes[], size_t count,
                                          const struct given_probe **ret_probe)
{
    for (size_t i = 0; i < count; i++) {
        const struct given_port *port =
            probes[i]->port ? given_find_port(app, probes[i]->port) : NULL;
        if (!port)
            continue;
        *ret_probe = probes[i];
        return port;
    }
    return app->port_count ? &app->ports[0] : NULL;
}

/* Returns the port that probes of this kind use without `probe_port`. */
static const struct given_port *default_port(const struct given_app *app, enum check check)
{
    const struct given_port *named = NULL;
    for (size_t i = 0; i < app->port_count && check == CHECK_GRPC; i++) {
        if (app->ports[i].is_http && app->has_grpc)
            return &app->ports[i];
        if (str_eq_c(given_port_name(app, &app->ports[i]), "grpc"))
            named = &app->ports[i];
    }
    return named ? named : app->port_count ? &app->ports[0] : NULL;
}

/* A path is requested on a port that is not for HTTP only if that port is named. */
static void write_port(const struct given_app *app, const struct given_port *port,
                       const struct given_probe *probe)
{
    bool is_http = port && port->is_http && !app->has_websocket && !app->has_grpc;
    if (!probe ||
        (port == default_port(app, probe->check) && (is_http || probe->check != CHECK_HTTP)))
        return;
    import_string(app->import, app->module, SERVICE_PROBE_PORT, given_port_name(app, port),
                  probe->port->span);
}

static void write_startup(const struct given_app *app, const struct given_probe *startup,
                          const struct given_probe *liveness, const struct given_probe *readiness)
{
    const struct given_probe *same = liveness->check != CHECK_NONE ? liveness : readiness;
    bool repeats = is_same_check(startup, same);
    int64_t timeout;
    if (startup->check == CHECK_NONE ||
        __builtin_mul_overflow(startup->failures, startup->period, &timeout))
        return;
    if (!repeats && startup->check == CHECK_HTTP)
        set_path(app, SERVICE_STARTUP_PATH, startup);
    else if (!repeats)
        return;
    import_int(app->import, app->module, SERVICE_STARTUP_TIMEOUT, timeout, startup->node->span);
}

static void write_delays(const struct given_app *app, const struct given_probe *liveness,
                         const struct given_probe *readiness)
{
    bool starts = import_get(app->module, SERVICE_STARTUP_PATH) ||
                  import_get(app->module, SERVICE_STARTUP_TIMEOUT);
    int64_t standard = starts ? 0 : DELAY_DEFAULT;
    if (readiness->check != CHECK_NONE && readiness->delay != standard) {
        const struct node *node = node_at(readiness->node, "initialDelaySeconds");
        import_int(app->import, app->module, SERVICE_READINESS_DELAY, readiness->delay,
                   node ? node->span : readiness->node->span);
        if (!starts && readiness->delay > standard)
            standard = readiness->delay;
    }
    if (liveness->check != CHECK_NONE && liveness->delay != standard) {
        const struct node *node = node_at(liveness->node, "initialDelaySeconds");
        import_int(app->import, app->module, SERVICE_LIVENESS_DELAY, liveness->delay,
                   node ? node->span : liveness->node->span);
    }
}

static void write_number(const struct given_app *app, enum field_id field, const struct node *probe,
                         const char *key, int64_t fallback)
{
    const struct node *node = node_at(probe, key);
    import_int(app->import, app->module, field, number_of(probe, key, fallback),
               node ? node->span : probe->span);
}

static void write_headers(const struct given_app *app, const struct given_probe *probe)
{
    const struct node *list = node_at(probe->node, "httpGet httpHeaders");
    struct map names = {0};
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        struct node *map = import_map(app->import, app->module, SERVICE_PROBE_HEADERS, list->span);
        const struct node *value = node_at(item, "value");
        struct str name = given_text(item, "name");
        if (value && !map_add(app->arena, &names, name, value))
            given_entry(app, map, name, value);
    }
}

void given_read_probes(struct given_app *app)
{
    const struct given_probe startup = read_probe(app, "startupProbe");
    const struct given_probe liveness = read_probe(app, "livenessProbe");
    const struct given_probe readiness = read_probe(app, "readinessProbe");
    enum { PROBES = 3 };
    const struct given_probe *const probes[PROBES] = {&readiness, &liveness, &startup};
    const struct given_probe *with_port = NULL;
    const struct given_port *port = find_port(app, probes, PROBES, &with_port);
    const struct given_probe *first = NULL;
    for (size_t i = 0; i < PROBES && !first; i++)
        if (probes[i]->check != CHECK_NONE &&
            (probes[i] != &startup || startup.check == CHECK_HTTP))
            first = probes[i];
    if (str_eq_c(app->workload->kind, "CronJob"))
        return;
    if (!first) { /* other startup probes repeat another probe */
        if (port)
            set_word(app, SERVICE_HEALTHCHECK, "none", app->container->span);
        return;
    }
    write_checks(app, port, &liveness, &readiness);
    write_port(app, port, with_port);
    write_startup(app, &startup, &liveness, &readiness);
    write_delays(app, &liveness, &readiness);
    write_number(app, SERVICE_PROBE_PERIOD, first->node, "periodSeconds", PERIOD_DEFAULT);
    write_number(app, SERVICE_PROBE_TIMEOUT, first->node, "timeoutSeconds", TIMEOUT_DEFAULT);
    const struct given_probe *counted = readiness.check != CHECK_NONE ? &readiness : &liveness;
    if (counted->check != CHECK_NONE)
        write_number(app, SERVICE_PROBE_FAILURES, counted->node, "failureThreshold",
                     FAILURES_DEFAULT);
    for (size_t i = 0; i < PROBES; i++)
        if (probes[i]->check == CHECK_HTTP && !import_get(app->module, SERVICE_PROBE_HEADERS))
            write_headers(app, probes[i]);
}
