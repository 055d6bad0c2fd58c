#include "cloud/aws_resource.h"

#include "config/module_output.h"
#include "format/name.h"

/* What an ARN of each service looks like, which fields its modules have, and how Opta named it:
 * BEGINNING-LAYER-MODULE. */
static const struct form {
    const char *service;
    const char *prefix; /* of the resource, before its name */
    bool placed;        /* it has a region and an account */
    bool bucket;        /* its modules have bucket_name, */
    bool fifo;          /* or fifo */
    const char *example;
    const char *beginning; /* of Opta's name; NULL: the environment's */
    const char *random;    /* a pattern of what Terraform put behind the name */
} forms[] = {
    {"s3", "", false, true, false, "arn:aws:s3:::BUCKET", NULL, ""},
    {"sqs", "", true, false, true, "arn:aws:sqs:REGION:ACCOUNT:NAME", NULL, ""},
    {"sns", "", true, false, true, "arn:aws:sns:REGION:ACCOUNT:NAME", NULL,
     "??????????????????????????"},
    {"dynamodb", "table/", true, false, false, "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME", "opta",
     "-????"},
};

static const char key_example[] = "arn:aws:kms:REGION:ACCOUNT:key/ID, or none";

struct reading {
    struct scope *scope;
    struct module *module;
    const struct form *form;
    const struct record *record;
    struct location at; /* where it is needed */
    struct cloud_resource *resource;
};

static const struct form *form_of(const struct module *module)
{
    const struct form *form = forms;
    while (!str_eq_c(str_from_c(form->service), module->kind->service))
        form++;
    return form;
}

/* A text, where it stands, and what messages call it. */
struct located_string {
    struct str text; /* empty: nothing tells it */
    struct location at;
    struct str title;
};

/* A text of the module's own. */
static struct located_string find_field(const struct reading *in, enum field_id field)
{
    return (struct located_string){record_value(in->record, field)->text,
                                   record_location(in->record, field),
                                   str_from_c(schema_field(field)->name)};
}

/* One of the environment's outputs, NAME_OUTPUT. An ARN is no secret, whatever Terraform calls it.
 */
static struct located_string find_output(const struct reading *in, const char *output)
{
    struct arena *arena = in->scope->arena;
    struct str name = link_variable(arena, in->module, str_from_c(output));
    const struct output *given = environment_output(in->scope->environment, name);
    if (!given || given->unusable)
        return (struct located_string){0};
    return (struct located_string){given->text, given->at,
                                   str_format(arena, "the output %.*s", STR_ARG(name))};
}

/* Sets the value in `outputs` of the module; empty if it has none. Returns false after an
 * error. */
static bool read_written(const struct reading *in, const char *output, struct located_string *ret)
{
    struct str name = str_from_c(output);
    *ret = (struct located_string){.at = in->at};
    if (!module_writes_output(in->module, name))
        return true;
    ret->title = str_format(in->scope->arena, "the output %s", output);
    return module_written_output(in->scope, in->module, name, in->at, &ret->text);
}

/* Of its type's outputs, the one that is the ARN of the thing itself. */
static const char *arn_output(const struct module *module)
{
    const char *const *output = module->kind->outputs;
    while (!str_ends_with(str_from_c(*output), STR("_arn")))
        output++;
    return *output;
}

/* With the name that Opta gave; empty when the environment does not tell enough. */
static struct str opta_arn(const struct reading *in)
{
    const struct environment *environment = in->scope->environment;
    const struct form *form = in->form;
    struct str region = environment->region, account = environment->account_id;
    if (region.len == 0 || account.len == 0 || environment->name.len == 0)
        return (struct str){0};
    struct str beginning = form->beginning ? str_from_c(form->beginning) : environment->name;
    bool fifo = form->fifo && record_value(in->record, CLOUD_FIFO)->flag;
    return str_format(in->scope->arena, "arn:%s:%s:%.*s:%.*s:%s%.*s-%.*s-%.*s%s%s",
                      aws_partition(region), form->service, STR_ARG(region), STR_ARG(account),
                      form->prefix, STR_ARG(beginning), STR_ARG(in->scope->layer),
                      STR_ARG(in->module->name), form->random, fifo ? ".fifo" : "");
}

