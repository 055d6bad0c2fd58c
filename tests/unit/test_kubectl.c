#include "cluster/kubectl.h"
#include "cluster/kubectl_flags.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory with a script in place of kubectl, and a file for stderr. */
static char folder[] = "/tmp/test_kubectl.XXXXXX";
static char program[64];
static char told[64];

static void write_script(const char *script)
{
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\n%s\n", script) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0700), 0);
}

static int begin_group(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(program, sizeof program, "%s/kubectl", folder);
    (void)snprintf(told, sizeof told, "%s/told", folder);
    return setenv("KUBECTL_PATH", program, 1);
}

static int end_group(void **state)
{
    (void)state;
    unlink(program);
    unlink(told);
    return rmdir(folder);
}

static struct kubectl kubectl_of(struct unit *unit, const struct kubectl_options *options)
{
    return (struct kubectl){.options = options, .arena = &unit->arena, .diags = &unit->diags};
}

/* Runs processes with stderr in a file, and returns its content. */
static struct str run_all(struct unit *unit, const struct kubectl *kubectl, struct process *runs,
                          size_t count)
{
    int saved = dup(STDERR_FILENO);
    int file = open(told, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(saved >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    kubectl_run(kubectl, runs, count);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    char *bytes = arena_alloc(&unit->arena, 65536);
    ssize_t len = pread(file, bytes, 65536, 0);
    close(file);
    assert_true(len >= 0);
    return (struct str){bytes, (size_t)len};
}

static const struct kubectl_options no_options;

/* Runs a script as `kubectl get`. The caller frees the process. */
static struct process run_get(struct unit *unit, const char *script)
{
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    write_script(script);
    struct process run = {.arguments = kubectl_argv(&kubectl, "get", NULL).items};
    run_all(unit, &kubectl, &run, 1);
    return run;
}

/* Runs a script that fails, and reports why. */
static void report_of(struct unit *unit, const char *script)
{
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct process run = run_get(unit, script);
    assert_false(process_succeeded(&run));
    kubectl_report(&kubectl, &run);
    process_free(&run);
}

/* Arguments */

static void assert_words(const char *const *words, const char *const *expected)
{
    size_t count = 0;
    for (; words[count] && expected[count]; count++)
        assert_string_equal(words[count], expected[count]);
    assert_null(words[count]);
    assert_null(expected[count]);
}

/* True for the flags that fix the behaviour of a verb. */
static bool is_fixed(const char *word, const char *const *verb)
{
    const char *const *lists[] = {kubectl_common_flags, kubectl_verb_flags(verb)};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const char *const *flag = lists[i]; *flag; flag++)
            if (strcmp(*flag, word) == 0)
                return true;
    return false;
}

/* Returns the words without those flags. */
static const char *const *chosen(struct unit *unit, const char *const *words)
{
    struct argv rest = {0};
    argv_add(&unit->arena, &rest, words[0]);
    for (size_t i = 1; words[i]; i++)
        if (!is_fixed(words[i], words + 1))
            argv_add(&unit->arena, &rest, words[i]);
    return rest.items;
}

static size_t count_of(const char *const *words, const char *start)
{
    size_t count = 0;
    for (; *words; words++)
        count += strncmp(*words, start, strlen(start)) == 0;
    return count;
}

/* Flags fix the behaviour of a verb, unless they are given. */
static void test_verbs_are_fixed(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    static const char *const verbs[][3] = {{"get"},
                                           {"apply"},
                                           {"delete"},
                                           {"patch"},
                                           {"annotate"},
                                           {"create"},
                                           {"logs"},
                                           {"exec"},
                                           {"diff"},
                                           {"rollout", "restart"},
                                           {"rollout"},
                                           {"api-resources"},
                                           {"config", "view"},
                                           {"config", "get-contexts"}};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        const char *const *flags = kubectl_verb_flags(verbs[i]);
        const char *const *words = kubectl_argv(&kubectl, verbs[i][0], verbs[i][1], NULL).items;
        assert_non_null(*flags);
        for (; *flags; flags++) {
            assert_int_equal(count_of(words, *flags), 1);
            assert_non_null(strchr(*flags, '='));
        }
        assert_int_equal(count_of(words, "--namespace="), 1);
    }
    static const char *const unknown[][3] = {
        {"unknown"}, {"config", "set"}, {"config"}, {"getter"}};
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_null(*kubectl_verb_flags(unknown[i]));
    const char *const *words = kubectl_argv(&kubectl, "delete", "--interactive", "--wait=true",
                                            "--namespace", "a", "--all-namespaces", NULL)
                                   .items;
    assert_int_equal(count_of(words, "--interactive"), 1);
    assert_int_equal(count_of(words, "--namespace"), 1);
    assert_int_equal(count_of(words, "--all-namespaces"), 1);
    assert_int_equal(count_of(words, "--all=false"), 1);
    assert_int_equal(count_of(words, "--dry-run=none"), 1);
}

