#include "edit_secrets.h"

#include "cli/cli.h"
#include "format/base64.h"
#include "format/dotenv.h"
#include "format/name.h"
#include "os/console.h"
#include "os/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(struct cluster *cluster, const char *what, const char *path)
{
    diag_error(&cluster->diags, NO_LOCATION, "%s %s: %s", path, what, strerror(errno));
    return false;
}

static const char *make_folder(struct cluster *cluster)
{
    const char *path = private_dir_create(&cluster->arena);
    if (!path)
        fail(cluster, "cannot be made", "a private folder");
    return path;
}

static bool wipe_dir(struct cluster *cluster, const char *path)
{
    return private_dir_wipe(path) || fail(cluster, "cannot be removed: it holds secrets", path);
}

static const char heading[] =
    "# One secret a line, NAME=VALUE; a value in double quotes may hold \\n, \\\", \\\\ and \\$, "
    "and\n"
    "# go on over several lines. A line that is taken out deletes its secret.\n";

/* What the file can hold, as text; the rest stays as it is. */
static bool can_edit(struct arena *arena, const struct secret *secret, struct str *ret_value)
{
    return !name_check_variable(secret->name) && base64_decode(arena, secret->encoded, ret_value) &&
           dotenv_can_store(*ret_value);
}

/* The file's first text. What cannot be edited is named only. */
static bool write_file(struct cluster *cluster, struct arena *arena, const char *path,
                       const struct secrets *secrets)
{
    struct str *pieces = ARENA_ARRAY(arena, secrets->count + 1, struct str);
    pieces[0] = str_from_c(heading);
    for (size_t i = 0; i < secrets->count; i++) {
        const struct secret *secret = &secrets->items[i];
        struct str value;
        pieces[i + 1] =
            can_edit(arena, secret, &value)
                ? dotenv_line(arena, secret->name, value)
                : str_format(arena,
                             "# %.*s is no text, or no variable's name, and stays as it is\n",
                             STR_ARG(secret->name));
    }
    errno = private_dir_write(path, pieces, secrets->count + 1);
    return errno == 0 || fail(cluster, "cannot be written", path);
}

static bool read_file(struct cluster *cluster, struct arena *arena, const char *path,
                      struct str *ret)
{
    char *text = arena_alloc(arena, EDITED_SIZE_MAX + 1);
    size_t len = 0;
    ssize_t count = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && count > 0 && len <= EDITED_SIZE_MAX) {
        count = read(fd, text + len, EDITED_SIZE_MAX + 1 - len);
        if (count < 0 && errno == EINTR)
            count = 1;
        else
            len += count > 0 ? (size_t)count : 0;
    }
    if (fd >= 0)
        close(fd);
    if (len > EDITED_SIZE_MAX)
        errno = EFBIG;
    *ret = (struct str){text, len};
    return (fd >= 0 && count >= 0 && len <= EDITED_SIZE_MAX) ||
           fail(cluster, "cannot be read", path);
}

/* As git does it: the variable may hold arguments, and sh splits them. It becomes the editor, for a
 * signal would end sh alone; env takes variables that stand before a program, which exec does not.
 */
static bool run_editor(struct cluster *cluster, const char *path)
{
    const char *editor = getenv("VISUAL");
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor) {
        if (!isatty(STDIN_FILENO)) {
            diag_error(&cluster->diags, NO_LOCATION, "there is no editor: set EDITOR");
            return false;
        }
        editor = "vi";
    }
    const char *command = str_format(&cluster->arena, "exec env %s \"$@\"", editor).data;
    const char *const arguments[] = {"/bin/sh", "-c", command, editor, path, NULL};
    struct process run = {.arguments = arguments};
    process_run_foreground(&run);
    bool right = process_succeeded(&run);
    if (!right && !process_interrupted())
        diag_error(&cluster->diags, NO_LOCATION, "the editor \"%s\" failed; nothing was changed",
                   editor);
    process_free(&run);
    return right;
}

static bool asks_again(struct cluster *cluster)
{
    char answer[16] = "";
    cluster_report(cluster);
    if (!isatty(STDIN_FILENO))
        return false;
    console_print_error(STR("Edit again? [Y/n] "));
    if (!process_wait_input(STDIN_FILENO))
        return false;
    ssize_t count = read(STDIN_FILENO, answer, sizeof answer - 1);
    return count > 0 && !process_interrupted() && answer[0] != 'n' && answer[0] != 'N';
}

static void add(struct arena *arena, struct secrets *changes, struct secret secret)
{
    changes->items = arena_grow(arena, changes->items, changes->count, sizeof *changes->items);
    changes->items[changes->count++] = secret;
}

static void compare(struct arena *arena, const struct secrets *secrets, const struct dotenv *dotenv,
                    struct secrets *ret)
{
    struct map names = {0};
    *ret = (struct secrets){0};
    for (size_t i = 0; i < dotenv->count; i++) {
        const struct dotenv_item *item = &dotenv->items[i];
        map_add(arena, &names, item->name, item);
        const struct secret *old = secrets_find(secrets, item->name);
        struct str encoded = base64_encode(arena, item->value);
        if (!old || !str_equal(old->encoded, encoded))
            add(arena, ret, (struct secret){item->name, encoded});
    }
    for (size_t i = 0; i < secrets->count; i++) {
        struct str value;
        if (can_edit(arena, &secrets->items[i], &value) && !map_get(&names, secrets->items[i].name))
            add(arena, ret, (struct secret){.name = secrets->items[i].name});
    }
    secrets_index(arena, ret);
}

static bool edit(struct cluster *cluster, struct arena *arena, const char *path, struct dotenv *ret)
{
    for (;;) {
        struct source source = {.path = str_from_c(path), .secret = true};
        if (!run_editor(cluster, path) || !read_file(cluster, arena, path, &source.text))
            return false;
        bool ok = dotenv_parse(arena, &source, &cluster->diags, ret);
        ok &= dotenv_check_values(ret, &cluster->diags, "remove the line to delete the secret");
        if (ok)
            return true;
        if (!asks_again(cluster)) {
            diag_error(&cluster->diags, NO_LOCATION, "nothing was changed");
            return false;
        }
    }
}

bool secrets_edit(struct cluster *cluster, struct arena *arena, const struct secrets *secrets,
                  struct secrets *ret)
{
    const char *folder = make_folder(cluster);
    struct dotenv dotenv;
    if (!folder)
        return false;
    const char *path = str_format(&cluster->arena, "%s/secrets.env", folder).data;
    bool right = write_file(cluster, arena, path, secrets) && edit(cluster, arena, path, &dotenv);
    if (right)
        compare(arena, secrets, &dotenv, ret);
    return wipe_dir(cluster, folder) && right;
}
