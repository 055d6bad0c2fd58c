# shellcheck shell=bash
# apply, and what it does with flags, several files and a dry run.

run_hello() {
    local file=$root/examples/hello/hello.yaml
    expect 0 kubectl optasvc apply -f "$file"
    holds out <<'TEXT'
namespace/hello created
serviceaccount/web created
service/web created
deployment.apps/web created
horizontalpodautoscaler.autoscaling/web created
poddisruptionbudget.policy/web created
ingress.networking.k8s.io/web-02a1f668 created
TEXT
    quiet
    same 'web: ready, 2 pods' "$(tail -n 1 err)" 'the last line'
    same 2 "$(ready_pods hello)" 'ready pods'
    same 2 "$(value hello deployment/web .status.readyReplicas)" readyReplicas
    cluster_has hello <<'TEXT'
Deployment web
HorizontalPodAutoscaler web
Ingress web-02a1f668
PodDisruptionBudget web
Service web
ServiceAccount web
TEXT
    same '["optasvc"]' "$(kubectl get namespace hello -o json --show-managed-fields |
        jq -c '[.metadata.managedFields[] | select(.operation == "Apply") | .manager]')" 'who made the namespace'

    versions hello >before
    expect 0 kubectl optasvc apply -f "$file"
    holds out <<'TEXT'
serviceaccount/web unchanged
service/web unchanged
deployment.apps/web unchanged
horizontalpodautoscaler.autoscaling/web unchanged
poddisruptionbudget.policy/web unchanged
ingress.networking.k8s.io/web-02a1f668 unchanged
TEXT
    holds err <<<'web: ready, 2 pods'
    versions hello >after
    diff -u before after || fail "something was changed"

    expect 0 kubectl optasvc apply -f "$file" -o name
    holds out <<'TEXT'
serviceaccount/web
service/web
deployment.apps/web
horizontalpodautoscaler.autoscaling/web
poddisruptionbudget.policy/web
ingress.networking.k8s.io/web-02a1f668
TEXT
}

# FILE: the live values equal the rendered ones, and applying again would change nothing.
is_in_place() {
    expect 0 optasvc render -f "$1" -o json
    mv out rendered.json
    kubectl get -f rendered.json -o json | jq -c '.items' >live.json || fail "some objects are missing"
    jq -rn --slurpfile live live.json --slurpfile rendered rendered.json '
        $rendered[0].items | to_entries[] | .key as $i | .value | . as $object
        | select(.kind != "Namespace")
        | paths(scalars) as $path | ($live[0][$i] | getpath($path)) as $kept
        | select(getpath($path) != $kept)
        | "\($object.kind) \($object.metadata.name), \($path | map(tostring) | join(".")): " +
            "rendered \(getpath($path) | tojson), kept \($kept | tojson)"' >other
    [ ! -s other ] || fail "$(cat other)"
    expect 0 optasvc diff -f "$1"
    empty out
    empty err
}

