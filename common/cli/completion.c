#include "cli/completion.h"

#include "cli/default_file.h"
#include "cli/order_words.h"
#include "cluster/kubectl.h"
#include "cluster/kuberc.h"
#include "config/source.h"
#include "os/console.h"
#include "os/process.h"
#include "registry/container_tool.h"
#include "yaml/parse_strict.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void completion_add(struct completion *completion, struct str value, struct str description)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_.=/:@";
    if (!str_starts_with(value, completion->typed) || !str_span_only(value, safe))
        return;
    buf_add(&completion->out, completion->word_start);
    buf_add(&completion->out, value);
    buf_add_byte(&completion->out, '\t');
    buf_add(&completion->out, description);
    buf_add_byte(&completion->out, '\n');
}

void complete_files(struct completion *completion)
{
    completion->files = true;
}

/* Adds completions from a module or environment of the service files. */
typedef void item_fn(struct completion *completion, const struct node *item);

static void for_each_item(struct completion *completion, const char *list, item_fn *add)
{
    struct diags diags = {.arena = completion->arena};
    struct input *inputs = NULL;
    size_t count = 0;
    input_list(completion->arena, &diags, &completion->options.input, &inputs, &count);
    for (size_t i = 0; i < count; i++) {
        struct stat status; /* a pipe or terminal would block */
        if (stat(inputs[i].path, &status) < 0 || !S_ISREG(status.st_mode))
            continue;
        const struct source *source =
            input_read(completion->arena, &diags, &inputs[i], NO_LOCATION);
        struct node *root = source ? load_service(completion->arena, source, &diags) : NULL;
        for (const struct node *item = node_first_child(node_at(root, list)); item;
             item = item->next)
            if (item->kind == NODE_MAP)
                add(completion, item);
    }
}

static void add_environment(struct completion *completion, const struct node *item)
{
    completion_add(completion, node_string(node_at(item, "name")), STR("environment"));
}

static bool is_service(const struct node *item)
{
    return str_ends_with(node_string(node_at(item, "type")), STR("k8s-service"));
}

static void add_service(struct completion *completion, const struct node *item)
{
    if (is_service(item))
        completion_add(completion, node_string(node_at(item, "name")), STR("service"));
}

/* Calls `add` with the other containers of a service. */
static void for_each_container(struct completion *completion, const struct node *item, item_fn *add)
{
    static const char *const lists[] = {"init_containers", "sidecars"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct node *container = node_first_child(node_at(item, lists[i]));
        for (; container; container = container->next)
            add(completion, container);
    }
}

static void add_container(struct completion *completion, const struct node *item)
{
    completion_add(completion, node_string(node_at(item, "name")), STR("container"));
}

static void add_containers(struct completion *completion, const struct node *item)
{
    if (!is_service(item))
        return;
    add_container(completion, item);
    for_each_container(completion, item, add_container);
}

/* Adds the `secrets` of a service or container. */
static void add_listed(struct completion *completion, const struct node *item)
{
    const struct node *secret = node_first_child(node_at(item, "secrets"));
    for (; secret; secret = secret->next)
        completion_add(completion, node_string(secret), STR("secret"));
}

static void add_secrets(struct completion *completion, const struct node *item)
{
    if (!is_service(item))
        return;
    if (node_first_child(node_at(item, "secrets"))) /* a container has a part of these */
        add_listed(completion, item);
    else
        for_each_container(completion, item, add_listed);
}

void complete_secrets(struct completion *completion)
{
    for_each_item(completion, "modules", add_secrets);
}

/* Adds each line that a program printed, if it succeeded. */
static void add_lines(struct completion *completion, const struct process *run,
                      struct str description)
{
    struct str lines = process_succeeded(run) ? buf_str(&run->output) : (struct str){0};
    struct str line;
    for (size_t at = 0; str_next_line(lines, &at, &line);)
        completion_add(completion, line, description);
}

static void add_contexts(struct completion *completion)
{
    struct diags diags = {.arena = completion->arena};
    struct kubectl kubectl = {
        .options = &completion->options.kubectl, .arena = completion->arena, .diags = &diags};
    if (!kuberc_isolate(kubectl.options, completion->arena, &diags))
        return;
    struct process run = {
        .arguments = kubectl_argv(&kubectl, "config", "get-contexts", "--output=name", NULL).items};
    process_run(&run, 1);
    add_lines(completion, &run, STR("context"));
    process_free(&run);
}

