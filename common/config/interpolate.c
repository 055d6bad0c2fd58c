#include "config/interpolate.h"

#include "config/module_output.h"
#include "config/placeholder.h"
#include "config/usage.h"

#include <string.h>

enum { PARTS_MAX = 3 };

/* A placeholder in a string: {root}, {root.part.part}, {root[part]}. */
struct placeholder {
    struct str root;
    struct str parts[PARTS_MAX];
    size_t part_count;
    size_t start; /* offset of the brace, or of the $ before {{ */
    size_t end;   /* offset after the last brace */
};

struct filler {
    struct scope *scope;
    const struct node *scalar;
    bool verbatim; /* result of node_is_verbatim() */
    struct buf out;
    const struct reference *first;
    const struct reference **next_link; /* where the next reference is linked */
};

typedef bool fill_function(struct filler *filler, const struct placeholder *placeholder);

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

size_t placeholder_name_end(struct str text, size_t at)
{
    while (at < text.len && is_name_byte(text.data[at]))
        at++;
    return at;
}

struct location placeholder_location(const struct node *scalar, bool verbatim, size_t start,
                                     size_t end)
{
    struct location at = scalar->span;
    if (verbatim) {
        at.start = scalar->text_at + start;
        at.end = scalar->text_at + end;
    }
    return at;
}

static struct location location_of(const struct filler *filler,
                                   const struct placeholder *placeholder)
{
    return placeholder_location(filler->scalar, filler->verbatim, placeholder->start,
                                placeholder->end);
}

/* Reports an invalid placeholder and returns false. `near`: the most similar name. */
__attribute__((format(printf, 4, 5))) static bool
report_unknown(struct filler *filler, const struct placeholder *placeholder,
               const struct suggestion *near, const char *format, ...)
{
    struct diags *diags = filler->scope->diags;
    va_list arguments;
    va_start(arguments, format);
    struct str text = str_vformat(filler->scope->arena, format, arguments);
    va_end(arguments);
    diag_error(diags, location_of(filler, placeholder), RULE_INVALID_PLACEHOLDER, "%.*s",
               STR_ARG(text));
    struct str written = str_slice(filler->scalar->text, placeholder->start, placeholder->end);
    if (!diag_suggest(diags, near) && str_starts_with(written, STR("{")))
        diag_hint(diags, "for literal braces, write {%.*s}", STR_ARG(written));
    return false;
}

/* Reports a missing value. If no name is similar, each message is reported only once. Returns true
 * if the caller must add a hint. */
static bool report_missing(const struct filler *filler, const struct placeholder *placeholder,
                           const struct suggestion *near, struct str message)
{
    struct diags *diags = filler->scope->diags;
    if (near->best.len == 0 && diags_contain(diags, message))
        return false;
    diag_error(diags, location_of(filler, placeholder), RULE_UNSET_PLACEHOLDER, "%.*s",
               STR_ARG(message));
    return !diag_suggest(diags, near);
}

/* Reports a value that is not set, and returns false. */
static bool report_unset(struct filler *filler, const struct placeholder *placeholder,
                         struct str message, const char *hint)
{
    const struct suggestion none = {0};
    if (report_missing(filler, placeholder, &none, message))
        diag_hint(filler->scope->diags, "%s", hint);
    return false;
}

/* Appends the value of a placeholder. Reports an error and returns false if the value is empty. */
static bool append_value(struct filler *filler, const struct placeholder *placeholder,
                         struct str text, const char *error, const char *hint)
{
    if (text.len == 0)
        return report_unset(filler, placeholder, str_from_c(error), hint);
    buf_add(&filler->out, text);
    return true;
}

bool scope_enter(struct scope *scope, struct location at)
{
    if (scope->depth == OUTPUTS_DEPTH_MAX) {
        diag_error(scope->diags, at, RULE_LIMIT_EXCEEDED, "chain of outputs exceeds %d references",
                   OUTPUTS_DEPTH_MAX);
        diag_hint(scope->diags, "refer to the last output of the chain directly");
        return false;
    }
    scope->depth++;
    return true;
}

