#include "chart/inject.h"

#include "base/utf8.h"
#include "chart/inject_target.h"
#include "config/source.h"
#include "config/usage.h"
#include "yaml/emit.h"

#include <string.h>

/* Services */

static void warn_not_injected(const struct injection *injection, const struct service *service)
{
    static const enum field_id fields[] = {SERVICE_PERSISTENT_STORAGE,  SERVICE_CRON_JOBS,
                                           SERVICE_IAM_POLICIES,        SERVICE_IAM_ROLE_ARN,
                                           SERVICE_GCP_SERVICE_ACCOUNT, SERVICE_AZURE_CLIENT_ID,
                                           SERVICE_KEEP_PATH_PREFIX};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!service_has(service, fields[i]) ||
            (fields[i] == SERVICE_KEEP_PATH_PREFIX && service->route_count))
            continue; /* inject_ingress() knows whether a new Ingress has it */
        diag_warning(injection->diags, record_location(service->record, fields[i]),
                     "%s is not injected into charts", schema_field(fields[i])->name);
    }
}

/* `image` and `port` are what a chart sets itself. Traffic settings and new probes read the port.
 */
static bool is_port_read(struct injection *injection, const struct service *service)
{
    const struct target target = {.injection = injection, .service = service};
    return inject_ingress_is_requested(&target) ||
           map_get(&injection->port_readers, target_key(injection, service));
}

static void note_ignored(struct injection *injection, const struct service *service)
{
    static const struct {
        enum field_id field;
        const char *reason;
    } fields[] = {{SERVICE_IMAGE, "the chart sets the image"},
                  {SERVICE_PORT, "the chart sets the ports"}};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!service_has(service, fields[i].field) ||
            (fields[i].field == SERVICE_PORT && is_port_read(injection, service)))
            continue;
        struct str title = str_format(injection->arena, "service %.*s", STR_ARG(service->name));
        struct change_event change_event = {.kind = CHANGE_IGNORED,
                                            .object = title,
                                            .text = title,
                                            .what = str_from_c(schema_field(fields[i].field)->name),
                                            .detail = str_from_c(fields[i].reason)};
        injection->events = arena_grow(injection->arena, injection->events, injection->event_count,
                                       sizeof *injection->events);
        injection->events[injection->event_count++] = change_event;
    }
}

static void override(struct injection *injection, const struct service *service)
{
    struct target target = {.injection = injection, .service = service};
    inject_check_exemptions(injection, service);
    target.workload = target_workload(injection, service);
    if (!target.workload || !claim_workload(injection, service, target.workload))
        return;
    target.edit = release_edit(&injection->release, target.workload);
    target.windows = target_windows_field(target_pod(&target));
    if (!target_check_service(&target))
        return;
    target.container = target_main_container(&target);
    if (!target.container)
        return;
    warn_not_injected(injection, service);
    inject_probes(&target);
    inject_resources(&target);
    inject_scale(&target);
    inject_variables(&target);
    inject_commands(&target);
    inject_pod(&target);
    inject_security(&target);
    inject_ingress(&target);
}

/* Filling gaps */

/* A container that runs as long as its pod: not one that only starts it. */
static bool keeps_running(const struct node *container, bool init)
{
    return !init || str_eq_c(node_string(node_at(container, "restartPolicy")), "Always");
}

/* Hooks run at Helm's time, and get no more than what policies ask of every container. */
static void fill_container(const struct target *target, bool init)
{
    const struct object *workload = target->workload;
    if (!workload->hook && !workload->ends && keeps_running(target->container, init))
        inject_probes(target);
    inject_resources(target);
    if (!workload->hook && !init) {
        inject_variables(target);
        inject_commands(target);
    }
    inject_security(target);
}

static void fill_containers(struct target *target)
{
    static const char *const lists[] = {"initContainers", "containers"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct node *list = node_at(target_pod(target), lists[i]);
        for (struct node *each = node_first_child(list); each; each = each->next) {
            target->container = node_target(each);
            if (target->container->kind == NODE_MAP)
                fill_container(target, i == 0);
        }
    }
}

