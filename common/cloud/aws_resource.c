#include "cloud/aws_resource.h"

#include "config/module_output.h"
#include "format/name.h"

/* For each service: the form of its ARNs, the fields of its modules, and the name that Opta gave
 * its resources: NAME_PREFIX-LAYER-MODULE. */
static const struct arn_form {
    const char *service;
    const char *prefix;   /* of the resource, before its name */
    bool is_regional;     /* the ARN has a region and an account */
    bool has_bucket_name; /* modules have the field bucket_name */
    bool has_fifo;        /* modules have the field fifo */
    const char *example;
    const char *name_prefix; /* of Opta's name; NULL: the environment's name */
    const char *name_suffix; /* a wildcard for the random suffix from Terraform */
} forms[] = {
    {"s3", "", false, true, false, "arn:aws:s3:::BUCKET", NULL, ""},
    {"sqs", "", true, false, true, "arn:aws:sqs:REGION:ACCOUNT:NAME", NULL, ""},
    {"sns", "", true, false, true, "arn:aws:sns:REGION:ACCOUNT:NAME", NULL,
     "??????????????????????????"},
    {"dynamodb", "table/", true, false, false, "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME", "opta",
     "-????"},
};

static const char key_example[] = "arn:aws:kms:REGION:ACCOUNT:key/ID, or none";

struct resource_reader {
    struct scope *scope;
    struct module *module;
    const struct arn_form *form;
    const struct record *record;
    struct location at; /* where the resource is referenced */
    struct aws_resource *resource;
};

static const struct arn_form *find_form(const struct module *module)
{
    const struct arn_form *form = forms;
    while (!str_eq_c(str_from_c(form->service), module->type->service))
        form++;
    return form;
}

/* A string with its location and its name in messages. */
struct located_string {
    struct str text; /* empty: not found */
    struct location at;
    struct str title;
};

/* Returns the value of a field of the module. */
static struct located_string field_string(const struct resource_reader *in, enum field_id field)
{
    return (struct located_string){record_value(in->record, field)->text,
                                   record_location(in->record, field),
                                   str_from_c(schema_field(field)->name)};
}

/* Returns the output MODULE_OUTPUT of the environment. ARNs are not secrets, even if Terraform
 * marks them sensitive. */
static struct located_string environment_string(const struct resource_reader *in,
                                                const char *output)
{
    struct arena *arena = in->scope->arena;
    struct str name = link_variable(arena, in->module, str_from_c(output));
    const struct environment_output *given = environment_output_find(in->scope->environment, name);
    if (!given || given->is_not_string)
        return (struct located_string){0};
    return (struct located_string){given->text, given->at,
                                   str_format(arena, "output %.*s", STR_ARG(name))};
}

/* Reads an output that is set in the module; the string is empty if it is not set there. Reports an
 * error and returns false if the value is invalid. */
static bool read_module_output(const struct resource_reader *in, const char *output,
                               struct located_string *ret)
{
    struct str name = str_from_c(output);
    *ret = (struct located_string){.at = in->at};
    if (!module_output_is_set(in->module, name))
        return true;
    ret->title = str_format(in->scope->arena, "output %s", output);
    return module_output_read_set(in->scope, in->module, name, in->at, &ret->text);
}

/* Returns the output of the module's type that is the ARN of the resource. */
static const char *arn_output(const struct module *module)
{
    const char *const *output = module->type->outputs;
    while (!str_ends_with(str_from_c(*output), STR("_arn")))
        output++;
    return *output;
}

