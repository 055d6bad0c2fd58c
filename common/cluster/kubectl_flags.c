#include "cluster/kubectl_flags.h"

#include "base/array.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

const char *const kubectl_common_flags[] = {"--namespace=", "--match-server-version=false",
                                            "--warnings-as-errors=false", NULL};

static const char *const none[] = {NULL};

/* Each verb that is run has a row. Flags that select the objects of a verb are empty, because a
 * default selector or file would select other objects. `api-resources --api-group=` is omitted,
 * because for kubectl an empty group is the core group. */
static const struct verb {
    const char *name; /* one word, or two: "config view" */
    const char *const *flags;
} verbs[] = {
    {"get", (const char *const[]){"--all-namespaces=false", "--chunk-size=500",
                                  "--field-selector=", "--ignore-not-found=false", "--kustomize=",
                                  "--output-watch-events=false", "--raw=", "--recursive=false",
                                  "--selector=", "--show-managed-fields=false",
                                  "--sort-by=", "--subresource=", "--template=", "--watch=false",
                                  "--watch-only=false", NULL}},
    {"apply", (const char *const[]){"--all=false", "--cascade=background", "--dry-run=none",
                                    "--force=false", "--force-conflicts=false", "--grace-period=-1",
                                    "--kustomize=", "--prune=false", "--recursive=false",
                                    "--selector=", "--show-managed-fields=false", "--template=",
                                    "--timeout=0s", "--validate=strict", "--wait=false", NULL}},
    {"delete", (const char *const[]){"--all=false", "--all-namespaces=false",
                                     "--cascade=background", "--dry-run=none", "--field-selector=",
                                     "--force=false", "--grace-period=-1", "--interactive=false",
                                     "--kustomize=", "--now=false", "--raw=", "--recursive=false",
                                     "--selector=", "--timeout=0s", NULL}},
    {"patch",
     (const char *const[]){"--dry-run=none", "--kustomize=", "--local=false", "--output=name",
                           "--recursive=false", "--show-managed-fields=false",
                           "--subresource=", "--template=", NULL}},
    {"annotate",
     (const char *const[]){
         "--all=false", "--dry-run=none", "--field-selector=", "--kustomize=", "--list=false",
         "--local=false", "--overwrite=false", "--recursive=false",
         "--resource-version=", "--selector=", "--show-managed-fields=false", "--template=", NULL}},
    {"create", (const char *const[]){"--dry-run=none", "--edit=false", "--kustomize=", "--raw=",
                                     "--recursive=false", "--save-config=false",
                                     "--selector=", "--show-managed-fields=false",
                                     "--template=", "--validate=strict", NULL}},
    {"logs",
     (const char *const[]){"--all-containers=false", "--container=", "--follow=false",
                           "--ignore-errors=false", "--limit-bytes=0", "--pod-running-timeout=20s",
                           "--prefix=false", "--previous=false", "--since=0s",
                           "--since-time=", "--tail=10", "--timestamps=false", NULL}},
    {"exec",
     (const char *const[]){"--pod-running-timeout=1m0s", "--quiet=false", "--tty=false", NULL}},
    {"diff",
     (const char *const[]){"--concurrency=1", "--kustomize=", "--prune=false", "--recursive=false",
                           "--selector=", "--show-managed-fields=false", NULL}},
    {"rollout",
     (const char *const[]){"--field-manager=kubectl-rollout", "--kustomize=", "--output=name",
                           "--recursive=false", "--selector=", "--show-managed-fields=false",
                           "--template=", NULL}},
    {"api-resources",
     (const char *const[]){"--cached=false", "--no-headers=false", "--sort-by=", NULL}},
    {"config get-contexts", (const char *const[]){"--no-headers=false", NULL}},
    {"config view",
     (const char *const[]){"--flatten=false", "--merge=true", "--minify=false", "--raw=false",
                           "--show-managed-fields=false", "--template=", NULL}},
};

/* True if the words begin with this verb. */
static bool is_verb(const char *name, const char *const *words)
{
    size_t length = strlen(words[0]);
    if (strncmp(name, words[0], length) != 0)
        return false;
    return name[length] == '\0' ||
           (name[length] == ' ' && words[1] && strcmp(name + length + 1, words[1]) == 0);
}

const char *const *kubectl_verb_flags(const char *const *words)
{
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (is_verb(verbs[i].name, words))
            return verbs[i].flags;
    return none;
}
