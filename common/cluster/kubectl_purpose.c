/* What a run of kubectl was for, as messages name it: "list Deployments in namespace "shop"". It is
 * read from the arguments, so that no caller can forget it. */
#include "cluster/kind.h"
#include "cluster/kubectl_errors.h"

#include <string.h>

/* The arguments after the verb that are no flags. */
struct words {
    struct str first;
    struct str second;
    size_t count;
    struct str namespace;
    bool dry_run;
};

static struct words read_words(const char *const *arguments)
{
    static const char namespace[] = "--namespace=";
    struct words words = {0};
    for (; *arguments && strcmp(*arguments, "--") != 0; arguments++) {
        struct str word = str_from_c(*arguments);
        if (str_eq_c(word, "--namespace") && arguments[1])
            words.namespace = str_from_c(*++arguments);
        else if (str_starts_with(word, str_from_c(namespace)))
            words.namespace = str_skip(word, sizeof namespace - 1);
        else if (str_eq_c(word, "--container") && arguments[1])
            arguments++;
        else if (str_starts_with(word, STR("--dry-run=")))
            words.dry_run = true;
        else if (!str_starts_with(word, STR("-")) && ++words.count <= 2)
            *(words.count == 1 ? &words.first : &words.second) = word;
    }
    return words;
}

/* "Deployments, StatefulSets" of "deployments.apps,statefulsets.apps". */
static struct str list_kinds(struct arena *arena, struct str resources)
{
    enum { NAMED = 4 };
    struct buf names = {0};
    size_t count = 0;
    for (size_t at = 0; at < resources.len; count++) {
        size_t end = str_find(resources, at, ',');
        buf_add_joined(&names, ", ", kind_plural(arena, str_slice(resources, at, end)));
        at = end + 1;
    }
    struct str list = buf_take(arena, &names);
    return count > NAMED ? STR("objects") : list;
}

static struct str get_purpose(struct arena *arena, const struct words *words)
{
    if (words->count == 0)
        return STR("get objects");
    if (str_find(words->first, 0, '/') < words->first.len)
        return words->count == 1 ? str_format(arena, "get %.*s", STR_ARG(words->first))
                                 : str_format(arena, "get %.*s and %zu more", STR_ARG(words->first),
                                              words->count - 1);
    if (words->count == 2)
        return str_format(arena, "get %.*s \"%.*s\"", STR_ARG(words->first),
                          STR_ARG(words->second));
    return str_format(arena, "%s %.*s", words->count == 1 ? "list" : "get",
                      STR_ARG(list_kinds(arena, words->first)));
}

static struct str verb_purpose(struct arena *arena, const char *verb, const struct words *words)
{
    static const struct {
        const char *verb;
        const char *purpose;
    } rows[] = {
        {"apply", "apply objects"},         {"delete", "delete objects"},
        {"diff", "compare objects"},        {"create", "create objects"},
        {"annotate", "annotate objects"},   {"logs", "read logs"},
        {"exec", "run a command in a pod"}, {"api-resources", "list the kinds that the server has"},
        {"config", "read the kubeconfig"}};
    if (strcmp(verb, "get") == 0)
        return get_purpose(arena, words);
    if (strcmp(verb, "patch") == 0)
        return words->count == 1 ? str_format(arena, "change %.*s", STR_ARG(words->first))
                                 : str_format(arena, "change %.*s \"%.*s\"", STR_ARG(words->first),
                                              STR_ARG(words->second));
    if (strcmp(verb, "rollout") == 0)
        return str_format(arena, "%.*s %.*s", STR_ARG(words->first), STR_ARG(words->second));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(verb, rows[i].verb) == 0)
            return str_from_c(rows[i].purpose);
    return str_format(arena, "run kubectl %s", verb);
}

struct str kubectl_purpose(struct arena *arena, const struct process *run)
{
    const char *verb = run->arguments[1];
    if (!verb)
        return STR("run kubectl");
    struct words words = read_words(run->arguments + 2);
    struct str purpose = verb_purpose(arena, verb, &words);
    bool placed = words.namespace.len > 0;
    return str_format(arena, "%.*s%s%.*s%s%s", STR_ARG(purpose), placed ? " in namespace \"" : "",
                      STR_ARG(words.namespace), placed ? "\"" : "",
                      words.dry_run ? " (dry run)" : "");
}