/* A Rollout whose pods are those of another object: that is filled, if the chart has it. */
static void tell_missing_pods(const struct target *target)
{
    if (!target->workload->pods_of)
        inject_log(target, target->workload, CHANGE_KEPT, "",
                   "it runs the pods of %.*s, which is not a workload of the chart",
                   STR_ARG(release_reference(target->injection->arena, target->workload)));
}

/* False, and tells why, for a workload that stays as it is. */
static bool can_fill(const struct target *target)
{
    const struct object *workload = target->workload;
    if (inject_is_excluded(target))
        return false;
    const char *unfit = target->injection->unfit[workload->document];
    if (unfit)
        inject_log(target, workload, CHANGE_KEPT, "", "%s", unfit);
    else if (!workload->pod)
        tell_missing_pods(target);
    else
        return target->all || target_check_service(target);
    return false;
}

/* What one workload gets, but not each of several. */
static void fill_alone(struct target *target)
{
    if (!inject_scale_is_requested(target) && !inject_ingress_is_requested(target))
        return;
    if (target->service->helm.all_containers)
        target->container = target_main_container(target);
    if (!target->container)
        return;
    inject_scale(target);
    inject_ingress(target);
}

static void fill_workload(struct injection *injection, const struct service *service,
                          const struct object *workload, bool alone)
{
    struct target target = {.injection = injection,
                            .service = service,
                            .workload = workload,
                            .edit = release_edit(&injection->release, workload),
                            .windows = target_windows_field(workload->pod),
                            .fill = true,
                            .all = !alone};
    if (!can_fill(&target))
        return;
    if (service->helm.all_containers) {
        fill_containers(&target);
    } else {
        target.container = target_main_container(&target);
        if (!target.container)
            return;
        fill_container(&target, false);
    }
    inject_security_log_pod(&target);
    if (workload->hook) {
        inject_report_hook(&target);
        return;
    }
    inject_pod(&target);
    if (alone)
        fill_alone(&target);
}

static bool wants_all(const struct injection *injection, const struct service *service)
{
    const char *flag = injection->options->workload;
    return flag ? strcmp(flag, "*") == 0 : service->helm.all_workloads;
}

/* A flag that chooses something of one workload has no effect on all of them, and one that chooses
 * a container has none on all containers: both are errors. */
static bool check_fill_flags(const struct injection *injection, const struct service *service)
{
    const struct inject_options *options = injection->options;
    bool ok = true;
    if (wants_all(injection, service) && (options->service || options->ingress)) {
        diag_error(injection->diags, service->at, "--%s is for one workload, not for all",
                   options->service ? "service" : "ingress");
        diag_hint(injection->diags, "name the workload: --workload KIND/NAME");
        ok = false;
    }
    if (service->helm.all_containers && options->container) {
        diag_error(injection->diags, service->at,
                   "--container is for one container, and helm has containers: \"*\"");
        diag_hint(injection->diags, "leave out one of the two");
        ok = false;
    }
    return ok;
}

static void fill(struct injection *injection, const struct service *service)
{
    const struct target any = {.injection = injection, .service = service};
    if (!check_fill_flags(injection, service))
        return;
    inject_warn_replicas(&any, "mode: fill removes nothing");
    if (!wants_all(injection, service)) {
        inject_check_exemptions(injection, service);
        const struct object *workload = target_workload(injection, service);
        if (workload)
            fill_workload(injection, service, workload, true);
        return;
    }
    static const enum object_kind types[] = {OBJECT_WORKLOAD, OBJECT_PODS};
    size_t found = 0;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        for (const struct object *object = release_objects(&injection->release, types[i]); object;
             object = object->next) {
            size_t done = injection->event_count;
            found++;
            fill_workload(injection, service, object, false);
            inject_warn_immutable(injection, object, done);
        }
    }
    if (found == 0) {
        diag_warning(injection->diags, service->at, "the chart has no workloads to fill");
        diag_hint(injection->diags, "nothing is changed");
    }
}

