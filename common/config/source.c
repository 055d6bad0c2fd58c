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
    const char *visible_root; /* directory passed with -f; NULL for a file */
    struct input *inputs;
    size_t count;
    bool has_too_many;  /* FILES_MAX is exceeded, which was reported */
    struct map visited; /* "DEVICE:INODE" of the directories below the current path of -f */
    struct map listed;  /* struct listed_path of all files and directories by "DEVICE:INODE" */
    bool has_stdin;     /* -f - was passed */
};

struct listed_path {
    const char *path;
    bool is_explicit; /* passed with -f */
};

static bool add_input(struct lister *lister, const char *path, bool is_explicit)
{
    if (lister->count == FILES_MAX) {
        if (!lister->has_too_many)
            diag_error(lister->diags, NO_LOCATION, RULE_LIMIT_EXCEEDED,
                       "too many files (maximum %d)", FILES_MAX);
        lister->has_too_many = true;
        return false;
    }
    lister->inputs =
        arena_grow(lister->arena, lister->inputs, lister->count, sizeof *lister->inputs);
    lister->inputs[lister->count++] = (struct input){.path = path,
                                                     .is_explicit = is_explicit,
                                                     .must_be_regular = !is_explicit,
                                                     .visible_root = lister->visible_root};
    return true;
}

static bool report_path(struct lister *lister, const char *path, int error)
{
    struct diags *diags = lister->diags;
    if (error != ENOENT || !remote_report(lister->arena, diags, NO_LOCATION, str_from_c(path)))
        diag_error(diags, NO_LOCATION, RULE_FILE_UNREADABLE, "cannot read %s: %s", path,
                   strerror(error));
    /* Commands that inject cannot: they read manifests from standard input. */
    else if (strstr(path, "://") && !read_mode_is_for_chart(lister->options->mode))
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
    bool regular; /* true: a regular file; false: unknown, or something else */
};

static int compare_bytes(const void *a, const void *b)
{
    return strcmp(((const struct dir_entry *)a)->name, ((const struct dir_entry *)b)->name);
}

static struct str identity_of(struct lister *lister, const struct stat *status)
{
    return str_format(lister->arena, "%ju:%ju", (uintmax_t)status->st_dev,
                      (uintmax_t)status->st_ino);
}

static bool report_duplicate(struct lister *lister, const char *path, const char *first)
{
    if (strcmp(path, first) == 0)
        diag_error(lister->diags, NO_LOCATION, RULE_DUPLICATE_FILE, "-f selects %s twice", path);
    else
        diag_error(lister->diags, NO_LOCATION, RULE_DUPLICATE_FILE,
                   "-f selects %s twice: it is the same as %s", path, first);
    diag_hint(lister->diags, "remove one of them");
    return false;
}

/* Records a file or directory. Reports an error and returns false if -f selects it twice. Links
 * between files found in directories are not reported here. */
static bool record_path(struct lister *lister, const char *path, const struct stat *status,
                        bool is_explicit)
{
    struct listed_path *listed = ARENA_NEW(lister->arena, struct listed_path);
    *listed = (struct listed_path){path, is_explicit};
    const struct listed_path *first =
        map_add(lister->arena, &lister->listed, identity_of(lister, status), listed);
    if (!first || !(first->is_explicit || is_explicit))
        return true;
    return report_duplicate(lister, path, first->path);
}

/* Lists the entries of a directory in byte order, because the order of readdir() is undefined.
 * Returns 0 or an errno. */