void scope_leave(struct scope *scope)
{
    scope->depth--;
}

static bool fill_env(struct filler *filler, const struct placeholder *placeholder)
{
    return append_value(
        filler, placeholder, filler->scope->environment->name,
        "{env} has no value: the file has no environment",
        "add one, for example: environments: [{name: staging, path: staging.yaml}]");
}

static bool fill_layer_name(struct filler *filler, const struct placeholder *placeholder)
{
    return append_value(filler, placeholder, filler->scope->layer,
                        "{layer_name} has no value: the file has no name",
                        "set the name of the layer, for example: name: hello");
}

static bool fill_parent_name(struct filler *filler, const struct placeholder *placeholder)
{
    return append_value(
        filler, placeholder, filler->scope->environment->file_name,
        "{parent_name} has no value: there is no environment file",
        "add one, for example: environments: [{name: staging, path: staging.yaml}]");
}

static bool fill_region(struct filler *filler, const struct placeholder *placeholder)
{
    return append_value(filler, placeholder, filler->scope->environment->region,
                        "{region} has no value: the environment has no region",
                        "set region in the provider, for example: providers: {aws: {region: "
                        "us-east-1}}");
}

static bool fill_aws(struct filler *filler, const struct placeholder *placeholder)
{
    const struct environment *environment = filler->scope->environment;
    struct str name = placeholder->parts[0];
    if (environment->provider->cloud == CLOUD_NONE)
        return report_unset(filler, placeholder, STR("the environment has no aws provider"),
                            "set it in the environment file: providers: {aws: {region: us-east-1, "
                            "account_id: 123456789012}}");
    if (environment->provider->cloud != CLOUD_AWS)
        return report_unset(filler, placeholder,
                            str_format(filler->scope->arena,
                                       "the environment has no aws provider; it is on %s",
                                       environment->provider->title),
                            str_eq_c(name, "region") ? "use {region} for the region of any cloud"
                                                     : "remove the placeholder");
    if (str_eq_c(name, "account_id"))
        return append_value(filler, placeholder, environment->account_id,
                            "the aws provider has no account_id",
                            "set it, for example: providers: {aws: {region: us-east-1, account_id: "
                            "123456789012}}");
    if (str_eq_c(name, "region"))
        return append_value(filler, placeholder, environment->region,
                            "the aws provider has no region",
                            "set it, for example: providers: {aws: {region: us-east-1, account_id: "
                            "123456789012}}");
    struct suggestion near = {.word = name};
    suggestion_add(&near, STR("account_id"));
    suggestion_add(&near, STR("region"));
    return report_unknown(filler, placeholder, &near, "unknown placeholder {aws.%.*s}",
                          STR_ARG(name));
}

/* The first value of a name is used. */
static void add_variable(struct scope *scope, struct str name, struct variable_value value)
{
    struct variable_value *added = ARENA_NEW(scope->arena, struct variable_value);
    *added = value;
    map_add(scope->arena, &scope->variables, name, added);
    usage_add_variable(scope->options, name);
}

void scope_add_variables(struct scope *scope)
{
    for (size_t map = 0; map < VARIABLE_MAPS; map++) {
        const struct value *variables = scope->environment->variables[map];
        for (size_t i = 0; variables && i < variables->count; i++)
            add_variable(scope, variables->items[i].name,
                         (struct variable_value){.text = variables->items[i].text});
    }
    const struct value *inputs = record_value(scope->file, FILE_INPUT_VARIABLES);
    for (size_t i = 0; i < inputs->count; i++) {
        const struct record *input = inputs->records[i];
        add_variable(scope, record_value(input, VARIABLE_NAME)->text,
                     (struct variable_value){.text = record_value(input, VARIABLE_DEFAULT)->text,
                                             .is_missing = !record_has(input, VARIABLE_DEFAULT)});
    }
}

