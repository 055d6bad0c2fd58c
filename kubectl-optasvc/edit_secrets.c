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

static bool fail(struct cluster *cluster, const char *action, const char *path)
{
    diag_error(&cluster->diags, NO_LOCATION, RULE_FILE_UNWRITABLE, "cannot %s %s: %s", action, path,
               strerror(errno));
    return false;
}

static const char *create_dir(struct cluster *cluster)
{
    const char *path = private_dir_create(&cluster->arena);
    if (!path)
        fail(cluster, "create", "a private directory");
    return path;
}

static bool wipe_directory(struct cluster *cluster, const char *path)
{
    return private_dir_wipe(path) || fail(cluster, "remove the secrets in", path);
}

static const char heading[] = "# One secret per line: NAME=VALUE. Values in double quotes support "
                              "\\n, \\\", \\\\ and \\$, and\n"
                              "# may span several lines. To delete a secret, remove its line.\n";

/* True if the secret can be edited as a NAME=VALUE line; others are kept unchanged. */
static bool can_edit(struct arena *arena, const struct secret *secret, struct str *ret_value)
{
    return !name_check_variable(secret->name) && base64_decode(arena, secret->encoded, ret_value) &&
           dotenv_can_store(*ret_value);
}

/* Writes the initial file. Secrets that cannot be edited are listed as comments. */
static bool write_file(struct cluster *cluster, struct arena *arena, const char *path,
                       const struct secrets *secrets)
{
    struct str *pieces = ARENA_ARRAY(arena, secrets->count + 1, struct str);
    pieces[0] = str_from_c(heading);
    for (size_t i = 0; i < secrets->count; i++) {
        const struct secret *secret = &secrets->items[i];
        struct str value;
        pieces[i + 1] = can_edit(arena, secret, &value)
                            ? dotenv_line(arena, secret->name, value)
                            : str_format(arena,
                                         "# %.*s is kept: its value is binary, or its name is not "
                                         "that of a variable\n",
                                         STR_ARG(secret->name));
    }
    errno = private_dir_write(path, pieces, secrets->count + 1);
    return errno == 0 || fail(cluster, "write", path);
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
    return (fd >= 0 && count >= 0 && len <= EDITED_SIZE_MAX) || fail(cluster, "read", path);
}

/* Like git, uses sh to split arguments in the variable. `exec` makes signals reach the editor
 * instead of sh; `env` accepts assignments before the program, which exec does not. */
static bool run_editor(struct cluster *cluster, const char *path)
{
    const char *editor = getenv("VISUAL");
    if (!editor || !*editor)
        editor = getenv("EDITOR");
    if (!editor || !*editor) {
        if (!isatty(STDIN_FILENO)) {
            diag_error(&cluster->diags, NO_LOCATION, RULE_TOOL_NOT_FOUND,
                       "no editor found; set EDITOR");
            return false;
        }
        editor = "vi";
    }
    const char *command = str_format(&cluster->arena, "exec env %s \"$@\"", editor).data;
    const char *const arguments[] = {"/bin/sh", "-c", command, editor, path, NULL};
    struct process run = {.arguments = arguments};
    process_run_foreground(&run);
    bool ok = process_succeeded(&run);
    if (!ok && !process_interrupted())
        diag_error(&cluster->diags, NO_LOCATION, RULE_EDIT_FAILED,
                   "the editor \"%s\" failed; nothing was changed", editor);
    process_free(&run);
    return ok;
}

static bool confirm_retry(struct cluster *cluster)
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

static void append_change(struct arena *arena, struct secrets *changes, struct secret secret)
{
    changes->items = arena_grow(arena, changes->items, changes->count, sizeof *changes->items);
    changes->items[changes->count++] = secret;
}

static void diff_secrets(struct arena *arena, const struct secrets *secrets,
                         const struct dotenv *dotenv, struct secrets *ret)
{
    struct map names = {0};
    *ret = (struct secrets){0};
    for (size_t i = 0; i < dotenv->count; i++) {
        const struct dotenv_item *item = &dotenv->items[i];
        map_add(arena, &names, item->name, item);
        const struct secret *previous = secrets_find(secrets, item->name);
        struct str encoded = base64_encode(arena, item->value);
        if (!previous || !str_equal(previous->encoded, encoded))
            append_change(arena, ret, (struct secret){item->name, encoded});
    }
    for (size_t i = 0; i < secrets->count; i++) {
        struct str value;
        if (can_edit(arena, &secrets->items[i], &value) && !map_get(&names, secrets->items[i].name))
            append_change(arena, ret, (struct secret){.name = secrets->items[i].name});
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
        if (!confirm_retry(cluster)) {
            diag_error(&cluster->diags, NO_LOCATION, RULE_EDIT_FAILED, "nothing was changed");
            return false;
        }
    }
}

bool secrets_edit(struct cluster *cluster, struct arena *arena, const struct secrets *secrets,
                  struct secrets *ret)
{
    const char *directory = create_dir(cluster);
    struct dotenv dotenv;
    if (!directory)
        return false;
    const char *path = str_format(&cluster->arena, "%s/secrets.env", directory).data;
    bool ok = write_file(cluster, arena, path, secrets) && edit(cluster, arena, path, &dotenv);
    if (ok)
        diff_secrets(arena, secrets, &dotenv, ret);
    return wipe_directory(cluster, directory) && ok;
}
