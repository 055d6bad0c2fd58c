/* secrets and configs: files from the top level. */
#include "format/name.h"
#include "import/compose_reader.h"

/* An item of `secrets` or `configs` of a service. */
struct grant {
    struct str source;
    struct str target; /* empty: the default */
    const struct node *mode;
    const struct node *definition; /* at the top level */
    const struct node *node;
};

static struct str text_of(const struct compose_service *service, const struct node *map,
                          const char *key)
{
    const struct node *value = compose_get(map, key);
    return value ? compose_string(service, value, COMPOSE_FIXED) : STR("");
}

/* Reports an error and returns false if the top level does not define it. */
static bool read_grant(struct compose_service *service, const char *key, const struct node *node,
                       struct grant *ret)
{
    *ret = (struct grant){.node = node};
    if (node->kind == NODE_MAP) {
        if (!compose_check_keys(service->compose, service, COMPOSE_GRANT, node,
                                str_format(service->arena, "%s.", key).data))
            return false;
        ret->source = text_of(service, node, "source");
        ret->target = text_of(service, node, "target");
        ret->mode = compose_get(node, "mode");
    } else {
        ret->source = compose_string(service, node, COMPOSE_FIXED);
    }
    ret->definition = compose_definition(service->compose, key, ret->source);
    if (ret->definition)
        return true;
    diag_error(service->compose->diags, node->span, RULE_INVALID_COMPOSE,
               "\"%.*s\" is not defined in the top-level %s", STR_ARG(ret->source), key);
    return false;
}

/* All secrets of a service are keys of one Secret, which is mounted where Compose mounts them. */
static void add_secret(struct compose_service *service, const struct grant *grant)
{
    struct import *import = service->import;
    struct location at = grant->node->span;
    struct str key = grant->target.len ? grant->target : grant->source;
    struct str directory = str_directory(key);
    bool is_default = directory.len == 0 || str_eq_c(directory, "/run/secrets/");
    key = str_skip(key, directory.len);
    const char *error = name_check_secret_key(key);
    if (!is_default || error) {
        compose_lost(service, at,
                     "secret %.*s is not carried over: create a Secret and mount it with volumes",
                     STR_ARG(grant->source));
        return;
    }
    struct str name = str_format(service->arena, "%.*s-secrets", STR_ARG(service->name));
    if (!service->mounts_secrets) {
        struct node *list = import_list(import, service->module, SERVICE_VOLUMES, at);
        struct node *volume = import_item_map(import, list, at);
        import_string(import, volume, VOLUME_PATH, STR("/run/secrets"), at);
        import_string(import, volume, VOLUME_SECRET, name, at);
        service->mounts_secrets = true;
    }
    struct str file = text_of(service, grant->definition, "file");
    compose_lost(
        service, at,
        "the value of secret %.*s is not carried over: it becomes the key %.*s of the Secret "
        "%.*s, which you create",
        STR_ARG(grant->source), STR_ARG(key), STR_ARG(name));
    buf_format(&service->secret_flags, " --from-file=%.*s=%.*s", STR_ARG(key),
               STR_ARG(str_shell(service->arena, file.len ? file : STR("FILE"))));
    if (grant->mode)
        compose_lost(service, grant->mode->span,
                     "mode of secret %.*s is not carried over: all users of the container can read "
                     "it",
                     STR_ARG(grant->source));
}

static struct node *last_file(const struct compose_service *service)
{
    return import_get(service->module, SERVICE_FILES)->last;
}

static bool add_content(struct compose_service *service, const struct grant *grant,
                        struct str target)
{
    struct import *import = service->import;
    const struct node *content = compose_get(grant->definition, "content");
    struct str file = text_of(service, grant->definition, "file");
    struct location at = grant->node->span;
    if (!content)
        return file.len && compose_add_file(service, target, file, at);
    struct node *list = import_list(import, service->module, SERVICE_FILES, at);
    struct node *item = import_item_map(import, list, at);
    import_string(import, item, MOUNTED_FILE_PATH, import_literal(service->arena, target, NULL),
                  at);
    import_string(import, item, MOUNTED_FILE_CONTENT,
                  compose_string(service, content, COMPOSE_FIXED), at);
    return true;
}

static void add_config(struct compose_service *service, const struct grant *grant)
{
    struct location at = grant->node->span;
    struct str target = grant->target.len ? grant->target : grant->source;
    if (!str_starts_with(target, STR("/")))
        target = str_format(service->arena, "/%.*s", STR_ARG(target));
    if (!add_content(service, grant, target)) {
        compose_lost(service, at,
                     "config %.*s is not carried over: write its text in files, with the path %.*s",
                     STR_ARG(grant->source), STR_ARG(target));
        return;
    }
    if (!grant->mode)
        return;
    struct str mode = compose_string(service, grant->mode, COMPOSE_FIXED);
    if (mode.len == 4 && mode.data[0] == '0' && str_span_only(mode, "01234567"))
        import_string(service->import, last_file(service), MOUNTED_FILE_MODE, mode,
                      grant->mode->span);
    else
        compose_lost(service, grant->mode->span,
                     "mode of config %.*s is not carried over: write it as four octal digits",
                     STR_ARG(grant->source));
}

static void read_grants(struct compose_service *service, const char *key,
                        void add(struct compose_service *, const struct grant *))
{
    const struct node *list = compose_get(service->node, key);
    struct grant grant;
    if (list && list->kind != NODE_LIST)
        compose_report_kind(service->compose, list, key, "a list");
    else
        for (const struct node *item = node_first_child(list); item; item = item->next)
            if (read_grant(service, key, item, &grant))
                add(service, &grant);
}

/* Notes the command that creates the Secret of a service, with all its keys. */
static void note_command(struct compose_service *service)
{
    struct str flags = buf_take(service->arena, &service->secret_flags);
    struct str namespace = node_string(import_get(service->import->file, FILE_NAME));
    if (flags.len)
        compose_lost(service, compose_get(service->node, "secrets")->key->span,
                     "before the first apply: kubectl create secret generic %.*s-secrets -n "
                     "%.*s%.*s",
                     STR_ARG(service->name), STR_ARG(namespace), STR_ARG(flags));
}

void compose_read_grants(struct compose_service *service)
{
    read_grants(service, "secrets", add_secret);
    note_command(service);
    read_grants(service, "configs", add_config);
}
