#define _DEFAULT_SOURCE     /* d_type */
#define _XOPEN_SOURCE   700 /* realpath */
#include "config/source.h"

#include "base/map.h"
#include "config/discover.h"
#include "config/remote.h"
#include "config/usage.h"
#include "os/io.h"
#include "yaml/top_level.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct lister {
    struct arena *arena;
    struct diags *diags;
    const struct input_options *options;
    const char *home; /* the directory that -f names; NULL: -f names a file */
    struct input *inputs;
    size_t count;
    bool full;          /* more than FILES_MAX, which was reported */
    struct map visited; /* "DEVICE:INODE" of directories below one path of -f */
    struct map given;   /* the same of all files and directories so far: struct given */
    bool standard;      /* standard input is given */
};

struct given {
    const char *path;
    bool named; /* by -f itself */
};

static bool add(struct lister *lister, const char *path, bool named)
{
    if (lister->count == FILES_MAX) {
        if (!lister->full)
            diag_error(lister->diags, NO_LOCATION, "more than %d files", FILES_MAX);
        lister->full = true;
        return false;
    }
    lister->inputs =
        arena_grow(lister->arena, lister->inputs, lister->count, sizeof *lister->inputs);
    lister->inputs[lister->count++] =
        (struct input){.path = path, .named = named, .regular = !named, .home = lister->home};
    return true;
}

static bool unreadable(struct lister *lister, const char *path, int error)
{
    struct diags *diags = lister->diags;
    if (error != ENOENT || !remote_report(lister->arena, diags, NO_LOCATION, str_from_c(path)))
        diag_error(diags, NO_LOCATION, "%s cannot be read: %s", path, strerror(error));
    /* What injects reads manifests from standard input. */
    else if (strstr(path, "://") && !read_mode_injects(lister->options->mode))
        diag_hint_line(diags, "or pass it on standard input: ... | kubectl optasvc ... -f -");
    return false;
}

static bool is_manifest_name(const char *name)
{
    const char *dot = strrchr(name, '.');
    struct str suffix = str_from_c(dot);
    return str_eq_c_nocase(suffix, ".yaml") || str_eq_c_nocase(suffix, ".yml") ||
           str_eq_c_nocase(suffix, ".json");
}

/* An entry of a directory. */
struct dir_entry {
    const char *name;
    bool regular; /* a regular file; false: the directory does not say, or it is something else */
};

static int by_bytes(const void *a, const void *b)
{
    return strcmp(((const struct dir_entry *)a)->name, ((const struct dir_entry *)b)->name);
}

static struct str identity_of(struct lister *lister, const struct stat *status)
{
    return str_format(lister->arena, "%ju:%ju", (uintmax_t)status->st_dev,
                      (uintmax_t)status->st_ino);
}

static bool given_twice(struct lister *lister, const char *path, const char *first)
{
    if (strcmp(path, first) == 0)
        diag_error(lister->diags, NO_LOCATION, "-f leads to %s twice", path);
    else
        diag_error(lister->diags, NO_LOCATION, "-f leads to %s twice: it is the same as %s", path,
                   first);
    diag_hint(lister->diags, "leave one of the two out");
    return false;
}

/* Records a file or directory. Reports and returns false if it was given before; links between
 * files that no -f names are left to those who read them. */
static bool give(struct lister *lister, const char *path, const struct stat *status, bool named)
{
    struct given *given = ARENA_NEW(lister->arena, struct given);
    *given = (struct given){path, named};
    const struct given *first =
        map_add(lister->arena, &lister->given, identity_of(lister, status), given);
    if (!first || !(first->named || named))
        return true;
    return given_twice(lister, path, first->path);
}

/* The entries of a directory, in byte order: the order of readdir() differs from machine to
 * machine. */
