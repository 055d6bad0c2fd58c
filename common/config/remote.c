#include "config/remote.h"

static size_t find(struct str text, size_t from, const char *part)
{
    for (; from < text.len; from++)
        if (str_starts_with(str_skip(text, from), str_from_c(part)))
            return from;
    return text.len;
}

static bool contains(struct str text, const char *part)
{
    return find(text, 0, part) < text.len;
}

static bool is_git(struct str path)
{
    static const char *const prefixes[] = {"git@", "git::", "git://", "git+", "ssh://"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (str_starts_with(path, str_from_c(prefixes[i])))
            return true;
    struct str address = str_slice(path, 0, str_find(path, 0, '?'));
    return contains(path, "://") &&
           (contains(address, ".git//") || str_ends_with(address, STR(".git")));
}

/* Returns the repository of an address: https://HOST/REPO.git for
 * "git::https://HOST/REPO.git//DIR/FILE?ref=V". */
static struct str repository_of(struct str path)
{
    if (str_starts_with(path, STR("git::")))
        path = str_skip(path, STR("git::").len);
    size_t scheme = find(path, 0, "://");
    size_t start = scheme < path.len ? scheme + STR("://").len : 0;
    path = str_slice(path, 0, str_find(path, 0, '?'));
    return str_slice(path, 0, find(path, start, "//"));
}

/* Returns the value of `ref` in the query of an address; empty if there is none. */
static struct str reference_of(struct str path)
{
    const struct str key = STR("ref=");
    size_t query = str_find(path, 0, '?');
    size_t start = find(path, query, key.data);
    struct str value = str_skip(path, start + key.len);
    size_t end = str_find(value, 0, '&');
    size_t comma = str_find(value, 0, ',');
    return str_slice(value, 0, end < comma ? end : comma);
}

/* True for https://USER:PASSWORD@HOST. */
static bool has_password(struct str address)
{
    size_t scheme = find(address, 0, "://");
    struct str rest = str_skip(address, scheme + STR("://").len);
    struct str host = str_slice(rest, 0, str_find(rest, 0, '/'));
    return scheme < address.len && str_find(host, 0, '@') < host.len && contains(host, ":");
}

static void hint_clone(struct arena *arena, struct diags *diags, struct str path)
{
    struct str repository = repository_of(path);
    struct str reference = reference_of(path);
    struct str command = STR("git clone REPOSITORY");
    if (!has_password(repository))
        command = str_format(arena, "git clone %s%.*s%s%.*s", reference.len ? "--branch " : "",
                             STR_ARG(reference.len ? str_shell(arena, reference) : STR("")),
                             reference.len ? " " : "", STR_ARG(str_shell(arena, repository)));
    diag_hint(diags, "clone the repository and use the path of the file in the clone: %.*s",
              STR_ARG(command));
}

bool remote_is(struct str path)
{
    return is_git(path) || contains(path, "://") || str_starts_with(path, STR("s3::")) ||
           str_starts_with(path, STR("gcs::"));
}

bool remote_report(struct arena *arena, struct diags *diags, struct location at, struct str path)
{
    static const struct {
        const char *scheme;
        const char *what;
        const char *command; /* before the address */
        const char *suffix;  /* after the address */
    } rows[] = {
        {"s3:", "an object in S3", "aws s3 cp", " ."},
        {"gs:", "an object in Google Cloud Storage", "gcloud storage cp", " ."},
        {"gcs:", "an object in Google Cloud Storage", "gcloud storage cp", " ."},
        {"http:", "a URL", "curl -fsSLO", ""},
        {"https:", "a URL", "curl -fsSLO", ""},
    };
    struct str subject = at.source || has_password(path) ? STR("this path") : path;
    const char *what = is_git(path) ? "in a git repository" : "a remote address";
    struct str command = {0};
    if (!remote_is(path))
        return false;
    for (size_t i = 0; !is_git(path) && i < COUNT_OF(rows); i++) {
        if (!str_starts_with(path, str_from_c(rows[i].scheme)))
            continue;
        what = rows[i].what;
        if (!has_password(path) && !contains(path, "::"))
            command = str_format(arena, ": %s %.*s%s", rows[i].command,
                                 STR_ARG(str_shell(arena, path)), rows[i].suffix);
    }
    diag_error(diags, at, RULE_REMOTE_FILE, "%.*s is %s; only local files are supported",
               STR_ARG(subject), what);
    if (is_git(path))
        hint_clone(arena, diags, path);
    else
        diag_hint(diags, "download the file and use its local path%.*s", STR_ARG(command));
    return true;
}
