#include "config/usage.h"

#include <sys/stat.h>
#include <unistd.h>

bool variable_split(const char *flag, struct str *ret_name, struct str *ret_value)
{
    struct str text = str_from_c(flag);
    size_t equals = str_find(text, 0, '=');
    *ret_name = str_slice(text, 0, equals);
    *ret_value = str_skip(text, equals + 1);
    return equals > 0 && equals < text.len;
}

static void index_flags(struct usage *usage, const struct input_options *options)
{
    struct str *values = ARENA_ARRAY(usage->arena, options->variables.count, struct str);
    for (size_t i = options->variables.count; i-- > 0;) {
        struct str name;
        variable_split(options->variables.items[i], &name, &values[i]);
        map_add(usage->arena, &usage->variable_values, name, &values[i]);
    }
    for (size_t i = 0; i < options->modules.count; i++)
        map_add(usage->arena, &usage->selected, str_from_c(options->modules.items[i]), usage);
}

const struct input_options *usage_start(struct arena *arena, const struct input_options *options)
{
    struct input_options *copy = ARENA_NEW(arena, struct input_options);
    struct usage *usage = ARENA_NEW(arena, struct usage);
    usage->arena = arena;
    index_flags(usage, options);
    *copy = *options;
    copy->usage = usage;
    if (options->environment_file)
        usage_add_file(copy, options->environment_file);
    if (options->parent_outputs)
        usage_add_file(copy, options->parent_outputs);
    return copy;
}

bool usage_selects(const struct input_options *options, struct str module)
{
    return options->modules.count == 0 || map_get(&options->usage->selected, module);
}

const struct str *usage_variable_value(const struct input_options *options, struct str name)
{
    return options->variables.count ? map_get(&options->usage->variable_values, name) : NULL;
}

static void name_set_add(struct arena *arena, struct name_set *names, struct str name)
{
    if (map_get(&names->known, name))
        return;
    names->items = arena_grow(arena, names->items, names->count, sizeof *names->items);
    names->items[names->count] = str_copy(arena, name);
    map_add(arena, &names->known, names->items[names->count++], names);
}

void usage_add_module(const struct input_options *options, struct str name)
{
    struct usage *usage = options->usage;
    if (usage && options->modules.count)
        name_set_add(usage->arena, &usage->modules, name);
}

void usage_add_variable(const struct input_options *options, struct str name)
{
    struct usage *usage = options->usage;
    if (usage && options->variables.count)
        name_set_add(usage->arena, &usage->variables, name);
}

void usage_add_image_version(const struct input_options *options)
{
    if (options->usage)
        options->usage->uses_image_version = true;
}

void usage_add_registry(const struct input_options *options)
{
    if (options->usage)
        options->usage->uses_registry = true;
}

void usage_add_parent_outputs(const struct input_options *options)
{
    if (options->usage)
        options->usage->uses_parent_outputs = true;
}