/* A run */

struct inject_run {
    struct injection injection;
    struct diags diags;
    const struct service **services;
    size_t service_count;
    struct str *texts; /* of the documents that changed */
};

static void read_layer(struct inject_run *run, struct layer *layer)
{
    const size_t *services = &layer->options->usage->services;
    size_t before = *services;
    size_t index = 0;
    for (const struct module *module; (module = layer_next_service(layer, &index));) {
        const struct service *service = service_read(layer, module);
        if (!service)
            continue;
        run->services =
            arena_grow(run->injection.arena, run->services, run->service_count, sizeof(void *));
        run->services[run->service_count++] = service;
    }
    if (*services == before)
        layer_report_empty(layer);
}

static void check_flags(struct inject_run *run, const struct input_options *input)
{
    const struct inject_options *options = run->injection.options;
    usage_check(input, &run->diags);
    if (run->service_count > 1 &&
        (options->workload || options->container || options->service || options->ingress)) {
        diag_error(&run->diags, NO_LOCATION,
                   "--workload, --container, --service and --ingress are for one service, and "
                   "there are %zu",
                   run->service_count);
        diag_hint(&run->diags, "choose one with --module");
    }
}

/* Reads the services of all files; false after an error. */
static bool read_files(struct inject_run *run, const struct input_options *options)
{
    struct arena *arena = run->injection.arena;
    struct input *inputs;
    size_t count;
    if (!input_list(arena, &run->diags, options, &inputs, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t errors = run->diags.errors;
        const struct source *source = input_read(arena, &run->diags, &inputs[i], NO_LOCATION);
        struct layer *layer = source ? layer_read(arena, &run->diags, options, source) : NULL;
        if (layer)
            read_layer(run, layer);
        else if (!source && run->diags.errors == errors)
            usage_skip_file(options, inputs[i].path);
    }
    if (run->diags.errors == 0)
        check_flags(run, options);
    return run->diags.errors == 0;
}

/* Writing */

static void add_piece(struct injected *injected, struct str piece)
{
    if (piece.len == 0)
        return;
    injected->pieces =
        arena_grow(&injected->arena, injected->pieces, injected->count, sizeof piece);
    injected->pieces[injected->count++] = piece;
}

/* The `# Source:` comment of a document, as Helm 3 writes it. */
static struct str source_comment(struct str document)
{
    struct str line;
    for (size_t at = 0; str_next_line(document, &at, &line);) {
        if (str_starts_with(line, STR("# Source:"))) {
            line.len -= str_ends_with(line, STR("\r"));
            return line;
        }
        if (line.len && line.data[0] != '#' && !stream_is_marked(line))
            break;
    }
    return (struct str){0};
}

/* Appends a new document behind its marker and comment. */
static void write_addition(struct buf *out, const struct node *object, struct str comment,
                           const struct emit_style *style)
{
    struct str newline = str_from_c(style->newline);
    if (comment.len) {
        buf_add(out, comment);
        buf_add(out, newline);
    }
    for (const struct node *value = object->first; value; value = value->next) {
        emit_entry(out, value, 0, style);
        buf_add(out, newline);
    }
}

/* What is put before a document: the additions, each with its marker. */
static struct str additions_before(struct injected *injected, const struct release *release,
                                   size_t document, struct str text)
{
    struct buf out = {0};
    /* Without a marker of its own before it, the document needs one behind what is added. */
    bool marked = stream_is_marked(text);
    /* Behind the `...` of another document what is added needs one as well. */
    bool opens = release->stream.documents[document].start == 0;
    struct emit_style style = {.step = 2, .dash = 0};
    for (size_t i = 0; i < release->addition_count; i++) {
        const struct addition *addition = &release->additions[i];
        if (addition->before != document)
            continue;
        style.newline = edit_newline(&release->edits[document]);
        if (marked || out.len || !opens)
            buf_format(&out, "---%s", style.newline);
        write_addition(&out, addition->node, source_comment(text), &style);
    }
    if (out.len && !marked)
        buf_format(&out, "%s%s", str_starts_with(text, STR("%")) ? "..." : "---", style.newline);
    return buf_take(&injected->arena, &out);
}

static void write_document(struct injected *injected, const struct inject_run *run, size_t i)
{
    const struct release *release = &run->injection.release;
    const struct document *document = &release->stream.documents[i];
    struct str text = run->texts[i];
    if (!text.data)
        text = str_slice(release->source.text, document->start, document->end);
    size_t mark = utf8_bom_len(text);
    add_piece(injected, str_slice(text, 0, mark));
    text = str_skip(text, mark);
    add_piece(injected, additions_before(injected, release, i, text));
    add_piece(injected, text);
}

static bool has_fill(const struct inject_run *run)
{
    for (size_t i = 0; i < run->service_count; i++)
        if (run->services[i]->helm.fill)
            return true;
    return false;
}

/* A document that cannot be edited is an error, or, if its gaps were to be filled, is left: true if
 * it is another one that is. */
static bool leave_unfit(struct inject_run *run, size_t i, const struct diags *refused)
{
    const char **unfit = &run->injection.unfit[i];
    if (*unfit || !has_fill(run)) {
        for (size_t j = 0; j < refused->count; j++) {
            const struct diag *diag = &refused->items[j];
            diag_error(&run->diags, diag->at, "%.*s", STR_ARG(diag->message));
            diag_hint(&run->diags, "%.*s", STR_ARG(diag->hint));
        }
        return false;
    }
    *unfit = str_to_c(run->injection.arena, refused->items[0].message);
    return true;
}

/* Writes the documents that changed. After other errors it only reports what cannot be edited. True
 * if documents are left that were to be filled. */
static bool write_edits(struct inject_run *run)
{
    const struct release *release = &run->injection.release;
    bool ok = run->diags.errors == 0;
    bool left = false;
    run->texts = ARENA_ARRAY(run->injection.arena, release->stream.count, struct str);
    for (size_t i = 0; i < release->stream.count; i++) {
        struct edit *edit = &release->edits[i];
        struct diags refused = {.arena = run->injection.arena};
        struct buf out = {0};
        edit->diags = &refused;
        if (!edit->root || !(edit->refused.errors || (ok && edit_changes(edit))))
            continue;
        if (edit_write(edit, &out))
            run->texts[i] = str_copy(run->injection.arena, buf_str(&out));
        else
            left |= leave_unfit(run, i, &refused);
        buf_free(&out);
    }
    return left;
}

static const char *const deed_words[CHANGE_KINDS] = {
    [CHANGE_ADDED] = "added", [CHANGE_REPLACED] = "replaced", [CHANGE_REMOVED] = "removed",
    [CHANGE_KEPT] = "left",   [CHANGE_CHOSEN] = "chosen",     [CHANGE_IGNORED] = "ignored",
};

static void write_deed(const struct change_event *change_event, struct buf *line, struct buf *out)
{
    size_t start = line->len;
    buf_add(line, change_event->text);
    if (change_event->container.len && change_event->several) {
        buf_add(line, STR(": container "));
        buf_add(line, change_event->container);
    }
    if (change_event->what.len) {
        buf_add(line, STR(": "));
        buf_add(line, change_event->what);
    }
    buf_add(line, STR(": "));
    buf_add(line, str_from_c(deed_words[change_event->kind]));
    if (change_event->detail.len) {
        buf_add(line, STR(" ("));
        buf_add(line, change_event->detail);
        buf_add_byte(line, ')');
    }
    diag_add_visible(out, str_slice(buf_str(line), start, start + DIAG_TEXT_MAX));
    buf_add_byte(out, '\n');
    line->len = start;
}

/* True for what stderr reports too: changes of what the chart says, what could not be set, and
 * choices among several candidates. */
static bool is_always_told(const struct change_event *change_event)
{
    if (change_event->kind == CHANGE_CHOSEN)
        return change_event->guess;
    return change_event->kind != CHANGE_ADDED && change_event->kind != CHANGE_IGNORED;
}

static void write_deeds(const struct injection *injection, struct buf *out, bool all)
{
    struct buf line = {0};
    for (size_t i = 0; i < injection->event_count; i++)
        if (all || is_always_told(&injection->events[i]))
            write_deed(&injection->events[i], &line, out);
    buf_free(&line);
}

static bool injects_nothing(const struct injection *injection)
{
    for (size_t i = 0; i < injection->event_count; i++)
        if (injection->events[i].kind != CHANGE_IGNORED &&
            injection->events[i].kind != CHANGE_CHOSEN)
            return false;
    return true;
}

static void put_event(struct arena *arena, struct node *list,
                      const struct change_event *change_event)
{
    struct node *item = node_append_map(arena, list);
    node_set_string(arena, item, "object", change_event->object);
    if (change_event->namespace.len)
        node_set_string(arena, item, "namespace", change_event->namespace);
    if (change_event->container.len)
        node_set_string(arena, item, "container", change_event->container);
    if (change_event->what.len)
        node_set_string(arena, item, "field", change_event->what);
    if (change_event->detail.len)
        node_set_string(arena, item, "detail", change_event->detail);
}

/* All deeds as JSON, by what was done; `ignored` only if there are any. */
static void write_report(const struct injection *injection, struct buf *out)
{
    struct arena *arena = injection->arena;
    struct node *root = node_new(arena, NODE_MAP);
    for (enum change_kind kind = CHANGE_ADDED; kind < CHANGE_KINDS; kind++) {
        struct node *list = node_new(arena, NODE_LIST);
        for (size_t i = 0; i < injection->event_count; i++)
            if (injection->events[i].kind == kind)
                put_event(arena, list, &injection->events[i]);
        if (kind != CHANGE_IGNORED || list->first)
            node_set(arena, root, deed_words[kind], list);
    }
    emit_json(out, root, 0);
    buf_add_byte(out, '\n');
}

/* In one pass over the lines, and not for ever. */
static void tell_glued(const struct injection *injection, struct buf *out)
{
    enum { TOLD = 20 };
    const struct release *release = &injection->release;
    struct str text = release->source.text;
    size_t told = 0;
    size_t line = 1;
    size_t at = 0;
    for (size_t i = 0; i < release->stream.count && told < TOLD; i++) {
        const struct document *document = &release->stream.documents[i];
        if (!document->broken_marker)
            continue;
        for (; at < document->broken_marker_at; at = str_find(text, at, '\n') + 1)
            line++;
        buf_format(out, "line %zu: a --- has lost its line break: its document is left as it is\n",
                   line);
        told++;
    }
}

static void write_log(const struct inject_run *run, const struct input_options *input,
                      struct buf *out)
{
    usage_write_skipped(input, out);
    diags_write(&run->diags, out, false);
    tell_glued(&run->injection, out);
    if (run->diags.errors)
        return;
    write_deeds(&run->injection, out, true);
    if (injects_nothing(&run->injection))
        buf_add(out, STR("nothing was injected\n"));
}

static void tell(const struct inject_run *run, const struct input_options *input, bool color,
                 struct injected *ret)
{
    usage_write_skipped(input, &ret->messages);
    diags_write(&run->diags, &ret->messages, color);
    tell_glued(&run->injection, &ret->messages);
    if (run->diags.errors == 0)
        write_deeds(&run->injection, &ret->messages, run->injection.options->dry_run);
    if (run->injection.options->log_file)
        write_log(run, input, &ret->log);
    if (run->diags.errors == 0 && run->injection.options->report)
        write_report(&run->injection, &ret->report);
}

/* Those that fill gaps come last: they are for what the others leave. */
static void inject_services(struct inject_run *run, const struct source *manifests,
                            struct stream stream)
{
    struct injection *injection = &run->injection;
    injection->release = release_begin(injection->arena, &run->diags, manifests, stream);
    for (size_t i = 0; i < run->service_count; i++)
        if (!run->services[i]->helm.fill)
            override(injection, run->services[i]);
    for (size_t i = 0; i < run->service_count; i++)
        if (run->services[i]->helm.fill)
            fill(injection, run->services[i]);
    for (size_t i = 0; i < run->service_count; i++)
        note_ignored(injection, run->services[i]);
}

/* Begins again without the documents that turn out to be unfit, so that all that is decided and
 * reported is true of the others. */
static void inject_all(struct inject_run *run, const struct source *manifests, struct stream stream)
{
    const struct diags diags = run->diags;
    run->injection.unfit = ARENA_ARRAY(run->injection.arena, stream.count, const char *);
    const struct injection injection = run->injection;
    do {
        run->diags = diags;
        run->injection = injection;
        inject_services(run, manifests, stream);
    } while (write_edits(run));
}

/* Helm 3 takes an empty answer for a chart without objects, and deletes them all. */
static void write_nothing(const struct source *manifests, struct injected *ret)
{
    add_piece(ret, manifests->text);
    if (str_find(manifests->text, 0, '#') < manifests->text.len)
        return; /* it is a comment already */
    if (manifests->text.len && !str_ends_with(manifests->text, STR("\n")))
        add_piece(ret, STR("\n"));
    add_piece(ret, STR("# optasvc: nothing was rendered\n"));
}

static bool check_count(struct inject_run *run, const struct source *manifests,
                        const struct stream *stream)
{
    if (!stream->cut)
        return true;
    size_t next = stream->documents[stream->count - 1].end;
    struct location at = {.source = manifests, .start = next, .end = next};
    diag_error(&run->diags, at, "more than %d documents in the manifests", STREAM_DOCUMENTS_MAX);
    return false;
}

/* What holds only blanks, comments and markers has no document. */
static bool check_input(struct inject_run *run, bool blank)
{
    if (!blank || !run->injection.options->require_input)
        return true;
    diag_error(&run->diags, NO_LOCATION, "there are no manifests on standard input");
    diag_hint(&run->diags,
              "the command before the pipe may have failed; if the chart may render nothing, leave "
              "out --require-input");
    return false;
}

bool inject(const struct input_options *input, const struct inject_options *options,
            const struct source *manifests, struct stream stream, bool color, struct injected *ret)
{
    *ret = (struct injected){0};
    struct inject_run run = {.diags = {.arena = &ret->arena}};
    const struct release *release = &run.injection.release;
    input = usage_start(&ret->arena, input);
    run.injection =
        (struct injection){.arena = &ret->arena, .diags = &run.diags, .options = options};
    bool blank = stream_is_blank(manifests->text);
    if (read_files(&run, input) && check_input(&run, blank) &&
        check_count(&run, manifests, &stream) && !blank)
        inject_all(&run, manifests, stream);
    for (size_t i = 0; run.diags.errors == 0 && i < release->stream.count; i++)
        write_document(ret, &run, i);
    tell(&run, input, color, ret);
    if (options->dry_run || run.diags.errors)
        ret->count = 0;
    if (run.diags.errors)
        return false;
    if (blank)
        write_nothing(manifests, ret);
    else if (options->dry_run)
        add_piece(ret, manifests->text);
    return true;
}

void injected_free(struct injected *injected)
{
    buf_free(&injected->messages);
    buf_free(&injected->log);
    buf_free(&injected->report);
    arena_free(&injected->arena);
}
