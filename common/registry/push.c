#include "registry/push.h"

#include "cloud/ecr.h"
#include "format/image_ref.h"
#include "manifest/session.h"
#include "os/console.h"
#include "os/process.h"
#include "os/temp_dir.h"
#include "registry/aws_cli.h"
#include "registry/container_tool.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

struct push {
    struct arena arena;
    struct diags diags;
    struct session session;
    const struct push_options *options;
    const struct service *service;
    struct str image; /* as given by the user */
    struct str tag;
    struct str reference; /* REPOSITORY:TAG */
    struct container_tool tool;
    struct local_image local;
    bool is_ecr;
    struct ecr ecr;
    struct aws_cli aws;
    struct aws_repository remote;
    struct str digest;
};

__attribute__((format(printf, 3, 4))) static bool fail(struct push *push, enum rule rule,
                                                       const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_verror(&push->diags, NO_LOCATION, rule, format, arguments);
    va_end(arguments);
    return false;
}

static void hint_no_repository(struct push *push)
{
    const struct session *session = &push->session;
    const char *hint = "set image: AUTO, or push the image yourself";
    if (session->service_count == 1)
        diag_hint(&push->diags, "\"%.*s\" has image: %.*s; %s",
                  STR_ARG(session->services[0].service->name),
                  STR_ARG(session->services[0].service->image), hint);
    else
        diag_hint(&push->diags, "%s", hint);
}

/* Selects the only service that has its own repository. Reports an error and returns false if there
 * is none or several. */
static bool choose_service(struct push *push)
{
    const struct session *session = &push->session;
    struct buf list = {0};
    size_t count = 0;
    for (size_t i = 0; i < session->service_count; i++) {
        const struct service *service = session->services[i].service;
        if (service->repository.len == 0)
            continue;
        push->service = service;
        buf_add_joined(&list, ", ", service->name);
        count++;
    }
    struct str names = buf_take(&push->arena, &list);
    if (count == 1)
        return true;
    if (count == 0) {
        fail(push, RULE_NO_REPOSITORY,
             "no service has image: AUTO, so there is no repository to push to");
        hint_no_repository(push);
        return false;
    }
    fail(push, RULE_AMBIGUOUS_SELECTION, "several services have image: AUTO: %.*s", STR_ARG(names));
    diag_hint(&push->diags, "select one with --module NAME");
    return false;
}

/* Returns the value of --tag, else the tag of the image, else "latest", as in Opta. */
static struct str choose_tag(const struct push_options *options)
{
    struct str own = image_name_split(str_from_c(options->image)).tag;
    return options->tag ? str_from_c(options->tag) : own.len ? own : STR("latest");
}

static bool find_image(struct push *push)
{
    struct container_tool *tool = &push->tool;
    if (!container_tool_find(tool, push->options->container_tool) ||
        !container_tool_query(tool, push->image, &push->local))
        return false;
    if (push->local.id.len)
        return true;
    fail(push, RULE_IMAGE_NOT_FOUND, "%s has no local image \"%.*s\"", tool->name,
         STR_ARG(push->image));
    diag_hint(&push->diags, "build it first: %s build -t %.*s .", tool->name, STR_ARG(push->image));
    return false;
}

static void hint_create(struct push *push)
{
    struct arena *arena = &push->arena;
    struct str path = push->service->at.source->path;
    if (push->service->cloud.renders_repository)
        diag_hint(
            &push->diags,
            "pass --create-repository to create it, or let the cluster's ACK controller create it: "
            "kubectl optasvc apply -f %.*s",
            STR_ARG(str_eq_c(path, "<stdin>") ? STR("FILE") : str_shell(arena, path)));
    else
        diag_hint(&push->diags, "pass --create-repository to create it");
}

static bool check_tag(struct push *push)
{
    if (push->remote.digest.len == 0 || !push->remote.immutable)
        return true;
    fail(push, RULE_PUSH_FAILED,
         "the tag \"%.*s\" already exists, and the tags of %.*s are immutable", STR_ARG(push->tag),
         STR_ARG(push->service->repository));
    diag_hint(
        &push->diags,
        "choose another tag with --tag, or deploy the existing image with --image-digest %.*s",
        STR_ARG(push->remote.digest));
    return false;
}

/* Checks repository and tag. Credentials of another account are accepted if they can read the
 * repository. */