static void test_flags_are_passed_on(void **state)
{
    struct unit *unit = *state;
    struct kubectl_options options = {.kubeconfig = "a b",
                                      .context = "c",
                                      .cluster = "%s",
                                      .user = "u",
                                      .as = "--x",
                                      .request_timeout = "30s",
                                      .verbosity = "4"};
    struct kubectl kubectl = kubectl_of(unit, &options);
    struct argv words = kubectl_argv(&kubectl, "get", "pods", "-n", "", NULL);
    argv_add(&unit->arena, &words, "last");
    assert_words(chosen(unit, words.items),
                 (const char *const[]){program, "get", "pods", "-n", "", "--kubeconfig=a b",
                                       "--context=c", "--cluster=%s", "--user=u", "--as=--x",
                                       "--request-timeout=30s", "--v=4", "last", NULL});
    /* The arguments are not split or expanded. */
    write_script("for word; do echo \"[$word]\"; done");
    struct process run = {.arguments = words.items};
    assert_str(run_all(unit, &kubectl, &run, 1), "");
    assert_contains(buf_str(&run.output), "[get]\n[pods]\n[-n]\n[]\n");
    assert_contains(buf_str(&run.output),
                    "[--kubeconfig=a b]\n[--context=c]\n[--cluster=%s]\n"
                    "[--user=u]\n[--as=--x]\n[--request-timeout=30s]\n[--v=4]\n[last]\n");
    process_free(&run);
    kubectl.options = &no_options;
    assert_words(chosen(unit, kubectl_argv(&kubectl, "version", NULL).items),
                 (const char *const[]){program, "version", NULL});
}

static void test_which_program(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    setenv("KUBECTL_PATH", "", 1);
    assert_string_equal(kubectl_argv(&kubectl, NULL).items[0], "kubectl");
    unsetenv("KUBECTL_PATH");
    assert_string_equal(kubectl_argv(&kubectl, NULL).items[0], "kubectl");
    setenv("KUBECTL_PATH", program, 1);
    assert_string_equal(kubectl_argv(&kubectl, NULL).items[0], program);
}

