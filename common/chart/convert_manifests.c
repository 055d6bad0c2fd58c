#include "chart/convert_manifests.h"

#include "chart/addition.h"
#include "chart/convert_objects.h"
#include "chart/release.h"

struct run {
    struct arena *arena;
    struct diags diags;
    struct release *releases; /* one for each file */
    struct convert convert;
    size_t converted_count; /* Ingresses that are not hooks */
    size_t hook_count;
    struct map services;         /* by "NAMESPACE/NAME" */
    struct map services_by_name; /* the first one of each name */
    struct map classes;          /* IngressClasses by name */
};

/* Input */

static struct str full_name(struct arena *arena, struct str namespace, struct str name)
{
    return STR_JOIN(arena, namespace, STR("/"), name);
}

static bool check_document_count(struct run *run, const struct source *file,
                                 const struct stream *stream)
{
    if (!stream->cut)
        return true;
    diag_error(&run->diags, location_file(file), RULE_LIMIT_EXCEEDED,
               "too many documents (maximum %d)", STREAM_DOCUMENTS_MAX);
    diag_hint(&run->diags, "split the file");
    return false;
}

static void read_file(struct run *run, const struct source *file, struct release *release)
{
    struct stream_parser parser = {.arena = run->arena};
    const struct stream stream = stream_finish(&parser, file->text);
    *release = release_begin(run->arena, &run->diags, file, stream);
    release->source.secret = false;
    if (!check_document_count(run, file, &stream))
        return;
    for (const struct object *each = release_objects(release, OBJECT_SERVICE); each;
         each = each->next) {
        map_add(run->arena, &run->services, full_name(run->arena, each->namespace, each->name),
                object_node(each));
        map_add(run->arena, &run->services_by_name, each->name, object_node(each));
    }
    for (const struct object *each = release_objects(release, OBJECT_INGRESS_CLASS); each;
         each = each->next)
        map_add(run->arena, &run->classes, each->name, each);
    release_objects(release, OBJECT_INGRESS);
}

/* An object without a namespace may be in any. */
static const struct node *find_service(void *context, const struct convert_ingress *ingress,
                                       struct str name)
{
    const struct run *run = context;
    const struct node *found =
        map_get(&run->services, full_name(run->arena, ingress->namespace, name));
    if (!found)
        found = ingress->namespace.len
                    ? map_get(&run->services, full_name(run->arena, STR(""), name))
                    : map_get(&run->services_by_name, name);
    return found;
}

/* Determines the controller by the IngressClass, if the manifests have it, else by its name. */
static bool is_nginx(struct run *run, const struct object *ingress)
{
    struct str class = release_class(ingress);
    const struct object *object = map_get(&run->classes, class);
    if (class.len == 0) {
        diag_warning(&run->diags, object_location(ingress), RULE_ASSUMED_CLASS,
                     "Ingress/%.*s has no class; assuming that its controller is ingress-nginx",
                     STR_ARG(ingress->name));
        diag_hint(&run->diags, "set spec.ingressClassName");
        return true;
    }
    enum flavour_id flavour =
        object ? flavour_of_controller(node_string(node_at(object_node(object), "spec controller")))
               : flavour_of_class(class);
    return flavour == FLAVOUR_NGINX;
}

static void add_ingresses(struct run *run, struct release *release)
{
    for (const struct object *each = release_objects(release, OBJECT_INGRESS); each;
         each = each->next) {
        if (each->hook)
            convert_warn_hook(&run->diags, each, object_kind_name(run->arena, each));
        run->hook_count += each->hook;
        run->converted_count += !each->hook;
        convert_add_object(&run->convert, each, is_nginx(run, each), !each->hook);
    }
}

/* Output */

static struct str document_of(const struct convert_ingress *ingress)
{
    const struct object *object = ingress->object;
    const struct source *source = object_node(object)->span.source;
    const struct release *release = object->release;
    const struct document *document = &release->stream.documents[object->document];
    return str_slice(source->text, document->start, document->end);
}

static void write_manifests(const struct run *run, struct buf *out)
{
    static const struct emit_style style = {.step = 2, .dash = 0, .newline = "\n"};
    for (size_t i = 0; i < run->convert.count; i++) {
        const struct convert_ingress *ingress = &run->convert.ingresses[i];
        for (size_t j = 0; j < ingress->object_count; j++) {
            buf_add(out, STR("---\n"));
            addition_write(out, ingress->objects[j], addition_source_comment(document_of(ingress)),
                           &style);
        }
    }
}

static void write_report(struct run *run, struct buf *out)
{
    struct arena *arena = run->arena;
    struct node *root = node_new(arena, NODE_MAP);
    struct node *list = node_set_list(arena, root, "converted");
    for (size_t i = 0; i < run->convert.count; i++) {
        const struct convert_ingress *ingress = &run->convert.ingresses[i];
        if (!ingress->is_converted)
            continue;
        struct node *item = node_append_map(arena, list);
        node_set_string(arena, item, "object", STR_JOIN(arena, STR("Ingress/"), ingress->name));
        if (ingress->namespace.len)
            node_set_string(arena, item, "namespace", ingress->namespace);
        node_set_string(arena, item, "detail", convert_objects_format(arena, ingress));
    }
    node_set(arena, root, "differences", convert_differences_list(arena, &run->convert));
    emit_json(out, root, 0);
    buf_add_byte(out, '\n');
}

static void write_differences(const struct run *run, struct buf *out)
{
    for (size_t i = 0; i < run->convert.difference_count; i++) {
        const struct convert_difference *difference = &run->convert.differences[i];
        if (difference->is_lost) /* a warning */
            continue;
        struct str line = STR_JOIN(run->arena, convert_difference_title(run->arena, difference),
                                   STR(": "), difference->about, STR(": "), difference->detail);
        diag_add_visible(out, str_slice(line, 0, DIAG_TEXT_MAX));
        buf_add_byte(out, '\n');
    }
}

bool convert_manifests(const struct source *files, size_t count,
                       const struct gateway_options *gateway, bool best_effort, bool color,
                       struct converted *ret)
{
    *ret = (struct converted){0};
    struct run run = {.arena = &ret->arena, .diags = {.arena = &ret->arena}};
    run.releases = ARENA_ARRAY(run.arena, count, struct release);
    run.convert = (struct convert){.arena = run.arena,
                                   .diags = &run.diags,
                                   .gateway = gateway_of_flags(run.arena, &run.diags, gateway),
                                   .best_effort = best_effort,
                                   .find_service = find_service,
                                   .context = &run};
    for (size_t i = 0; i < count; i++)
        read_file(&run, &files[i], &run.releases[i]);
    for (size_t i = 0; run.diags.errors == 0 && i < count; i++)
        add_ingresses(&run, &run.releases[i]);
    if (run.diags.errors == 0 && run.converted_count == 0) {
        diag_error(&run.diags, NO_LOCATION, RULE_NO_MANIFESTS, "the manifests contain no Ingress%s",
                   run.hook_count ? " that is not a Helm hook" : "");
        diag_hint(&run.diags, "pass the Ingresses, for example of kubectl get ingress -o yaml");
    }
    if (run.diags.errors == 0)
        convert_ingresses(&run.convert);
    diags_write(&run.diags, &ret->messages, color);
    if (run.diags.errors)
        return false;
    write_differences(&run, &ret->messages);
    write_manifests(&run, &ret->manifests);
    write_report(&run, &ret->report);
    return true;
}

void converted_free(struct converted *converted)
{
    buf_free(&converted->manifests);
    buf_free(&converted->messages);
    buf_free(&converted->report);
    arena_free(&converted->arena);
}
