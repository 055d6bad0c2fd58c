#include "list_secrets.h"

#include "cluster/secret_usage.h"
#include "format/dotenv.h"
#include "os/console.h"
#include "os/process.h"

#include <stdlib.h>
#include <string.h>

/* Returns the value in one line, "(binary)" if it cannot be printed. */
static struct str format_value(struct arena *arena, struct str value)
{
    struct str line =
        dotenv_can_store(value) ? dotenv_line(arena, STR(""), value) : STR("=(binary)\n");
    struct str rest = str_slice(line, 1, line.len - 1); /* without = and newline */
    struct buf text = {0};
    buf_reserve(&text, 2 * rest.len + 1); /* reallocation would leave a copy */
    struct str part;
    for (size_t at = 0; str_next_line(rest, &at, &part);) {
        diag_add_visible(&text, part);
        buf_add(&text, at <= rest.len ? STR("\\n") : STR(""));
    }
    struct str copy = str_copy(arena, buf_str(&text));
    buf_wipe(&text);
    return copy;
}

struct row {
    struct str name;
    struct str size;
    const char *note;
    struct str value;
};

/* Returns which keys are used by the given files and, if these do not use all keys, by other
 * workloads in the namespace. */
static struct secret_usage find_usage(struct cluster *cluster,
                                      const struct cluster_namespace *namespace,
                                      const struct secrets *secrets)
{
    struct secret_usage usage = secret_usage_of(cluster, namespace);
    size_t i = 0;
    while (i < secrets->count && secret_usage_has(&usage, secrets->items[i].name))
        i++;
    if (i < secrets->count && !secret_usage_add_others(cluster, namespace, &usage) &&
        !process_interrupted())
        diag_warning(&cluster->diags, NO_LOCATION, RULE_FORBIDDEN,
                     "cannot list the workloads in namespace \"%.*s\": \"unused\" considers only "
                     "services in the given files",
                     STR_ARG(namespace->name));
    return usage;
}

/* A key that does not exist, and what needs it. */
struct missing_key {
    struct str key;
    struct str users;
    size_t user_count;
};

/* Returns the keys that pods require and that do not exist. */
static size_t find_missing(struct arena *arena, const struct secrets *secrets,
                           const struct secret_usage *usage, struct missing_key **ret)
{
    enum { NAMED = 3 };
    struct missing_key *keys = ARENA_ARRAY(arena, usage->user_count, struct missing_key);
    struct map known = {0};
    size_t count = 0;
    for (size_t i = 0; i < usage->user_count; i++) {
        const struct secret_user *user = &usage->users[i];
        struct str key = user->variable->key;
        if (user->variable->optional || secrets_find(secrets, key))
            continue;
        const struct missing_key *found = map_add(arena, &known, key, &keys[count]);
        struct missing_key *missing = &keys[found ? (size_t)(found - keys) : count++];
        missing->key = key;
        if (missing->user_count++ < NAMED)
            missing->users = str_format(arena, "%.*s%s%.*s", STR_ARG(missing->users),
                                        missing->users.len ? ", " : "",
                                        STR_ARG(secret_user_format(arena, user)));
    }
    for (size_t i = 0; i < count; i++)
        if (keys[i].user_count > NAMED)
            keys[i].users = str_format(arena, "%.*s and %zu more", STR_ARG(keys[i].users),
                                       keys[i].user_count - NAMED);
    *ret = keys;
    return count;
}

/* Reports an error and returns 0 if a value is invalid. */
static size_t list_rows(struct cluster *cluster, struct arena *arena,
                        const struct secret_usage *usage, const struct secrets *secrets,
                        bool show_values, struct row **ret)
{
    struct row *rows = NULL;
    size_t count = 0;
    for (size_t i = 0; i < secrets->count; i++) {
        struct str value;
        if (!secret_decode(cluster, arena, &secrets->items[i], &value))
            return 0;
        rows = arena_grow(arena, rows, count, sizeof *rows);
        rows[count++] =
            (struct row){secrets->items[i].name, str_format(arena, "%zu", value.len),
                         secret_usage_has(usage, secrets->items[i].name) ? "" : "unused",
                         show_values ? format_value(arena, value) : STR("")};
    }
    struct missing_key *missing;
    size_t missing_count = find_missing(arena, secrets, usage, &missing);
    for (size_t i = 0; i < missing_count; i++) {
        struct str note = str_format(arena, "missing, needed by %.*s", STR_ARG(missing[i].users));
        rows = arena_grow(arena, rows, count, sizeof *rows);
        rows[count++] = (struct row){missing[i].key, STR("-"), note.data, STR("")};
    }
    *ret = rows;
    return count;
}

static void add_row(struct buf *out, size_t width, const struct row *row)
{
    buf_add(out, row->name);
    buf_add_spaces(out, width - row->name.len);
    buf_format(out, "   %-8.*s   %-7s   ", STR_ARG(row->size), row->note);
    buf_add(out, row->value);
    while (out->data[out->len - 1] == ' ')
        out->len--;
    buf_add_byte(out, '\n');
}

bool secrets_list(struct cluster *cluster, const struct cluster_namespace *namespace,
                  struct arena *arena, const struct secrets *secrets, bool show_values)
{
    struct secret_usage usage = find_usage(cluster, namespace, secrets);
    struct row *rows = NULL;
    size_t count = list_rows(cluster, arena, &usage, secrets, show_values, &rows);
    size_t width = strlen("NAME");
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        width = rows[i].name.len > width ? rows[i].name.len : width;
        size_t rest = strlen(rows[i].note) + rows[i].value.len;
        longest = rest > longest ? rest : longest;
    }
    if (cluster->diags.errors)
        return false;
    struct buf out = {0};
    buf_reserve(&out, (count + 1) * (width + longest + 100)); /* reallocation would leave a copy */
    add_row(&out, width,
            &(struct row){STR("NAME"), STR("SIZE"), "NOTE", show_values ? STR("VALUE") : STR("")});
    for (size_t i = 0; i < count; i++)
        add_row(&out, width, &rows[i]);
    int status = console_finish(buf_str(&out));
    buf_wipe(&out);
    return status == EXIT_SUCCESS;
}
