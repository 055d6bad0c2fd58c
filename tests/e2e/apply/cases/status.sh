# shellcheck shell=bash
# The commands that change nothing: diff, status, outputs, logs and shell.

run_diff() {
    service diff "${one[@]}"
    expect 1 optasvc diff -f diff.yaml
    empty err
    says out '+++ namespace/diff' '+++ deployment.apps/web' '+        image: nginx:1' '+++ service/web'
    no_namespace diff
    expect 2 optasvc diff -f diff.yaml --context nobody
    expect 2 optasvc diff -f diff.yaml --context nowhere
    empty out
    says err 'error: ' nowhere
    expect 0 optasvc apply -f diff.yaml
    expect 0 optasvc diff -f diff.yaml
    empty out
    empty err

    service diff "${one[@]}" 'image: nginx:2'
    expect 1 optasvc diff -f diff.yaml
    empty err
    says out '-      - image: nginx:1' '+      - image: nginx:2'
    same 1 "$(grep -c '^+[^+]*image' out)" 'changes of the image'

    service diff "${one[@]}"
    must kubectl patch deployment web -n diff --field-manager=intruder --type=json \
        -p '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:9"}]'
    expect 1 optasvc diff -f diff.yaml
    says out '-      - image: nginx:9' '+      - image: nginx:1'
    holds err <<<'deployment.apps/web: "intruder" sets .spec.template.spec.containers[name="web"].image'
    expect 1 optasvc apply -f diff.yaml
    says err '"intruder" sets .spec.template.spec.containers[name="web"].image'
    expect 0 optasvc apply -f diff.yaml --force-conflicts
    expect 0 optasvc diff -f diff.yaml
    empty err
}

run_status() {
    service status 'min_containers: 2' 'max_containers: 4' 'public_uri: [a.example.com, b.example.com/x]'
    printf -- '- {name: api, type: k8s-service, image: AUTO, port: none, min_containers: 1, max_containers: 1}\n' >>status.yaml
    local file=(-f status.yaml --registry registry.example.com)
    expect 0 optasvc status "${file[@]}"
    holds out <<'TEXT'
NAMESPACE   NAME   IMAGE            READY   AUTOSCALER   HOSTS   AGE
status      web    (not deployed)   -       -            -       -
status      api    (not deployed)   -       -            -       -
TEXT
    expect 0 optasvc outputs "${file[@]}"
    holds out <<'TEXT'
web: {}
api:
  docker_repo_url: registry.example.com/opta-status-api
TEXT
    expect 0 optasvc apply "${file[@]}" --image-digest "sha256:$(printf '%064d' 7)"
    expect 0 optasvc status "${file[@]}"
    sed -E 's/ +[0-9]+s$/ AGE/; s/  +/ | /g' out >table
    holds table <<TEXT
NAMESPACE | NAME | IMAGE | READY | AUTOSCALER | HOSTS | AGE
status | web | nginx:1 | 2/2 | 2-4 cpu ?/80% memory ?/80% | a.example.com,b.example.com AGE
status | api | registry.example.com/opta-status-api@sha256:$(printf '%064d' 7) | 1/1 | - | - AGE
TEXT
    expect 0 optasvc status "${file[@]}" -o json
    jq -c '.[] | [.name, .namespace, .deployed, .kind, .image, .readyReplicas, .updatedReplicas, .replicas, .hosts,
        (.autoscaler | if . then [.minReplicas, .maxReplicas, .metrics] else . end),
        (.creationTimestamp | fromdate > 0)]' out >got
    holds got <<TEXT
["web","status",true,"Deployment","nginx:1",2,2,2,["a.example.com","b.example.com"],[2,4,[{"name":"cpu","target":80},{"name":"memory","target":80}]],true]
["api","status",true,"Deployment","registry.example.com/opta-status-api@sha256:$(printf '%064d' 7)",1,1,1,[],null,true]
TEXT
    expect 0 optasvc outputs "${file[@]}" -o json
    jq -cS . out >got
    holds got <<TEXT
{"api":{"current_digest":"sha256:$(printf '%064d' 7)","current_image":"registry.example.com/opta-status-api@sha256:$(printf '%064d' 7)","docker_repo_url":"registry.example.com/opta-status-api"},"web":{"current_image":"nginx:1","current_tag":"1"}}
TEXT
    expect 0 optasvc outputs "${file[@]}" --module web
    holds out <<'TEXT'
