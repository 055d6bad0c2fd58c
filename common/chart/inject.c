#include "chart/inject.h"

#include "base/utf8.h"
#include "chart/addition.h"
#include "chart/inject_diff.h"
#include "chart/inject_report.h"
#include "config/allow.h"
#include "config/diag_report.h"
#include "config/source.h"
#include "config/usage.h"
#include "service/service_rules.h"
#include "yaml/emit.h"

#include <string.h>

struct inject_run {
    struct injection injection;
    struct diags diags;
    const struct service **services;
    size_t service_count;
    /* By document: */
    struct str *edited_texts; /* {NULL, 0}: not edited */
    struct edit_failure **failures;
    struct edit_replacements *replacements; /* of `edited_texts`; NULL without --diff */
    /* For writing a document: */
    struct arena scratch;
    struct buf out;
    struct inject_diff diff; /* of --diff */
};

/* Why a document cannot be edited. */
struct edit_failure {
    struct diags diags;
    bool is_refused; /* found before the document was written */
};

/* Services */

static void warn_not_injected(const struct injection *injection, const struct service *service)
{
    static const enum field_id fields[] = {
        SERVICE_PERSISTENT_STORAGE, SERVICE_CRON_JOBS,       SERVICE_PRE_DEPLOY,
        SERVICE_IAM_POLICIES,       SERVICE_IAM_ROLE_ARN,    SERVICE_GCP_SERVICE_ACCOUNT,
        SERVICE_AZURE_CLIENT_ID,    SERVICE_LOAD_BALANCER,   SERVICE_SERVICE_ANNOTATIONS,
        SERVICE_UPDATE_STRATEGY,    SERVICE_NETWORK_POLICY,  SERVICE_INIT_CONTAINERS,
        SERVICE_SIDECARS,           SERVICE_KEEP_PATH_PREFIX};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!service_has(service, fields[i]) ||
            (fields[i] == SERVICE_KEEP_PATH_PREFIX && service->route_count))
            continue; /* inject_ingress() warns unless a new Ingress supports it */
        diag_warning(injection->diags, record_location(service->record, fields[i]),
                     RULE_NOT_INJECTED, "%s is not injected into charts",
                     schema_field(fields[i])->name);
        diag_hint(injection->diags, "%s",
                  fields[i] == SERVICE_PRE_DEPLOY
                      ? "add a Job to the chart that is a hook of Helm, with the annotation "
                        "helm.sh/hook: pre-install,pre-upgrade"
                      : "configure it in the chart's values");
    }
}

/* True if traffic settings or a new probe use `port`. Otherwise the chart's ports apply. */
static bool is_port_used(struct injection *injection, const struct service *service)
{
    const struct target target = {.injection = injection, .service = service};
    return inject_ingress_is_requested(&target) || map_get_object(&injection->port_users, service);
}

static void log_ignored(struct injection *injection, const struct service *service)
{
    static const struct {
        enum field_id field;
        const char *reason;
    } fields[] = {{SERVICE_IMAGE, "the chart sets the image"},
                  {SERVICE_PORT, "the chart sets the ports"}};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!service_has(service, fields[i].field) ||
            (fields[i].field == SERVICE_PORT && is_port_used(injection, service)))
            continue;
        struct change_event event = {.kind = CHANGE_IGNORED,
                                     .service = service,
                                     .what = str_from_c(schema_field(fields[i].field)->name),
                                     .detail = str_from_c(fields[i].reason)};
        struct event_list *events = &injection->events;
        events->items = arena_grow(injection->arena, events->items, events->count, sizeof event);
        events->items[events->count++] = event;
    }
}

static void override(struct injection *injection, const struct service *service)
{
    struct target target = {.injection = injection, .service = service};
    inject_check_exclusions(injection, service);
    target.workload = target_select_workload(injection, service);
    if (!target.workload || !target_claim_workload(injection, service, target.workload))
        return;
    inject_check_hooks(&target);
    target.edit = release_edit(target.workload);
    target.windows = target_windows_field(target_pod(&target));
    if (!target_check_service(&target))
        return;
    target.container = target_select_container(&target);
    if (!target.container)
        return;
    warn_not_injected(injection, service);
    inject_probes(&target);
    inject_resources(&target);
    inject_scale(&target);
    inject_variables(&target);
    inject_commands(&target);
    inject_pull_policy(&target);
    inject_volumes(&target);
    inject_pod(&target);
    inject_placement(&target);
    inject_security(&target);
    violations_report_pod(&target);
    inject_ingress(&target);
    inject_convert_request(&target);
}