static bool report_variable(struct filler *filler, const struct placeholder *placeholder)
{
    const struct scope *scope = filler->scope;
    const struct value *inputs = record_value(scope->file, FILE_INPUT_VARIABLES);
    struct suggestion near = {.word = placeholder->parts[0]};
    for (size_t map = 0; map < VARIABLE_MAPS && !diags_full(scope->diags); map++) {
        const struct value *variables = scope->environment->variables[map];
        for (size_t i = 0; variables && i < variables->count; i++)
            suggestion_add(&near, variables->items[i].name);
    }
    for (size_t i = 0; i < inputs->count && !diags_full(scope->diags); i++)
        suggestion_add(&near, record_value(inputs->records[i], VARIABLE_NAME)->text);
    struct str message =
        str_format(scope->arena, "variable \"%.*s\" is not defined", STR_ARG(near.word));
    if (report_missing(filler, placeholder, &near, message))
        diag_hint(scope->diags,
                  "pass --var %.*s=VALUE, or add it to the variables of the environment",
                  STR_ARG(near.word));
    return false;
}

static bool fill_vars(struct filler *filler, const struct placeholder *placeholder)
{
    const struct scope *scope = filler->scope;
    struct str name = placeholder->parts[0];
    usage_add_variable(scope->options, name);
    const struct str *flag = usage_variable_value(scope->options, name);
    const struct variable_value *variable = map_get(&scope->variables, name);
    if (flag || (variable && !variable->is_missing)) {
        buf_add(&filler->out, flag ? *flag : variable->text);
        return true;
    }
    if (!variable)
        return report_variable(filler, placeholder);
    const struct suggestion none = {0};
    struct str message = str_format(scope->arena, "variable \"%.*s\" has no value", STR_ARG(name));
    if (report_missing(filler, placeholder, &none, message))
        diag_hint(scope->diags,
                  "pass --var %.*s=VALUE, or set it in the variables of the environment",
                  STR_ARG(name));
    return false;
}

static bool fill_parent(struct filler *filler, const struct placeholder *placeholder)
{
    const struct scope *scope = filler->scope;
    const struct environment *environment = scope->environment;
    struct str name = placeholder->parts[0];
    const struct environment_output *output = environment_output_find(environment, name);
    if (output && !environment_output_check(output, scope->diags, location_of(filler, placeholder)))
        return false;
    if (output) {
        buf_add(&filler->out, output->text);
        return true;
    }
    struct suggestion near = {.word = name};
    for (size_t i = 0; i < environment->output_count && !diags_full(scope->diags); i++)
        suggestion_add(&near, environment->outputs[i]->name);
    struct str message =
        str_format(scope->arena, "the environment has no output \"%.*s\"", STR_ARG(name));
    if (report_missing(filler, placeholder, &near, message))
        diag_hint(scope->diags, "add it to the environment file: outputs: {%.*s: VALUE}",
                  STR_ARG(name));
    return false;
}

static bool append_reference(struct filler *filler, const struct placeholder *placeholder,
                             const struct module *module, struct str output)
{
    struct reference *reference = ARENA_NEW(filler->scope->arena, struct reference);
    *reference = (struct reference){.module = module,
                                    .output = output,
                                    .offset = filler->out.len,
                                    .location = location_of(filler, placeholder)};
    *filler->next_link = reference;
    filler->next_link = &reference->next;
    return true;
}