/* Returns "DEVICE:INODE" of a file; empty if it does not exist. */
static struct str file_identity(struct arena *arena, const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return (struct str){0};
    return str_format(arena, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
}

void usage_add_file(const struct input_options *options, const char *path)
{
    struct usage *usage = options->usage;
    struct str identity = usage ? file_identity(usage->arena, path) : (struct str){0};
    if (identity.len)
        map_add(usage->arena, &usage->files, identity, usage);
}

static void add_path(struct usage *usage, struct option_list *list, const char *path)
{
    list->items = arena_grow(usage->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = str_to_c(usage->arena, str_from_c(path));
}

void usage_skip_file(const struct input_options *options, const char *path)
{
    if (options->usage)
        add_path(options->usage, &options->usage->skipped, path);
}

void usage_skip_directory(const struct input_options *options, const char *path)
{
    if (options->usage)
        add_path(options->usage, &options->usage->skipped_dirs, path);
}

void usage_skip_link(const struct input_options *options, const char *path)
{
    if (options->usage)
        add_path(options->usage, &options->usage->broken_links, path);
}

void usage_skip_subdirectory(const struct input_options *options)
{
    if (options->usage)
        options->usage->skipped_subdirectories = true;
}

/* Returns the name that is most similar to the word of the last diagnostic; empty if none is
 * similar or the diagnostic is not shown. */
static struct str most_similar_name(const struct name_set *names, struct str word,
                                    const struct diags *diags)
{
    struct suggestion near = {.word = word};
    for (size_t i = 0; diags->last_kept && i < names->count; i++)
        suggestion_add(&near, names->items[i]);
    return near.best;
}

/* Joins the names for a hint: "a, b, c and 5 more". */
static struct str names_format(struct arena *arena, const struct name_set *names)
{
    enum { LISTED_MAX = 20 };
    struct buf list = {0};
    for (size_t i = 0; i < names->count && i < LISTED_MAX; i++)
        buf_add_joined(&list, ", ", names->items[i]);
    if (names->count > LISTED_MAX)
        buf_format(&list, " and %zu more", names->count - LISTED_MAX);
    return buf_take(arena, &list);
}

static bool check_modules(const struct input_options *options, struct diags *diags)
{
    const struct name_set *names = &options->usage->modules;
    bool ok = true;
    for (size_t i = 0; i < options->modules.count; i++) {
        struct str module = str_from_c(options->modules.items[i]);
        if (map_get(&names->known, module))
            continue;
        ok = false;
        diag_error(diags, NO_LOCATION, RULE_SERVICE_NOT_FOUND, "k8s-service \"%.*s\" not found",
                   STR_ARG(module));
        struct str near = most_similar_name(names, module, diags);
        if (near.len)
            diag_hint(diags, "did you mean \"%.*s\"?", STR_ARG(near));
        else
            diag_hint(diags, "services: %.*s", STR_ARG(names_format(diags->arena, names)));
        if (options->module_hint)
            diag_hint_line(diags, options->module_hint);
        if (access(options->modules.items[i], F_OK) == 0)
            diag_hint_line(diags, "to read the file of this name, pass it with -f");
    }
    return ok;
}

static void hint_use(const struct input_options *options, struct diags *diags, struct str use)
{
    diag_hint(diags, "%.*s%s", STR_ARG(use),
              options->modules.count ? "; --module excludes all other services" : "");
}

static void check_variables(const struct input_options *options, struct diags *diags)
{
    const struct name_set *names = &options->usage->variables;
    for (size_t i = 0; i < options->variables.count; i++) {
        struct str name;
        struct str value;
        variable_split(options->variables.items[i], &name, &value);
        if (map_get(&names->known, name))
            continue;
        diag_error(diags, NO_LOCATION, RULE_UNUSED_FLAG, "--var %.*s has no effect", STR_ARG(name));
        struct str near = most_similar_name(names, name, diags);
        if (near.len)
            diag_hint(diags, "did you mean --var %.*s?", STR_ARG(near));
        else
            hint_use(options, diags,
                     str_format(diags->arena, "use it in a service as {vars.%.*s}", STR_ARG(name)));
    }
}

static void check_flag(const struct input_options *options, struct diags *diags, const char *flag,
                       const char *value, bool used, const char *hint)
{
    if (!value || used)
        return;
    diag_error(diags, NO_LOCATION, RULE_UNUSED_FLAG, "%s %s has no effect", flag, value);
    hint_use(options, diags, str_from_c(hint));
}

void usage_check(const struct input_options *options, struct diags *diags)
{
    static const char version_hint[] =
        "it applies to image: AUTO, or, in files without one, to images "
        "that have no tag or digest";
    const struct usage *usage = options->usage;
    if (usage->service_count == 0) {
        diag_error(diags, NO_LOCATION, RULE_NO_SERVICE, "no service file found");
        diag_hint(diags, "a service file has a module of type k8s-service");
        if (usage->skipped_subdirectories)
            diag_hint_line(diags, "pass -R to read subdirectories too");
        return;
    }
    /* A service with the intended name may use the other flags. */
    if (!check_modules(options, diags))
        return;
    if (options->mode == READ_NAMES || options->mode == READ_SECRETS)
        return;
    check_variables(options, diags);
    check_flag(options, diags, "--image-tag", options->image_tag, usage->uses_image_version,
               version_hint);
    check_flag(options, diags, "--image-digest", options->image_digest, usage->uses_image_version,
               version_hint);
    check_flag(options, diags, "--registry", options->registry, usage->uses_registry,
               "it applies to image: AUTO");
    check_flag(options, diags, "--parent-outputs", options->parent_outputs,
               usage->uses_parent_outputs, "use its outputs in a service as {parent.NAME}");
}

static void write_paths(struct buf *out, const struct option_list *paths, const char *singular,
                        const char *plural)
{
    enum { LISTED_MAX = 20 };
    if (paths->count == 0)
        return;
    buf_format(out, "skipped %zu %s: ", paths->count, paths->count == 1 ? singular : plural);
    for (size_t i = 0; i < paths->count && i < LISTED_MAX; i++) {
        buf_add(out, i ? STR(", ") : STR(""));
        diag_add_visible(out, str_from_c(paths->items[i]));
    }
    if (paths->count > LISTED_MAX)
        buf_format(out, " and %zu more", paths->count - LISTED_MAX);
    buf_add_byte(out, '\n');
}

void usage_write_skipped(const struct input_options *options, struct buf *out)
{
    struct usage *usage = options->usage;
    if (options->mode == READ_TO_PUSH)
        return;
    struct option_list unused = {ARENA_ARRAY(usage->arena, usage->skipped.count, const char *), 0};
    for (size_t i = 0; i < usage->skipped.count; i++) {
        const char *path = usage->skipped.items[i];
        if (!map_get(&usage->files, file_identity(usage->arena, path)))
            unused.items[unused.count++] = path;
    }
    write_paths(out, &unused, "file without a k8s-service", "files without a k8s-service");
    write_paths(out, &usage->skipped_dirs, "directory that was already read",
                "directories that were already read");
    write_paths(out, &usage->broken_links, "broken symbolic link", "broken symbolic links");
}