/* Fill mode */

/* True for a container that runs as long as its pod: a sidecar, or not an init container. */
static bool keeps_running(const struct node *container, bool init)
{
    return !init || str_eq_c(node_string(node_at(container, "restartPolicy")), "Always");
}

/* Hooks get only the settings that admission policies often require of every container. */
static void fill_container(const struct target *target, bool init)
{
    const struct object *workload = target->workload;
    if (!workload->hook && !workload->completes && keeps_running(target->container, init))
        inject_probes(target);
    inject_resources(target);
    if (!workload->hook)
        inject_pull_policy(target);
    if (!workload->hook && !init) {
        inject_variables(target);
        inject_commands(target);
        inject_volumes(target);
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

/* A Rollout with `workloadRef` has no pod template. Reports it unless the chart has the object that
 * it refers to, which is filled instead. */
static void log_missing_template(const struct target *target)
{
    if (!target->workload->workload_ref)
        inject_log(target, target->workload, CHANGE_SKIPPED, "",
                   "it runs the pods of %.*s, which is not a workload of the chart",
                   STR_ARG(release_workload_ref(target->injection->arena, target->workload)));
}

/* Reports why and returns false if the workload cannot be filled. */
static bool can_fill(const struct target *target)
{
    const struct object *workload = target->workload;
    if (inject_is_excluded(target))
        return false;
    const char *reason = target->injection->edit_failures[workload->document];
    if (reason)
        inject_log(target, workload, CHANGE_SKIPPED, "", "%s", reason);
    else if (!workload->has_pod)
        log_missing_template(target);
    else
        return target->all_workloads || target_check_service(target);
    return false;
}

/* Applies settings that need a single workload: scale and traffic. */
static void fill_single_workload(struct target *target)
{
    if (!inject_scale_is_requested(target) && !inject_ingress_is_requested(target))
        return;
    if (target->service->helm.all_containers)
        target->container = target_select_container(target);
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
                            .edit = release_edit(workload),
                            .windows = target_windows_field(object_pod(workload)),
                            .fill = true,
                            .all_workloads = !alone};
    if (!can_fill(&target))
        return;
    if (service->helm.all_containers) {
        fill_containers(&target);
    } else {
        target.container = target_select_container(&target);
        if (!target.container)
            return;
        fill_container(&target, false);
    }
    violations_report_pod(&target);
    if (workload->hook) {
        inject_report_hook(&target);
        return;
    }
    inject_pod(&target);
    inject_placement(&target);
    if (alone)
        fill_single_workload(&target);
}

static bool selects_all(const struct injection *injection, const struct service *service)
{
    const char *flag = injection->options->workload;
    return flag ? strcmp(flag, "*") == 0 : service->helm.all_workloads;
}

/* Reports an error and returns false if all workloads are filled and a flag selects an object of
 * one workload, or if all containers are filled and --container is given. */
static bool check_fill_flags(const struct injection *injection, const struct service *service)
{
    const struct inject_options *options = injection->options;
    bool ok = true;
    if (selects_all(injection, service) && (options->service || options->ingress)) {
        diag_error(injection->diags, service->at, RULE_USAGE,
                   "--%s cannot be used when all workloads are filled",
                   options->service ? "service" : "ingress");
        diag_hint(injection->diags, "select one workload: --workload KIND/NAME");
        ok = false;
    }
    if (service->helm.all_containers && options->container) {
        diag_error(injection->diags, service->at, RULE_USAGE,
                   "--container and helm: {containers: \"*\"} are mutually exclusive");
        diag_hint(injection->diags, "remove one of them");
        ok = false;
    }
    return ok;
}

/* True if the trees of a workload and of the Rollout that runs its pods are not loaded: then they
 * have no changes yet. */
static bool is_untouched(const struct object *workload)
{
    return !object_is_loaded(workload) &&
           !(workload->rollout && object_is_loaded(workload->rollout));
}

static void fill_each(struct injection *injection, const struct service *service,
                      const struct object *workload)
{
    size_t first_event = injection->events.count;
    fill_workload(injection, service, workload, false);
    inject_warn_immutable(injection, workload, first_event);
}

static void write_edit(struct inject_run *run, size_t i);

/* Fills a workload and writes its document, so that its tree need not be kept. */
static void fill_and_write(struct inject_run *run, const struct service *service,
                           const struct object *workload)
{
    struct injection *injection = &run->injection;
    struct release *release = &injection->release;
    struct event_list before = injection->events;
    injection->events = (struct event_list){0};
    if (is_untouched(workload))
        injection->arena = &release->scope->arena;
    fill_each(injection, service, workload);
    for (const struct chart_document *each = release->scope->loaded; each; each = each->next_loaded)
        write_edit(run, (size_t)(each - release->documents));
    struct event_list events = injection->events;
    injection->events = before;
    inject_keep_events(injection, events);
    injection->arena = injection->run_arena;
    injection->cached_workload = injection->volumes_workload = NULL;
    release_clear(release);
}

/* Returns the number of workloads. `last`: no other service changes them. */
static size_t fill_all(struct inject_run *run, const struct service *service, bool last)
{
    static const enum object_kind types[] = {OBJECT_WORKLOAD, OBJECT_PODS};
    struct release *release = &run->injection.release;
    struct tree_scope scope;
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const struct object *object = release_objects(release, types[i]);
        if (last)
            release_open(release, &scope);
        for (; object; object = object->next, count++) {
            if (last)
                fill_and_write(run, service, object);
            else
                fill_each(&run->injection, service, object);
        }
        if (last)
            release_close(release);
    }
    return count;
}