static bool fill_module(struct filler *filler, const struct placeholder *placeholder)
{
    struct scope *scope = filler->scope;
    struct location at = location_of(filler, placeholder);
    struct str name = placeholder->parts[0];
    struct str output = placeholder->parts[placeholder->part_count - 1];
    struct module *module = module_find(scope->modules, scope->module_count, name);
    const struct schema_reader reader = {.arena = scope->arena, .diags = scope->diags};
    struct str text;
    if (!module) {
        module_report_missing(&reader, scope->modules, scope->module_count, name, at);
        return false;
    }
    enum output_source source = module_output_read(scope, module, output, at, &text);
    if (source == OUTPUT_SECRET)
        return append_reference(filler, placeholder, module, output);
    if (source == OUTPUT_STRING)
        buf_add(&filler->out, text);
    return source == OUTPUT_STRING;
}

static const struct root {
    const char *name;
    size_t parts;
    fill_function *fill;
    const char *form;
} roots[] = {
    {"env", 0, fill_env, "{env}"},
    {"layer_name", 0, fill_layer_name, "{layer_name}"},
    {"parent_name", 0, fill_parent_name, "{parent_name}"},
    {"region", 0, fill_region, "{region}"},
    {"vars", 1, fill_vars, "{vars.NAME}"},
    {"variables", 1, fill_vars, "{variables.NAME}"},
    {"parent", 1, fill_parent, "{parent.NAME}"},
    {"aws", 1, fill_aws, "{aws.region} or {aws.account_id}"},
    {"module", 2, fill_module, "{module.NAME.OUTPUT}"},
};

const char *placeholder_root(size_t index, const char **ret_form)
{
    if (index == COUNT_OF(roots))
        return NULL;
    *ret_form = roots[index].form;
    return roots[index].name;
}

static const struct root *find_root(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(roots); i++)
        if (str_eq_c(name, roots[i].name))
            return &roots[i];
    return NULL;
}

/* Parses the placeholder whose brace is at `at`. Returns false if there is none. */
static bool parse_placeholder(struct str text, size_t at, struct placeholder *ret)
{
    *ret = (struct placeholder){.start = at};
    size_t end = placeholder_name_end(text, at + 1);
    ret->root = str_slice(text, at + 1, end);
    while (end < text.len && (text.data[end] == '.' || text.data[end] == '[')) {
        bool bracket = text.data[end] == '[';
        size_t part_end = placeholder_name_end(text, end + 1);
        if (part_end == end + 1 ||
            (bracket && (part_end == text.len || text.data[part_end] != ']')))
            return false;
        if (ret->part_count < PARTS_MAX)
            ret->parts[ret->part_count] = str_slice(text, end + 1, part_end);
        ret->part_count++;
        end = part_end + (bracket ? 1 : 0);
    }
    ret->end = end + 1;
    return end < text.len && text.data[end] == '}' && find_root(ret->root);
}

static bool fill_placeholder(struct filler *filler, const struct placeholder *placeholder)
{
    const struct root *root = find_root(placeholder->root);
    bool outputs = root->fill == fill_module && str_eq_c(placeholder->parts[1], "outputs");
    if (placeholder->part_count == (outputs ? PARTS_MAX : root->parts))
        return root->fill(filler, placeholder);
    struct suggestion none = {0};
    return report_unknown(filler, placeholder, &none, "this placeholder must have the form %s",
                          root->form);
}

enum token { TOKEN_BYTE, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_PLACEHOLDER };

static bool pair_at(struct str text, size_t at, char brace)
{
    return at + 1 < text.len && text.data[at] == brace && text.data[at + 1] == brace;
}

/* Returns the type of the token at `at`. Sets `ret->end` to its end, and all of `ret` for a
 * placeholder. */
