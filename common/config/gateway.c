#include "config/gateway.h"

#include "config/environment.h"
#include "format/name.h"

/* The record of `gateway` or `internal_gateway`, with what its errors need. */
struct gateway_reader {
    const struct schema_reader *reader;
    const struct record *record;
    const char *field; /* its name */
    struct gateway *gateway;
};

static void set_name(struct gateway *gateway, struct str text)
{
    size_t slash = str_find(text, 0, '/');
    gateway->namespace = str_slice(text, 0, slash);
    gateway->name = str_skip(text, slash + (slash < text.len));
}

const char *gateway_check_name(struct str text)
{
    struct gateway gateway;
    set_name(&gateway, text);
    bool ok = str_find(text, 0, '/') < text.len && !name_check_namespace(gateway.namespace) &&
              !name_check_subdomain(gateway.name);
    return ok ? NULL : "must be NAMESPACE/NAME, for example infra/public";
}

static void read_name(const struct gateway_reader *in)
{
    struct diags *diags = in->reader->diags;
    if (!record_has(in->record, GATEWAY_NAME))
        return;
    struct str text = record_value(in->record, GATEWAY_NAME)->text;
    set_name(in->gateway, text);
    if (!gateway_check_name(text))
        return;
    diag_error(diags, record_location(in->record, GATEWAY_NAME), RULE_INVALID_NAME,
               "name of %s must be NAMESPACE/NAME, not \"%.*s\"", in->field, STR_ARG(text));
    if (!name_check_subdomain(text))
        diag_hint(diags, "write the namespace of the Gateway too, for example: name: infra/%.*s",
                  STR_ARG(text));
    else if (str_find(text, 0, '{') < text.len)
        diag_hint(diags, "write the name without a placeholder, for example: name: infra/public");
    else
        diag_hint(diags, "for example: name: infra/public");
}

static void read_listeners(const struct gateway_reader *in)
{
    struct gateway *gateway = in->gateway;
    struct diags *diags = in->reader->diags;
    environment_set_checked(in->reader, in->record, GATEWAY_LISTENER, name_check_subdomain,
                            &gateway->listener);
    environment_set_checked(in->reader, in->record, GATEWAY_HTTP_LISTENER, name_check_subdomain,
                            &gateway->http_listener);
    struct location at = record_location(in->record, GATEWAY_HTTP_LISTENER);
    if (gateway->http_listener.len == 0 || record_value(in->record, GATEWAY_LISTENER)->invalid)
        return;
    if (gateway->listener.len == 0 && !gateway->listener_sets) {
        diag_error(diags, at, RULE_REQUIRED_FIELD, "http_listener requires listener");
        diag_hint(diags, "set listener too: without it, the routes are attached to the HTTP "
                         "listener as well, which then does not redirect");
    } else if (str_equal(gateway->listener, gateway->http_listener)) {
        diag_error(diags, at, RULE_CONFLICTING_FIELDS,
                   "listener and http_listener must be different");
        diag_hint(diags, "set listener to the HTTPS listener of the Gateway, and http_listener to "
                         "its HTTP listener");
    }
}

static void read_listener_sets(const struct gateway_reader *in, bool has_certificate)
{
    struct diags *diags = in->reader->diags;
    struct location at = record_location(in->record, GATEWAY_LISTENER_SETS);
    in->gateway->listener_sets = record_value(in->record, GATEWAY_LISTENER_SETS)->boolean;
    if (!in->gateway->listener_sets)
        return;
    if (in->gateway->flavour == FLAVOUR_TRAEFIK) {
        diag_error(diags, at, RULE_UNSUPPORTED_BY_CONTROLLER,
                   "listener_sets: true is not possible with type: traefik, because "
                   "Traefik does not support ListenerSets");
        diag_hint(diags, "remove it, and set the certificate in the listener of the Gateway");
    } else if (!has_certificate) {
        diag_error(diags, at, RULE_REQUIRED_FIELD,
                   "listener_sets: true requires tls_secret or cluster_issuer");
        diag_hint(diags, "set one of them too, or remove listener_sets");
    } else if (record_has(in->record, GATEWAY_LISTENER)) {
        diag_warning(diags, record_location(in->record, GATEWAY_LISTENER), RULE_NO_EFFECT,
                     "listener has no effect with listener_sets: true");
        diag_hint(diags, "remove it: the routes are attached to ListenerSets");
    }
}