static int list_entries(struct arena *arena, const char *path, struct dir_entry **ret_entries,
                        size_t *ret_count)
{
    DIR *folder = opendir(path);
    if (!folder)
        return errno;
    struct dir_entry *entries = NULL;
    size_t count = 0;
    struct dirent *entry;
    while ((void)(errno = 0), (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        entries = arena_grow(arena, entries, count, sizeof *entries);
        entries[count++] =
            (struct dir_entry){str_to_c(arena, str_from_c(entry->d_name)), entry->d_type == DT_REG};
    }
    int error = errno;
    if (closedir(folder) < 0 && error == 0)
        error = errno;
    if (count)
        qsort(entries, count, sizeof *entries, by_bytes);
    *ret_entries = entries;
    *ret_count = count;
    return error;
}

static bool list_directory(struct lister *lister, const char *path, const struct stat *status,
                           unsigned depth);

static bool list_subdirectory(struct lister *lister, const char *path, const struct stat *status,
                              unsigned depth)
{
    if (lister->options->recursive)
        return list_directory(lister, path, status, depth);
    usage_skip_subdirectory(lister->options);
    return true;
}

static bool list_entry(struct lister *lister, const char *path, const struct dir_entry *entry,
                       unsigned depth)
{
    bool manifest = is_manifest_name(entry->name);
    /* Below a single -f no file can be given twice, so its identity is not needed. */
    if (entry->regular && (!manifest || lister->options->files.count == 1))
        return !manifest || add(lister, path, false);
    struct stat status;
    if (lstat(path, &status) < 0)
        return unreadable(lister, path, errno);
    bool missing = S_ISLNK(status.st_mode) && stat(path, &status) < 0;
    if (!missing && S_ISDIR(status.st_mode))
        return list_subdirectory(lister, path, &status, depth);
    /* Reading reports a link to nothing, and what is not a regular file. */
    if (manifest && S_ISREG(status.st_mode) && !give(lister, path, &status, false))
        return false;
    if (manifest)
        return add(lister, path, false);
    if (missing && lister->options->recursive)
        usage_skip_link(lister->options, path);
    return true;
}

/* A directory is read once, also if symbolic links lead to it again: they may form loops. */
static bool list_directory(struct lister *lister, const char *path, const struct stat *status,
                           unsigned depth)
{
    struct dir_entry *entries = NULL;
    size_t count = 0;
    if (map_add(lister->arena, &lister->visited, identity_of(lister, status), lister)) {
        usage_skip_directory(lister->options, path);
        return true;
    }
    if (!give(lister, path, status, true)) /* below another path of -f, too */
        return false;
    int error =
        depth == FOLDERS_DEPTH_MAX ? ELOOP : list_entries(lister->arena, path, &entries, &count);
    if (error)
        return unreadable(lister, path, error);
    struct str slash = str_ends_with(str_from_c(path), STR("/")) ? STR("") : STR("/");
    bool right = true;
    for (size_t i = 0; i < count && !lister->full; i++) {
        struct str inside =
            STR_JOIN(lister->arena, str_from_c(path), slash, str_from_c(entries[i].name));
        right &= list_entry(lister, inside.data, &entries[i], depth + 1);
    }
    return right;
}

static bool list_path(struct lister *lister, const char *path)
{
    struct stat status;
    lister->home = NULL;
    if (strcmp(path, "-") == 0) {
        bool again = lister->standard;
        lister->standard = true;
        return again ? given_twice(lister, path, path) : add(lister, path, true);
    }
    if (stat(path, &status) < 0)
        return unreadable(lister, path, errno);
    if (S_ISREG(status.st_mode) && !give(lister, path, &status, true))
        return false;
    if (!S_ISDIR(status.st_mode))
        return add(lister, path, true);
    lister->visited = (struct map){0};
    lister->home = path;
    return list_directory(lister, path, &status, 0);
}

bool input_list(struct arena *arena, struct diags *diags, const struct input_options *options,
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
    int error = io_read_regular_file(input->path, LOOK_SIZE_MAX, &text);
    bool found = false;
    if (error == EFBIG)
        diag_error(diags, at, "%s is larger than %d bytes, so it is not searched for services",
                   input->path, LOOK_SIZE_MAX);
    else
        found = error == 0 && top_level_has_modules(buf_str(&text));
    buf_free(&text);
    return found;
}

/* A copy in the arena. */
static struct source *keep(struct arena *arena, const struct source *source)
{
    struct source *kept = ARENA_NEW(arena, struct source);
    *kept = *source;
    kept->text = str_copy(arena, source->text);
    kept->lines = line_map_new(arena);
    return kept;
}

/* Both are absolute, with links followed. Nothing is below `/`: a container often works there, and
 * all files of the machine would be. */
static bool is_below(const char *path, const char *top)
{
    size_t len = strlen(top);
    return len > 1 && strncmp(path, top, len) == 0 && path[len] == '/';
}

/* The directory of a file, in the arena. */
static const char *directory_of(struct arena *arena, const char *path)
{
    struct str directory = str_directory(str_from_c(path));
    return directory.len ? str_to_c(arena, directory) : ".";
}

/* The author of a repository can name any file of the machine by a path or by a link, and a
 * pipeline's log may be public: messages show only files of the places that the user chose. */
static bool may_be_shown(struct arena *arena, const struct input *input)
{
    struct stat status;
    bool pipe = stat(input->path, &status) == 0 && !S_ISREG(status.st_mode);
    if (strcmp(input->path, "-") == 0 || pipe)
        return true;
    const char *home = input->home ? input->home : directory_of(arena, input->path);
    const char *const tops[] = {".", home};
    char *path = realpath(input->path, NULL);
    bool below = false;
    for (size_t i = 0; path && !below && i < COUNT_OF(tops); i++) {
        char *top = realpath(tops[i], NULL);
        below = top && is_below(path, top);
        free(top);
    }
    free(path);
    return below;
}

/* Returns a copy of a file of a directory if it is a service file. If it may be meant to be one,
 * reports that. The source is hidden until something is reported or used of it, because finding out
 * its real path takes system calls and a service file shows itself. */
static struct source *keep_service_file(struct arena *arena, struct diags *diags,
                                        const struct input *input, const struct source *source)
{
    struct diags first = {.arena = arena};
    struct source *kept = NULL;
    /* The tree of what is most likely a service file is kept too. Without the word it can be one
     * by an escape sequence. */
    bool likely = str_contains(source->text, STR("k8s-service"));
    if (likely)
        kept = keep(arena, source);
    bool found =
        likely ? discover_tree(arena, kept, &first, &kept->tree) : discover(source, &first);
    if (!found && first.errors == 0)
        return NULL;
    if (!kept)
        kept = keep(arena, source);
    if (*source->hidden)
        *source->hidden = !may_be_shown(arena, input);
    if (first.errors == 0)
        return kept;
    kept->tree = NULL;
    discover(kept, diags);
    return NULL;
}

static void report_unreadable(struct arena *arena, struct diags *diags, struct location at,
                              const struct input *input, int error)
{
    const char *path = input->path;
    if (error == EFBIG) {
        diag_error(diags, at, "%s is larger than %d bytes", path, FILE_SIZE_MAX);
        if (!input->named)
            diag_hint(diags, "it has a key like modules, so it may be a service file");
    } else if (error == IO_NOT_REGULAR) {
        diag_error(diags, at, "%s is not a regular file", path);
        diag_hint(diags, "a pipe or device can only be named by a flag");
    } else if (error != ENOENT || !remote_report(arena, diags, at, str_from_c(path))) {
        diag_error(diags, at, "%s cannot be read: %s", path, strerror(error));
    }
}

struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at)
{
    struct source *kept = NULL;
    struct buf text = {0};
    int error = input->regular ? io_read_regular_file(input->path, FILE_SIZE_MAX, &text)
                               : io_read_file(input->path, FILE_SIZE_MAX, &text);
    bool standard = strcmp(input->path, "-") == 0;
    struct source source = {.path = standard ? STR("<stdin>")
                                             : str_copy(arena, str_from_c(input->path)),
                            .text = buf_str(&text),
                            .hidden = ARENA_NEW(arena, bool)};
    *source.hidden = !input->named || !may_be_shown(arena, input);
    bool skipped = error == EFBIG && !input->named && !check_oversized(input, diags, at);
    if (error && !skipped)
        report_unreadable(arena, diags, at, input, error);
    else if (!error && input->named)
        kept = keep(arena, &source);
    else if (!error)
        kept = keep_service_file(arena, diags, input, &source);
    buf_free(&text);
    return kept;
}