/* `last`: no other service follows. */
static void fill(struct inject_run *run, const struct service *service, bool last)
{
    struct injection *injection = &run->injection;
    const struct target any = {.injection = injection, .service = service};
    if (!check_fill_flags(injection, service))
        return;
    warn_not_injected(injection, service);
    inject_warn_replicas(&any, "mode: fill removes nothing");
    if (inject_convert_is_requested(&any)) {
        diag_error(injection->diags, target_helm_location(service, HELM_CONVERT_INGRESS),
                   RULE_CONFLICTING_FIELDS,
                   "%s is not possible with mode: fill, which removes nothing",
                   inject_convert_name(injection));
        diag_hint(injection->diags, "use a service with mode: override");
    }
    if (!selects_all(injection, service)) {
        inject_check_exclusions(injection, service);
        const struct object *workload = target_select_workload(injection, service);
        if (workload)
            fill_workload(injection, service, workload, true);
        return;
    }
    if (fill_all(run, service, last) == 0) {
        diag_warning(injection->diags, service->at, RULE_WORKLOAD_NOT_FOUND,
                     "the chart has no workloads to fill");
        diag_hint(injection->diags, "nothing was changed; enable a workload in the chart's values");
    }
}

/* Input */

static void read_layer(struct inject_run *run, struct layer *layer)
{
    const size_t *services = &layer->options->usage->service_count;
    size_t before = *services;
    size_t index = 0;
    for (const struct module *module; (module = layer_next_service(layer, &index));) {
        const struct service *service = service_read(layer, module);
        if (!service)
            continue;
        service_check_rules(service);
        run->services =
            arena_grow(run->injection.arena, run->services, run->service_count, sizeof(void *));
        run->services[run->service_count++] = service;
        run->injection.has_fill |= service->helm.fill;
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
        diag_error(&run->diags, NO_LOCATION, RULE_USAGE,
                   "--workload, --container, --service and --ingress require exactly one service, "
                   "but there are %zu",
                   run->service_count);
        diag_hint(&run->diags, "select one with --module NAME");
    }
    bool converts = options->convert_ingress;
    for (size_t i = 0; i < run->service_count; i++)
        converts |= run->services[i]->helm.convert_ingress;
    if (options->best_effort && !converts) {
        diag_warning(&run->diags, NO_LOCATION, RULE_NO_EFFECT,
                     "--best-effort has no effect: no Ingress is converted");
        diag_hint(&run->diags, "pass --convert-ingress too, or remove it");
    }
}

/* Reads the services of all files. Reports errors and returns false if a file is invalid. */
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

/* Output */

static void add_piece(struct injected *injected, struct str piece)
{
    if (piece.len == 0)
        return;
    injected->pieces =
        arena_grow(&injected->arena, injected->pieces, injected->count, sizeof piece);
    injected->pieces[injected->count++] = piece;
}

