#include "cloud.h"

#include "name.h"

/* What an ARN of each service looks like. */
static const struct form {
    const char *service;
    const char *prefix; /* of the resource, before its name */
    bool placed;        /* it has a region and an account */
    const char *example;
} forms[] = {
    {"s3", "", false, "arn:aws:s3:::BUCKET"},
    {"sqs", "", true, "arn:aws:sqs:REGION:ACCOUNT:NAME"},
    {"sns", "", true, "arn:aws:sns:REGION:ACCOUNT:NAME"},
    {"dynamodb", "table/", true, "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME"},
};

static const struct form *form_of(const struct module *module)
{
    const struct form *form = forms;
    while (!str_is(str_of(form->service), module->kind->service))
        form++;
    return form;
}

static bool has_form(const struct form *form, const struct arn *arn)
{
    struct str name = str_from(arn->resource, str_of(form->prefix).len);
    bool placed = arn->region.len && !name_wrong(NAME_AWS_ACCOUNT, arn->account);
    return str_is(arn->service, form->service) && str_starts(arn->resource, str_of(form->prefix)) &&
           name.len && str_find(name, 0, '/') == name.len &&
           (form->placed ? placed : arn->region.len + arn->account.len == 0);
}

struct reading {
    struct scope *scope;
    struct module *module;
    const struct record *record;
    struct location at; /* where it is needed */
    struct cloud_resource *resource;
};

/* A text, where it stands, and what messages call it. */
struct found {
    struct str text; /* empty: nothing tells it */
    struct location at;
    struct str title;
};

/* A text of the module's own, or else of the environment's outputs, as NAME_OUTPUT. */
static struct found find(const struct reading *in, enum field_id field, const char *output)
{
    struct arena *arena = in->scope->arena;
    if (record_has(in->record, field))
        return (struct found){record_value(in->record, field)->text,
                              record_location(in->record, field),
                              str_of(schema_field(field)->name)};
    struct str name = link_variable(arena, in->module, str_of(output));
    const struct output *given = environment_output(in->scope->environment, name);
    bool usable = given && !given->unusable && !given->sensitive;
    return (struct found){usable ? given->text : (struct str){0}, in->module->name_at,
                          str_format(arena, "the environment's output %.*s", STR_ARG(name))};
}

/* Of its type's outputs, the one that is the ARN of the thing itself. */
static const char *arn_output(const struct module *module)
{
    const char *const *output = module->kind->outputs;
    while (!str_ends(str_of(*output), STR("_arn")))
        output++;
    return *output;
}

/* The names that Opta gave; empty when the environment does not tell enough. */
static struct str opta_arn(const struct reading *in)
{
    const struct environment *environment = in->scope->environment;
    struct arena *arena = in->scope->arena;
    struct str layer = in->scope->layer, module = in->module->name, name;
    const struct form *form = form_of(in->module);
    if (environment->region.len == 0 || environment->account_id.len == 0 ||
        environment->name.len == 0)
        return (struct str){0};
    if (str_is(STR("dynamodb"), form->service)) /* and four random characters */
        name = str_format(arena, "opta-%.*s-%.*s-????", STR_ARG(layer), STR_ARG(module));
    else
        name = str_format(arena, "%.*s-%.*s-%.*s%s", STR_ARG(environment->name), STR_ARG(layer),
                          STR_ARG(module),
                          str_is(STR("sns"), form->service)            ? "*" /* random digits */
                          : record_value(in->record, CLOUD_FIFO)->flag ? ".fifo"
                                                                       : "");
    return str_format(arena, "arn:%s:%s:%.*s:%.*s:%s%.*s", aws_partition(environment->region),
                      form->service, STR_ARG(environment->region), STR_ARG(environment->account_id),
                      form->prefix, STR_ARG(name));
}

static struct str bucket_arn(const struct reading *in)
{
    if (!record_has(in->record, CLOUD_BUCKET_NAME))
        return (struct str){0};
    return str_format(in->scope->arena, "arn:%s:s3:::%.*s",
                      aws_partition(in->scope->environment->region),
                      STR_ARG(record_value(in->record, CLOUD_BUCKET_NAME)->text));
}

static bool report_unknown(const struct reading *in, bool bucket)
{
    diag_error(in->scope->diags, in->at, "nothing tells the %s of \"%.*s\"",
               bucket ? "bucket" : "ARN", STR_ARG(in->module->name));
    if (bucket)
        diag_hint(in->scope->diags, "write bucket_name in that module");
    else
        diag_hint(in->scope->diags,
                  "write arn: %s in that module; for the name that Opta gave it, the environment's "
                  "aws provider must have region and account_id",
                  form_of(in->module)->example);
    return false;
}

