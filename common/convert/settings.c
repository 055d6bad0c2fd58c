/* Reads the annotations of an Ingress. annotations.def lists them. */
#include "convert/model.h"
#include "format/name.h"
#include "manifest/traffic_ingress.h"

#include <inttypes.h>

enum meaning { MEANING_CONVERTED, MEANING_DROPPED, MEANING_REFUSED, MEANING_ACCESS };

static const struct annotation {
    const char *name;
    enum meaning meaning;
    const char *needs;
    const char *text;
} annotations[] = {
#define ANNOTATION(name, meaning, needs, text) {name, MEANING_##meaning, needs, text},
#include "convert/annotations.def"
};

const struct node *settings_annotation(const struct convert *convert, const struct ingress *ingress,
                                       const char *name)
{
    struct str key = STR_JOIN(convert->arena, STR(NGINX_ANNOTATION), str_from_c(name));
    return ingress->annotations ? node_at_key(ingress->annotations, key) : NULL;
}

/* Values */

struct reader {
    struct convert *convert;
    struct ingress *ingress;
};

static struct str text_of(const struct reader *in, const char *name)
{
    return node_string(settings_annotation(in->convert, in->ingress, name));
}

static struct str full_name(const struct reader *in, const char *name)
{
    return STR_JOIN(in->convert->arena, STR(NGINX_ANNOTATION), str_from_c(name));
}

static struct location location_of(const struct reader *in, const char *name)
{
    const struct node *node = settings_annotation(in->convert, in->ingress, name);
    return node ? node->span : in->ingress->input->at;
}

/* nginx ignores a value that it cannot parse, and uses the default. */
static void report_invalid(const struct reader *in, const char *name, const char *expected)
{
    convert_error(in->convert, in->ingress, location_of(in, name), RULE_INVALID_ANNOTATION,
                  "%s%s must be %s, not \"%.*s\"", NGINX_ANNOTATION, name, expected,
                  STR_ARG(text_of(in, name)));
}

/* True for what strconv.ParseBool() of Go reads as true. */
static bool is_true(struct str text)
{
    static word_list words = {"true", "TRUE", "True", "t", "T", "1", NULL};
    for (size_t i = 0; words[i]; i++)
        if (str_eq_c(text, words[i]))
            return true;
    return false;
}

static bool bool_of(const struct reader *in, const char *name, bool default_value)
{
    struct str text = text_of(in, name);
    return text.len ? is_true(text) : default_value;
}

static int64_t int_of(const struct reader *in, const char *name, int minimum, int64_t default_value)
{
    enum { MAX = 99999 * 3600 }; /* what a Duration of the Gateway API can express */
    int64_t number;
    struct str text = text_of(in, name);
    if (text.len == 0)
        return default_value;
    if (str_to_int(text, &number) && number >= minimum && number <= MAX)
        return number;
    report_invalid(in, name, minimum ? "an integer, 1 or greater" : "an integer, 0 or greater");
    return default_value;
}

/* Annotations that are not converted */

static const struct annotation *find_annotation(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(annotations); i++) {
        struct str known = str_from_c(annotations[i].name);
        bool is_prefix = str_ends_with(known, STR("*"));
        if (is_prefix ? str_starts_with(name, str_slice(known, 0, known.len - 1))
                      : str_equal(name, known))
            return &annotations[i];
    }
    return NULL;
}

/* True if the annotation has no effect: it is off, or its parent is missing or off. */
static bool is_off(const struct reader *in, const struct annotation *known, struct str value)
{
    struct str parent = known && known->needs ? text_of(in, known->needs) : STR("on");
    return value.len == 0 || str_eq_c(value, "false") || str_eq_c(value, "off") ||
           parent.len == 0 || str_eq_c(parent, "false");
}

/* Reports a snippet with a directive that may restrict access, and returns true. */
static bool report_snippet(const struct reader *in, const struct node *value)
{
    struct str directive = snippet_find_access(node_string(value));
    if (directive.len == 0)
        return false;
    convert_error(in->convert, in->ingress, value->key->span, RULE_NOT_CONVERTED,
                  "%.*s cannot be converted: its directive %.*s may restrict access, and without "
                  "it, anyone could send requests",
                  STR_ARG(value->key->text), STR_ARG(directive));
    diag_hint(in->convert->diags, "write a route or a policy of the Gateway that does the same, "
                                  "and remove the annotation");
    return true;
}