/* Returns the documents that are inserted before a document, each with its marker. */
static struct str additions_before(struct injected *injected, const struct release *release,
                                   size_t document, struct str text)
{
    struct buf out = {0};
    /* A document without a marker needs one after the additions. */
    bool marked = stream_is_marked(text);
    /* Additions need a marker too if another document ends before them, for example with `...`. */
    bool is_first = release->stream.documents[document].start == 0;
    struct emit_style style = {.step = 2, .dash = 0};
    for (const struct addition *addition = release->additions[document].first; addition;
         addition = addition->next) {
        style.newline = addition->newline;
        if (marked || out.len || !is_first)
            buf_format(&out, "---%s", style.newline);
        addition_write(&out, addition->node, addition_source_comment(text), &style);
    }
    if (out.len && !marked && release->removed[document] != REMOVED_DOCUMENT)
        buf_format(&out, "%s%s", str_starts_with(text, STR("%")) ? "..." : "---", style.newline);
    return buf_take(&injected->arena, &out);
}

static void write_document(struct injected *injected, struct inject_run *run, size_t i)
{
    const struct release *release = &run->injection.release;
    const struct document *document = &release->stream.documents[i];
    struct str edited = run->edited_texts[i];
    struct str text = edited;
    if (!text.data)
        text = str_slice(release->source.text, document->start, document->end);
    size_t bom_len = utf8_bom_len(text);
    add_piece(injected, str_slice(text, 0, bom_len));
    text = str_skip(text, bom_len);
    struct str additions = additions_before(injected, release, i, text);
    add_piece(injected, additions);
    if (run->replacements)
        inject_diff_add(&run->diff, i, additions, edited, &run->replacements[i]);
    if (release->removed[i] != REMOVED_DOCUMENT)
        add_piece(injected, text);
}

/* Handles a document that cannot be edited. If a service uses fill mode, records why and returns
 * true, so that a second run skips the document. Reports errors and returns false if there is no
 * such service or the failure was recorded before. */
static bool record_edit_failure(struct inject_run *run, size_t i, const struct diags *failures)
{
    const char **reason = &run->injection.edit_failures[i];
    if (*reason || !run->injection.has_fill) {
        for (size_t j = 0; j < failures->count; j++) {
            const struct diag *diag = &failures->items[j];
            diag_error(&run->diags, diag->at, diag->rule, "%.*s", STR_ARG(diag->message));
            diag_hint(&run->diags, "%.*s", STR_ARG(diag->hint));
        }
        return false;
    }
    *reason = str_to_c(run->diags.arena, failures->items[0].message);
    return true;
}

/* Writes a loaded document if it was changed. After other errors, only finds out whether it cannot
 * be edited. */
static void write_edit(struct inject_run *run, size_t i)
{
    struct edit *edit = run->injection.release.documents[i].edit;
    struct arena *arena = run->injection.run_arena;
    struct edit_failure failure = {.diags = {.arena = arena},
                                   .is_refused = edit->refused.errors > 0};
    if (!failure.is_refused && (run->diags.errors || !edit_changes(edit)))
        return;
    run->out.len = 0;
    edit->diags = &failure.diags;
    edit->scratch = &run->scratch;
    if (run->replacements) {
        edit->replacements = &run->replacements[i];
        edit->replacements->arena = arena;
    }
    if (edit_write(edit, &run->out)) {
        run->edited_texts[i] = str_copy(arena, buf_str(&run->out));
    } else {
        run->failures[i] = ARENA_NEW(arena, struct edit_failure);
        *run->failures[i] = failure;
    }
}

/* Writes the changed documents that are still loaded. Returns true if a document cannot be edited,
 * so that the injection must run again. */
static bool write_edits(struct inject_run *run)
{
    const struct release *release = &run->injection.release;
    bool ok = run->diags.errors == 0;
    bool must_rerun = false;
    for (size_t i = 0; i < release->stream.count; i++)
        if (release->documents[i].edit && release->removed[i] != REMOVED_DOCUMENT)
            write_edit(run, i);
    for (size_t i = 0; i < release->stream.count; i++) {
        const struct edit_failure *failure = run->failures[i];
        if (failure && (ok || failure->is_refused))
            must_rerun |= record_edit_failure(run, i, &failure->diags);
    }
    return must_rerun;
}

