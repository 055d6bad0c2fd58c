/* Injection of services into a chart: a second run changes nothing, and valid YAML stays valid
 * YAML. */
#include "fuzz.h"

#include "chart/inject.h"
#include "yaml/parse_manifest.h"
#include "yaml/split.h"

static const char *const services[] = {
    "name: a\nmodules:\n- {name: web, type: k8s-service, healthcheck_path: /h, min_containers: 2, "
    "max_containers: 5, scale_down_delay: 9, resource_request: {cpu: 50, memory: 64, disk: 9}, "
    "env_vars: {A: b, PORT: '1', C: {secret: s}, D: {field: metadata.name}}, "
    "env_from: [secret/s, config_map/c], volumes: [{path: /v, empty_dir: {size: 1}}, "
    "{path: /w, secret: s}], files: [{path: /f, content: f}], "
    "pod_annotations: {x: y}, sticky_session: true, public_uri: a.example.com/x}\n",
    "name: a\nmodules:\n- {name: all, type: k8s-service, healthcheck: tcp, resource_request: {cpu: "
    "50, memory: 64}, image_pull_policy: Always, pod_security: restricted, read_only_root: true, "
    "run_as_user: 7, service_account_token: false, helm: {workload: "
    "'*', containers: '*', mode: fill}}\n",
    "name: a\nmodules:\n- {name: web, type: k8s-service, port: {http: 80}, startup_probe_path: /s, "
    "probe_failures: 4, probe_headers: {Host: a}, "
    "liveness_probe_command: [a, b], commands: [c], args: [d, 'e f'], secrets: [S], links: [db], "
    "tolerations: [{key: k}], node_selector: {n: o}, priority_class: p, spread: zones, "
    "image_pull_secrets: [r], timeout: 50, termination_grace_period: 60, public_uri: /, helm: "
    "{ingress: new, replicas: keep}}\n- {name: db, type: postgres}\n",
    "name: a\nmodules:\n- {name: web, type: k8s-service, min_containers: 3, max_containers: 3, "
    "pod_labels: {l: m}, healthcheck_command: [x], resource_limits: {cpu: none, memory: 512, gpu: "
    "1}, "
    "consistent_hash: $request_uri, ingress_extra_annotations: {a/b: c}, helm: {mode: fill}}\n",
    "name: a\ngateway: {name: infra/public, type: envoy}\nmodules:\n- {name: web, type: "
    "k8s-service, "
    "helm: {convert_ingress: true}}\n",
};

enum { SERVICES = COUNT_OF(services) };

static bool run(struct arena *arena, const char *file, struct str text, struct str *ret)
{
    struct stream_parser stream_parser = {.arena = arena};
    struct injected injected;
    const struct input_options input = {.files = {&file, 1}, .mode = READ_CHART};
    const struct source source = {.path = STR("<stdin>"), .text = text};
    bool ok = inject(&input, &(struct inject_options){0}, &source,
                     stream_finish(&stream_parser, text), false, &injected);
    struct buf out = {0};
    for (size_t i = 0; i < injected.count; i++)
        buf_add(&out, injected.pieces[i]);
    FUZZ_CHECK(ok || injected.count == 0);
    FUZZ_CHECK(ok || injected.messages.len > 0);
    *ret = str_copy(arena, buf_str(&out));
    buf_free(&out);
    injected_free(&injected);
    return ok;
}

/* Returns the number of documents of a stream that are valid YAML. */
static size_t readable(struct arena *arena, struct str text)
{
    const struct source source = {.path = STR("<stdin>"), .text = text};
    struct stream_parser stream_parser = {.arena = arena};
    struct stream stream = stream_finish(&stream_parser, text);
    size_t count = 0;
    for (size_t i = 0; i < stream.count; i++) {
        struct diags diags = {.arena = arena};
        struct node *root;
        const struct document *document = &stream.documents[i];
        count += load_manifest(arena, &source, document->start, document->end, &diags, &root);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    struct str text = fuzz_text(&arena, data, size);
    const char *file =
        fuzz_file((unsigned)(2 + size % SERVICES), str_from_c(services[size % SERVICES]));
    struct str once, twice;
    if (run(&arena, file, text, &once)) {
        FUZZ_CHECK(run(&arena, file, once, &twice));
        FUZZ_CHECK(str_equal(once, twice));
        FUZZ_CHECK(readable(&arena, once) >= readable(&arena, text));
        FUZZ_CHECK(once.len > 0);
    }
    arena_free(&arena);
    return 0;
}