static void report_annotation(const struct reader *in, const struct node *value)
{
    struct str key = value->key->text;
    struct str name = str_skip(key, sizeof NGINX_ANNOTATION - 1);
    const struct annotation *known = find_annotation(name);
    struct location at = value->key->span;
    enum meaning meaning = known ? known->meaning : MEANING_REFUSED;
    if (meaning == MEANING_CONVERTED || (known && is_off(in, known, node_string(value))))
        return;
    if (meaning == MEANING_DROPPED) {
        convert_differ(in->convert, in->ingress, key, "%s", known->text);
    } else if (meaning == MEANING_ACCESS) {
        convert_error(in->convert, in->ingress, at, RULE_NOT_CONVERTED,
                      "%.*s cannot be converted: without it, anyone could send requests",
                      STR_ARG(key));
        diag_hint(in->convert->diags, "%s, and remove the annotation", known->text);
    } else if (str_ends_with(name, STR("-snippet")) && report_snippet(in, value)) {
        return;
    } else {
        convert_refuse(in->convert, in->ingress, at, key, "%s",
                       known ? known->text : "it is not an annotation of ingress-nginx");
    }
}

/* Other annotations */

/* Annotations of other programs that do not apply to routes. */
static const struct {
    const char *prefix;
    const char *reason; /* NULL: it describes only the Ingress, and nothing is lost */
} foreign[] = {
    {CLASS_ANNOTATION, NULL},
    {"kubectl.kubernetes.io/last-applied-configuration", NULL},
    {"meta.helm.sh/", NULL},
    {"field.cattle.io/", NULL},
    {NGINX_ANNOTATION, NULL},
    {"cert-manager.io/", NULL}, /* tls.c */
    {"acme.cert-manager.io/", "set it in the Certificate"},
    {"kubernetes.io/tls-acme", "annotate the Gateway, or create a Certificate"},
    {"external-dns.alpha.kubernetes.io/target",
     "external-dns reads it from the Gateway, not from routes"},
    {"alb.ingress.kubernetes.io/", "it has no effect with ingress-nginx"},
    {"traefik.ingress.kubernetes.io/", "it has no effect with ingress-nginx"},
    {"nginx.org/", "it has no effect with ingress-nginx"},
    {"haproxy.org/", "it has no effect with ingress-nginx"},
    {"haproxy-ingress.github.io/", "it has no effect with ingress-nginx"},
    {"konghq.com/", "it has no effect with ingress-nginx"},
    {"appgw.ingress.kubernetes.io/", "it has no effect with ingress-nginx"},
    {"ingress.kubernetes.io/", "it has no effect with ingress-nginx"},
    {"ingress.gcp.kubernetes.io/", "it has no effect with ingress-nginx"},
    {"networking.gke.io/", "it has no effect with ingress-nginx"},
};

/* Returns the index of an annotation in `foreign`; COUNT_OF(foreign) if routes get it. */
static size_t find_foreign(struct str key)
{
    size_t i = 0;
    while (i < COUNT_OF(foreign) && !str_starts_with(key, str_from_c(foreign[i].prefix)))
        i++;
    return i;
}

struct node *settings_kept_annotations(struct arena *arena, const struct ingress *ingress)
{
    struct node *kept = node_new(arena, NODE_MAP);
    for (const struct node *value = node_first_child(ingress->annotations); value;
         value = value->next)
        if (find_foreign(value->key->text) == COUNT_OF(foreign))
            node_put(kept, node_scalar(arena, STYLE_TEXT, value->key->text),
                     node_scalar(arena, STYLE_TEXT, node_string(value)));
    return kept->first ? kept : NULL;
}