static void test_many_words(void **state)
{
    struct unit *unit = *state;
    struct argv words = {0};
    enum { MANY = 100 };
    for (size_t i = 0; i < MANY; i++) {
        argv_add(&unit->arena, &words, str_format(&unit->arena, "%zu", i).data);
        assert_int_equal(words.count, i + 1);
        assert_null(words.items[words.count]);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_str(str_format(&unit->arena, "%zu", i), words.items[i]);
}

static void test_apply(void **state)
{
    struct unit *unit = *state;
    struct kubectl_options options = {.context = "c"};
    struct kubectl kubectl = kubectl_of(unit, &options);
#define APPLY(output)                                                                              \
    program, "apply", "--server-side", "--filename=-", "--context=c", "--field-manager=m",         \
        "--output=" output
    assert_words(chosen(unit, kubectl_apply(&kubectl, "m", STR("x"), 0).arguments),
                 (const char *const[]){APPLY("name"), "--validate=ignore", NULL});
    assert_words(
        chosen(unit, kubectl_apply(&kubectl, "m", STR("x"), APPLY_JSON).arguments),
        (const char *const[]){APPLY("json"), "--show-managed-fields", "--validate=ignore", NULL});
    assert_words(chosen(unit, kubectl_apply(&kubectl, "m", STR("x"), APPLY_DRY_RUN).arguments),
                 (const char *const[]){APPLY("name"), "--dry-run=server", NULL});
    assert_words(chosen(unit, kubectl_apply(&kubectl, "m", STR("x"),
                                            APPLY_JSON | APPLY_DRY_RUN | APPLY_FORCE)
                                  .arguments),
                 (const char *const[]){APPLY("json"), "--show-managed-fields", "--dry-run=server",
                                       "--force-conflicts", NULL});
    /* It reads the documents on stdin. */
    write_script("cat");
    struct node *map = node_new(&unit->arena, NODE_MAP);
    node_set_string(&unit->arena, map, "kind", STR("Pod"));
    struct node *const objects[] = {map, map};
    struct str documents = kubectl_documents(&kubectl, objects, 2);
    assert_str(documents, "---\nkind: Pod\n---\nkind: Pod\n");
    struct process run = kubectl_apply(&kubectl, "m", documents, 0);
    run_all(unit, &kubectl, &run, 1);
    assert_true(str_equal(buf_str(&run.output), documents));
    process_free(&run);
    assert_str(kubectl_documents(&kubectl, NULL, 0), "");
}

static struct node *pod_of(struct unit *unit, const char *name)
{
    struct node *pod = node_new(&unit->arena, NODE_MAP);
    node_set_string(&unit->arena, pod, "apiVersion", STR("v1"));
    node_set_string(&unit->arena, pod, "kind", STR("Pod"));
    struct node *metadata = node_set_map(&unit->arena, pod, "metadata");
    node_set_string(&unit->arena, metadata, "name", str_from_c(name));
    node_set_string(&unit->arena, metadata, "namespace", STR("n"));
    return pod;
}

/* An object counts as deleted if kubectl names it, and the server no longer has it or terminates
 * it. */
static void test_delete(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct node *pods[] = {pod_of(unit, "unnamed"), pod_of(unit, "gone"), pod_of(unit, "kept"),
                           pod_of(unit, "ending")};
    write_script("case $1 in delete)\n"
                 "echo >\"$0.deleted\"; echo pod/gone; echo pod/kept; echo pod/ending; exit ;;\n"
                 "esac\n"
                 "names='unnamed kept'\n"
                 "rm \"$0.deleted\" 2>/dev/null || names='unnamed kept gone'\n"
                 "echo '{\"kind\": \"List\", \"items\": ['\n"
                 "for name in $names; do\n"
                 "echo '{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": "
                 "\"'$name'\", \"namespace\": \"n\"}},'\n"
                 "done\n"
                 "echo '{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": "
                 "\"kept\", \"namespace\": \"other\"}},'\n"
                 "echo '{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": "
                 "\"ending\", \"namespace\": \"n\", \"deletionTimestamp\": \"now\"}}]}'");
    assert_int_equal(kubectl_delete(&kubectl, pods, COUNT_OF(pods), false), 2);
    assert_str(node_string(node_at(pods[0], "metadata name")), "gone");
    assert_str(node_string(node_at(pods[1], "metadata name")), "ending");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 0, 0, "pod/kept was not deleted: it still exists", "");
    unit_reset(unit);
    /* After the deletion, a new object of the same name does not count. */
    pods[0] = pod_of(unit, "again");
    node_set_string(&unit->arena, node_get(pods[0], "metadata"), "uid", STR("1"));
    write_script("case $1 in delete) echo >\"$0.deleted\"; echo pod/again; exit ;; esac\n"
                 "uid=1; ! rm \"$0.deleted\" 2>/dev/null || uid=2\n"
                 "echo '{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": "
                 "\"again\", \"namespace\": \"n\", \"uid\": \"'$uid'\"}}'");
    assert_int_equal(kubectl_delete(&kubectl, pods, 1, false), 1);
    assert_no_diags(unit);
    /* Before it, a new object of the same name, or a claimed one, is not deleted. */
    static const char *const others[] = {"\"uid\": \"2\"",
                                         "\"uid\": \"1\", \"labels\": {\"opta.dev/a\": \"b\"}"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        pods[0] = pod_of(unit, "again");
        node_set_string(&unit->arena, node_get(pods[0], "metadata"), "uid", STR("1"));
        write_script(str_format(&unit->arena,
                                "[ $1 = get ] || exit 9\n"
                                "echo '{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": "
                                "{\"name\": \"again\", \"namespace\": \"n\", %s}}'",
                                others[i])
                         .data);
        assert_int_equal(kubectl_delete(&kubectl, pods, 1, false), 0);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0,
                    "pod/again was not deleted: it was replaced or claimed by another owner", "");
        unit_reset(unit);
    }
    /* If it cannot be read, the output of kubectl counts. */
    pods[0] = pod_of(unit, "gone");
    write_script("case $1 in delete) echo pod/gone; exit ;; esac\n"
                 "echo 'Error from server (Forbidden): no' >&2; exit 1");
    assert_int_equal(kubectl_delete(&kubectl, pods, 1, true), 1);
    assert_no_diags(unit);
}

