/* An environment file, for a service that uses all of its fields. */
#include "fuzz.h"

static const char service_file[] =
    "name: hello\n"
    "environments: [{name: e, path: e.yaml, variables: {size: 2}}]\n"
    "modules:\n"
    "  - name: app\n"
    "    type: k8s-service\n"
    "    image: AUTO\n"
    "    port: {http: 80}\n"
    "    public_uri: ['app.{parent.domain}/x', '/y']\n"
    "    max_containers: '{vars.size}'\n"
    "    secrets: [A]\n"
    "    links: [queue, files, redis]\n"
    "    additional_iam_policies: ['arn:aws:iam::aws:policy/A']\n"
    "    env_vars: {A: '{region} {aws.account_id} {parent_name}', B: '{module.queue.queue_name}'}\n"
    "  - {name: queue, type: aws-sqs}\n"
    "  - {name: files, type: s3, bucket_name: 'files-{env}'}\n"
    "  - {name: redis, type: redis}\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    fuzz_render(STR(""), fuzz_file(1, fuzz_text(&arena, data, size)));
    fuzz_render(str_from_c(service_file), fuzz_file(1, fuzz_text(&arena, data, size)));
    /* The input as a service file that is its own environment. */
    struct str both = str_format(&arena,
                                 "%.*s\nmodules:\n  - {type: k8s-service, image: 'a:1', "
                                 "port: none}\n",
                                 STR_ARG(fuzz_text(&arena, data, size)));
    fuzz_render(both, NULL);
    arena_free(&arena);
    return 0;
}
