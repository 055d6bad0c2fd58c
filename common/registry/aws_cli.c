#include "registry/aws_cli.h"

#include "format/name.h"
#include "os/argv.h"
#include "os/process.h"

#include <errno.h>
#include <string.h>

/* Returns the arguments of the aws CLI, up to a NULL. The flags override the user's output format
 * and region. */
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

/* Adds the flags of commands about the repository. */
static void add_repository(const struct aws_cli *aws, struct argv *argv, const char *flag)
{
    argv_add_flag(aws->arena, argv, "registry-id", str_to_c(aws->arena, aws->ecr->account));
    argv_add_flag(aws->arena, argv, flag, str_to_c(aws->arena, aws->ecr->name));
}

/* True if the CLI printed "An error occurred (CODE) when calling the ...". */
static bool has_code(const struct aws_cli *aws, const struct process *run, const char *code)
{
    return run->error == 0 && run->status != 0 &&
           str_contains(buf_str(&run->errors), str_format(aws->arena, "(%s", code));
}

static bool is_forbidden(const struct aws_cli *aws, const struct process *run)
{
    return has_code(aws, run, "AccessDenied");
}

/* Messages of the CLI about credentials, and the errors and hints that we report for them. */
static const struct {
    const char *pattern;
    const char *message;
    const char *hint;
} credential_errors[] = {
    {"(ExpiredToken", "the AWS credentials have expired",
     "sign in again, for example with `aws sso login`"},
    {"has expired", "the AWS credentials have expired",
     "sign in again, for example with `aws sso login`"},
    {"Unable to locate credentials", "no AWS credentials found",
     "run `aws configure` or `aws sso login`, or select a profile with AWS_PROFILE"},
    {"(InvalidClientTokenId", "AWS does not recognize the credentials",
     "run `aws configure list` to see where they come from, or select a profile with AWS_PROFILE"},
    {"(UnrecognizedClientException", "AWS does not recognize the credentials",
     "run `aws configure list` to see where they come from, or select a profile with AWS_PROFILE"},
};

/* Returns AWS's error message from the CLI's output, without later lines, which may quote the
 * request. */
static struct str aws_message(const struct aws_cli *aws, const struct process *run)
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
        diag_error(aws->diags, NO_LOCATION, RULE_TOOL_NOT_FOUND, "aws not found in PATH");
        diag_hint(aws->diags, "install the AWS CLI, which is required to push to ECR");
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(credential_errors); i++) {
        if (!strstr(text, credential_errors[i].pattern))
            continue;
        diag_error(aws->diags, NO_LOCATION, RULE_CLOUD_CREDENTIALS, "%s",
                   credential_errors[i].message);
        diag_hint(aws->diags, "%s", credential_errors[i].hint);
        return false;
    }
    diag_error(aws->diags, NO_LOCATION, RULE_TOOL_FAILED, "aws %s %s failed: %.*s",
               run->arguments[1], run->arguments[2], STR_ARG(aws_message(aws, run)));
    return false;
}