/* Messages */

/* A forbidden list is one message. */
static void test_refusals_together(void **state)
{
    struct unit *unit = *state;
    report_of(unit, "for kind in pods services; do echo \"Error from server (Forbidden): $kind is "
                    "forbidden: User \\\"u\\\" cannot list resource \\\"$kind\\\" in API group "
                    "\\\"\\\" in the namespace \\\"n\\\"\" >&2; done; exit 1");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 0, 0,
                "User \"u\" cannot list resources pods, services in the namespace \"n\"", "");
    unit_reset(unit);
    report_of(unit, "echo 'Error from server (Forbidden): a is forbidden: User \"u\" cannot list "
                    "resource \"a\" in API group \"\" in the namespace \"n\"' >&2\n"
                    "echo 'Error from server (Forbidden): b is forbidden: User \"u\" cannot get "
                    "resource \"b\" in API group \"\" in the namespace \"n\"' >&2; exit 1");
    assert_errors(unit, 2);
}

/* In any wording of kubectl's verbs. */
static void test_absent_entries(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"context \"x\" does not exist\ncontext \"x\" does not exist",
         "context \"x\" does not exist"},
        {"error: context \"x\" does not exist", "context \"x\" does not exist"},
        {"Error in configuration: context was not found for specified context: x",
         "context \"x\" does not exist"},
        {"Error in configuration: \n* context was not found for specified context: x\n"
         "* context was not found for specified context: x",
         "context \"x\" does not exist"},
        {"* no server found for cluster \"x\"", "cluster \"x\" does not exist"},
        {"error: auth info \"x\" does not exist", "user \"x\" does not exist"},
        {"error: context \"x\" is odd", "context \"x\" is odd"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *script =
            str_format(&unit->arena, "cat >&2 <<'EOF'\n%s\nEOF\nexit 1", rows[i].text).data;
        report_of(unit, script);
        report_of(unit, script);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, rows[i].message, "");
        unit_reset(unit);
    }
}

/* A process that exceeds the limit is killed, and no later one is started. */
static void test_limit(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct process runs[PROCESS_PARALLEL_MAX + 1] = {0};
    kubectl.limit = 1000;
    write_script("exec sleep 60");
    for (size_t i = 0; i < COUNT_OF(runs); i++)
        runs[i].arguments = kubectl_argv(&kubectl, "get", NULL).items;
    int64_t began = process_monotonic_ms();
    run_all(unit, &kubectl, runs, COUNT_OF(runs));
    assert_true(process_monotonic_ms() - began < 10000);
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        assert_int_equal(runs[i].error, ETIMEDOUT);
        kubectl_report(&kubectl, &runs[i]);
        process_free(&runs[i]);
    }
    assert_errors(unit, 1);
    assert_diag(unit, 0, 0, 0, "the cluster did not answer within 1 s", "");
}

static void test_warnings_are_shown(void **state)
{
    struct unit *unit = *state;
    static const char script[] = "{ echo 'Warning: this is old'\n"
                                 "echo 'I0131 12:00:00.000000  1 request'\n"
                                 "echo 'not a Warning: no'\n"
                                 "printf 'Warning: a\\033[2Jb\\nWarning: unended'; } >&2";
    struct kubectl_options options = {0};
    struct kubectl kubectl = kubectl_of(unit, &options);
    write_script(script);
    struct process run = {.arguments = kubectl_argv(&kubectl, "get", NULL).items};
    assert_str(run_all(unit, &kubectl, &run, 1),
               "Warning: this is old\nWarning: a?[2Jb\nWarning: unended\n");
    process_free(&run);
    /* kubectl's log only with -v */
    options.verbosity = "6";
    run = (struct process){.arguments = kubectl_argv(&kubectl, "get", NULL).items};
    assert_contains(run_all(unit, &kubectl, &run, 1), "I0131 12:00:00.000000  1 request\n");
    process_free(&run);
    assert_no_diags(unit);
}

