/* The purpose of a kubectl process in messages: `list Deployments in namespace "shop"`. It is
 * derived from the arguments, so that no caller can forget it. */
#include "cluster/kind.h"
#include "cluster/kubectl_errors.h"

#include <string.h>

/* The arguments after the verb that are not flags. */
struct parsed_args {
    struct str first;
    struct str second;
    size_t count;
    struct str namespace;
    bool dry_run;
};

static struct parsed_args parse_arguments(const char *const *arguments)
{
    static const char namespace[] = "--namespace=";
    struct parsed_args args = {0};
    for (; *arguments && strcmp(*arguments, "--") != 0; arguments++) {
        struct str word = str_from_c(*arguments);
        if (str_eq_c(word, "--namespace") && arguments[1])
            args.namespace = str_from_c(*++arguments);
        else if (str_starts_with(word, str_from_c(namespace)))
            args.namespace = str_skip(word, sizeof namespace - 1);
        else if (str_eq_c(word, "--container") && arguments[1])
            arguments++;
        else if (str_starts_with(word, STR("--dry-run=")))
            args.dry_run = !str_eq_c(word, "--dry-run=none");
        else if (!str_starts_with(word, STR("-")) && ++args.count <= 2)
            *(args.count == 1 ? &args.first : &args.second) = word;
    }
    return args;
}

/* Returns "Deployments, StatefulSets" for "deployments.apps,statefulsets.apps". */
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

static struct str get_purpose(struct arena *arena, const struct parsed_args *args)
{
    if (args->count == 0)
        return STR("get objects");
    if (str_find(args->first, 0, '/') < args->first.len)
        return args->count == 1 ? str_format(arena, "get %.*s", STR_ARG(args->first))
                                : str_format(arena, "get %.*s and %zu more", STR_ARG(args->first),
                                             args->count - 1);
    if (args->count == 2)
        return str_format(arena, "get %.*s \"%.*s\"", STR_ARG(args->first), STR_ARG(args->second));
    return str_format(arena, "%s %.*s", args->count == 1 ? "list" : "get",
                      STR_ARG(list_kinds(arena, args->first)));
}

static struct str verb_purpose(struct arena *arena, const char *verb,
                               const struct parsed_args *args)
{
    static const struct {
        const char *verb;
        const char *purpose;
    } rows[] = {{"apply", "apply objects"},
                {"delete", "delete objects"},
                {"diff", "compare objects"},
                {"create", "create objects"},
                {"annotate", "annotate objects"},
                {"logs", "read logs"},
                {"exec", "run a command in a pod"},
                {"api-resources", "list the resource types of the server"},
                {"config", "read the kubeconfig"}};
    if (strcmp(verb, "get") == 0)
        return get_purpose(arena, args);
    if (strcmp(verb, "patch") == 0)
        return args->count == 1 ? str_format(arena, "change %.*s", STR_ARG(args->first))
                                : str_format(arena, "change %.*s \"%.*s\"", STR_ARG(args->first),
                                             STR_ARG(args->second));
    if (strcmp(verb, "rollout") == 0)
        return str_format(arena, "%.*s %.*s", STR_ARG(args->first), STR_ARG(args->second));
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
    struct parsed_args args = parse_arguments(run->arguments + 2);
    struct str purpose = verb_purpose(arena, verb, &args);
    bool has_namespace = args.namespace.len > 0;
    return str_format(arena, "%.*s%s%.*s%s%s", STR_ARG(purpose),
                      has_namespace ? " in namespace \"" : "", STR_ARG(args.namespace),
                      has_namespace ? "\"" : "", args.dry_run ? " (dry run)" : "");
}