static void report_annotations(const struct reader *in)
{
    for (const struct node *value = node_first_child(in->ingress->annotations); value;
         value = value->next) {
        struct str key = value->key->text;
        size_t index = find_foreign(key);
        if (str_starts_with(key, STR(NGINX_ANNOTATION)))
            report_annotation(in, value);
        else if (index < COUNT_OF(foreign) && foreign[index].reason)
            convert_differ(in->convert, in->ingress, key, "it is not converted: %s",
                           foreign[index].reason);
    }
}

/* Groups of settings */

static enum backend_protocol protocol_of(const struct reader *in)
{
    static const char *const names[] = {[PROTOCOL_HTTP] = "HTTP",
                                        [PROTOCOL_HTTPS] = "HTTPS",
                                        [PROTOCOL_GRPC] = "GRPC",
                                        [PROTOCOL_GRPCS] = "GRPCS"};
    struct str text = text_of(in, "backend-protocol");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (text.len == 0 || str_eq_c_nocase(text, names[i]))
            return (enum backend_protocol)i;
    convert_refuse(in->convert, in->ingress, location_of(in, "backend-protocol"),
                   full_name(in, "backend-protocol"), "\"%.*s\" is not a protocol of routes",
                   STR_ARG(text));
    return PROTOCOL_HTTP;
}

/* Returns the seconds of a timeout. */
static int64_t timeout_of(const struct reader *in, const char *name, int64_t default_value)
{
    return int_of(in, name, 1, default_value);
}

static void read_backend(const struct reader *in)
{
    struct settings *settings = &in->ingress->settings;
    struct str secret = text_of(in, "proxy-ssl-secret");
    size_t slash = str_find(secret, 0, '/');
    settings->protocol = protocol_of(in);
    settings->backend_ca = slash < secret.len ? str_skip(secret, slash + 1) : secret;
    settings->backend_name = str_lower(in->convert->arena, text_of(in, "proxy-ssl-name"));
    settings->connect_timeout = timeout_of(in, "proxy-connect-timeout", 0);
    int64_t read = timeout_of(in, "proxy-read-timeout", NGINX_READ_TIMEOUT);
    int64_t send = timeout_of(in, "proxy-send-timeout", NGINX_READ_TIMEOUT);
    settings->idle_timeout = read > send ? read : send;
}

static bool is_variable(struct str text)
{
    return str_find(text, 0, '$') < text.len;
}

static void read_header(const struct reader *in, const char *name, struct str *ret)
{
    struct str text = text_of(in, name);
    if (is_variable(text))
        convert_refuse(in->convert, in->ingress, location_of(in, name), full_name(in, name),
                       "routes have no variables");
    else
        *ret = text;
}

/* The host names of routes have no port. */
static void read_upstream_host(const struct reader *in)
{
    static const char name[] = "upstream-vhost";
    struct settings *settings = &in->ingress->settings;
    read_header(in, name, &settings->upstream_host);
    settings->upstream_host = str_lower(in->convert->arena, settings->upstream_host);
    const char *error =
        settings->upstream_host.len ? name_check_subdomain(settings->upstream_host) : NULL;
    if (!error)
        return;
    settings->upstream_host = STR("");
    convert_refuse(in->convert, in->ingress, location_of(in, name), full_name(in, name),
                   "the host of a route %s", error);
}

static void read_affinity(const struct reader *in)
{
    struct settings *settings = &in->ingress->settings;
    struct str type = text_of(in, "affinity");
    if (!str_eq_c(type, "cookie")) {
        if (type.len)
            report_invalid(in, "affinity", "\"cookie\"");
        return;
    }
    struct str name = text_of(in, "session-cookie-name");
    int64_t expires = int_of(in, "session-cookie-expires", 0, 0);
    settings->affinity =
        (struct traffic_affinity){.cookie = name.len ? name : STR("INGRESSCOOKIE"),
                                  .path = text_of(in, "session-cookie-path"),
                                  .max_age = int_of(in, "session-cookie-max-age", 0, expires),
                                  .at = location_of(in, "affinity")};
    settings->attributes =
        (struct cookie_attributes){.same_site = text_of(in, "session-cookie-samesite"),
                                   .domain = text_of(in, "session-cookie-domain"),
                                   .secure = bool_of(in, "session-cookie-secure", false)};
    if (expires)
        convert_differ(in->convert, in->ingress, full_name(in, "session-cookie-expires"),
                       "the cookie has Max-Age instead of Expires");
}