static enum token next_token(struct str text, size_t at, struct placeholder *ret)
{
    /* Opta accepted ${{module.x.y}} and converted it to ${module.x.y}. */
    size_t braces = at + 1;
    bool dollar = text.data[at] == '$' && braces < text.len && text.data[braces] == '{';
    bool doubled = dollar && pair_at(text, braces, '{');
    if (dollar && parse_placeholder(text, braces + doubled, ret) && str_eq_c(ret->root, "module") &&
        (!doubled || (ret->end < text.len && text.data[ret->end] == '}'))) {
        ret->start = at;
        ret->end += doubled;
        return TOKEN_PLACEHOLDER;
    }
    if (pair_at(text, at, '{') || pair_at(text, at, '}')) {
        ret->end = at + 2;
        return text.data[at] == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
    }
    if (text.data[at] == '{' && parse_placeholder(text, at, ret))
        return TOKEN_PLACEHOLDER;
    ret->end = at + 1;
    return TOKEN_BYTE;
}

/* Returns a boolean for each offset: true for the start of each matching `{{` and `}}`. */
static bool *find_pairs(struct arena *arena, struct str text)
{
    bool *paired = ARENA_ARRAY(arena, text.len, bool);
    size_t *open = ARENA_ARRAY(arena, text.len, size_t);
    size_t depth = 0;
    struct placeholder token;
    for (size_t at = 0; at < text.len; at = token.end) {
        enum token kind = next_token(text, at, &token);
        if (kind == TOKEN_OPEN)
            open[depth++] = at;
        if (kind == TOKEN_CLOSE && depth > 0) {
            paired[at] = true;
            paired[open[--depth]] = true;
        }
    }
    return paired;
}

/* Warns of forms that only Opta needed. */
static void warn_opta_form(const struct filler *filler, const struct placeholder *placeholder)
{
    struct str written = str_slice(filler->scalar->text, placeholder->start, placeholder->end);
    struct str name = placeholder->parts[0];
    bool is_module = str_eq_c(placeholder->root, "module");
    bool has_outputs = is_module && placeholder->part_count == PARTS_MAX;
    if (!str_starts_with(written, STR("$")) && !has_outputs &&
        !str_eq_c(placeholder->root, "variables"))
        return;
    diag_warning(filler->scope->diags, location_of(filler, placeholder), RULE_DEPRECATED_FORM,
                 "%.*s is Opta syntax", STR_ARG(written));
    if (is_module)
        diag_hint(filler->scope->diags, "write {module.%.*s.%.*s}", STR_ARG(name),
                  STR_ARG(placeholder->parts[placeholder->part_count - 1]));
    else
        diag_hint(filler->scope->diags, "write {vars.%.*s}", STR_ARG(name));
}

bool interpolate(void *context, const struct node *scalar, struct filled_string *ret)
{
    struct filler filler = {.scope = context, .scalar = scalar};
    filler.next_link = &filler.first;
    struct str text = scalar->text;
    *ret = (struct filled_string){.text = text};
    if (str_find(text, 0, '{') == text.len)
        return true;
    filler.verbatim = node_is_verbatim(scalar);
    bool *paired = find_pairs(filler.scope->arena, text);
    bool ok = true;
    struct placeholder token;
    for (size_t at = 0; at < text.len && filler.out.len <= INTERPOLATED_SIZE_MAX; at = token.end) {
        enum token kind = next_token(text, at, &token);
        placeholder_check(filler.scope, scalar, filler.verbatim, at, kind == TOKEN_BYTE);
        if (kind != TOKEN_PLACEHOLDER)
            buf_add(&filler.out, str_slice(text, at, paired[at] ? at + 1 : token.end));
        else if (!filler.scope->environment_invalid && fill_placeholder(&filler, &token))
            warn_opta_form(&filler, &token);
        else
            ok = false;
    }
    if (filler.out.len > INTERPOLATED_SIZE_MAX) {
        diag_error(filler.scope->diags, scalar->span, RULE_LIMIT_EXCEEDED,
                   "string exceeds %d bytes", INTERPOLATED_SIZE_MAX);
        diag_hint(filler.scope->diags, "shorten it or the values of its placeholders");
        filler.out.len = 0;
        ok = false;
    }
    ret->text = buf_take(filler.scope->arena, &filler.out);
    ret->references = filler.first;
    return ok;
}