void complete_images(struct completion *completion)
{
    struct diags diags = {.arena = completion->arena};
    struct container_tool tool = {.arena = completion->arena, .diags = &diags};
    if (!container_tool_find(&tool, completion->options.push.container_tool))
        return;
    struct process run = container_tool_list(&tool);
    process_run(&run, 1);
    add_lines(completion, &run, STR("image"));
    process_free(&run);
}

static void add_words(struct completion *completion, const char *const *words)
{
    for (; words && *words; words++)
        completion_add(completion, str_from_c(*words), STR(""));
}

void completion_add_rules(struct completion *completion, bool allowable)
{
    for (enum rule rule = 0; rule < RULE_COUNT; rule++)
        if (!allowable || rule_can_allow(rule))
            completion_add(completion, str_from_c(rule_info(rule)->name),
                           str_from_c(rule_info(rule)->why));
}

static void complete_value(struct completion *completion, const struct command *command,
                           enum flag_id id)
{
    switch (id) {
    case FLAG_ENV:
        for_each_item(completion, "environments", add_environment);
        break;
    case FLAG_MODULE:
        for_each_item(completion, "modules", add_service);
        break;
    case FLAG_POD_CONTAINER:
        for_each_item(completion, "modules", add_containers);
        break;
    case FLAG_ALLOW:
        completion_add_rules(completion, true);
        break;
    case FLAG_CONTEXT:
        add_contexts(completion);
        break;
    case FLAG_IMAGE:
        complete_images(completion);
        break;
    case FLAG_OUTPUT:
        add_words(completion, command->outputs);
        break;
    case FLAG_FILENAME:
    case FLAG_ENV_FILE:
    case FLAG_PARENT_OUTPUTS:
    case FLAG_KUBECONFIG:
    case FLAG_LOG_FILE:
    case FLAG_REPORT:
    case FLAG_FROM_FILE:
        completion->files = true;
        break;
    default:
        add_words(completion, flag_table[id].choices);
    }
}

static void complete_flags(struct completion *completion, const struct command *command)
{
    for (enum flag_id i = 0; i < FLAG_COUNT; i++)
        if (command_has_flag(command, i))
            completion_add(completion, str_format(completion->arena, "--%s", flag_table[i].name),
                           str_from_c(flag_table[i].help));
}

/* Returns the flag in a word such as --env, --env=NAME, -f or -fFILE; FLAG_COUNT if it is not a
 * flag. Sets `*ret_value` to the value in the same word; {NULL, 0} if there is none. */
static enum flag_id find_flag(const struct command *command, struct str word, struct str *ret_value)
{
    bool is_long = str_starts_with(word, STR("--"));
    size_t equals = str_find(word, 0, '=');
    *ret_value = (struct str){0};
    if (is_long && equals < word.len) /* an empty value is not a missing value: data is not NULL */
        *ret_value = (struct str){word.data + equals + 1, word.len - equals - 1};
    if (is_long)
        return command_find_flag(command, str_slice(word, 2, equals));
    for (enum flag_id i = 0; i < FLAG_COUNT; i++) {
        if (!command_has_flag(command, i))
            continue;
        if (word.len < 2 || word.data[0] != '-' || word.data[1] != flag_table[i].short_name)
            continue;
        if (word.len > 2)
            *ret_value = str_skip(word, word.data[2] == '=' ? 3 : 2);
        return i;
    }
    return FLAG_COUNT;
}

static bool flag_takes_value(enum flag_id id)
{
    return id < FLAG_COUNT &&
           (flag_table[id].type == FLAG_TYPE_STRING || flag_table[id].type == FLAG_TYPE_LIST);
}

/* Stores the value of a flag that selects where completions come from. */
static void store_value(struct completion *completion, enum flag_id id, struct str value)
{
    struct option_list *files = &completion->options.input.files;
    const char *text = str_to_c(completion->arena, value);
    if (id == FLAG_FILENAME) {
        files->items =
            arena_grow(completion->arena, files->items, files->count, sizeof *files->items);
        files->items[files->count++] = text;
    } else if (id == FLAG_KUBECONFIG) {
        completion->options.kubectl.kubeconfig = text;
    } else if (id == FLAG_CONTAINER_TOOL) {
        completion->options.push.container_tool = text;
    } else if (id == FLAG_RECURSIVE) {
        completion->options.input.recursive = true;
    } else if (id == FLAG_RULES) {
        completion->options.rules = true;
    }
}