/* Reports markers without a line break; at most SHOWN_MAX. */
static void report_broken_markers(const struct injection *injection, struct buf *out)
{
    enum { SHOWN_MAX = 20 };
    const struct release *release = &injection->release;
    struct str text = release->source.text;
    size_t shown = 0;
    size_t line = 1;
    size_t at = 0;
    for (size_t i = 0; i < release->stream.count && shown < SHOWN_MAX; i++) {
        const struct document *document = &release->stream.documents[i];
        if (!document->broken_marker)
            continue;
        for (; at < document->broken_marker_at; at = str_find(text, at, '\n') + 1)
            line++;
        buf_format(out,
                   "line %zu: text follows --- without a line break: the document is not changed\n",
                   line);
        shown++;
    }
}

static void write_log(const struct inject_run *run, const struct input_options *input,
                      struct buf *out)
{
    usage_write_skipped(input, out);
    diags_write(&run->diags, out, false);
    report_broken_markers(&run->injection, out);
    if (run->diags.errors)
        return;
    inject_write_events(&run->injection, out, true);
    if (!inject_has_changes(&run->injection))
        buf_add(out, STR("nothing was injected\n"));
}

static void write_text(const struct inject_run *run, const struct input_options *input, bool color,
                       struct buf *out)
{
    usage_write_skipped(input, out);
    diags_write(&run->diags, out, color);
    report_broken_markers(&run->injection, out);
    if (run->diags.errors == 0)
        inject_write_events(&run->injection, out, run->injection.options->dry_run);
}

/* Writes errors, warnings and other messages in the format of --output. The changes are keys of
 * the format json, and lines of the others. */
static void write_report(const struct inject_run *run, const struct input_options *input,
                         struct buf *out)
{
    const struct inject_options *options = run->injection.options;
    struct diag_report report = diag_report_begin(run->diags.arena, options->format);
    struct buf notes = {0};
    usage_write_skipped(input, &notes);
    report_broken_markers(&run->injection, &notes);
    if (run->diags.errors == 0 && diag_report_is_json(&report))
        inject_list_events(&run->injection, report.root);
    else if (run->diags.errors == 0)
        inject_write_events(&run->injection, &notes, options->dry_run);
    diag_report_add(&report, &run->diags);
    diag_report_add_notes(&report, buf_str(&notes));
    diag_report_write(&report, out);
    buf_free(&notes);
}

static void write_json(const struct inject_run *run, struct buf *out)
{
    struct node *root = node_new(run->injection.arena, NODE_MAP);
    inject_list_events(&run->injection, root);
    emit_json(out, root, 0);
    buf_add_byte(out, '\n');
}

static void write_messages(const struct inject_run *run, const struct input_options *input,
                           bool color, struct injected *ret)
{
    const struct inject_options *options = run->injection.options;
    if (!options->format || options->report)
        write_text(run, input, color, &ret->messages);
    if (options->log_file)
        write_log(run, input, &ret->log);
    if (options->format)
        write_report(run, input, options->report ? &ret->report : &ret->messages);
    else if (options->report && run->diags.errors == 0)
        write_json(run, &ret->report);
}

/* Services in fill mode run last, after all overrides. */
static void inject_services(struct inject_run *run, const struct source *manifests,
                            struct stream stream)
{
    struct injection *injection = &run->injection;
    size_t last = 0;
    injection->release = release_begin(injection->arena, &run->diags, manifests, stream);
    run->edited_texts = ARENA_ARRAY(injection->run_arena, stream.count, struct str);
    run->failures = ARENA_ARRAY(injection->run_arena, stream.count, struct edit_failure *);
    if (injection->options->diff)
        run->replacements =
            ARENA_ARRAY(injection->run_arena, stream.count, struct edit_replacements);
    for (size_t i = 0; i < run->service_count; i++) {
        if (run->services[i]->helm.fill)
            last = i;
        else
            override(injection, run->services[i]);
    }
    for (size_t i = 0; i < run->service_count; i++)
        if (run->services[i]->helm.fill)
            fill(run, run->services[i], i == last);
    inject_convert(injection);
    for (size_t i = 0; i < run->service_count; i++)
        log_ignored(injection, run->services[i]);
}

/* Starts again after a document turned out not to be editable, because decisions about the other
 * documents may depend on it. */