static void test_each_message_by_itself(void **state)
{
    struct unit *unit = *state;
    report_of(unit, "cat >&2 <<'EOF'\n"
                    "Warning: not this\n"
                    "E0131 12:00:00.000000  1 memcache.go:265] nor this\n"
                    "Error from server (Forbidden): pods is forbidden: no: really\n"
                    "\n"
                    "error: something else\n"
                    "with a line more\n"
                    "  and another\n"
                    "Error from server: plain\n"
                    "The Deployment \"web\" is invalid: \n"
                    "* spec.a: Invalid value: \"x\"\n"
                    "* spec.b: Required value\n"
                    "Unable to connect to the server: EOF\n"
                    "EOF\n"
                    "exit 1");
    assert_errors(unit, 5);
    assert_diag(unit, 0, 0, 0, "pods is forbidden: no: really", "");
    assert_str(unit->diags.items[0].message, "pods is forbidden: no: really");
    assert_str(unit->diags.items[0].hint, "");
    assert_str(unit->diags.items[1].message, "something else");
    assert_str(unit->diags.items[1].hint, "with a line more\n  and another");
    assert_str(unit->diags.items[2].message, "plain");
    assert_str(unit->diags.items[3].message, "The Deployment \"web\" is invalid: ");
    assert_str(unit->diags.items[3].hint,
               "* spec.a: Invalid value: \"x\"\n* spec.b: Required value");
    assert_str(unit->diags.items[4].message, "Unable to connect to the server: EOF");
}

static void test_odd_messages(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *script, *message, *hint;
    } rows[] = {
        {"exit 3", " get failed with exit status 3 and no error message", ""},
        {"kill -KILL $$", " get was terminated by signal 9 (", ""},
        {"printf '\\n\\nWarning: x\\n' >&2; exit 1", " get failed with exit status 1 and no", ""},
        {"printf 'panic: x\\n\\ngoroutine 1' >&2; exit 2", "panic: x", "goroutine 1"},
        {"echo 'Error from server' >&2; exit 1", "Error from server", ""},
        {"echo 'error: ' >&2; exit 1", "error: ", ""},
        {"echo 'Error from server: ' >&2; exit 1", "Error from server: ", ""},
        {"echo 'Error from server (NotFound):' >&2; exit 1", "Error from server (NotFound):", ""},
        {"echo 'error: x' >&2; exit 1", "x", ""},
        {"printf 'error: a\\033[2J\\0b' >&2; exit 1", "a\033[2J", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        report_of(unit, rows[i].script);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, rows[i].message, rows[i].hint);
        assert_int_equal(str_find(unit_format_diags(unit), 0, '\033'), unit_format_diags(unit).len);
        unit_reset(unit);
    }
}

static void test_no_message_twice(void **state)
{
    struct unit *unit = *state;
    static const char script[] =
        "printf 'error: first\\nmore of it\\nerror: second\\nerror: first\\nmore\\n' >&2; exit 1";
    for (size_t i = 0; i < 3; i++)
        report_of(unit, script);
    assert_errors(unit, 2);
    assert_str(unit->diags.items[0].message, "first");
    assert_str(unit->diags.items[0].hint, "more of it");
    assert_str(unit->diags.items[1].message, "second");
    assert_str(unit->diags.items[1].hint, "");
}

/* A long message is stored truncated, which must not prevent the comparison. */
static void test_no_long_message_twice(void **state)
{
    struct unit *unit = *state;
    for (size_t i = 0; i < 2; i++)
        report_of(unit, "printf 'error: %01200d\\n' 7 >&2; exit 1");
    assert_errors(unit, 1);
    report_of(unit, "printf 'error: %01000d\\n' 7 >&2; exit 1");
    assert_errors(unit, 2);
}

/* Reporting very long stderr takes linear time. */
static void test_endless_messages(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct process run = {.arguments = (const char *const[]){"kubectl", "get", NULL}, .status = 1};
    buf_add(&run.errors, unit_repeat(unit, "one line\nanother line\n", 500 * 1000));
    int64_t begin = process_monotonic_ms();
    kubectl_report(&kubectl, &run);
    assert_in_range(process_monotonic_ms() - begin, 0, 2000);
    process_free(&run);
    assert_errors(unit, 1);
    assert_in_range(unit->diags.items[0].hint.len, DIAG_TEXT_MAX, DIAG_TEXT_MAX + 3);
}