static int list_entries(struct arena *arena, const char *path, struct dir_entry **ret_entries,
                        size_t *ret_count)
{
    DIR *stream = opendir(path);
    if (!stream)
        return errno;
    struct dir_entry *entries = NULL;
    size_t count = 0;
    struct dirent *entry;
    while ((void)(errno = 0), (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        entries = arena_grow(arena, entries, count, sizeof *entries);
        entries[count++] =
            (struct dir_entry){str_to_c(arena, str_from_c(entry->d_name)), entry->d_type == DT_REG};
    }
    int error = errno;
    if (closedir(stream) < 0 && error == 0)
        error = errno;
    if (count)
        qsort(entries, count, sizeof *entries, compare_bytes);
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
    /* With a single -f no file can be given twice, so its identity is not needed. */
    if (entry->regular && (!manifest || lister->options->files.count == 1))
        return !manifest || add_input(lister, path, false);
    struct stat status;
    if (lstat(path, &status) < 0)
        return report_path(lister, path, errno);
    bool missing = S_ISLNK(status.st_mode) && stat(path, &status) < 0;
    if (!missing && S_ISDIR(status.st_mode))
        return list_subdirectory(lister, path, &status, depth);
    /* input_read() reports broken links and files that are not regular. */
    if (manifest && S_ISREG(status.st_mode) && !record_path(lister, path, &status, false))
        return false;
    if (manifest)
        return add_input(lister, path, false);
    if (missing && lister->options->recursive)
        usage_skip_link(lister->options, path);
    return true;
}

/* Reads each directory once, even if symbolic links point to it, because they may form loops. */
static bool list_directory(struct lister *lister, const char *path, const struct stat *status,
                           unsigned depth)
{
    struct dir_entry *entries = NULL;
    size_t count = 0;
    if (map_add(lister->arena, &lister->visited, identity_of(lister, status), lister)) {
        usage_skip_directory(lister->options, path);
        return true;
    }
    if (!record_path(lister, path, status, true)) /* another -f has listed it */
        return false;
    int error =
        depth == DIRECTORY_DEPTH_MAX ? ELOOP : list_entries(lister->arena, path, &entries, &count);
    if (error)
        return report_path(lister, path, error);
    struct str slash = str_ends_with(str_from_c(path), STR("/")) ? STR("") : STR("/");
    bool ok = true;
    for (size_t i = 0; i < count && !lister->has_too_many; i++) {
        struct str inside =
            STR_JOIN(lister->arena, str_from_c(path), slash, str_from_c(entries[i].name));
        ok &= list_entry(lister, inside.data, &entries[i], depth + 1);
    }
    return ok;
}

static bool list_path(struct lister *lister, const char *path)
{
    struct stat status;
    lister->visible_root = NULL;
    if (strcmp(path, "-") == 0) {
        bool duplicate = lister->has_stdin;
        lister->has_stdin = true;
        return duplicate ? report_duplicate(lister, path, path) : add_input(lister, path, true);
    }
    if (stat(path, &status) < 0)
        return report_path(lister, path, errno);
    if (S_ISREG(status.st_mode) && !record_path(lister, path, &status, true))
        return false;
    if (!S_ISDIR(status.st_mode))
        return add_input(lister, path, true);
    lister->visited = (struct map){0};
    lister->visible_root = path;
    return list_directory(lister, path, &status, 0);
}

bool input_list(struct arena *arena, struct diags *diags, const struct input_options *options,
                struct input **ret_inputs, size_t *ret_count)
{
    struct lister lister = {.arena = arena, .diags = diags, .options = options};
    bool ok = true;
    for (size_t i = 0; i < options->files.count; i++)
        ok &= list_path(&lister, options->files.items[i]);
    *ret_inputs = lister.inputs;
    *ret_count = lister.count;
    return ok;
}

/* True if a file found in a directory that exceeds FILE_SIZE_MAX may be a service file. */
static bool is_oversized_service(const struct input *input, struct diags *diags, struct location at)
{
    struct buf text = {0};
    int error = io_read_regular_file(input->path, SCAN_SIZE_MAX, &text);
    bool found = false;
    if (error == EFBIG) {
        diag_error(diags, at, RULE_LIMIT_EXCEEDED,
                   "%s exceeds %d bytes and is not searched for services", input->path,
                   SCAN_SIZE_MAX);
        diag_hint(diags, "pass the service files with -f instead of their directory");
    } else
        found = error == 0 && top_level_has_modules(buf_str(&text));
    buf_free(&text);
    return found;
}

/* Copies a source into the arena. */
static struct source *copy_source(struct arena *arena, const struct source *source)
{
    struct source *copy = ARENA_NEW(arena, struct source);
    *copy = *source;
    copy->text = str_copy(arena, source->text);
    copy->lines = line_map_new(arena);
    return copy;
}

bool source_is_below(const char *path, const char *root)
{
    size_t len = strlen(root);
    return len > 1 && strncmp(path, root, len) == 0 && path[len] == '/';
}

/* Returns the directory of a file. */
static const char *directory_of(struct arena *arena, const char *path)
{
    struct str directory = str_directory(str_from_c(path));
    return directory.len ? str_to_c(arena, directory) : ".";
}

/* True if messages may show the contents of a file. A path or link in a repository can refer to any
 * file of the machine, and the log of a pipeline may be public. So messages show only files below
 * directories that the user selected. */
static bool may_be_shown(struct arena *arena, const struct input *input)
{
    struct stat status;
    bool pipe = stat(input->path, &status) == 0 && !S_ISREG(status.st_mode);
    if (strcmp(input->path, "-") == 0 || pipe)
        return true;
    const char *root = input->visible_root ? input->visible_root : directory_of(arena, input->path);
    const char *const roots[] = {".", root};
    char *path = realpath(input->path, NULL);
    bool below = false;
    for (size_t i = 0; path && !below && i < COUNT_OF(roots); i++) {
        char *resolved = realpath(roots[i], NULL);
        below = resolved && source_is_below(path, resolved);
        free(resolved);
    }
    free(path);
    return below;
}

/* Returns a copy of a file found in a directory if it is a service file; NULL if not. Reports an
 * error if it may be meant to be one. The source stays hidden until then: resolving its path takes
 * system calls, which a service file does not need. */
static struct source *copy_service_file(struct arena *arena, struct diags *diags,
                                        const struct input *input, const struct source *source)
{
    struct diags first = {.arena = arena};
    struct source *copy = NULL;
    /* Keeps the tree of a likely service file. A file without the word may still be one, through an
     * escape sequence. */
    bool likely = str_contains(source->text, STR("k8s-service"));
    if (likely)
        copy = copy_source(arena, source);
    bool found = likely ? discover_tree(arena, copy, &first, &copy->tree)
                        : discover_is_service_file(source, &first);
    if (!found && first.errors == 0)
        return NULL;
    if (!copy)
        copy = copy_source(arena, source);
    if (*source->hidden)
        *source->hidden = !may_be_shown(arena, input);
    if (first.errors == 0)
        return copy;
    copy->tree = NULL;
    discover_is_service_file(copy, diags);
    return NULL;
}

static void report_unreadable(struct arena *arena, struct diags *diags, struct location at,
                              const struct input *input, int error)
{
    const char *path = strcmp(input->path, "-") == 0 ? "standard input" : input->path;
    if (error == EFBIG) {
        diag_error(diags, at, RULE_LIMIT_EXCEEDED, "%s exceeds %d bytes", path, FILE_SIZE_MAX);
        if (!input->is_explicit)
            diag_hint(diags, "the file has a key like modules and may be a service file");
    } else if (error == IO_NOT_REGULAR) {
        diag_error(diags, at, RULE_FILE_UNREADABLE, "%s is not a regular file", path);
        diag_hint(diags, "a pipe or device must be passed with a flag, for example: -f");
    } else if (error != ENOENT || !remote_report(arena, diags, at, str_from_c(path))) {
        diag_error(diags, at, RULE_FILE_UNREADABLE, "cannot read %s: %s", path, strerror(error));
    }
}

struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at)
{
    struct source *copy = NULL;
    struct buf text = {0};
    int error = input->must_be_regular ? io_read_regular_file(input->path, FILE_SIZE_MAX, &text)
                                       : io_read_file(input->path, FILE_SIZE_MAX, &text);
    bool is_stdin = strcmp(input->path, "-") == 0;
    struct source source = {.path = is_stdin ? STR("<stdin>")
                                             : str_copy(arena, str_from_c(input->path)),
                            .text = buf_str(&text),
                            .hidden = ARENA_NEW(arena, bool)};
    *source.hidden = !input->is_explicit || !may_be_shown(arena, input);
    bool skipped = error == EFBIG && !input->is_explicit && !is_oversized_service(input, diags, at);
    if (error && !skipped)
        report_unreadable(arena, diags, at, input, error);
    else if (!error && input->is_explicit)
        copy = copy_source(arena, &source);
    else if (!error)
        copy = copy_service_file(arena, diags, input, &source);
    buf_free(&text);
    return copy;
}
