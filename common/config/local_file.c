#define _XOPEN_SOURCE 700 /* realpath */
#include "config/local_file.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "config/source.h"
#include "os/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void report_size(struct diags *diags, struct location at, struct str what)
{
    diag_error(diags, at, RULE_LIMIT_EXCEEDED,
               "%.*s exceeds 1 MiB, the maximum size of a ConfigMap", STR_ARG(what));
    diag_hint(diags, "add it to the image, or download it to a volume when the pod starts");
}

bool local_file_check(struct diags *diags, struct location at, struct str what, struct str text)
{
    size_t offset;
    const char *error = utf8_check(text, &offset);
    if (text.len > CONFIG_MAP_SIZE_MAX) {
        report_size(diags, at, what);
        return false;
    }
    if (!error)
        return true;
    diag_error(diags, at, RULE_FILE_NOT_TEXT, "%.*s is not a text file: %s at byte %zu",
               STR_ARG(what), error, offset + 1);
    diag_hint(diags, "add it to the image, or create a ConfigMap and mount it with volumes: "
                     "kubectl create configmap NAME --from-file FILE");
    return false;
}

/* Returns the path relative to the working directory. Reports an error and returns NULL if it is
 * not below the directory of the service file. */
static const char *resolve(struct arena *arena, struct diags *diags, struct location at,
                           struct str path)
{
    struct str directory = str_directory(at.source->path);
    const char *file = str_format(arena, "%.*s%.*s", STR_ARG(directory), STR_ARG(path)).data;
    char *root = realpath(directory.len ? str_to_c(arena, directory) : ".", NULL);
    char *resolved = realpath(file, NULL);
    int error = resolved ? 0 : errno;
    bool below =
        !str_starts_with(path, STR("/")) && (!root || !resolved || source_is_below(resolved, root));
    free(root);
    free(resolved);
    if (below && error == 0)
        return file;
    if (below) {
        diag_error(diags, at, RULE_FILE_UNREADABLE, "cannot read %s: %s", file, strerror(error));
    } else {
        diag_error(diags, at, RULE_FILE_OUTSIDE_DIRECTORY,
                   "%.*s is not below the directory of the service file", STR_ARG(path));
        diag_hint(diags, "copy it there, and write its path relative to the service file");
    }
    return NULL;
}

bool local_file_read(struct arena *arena, struct diags *diags, struct location at, struct str path,
                     struct str *ret_text)
{
    struct buf text = {0};
    const char *file = resolve(arena, diags, at, path);
    if (!file)
        return false;
    int error = io_read_regular_file(file, CONFIG_MAP_SIZE_MAX, &text);
    if (error == EFBIG)
        report_size(diags, at, path);
    else if (error == IO_NOT_REGULAR)
        diag_error(diags, at, RULE_FILE_UNREADABLE, "%s is not a regular file", file);
    else if (error)
        diag_error(diags, at, RULE_FILE_UNREADABLE, "cannot read %s: %s", file, strerror(error));
    *ret_text = str_copy(arena, buf_str(&text));
    buf_free(&text);
    return !error && local_file_check(diags, at, path, *ret_text);
}