static void test_warnings_of_failures(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct process run = run_get(unit, "printf 'error: a\\nmore\\nerror: b\\n' >&2; exit 1");
    kubectl_warn(&kubectl, &run);
    kubectl_warn(&kubectl, &run);
    process_free(&run);
    assert_warnings(unit, 2);
    assert_diag(unit, 0, 0, 0, "a", "more");
    assert_diag(unit, 1, 0, 0, "b", "");
}

/* Conflicts of two objects: only kubectl's own advice is omitted. */
static void test_conflicts(void **state)
{
    struct unit *unit = *state;
#define ADVICE                                                                                     \
    "Please review the fields above--they currently have other managers. Here\n"                   \
    "are the ways you can resolve this warning:\n"                                                 \
    "* If you intend to manage all of these fields, please re-run the apply\n"                     \
    "  command with the `--force-conflicts` flag.\n"                                               \
    "See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts\n"
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct process run =
        run_get(unit, "cat >&2 <<'EOF'\n"
                      "error: Apply failed with 1 conflict: conflict with \"a\": .spec.x\n" ADVICE
                      "Apply failed with 2 conflicts: conflicts with \"b\" using apps/v1:\n"
                      "- .spec.y\n"
                      "- .spec.z\n" ADVICE "Error from server (Forbidden): not this one\n"
                      "EOF\n"
                      "exit 1");
    assert_true(kubectl_conflicts(&run));
    kubectl_report(&kubectl, &run);
    process_free(&run);
    assert_errors(unit, 3);
    assert_str(unit->diags.items[0].message,
               "Apply failed with 1 conflict: conflict with \"a\": .spec.x");
    assert_str(unit->diags.items[0].hint, "");
    assert_str(unit->diags.items[1].message,
               "Apply failed with 2 conflicts: conflicts with \"b\" using apps/v1:");
    assert_str(unit->diags.items[1].hint, "- .spec.y\n- .spec.z");
    assert_str(unit->diags.items[2].message, "not this one");
}

static void test_rejected(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *script;
        bool rejected;
    } rows[] = {
        {"echo 'Error from server (InternalError): x' >&2; exit 1", true},
        {"echo 'error: Apply failed with 1 conflict: x' >&2; exit 1", true},
        {"echo 'The Service \"web\" is invalid: x' >&2; exit 1", true},
        {"echo 'The connection to the server x was refused' >&2; exit 1", false},
        {"exit 1", false},
        {"echo 'Warning: Error from server' >&2", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process run = run_get(unit, rows[i].script);
        assert_int_equal(kubectl_is_rejected(&run), rows[i].rejected);
        process_free(&run);
    }
}

static void test_kinds_of_failures(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *script;
        bool forbidden, conflicts, lacks_namespace;
    } rows[] = {
        {"exit 1", 0, 0, 0},
        {"echo 'Error from server (Forbidden): pods is forbidden' >&2; exit 1", 1, 0, 0},
        {"printf 'Warning: x\\nError from server (Forbidden): x' >&2; exit 1", 1, 0, 0},
        {"echo 'error: Apply failed with 1 conflict: x' >&2; exit 1", 0, 1, 0},
        {"echo 'Error from server (NotFound): namespaces \"shop\" not found' >&2; exit 1", 0, 0, 1},
        {"echo 'Error from server (NotFound): pods \"shop\" not found' >&2; exit 1", 0, 0, 0},
        {"printf '(Forbidden)(NotFound): namespaces \"Apply failed with ' >&2; exit 2", 0, 1, 1},
        {"printf 'Error from server (Forbidden): x\nError from server (Timeout): y' >&2; exit 1", 0,
         0, 0},
        /* These texts in the stderr of a successful process, or in stdout, do not count. */
        {"printf '(Forbidden)(NotFound): namespaces \"Apply failed with ' >&2", 0, 0, 0},
        {"printf '(Forbidden)(NotFound): namespaces \"Apply failed with '; exit 1", 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process run = run_get(unit, rows[i].script);
        assert_int_equal(kubectl_forbidden(&run), rows[i].forbidden);
        assert_int_equal(kubectl_conflicts(&run), rows[i].conflicts);
        assert_int_equal(kubectl_is_missing_namespace(&run), rows[i].lacks_namespace);
        process_free(&run);
    }
    struct process run = {.error = EFBIG, .status = 1};
    buf_add(&run.errors, STR("(Forbidden)"));
    assert_false(kubectl_forbidden(&run));
    process_free(&run);
}

