#define _GNU_SOURCE /* memmem */
#include "input.h"

#include "io.h"
#include "load_service.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct lister {
    struct arena *arena;
    struct diags *diags;
    bool recursive;
    const char *folder; /* that -f names and whose files are listed; NULL: a file */
    struct input *inputs;
    size_t count;
    bool full; /* more than FILES_MAX, which is told */
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
    lister->inputs[lister->count++] =
        (struct input){.path = path, .named = named, .regular = !named, .home = lister->folder};
    return true;
}

static bool unreadable(struct lister *lister, const char *path, int error)
{
    diag_error(lister->diags, (struct location){0}, "%s cannot be read: %s", path, strerror(error));
    return false;
}

static bool is_manifest_name(const char *name)
{
    struct str text = str_of(name);
    return str_ends(text, STR(".yaml")) || str_ends(text, STR(".yml")) ||
           str_ends(text, STR(".json"));
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

static bool list_folder(struct lister *lister, const char *path, unsigned depth)
{
    const char **names = NULL;
    size_t count = 0;
    int error =
        depth == FOLDERS_DEPTH_MAX ? ELOOP : list_names(lister->arena, path, &names, &count);
    if (error)
        return unreadable(lister, path, error);
    const char *slash = str_ends(str_of(path), STR("/")) ? "" : "/";
    bool right = true;
    for (size_t i = 0; i < count && !lister->full; i++) {
        const char *inside = str_format(lister->arena, "%s%s%s", path, slash, names[i]).data;
        struct stat status;
        if (lstat(inside, &status) < 0) {
            right &= unreadable(lister, inside, errno);
        } else if (S_ISDIR(status.st_mode)) {
            if (lister->recursive)
                right &= list_folder(lister, inside, depth + 1);
        } else if (is_manifest_name(names[i])) {
            right &= add(lister, inside, false); /* whoever reads it refuses what is no file */
        }
    }
    return right;
}

static bool list_path(struct lister *lister, const char *path)
{
    struct stat status;
    lister->folder = NULL;
    if (strcmp(path, "-") == 0)
        return add(lister, path, true);
    if (stat(path, &status) < 0)
        return unreadable(lister, path, errno);
    if (S_ISDIR(status.st_mode)) {
        lister->folder = path;
        return list_folder(lister, path, 0);
    }
    return add(lister, path, true);
}

bool input_list(struct arena *arena, struct diags *diags, const struct options *options,
                struct input **ret_inputs, size_t *ret_count)
{
    struct lister lister = {.arena = arena, .diags = diags, .recursive = options->recursive};
    bool right = true;
    for (size_t i = 0; i < options->files.count; i++)
        right &= list_path(&lister, options->files.items[i]);
    *ret_inputs = lister.inputs;
    *ret_count = lister.count;
    return right;
}

/* True when what stands before `at` on its line is the key `type`: type: aws-k8s-service. */
static bool is_type(struct str text, size_t at)
{
    static const char *const clouds[] = {"aws-", "gcp-", "azure-", "local-"};
    size_t line = at;
    while (line > 0 && text.data[line - 1] != '\n')
        line--;
    struct str before = str_slice(text, line, at);
    for (size_t i = 0; i < sizeof clouds / sizeof *clouds; i++)
        if (str_ends(before, str_of(clouds[i])))
            before.len -= strlen(clouds[i]);
    while (before.len && strchr(" \t\"'", before.data[before.len - 1]))
        before.len--;
    bool key = str_ends(before, STR("type:")) || str_ends(before, STR("type\":"));
    return key && str_find(before, 0, '#') == before.len;
}

/* Seen without reading the YAML, which may be none of ours. */
static bool has_service(struct str text)
{
    struct str type = STR("k8s-service");
    for (size_t at = 0; at < text.len;) {
        const char *found = memmem(text.data + at, text.len - at, type.data, type.len);
        if (!found)
            return false;
        at = (size_t)(found - text.data);
        if (is_type(text, at))
            return true;
        at += type.len;
    }
    return false;
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
    struct str folder = str_of(path);
    while (folder.len && folder.data[folder.len - 1] != '/')
        folder.len--;
    return folder.len ? str_c(arena, folder) : ".";
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
    for (size_t i = 0; path && !below && i < sizeof tops / sizeof *tops; i++) {
        char *top = realpath(tops[i], NULL);
        below = top && is_below(path, top);
        free(top);
    }
    free(path);
    return below;
}

static void report_unreadable(struct diags *diags, struct location at, const char *path, int error)
{
    if (error == EFBIG) {
        diag_error(diags, at, "%s is larger than %d bytes", path, FILE_SIZE_MAX);
    } else if (error == IO_NOT_REGULAR) {
        diag_error(diags, at, "%s is not a regular file", path);
        diag_hint(diags, "a pipe or device can only be named by a flag");
    } else {
        diag_error(diags, at, "%s cannot be read: %s", path, strerror(error));
    }
}

struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at)
{
    struct source *source = NULL;
    struct buf text = {0};
    int error = input->regular ? io_read_regular_file(input->path, FILE_SIZE_MAX, &text)
                               : io_read_file(input->path, FILE_SIZE_MAX, &text);
    bool foreign = !input->named && !has_service(buf_str(&text));
    if (error && (error != EFBIG || !foreign)) {
        report_unreadable(diags, at, input->path, error);
    } else if (!foreign) {
        source = ARENA_NEW(arena, struct source);
        bool standard = strcmp(input->path, "-") == 0;
        source->path = str_copy(arena, standard ? STR("<stdin>") : str_of(input->path));
        source->text = str_copy(arena, buf_str(&text));
        source->hidden = ARENA_NEW(arena, bool);
        *source->hidden = !may_be_shown(arena, input);
    }
    buf_free(&text);
    return source;
}