/* Returns the ARN with the name that Opta gave; empty if the environment is incomplete. */
static struct str opta_arn(const struct resource_reader *in)
{
    const struct environment *environment = in->scope->environment;
    const struct arn_form *form = in->form;
    struct str region = environment->region, account = environment->account_id;
    if (region.len == 0 || account.len == 0 || environment->name.len == 0)
        return (struct str){0};
    struct str prefix = form->name_prefix ? str_from_c(form->name_prefix) : environment->name;
    bool fifo = form->has_fifo && record_value(in->record, CLOUD_FIFO)->boolean;
    return str_format(in->scope->arena, "arn:%s:%s:%.*s:%.*s:%s%.*s-%.*s-%.*s%s%s",
                      aws_partition(region), form->service, STR_ARG(region), STR_ARG(account),
                      form->prefix, STR_ARG(prefix), STR_ARG(in->scope->layer),
                      STR_ARG(in->module->name), form->name_suffix, fifo ? ".fifo" : "");
}

static bool report_unknown(const struct resource_reader *in)
{
    enum cloud cloud = in->scope->environment->provider->cloud;
    diag_error(in->scope->diags, in->at, RULE_UNKNOWN_CLOUD_NAME,
               "cannot determine the %s of \"%.*s\"", in->form->has_bucket_name ? "bucket" : "ARN",
               STR_ARG(in->module->name));
    if (in->form->has_bucket_name)
        diag_hint(in->scope->diags, "set bucket_name in the module");
    else if (cloud != CLOUD_AWS && cloud != CLOUD_NONE)
        diag_hint(in->scope->diags, "set arn: %s in the module", in->form->example);
    else
        diag_hint(in->scope->diags,
                  "set arn: %s in the module; to use the name that Opta gave it, set region and "
                  "account_id in the environment's aws provider",
                  in->form->example);
    return false;
}

static bool report_invalid_arn(const struct resource_reader *in, const struct located_string *found,
                               const char *example)
{
    diag_error(in->scope->diags, found->at, RULE_INVALID_ARN, "%.*s must have the form %s",
               STR_ARG(found->title), example);
    return false;
}

/* Reports an error and returns false if the partition is unknown or not that of the environment. */
static bool check_partition(const struct resource_reader *in, const struct located_string *found,
                            const struct arn *arn, const char *example)
{
    struct str region = in->scope->environment->region;
    if (!str_starts_with(found->text, STR("arn:")) || !aws_is_partition(arn->partition))
        return report_invalid_arn(in, found, example);
    if (region.len == 0 || str_eq_c(arn->partition, aws_partition(region)))
        return true;
    diag_error(in->scope->diags, found->at, RULE_INVALID_ARN,
               "%.*s is in partition %.*s, but region %.*s is in partition %s",
               STR_ARG(found->title), STR_ARG(arn->partition), STR_ARG(region),
               aws_partition(region));
    diag_hint(in->scope->diags, "use a resource in partition %s, or change the region",
              aws_partition(region));
    return false;
}

/* True if a name has only allowed characters; a wildcard would grant access to other resources. */
static bool is_arn_name(struct str name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return name.len && str_span_only(name, allowed);
}

static bool has_region_and_account(const struct arn *arn)
{
    return !name_check_aws_region(arn->region) && !name_check_aws_account(arn->account);
}

static bool check_arn(const struct resource_reader *in, const struct located_string *found)
{
    const struct arn_form *form = in->form;
    const struct arn *arn = &in->resource->parts;
    bool ok = str_eq_c(arn->service, form->service) &&
              str_starts_with(arn->resource, str_from_c(form->prefix)) &&
              (form->is_regional ? has_region_and_account(arn)
                                 : arn->region.len + arn->account.len == 0) &&
              (form->has_bucket_name ? !name_check_s3_bucket(in->resource->name)
                                     : is_arn_name(in->resource->name));
    return ok ? check_partition(in, found, arn, form->example)
              : report_invalid_arn(in, found, form->example);
}

static void set_arn(const struct resource_reader *in, struct str arn)
{
    in->resource->arn = arn;
    in->resource->parts = arn_split(arn);
    in->resource->name = str_skip(in->resource->parts.resource, str_from_c(in->form->prefix).len);
}

