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
    struct str image; /* as the user calls it */
    struct str tag;
    struct str reference; /* REPOSITORY:TAG */
    struct image_tool tool;
    struct local_image local;
    bool is_ecr;
    struct ecr ecr;
    struct aws_cli aws;
    struct aws_repository remote;
    struct str digest;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct push *push, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_verror(&push->diags, NO_LOCATION, format, arguments);
    va_end(arguments);
    return false;
}

static void hint_none(struct push *push)
{
    const struct session *session = &push->session;
    const char *hint = "an image of a registry that others keep is pushed by other means";
    if (session->service_count == 1)
        diag_hint(&push->diags, "the image of \"%.*s\" is %.*s; %s",
                  STR_ARG(session->services[0].service->name),
                  STR_ARG(session->services[0].service->image), hint);
    else
        diag_hint(&push->diags, "%s", hint);
}

/* The only service with a repository of its own. */
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
        fail(push, "no service has image: AUTO, so there is no repository to push to");
        hint_none(push);
        return false;
    }
    fail(push, "several services have image: AUTO: %.*s", STR_ARG(names));
    diag_hint(&push->diags, "choose the one whose image this is by --module NAME");
    return false;
}

/* Opta's rule: the image's own tag, unless another is given. */
static struct str choose_tag(const struct push_options *options)
{
    struct str own = image_name_split(str_from_c(options->image)).tag;
    return options->tag ? str_from_c(options->tag) : own.len ? own : STR("latest");
}

static bool find_image(struct push *push)
{
    struct image_tool *tool = &push->tool;
    if (!image_tool_find(tool, push->options->tool) ||
        !image_tool_query(tool, push->image, &push->local))
        return false;
    if (push->local.id.len)
        return true;
    fail(push, "%s has no image \"%.*s\" here", tool->name, STR_ARG(push->image));
    diag_hint(&push->diags, "build it first: %s build -t %.*s .", tool->name, STR_ARG(push->image));
    return false;
}

static void hint_create(struct push *push)
{
    struct arena *arena = &push->arena;
    struct str path = push->service->at.source->path;
    if (push->service->cloud.makes_repository)
        diag_hint(&push->diags,
                  "make it with --create, or have the cluster's ACK controller make it: kubectl "
                  "optasvc apply -f %.*s",
                  STR_ARG(str_eq_c(path, "<stdin>") ? STR("FILE") : str_shell(arena, path)));
    else
        diag_hint(&push->diags, "make it with --create");
}

static bool check_tag(struct push *push)
{
    if (push->remote.digest.len == 0 || !push->remote.immutable)
        return true;
    fail(push, "the tag \"%.*s\" is taken, and the tags of %.*s are immutable", STR_ARG(push->tag),
         STR_ARG(push->service->repository));
    diag_hint(&push->diags, "choose another by --tag, or deploy what is there: --image-digest %.*s",
              STR_ARG(push->remote.digest));
    return false;
}

/* Credentials of another account are right where its repository lets them in. */
static bool check_ecr(struct push *push)
{
    struct str account;
    if (!aws_cli_account(&push->aws, &account))
        return false;
    bool own = str_equal(account, push->ecr.account);
    size_t errors = push->diags.errors;
    bool right = aws_cli_query(&push->aws, push->tag, &push->remote);
    if (!own && push->remote.presence != PRESENCE_PRESENT) {
        if (process_interrupted() || push->diags.errors > errors)
            return false;
        fail(push, "the AWS credentials are those of account %.*s, but the repository is of %.*s",
             STR_ARG(account), STR_ARG(push->ecr.account));
        diag_hint(&push->diags, "AWS_PROFILE chooses among several");
        return false;
    }
    if (!right)
        return false;
    if (push->remote.presence == PRESENCE_ABSENT && !push->options->create) {
        fail(push, "the repository %.*s is not there", STR_ARG(push->service->repository));
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
    if (!push->options->create)
        return true;
    fail(push, "--create makes repositories of ECR, and %.*s is none",
         STR_ARG(push->service->repository));
    diag_hint(&push->diags, "most registries make a repository when it is first pushed to");
    return false;
}

static bool create(struct push *push)
{
    if (!push->options->create || push->remote.presence == PRESENCE_PRESENT)
        return true;
    bool made;
    if (!aws_cli_create(&push->aws, push->service->immutable_tags, &made))
        return false;
    if (made)
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
    bool right = aws_cli_password(&push->aws, &run);
    struct str password = buf_str(&run.output);
    while (str_ends_with(password, STR("\n")))
        password.len--;
    right = right &&
            image_tool_log_in(&push->tool, host_of(push->service->repository), "AWS", password);
    process_free(&run);
    return right;
}

/* What other programs write lies in a folder that is gone behind this. */
static bool send_from_dir(struct push *push)
{
    struct arena *arena = &push->arena;
    push->tool.folder = private_dir_create(arena);
    if (!push->tool.folder)
        return fail(push, "a private folder cannot be made: %s", strerror(errno));
    bool right =
        (!push->is_ecr || log_in(push)) &&
        image_tool_push(&push->tool, push->image, &push->local, push->reference, &push->digest);
    if (!private_dir_wipe(push->tool.folder))
        right = fail(push, "%s cannot be removed, and may hold credentials: %s", push->tool.folder,
                     strerror(errno));
    return right;
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
    push->tool = (struct image_tool){.arena = arena, .diags = &push->diags};
    push->aws = (struct aws_cli){arena, &push->diags, &push->ecr};
    return extent == PUSH_NAMES ||
           (check(push) && (extent == PUSH_CHECKS || (create(push) && send_from_dir(push))));
}

bool push(struct arena *arena, const struct input_options *input,
          const struct push_options *options, bool color, enum push_extent extent,
          struct pushed *ret)
{
    struct push push = {.options = options};
    push.diags.arena = push.session.arena = &push.arena;
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    bool right = session_open(&push.session, input, color, true) && run(&push, extent);
    right = session_report(&push.diags, color) && right;
    if (push.digest.len && !right)
        console_print_line(str_format(&push.arena, "%.*s was pushed, with the digest %.*s",
                                      STR_ARG(push.reference), STR_ARG(push.digest)));
    if (process_interrupted())
        console_print_line(STR("interrupted"));
    if (right)
        *ret = (struct pushed){str_copy(arena, push.service->repository), str_copy(arena, push.tag),
                               str_copy(arena, push.digest)};
    arena_free(&push.arena);
    return right;
}