/* Sets the ARN and its parts. `ret_guessed`: it is but the one that Opta gave. */
static bool read_arn(const struct reading *in, bool *ret_guessed)
{
    struct cloud_resource *resource = in->resource;
    const struct form *form = form_of(in->module);
    bool bucket = str_is(STR("s3"), form->service);
    struct found found = find(in, CLOUD_ARN, arn_output(in->module));
    *ret_guessed = found.text.len == 0 && !bucket;
    if (found.text.len == 0 && bucket)
        found = (struct found){bucket_arn(in), record_location(in->record, CLOUD_BUCKET_NAME),
                               STR("the ARN that bucket_name makes")};
    else if (found.text.len == 0)
        found.text = opta_arn(in);
    if (found.text.len == 0)
        return report_unknown(in, bucket);
    resource->arn = found.text;
    resource->parts = aws_arn_split(found.text);
    if (!name_wrong(NAME_ARN, found.text) && has_form(form, &resource->parts)) {
        resource->name = str_from(resource->parts.resource, str_of(form->prefix).len);
        return true;
    }
    diag_error(in->scope->diags, found.at, "%.*s must be as %s", STR_ARG(found.title),
               form->example);
    return false;
}

/* Sets the key. `ret_guessed`: it may be any of the account's. */
static bool read_key(const struct reading *in, bool *ret_guessed)
{
    struct cloud_resource *resource = in->resource;
    const struct arn *arn = &resource->parts;
    *ret_guessed = false;
    if (!form_of(in->module)->placed)
        return true;
    struct found found = find(in, CLOUD_KMS_KEY_ARN, "kms_arn");
    if (str_is(found.text, "none"))
        return true;
    *ret_guessed = found.text.len == 0;
    if (*ret_guessed)
        found.text =
            str_format(in->scope->arena, "arn:%.*s:kms:%.*s:%.*s:key/*", STR_ARG(arn->partition),
                       STR_ARG(arn->region), STR_ARG(arn->account));
    resource->key = found.text;
    struct arn parts = aws_arn_split(found.text);
    if (!name_wrong(NAME_ARN, found.text) && str_is(parts.service, "kms") &&
        str_starts(parts.resource, STR("key/")))
        return true;
    diag_error(in->scope->diags, found.at, "%.*s must be as %s, or none", STR_ARG(found.title),
               "arn:aws:kms:REGION:ACCOUNT:key/ID");
    return false;
}

static void tell_guesses(const struct reading *in, bool arn, bool key)
{
    struct diags *diags = in->scope->diags;
    if (arn) {
        diag_warning(diags, in->module->name_at,
                     "nothing tells the ARN of \"%.*s\": it is taken to be that of Opta, %.*s",
                     STR_ARG(in->module->name), STR_ARG(in->resource->arn));
        diag_hint(diags, "write arn: in that module%s",
                  key ? ", and kms_key_arn: (the key that it is encrypted with, or none)" : "");
    } else if (key) {
        diag_warning(
            diags, in->module->name_at,
            "nothing tells the key of \"%.*s\": any key of the account may be used, by way "
            "of %s alone",
            STR_ARG(in->module->name), form_of(in->module)->service);
        diag_hint(diags, "write kms_key_arn: in that module (its ARN, or none)");
    }
}

static bool read_resource(struct reading *in)
{
    const struct schema_reader reader = {.arena = in->scope->arena,
                                         .diags = in->scope->diags,
                                         .fill = interpolate,
                                         .context = in->scope};
    bool arn_guessed, key_guessed;
    in->record = schema_read(&reader, &cloud_schema, in->module->node);
    for (size_t i = 0; in->record && i < cloud_schema.count; i++)
        if (in->record->values[i].wrong)
            return false;
    if (!in->record || !read_arn(in, &arn_guessed) || !read_key(in, &key_guessed))
        return false;
    tell_guesses(in, arn_guessed, key_guessed);
    return true;
}

const struct cloud_resource *cloud_resource(struct scope *scope, struct module *module,
                                            struct location at)
{
    if (module->known == KNOWN_UNREAD && !scope->blind) {
        struct cloud_resource *resource = ARENA_NEW(scope->arena, struct cloud_resource);
        struct reading in = {scope, module, NULL, at, resource};
        *resource = (struct cloud_resource){0};
        module->known = KNOWN_READING;
        module->resource = resource;
        module->known = read_resource(&in) ? KNOWN_READ : KNOWN_WRONG;
    } else if (module->known == KNOWN_READING) {
        diag_error(scope->diags, at, "this output refers to itself");
    }
    return module->known == KNOWN_READ ? module->resource : NULL;
}

static bool is_certain(struct str text)
{
    return text.len && str_find(text, 0, '*') == text.len && str_find(text, 0, '?') == text.len;
}

bool cloud_output(struct scope *scope, struct module *module, struct str output, struct location at,
                  struct str *ret)
{
    const struct cloud_resource *resource = cloud_resource(scope, module, at);
    if (!resource)
        return false;
    const struct arn *parts = &resource->parts;
    bool key = str_is(output, "kms_arn");
    if (key)
        *ret = resource->key;
    else if (str_ends(output, STR("_arn")))
        *ret = resource->arn;
    else if (str_is(output, "queue_id")) /* as Terraform, and so Opta, calls the address */
        *ret =
            str_format(scope->arena, "https://sqs.%.*s.%s/%.*s/%.*s", STR_ARG(parts->region),
                       aws_domain(parts->region), STR_ARG(parts->account), STR_ARG(resource->name));
    else
        *ret = resource->name;
    if (is_certain(*ret))
        return true;
    diag_error(scope->diags, at, "nothing tells %.*s of \"%.*s\"", STR_ARG(output),
               STR_ARG(module->name));
    diag_hint(scope->diags, "write %s in that module", key ? "kms_key_arn:" : "arn:");
    return false;
}