static void read_hash(const struct reader *in)
{
    struct settings *settings = &in->ingress->settings;
    settings->hash = traffic_hash_parse(in->convert->arena, text_of(in, "upstream-hash-by"));
    settings->hash.at = location_of(in, "upstream-hash-by");
    if (settings->affinity.cookie.len == 0 || settings->hash.count == 0)
        return;
    convert_differ(in->convert, in->ingress, full_name(in, "upstream-hash-by"),
                   "it has no effect: nginx uses affinity instead");
    settings->hash.count = 0;
}

static struct str text_or(const struct reader *in, const char *name, const char *default_value)
{
    struct str text = text_of(in, name);
    return text.len ? text : str_from_c(default_value);
}

/* The defaults are those of internal/ingress/annotations/cors. */
static void read_cors(const struct reader *in)
{
    in->ingress->settings.cors = (struct cors){
        .enabled = bool_of(in, "enable-cors", false),
        .origins = text_or(in, "cors-allow-origin", "*"),
        .methods = text_or(in, "cors-allow-methods", "GET, PUT, POST, DELETE, PATCH, OPTIONS"),
        .headers = text_or(in, "cors-allow-headers",
                           "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,"
                           "Cache-Control,Content-Type,Range,Authorization"),
        .exposed = text_of(in, "cors-expose-headers"),
        .credentials = bool_of(in, "cors-allow-credentials", true),
        .max_age = int_of(in, "cors-max-age", 0, 1728000),
    };
}

/* Converts a size of nginx, such as 8m, to a quantity. 0 means that there is no limit. */
static void read_body_size(const struct reader *in)
{
    static const struct {
        char unit;
        const char *suffix;
    } units[] = {{'k', "Ki"}, {'m', "Mi"}, {'g', "Gi"}};
    struct str text = str_lower(in->convert->arena, text_of(in, "proxy-body-size"));
    struct str digits = text;
    const char *suffix = "";
    for (size_t i = 0; i < COUNT_OF(units) && text.len; i++) {
        if (text.data[text.len - 1] != units[i].unit)
            continue;
        suffix = units[i].suffix;
        digits.len--;
        break;
    }
    int64_t number = 0;
    if (text.len && (!str_to_int(digits, &number) || number < 0)) {
        report_invalid(in, "proxy-body-size", "a size such as 8m");
        return;
    }
    if (number > 0)
        in->ingress->settings.body_size =
            str_format(in->convert->arena, "%" PRId64 "%s", number, suffix);
}

static void read_issuer(const struct reader *in)
{
    struct settings *settings = &in->ingress->settings;
    const struct node *annotations_map = in->ingress->annotations;
    if (!annotations_map)
        return;
    settings->issuer =
        node_string(node_at_key(annotations_map, STR("cert-manager.io/cluster-issuer")));
    settings->issuer_kind = "ClusterIssuer";
    if (settings->issuer.len)
        return;
    settings->issuer = node_string(node_at_key(annotations_map, STR("cert-manager.io/issuer")));
    settings->issuer_kind = "Issuer";
}

void settings_read(struct convert *convert, struct ingress *ingress)
{
    const struct reader in = {.convert = convert, .ingress = ingress};
    struct settings *settings = &ingress->settings;
    settings->rewrite_target = text_of(&in, "rewrite-target");
    settings->uses_regex = bool_of(&in, "use-regex", false);
    settings->redirects_tls = bool_of(&in, "ssl-redirect", true);
    settings->forces_tls = bool_of(&in, "force-ssl-redirect", false);
    if (!ingress->input->is_converted || !ingress->input->is_nginx)
        return;
    read_backend(&in);
    read_upstream_host(&in);
    if (settings->rewrite_target.len)
        read_header(&in, "x-forwarded-prefix", &settings->forwarded_prefix);
    read_affinity(&in);
    read_hash(&in);
    read_cors(&in);
    read_body_size(&in);
    read_issuer(&in);
    report_annotations(&in);
}