# Changes all fields, a few at a time.
run_fields() {
    local step base=('healthcheck_path: /healthz' 'public_uri: fields.example.com/api')
    service fields "${base[@]}"
    expect 0 optasvc apply -f fields.yaml
    is_in_place fields.yaml
    while IFS= read -r step; do
        local -a lines
        IFS=';' read -ra lines <<<"$step"
        # An autoscaler whose first write conflicts with ours retries after 15 seconds.
        [[ $step == *';timeout: '* ]] || lines+=('timeout: 60')
        service fields "${lines[@]}"
        expect 0 optasvc apply -f fields.yaml
        says out ' changed'
        is_in_place fields.yaml
    done <<'STEPS'
image: nginx:2;volumes: [{path: /cache, empty_dir: {}}];image_pull_policy: IfNotPresent;update_strategy: recreate;network_policy: {allow_from: [web, namespace/ingress-nginx]};port: {http: 9090};env_vars: {A: "1", B: "no"};healthcheck_path: /healthz;public_uri: fields.example.com/api
ports: [{name: main, type: http, port: 9090}, {name: more, type: tcp, port: 9091}];env_vars: [{name: B, value: "0x10"}];probe_port: more;healthcheck: tcp;network_policy: {allow_from: [namespace/ingress-nginx, fields/web]};public_uri: [fields.example.com/api/v2, other.example.com]
liveness_probe_path: /alive;readiness_probe_path: /ready;startup_probe_path: /started;startup_timeout: 20;probe_period: 3;probe_timeout: 2;probe_failures: 4;probe_headers: {Host: fields.example.com};timeout: 30;sticky_session: true;sticky_session_max_age: 99;public_uri: [fields.example.com/api/v2, other.example.com]
healthcheck_command: [cat, /ok];env_vars: {A: {field: status.podIP}, B: {secret: none, optional: true}, C: {config_map: none, key: c, optional: true}};resource_request: {cpu: 50, memory: 64, disk: 100};resource_limits: {cpu: none, memory: 2048, disk: none};commands: [run, "a b"];args: ["--x=1", "-y"];consistent_hash: $request_uri;keep_path_prefix: true;public_uri: [fields.example.com/api/v2, other.example.com]
cron_jobs: [{schedule: "0 3 * * *", commands: [clean]}, {schedule: "@daily", args: [all]}];tolerations: [{key: a}, {key: b, value: c, effect: NoExecute}];node_selector: {kubernetes.io/hostname: node-1};priority_class: system-cluster-critical;spread: zones;pod_labels: {team: a};pod_annotations: {note: "true"};public_uri: [fields.example.com/api/v2, other.example.com]
cron_jobs: [{schedule: "0 4 * * *", commands: [clean], time_zone: Europe/London, timeout: 60, retries: 2}, {schedule: "@weekly", args: [none], suspend: true, concurrency: replace, env_vars: {A: b}, resource_request: {cpu: 10m}}];pod_labels: {team: b};pod_security: restricted;read_only_root: false;run_as_user: 1000;service_account_token: true;termination_grace_period: 60;ingress_extra_annotations: {example.com/a: "1"};public_uri: [fields.example.com/api/v2, other.example.com]
cron_jobs: [{schedule: "0 4 * * *", commands: [clean]}, {schedule: "@weekly", args: [none]}];min_containers: 2;max_containers: 4;autoscaling_target_cpu_percentage: 50;autoscaling_target_mem_percentage: 60;scale_up_delay: 20;scale_down_delay: 400;pod_security: off;public_uri: [fields.example.com/api/v2, other.example.com]
STEPS
    # Back to the base fields: all others are removed.
    service fields "${base[@]}"
    expect 0 optasvc apply -f fields.yaml --prune
    is_in_place fields.yaml
    value fields deployment/web '.spec.template | [.metadata.annotations, .metadata.labels.team,
        (.spec | .tolerations, .nodeSelector, .priorityClassName, .containers[0].startupProbe, .containers[0].command)] | tojson' >got
    holds got <<<'[null,null,null,null,null,null,null]'
}

# NAMESPACE: prints its objects, without its name and without values that are unique per object.
content_of() {
    kubectl get "$kinds" -n "$1" -o json --show-managed-fields | sed "s/$1/LAYER/g" | jq -S '
        .items[] | select(.metadata.name != "default")
        | del(.status, .metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp,
            .metadata.generation, .metadata.annotations["deployment.kubernetes.io/revision"],
            .spec.clusterIP, .spec.clusterIPs)
        | .metadata.managedFields |= map(select(.manager != "kube-controller-manager") | del(.time))'
}

run_as_kubectl_does() {
    local lines=('healthcheck_path: /healthz' 'public_uri: one.example.com/api' 'min_containers: 2'
        'cron_jobs: [{schedule: "0 3 * * *", commands: [clean]}]' 'env_vars: {A: "1"}')
    service by-apply "${lines[@]}"
    service by-kubectl "${lines[@]}"
    expect 0 optasvc apply -f by-apply.yaml
    optasvc render -f by-kubectl.yaml |
        must kubectl apply --server-side --field-manager=optasvc -f -
    content_of by-apply >one
    content_of by-kubectl >two
    [ "$(jq -s length one)" -eq 7 ] || fail "$(jq -s length one) objects, not 7"
    diff -u --label apply --label 'kubectl apply' one two || fail "they differ"
    same "$(kubectl get namespace by-apply -o json --show-managed-fields | sed 's/by-apply/LAYER/g' |
        jq -cS '.metadata | [.labels, [.managedFields[].manager]]')" \
        "$(kubectl get namespace by-kubectl -o json --show-managed-fields | sed 's/by-kubectl/LAYER/g' |
            jq -cS '.metadata | [.labels, [.managedFields[].manager]]')" 'the namespace'
}

run_dry_run_client() {
    service dry-client 'healthcheck_path: /healthz' 'public_uri: dry.example.com'
    optasvc render -f dry-client.yaml >wanted || fail "render failed"
    expect 0 env KUBECONFIG=/nonexistent KUBECTL_PATH=/bin/false kubectl-optasvc apply --dry-run=client \
        -f dry-client.yaml
    holds out <wanted
    empty err
    expect 0 env KUBECONFIG=/nonexistent KUBECTL_PATH=/bin/false kubectl-optasvc apply --dry-run \
        -f dry-client.yaml
    holds out <wanted
    no_namespace dry-client
}

