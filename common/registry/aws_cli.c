#include "registry/aws_cli.h"

#include "format/name.h"
#include "os/argv.h"
#include "os/process.h"

#include <errno.h>
#include <string.h>

/* The arguments of the aws CLI, up to a NULL. The flags override the user's output and region. */
__attribute__((sentinel)) static struct argv aws_argv(const struct aws_cli *aws, ...)
{
    struct argv argv = {0};
    argv_add(aws->arena, &argv, "aws");
    va_list arguments;
    va_start(arguments, aws);
    argv_add_all(aws->arena, &argv, arguments);
    va_end(arguments);
    argv_add_flag(aws->arena, &argv, "region", str_to_c(aws->arena, aws->ecr->region));
    argv_add_flag(aws->arena, &argv, "output", "text");
    return argv;
}

/* The same for commands about the repository. */
static void add_repository(const struct aws_cli *aws, struct argv *argv, const char *flag)
{
    argv_add_flag(aws->arena, argv, "registry-id", str_to_c(aws->arena, aws->ecr->account));
    argv_add_flag(aws->arena, argv, flag, str_to_c(aws->arena, aws->ecr->name));
}

/* "An error occurred (CODE) when calling the ..." */
static bool has_code(const struct aws_cli *aws, const struct process *run, const char *code)
{
    const char *sign = str_format(aws->arena, "(%s", code).data;
    return run->error == 0 && run->status != 0 &&
           strstr(str_to_c(aws->arena, buf_str(&run->errors)), sign);
}

static bool is_forbidden(const struct aws_cli *aws, const struct process *run)
{
    return has_code(aws, run, "AccessDenied");
}

/* Why credentials are refused, by what the CLI says of it. */
static const struct {
    const char *sign;
    const char *message;
    const char *hint;
} refusals[] = {
    {"(ExpiredToken", "the AWS credentials have expired", "sign in again, as by `aws sso login`"},
    {"has expired", "the AWS credentials have expired", "sign in again, as by `aws sso login`"},
    {"Unable to locate credentials", "there are no AWS credentials",
     "`aws configure` or `aws sso login` gives some, and AWS_PROFILE chooses among several"},
    {"(InvalidClientTokenId", "AWS does not know these credentials",
     "`aws sts get-caller-identity` tells whose they are, and AWS_PROFILE chooses among several"},
    {"(UnrecognizedClientException", "AWS does not know these credentials",
     "`aws sts get-caller-identity` tells whose they are, and AWS_PROFILE chooses among several"},
};

/* The sentence of AWS in what the CLI wrote; a later line may quote what was sent. */
static struct str message_of(const struct aws_cli *aws, const struct process *run)
{
    struct str text = str_copy(aws->arena, buf_str(&run->errors));
    const char *found = text.len ? strstr(text.data, "An error occurred (") : NULL;
    if (!found || run->error)
        return process_failure_reason(aws->arena, run);
    size_t at = (size_t)(found - text.data);
    return str_slice(text, at, str_find(text, at, '\n'));
}

static bool fail(const struct aws_cli *aws, const struct process *run)
{
    const char *text = str_to_c(aws->arena, buf_str(&run->errors));
    if (process_interrupted())
        return false;
    if (run->error == ENOENT) {
        diag_error(aws->diags, NO_LOCATION, "aws cannot be run: it is not on PATH");
        diag_hint(aws->diags, "install the AWS CLI: images of ECR are pushed with its help");
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        if (!strstr(text, refusals[i].sign))
            continue;
        diag_error(aws->diags, NO_LOCATION, "%s", refusals[i].message);
        diag_hint(aws->diags, "%s", refusals[i].hint);
        return false;
    }
    diag_error(aws->diags, NO_LOCATION, "aws %s %s failed: %.*s", run->arguments[1],
               run->arguments[2], STR_ARG(message_of(aws, run)));
    return false;
}

/* What a run printed, without its line end. */
static struct str answer_of(const struct aws_cli *aws, const struct process *run)
{
    struct str answer = str_copy(aws->arena, buf_str(&run->output));
    while (answer.len && strchr("\r\n", answer.data[answer.len - 1]))
        answer.len--;
    return answer;
}

static bool fail_answer(const struct aws_cli *aws, const struct process *run)
{
    diag_error(aws->diags, NO_LOCATION, "aws %s %s printed something else than it should",
               run->arguments[1], run->arguments[2]);
    diag_hint(aws->diags, "is it the AWS CLI?");
    return false;
}

bool aws_cli_account(const struct aws_cli *aws, struct str *ret_account)
{
    struct process run = {
        .arguments = aws_argv(aws, "sts", "get-caller-identity", "--query=Account", NULL).items};
    process_run(&run, 1);
    *ret_account = answer_of(aws, &run);
    bool right = process_succeeded(&run)
                     ? !name_check_aws_account(*ret_account) || fail_answer(aws, &run)
                     : fail(aws, &run);
    process_free(&run);
    return right;
}

