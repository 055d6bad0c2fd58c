/* init: writes a service file, from flags, answers, a Compose file or Kubernetes objects. */
#include "cli/report.h"
#include "commands.h"
#include "format/name.h"
#include "import/compose.h"
#include "import/manifests.h"
#include "import/start.h"
#include "os/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ANSWER_MAX = 4096 }; /* bytes of a line that a terminal accepts */

struct init_run {
    struct arena arena;
    struct diags diags;
    struct source source;
    struct buf text; /* of the source */
    struct import import;
    const struct invocation *invocation;
    struct init_options options;
    const char *name; /* NULL: not given */
};

/* What init asks for if it is not on the command line. */
struct question {
    const char *text;
    const char *argument; /* for the error without a terminal; NULL: optional */
    const char **answer;  /* NULL: not given */
    const char *fallback; /* the answer of an empty line; empty: none */
    name_check *check;
};

static const char *check_image(struct str image)
{
    return str_eq_c(image, "AUTO") ? NULL : name_check_image(image);
}

/* Reads a line. Returns NULL at the end of the input, and after a signal. */
static const char *read_line(struct arena *arena)
{
    char line[ANSWER_MAX];
    ssize_t count = process_wait_input(STDIN_FILENO) ? read(STDIN_FILENO, line, sizeof line) : -1;
    if (count <= 0 || process_interrupted())
        return NULL;
    struct str text = {line, (size_t)count};
    return str_to_c(arena, str_slice(text, 0, str_find(text, 0, '\n')));
}

/* Asks until the answer is valid. Returns false at the end of the input. */
static bool ask(struct arena *arena, const struct question *question)
{
    for (;;) {
        console_print_error(str_format(arena, "%s%s%s%s: ", question->text,
                                       *question->fallback ? " [" : "", question->fallback,
                                       *question->fallback ? "]" : ""));
        const char *line = read_line(arena);
        if (!line)
            return false;
        if (!*line)
            line = question->fallback;
        const char *error = *line && question->check ? question->check(str_from_c(line)) : NULL;
        if (!error) {
            *question->answer = *line ? line : NULL;
            return true;
        }
        console_print_error(str_format(arena, "  %s\n", error));
    }
}

/* Completes the options with answers. Returns the exit status; 0 if nothing is missing. */
static int complete(struct init_run *run)
{
    const struct question questions[] = {
        {"Name of the service", "NAME", &run->name, "app", name_check_service},
        {"Image, or AUTO for one that you build", "--image IMAGE", &run->options.image, "AUTO",
         check_image},
        {"Port ([TYPE:]NUMBER; none for a worker)", "--port [TYPE:]NUMBER", &run->options.port,
         "http:8080", start_check_port},
        {"HTTP path of the health check (empty: none)", NULL, &run->options.healthcheck_path, "",
         name_check_path},
        {"Public domain (empty: none)", NULL, &run->options.host, "", NULL},
    };
    struct buf missing = {0};
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < COUNT_OF(questions); i++)
        if (questions[i].argument && !*questions[i].answer)
            buf_add_joined(&missing, ", ", str_from_c(questions[i].argument));
    struct str list = buf_take(&run->arena, &missing);
    if (list.len == 0)
        return status;
    if (!isatty(STDIN_FILENO))
        return cli_usage(run->invocation,
                         str_format(&run->arena, "missing: %.*s", STR_ARG(list)).data);
    process_watch_signals();
    for (size_t i = 0; i < COUNT_OF(questions) && status == EXIT_SUCCESS; i++)
        if (!*questions[i].answer && !ask(&run->arena, &questions[i]))
            status = process_exit_status(EXIT_FAILURE);
    return status;
}

/* Returns the file that is imported; NULL: none. */
static const char *imported_file(const struct init_run *run)
{
    return run->options.from_compose ? run->options.from_compose : run->options.from_manifests;
}

