# shellcheck shell=bash
# Several applies at once, signals, and the pipeline of docs/pipelines.md.

# LAYER LINE...: writes LAYER-other.yaml, the version of another apply, and keeps LAYER.yaml.
other_version() {
    local layer=$1
    shift
    mv "$layer.yaml" keep.yaml
    service "$layer" "$@"
    mv "$layer.yaml" "$layer-other.yaml"
    mv keep.yaml "$layer.yaml"
}

# An apply fails if another apply has changed its objects meanwhile.
run_superseded_by_apply() {
    local yaml=overtaken.yaml
    local hint="  run \`kubectl optasvc diff\` to see the differences; apply again to deploy this version"

    # The pod template, during the wait for pods that never become ready; there is no rollback either.
    service overtaken "${one[@]}"
    expect 0 optasvc apply -f $yaml
    service overtaken "${one[@]}" 'image: nginx:2' "$crash"
    other_version overtaken "${one[@]}" 'image: nginx:3'
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 1 optasvc apply -f $yaml --timeout 40s --rollback-on-failure
    within 0 20
    told <<TEXT
error: web: superseded by another apply: deployment.apps/web was changed
$hint
TEXT
    same nginx:3 "$(value overtaken deployment/web '.spec.template.spec.containers[0].image')" 'the image'

    # A field that the other apply does not send.
    service overtaken "${one[@]}" 'env_vars: {A: a, B: b}'
    other_version overtaken "${one[@]}" 'env_vars: {A: a}'
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 1 optasvc apply -f $yaml
    says err 'superseded by another apply: deployment.apps/web'
    # A field that only the other apply sends.
    service overtaken "${one[@]}"
    other_version overtaken "${one[@]}" 'pod_labels: {team: shop}'
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 1 optasvc apply -f $yaml --wait=false
    says err 'superseded by another apply: deployment.apps/web'
    # An object other than the workload.
    service overtaken "${one[@]}" 'public_uri: a.example.com'
    other_version overtaken "${one[@]}" 'public_uri: a.example.com' 'ingress_extra_annotations: {a.example.com/b: c}'
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 1 optasvc apply -f $yaml
    says err 'superseded by another apply: ingress.networking.k8s.io/web'
    # The owner of replicas, in both directions.
    service overtaken "${fixed_5[@]}"
    other_version overtaken 'min_containers: 2' 'max_containers: 6'
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 1 optasvc apply -f $yaml
    says err 'superseded by another apply: deployment.apps/web'
    service overtaken 'min_containers: 2' 'max_containers: 6' 'env_vars: {A: b}'
    other_version overtaken "${fixed_5[@]}"
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 1 optasvc apply -f $yaml
    says err 'superseded by another apply: '
    # The same version is not a change.
    service overtaken "${fixed_5[@]}" 'env_vars: {A: c}'
    cp $yaml overtaken-other.yaml
    meanwhile kubectl-optasvc apply -f overtaken-other.yaml
    expect 0 optasvc apply -f $yaml
    says_not err superseded
}

# Changes by other tools do not supersede an apply.
# shellcheck disable=SC2016 # meanwhile() expands it
run_not_superseded() {
    must kubectl create namespace beside
    must kubectl create namespace beside-auto
    service beside "${four[@]}" 'env_vars: {A: a, B: "<&>"}' 'ports: [{name: main, type: http, port: 8080}, {name: more, type: tcp, port: 9000}]'
    meanwhile eval 'kubectl scale deployment web -n beside --replicas 2 &&
        kubectl set env deployment/web -n beside C=c &&
        kubectl set image deployment/web -n beside web=nginx:9 &&
        kubectl label deployment web -n beside a=b && kubectl annotate service web -n beside a=b &&
        kubectl rollout restart deployment web -n beside'
    expect 0 optasvc apply -f beside.yaml
    quiet
    same 2 "$(value beside deployment/web .spec.replicas)" replicas
    service beside-auto 'min_containers: 2' 'max_containers: 6' 'env_vars: {A: a}'
    meanwhile kubectl scale deployment web -n beside-auto --replicas 4
    expect 0 optasvc apply -f beside-auto.yaml
    quiet
    # A deleted object does.
    service beside-auto 'min_containers: 2' 'max_containers: 6'
    meanwhile kubectl delete hpa web -n beside-auto
    expect 1 optasvc apply -f beside-auto.yaml
    says err 'horizontalpodautoscaler.autoscaling/web was deleted'
}