run_dry_run_client_names() {
    service dry-names 'healthcheck_path: /healthz' 'public_uri: dry.example.com'
    expect 0 env KUBECONFIG=/nonexistent KUBECTL_PATH=/bin/false kubectl-optasvc apply --dry-run=client \
        -f dry-names.yaml -o name
    holds out <<'TEXT'
namespace/dry-names
serviceaccount/web
service/web
deployment.apps/web
horizontalpodautoscaler.autoscaling/web
poddisruptionbudget.policy/web
ingress.networking.k8s.io/web-e1448c7d
TEXT
}

run_dry_run_server() {
    service dry-server
    expect 0 optasvc apply -f dry-server.yaml --dry-run=server
    empty out
    holds err <<'TEXT'
not checked: serviceaccount/web: namespace "dry-server" does not exist, and a dry run does not create it
not checked: service/web: namespace "dry-server" does not exist, and a dry run does not create it
not checked: deployment.apps/web: namespace "dry-server" does not exist, and a dry run does not create it
not checked: horizontalpodautoscaler.autoscaling/web: namespace "dry-server" does not exist, and a dry run does not create it
not checked: poddisruptionbudget.policy/web: namespace "dry-server" does not exist, and a dry run does not create it
TEXT
    no_namespace dry-server

    expect 0 optasvc apply -f dry-server.yaml
    versions dry-server >before
    service dry-server "${one[@]}" 'image: nginx:2' 'cron_jobs: [{schedule: "0 3 * * *", commands: [clean]}]'
    expect 0 optasvc apply -f dry-server.yaml --dry-run=server
    holds out <<'TEXT'
serviceaccount/web unchanged (server dry run)
service/web unchanged (server dry run)
deployment.apps/web changed (server dry run)
cronjob.batch/web-39e29af4 created (server dry run)
horizontalpodautoscaler.autoscaling/web deleted (server dry run)
poddisruptionbudget.policy/web deleted (server dry run)
TEXT
    holds err <<<'web: pods will be replaced (changed: topologySpreadConstraints, image)'
    versions dry-server >after
    diff -u before after || fail "a dry run changed something"
}

# A mistake in one file of a directory stops every command: nothing is deleted.
run_directory() {
    local before change command failed
    service directory "${one[@]}"
    mkdir services
    mv directory.yaml services/web.yaml
    sed 's/name: web/name: api/' services/web.yaml >services/api.YAML
    echo 'replicaCount: 1' >services/values.yaml
    expect 0 optasvc apply -f services
    says err 'skipped 1 file without a k8s-service: services/values.yaml'
    before=$(versions directory)
    cp services/api.YAML right.yaml
    # shellcheck disable=SC2016  # $ is sed's
    for change in 's/k8s-service/k8s-servce/' '/type:/d' 's/^modules/module/' 's/^modules/services/' \
        '$a ---\nkind: List'; do
        sed "$change" right.yaml >services/api.YAML
        for command in "apply --prune=layer" "delete --yes" diff status "logs --tail=1" "secret list" validate; do
            failed=1
            [ "$command" != diff ] || failed=2
            # shellcheck disable=SC2086
            expect $failed optasvc $command -f services
            empty out
            says err 'services/api.YAML:'
        done
    done
    same "$before" "$(versions directory)" "objects after misspelt files"
    cp right.yaml services/api.YAML
    for command in diff status "secret list"; do
        # shellcheck disable=SC2086
        expect 0 optasvc $command -f services
        says err 'skipped 1 file without a k8s-service: services/values.yaml'
    done
    expect 1 optasvc apply -f services --image-tag v2
    says err '--image-tag v2 has no effect'
    expect 2 optasvc diff -f services --image-tag v2
    says err '--image-tag v2 has no effect'
    expect 0 optasvc status -f services --image-tag v2
}

# image: AUTO without a tag retains the running workload.
run_auto() {
    service auto 'image: AUTO' "$jobs_one" 'min_containers: 2'
    expect 0 optasvc apply -f auto.yaml --registry registry.example.com --image-tag v1
    versions auto >before
    same 7 "$(wc -l <before)" 'objects'
    expect 0 optasvc apply -f auto.yaml --registry registry.example.com
    says_not out ' changed' ' created' deleted
    versions auto >after
    diff -u before after || fail "something was changed"
    expect 0 optasvc outputs -f auto.yaml --registry registry.example.com
    holds out <<'YAML'
docker_repo_url: registry.example.com/opta-auto-web
current_image: registry.example.com/opta-auto-web:v1
current_tag: v1
YAML
}