/* Traefik accepts routes with sessionPersistence and ignores it. */
static void read_session_persistence(const struct gateway_reader *in)
{
    struct diags *diags = in->reader->diags;
    const struct value *value = record_value(in->record, GATEWAY_SESSION_PERSISTENCE);
    in->gateway->has_session_persistence = str_eq_c(value->text, "v1.6");
    if (!in->gateway->has_session_persistence || in->gateway->flavour != FLAVOUR_TRAEFIK)
        return;
    diag_error(diags, record_location(in->record, GATEWAY_SESSION_PERSISTENCE),
               RULE_UNSUPPORTED_BY_CONTROLLER,
               "session_persistence: v1.6 is not possible with type: traefik, because Traefik "
               "ignores it");
    diag_hint(diags, "remove it: sticky_session works with a TraefikService");
}

const struct gateway *gateway_read(const struct schema_reader *reader, const struct record *file,
                                   enum field_id field, bool has_certificate)
{
    const struct value *value = record_value(file, field);
    if (value->count == 0)
        return NULL;
    struct gateway *gateway = ARENA_NEW(reader->arena, struct gateway);
    const struct gateway_reader in = {.reader = reader,
                                      .record = value->records[0],
                                      .field = schema_field(field)->name,
                                      .gateway = gateway};
    gateway->flavour = flavour_of_keyword(record_value(in.record, GATEWAY_TYPE)->text);
    read_name(&in);
    read_listener_sets(&in, has_certificate);
    read_listeners(&in);
    read_session_persistence(&in);
    return gateway;
}

static bool fail(struct diags *diags, enum rule rule, const char *message, const char *hint)
{
    diag_error(diags, NO_LOCATION, rule, "%s", message);
    diag_hint(diags, "%s", hint);
    return false;
}

static bool check_flags(struct diags *diags, const struct gateway *gateway)
{
    bool traefik = gateway->flavour == FLAVOUR_TRAEFIK;
    if (gateway->listener_sets && traefik)
        return fail(diags, RULE_UNSUPPORTED_BY_CONTROLLER,
                    "--listener-sets is not possible with --type traefik",
                    "set the certificate in the listener of the Gateway");
    if (gateway->has_session_persistence && traefik)
        return fail(diags, RULE_UNSUPPORTED_BY_CONTROLLER,
                    "--session-persistence v1.6 is not possible with --type traefik",
                    "remove it: affinity is converted to a TraefikService");
    if (gateway->http_listener.len && !gateway->listener.len && !gateway->listener_sets)
        return fail(diags, RULE_USAGE, "--http-listener requires --listener",
                    "set --listener too: without it, the routes are attached to the HTTP listener "
                    "as well, which then does not redirect");
    if (gateway->http_listener.len && str_equal(gateway->listener, gateway->http_listener))
        return fail(diags, RULE_USAGE, "--listener and --http-listener must be different",
                    "set --listener to the HTTPS listener of the Gateway");
    return true;
}

const struct gateway *gateway_of_flags(struct arena *arena, struct diags *diags,
                                       const struct gateway_options *options)
{
    struct gateway *gateway = ARENA_NEW(arena, struct gateway);
    *gateway = (struct gateway){
        .flavour = options->type ? flavour_of_keyword(str_from_c(options->type)) : FLAVOUR_STANDARD,
        .listener = str_from_c(options->listener),
        .http_listener = str_from_c(options->http_listener),
        .listener_sets = options->listener_sets,
        .has_session_persistence = str_eq_c(str_from_c(options->session_persistence), "v1.6"),
    };
    set_name(gateway, str_from_c(options->name));
    return check_flags(diags, gateway) ? gateway : NULL;
}

/* True if the HTTP listener of one is the listener of the other. */
static bool has_listener_of(const struct gateway *one, const struct gateway *other)
{
    return one->http_listener.len && str_equal(one->http_listener, other->listener);
}

bool gateway_overlaps(const struct gateway *one, const struct gateway *other)
{
    return str_equal(one->namespace, other->namespace) && str_equal(one->name, other->name) &&
           (one->listener_sets || other->listener_sets || one->listener.len == 0 ||
            other->listener.len == 0 || str_equal(one->listener, other->listener) ||
            has_listener_of(one, other) || has_listener_of(other, one));
}