static bool report_unknown(const struct reading *in)
{
    enum cloud cloud = in->scope->environment->provider->cloud;
    diag_error(in->scope->diags, in->at, "cannot determine the %s of \"%.*s\"",
               in->form->bucket ? "bucket" : "ARN", STR_ARG(in->module->name));
    if (in->form->bucket)
        diag_hint(in->scope->diags, "write bucket_name in that module");
    else if (cloud != CLOUD_AWS && cloud != CLOUD_NONE)
        diag_hint(in->scope->diags, "write arn: %s in that module", in->form->example);
    else
        diag_hint(in->scope->diags,
                  "write arn: %s in that module; for the name that Opta gave it, the environment's "
                  "aws provider must have region and account_id",
                  in->form->example);
    return false;
}

static bool report_form(const struct reading *in, const struct located_string *found,
                        const char *example)
{
    diag_error(in->scope->diags, found->at, "%.*s must be as %s", STR_ARG(found->title), example);
    return false;
}

/* The partition is the environment's, or at least there is such a one. */
static bool check_partition(const struct reading *in, const struct located_string *found,
                            const struct arn *arn, const char *example)
{
    struct str region = in->scope->environment->region;
    if (!str_starts_with(found->text, STR("arn:")) || !aws_is_partition(arn->partition))
        return report_form(in, found, example);
    if (region.len == 0 || str_eq_c(arn->partition, aws_partition(region)))
        return true;
    diag_error(in->scope->diags, found->at, "%.*s is of the partition %.*s, and %.*s is of %s",
               STR_ARG(found->title), STR_ARG(arn->partition), STR_ARG(region),
               aws_partition(region));
    return false;
}

/* Letters that an ARN's last part may have; a wildcard would grant more than what is linked. */
static bool is_arn_name(struct str name)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return name.len && str_span_only(name, letters);
}

static bool is_placed(const struct arn *arn)
{
    return !name_check_aws_region(arn->region) && !name_check_aws_account(arn->account);
}

static bool check_arn(const struct reading *in, const struct located_string *found)
{
    const struct form *form = in->form;
    const struct arn *arn = &in->resource->parts;
    bool right = str_eq_c(arn->service, form->service) &&
                 str_starts_with(arn->resource, str_from_c(form->prefix)) &&
                 (form->placed ? is_placed(arn) : arn->region.len + arn->account.len == 0) &&
                 (form->bucket ? !name_check_s3_bucket(in->resource->name)
                               : is_arn_name(in->resource->name));
    return right ? check_partition(in, found, arn, form->example)
                 : report_form(in, found, form->example);
}

static void set_arn(const struct reading *in, struct str arn)
{
    in->resource->arn = arn;
    in->resource->parts = arn_split(arn);
    in->resource->name = str_skip(in->resource->parts.resource, str_from_c(in->form->prefix).len);
}

static bool read_bucket(const struct reading *in, const struct located_string *name)
{
    struct scope *scope = in->scope;
    const char *wrong = name_check_s3_bucket(name->text);
    if (wrong)
        diag_error(scope->diags, name->at, "%.*s %s", STR_ARG(name->title), wrong);
    set_arn(in, str_format(scope->arena, "arn:%s:s3:::%.*s",
                           aws_partition(scope->environment->region), STR_ARG(name->text)));
    return !wrong;
}

/* Sets the ARN and its parts. `ret_guessed`: it is but the one that Opta gave. */
static bool read_arn(const struct reading *in, bool *ret_guessed)
{
    struct located_string found;
    struct located_string bucket = find_field(in, CLOUD_BUCKET_NAME);
    *ret_guessed = false;
    if (!read_written(in, arn_output(in->module), &found))
        return false;
    if (found.text.len == 0)
        found = find_field(in, CLOUD_ARN);
    if (found.text.len == 0 && bucket.text.len)
        return read_bucket(in, &bucket);
    if (found.text.len == 0)
        found = find_output(in, arn_output(in->module));
    if (found.text.len == 0 && in->form->bucket) {
        bucket = find_output(in, "bucket_id");
        if (bucket.text.len)
            return read_bucket(in, &bucket);
    }
    if (found.text.len) {
        set_arn(in, found.text);
        return check_arn(in, &found);
    }
    struct str guess = in->form->bucket ? STR("") : opta_arn(in);
    if (guess.len == 0)
        return report_unknown(in);
    set_arn(in, guess);
    *ret_guessed = true;
    return true;
}

