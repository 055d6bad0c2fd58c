#include "import/start.h"

#include "config/credential.h"
#include "config/usage.h"

/* TYPE:NUMBER */
struct port_text {
    struct str type;
    int64_t number;
};

static bool parse_port(struct str text, struct port_text *ret)
{
    static const char *const types[] = {"http", "grpc", "websocket", "tcp"};
    size_t colon = str_find(text, 0, ':');
    bool has_type = colon < text.len;
    *ret = (struct port_text){.type = has_type ? str_slice(text, 0, colon) : STR("http")};
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        known |= str_eq_c(ret->type, types[i]);
    return known && str_to_int(str_skip(text, has_type ? colon + 1 : 0), &ret->number) &&
           ret->number >= 1 && ret->number <= 65535;
}

const char *start_check_port(struct str text)
{
    struct port_text port;
    return str_eq_c(text, "none") || parse_port(text, &port)
               ? NULL
               : "must be a number from 1 to 65535, optionally after http:, grpc:, websocket: or "
                 "tcp:, or none";
}

static enum field_id field_of(struct str type)
{
    return str_eq_c(type, "grpc")        ? PORT_GRPC
           : str_eq_c(type, "websocket") ? PORT_WEBSOCKET
                                         : PORT_HTTP;
}

/* `port: {tcp: NUMBER}` is a websocket, so another tcp port is in `ports`. */
static void add_port(struct import *import, struct node *module, struct str text,
                     struct location at)
{
    struct port_text port;
    if (!parse_port(text, &port)) {
        import_string(import, module, SERVICE_PORT, STR("none"), at);
        return;
    }
    if (!str_eq_c(port.type, "tcp")) {
        struct node *map = import_map(import, module, SERVICE_PORT, at);
        import_int(import, map, field_of(port.type), port.number, at);
        import_comment(import, map, false, "the Service has port 80");
        return;
    }
    struct node *item = import_item_map(import, import_list(import, module, SERVICE_PORTS, at), at);
    import_string(import, item, PORTS_NAME, STR("main"), at);
    import_string(import, item, PORTS_TYPE, port.type, at);
    import_int(import, item, PORTS_PORT, port.number, at);
}

void start_import(struct import *import, struct str name, const struct init_options *options,
                  const char *registry)
{
    struct location at = location_file(import->source);
    import->strict = true;
    import_start(import, name);
    import_comment(import, import_get(import->file, FILE_NAME), false, "the namespace");
    struct node *module = import_add_service(import, name, at);
    import_comment(import, import_get(module, SERVICE_NAME), false, "the name of all its objects");
    struct node *image =
        import_string(import, module, SERVICE_IMAGE, str_from_c(options->image), at);
    if (str_eq_c(image->text, "AUTO")) {
        import_comment(import, image, false, "kubectl optasvc deploy -f FILE --image LOCAL_IMAGE");
        import_registry(import, registry);
    }
    add_port(import, module, str_from_c(options->port), at);
    for (size_t i = 0; i < options->variables.count; i++) {
        struct str variable;
        struct str value;
        struct node *map = import_map(import, module, SERVICE_ENV_VARS, at);
        variable_split(options->variables.items[i], &variable, &value);
        if (!credential_reason(import->arena, variable, value)) {
            import_entry(import, map, variable, value, at);
            continue;
        }
        import_item(import, import_list(import, module, SERVICE_SECRETS, at), variable, at);
        import_note_secret(import, STR(""), variable, value, at);
    }
    if (options->healthcheck_path)
        import_string(import, module, SERVICE_HEALTHCHECK_PATH,
                      str_from_c(options->healthcheck_path), at);
    if (options->host)
        import_string(import, module, SERVICE_PUBLIC_URI, str_from_c(options->host), at);
}
