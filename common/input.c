#include "input.h"

#include "discover.h"
#include "io.h"
#include "set.h"
#include "top_level.h"
#include "usage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct lister {
    struct arena *arena;
    struct diags *diags;
    const struct options *options;
    struct input *inputs;
    size_t count;
    bool full;          /* more than FILES_MAX, which is told */
    struct set visited; /* "DEVICE:INODE" of directories below one path of -f */
};

static bool add(struct lister *lister, const char *path, bool named)
{
    if (lister->count == FILES_MAX) {
        if (!lister->full)
            diag_error(lister->diags, (struct location){0}, "more than %d files", FILES_MAX);
        lister->full = true;
        return false;
    }
    lister->inputs =
        arena_grow(lister->arena, lister->inputs, lister->count, sizeof *lister->inputs);
    lister->inputs[lister->count++] = (struct input){path, named};
    return true;
}

static bool unreadable(struct lister *lister, const char *path, int error)
{
    diag_error(lister->diags, (struct location){0}, "%s cannot be read: %s", path, strerror(error));
    return false;
}

static bool is_manifest_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    struct str suffix = str_of(dot);
    return str_is_nocase(suffix, ".yaml") || str_is_nocase(suffix, ".yml") ||
           str_is_nocase(suffix, ".json");
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder, in byte order: readdir()'s order differs from machine to machine. */
static int list_names(struct arena *arena, const char *path, const char ***ret_names,
                      size_t *ret_count)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno;
    const char **names = NULL;
    size_t count = 0;
    struct dirent *entry;
    while ((void)(errno = 0), (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        names = arena_grow(arena, names, count, sizeof *names);
        names[count++] = str_c(arena, str_of(entry->d_name));
    }
    int error = errno;
    if (closedir(folder) < 0 && error == 0)
        error = errno;
    if (count)
        qsort(names, count, sizeof *names, by_bytes);
    *ret_names = names;
    *ret_count = count;
    return error;
}

static bool list_directory(struct lister *lister, const char *path, const struct stat *status,
                           unsigned depth);

static bool list_entry(struct lister *lister, const char *path, const char *name, unsigned depth)
{
    struct stat status;
    if (lstat(path, &status) < 0)
        return unreadable(lister, path, errno);
    bool missing = S_ISLNK(status.st_mode) && stat(path, &status) < 0;
    if (!missing && S_ISDIR(status.st_mode))
        return !lister->options->recursive || list_directory(lister, path, &status, depth);
    /* Reading a link to nothing reports the error. A pipe would block. */
    if (is_manifest_name(name) && (missing || S_ISREG(status.st_mode)))
        return add(lister, path, false);
    return true;
}

/* A directory is read once, also if symbolic links lead to it again: they may form loops. */
static bool list_directory(struct lister *lister, const char *path, const struct stat *status,
                           unsigned depth)
{
    const char **names = NULL;
    size_t count = 0;
    struct str identity =
        str_format(lister->arena, "%ju:%ju", (uintmax_t)status->st_dev, (uintmax_t)status->st_ino);
    if (set_add(lister->arena, &lister->visited, identity, lister)) {
        usage_skip_directory(lister->options, path);
        return true;
    }
    int error =
        depth == FOLDERS_DEPTH_MAX ? ELOOP : list_names(lister->arena, path, &names, &count);
    if (error)
        return unreadable(lister, path, error);
    const char *slash = str_ends(str_of(path), STR("/")) ? "" : "/";
    bool right = true;
    for (size_t i = 0; i < count && !lister->full; i++) {
        const char *inside = str_format(lister->arena, "%s%s%s", path, slash, names[i]).data;
        right &= list_entry(lister, inside, names[i], depth + 1);
    }
    return right;
}

static bool list_path(struct lister *lister, const char *path)
{
    struct stat status;
    if (strcmp(path, "-") == 0)
        return add(lister, path, true);
    if (stat(path, &status) < 0)
        return unreadable(lister, path, errno);
    lister->visited = (struct set){0};
    if (S_ISDIR(status.st_mode))
        return list_directory(lister, path, &status, 0);
    return add(lister, path, true);
}

bool input_list(struct arena *arena, struct diags *diags, const struct options *options,
                struct input **ret_inputs, size_t *ret_count)
{
    struct lister lister = {.arena = arena, .diags = diags, .options = options};
    bool right = true;
    for (size_t i = 0; i < options->files.count; i++)
        right &= list_path(&lister, options->files.items[i]);
    *ret_inputs = lister.inputs;
    *ret_count = lister.count;
    return right;
}

/* True if a file of a directory, too large to be read, may be a service file. */
static bool check_oversized(const struct input *input, struct diags *diags, struct location at)
{
    struct buf text = {0};
    int error = io_read_file(input->path, LOOK_SIZE_MAX, &text);
    bool found = false;
    if (error == EFBIG)
        diag_error(diags, at, "%s is larger than %d bytes, so it is not searched for services",
                   input->path, LOOK_SIZE_MAX);
    else
        found = error == 0 && top_level_has_modules(buf_str(&text));
    buf_free(&text);
    return found;
}

static void report_oversized(const struct input *input, struct diags *diags, struct location at)
{
    diag_error(diags, at, "%s is larger than %d bytes", input->path, FILE_SIZE_MAX);
    if (!input->named)
        diag_hint(diags, "it has a key like modules, so it may be a service file");
}

/* A copy in the arena. */
static struct source *keep(struct arena *arena, const struct source *source)
{
    struct source *kept = ARENA_NEW(arena, struct source);
    *kept = (struct source){.path = source->path, .text = str_copy(arena, source->text)};
    return kept;
}

/* True if a file of a directory is a service file. If it may be meant to be one, reports that. */
static bool is_service_file(struct arena *arena, struct diags *diags, const struct source *source)
{
    struct diags first = {.arena = arena};
    bool found = discover(source, &first);
    if (first.errors == 0)
        return found;
    discover(keep(arena, source), diags); /* errors refer to the text */
    return false;
}

struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at)
{
    struct source *kept = NULL;
    struct buf text = {0};
    int error = io_read_file(input->path, FILE_SIZE_MAX, &text);
    bool standard = strcmp(input->path, "-") == 0;
    struct source source = {.path =
                                standard ? STR("<stdin>") : str_copy(arena, str_of(input->path)),
                            .text = buf_str(&text)};
    if (error == EFBIG && (input->named || check_oversized(input, diags, at)))
        report_oversized(input, diags, at);
    else if (error && error != EFBIG)
        diag_error(diags, at, "%s cannot be read: %s", input->path, strerror(error));
    else if (!error && (input->named || is_service_file(arena, diags, &source)))
        kept = keep(arena, &source);
    buf_free(&text);
    return kept;
}