/* Reads the file that is imported. Returns false after an error. */
static bool read_source(struct init_run *run)
{
    const char *path = imported_file(run);
    int limit = run->options.from_compose ? FILE_SIZE_MAX : MANIFEST_SIZE_MAX;
    int error = io_read_file(path, (size_t)limit, &run->text);
    run->source =
        (struct source){.path = strcmp(path, "-") == 0 ? STR("<stdin>") : str_from_c(path),
                        .text = buf_str(&run->text)};
    run->source.lines = line_map_new(&run->arena);
    if (error == EFBIG)
        diag_error(&run->diags, NO_LOCATION, RULE_LIMIT_EXCEEDED, "%s exceeds %d bytes", path,
                   limit);
    else if (error)
        diag_error(&run->diags, NO_LOCATION, RULE_FILE_UNREADABLE, "cannot read %s: %s", path,
                   strerror(error));
    return error == 0;
}

/* True if the service file refers to other files. */
static bool has_files(const struct import *import)
{
    for (const struct node *module = import->modules->first; module; module = module->next)
        for (const struct node *file = node_first_child(import_get(module, SERVICE_FILES)); file;
             file = file->next)
            if (import_get(file, MOUNTED_FILE_FROM))
                return true;
    return false;
}

/* Paths in `files` are relative to the service file. Reports an error and returns false if it would
 * be in another directory than the Compose file. Where stdout is saved is not known. */
static bool check_directory(struct init_run *run)
{
    const char *output = run->options.output_file;
    struct str directory = str_directory(run->source.path);
    if (!has_files(&run->import))
        return true;
    if (!output)
        import_note(&run->import, NOTE_IGNORED, location_file(&run->source), STR(""),
                    "the service file has files whose paths are relative to the Compose file: save "
                    "it in %.*s",
                    STR_ARG(directory.len ? directory : STR("the current directory")));
    if (!output || str_equal(str_directory(str_from_c(output)), directory))
        return true;
    diag_error(&run->diags, NO_LOCATION, RULE_FILE_OUTSIDE_DIRECTORY,
               "the service file has files whose paths are relative to the Compose file");
    diag_hint(&run->diags, "write it to the same directory");
    return false;
}

static bool make_file(struct init_run *run)
{
    struct str name = str_from_c(run->name);
    const char *registry = run->invocation->options.input.registry;
    struct import *import = &run->import;
    *import = (struct import){.arena = &run->arena, .diags = &run->diags, .source = &run->source};
    if (!imported_file(run)) {
        run->source = (struct source){.path = STR("<flags>")};
        start_import(import, name, &run->options, registry);
        return import_finish(import);
    }
    if (run->options.from_manifests) {
        bool ok = read_source(run);
        run->source.secret = true; /* also variables of containers may be credentials */
        return ok && manifests_import(import, name);
    }
    import->reads_files = true;
    return read_source(run) && compose_import(import, name, registry) && import_finish(import) &&
           check_directory(run);
}