static bool read_bucket(const struct resource_reader *in, const struct located_string *name)
{
    struct scope *scope = in->scope;
    const char *error = name_check_s3_bucket(name->text);
    if (error)
        diag_error(scope->diags, name->at, RULE_INVALID_NAME, "%.*s %s", STR_ARG(name->title),
                   error);
    set_arn(in, str_format(scope->arena, "arn:%s:s3:::%.*s",
                           aws_partition(scope->environment->region), STR_ARG(name->text)));
    return !error;
}

/* Sets the ARN and its parts. Sets `ret_guessed` to true if the ARN contains the name that Opta
 * would have used. */
static bool read_arn(const struct resource_reader *in, bool *ret_guessed)
{
    struct located_string found;
    struct located_string bucket = field_string(in, CLOUD_BUCKET_NAME);
    *ret_guessed = false;
    if (!read_module_output(in, arn_output(in->module), &found))
        return false;
    if (found.text.len == 0)
        found = field_string(in, CLOUD_ARN);
    if (found.text.len == 0 && bucket.text.len)
        return read_bucket(in, &bucket);
    if (found.text.len == 0)
        found = environment_string(in, arn_output(in->module));
    if (found.text.len == 0 && in->form->has_bucket_name) {
        bucket = environment_string(in, "bucket_id");
        if (bucket.text.len)
            return read_bucket(in, &bucket);
    }
    if (found.text.len) {
        set_arn(in, found.text);
        return check_arn(in, &found);
    }
    struct str guessed = in->form->has_bucket_name ? STR("") : opta_arn(in);
    if (guessed.len == 0)
        return report_unknown(in);
    set_arn(in, guessed);
    *ret_guessed = true;
    return true;
}

/* Sets the KMS key. If it is unknown, allows all keys of the account and sets `ret_guessed` to
 * true; a bucket has no key then. */
static bool read_key(const struct resource_reader *in, bool *ret_guessed)
{
    struct aws_resource *resource = in->resource;
    const struct arn *arn = &resource->parts;
    struct located_string found;
    if (!read_module_output(in, "kms_arn", &found))
        return false;
    if (found.text.len == 0)
        found = field_string(in, CLOUD_KMS_KEY_ARN);
    if (found.text.len == 0)
        found = environment_string(in, "kms_arn");
    *ret_guessed = found.text.len == 0 && !in->form->has_bucket_name;
    if (str_eq_c(found.text, "none") || (found.text.len == 0 && in->form->has_bucket_name))
        return true;
    if (*ret_guessed) {
        resource->key =
            str_format(in->scope->arena, "arn:%.*s:kms:%.*s:%.*s:key/*", STR_ARG(arn->partition),
                       STR_ARG(arn->region), STR_ARG(arn->account));
        return true;
    }
    const struct str prefix = STR("key/");
    struct arn key = arn_split(found.text);
    resource->key = found.text;
    bool ok = str_eq_c(key.service, "kms") && has_region_and_account(&key) &&
              str_starts_with(key.resource, prefix) &&
              is_arn_name(str_skip(key.resource, prefix.len));
    return ok ? check_partition(in, &found, &key, key_example)
              : report_invalid_arn(in, &found, key_example);
}

static void warn_guesses(const struct resource_reader *in, bool arn, bool key)
{
    struct diags *diags = in->scope->diags;
    if (arn) {
        diag_warning(diags, in->module->name_at, RULE_ASSUMED_CLOUD_NAME,
                     "cannot determine the ARN of \"%.*s\"; assuming Opta's name %.*s",
                     STR_ARG(in->module->name), STR_ARG(in->resource->arn));
        diag_hint(diags, "set arn in the module%s",
                  key ? ", and kms_key_arn (the ARN of its encryption key, or none)" : "");
    } else if (key) {
        diag_warning(diags, in->module->name_at, RULE_ASSUMED_CLOUD_NAME,
                     "cannot determine the KMS key of \"%.*s\"; allowing all keys of the account, "
                     "through %s only",
                     STR_ARG(in->module->name), in->form->service);
        diag_hint(diags, "set kms_key_arn in the module (the ARN of its encryption key, or none)");
    }
}