current_image: nginx:1
current_tag: "1"
TEXT
    # An autoscaler of another workload with copied labels.
    kubectl get hpa web -n status -o json |
        jq '.metadata = {name: "a", labels: .metadata.labels} | .spec.scaleTargetRef.name = "a" | .spec.maxReplicas = 9' |
        kubectl create -n status -f - >must.out 2>&1 || fail "$(cat must.out)"
    expect 0 optasvc status "${file[@]}" --module web -o json
    same 4 "$(jq '.[0].autoscaler.maxReplicas' out)" 'the pods of the autoscaler at most'
    begin kubectl-optasvc status "${file[@]}" --watch
    await_text out 'b.example.com'
    kill -INT "$pid"
    ends 130
    empty err
}

# The ready pods are those of the previous image.
run_status_rollout() {
    service started "${one[@]}"
    expect 0 optasvc apply -f started.yaml
    service started "${one[@]}" 'image: nginx:2' "$crash" 'timeout: 300'
    expect 1 optasvc apply -f started.yaml --timeout 2s
    expect 0 optasvc status -f started.yaml
    sed 's/   */ | /g; s/ | [0-9]*s$/ AGE/' out >got
    holds got <<'TEXT'
NAMESPACE | NAME | IMAGE | READY | AUTOSCALER | HOSTS | AGE
started | web | nginx:2 | 1/1 | - | - AGE
web: rollout not complete: 0 of 1 pods ready, 1 old
TEXT
    expect 0 optasvc status -f started.yaml -o json
    same '{"state":"Progressing","message":"0 of 1 pods ready, 1 old"}' "$(jq -c '.[0].rollout' out)" 'the rollout'
    service started "${one[@]}" 'image: nginx:2' "$crash"
    expect 1 optasvc apply -f started.yaml
    for _ in {1..50}; do
        expect 0 optasvc status -f started.yaml -o json
        ! grep -q Failed out || break
        sleep 0.2
    done
    same '{"state":"Failed","message":"progress deadline exceeded: 0 of 1 pods ready, 1 old"}' \
        "$(jq -c '.[0].rollout' out)" 'the failed rollout'
    expect 0 optasvc rollback -f started.yaml
    expect 0 optasvc status -f started.yaml -o json
    same '{"state":"Complete"}' "$(jq -c '.[0].rollout' out)" 'the complete rollout'
}

# Without files: the services are found by their labels.
run_status_labels() {
    service labels-a "${one[@]}" 'public_uri: labels.example.com'
    environments_service labels-b 'min_containers: 2' 'max_containers: 4'
    expect 0 optasvc apply -f labels-a.yaml
    expect 0 optasvc apply -f labels-b.yaml --env prod
    mkdir empty
    cd empty || return
    # Other cases have services too.
    expect 0 optasvc status -A
    grep -E '^(NAMESPACE|labels-)' out | sed -E 's/ +[0-9]+s$/ AGE/; s/  +/ | /g' >table
    holds table <<'TEXT'
NAMESPACE | NAME | IMAGE | READY | AUTOSCALER | HOSTS | AGE
labels-a | web | nginx:1 | 1/1 | - | labels.example.com AGE
labels-b | web | nginx:1 | 2/2 | 2-4 cpu ?/80% memory ?/80% | - AGE
TEXT
    expect 0 optasvc status -A -l 'opta.dev/layer-name in (labels-a, labels-b)' -o json
    jq -c '.[] | [.name, .namespace, .deployed, .image, .replicas, .hosts, .autoscaler.maxReplicas]' out >got
    holds got <<'TEXT'
["web","labels-a",true,"nginx:1",1,["labels.example.com"],null]
["web","labels-b",true,"nginx:1",2,[],4]
TEXT
    # A label of the workload alone does not hide its autoscaler.
    must kubectl label deployment/web -n labels-b team=shop
    expect 0 optasvc status -n labels-b -l team=shop -o json
    same '["labels-b",4]' "$(jq -c '.[] | [.namespace, .autoscaler.maxReplicas]' out)" 'the service'
    expect 0 optasvc status -n labels-b -l team=other
    empty out
    told <<<'no services found'
    expect 0 optasvc status -A -l team=other -o json
    holds out <<<'[]'
    # Without -n and -A the namespace is that of the context.
    must kubectl config view --raw
    cp must.out config
    KUBECONFIG=$PWD/config must kubectl config set-context --current --namespace=labels-b
    expect 0 env KUBECONFIG="$PWD/config" kubectl-optasvc status -l opta.dev/module-name -o json
    same '["labels-b"]' "$(jq -c '[.[].namespace]' out)" 'the namespaces'
    expect 1 optasvc status -l '(' -n labels-b
    empty out
    says err 'error: cannot list '
    allow labels-a lara list deployments,statefulsets,hpa,ingresses
    expect 1 optasvc status -A --as lara
    empty out
    says err 'User "lara" cannot list resource'
    expect 0 optasvc status -l opta.dev/module-name -n labels-a --as lara
    says out 'labels.example.com'
    empty err
    begin kubectl-optasvc status -A -l opta.dev/layer-name=labels-a --watch
    await_text out 'labels.example.com'
    kill -INT "$pid"
    ends 130
    empty err
}