static bool take_repository(const struct aws_cli *aws, const struct process *run,
                            struct aws_repository *ret)
{
    if (has_code(aws, run, "RepositoryNotFound")) {
        ret->presence = PRESENCE_ABSENT;
        return true;
    }
    if (!process_succeeded(run))
        return is_forbidden(aws, run) || fail(aws, run);
    struct str mutability = answer_of(aws, run);
    ret->presence = PRESENCE_PRESENT;
    ret->immutable = str_eq_c(mutability, "IMMUTABLE");
    return ret->immutable || str_ends_with(mutability, STR("MUTABLE")) ||
           str_ends_with(mutability, STR("_WITH_EXCLUSION")) || fail_answer(aws, run);
}

static bool take_tag(const struct aws_cli *aws, const struct process *run,
                     struct aws_repository *ret)
{
    if (has_code(aws, run, "RepositoryNotFound") || has_code(aws, run, "ImageNotFound"))
        return true;
    if (!process_succeeded(run))
        return is_forbidden(aws, run) || fail(aws, run);
    ret->digest = answer_of(aws, run);
    return !name_check_image_digest(ret->digest) || fail_answer(aws, run);
}

bool aws_cli_query(const struct aws_cli *aws, struct str tag, struct aws_repository *ret)
{
    struct argv repository = aws_argv(aws, "ecr", "describe-repositories",
                                      "--query=repositories[0].imageTagMutability", NULL);
    struct argv image =
        aws_argv(aws, "ecr", "describe-images", "--query=imageDetails[0].imageDigest", NULL);
    add_repository(aws, &repository, "repository-names");
    add_repository(aws, &image, "repository-name");
    argv_add_flag(aws->arena, &image, "image-ids",
                  str_format(aws->arena, "imageTag=%.*s", STR_ARG(tag)).data);
    struct process runs[] = {{.arguments = repository.items}, {.arguments = image.items}};
    *ret = (struct aws_repository){0};
    process_run(runs, 2);
    bool right = take_repository(aws, &runs[0], ret) && take_tag(aws, &runs[1], ret);
    process_free(&runs[0]);
    process_free(&runs[1]);
    return right;
}

/* What changes the repository is not torn by a signal. */
static bool change(const struct aws_cli *aws, struct argv argv, struct process *ret_run)
{
    add_repository(aws, &argv, "repository-name");
    *ret_run = (struct process){.arguments = argv.items, .uninterruptible = true};
    process_run(ret_run, 1);
    return ret_run->error == 0 && ret_run->status == 0;
}

static bool set_policies(const struct aws_cli *aws)
{
    struct arena *arena = aws->arena;
    struct argv argv[] = {aws_argv(aws, "ecr", "put-lifecycle-policy", NULL),
                          aws_argv(aws, "ecr", "set-repository-policy", NULL)};
    argv_add_flag(arena, &argv[0], "lifecycle-policy-text", ecr_lifecycle(arena).data);
    argv_add_flag(arena, &argv[1], "policy-text", ecr_policy(arena, aws->ecr).data);
    bool right = true;
    for (size_t i = 0; right && i < 2; i++) {
        struct process run;
        right = change(aws, argv[i], &run) || fail(aws, &run);
        process_free(&run);
    }
    return right;
}

/* Without its policies it would never get them: what is there is left alone. */
static void remove_made(const struct aws_cli *aws)
{
    struct process run;
    if (!change(aws, aws_argv(aws, "ecr", "delete-repository", NULL), &run)) {
        diag_error(aws->diags, NO_LOCATION,
                   "the repository \"%.*s\" was made, but lacks its policies",
                   STR_ARG(aws->ecr->name));
        diag_hint(aws->diags,
                  "delete it: aws ecr delete-repository --repository-name %.*s --region %.*s",
                  STR_ARG(aws->ecr->name), STR_ARG(aws->ecr->region));
    }
    process_free(&run);
}

bool aws_cli_create(const struct aws_cli *aws, bool immutable_tags, bool *ret_made)
{
    struct argv argv = aws_argv(
        aws, "ecr", "create-repository", "--image-scanning-configuration=scanOnPush=true",
        "--encryption-configuration=encryptionType=AES256",
        immutable_tags ? "--image-tag-mutability=IMMUTABLE" : "--image-tag-mutability=MUTABLE",
        NULL);
    struct process run;
    *ret_made = change(aws, argv, &run);
    bool right = *ret_made || has_code(aws, &run, "RepositoryAlreadyExists") || fail(aws, &run);
    process_free(&run);
    if (!*ret_made || set_policies(aws))
        return right;
    remove_made(aws);
    return false;
}

bool aws_cli_password(const struct aws_cli *aws, struct process *ret_run)
{
    *ret_run = (struct process){.arguments = aws_argv(aws, "ecr", "get-login-password", NULL).items,
                                .secret = true};
    process_run(ret_run, 1);
    return process_succeeded(ret_run) ? ret_run->output.len > 0 || fail_answer(aws, ret_run)
                                      : fail(aws, ret_run);
}