/* Reports an error and returns false if a field belongs to another type of module. */
static bool check_fields(const struct resource_reader *in)
{
    const struct {
        enum field_id field;
        bool supported;
    } rows[] = {{CLOUD_BUCKET_NAME, in->form->has_bucket_name}, {CLOUD_FIFO, in->form->has_fifo}};
    bool ok = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].supported || !record_has(in->record, rows[i].field))
            continue;
        diag_error(in->scope->diags, record_location(in->record, rows[i].field), RULE_UNKNOWN_FIELD,
                   "unknown field \"%s\" for type %.*s", schema_field(rows[i].field)->name,
                   STR_ARG(in->module->type_name));
        diag_hint(in->scope->diags, "remove it");
        ok = false;
    }
    return ok;
}

static bool read_resource(struct resource_reader *in)
{
    const struct schema_reader reader = {.arena = in->scope->arena,
                                         .diags = in->scope->diags,
                                         .fill = interpolate,
                                         .context = in->scope};
    bool arn_guessed, key_guessed;
    in->record = schema_read(&reader, &cloud_schema, in->module->node);
    for (size_t i = 0; in->record && i < cloud_schema.count; i++)
        if (in->record->values[i].invalid)
            return false;
    if (!in->record || !check_fields(in) || !read_arn(in, &arn_guessed) ||
        !read_key(in, &key_guessed))
        return false;
    warn_guesses(in, arn_guessed, key_guessed);
    return true;
}

const struct aws_resource *aws_resource_read(struct scope *scope, struct module *module,
                                             struct location at)
{
    if (module->state == STATE_UNREAD && !scope->environment_invalid) {
        struct aws_resource *resource = ARENA_NEW(scope->arena, struct aws_resource);
        struct resource_reader in = {scope, module, find_form(module), NULL, at, resource};
        *resource = (struct aws_resource){0};
        if (!scope_enter(scope, at))
            return NULL;
        module->state = STATE_READING;
        module->resource = resource;
        module->state = read_resource(&in) ? STATE_READ : STATE_INVALID;
        scope_leave(scope);
    } else if (module->state == STATE_READING) {
        diag_error(scope->diags, at, RULE_CIRCULAR_REFERENCE, "this output refers to itself");
        diag_hint(scope->diags, "remove the reference");
    }
    return module->state == STATE_READ ? module->resource : NULL;
}

/* True if a string is known and has no wildcard. */
static bool has_no_wildcard(struct str text)
{
    return text.len && str_find(text, 0, '*') == text.len && str_find(text, 0, '?') == text.len;
}

bool aws_resource_output(struct scope *scope, struct module *module, struct str output,
                         struct location at, struct str *ret)
{
    const struct aws_resource *resource = aws_resource_read(scope, module, at);
    if (!resource)
        return false;
    const struct arn *parts = &resource->parts;
    bool key = str_eq_c(output, "kms_arn");
    if (key)
        *ret = resource->key;
    else if (str_ends_with(output, STR("_arn")))
        *ret = resource->arn;
    else if (str_eq_c(output, "queue_id")) /* in Terraform and Opta, the ID of a queue is its URL */
        *ret =
            str_format(scope->arena, "https://sqs.%.*s.%s/%.*s/%.*s", STR_ARG(parts->region),
                       aws_domain(parts->region), STR_ARG(parts->account), STR_ARG(resource->name));
    else
        *ret = resource->name;
    if (has_no_wildcard(*ret))
        return true;
    if (key && ret->len == 0) {
        diag_error(scope->diags, at, RULE_UNKNOWN_OUTPUT, "\"%.*s\" has no KMS key",
                   STR_ARG(module->name));
        diag_hint(scope->diags, "set kms_key_arn in the module");
        return false;
    }
    diag_error(scope->diags, at, RULE_UNKNOWN_CLOUD_NAME, "cannot determine %.*s of \"%.*s\"",
               STR_ARG(output), STR_ARG(module->name));
    diag_hint(scope->diags, "set %s in the module", key ? "kms_key_arn" : "arn");
    return false;
}