# Records the arguments of every kubectl call in `calls`, one per line, and a line "=" after each call.
recording() {
    wrapper record <<'TEXT'
# Several calls at a time: cat writes at once, while echo writes each line.
cat >>calls <<<"$(printf '%s\n' "$@" =)"
case $1 in logs | exec) echo "output of $1"; exit 7 ;; esac
TEXT
    export KUBECTL_PATH=./record
}

run_logs() {
    service logs "${one[@]}"
    expect 0 optasvc apply -f logs.yaml
    recording
    expect 7 optasvc logs -f logs.yaml
    holds out <<<'output of logs'
    told <<<'error: cannot read logs in namespace "logs": ./record logs failed with exit status 7 and no error message'
    tr '\n' ' ' <calls >line
    says line 'logs --namespace logs --selector=app.kubernetes.io/name=web,app.kubernetes.io/instance=logs-web,opta.dev/layer-name=logs,opta.dev/module-name=web,!opta.dev/environment-name --prefix --max-log-requests=1000 ' \
        ' --tail=10 ' ' --timestamps=false ' ' --follow=false ' ' --previous=false '
    rm calls
    expect 7 optasvc logs -f logs.yaml --tail 5 --since 10m --follow --previous --context admin
    tr '\n' ' ' <calls >line
    says line ' --tail=5 --since=10m --follow --previous = ' ' --context=admin '
}

# The logs of pods do not contain kubectl's own log, even with --follow.
run_logs_of_kubectl() {
    service noise "${one[@]}"
    wrapper noise <<'TEXT'
[ "$1" = logs ] || exec kubectl "$@"
printf 'E1129 12:00:00.000000    1 memcache.go:1] "hidden"\nWarning: shown\n' >&2
echo 'a line'
[[ "$*" != *--follow=true* && "$*" != *"--follow "* ]] || sleep 2
exit 0
TEXT
    export KUBECTL_PATH=./noise
    expect 0 optasvc logs -f noise.yaml
    holds out <<<'a line'
    told <<<'Warning: shown'
    expect 0 optasvc logs -f noise.yaml --follow --tail 1
    holds out <<<'a line'
    told <<<'Warning: shown'
    expect 0 optasvc logs -f noise.yaml -v 1
    says err '"hidden"'
}

run_shell() {
    service shell "${one[@]}"
    expect 0 optasvc apply -f shell.yaml
    local pod
    pod=$(kubectl get pods -n shell -o jsonpath='{.items[0].metadata.name}')
    recording
    # shellcheck disable=SC2016 # it is passed on unexpanded
    expect 7 optasvc shell -f shell.yaml -- -x 'two words' '' --flag "it's" '$HOME' -- -n
    holds out <<<'output of exec'
    # The flags that fix the behaviour of `exec` follow, and then the user's command.
    sed -n '/^exec$/,/^web$/p' calls >call
    holds call <<TEXT
exec
--stdin
--namespace
shell
$pod
--container
web
TEXT
    sed -n '/^--$/,$p' calls >call
    holds call <<TEXT
--
-x
two words

--flag
it's
\$HOME
--
-n
=
TEXT
    rm calls
    expect 7 optasvc shell -f shell.yaml
    sed -n '/^--$/,$p' calls >call
    holds call <<'TEXT'
--
sh
-c
command -v bash >/dev/null 2>&1 && exec bash || exec sh
=
TEXT
    rm calls
    script -qec 'kubectl-optasvc shell -f shell.yaml -- top' typescript >screen </dev/null
    sed -n '/^exec$/,$p' calls | grep -x -- --tty >/dev/null || fail "no --tty on a terminal: $(cat calls)"

    service shell-none "${one[@]}"
    expect 1 optasvc shell -f shell-none.yaml
    holds err <<'TEXT'
error: no running pod of "web" in namespace "shell-none"
  run kubectl optasvc status to see the state of the service
TEXT
    printf -- '- {name: api, type: k8s-service, image: "nginx:1", port: none}\n' >>shell.yaml
    for command in shell logs; do
        expect 1 optasvc "$command" -f shell.yaml
        empty out
        holds err <<'TEXT'
error: the files define several services: web, api
  pass one of these names as an argument
TEXT
    done
    expect 7 optasvc shell -f shell.yaml --module web -- true
}
