#define _XOPEN_SOURCE 700 /* lstat */
#include "cli/default_file.h"

#include "os/console.h"

#include <string.h>
#include <sys/stat.h>

static const char *const default_names[DEFAULT_FILES_MAX] = {"optasvc.yaml", "optasvc.yml",
                                                             "opta.yaml", "opta.yml"};

bool command_has_default_file(const struct command *command)
{
    return flag_list_has(command->required, FLAG_FILENAME) && !command->explicit_file;
}

/* True for a regular file. A link that cannot be followed counts too: the reader reports it. */
static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? S_ISREG(status.st_mode) : lstat(path, &status) == 0;
}

size_t default_file_list(const char *ret_names[DEFAULT_FILES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < DEFAULT_FILES_MAX; i++)
        if (is_file(default_names[i]))
            ret_names[count++] = default_names[i];
    return count;
}

static struct str join_names(struct arena *arena, const char *const *names, size_t count,
                             const char *last_separator)
{
    struct buf list = {0};
    for (size_t i = 0; i < count; i++)
        buf_add_joined(&list, i + 1 < count ? ", " : last_separator, str_from_c(names[i]));
    return buf_take(arena, &list);
}

/* Returns the name of what must not use a default file because it deletes objects; NULL if there is
 * none. */
static const char *find_deletion(const struct invocation *invocation)
{
    const char *prune = invocation->options.apply.prune;
    if (invocation->command->explicit_file)
        return invocation->command->name;
    return prune && strcmp(prune, "layer") == 0 ? "--prune=layer" : NULL;
}

/* `without_files`: the command has flags that replace the files. */
static struct str describe_problem(struct arena *arena, const char *deletion,
                                   const char *const *names, size_t count, bool without_files)
{
    if (deletion)
        return str_format(arena,
                          "missing required flag: -f FILE; %s has no default, because it deletes "
                          "what the file selects",
                          deletion);
    if (count == 0)
        return STR_JOIN(arena, STR("missing required flag: -f FILE; the working directory has no "),
                        join_names(arena, default_names, DEFAULT_FILES_MAX, " or "),
                        without_files ? STR("; -A or -l SELECTOR finds services without files")
                                      : STR(""));
    return STR_JOIN(arena, STR("several service files in the working directory: "),
                    join_names(arena, names, count, ", "), STR("; select one with -f"));
}

int default_file_use(struct arena *arena, struct invocation *invocation)
{
    const char *deletion = find_deletion(invocation);
    const char **names = ARENA_ARRAY(arena, DEFAULT_FILES_MAX, const char *);
    size_t count = deletion ? 0 : default_file_list(names);
    if (count != 1)
        return cli_usage(invocation,
                         describe_problem(arena, deletion, names, count,
                                          command_has_flag(invocation->command, FLAG_SELECTOR))
                             .data);
    invocation->options.input.files = (struct option_list){names, 1};
    console_print_error(str_format(arena, "using %s\n", names[0]));
    return 0;
}