/* Writes the file to stdout or --output-file. Returns the exit status. */
static int write_file(const struct init_run *run, struct str text)
{
    const char *path = run->options.output_file;
    if (!path)
        return console_finish(text);
    if (!run->options.force && access(path, F_OK) == 0)
        return report_failure(RULE_FILE_UNWRITABLE, "%s exists; pass --force to overwrite it",
                              path);
    return report_write_file("service file", path, run->options.force ? O_TRUNC : O_EXCL, text)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

static int make_and_write(struct init_run *run)
{
    struct buf messages = {0};
    struct buf text = {0};
    bool ok = make_file(run);
    diags_write(&run->diags, &messages, run->invocation->color);
    if (ok) {
        import_write_notes(&run->import, &messages, run->invocation->color);
        import_write(&run->import, &text);
    }
    console_print_messages(buf_str(&messages));
    int status = ok ? write_file(run, buf_str(&text)) : EXIT_FAILURE;
    buf_free(&messages);
    buf_free(&text);
    return status;
}

/* Returns an error for flags that have no effect; NULL if there are none. */
static const char *check_flags(const struct init_run *run)
{
    const struct init_options *options = &run->options;
    const char *registry = run->invocation->options.input.registry;
    if (options->force && !options->output_file)
        return "--force requires --output-file";
    if (options->from_compose && (options->image || options->port || options->healthcheck_path ||
                                  options->host || options->variables.count))
        return "--from-compose and the flags of a new service are mutually exclusive";
    if (options->from_manifests && (options->image || options->port || options->healthcheck_path ||
                                    options->host || options->variables.count || registry))
        return "--from-manifests and the flags of a new service are mutually exclusive";
    if (options->from_compose && options->from_manifests)
        return "--from-compose and --from-manifests are mutually exclusive";
    if (registry && options->image && strcmp(options->image, "AUTO") != 0)
        return "--registry requires --image AUTO";
    return NULL;
}

static int run_init(const struct invocation *invocation)
{
    struct init_run run = {.invocation = invocation, .options = invocation->options.init};
    run.diags.arena = &run.arena;
    if (invocation->arguments.count)
        run.name = invocation->arguments.items[0];
    const char *error = check_flags(&run);
    if (!error && run.name && name_check_service(str_from_c(run.name)))
        error = str_format(&run.arena, "NAME %s", name_check_service(str_from_c(run.name))).data;
    int status = error                  ? cli_usage(invocation, error)
                 : !imported_file(&run) ? complete(&run)
                                        : EXIT_SUCCESS;
    if (status == EXIT_SUCCESS)
        status = make_and_write(&run);
    buf_free(&run.text);
    arena_free(&run.arena);
    return status;
}

const struct command command_init = {
    .name = "init",
    .group = GROUP_FILES,
    .arguments = "[NAME]",
    .max_args = 1,
    .summary = "Write a service file, from flags or other files",
    .details =
        "Prints a service file to stdout, or writes it to --output-file. Without --from-compose "
        "and --from-manifests, it has one service, which is named NAME like its namespace. On a "
        "terminal, init asks for what is not given; otherwise NAME, --image and --port are "
        "required.\n"
        "With --from-compose, each service of the Compose file becomes a module. NAME defaults to "
        "the name in the file. What a service file cannot express is a warning with its line, and "
        "what has no meaning in Kubernetes a note. To include .env files, extends and include, "
        "import the output of docker compose config.\n"
        "With --from-manifests, each Deployment, StatefulSet and CronJob of a rendered chart, or "
        "of "
        "the output of kubectl get -o yaml, becomes a module, with its Services, autoscaler, "
        "disruption budget, Ingresses and routes, network policy, CronJobs and ConfigMaps. NAME "
        "defaults to their namespace. The new file is rendered: each difference between the new "
        "objects and the given ones is a warning. Values of Secrets are not copied.\n"
        "A variable whose value may be a credential is listed in secrets, without its value. "
        "The service file passes validate. Does not access a cluster.",
    .examples =
        EXAMPLES({"Write a service file for an image",
                  "kubectl optasvc init shop --image nginx:1.29 --port 80 --host shop.example.com"},
                 {"Convert a Compose file", "kubectl optasvc init shop --from-compose compose.yaml "
                                            "--output-file shop.yaml"},
                 {"Convert a Compose file with its variables and .env files",
                  "docker compose config | kubectl optasvc init --from-compose -"},
                 {"Convert the objects of a chart",
                  "helm template shop ./chart | kubectl optasvc init shop --from-manifests -"}),
    .flags = FLAG_LIST(FLAG_FROM_COMPOSE, FLAG_FROM_MANIFESTS, FLAG_INIT_IMAGE, FLAG_INIT_PORT,
                       FLAG_INIT_HEALTHCHECK_PATH, FLAG_INIT_HOST, FLAG_INIT_ENV_VAR, FLAG_REGISTRY,
                       FLAG_OUTPUT_FILE, FLAG_FORCE),
    .run = run_init,
};