static bool check_ecr(struct push *push)
{
    struct str account;
    if (!aws_cli_account(&push->aws, &account))
        return false;
    bool own = str_equal(account, push->ecr.account);
    size_t errors = push->diags.errors;
    bool ok = aws_cli_query(&push->aws, push->tag, &push->remote);
    if (!own && push->remote.presence != PRESENCE_PRESENT) {
        if (process_interrupted() || push->diags.errors > errors)
            return false;
        fail(push, RULE_CLOUD_CREDENTIALS,
             "the AWS credentials belong to account %.*s, but the repository to account %.*s",
             STR_ARG(account), STR_ARG(push->ecr.account));
        diag_hint(&push->diags, "select the profile of that account with AWS_PROFILE");
        return false;
    }
    if (!ok)
        return false;
    if (push->remote.presence == PRESENCE_ABSENT && !push->options->create_repository) {
        fail(push, RULE_NO_REPOSITORY, "repository %.*s not found",
             STR_ARG(push->service->repository));
        hint_create(push);
        return false;
    }
    return check_tag(push);
}

static bool check(struct push *push)
{
    if (!find_image(push))
        return false;
    if (push->is_ecr)
        return check_ecr(push);
    if (!push->options->create_repository)
        return true;
    fail(push, RULE_NO_REPOSITORY,
         "--create-repository supports only ECR repositories, and %.*s is not one",
         STR_ARG(push->service->repository));
    diag_hint(&push->diags,
              "remove --create-repository: most registries create a repository on the first push");
    return false;
}

static bool create(struct push *push)
{
    if (!push->options->create_repository || push->remote.presence == PRESENCE_PRESENT)
        return true;
    bool created;
    if (!aws_cli_create(&push->aws, push->service->immutable_tags, &created))
        return false;
    if (created)
        console_print_line(
            str_format(&push->arena, "%.*s created", STR_ARG(push->service->repository)));
    return !process_interrupted();
}

static struct str host_of(struct str repository)
{
    return str_slice(repository, 0, str_find(repository, 0, '/'));
}

static bool log_in(struct push *push)
{
    struct process run;
    bool ok = aws_cli_password(&push->aws, &run);
    struct str password = buf_str(&run.output);
    while (str_ends_with(password, STR("\n")))
        password.len--;
    ok = ok &&
         container_tool_log_in(&push->tool, host_of(push->service->repository), "AWS", password);
    process_free(&run);
    return ok;
}

/* Logs in and pushes. Other programs write into a private directory, which is deleted at the end.
 */
static bool push_with_private_dir(struct push *push)
{
    struct arena *arena = &push->arena;
    push->tool.directory = private_dir_create(arena);
    if (!push->tool.directory) {
        fail(push, RULE_FILE_UNWRITABLE, "cannot create a private directory: %s", strerror(errno));
        diag_hint(&push->diags, "set TMPDIR to a writable directory");
        return false;
    }
    bool ok =
        (!push->is_ecr || log_in(push)) &&
        container_tool_push(&push->tool, push->image, &push->local, push->reference, &push->digest);
    if (!private_dir_wipe(push->tool.directory)) {
        ok = fail(push, RULE_FILE_UNWRITABLE, "cannot delete %s, which may contain credentials: %s",
                  push->tool.directory, strerror(errno));
        diag_hint(&push->diags, "delete that directory");
    }
    return ok;
}

static bool run(struct push *push, enum push_extent extent)
{
    struct arena *arena = &push->arena;
    const struct push_options *options = push->options;
    if (!choose_service(push))
        return false;
    push->image = str_from_c(options->image);
    push->tag = choose_tag(options);
    push->reference =
        str_format(arena, "%.*s:%.*s", STR_ARG(push->service->repository), STR_ARG(push->tag));
    push->is_ecr = ecr_split(push->service->repository, &push->ecr);
    push->tool = (struct container_tool){.arena = arena, .diags = &push->diags};
    push->aws = (struct aws_cli){arena, &push->diags, &push->ecr};
    return extent == PUSH_NAMES || (check(push) && (extent == PUSH_CHECKS ||
                                                    (create(push) && push_with_private_dir(push))));
}

bool push(struct arena *arena, const struct input_options *input,
          const struct push_options *options, bool color, enum push_extent extent,
          struct pushed *ret)
{
    struct push push = {.options = options};
    push.diags.arena = push.session.arena = &push.arena;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    bool ok = session_open(&push.session, input, color, true) && run(&push, extent);
    ok = session_report(&push.diags, color) && ok;
    if (push.digest.len && !ok)
        console_print_line(str_format(&push.arena, "pushed %.*s with digest %.*s",
                                      STR_ARG(push.reference), STR_ARG(push.digest)));
    if (process_interrupted())
        console_print_line(STR("interrupted"));
    if (ok)
        *ret = (struct pushed){str_copy(arena, push.service->repository), str_copy(arena, push.tag),
                               str_copy(arena, push.digest)};
    arena_free(&push.arena);
    return ok;
}