# Two concurrent applies.
run_two_applies() {
    service twice "${one[@]}"
    expect 0 optasvc apply -f twice.yaml
    # Both send at the same time, and neither reads the result before both have sent.
    wrapper together <<'TEXT'
both() { for _ in {1..600}; do [ ! -e "a.$1" ] || [ ! -e "b.$1" ] || return 0; sleep 0.05; done; }
if [[ "$1" == apply && "$*" != *--dry-run=server* ]]; then
    touch "$NAME.sends"
    both sends
    kubectl "$@"
    status=$?
    touch "$NAME.sent"
    exit $status
fi
[ ! -e "$NAME.sent" ] || both sent
TEXT
    local round a b image
    for round in {1..5}; do
        rm -f ./*.sends ./*.sent
        service twice "${one[@]}" "image: nginx:$round-a" && mv twice.yaml a.yaml
        service twice "${one[@]}" "image: nginx:$round-b" && mv twice.yaml b.yaml
        NAME=a KUBECTL_PATH=./together optasvc apply -f a.yaml >a.out 2>a.err &
        a=$!
        NAME=b KUBECTL_PATH=./together optasvc apply -f b.yaml >b.out 2>b.err &
        b=$!
        wait $a
        a=$?
        wait $b
        b=$?
        image=$(value twice deployment/web '.spec.template.spec.containers[0].image')
        cat a.err b.err >err
        [ "$a $b $image" = "0 1 nginx:$round-a" ] || [ "$a $b $image" = "1 0 nginx:$round-b" ] ||
            fail "round $round: exit statuses $a and $b, and $image runs"
        same 1 "$(grep -c 'superseded by another apply' err)" 'superseded'
    done
}

# LAYER [FLAG...]: runs the pipeline of docs/pipelines.md.
pipeline() {
    local layer=$1
    shift
    kubectl-optasvc render -f "$layer.yaml" |
        kubectl apply --server-side --field-manager=optasvc "$@" -f - >pipeline.out 2>&1 ||
        fail "the pipeline fails: $(cat pipeline.out)"
}

# NAMESPACE NUMBER
await_ready() {
    for _ in {1..300}; do
        [ "$(ready_pods "$1")" != "$2" ] || return 0
        sleep 0.1
    done
    fail "timeout: $1 does not have $2 ready pods"
}

# The two steps of docs/pipelines.md keep all pods when an autoscaler takes over their number; without the first
# step only one pod remains, as that page says.
# shellcheck disable=SC2016 # for sed
run_pipeline() {
    local commands
    commands=$(sed -n '/^replicas=/,/^```$/p' "$root/docs/pipelines.md" | sed '$d')
    [[ $commands == *optasvc-replicas* ]] || fail "docs/pipelines.md does not show the two steps"
    must kubectl create namespace pipeline
    service pipeline "${fixed_5[@]}"
    pipeline pipeline
    await_ready pipeline 5
    watch_ready pipeline ready
    watch_replicas pipeline deployment/web replicas
    service pipeline 'min_containers: 2' 'max_containers: 6'
    commands=${commands//-n hello/-n pipeline}
    commands=${commands//namespace: hello/namespace: pipeline}
    expect 0 bash -euo pipefail -c "${commands//web.yaml/pipeline.yaml}"
    must kubectl get hpa web -n pipeline
    must kubectl rollout status deployment/web -n pipeline --timeout 30s
    end_watches
    same 5 "$(least_ready ready.events 5)" 'the least ready pods'
    same 5 "$(sort -u replicas)" replicas
    # Then a normal apply works, and so does the way back.
    expect 0 optasvc apply -f pipeline.yaml
    same 5 "$(value pipeline deployment/web .spec.replicas)" replicas
    watch_replicas pipeline deployment/web replicas
    service pipeline "${four[@]}"
    must kubectl delete hpa web -n pipeline
    pipeline pipeline --force-conflicts
    await_ready pipeline 4
    end_watches
    uniq replicas >numbers
    holds numbers <<<$'5\n4'

    must kubectl create namespace pipeline-falls
    service pipeline-falls "${fixed_5[@]}"
    pipeline pipeline-falls
    await_ready pipeline-falls 5
    watch_replicas pipeline-falls deployment/web falls
    service pipeline-falls 'min_containers: 2' 'max_containers: 6'
    pipeline pipeline-falls
    end_watches
    grep -qx 1 falls || fail "the replicas without the first step: $(cat falls)"
}

# SIGNAL STATUS
run_signals() {
    local layer=signal-$2
    service "$layer" "${one[@]}"
    expect 0 optasvc apply -f "$layer.yaml"
    service "$layer" "${one[@]}" "$crash" 'timeout: 60'
    begin kubectl-optasvc apply -f "$layer.yaml"
    await_text err '0 of 1 pods ready'
    kill -s "$1" "$pid"
    ends "$2"
    within 0 20
    says out 'deployment.apps/web changed'
    told <<'TEXT'
interrupted: all objects were applied, but the rollout may not be complete
TEXT

    # During the first change.
    service "$layer" "${one[@]}" 'image: nginx:2'
    versions "$layer" >before
    wrapper kubectl-slow <<'TEXT'
[[ "$1" != apply || "$*" == *--dry-run=server* ]] || { echo $$ >child; exec sleep 60; }
TEXT
    KUBECTL_PATH=./kubectl-slow begin kubectl-optasvc apply -f "$layer.yaml"
    for _ in {1..100}; do [ ! -s child ] || break; sleep 0.1; done
    kill -s "$1" "$pid"
    ends "$2"
    within 0 20
    ! kill -0 "$(cat child)" 2>/dev/null || fail "kubectl still runs"
    empty out
    told <<TEXT
not applied: serviceaccount/web in namespace "$layer"
not applied: service/web in namespace "$layer"
not applied: deployment.apps/web in namespace "$layer"
interrupted
TEXT
    versions "$layer" | diff before - || fail "something was changed"
}
