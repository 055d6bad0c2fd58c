#include "config/usage.h"

#include <sys/stat.h>

/* Returns the NAME of NAME=VALUE. */
static struct str variable_name(const char *flag)
{
    return str_slice(str_from_c(flag), 0, str_find(str_from_c(flag), 0, '='));
}

const struct input_options *usage_start(struct arena *arena, const struct input_options *options)
{
    struct input_options *copy = ARENA_NEW(arena, struct input_options);
    struct usage *usage = ARENA_NEW(arena, struct usage);
    usage->arena = arena;
    usage->modules = ARENA_ARRAY(arena, options->modules.count, struct suggestion);
    for (size_t i = 0; i < options->modules.count; i++)
        usage->modules[i].word = str_from_c(options->modules.items[i]);
    usage->variables = ARENA_ARRAY(arena, options->variables.count, struct suggestion);
    for (size_t i = 0; i < options->variables.count; i++)
        usage->variables[i].word = variable_name(options->variables.items[i]);
    *copy = *options;
    copy->usage = usage;
    if (options->environment_file)
        usage_add_file(copy, options->environment_file);
    if (options->parent_outputs)
        usage_add_file(copy, options->parent_outputs);
    return copy;
}

/* Adds a name to each suggestion. The best name is copied, because the file that contains it may be
 * freed. */
static void update_suggestions(struct arena *arena, struct suggestion *near, size_t count,
                               struct str name)
{
    for (size_t i = 0; i < count; i++) {
        const struct suggestion before = near[i];
        suggestion_add(&near[i], name);
        if (near[i].best.data != before.best.data)
            near[i].best = str_copy(arena, name);
    }
}

static bool is_exact_match(const struct suggestion *near)
{
    return near->best.len && near->distance == 0;
}

void usage_add_module(const struct input_options *options, struct str name)
{
    struct usage *usage = options->usage;
    if (usage)
        update_suggestions(usage->arena, usage->modules, options->modules.count, name);
}

void usage_add_variable(const struct input_options *options, struct str name)
{
    struct usage *usage = options->usage;
    if (usage)
        update_suggestions(usage->arena, usage->variables, options->variables.count, name);
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

static bool check_modules(const struct input_options *options, struct diags *diags)
{
    bool ok = true;
    for (size_t i = 0; i < options->modules.count; i++) {
        const struct suggestion *near = &options->usage->modules[i];
        if (is_exact_match(near))
            continue;
        ok = false;
        diag_error(diags, NO_LOCATION, "k8s-service \"%s\" not found", options->modules.items[i]);
        if (near->best.len)
            diag_hint(diags, "did you mean --module %.*s?", STR_ARG(near->best));
        else
            diag_hint(diags, "use the name of a module of type k8s-service");
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
    for (size_t i = 0; i < options->variables.count; i++) {
        const struct suggestion *near = &options->usage->variables[i];
        if (is_exact_match(near))
            continue;
        diag_error(diags, NO_LOCATION, "--var %.*s has no effect", STR_ARG(near->word));
        if (near->best.len)
            diag_hint(diags, "did you mean --var %.*s?", STR_ARG(near->best));
        else
            hint_use(options, diags,
                     str_format(diags->arena, "use it in a service as {vars.%.*s}",
                                STR_ARG(near->word)));
    }
}

static void check_flag(const struct input_options *options, struct diags *diags, const char *flag,
                       const char *value, bool used, const char *hint)
{
    if (!value || used)
        return;
    diag_error(diags, NO_LOCATION, "%s %s has no effect", flag, value);
    hint_use(options, diags, str_from_c(hint));
}

void usage_check(const struct input_options *options, struct diags *diags)
{
    static const char version_hint[] =
        "it applies to image: AUTO, or, in files without one, to images "
        "that have no tag or digest";
    const struct usage *usage = options->usage;
    if (usage->service_count == 0) {
        diag_error(diags, NO_LOCATION, "no service file found");
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