static void test_programs_that_cannot_be_run(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *program;
        int error;
        const char *message, *hint;
    } rows[] = {
        {"kubectl", ENOENT, "kubectl not found in PATH", "set KUBECTL_PATH to its path"},
        {"/x/kubectl", ENOENT, "cannot run /x/kubectl: No such file or directory", ""},
        {"kubectl", EACCES, "cannot run kubectl: Permission denied", ""},
        {"kubectl", EFBIG, "kubectl: output exceeds 256 MiB", ""},
    };
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process run = {.arguments = (const char *const[]){rows[i].program, "get", NULL},
                              .error = rows[i].error};
        for (size_t j = 0; j < 3; j++)
            kubectl_report(&kubectl, &run);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 0, 0, rows[i].message, rows[i].hint);
        if (!*rows[i].hint)
            assert_int_equal(unit->diags.items[0].hint.len, 0);
        unit_reset(unit);
    }
}

/* Answers */

static void test_answers(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    static const struct {
        const char *output;
        const char *kind;  /* NULL: no object */
        const char *first; /* name of the first item; NULL: no item */
        bool wrong;
    } rows[] = {
        {"", NULL, NULL, true},
        {"{\"kind\": \"Pod\", \"metadata\": {\"name\": \"a\"}}", "Pod", "a", false},
        {"{\"kind\": \"List\", \"items\": [{\"metadata\": {\"name\": \"a\"}}, "
         "{\"metadata\": {\"name\": \"b\"}}]}",
         "List", "a", false},
        {"{\"kind\": \"PodList\", \"items\": [{\"metadata\": {\"name\": \"a\"}}]}", "PodList", "a",
         false},
        {"{\"kind\": \"List\", \"items\": []}", "List", NULL, false},
        {"{\"kind\": \"List\", \"items\": null}", "List", NULL, false},
        /* output that kubectl never prints */
        {"\n", NULL, NULL, true},
        {"{}", NULL, NULL, true},
        {"[]", NULL, NULL, true},
        {"null", NULL, NULL, true},
        {"\"kind\"", NULL, NULL, true},
        {"[{\"kind\": \"Pod\"}]", NULL, NULL, true},
        {"{\"kind\": \"Pod\"", NULL, NULL, true},
        {"{\"kind\": \"Pod\"}{\"kind\": \"Pod\"}", NULL, NULL, true},
        {"{\"kind\": \"Pod\", \"kind\": \"Pod\"}", NULL, NULL, true},
        {"\xFF\xFE", NULL, NULL, true},
        {"No resources found", NULL, NULL, true},
        {"<html>password</html>", NULL, NULL, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process run = {.arguments = (const char *const[]){"kubectl", "get", NULL}};
        buf_add(&run.output, str_from_c(rows[i].output));
        struct node *answer = kubectl_parse_output(&kubectl, &run);
        process_free(&run); /* the result remains valid */
        if (!answer != !rows[i].kind || (unit->diags.errors == 1) != rows[i].wrong)
            fail_msg("%s", rows[i].output);
        if (answer)
            assert_str(node_string(node_get(answer, "kind")), rows[i].kind);
        const struct node *first = kubectl_items(answer);
        assert_int_equal(!first, !rows[i].first);
        if (first)
            assert_str(node_string(node_at(first, "metadata name")), rows[i].first);
        if (rows[i].wrong) {
            assert_diag(unit, 0, 0, 0,
                        rows[i].output[0] ? "kubectl get printed no Kubernetes object"
                                          : "kubectl get printed nothing",
                        "KUBECTL_PATH");
            /* Its output may contain a secret. */
            assert_false(unit_contains(unit_format_diags(unit), "password"));
        }
        unit_reset(unit);
    }
}

/* Larger and deeper than the maximum for service files. */
static void test_large_answers(void **state)
{
    struct unit *unit = *state;
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    struct process run = run_get(
        unit, "printf '{\"kind\": \"List\", \"items\": ['\n"
              "i=0; while [ $i -lt 500 ]; do i=$((i + 1))\n"
              "printf '{\"metadata\": {\"name\": \"n%d\", \"x\": \"%05000d\"}},' $i 0; done\n"
              "printf '{\"metadata\": {\"name\": \"last\"}}]}'");
    assert_true(process_succeeded(&run));
    assert_true(run.output.len > 2 * 1024 * 1024);
    const struct node *item = kubectl_items(kubectl_parse_output(&kubectl, &run));
    process_free(&run);
    assert_no_diags(unit);
    size_t count = 0;
    for (; item; item = item->next, count++)
        if (!item->next)
            assert_str(node_string(node_at(item, "metadata name")), "last");
    assert_int_equal(count, 501);
}

/* The purpose of a process is printed before the cause, once for all with the same cause. */
static void test_purposes(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *const words[8];
        const char *purpose;
    } rows[] = {
        {{"get"}, "get objects"},
        {{"get", "--filename=-"}, "get objects"},
        {{"get", "pods", "--namespace", "shop"}, "list Pods in namespace \"shop\""},
        {{"get", "--namespace=shop", "secrets", "--output=name"},
         "list Secrets in namespace \"shop\""},
        {{"get", "deployments.apps,ingresses.networking.k8s.io,repositories.ecr.services.k8s.aws"},
         "list Deployments, Ingresses, Repositories"},
        {{"get", "a,b,c,d,e"}, "list objects"},
        {{"get", "widgets.example.com"}, "list widgets.example.com"},
        {{"get", "namespace", "shop"}, "get namespace \"shop\""},
        {{"get", "deployment.apps/web", "--namespace", "shop"},
         "get deployment.apps/web in namespace \"shop\""},
        {{"get", "deployment.apps/web", "deployment.apps/api", "deployment.apps/db"},
         "get deployment.apps/web and 2 more"},
        {{"get", "secrets", "--namespace", "shop", "a", "b"}, "get Secrets in namespace \"shop\""},
        {{"apply", "--server-side", "--filename=-"}, "apply objects"},
        {{"apply", "--filename=-", "--dry-run=server"}, "apply objects (dry run)"},
        {{"apply", "--filename=-", "--dry-run=none"}, "apply objects"},
        {{"delete", "--filename=-"}, "delete objects"},
        {{"diff", "--filename=-"}, "compare objects"},
        {{"patch", "secret", "manual-secrets", "--namespace", "shop"},
         "change secret \"manual-secrets\" in namespace \"shop\""},
        {{"patch", "service/web"}, "change service/web"},
        {{"rollout", "restart", "deployment.apps/web"}, "restart deployment.apps/web"},
        {{"logs", "--namespace", "shop", "--prefix"}, "read logs in namespace \"shop\""},
        {{"exec", "--namespace", "shop", "web-0", "--container", "web", "--", "sh"},
         "run a command in a pod in namespace \"shop\""},
        {{"explain"}, "run kubectl explain"},
        {{NULL}, "run kubectl"},
    };
    struct kubectl kubectl = kubectl_of(unit, &no_options);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *arguments[COUNT_OF(rows[i].words) + 2] = {"kubectl"};
        memcpy(arguments + 1, rows[i].words, sizeof rows[i].words);
        struct process run = {.arguments = arguments, .status = 1};
        buf_add(&run.errors, STR("Error from server (Timeout): too slow\n"));
        for (size_t j = 0; j < 2; j++)
            kubectl_report(&kubectl, &run);
        process_free(&run);
        assert_errors(unit, 1);
        assert_str(unit_format_diags(unit),
                   str_format(&unit->arena, "error: cannot %s: too slow\n", rows[i].purpose).data);
        unit_reset(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_flags_are_passed_on),
        UNIT_TEST(test_which_program),
        UNIT_TEST(test_many_words),
        UNIT_TEST(test_verbs_are_fixed),
        UNIT_TEST(test_apply),
        UNIT_TEST(test_delete),
        UNIT_TEST(test_refusals_together),
        UNIT_TEST(test_absent_entries),
        UNIT_TEST(test_limit),
        UNIT_TEST(test_warnings_are_shown),
        UNIT_TEST(test_each_message_by_itself),
        UNIT_TEST(test_odd_messages),
        UNIT_TEST(test_no_message_twice),
        UNIT_TEST(test_no_long_message_twice),
        UNIT_TEST(test_endless_messages),
        UNIT_TEST(test_warnings_of_failures),
        UNIT_TEST(test_conflicts),
        UNIT_TEST(test_rejected),
        UNIT_TEST(test_kinds_of_failures),
        UNIT_TEST(test_programs_that_cannot_be_run),
        UNIT_TEST(test_purposes),
        UNIT_TEST(test_answers),
        UNIT_TEST(test_large_answers),
    };
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* as cli_main() does */
    return cmocka_run_group_tests(tests, begin_group, end_group);
}