/* Sets the key. `ret_guessed`: it may be any of the account's. What a bucket is encrypted with has
 * no key of its own unless it is told. */
static bool read_key(const struct reading *in, bool *ret_guessed)
{
    struct cloud_resource *resource = in->resource;
    const struct arn *arn = &resource->parts;
    struct located_string found;
    if (!read_written(in, "kms_arn", &found))
        return false;
    if (found.text.len == 0)
        found = find_field(in, CLOUD_KMS_KEY_ARN);
    if (found.text.len == 0)
        found = find_output(in, "kms_arn");
    *ret_guessed = found.text.len == 0 && !in->form->bucket;
    if (str_eq_c(found.text, "none") || (found.text.len == 0 && in->form->bucket))
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
    bool right = str_eq_c(key.service, "kms") && is_placed(&key) &&
                 str_starts_with(key.resource, prefix) &&
                 is_arn_name(str_skip(key.resource, prefix.len));
    return right ? check_partition(in, &found, &key, key_example)
                 : report_form(in, &found, key_example);
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
        diag_warning(diags, in->module->name_at,
                     "nothing tells the key of \"%.*s\": any key of the account may be used, by "
                     "way of %s alone",
                     STR_ARG(in->module->name), in->form->service);
        diag_hint(diags, "write kms_key_arn: in that module (its ARN, or none)");
    }
}

/* A field of another type of module would be passed over in silence. */
static bool check_fields(const struct reading *in)
{
    const struct {
        enum field_id field;
        bool taken;
    } rows[] = {{CLOUD_BUCKET_NAME, in->form->bucket}, {CLOUD_FIFO, in->form->fifo}};
    bool right = true;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].taken || !record_has(in->record, rows[i].field))
            continue;
        diag_error(in->scope->diags, record_location(in->record, rows[i].field), "%.*s has no %s",
                   STR_ARG(in->module->type), schema_field(rows[i].field)->name);
        right = false;
    }
    return right;
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
        if (in->record->values[i].invalid)
            return false;
    if (!in->record || !check_fields(in) || !read_arn(in, &arn_guessed) ||
        !read_key(in, &key_guessed))
        return false;
    tell_guesses(in, arn_guessed, key_guessed);
    return true;
}

const struct cloud_resource *cloud_resource(struct scope *scope, struct module *module,
                                            struct location at)
{
    if (module->known == KNOWN_UNREAD && !scope->blind) {
        struct cloud_resource *resource = ARENA_NEW(scope->arena, struct cloud_resource);
        struct reading in = {scope, module, form_of(module), NULL, at, resource};
        *resource = (struct cloud_resource){0};
        if (!scope_enter(scope, at))
            return NULL;
        module->known = KNOWN_READING;
        module->resource = resource;
        module->known = read_resource(&in) ? KNOWN_READ : KNOWN_INVALID;
        scope_leave(scope);
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
    bool key = str_eq_c(output, "kms_arn");
    if (key)
        *ret = resource->key;
    else if (str_ends_with(output, STR("_arn")))
        *ret = resource->arn;
    else if (str_eq_c(output, "queue_id")) /* as Terraform, and so Opta, calls the address */
        *ret =
            str_format(scope->arena, "https://sqs.%.*s.%s/%.*s/%.*s", STR_ARG(parts->region),
                       aws_domain(parts->region), STR_ARG(parts->account), STR_ARG(resource->name));
    else
        *ret = resource->name;
    if (is_certain(*ret))
        return true;
    if (key && ret->len == 0) {
        diag_error(scope->diags, at, "\"%.*s\" has no key", STR_ARG(module->name));
        return false;
    }
    diag_error(scope->diags, at, "nothing tells %.*s of \"%.*s\"", STR_ARG(output),
               STR_ARG(module->name));
    diag_hint(scope->diags, "write %s in that module", key ? "kms_key_arn:" : "arn:");
    return false;
}