run_many() {
    mkdir -p all/deep
    service many-a "${one[@]}"
    service many-b "${one[@]}" "$crash"
    printf -- '- {name: api, type: k8s-service, image: "nginx:1", port: none, min_containers: 1, max_containers: 1}\n' >>many-b.yaml
    mv many-a.yaml all
    mv many-b.yaml all/deep
    expect 1 optasvc apply -f all -R
    same 10 "$(grep -c ' created$' out)" 'what is created'
    says err 'CrashLoopBackOff: cannot open "data"' 'many-b/api: ready, 1 pod' 'many-a/web: ready, 1 pod'
    same '1 of 3 services failed: many-b/web' "$(tail -n 1 err)" 'the last line'
    same 1 "$(ready_pods many-a)" 'ready pods of a'
    same 1 "$(ready_pods many-b)" 'ready pods of b'

    # The errors of all services are reported, and nothing is applied.
    service many-a "${one[@]}" 'image: nginx:2'
    service many-b "${one[@]}" 'secrets: [A]'
    service many-c "${one[@]}" 'secrets: [B]'
    service many-d "${one[@]}"
    mv many-*.yaml all
    rm -r all/deep
    versions many-a >before
    expect 1 optasvc apply -f all -R
    empty out
    says err 'Secret "manual-secrets" not found in namespace "many-b" (needs key "A")' \
        'Secret "manual-secrets" not found in namespace "many-c" (needs key "B")'
    same 2 "$(grep -c 'error: ' err)" 'the number of errors'
    versions many-a | diff before - || fail "something was changed"
    no_namespace many-c
    no_namespace many-d
}

run_flags() {
    service flags "${one[@]}" 'timeout: 60' # verbose processes are slow
    recording
    local flags=(--kubeconfig "$KUBECONFIG" --context nobody --cluster test --user admin --as system:admin
        --request-timeout 20s -v 1)
    expect 1 env KUBECONFIG=/nonexistent kubectl-optasvc apply -f flags.yaml "${flags[@]}"
    says err 'User "system:admin" cannot'
    local call
    tr '\n' ' ' <calls | sed 's/ = /\n/g' >lines
    while read -r call; do
        [[ $call == *" --kubeconfig=$KUBECONFIG --context=nobody --cluster=test --user=admin --as=system:admin --request-timeout=20s --v=1"* ]] ||
            fail "a call without these flags: $call"
    done <lines
    [ -s lines ] || fail "kubectl was not called"
    # The user of the context has no permissions, but --user has.
    expect 0 env KUBECONFIG=/nonexistent kubectl-optasvc apply -f flags.yaml --kubeconfig "$KUBECONFIG" \
        --context nobody --user admin -v 6
    says err 'verb="GET"'
    says out 'deployment.apps/web created'
    for command in diff status outputs 'delete --yes'; do
        # shellcheck disable=SC2086 # words
        expect 0 env KUBECONFIG=/nonexistent kubectl-optasvc $command -f flags.yaml --kubeconfig "$KUBECONFIG" --context admin
    done
    expect 1 optasvc apply -f flags.yaml --context nowhere
    told <<<'error: context "nowhere" does not exist'
}

# Unusual strings in objects of others are handled.
run_odd_texts() {
    service odd "${one[@]}"
    expect 0 optasvc apply -f odd.yaml
    must kubectl annotate service web -n odd $'note=a\x7fb\u0085\ufffe\\u0000'
    local pod
    pod=$(kubectl get pods -n odd -o name | head -n 1)
    must kubectl patch "$pod" -n odd --subresource=status -p '{"status": {"message": "nul\u0000, \u001b[31m"}}'
    expect 0 optasvc apply -f odd.yaml
    quiet
    expect 0 optasvc status -f odd.yaml
    expect 0 optasvc outputs -f odd.yaml
    expect 0 optasvc delete -f odd.yaml --yes
}

run_full_output() {
    service full "${one[@]}"
    kubectl-optasvc apply -f full.yaml >/dev/full 2>err
    same 1 $? 'the exit status'
    says err 'error: cannot write output'
}

# Runs alone, because other cases use its namespaces; they are deleted first.
run_documents() {
    must kubectl delete namespace hello shop tour --ignore-not-found
    "$root/tests/docs" tour "$bin" || fail "the commands of the documents do not work"
}