static void inject_all(struct inject_run *run, struct arena *arena, const struct source *manifests,
                       struct stream stream)
{
    const struct diags diags = run->diags;
    run->injection.edit_failures = ARENA_ARRAY(diags.arena, stream.count, const char *);
    run->injection.arena = run->injection.run_arena = arena;
    const struct injection injection = run->injection;
    do {
        arena_reset(arena);
        run->diags = diags;
        run->injection = injection;
        inject_services(run, manifests, stream);
    } while (write_edits(run));
    arena_free(&run->scratch);
    buf_free(&run->out);
}

/* Copies blank input, and adds a comment if it has none: Helm 3 treats empty output as a chart
 * without objects, and deletes them all. The comment is no difference. */
static void write_blank(const struct source *manifests, struct injected *ret)
{
    add_piece(ret, manifests->text);
    if (str_find(manifests->text, 0, '#') < manifests->text.len)
        return; /* blank input with a # has a comment */
    struct str comment = STR("\n# optasvc: nothing was rendered\n");
    if (manifests->text.len == 0 || str_ends_with(manifests->text, STR("\n")))
        comment = str_skip(comment, 1);
    add_piece(ret, comment);
}

static bool check_document_count(struct inject_run *run, const struct source *manifests,
                                 const struct stream *stream)
{
    if (!stream->cut)
        return true;
    size_t next = stream->documents[stream->count - 1].end;
    struct location at = {.source = manifests, .start = next, .end = next};
    diag_error(&run->diags, at, RULE_LIMIT_EXCEEDED,
               "too many documents in the manifests (maximum %d)", STREAM_DOCUMENTS_MAX);
    diag_hint(&run->diags, "split the chart into several releases");
    return false;
}

/* Reports an error and returns false if --require-input is set and the input has no documents. */
static bool check_input(struct inject_run *run, bool blank)
{
    if (!blank || !run->injection.options->require_input)
        return true;
    diag_error(&run->diags, NO_LOCATION, RULE_NO_MANIFESTS, "no manifests on standard input");
    diag_hint(&run->diags,
              "check whether the command before the pipe failed; if the chart may render nothing, "
              "remove --require-input");
    return false;
}

bool inject(const struct input_options *input, const struct inject_options *options,
            const struct source *manifests, struct stream stream, bool color, struct injected *ret)
{
    *ret = (struct injected){0};
    struct diag_policy policy = allow_read_flags(input);
    struct inject_run run = {.diags = {.arena = &ret->arena, .policy = &policy}};
    const struct release *release = &run.injection.release;
    input = usage_start(&ret->arena, input);
    run.injection = (struct injection){
        .arena = &ret->arena, .run_arena = &ret->arena, .diags = &run.diags, .options = options};
    bool blank = stream_is_blank(manifests->text);
    if (read_files(&run, input) && check_input(&run, blank) &&
        check_document_count(&run, manifests, &stream) && !blank)
        inject_all(&run, &ret->chart, manifests, stream);
    if (input->strict)
        diags_promote_warnings(&run.diags);
    run.diff = (struct inject_diff){.arena = &ret->arena, .release = release};
    for (size_t i = 0; run.diags.errors == 0 && i < release->stream.count; i++)
        write_document(ret, &run, i);
    write_messages(&run, input, color, ret);
    if (options->dry_run || run.diags.errors)
        ret->count = 0;
    if (run.diags.errors)
        return false;
    if (blank)
        write_blank(manifests, ret);
    else if (options->dry_run)
        add_piece(ret, manifests->text);
    if (options->diff)
        inject_diff_write(&run.diff, manifests->text, options->diff_color, &ret->diff);
    return true;
}

void inject_fail(const struct inject_options *options, const struct diags *diags, bool color,
                 struct injected *ret)
{
    *ret = (struct injected){0};
    if (!options->format || options->report)
        diags_write(diags, &ret->messages, color);
    if (options->log_file)
        diags_write(diags, &ret->log, false);
    if (!options->format)
        return;
    struct diag_report report = diag_report_begin(&ret->arena, options->format);
    diag_report_add(&report, diags);
    diag_report_write(&report, options->report ? &ret->report : &ret->messages);
}

void injected_free(struct injected *injected)
{
    buf_free(&injected->messages);
    buf_free(&injected->log);
    buf_free(&injected->report);
    buf_free(&injected->diff);
    arena_free(&injected->chart);
    arena_free(&injected->arena);
}