static void complete_word(struct completion *completion, const struct command *command,
                          struct str word, size_t arguments)
{
    struct str value;
    enum flag_id id =
        str_starts_with(word, STR("--")) ? find_flag(command, word, &value) : FLAG_COUNT;
    if (id < FLAG_COUNT && value.data) {
        completion->typed = value;
        completion->word_start = str_slice(word, 0, word.len - value.len);
        complete_value(completion, command, id);
    } else if (str_starts_with(word, STR("-"))) {
        complete_flags(completion, command);
    } else if (command->max_names) {
        if (arguments < command->max_names)
            for_each_item(completion, "modules", add_service);
    } else if (arguments < command->max_args && command->complete) {
        command->complete(completion);
    }
}

/* Selects the default file that the command will use. */
static void use_default_file(struct completion *completion, const struct command *command)
{
    struct option_list *files = &completion->options.input.files;
    const char **names = ARENA_ARRAY(completion->arena, DEFAULT_FILES_MAX, const char *);
    if (files->count == 0 && command_has_default_file(command) && default_file_list(names) == 1)
        *files = (struct option_list){names, 1};
}

/* Completes the last of the words after the command. */
static void complete_command(struct completion *completion, const struct command *command,
                             const char *const *words, size_t count)
{
    size_t arguments = 0;
    enum flag_id pending = FLAG_COUNT; /* the flag whose value comes next */
    for (size_t i = 0; i + 1 < count; i++) {
        struct str word = str_from_c(words[i]);
        struct str value;
        if (pending < FLAG_COUNT) {
            store_value(completion, pending, word);
            pending = FLAG_COUNT;
            continue;
        }
        if (str_eq_c(word, "--"))
            return;
        enum flag_id id = find_flag(command, word, &value);
        if (id == FLAG_COUNT)
            arguments++;
        else if (flag_takes_value(id) && !value.data)
            pending = id;
        else
            store_value(completion, id, value);
    }
    struct str word = str_from_c(words[count - 1]);
    completion->typed = word;
    use_default_file(completion, command);
    if (pending < FLAG_COUNT)
        complete_value(completion, command, pending);
    else
        complete_word(completion, command, word, arguments);
}

/* Completes command names by the word after `first`, which is empty or ends with a space. */
static void complete_names(struct completion *completion, const struct program *program,
                           struct str first)
{
    struct str last = {0};
    for (const struct command *const *each = program->commands; *each; each++) {
        struct str name = str_from_c((*each)->name);
        if ((*each)->hidden)
            continue;
        if (!str_starts_with(name, first))
            continue;
        struct str rest = str_skip(name, first.len);
        size_t space = str_find(rest, 0, ' ');
        struct str word = str_slice(rest, 0, space);
        if (!str_equal(word, last)) /* list each group once */
            completion_add(completion, word,
                           space < rest.len
                               ? str_format(completion->arena, "%.*s commands", STR_ARG(word))
                               : str_from_c((*each)->summary));
        last = word;
    }
    if (first.len == 0)
        completion_add(completion, STR("help"), STR("Show help for a command"));
}

static void complete_program(struct completion *completion, const struct program *program,
                             const char **words, size_t count)
{
    if (program->single) {
        complete_command(completion, program->single, words, count);
        return;
    }
    completion->typed = str_from_c(words[count - 1]);
    struct word_order order = order_words(program, words, count - 1);
    if (order.open < FLAG_COUNT) {
        complete_value(completion, &command_complete, order.open);
        return;
    }
    if (order.names && strcmp(words[0], "help") == 0) {
        words++;
        count--;
        order.names--;
    }
    struct str group = STR("");
    for (size_t used = 1; used <= order.names; used++) {
        struct str name = str_format(completion->arena, "%.*s%s", STR_ARG(group), words[used - 1]);
        for (const struct command *const *each = program->commands; *each; each++)
            if (!(*each)->hidden && str_eq_c(name, (*each)->name)) {
                complete_command(completion, *each, words + used, count - used);
                return;
            }
        group = str_format(completion->arena, "%.*s ", STR_ARG(name));
    }
    complete_names(completion, program, group);
}

static int complete(const struct invocation *invocation)
{
    const char *no_words[] = {""};
    const struct option_list *words = &invocation->arguments;
    struct arena arena = {0};
    struct completion completion = {.arena = &arena};
    complete_program(&completion, invocation->program, words->count ? words->items : no_words,
                     words->count ? words->count : 1);
    buf_add(&completion.out, completion.files ? STR(":0\n") : STR(":4\n"));
    int status = console_finish(buf_str(&completion.out));
    buf_free(&completion.out);
    arena_free(&arena);
    return status;
}

const struct command command_complete = {
    .name = "__complete",
    .hidden = true,
    .run = complete,
};