/* Returns the output without its newline. */
static struct str output_of(const struct aws_cli *aws, const struct process *run)
{
    struct str text = str_copy(aws->arena, buf_str(&run->output));
    while (text.len && strchr("\r\n", text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool fail_unexpected_output(const struct aws_cli *aws, const struct process *run)
{
    diag_error(aws->diags, NO_LOCATION, RULE_UNEXPECTED_OUTPUT, "unexpected output of aws %s %s",
               run->arguments[1], run->arguments[2]);
    diag_hint(aws->diags, "check that `aws` in PATH is the AWS CLI");
    return false;
}

/* Runs processes, and says what takes long. */
static void run_aws(const struct aws_cli *aws, struct process *runs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        runs[i].activity = str_format(aws->arena, "waiting for aws %s %s", runs[i].arguments[1],
                                      runs[i].arguments[2]);
    process_run(runs, count);
}

bool aws_cli_account(const struct aws_cli *aws, struct str *ret_account)
{
    struct process run = {
        .arguments = aws_argv(aws, "sts", "get-caller-identity", "--query=Account", NULL).items};
    run_aws(aws, &run, 1);
    *ret_account = output_of(aws, &run);
    bool ok = process_succeeded(&run)
                  ? !name_check_aws_account(*ret_account) || fail_unexpected_output(aws, &run)
                  : fail(aws, &run);
    process_free(&run);
    return ok;
}

static bool parse_repository(const struct aws_cli *aws, const struct process *run,
                             struct aws_repository *ret)
{
    if (has_code(aws, run, "RepositoryNotFound")) {
        ret->presence = PRESENCE_ABSENT;
        return true;
    }
    if (!process_succeeded(run))
        return is_forbidden(aws, run) || fail(aws, run);
    struct str mutability = output_of(aws, run);
    ret->presence = PRESENCE_PRESENT;
    ret->immutable = str_eq_c(mutability, "IMMUTABLE");
    return ret->immutable || str_ends_with(mutability, STR("MUTABLE")) ||
           str_ends_with(mutability, STR("_WITH_EXCLUSION")) || fail_unexpected_output(aws, run);
}

static bool parse_tag(const struct aws_cli *aws, const struct process *run,
                      struct aws_repository *ret)
{
    if (has_code(aws, run, "RepositoryNotFound") || has_code(aws, run, "ImageNotFound"))
        return true;
    if (!process_succeeded(run))
        return is_forbidden(aws, run) || fail(aws, run);
    ret->digest = output_of(aws, run);
    return !name_check_image_digest(ret->digest) || fail_unexpected_output(aws, run);
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
    run_aws(aws, runs, 2);
    bool ok = parse_repository(aws, &runs[0], ret) && parse_tag(aws, &runs[1], ret);
    process_free(&runs[0]);
    process_free(&runs[1]);
    return ok;
}

/* Runs a command that changes the repository. A signal does not interrupt it. */
static bool run_mutation(const struct aws_cli *aws, struct argv argv, struct process *ret_run)
{
    add_repository(aws, &argv, "repository-name");
    *ret_run = (struct process){.arguments = argv.items, .uninterruptible = true};
    run_aws(aws, ret_run, 1);
    return ret_run->error == 0 && ret_run->status == 0;
}

static bool set_policies(const struct aws_cli *aws)
{
    struct arena *arena = aws->arena;
    struct argv argv[] = {aws_argv(aws, "ecr", "put-lifecycle-policy", NULL),
                          aws_argv(aws, "ecr", "set-repository-policy", NULL)};
    argv_add_flag(arena, &argv[0], "lifecycle-policy-text", ecr_lifecycle(arena).data);
    argv_add_flag(arena, &argv[1], "policy-text", ecr_policy(arena, aws->ecr).data);
    bool ok = true;
    for (size_t i = 0; ok && i < 2; i++) {
        struct process run;
        ok = run_mutation(aws, argv[i], &run) || fail(aws, &run);
        process_free(&run);
    }
    return ok;
}

/* Deletes the repository that was just created: later runs leave an existing repository alone, so
 * it would never get its policies. */
static void delete_created(const struct aws_cli *aws)
{
    struct process run;
    if (!run_mutation(aws, aws_argv(aws, "ecr", "delete-repository", NULL), &run)) {
        diag_error(aws->diags, NO_LOCATION, RULE_TOOL_FAILED,
                   "created the repository \"%.*s\" but could not set its policies",
                   STR_ARG(aws->ecr->name));
        diag_hint(aws->diags,
                  "delete it: aws ecr delete-repository --repository-name %.*s --region %.*s",
                  STR_ARG(aws->ecr->name), STR_ARG(aws->ecr->region));
    }
    process_free(&run);
}

bool aws_cli_create(const struct aws_cli *aws, bool immutable_tags, bool *ret_created)
{
    struct argv argv = aws_argv(
        aws, "ecr", "create-repository", "--image-scanning-configuration=scanOnPush=true",
        "--encryption-configuration=encryptionType=AES256",
        immutable_tags ? "--image-tag-mutability=IMMUTABLE" : "--image-tag-mutability=MUTABLE",
        NULL);
    struct process run;
    *ret_created = run_mutation(aws, argv, &run);
    bool ok = *ret_created || has_code(aws, &run, "RepositoryAlreadyExists") || fail(aws, &run);
    process_free(&run);
    if (!*ret_created || set_policies(aws))
        return ok;
    delete_created(aws);
    return false;
}

bool aws_cli_password(const struct aws_cli *aws, struct process *ret_run)
{
    *ret_run = (struct process){.arguments = aws_argv(aws, "ecr", "get-login-password", NULL).items,
                                .secret = true};
    run_aws(aws, ret_run, 1);
    return process_succeeded(ret_run)
               ? ret_run->output.len > 0 || fail_unexpected_output(aws, ret_run)
               : fail(aws, ret_run);
}
