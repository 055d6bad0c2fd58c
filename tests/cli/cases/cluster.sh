# shellcheck shell=bash
# Commands that access a cluster, with scripts instead of kubectl

cluster_commands="apply deploy diff delete status outputs logs shell"
export KUBECTL_PATH=$scratch/nowhere/kubectl
absent="cannot run $KUBECTL_PATH: No such file or directory"
for command in $cluster_commands; do
    try "$optasvc" "$command"
    expect "$command without -f" 2 err "missing required flag: -f FILE" err "help $command"
    try "$optasvc" "$command" -f ok.yaml -o toml
    case $command in
    apply | deploy) expect "$command -o toml" 2 err '--output must be name, not "toml"' ;;
    status) expect "$command -o toml" 2 err '--output must be yaml or json, not "toml"' ;;
    outputs) expect "$command -o toml" 2 err '--output must be yaml or json, not "toml"' ;;
    *) expect "$command -o toml" 2 err "unknown shorthand flag: -o" ;;
    esac
    try "$optasvc" "$command" -f ok.yaml --kubeconfig
    expect "$command --kubeconfig without value" 2 err "--kubeconfig requires a value"
    try "$optasvc" "$command" -f ok.yaml --context a --context b
    expect "$command --context twice" 2 err "duplicate flag --context"
    for level in 10 -1 x 1.5; do
        try "$optasvc" "$command" -f ok.yaml -v $level
        expect "$command -v $level" 2 err "--v must be an integer from 0 to 9"
    done
done

# cluster COMMAND FLAG...: runs it without a terminal.
cluster() {
    local yes=()
    [ "$1" = delete ] && yes=(--yes)
    try "$optasvc" "$@" "${yes[@]}"
}

for command in $cluster_commands; do
    failure=1
    [ "$command" = diff ] && failure=2
    cluster "$command" -f bad.yaml
    expect "$command of an invalid file" $failure err 'bad.yaml:7:5: error: unknown field "nmae"'
    check "$command of an invalid file does not run kubectl" has_no "cannot run" "$err"
    cluster "$command" -f ok.yaml
    expect "$command with a KUBECTL_PATH that does not exist" $failure err "error: $absent"
    check "$command reports it once" test "$(wc -l <"$err")" = 1
    KUBECTL_PATH=$PWD/ok.yaml cluster "$command" -f ok.yaml
    expect "$command with a KUBECTL_PATH that is not executable" $failure \
        err "ok.yaml: Permission denied"
    (
        # shellcheck disable=SC2030
        export KUBECTL_PATH="" PATH=$scratch/nowhere
        cluster "$command" -f ok.yaml
        echo "$status" >"$scratch/status" # a shell builtin: PATH is empty
    )
    status=$(cat "$scratch/status")
    expect "$command without kubectl in PATH" $failure \
        err "kubectl not found in PATH" err "set KUBECTL_PATH to its path"
done

# WORDS|MESSAGE: invalid flags fail before anything runs; without a message, kubectl is started.
while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    try "$optasvc" $words -f ok.yaml
    if [ -n "$message" ]; then
        expect "$words" 2 err "$message"
    else
        expect "$words" 1 err "error: $absent"
    fi
done <<'EOF'
apply --wait|
apply --wait=true|
apply --wait=false|
apply --wait=maybe|--wait must be true or false, not "maybe"
apply --wait=TRUE|--wait must be true or false, not "TRUE"
apply --wait=|--wait must not be empty
apply --wait false|unexpected argument "false"
apply --wait --wait=false|duplicate flag --wait
apply --timeout|--timeout must be a duration from 1s to 168h, for example 90s, 5m or 1h30m, not "-f"
apply --timeout=|--timeout must not be empty
apply --timeout 0|--timeout must be a duration
apply --timeout 0s|--timeout must be a duration
apply --timeout=-5|--timeout must be a duration
apply --timeout 5x|--timeout must be a duration from 1s to 168h, for example 90s, 5m or 1h30m, not "5x"
apply --timeout 1h30|--timeout must be a duration
apply --timeout 1|
apply --timeout 1h30m|
apply --timeout 604800|
apply --timeout 168h|
apply --timeout 604801|--timeout must be a duration from 1s to 168h
apply --timeout 168h1s|--timeout must be a duration from 1s to 168h
apply --timeout 99999999999999999999h|--timeout must be a duration from 1s to 168h
apply --timeout 5m --timeout 6m|duplicate flag --timeout
apply --prune|
apply --prune=service|
apply --prune=layer|
apply --prune=service --module app|
apply --prune=all|--prune must be service or layer, not "all"
apply --prune layer|unexpected argument "layer"
apply --prune=layer --module app|--prune=layer and --module are mutually exclusive: it would delete the other services of the layer
apply --dry-run=server|
apply --dry-run=none|
apply --dry-run=maybe|--dry-run must be client, server or none, not "maybe"
apply --dry-run server|unexpected argument "server"
apply --dry-run=client --prune=layer --module app|--prune=layer and --module are mutually exclusive
apply --force-conflicts --rollback-on-failure|
apply --rollback-on-failure --wait=false|--rollback-on-failure has no effect with --wait=false
apply --timeout 5m --wait=true|
apply --timeout 5m --wait=false|
deploy --timeout 5m --wait=false|
apply --force-conflicts=true|--force-conflicts takes no value
apply --adopt --force-conflicts|
apply --adopt=yes|--adopt takes no value
deploy --adopt|
apply --force-conflict|did you mean "--force-conflicts"?
apply --yes|
apply -y --prune=layer|
deploy --yes|
apply -o name|
apply -o yaml|--output must be name, not "yaml"
apply -v 0|
apply -v9|
apply --v=5|
deploy|
deploy --dry-run=server --prune --wait=false|
deploy --prune=layer --module app|--prune=layer and --module are mutually exclusive: it would delete the other services of the layer
deploy --image a:v1 --prune=layer --module app|--prune=layer and --module are mutually exclusive
deploy --image|--image must be an image reference such as nginx, nginx:1.29 or registry.example.com/team/app:v1, not "-f"
deploy --image=|--image must not be empty
deploy --image A|--image must be lowercase before the tag, not "A"
deploy --image a:|--image has an invalid tag
deploy --image -- --tag x|--image must be an image reference such as
deploy --image a --image b|duplicate flag --image
deploy --image a --image-tag v1|--image and --image-tag or --image-digest are mutually exclusive
deploy --image a --image-digest sha256:0000000000000000000000000000000000000000000000000000000000000000|are mutually exclusive
deploy --tag v1|--tag, --create-repository and --container-tool require --image
deploy --create-repository|--tag, --create-repository and --container-tool require --image
deploy --container-tool docker|--tag, --create-repository and --container-tool require --image
deploy --image a --container-tool lxc|--container-tool must be docker, podman or nerdctl, not "lxc"
deploy --image a --create-repository=yes|--create-repository takes no value
deploy a:v1|unexpected argument "a:v1"
diff --wait|unknown flag: --wait
diff --prune|unknown flag: --prune
delete --yes|
delete -y|
delete -y --delete-namespace --delete-volumes|
delete -y --timeout 5m|
delete -y --timeout 5x|--timeout must be a duration from 1s to 168h
delete|stdin is not a terminal; pass --yes
delete --adopt|unknown flag: --adopt
delete --dry-run|unknown flag: --dry-run
status -o json|
status -w|
status -o wide|--output must be yaml or json, not "wide"
status -A|--filename and --all-namespaces are mutually exclusive: services are found by the labels of their objects, without files
status -l a=b|--filename and --selector are mutually exclusive
status -l=|--selector must not be empty
restart --wait=false|
restart --timeout 5m --wait=false|--timeout has no effect with --wait=false
rollback --timeout 5m --wait=false|--timeout has no effect with --wait=false
restart --dry-run|unknown flag: --dry-run
history -o json|
history -o yaml|
rollback --to-revision 2|
rollback --to-revision 0|--to-revision must be an integer, 1 or greater, not "0"
rollback --to-revision -1|--to-revision must be an integer, 1 or greater, not "-1"
rollback --to-revision 1.5|--to-revision must be an integer, 1 or greater, not "1.5"
rollback --to-revision 99999999999999999999|--to-revision must be an integer, 1 or greater
rollback --force-conflicts --timeout 5m|
outputs -o yaml|
outputs -o json|
logs --tail 0|
logs --tail 10 --follow -p --since 5m|
logs --tail -1|
logs --tail x|--tail must be an integer, 0 or greater, or -1 for all lines, not "x"
logs --tail -2|--tail must be an integer, 0 or greater, or -1 for all lines, not "-2"
logs --tail=|--tail must not be empty
logs -f ok.yaml --since=|--since must not be empty
logs app|
logs app app|unexpected argument "app"; logs accepts one service
logs ok.yaml|unexpected argument "ok.yaml"; use -f ok.yaml
status app app|
diff app -o json|unknown shorthand flag: -o
status --module app app|
status ./app|unexpected argument "./app"; use -f ./app
outputs app|
outputs -|unexpected argument "-"; use -f -
diff bad.yaml|unexpected argument "bad.yaml"; use -f bad.yaml
shell app|
shell --module app|
shell app ls|unexpected argument "ls"; write a command after --: shell -- ls
shell -l|unknown shorthand flag: -l
render --context a|unknown flag: --context
render -v 5|unknown shorthand flag: -v
EOF
# Without files.
while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    try "$optasvc" status $words
    expect "status $words" 2 err "$message"
done <<'EOF'
-A -n a|--namespace and --all-namespaces are mutually exclusive: it selects all namespaces
-l a=b --module web|--module and --selector are mutually exclusive: services are found by the labels of their objects, without files; use -l opta.dev/module-name=NAME
-A --env prod|--env and --all-namespaces are mutually exclusive
-A --image-tag v1|--image-tag and --all-namespaces are mutually exclusive
EOF
for words in -A '-l a=b' '-A -l a=b' '-l a=b -n c'; do
    # shellcheck disable=SC2086
    try "$optasvc" status $words
    expect "status $words" 1 err "error: $absent"
done

try "$optasvc" shell -f ok.yaml -- ls -l
expect "shell -- ls -l" 1 err "error: $absent"

# Former names of flags: COMMAND|OLD|NEW|VALUE, the value if the flag takes one.

# lists FLAG: the last run printed this flag, not only one whose name begins with it.
lists() { grep -qE -e "$1([^a-z-]|\$)" <(sed 's/\\-/-/g' "$out"); }
while IFS='|' read -r words old new value; do
    command=${words%% -*}
    # shellcheck disable=SC2086
    try "$optasvc" $words -f ok.yaml $new $value
    check "$command $new has no warning" has_no deprecated "$err"
    cp "$err" "$scratch/err.expected"
    # shellcheck disable=SC2086
    try "$optasvc" $words -f ok.yaml $old $value
    sed -i "1i warning: flag $old is deprecated; use $new" "$scratch/err.expected"
    check "$command $old is $new with a warning" diff "$scratch/err.expected" "$err"
    # shellcheck disable=SC2086
    try "$optasvc" $words -f ok.yaml $old $value $new $value
    if [ -n "$value" ]; then
        expect "$command $old and $new" 2 err "duplicate flag $new"
        # shellcheck disable=SC2086
        try "$optasvc" $words -f ok.yaml $old=
        expect "$command $old=" 2 err "$new must not be empty"
    else
        check "$command $old and $new" diff "$scratch/err.expected" "$err"
        # shellcheck disable=SC2086
        try "$optasvc" $words -f ok.yaml $old $old
        check "$command $old twice has one warning" diff "$scratch/err.expected" "$err"
    fi
    for asked in "help $command" "__complete $command --" __man; do
        # shellcheck disable=SC2086
        try "$optasvc" $asked
        check "$asked has $new" lists "$new"
        check "$asked does not have $old" test "$(lists "$old"; echo $?)" = 1
    done
done <<'EOF'
delete --yes|--with-namespace|--delete-namespace|
delete --yes|--with-storage|--delete-volumes|
secret list|--show|--show-values|
deploy --image a|--create|--create-repository|
deploy --image a|--tool|--container-tool|docker
EOF

for words in "--dry-run" "--dry-run=client"; do
    for command in apply deploy; do
        try "$optasvc" $command $words -f ok.yaml
        expect "$command $words" 0
        check "$command $words prints the same as render" cmp "$out" ok.expected
    done
    try "$optasvc" apply $words -f bad.yaml
    expect "apply $words of an invalid file" 1 err "bad.yaml:7:5"
done

# kubectl NAME: the script on standard input is KUBECTL_PATH.
kubectl() {
    { echo '#!/bin/sh' && cat; } >"$scratch/$1"
    chmod +x "$scratch/$1"
    KUBECTL_PATH=$scratch/$1
}

kubectl nothing <<'EOF'
echo '{"kind": "List", "items": []}'
EOF
try "$optasvc" status -f ok.yaml
expect "status of nothing" 0 out "(not deployed)"
try "$optasvc" status -f ok.yaml --image-tag v2 --registry r.example.com --var size=1
expect "status with flags for apply" 0 out "(not deployed)"
try "$optasvc" status -f ok.yaml --module ap
expect "status of a misspelt module" 1 err 'did you mean "app"?'
try "$optasvc" status -f ok.yaml -o json
expect "status -o json of nothing" 0 out '"deployed": false'
check "status -o json is JSON" python3 -m json.tool "$out"
for format in yaml json; do
    try "$optasvc" outputs -f ok.yaml -o $format
    expect "outputs -o $format of nothing" 0 only "{}"
done
try "$optasvc" delete -f ok.yaml -y
expect "delete of nothing" 0 silent err "nothing to delete"
try "$optasvc" shell -f ok.yaml
expect "shell without a running pod" 1 err 'no running pod of "app" in namespace "hello"'
{ service app && service other | sed '1,2d'; } >two.yaml
for command in logs shell; do
    try "$optasvc" $command -f two.yaml
    expect "$command of two services" 1 err "the files define several services: app, other" \
        err "pass one of these names as an argument"
done
try "$optasvc" logs -f two.yaml --module other
expect "logs of one of two services" 0

# The server does not have a kind, and each response is larger than the one before.
kubectl watched <<'EOF'
case "$*" in
*routes*)
    echo "error: the server doesn't have a resource type \"httproutes\"" >&2
    exit 1
    ;;
esac
echo >>"$0.calls"
calls=$(wc -l <"$0.calls")
[ "$calls" -lt 4 ] || kill -INT $PPID
printf '{"kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "%0*d"}}]}\n' $((calls * 9000)) 0
EOF
try timeout -s KILL 60 "$optasvc" status -f ok.yaml --watch
check "status --watch without the Gateway API ends at SIGINT" test "$status" = 130
check "status --watch prints an unchanged table once" test "$(grep -c 'not deployed' "$out")" = 1

# `kubectl get pods` prints those that PODS lists: JSON objects for spec.containers. Other commands print their arguments.
kubectl pods <<'EOF'
case $1 in
get)
    jq -n --argjson pods "${PODS:-[]}" '{kind: "List", items: [$pods | to_entries[] | {apiVersion: "v1", kind: "Pod",
        metadata: {name: "app-\(.key + 1)", namespace: "hello", annotations: .value.annotations,
            labels: {"app.kubernetes.io/name": "app", "app.kubernetes.io/instance": "hello-app",
                "opta.dev/layer-name": "hello", "opta.dev/module-name": "app"}},
        spec: {containers: [.value.containers[] | {name: .}], initContainers: [{name: "proxy"}]},
        status: {phase: "Running", containerStatuses: [{name: "app"} + .value.status]}}]}'
    ;;
*) printf '[%s]\n' "$@" ;;
esac
EOF
export PODS
try "$optasvc" logs -f ok.yaml --tail 7 --since 5m --follow -p --context c -v 3
expect "logs passes its flags to kubectl" 0 out "[logs]" out "[--namespace]" out "[hello]" out "[--tail=7]" \
    out "[--since=5m]" out "[--follow]" out "[--previous]" out "[--context=c]" out "[--v=3]"
try "$optasvc" logs -f ok.yaml --since 300 --tail -1
expect "logs --since without a unit" 0 out "[--since=300s]" out "[--tail=-1]"
check "logs reads the container of the service by default" has_no "--container=." "$out"
try "$optasvc" logs -f ok.yaml -c proxy --timestamps
expect "logs of a container" 0 out "[--container=proxy]" out "[--timestamps]"


# Pods that do not have the log: the others are shown if there are any.
new='{"containers": ["app"], "status": {"state": {"waiting": {}}}}'
running='{"containers": ["app"], "status": {"state": {"running": {}}}}'
restarted='{"containers": ["app"], "status": {"state": {"waiting": {}}, "lastState": {"terminated": {}}}}'
while read -r ignore pods words; do
    # shellcheck disable=SC2086
    PODS=$(echo "[$pods]" | sed "s/new/$new/g; s/running\\>/$running/; s/restarted/$restarted/") \
        try "$optasvc" logs -f ok.yaml $words
    check "logs of $pods $words" "$ignore" '\[--ignore-errors\]' "$out"
done <<'EOF'
has_no new
has_no running
has_no running,restarted
has_no new,new
has running,new
has new,restarted
has running,restarted --previous
has_no running,new --previous
has_no running,restarted -c proxy
EOF

# Containers that others insert into the pod
while IFS='|' read -r container pod; do
    PODS="[$pod]" try "$optasvc" shell -f ok.yaml
    expect "shell in $pod" 0 out "[--container]"$'\n'"[$container]"
done <<'EOF'
app|{"containers": ["mesh", "app"]}
app|{"containers": ["mesh", "app"], "annotations": {"kubectl.kubernetes.io/default-container": "mesh"}}
main|{"containers": ["mesh", "main"], "annotations": {"kubectl.kubernetes.io/default-container": "main"}}
mesh|{"containers": ["mesh", "main"]}
EOF

PODS='[{"containers": ["app"]}]'
while read -r container words; do
    # shellcheck disable=SC2086
    try "$optasvc" shell app -f ok.yaml $words
    expect "shell $words" 0 out "[--container]"$'\n'"[$container]"
done <<'EOF'
app
proxy -c proxy
proxy --container=proxy
EOF
# A terminal in the pod would change the bytes of a file.
script -qec "'$optasvc' shell app -f ok.yaml -- cat f" /dev/null </dev/null >shown
check "shell on a terminal" has '\[--tty\]' shown
script -qec "'$optasvc' shell app -f ok.yaml -- cat f >shown" /dev/null </dev/null
check "shell on a terminal, into a file" has_no '\[--tty\]' shown
try "$optasvc" shell app -f ok.yaml -c prox
expect "shell with a misspelt container" 1 err 'pod "app-1" has no container "prox"; available: app, proxy' \
    err 'did you mean "proxy"?'
try "$optasvc" shell app -f ok.yaml -c "ls /"
expect "shell -c COMMAND" 1 err 'pod "app-1" has no container "ls /"' \
    err "to run a command, write it after --: kubectl optasvc shell -- COMMAND"
kubectl garbage <<'EOF'
echo '<html>'
EOF
for command in apply delete status outputs; do
    cluster $command -f ok.yaml
    expect "$command where kubectl prints garbage" 1 err "printed no Kubernetes object"
done
# kubectl does not say that the kubeconfig has no current context.
kubectl localhost <<'EOF'
echo 'The connection to the server localhost:8080 was refused - did you specify the right host or port?' >&2
exit 1
EOF
touch empty
try env KUBECONFIG=empty "$optasvc" status -f ok.yaml
expect "a kubeconfig without a current context" 1 silent \
    err "error: empty has no current context, or no server is running at localhost:8080" err "pass --context NAME"
try env KUBECONFIG=empty "$optasvc" status -f ok.yaml --context c
expect "a context with a server at localhost" 1 silent err "The connection to the server localhost:8080 was refused"
kubectl repeats <<'EOF'
for _ in 1 2 3; do echo 'error: cannot read it' >&2; done
exit 1
EOF
try "$optasvc" status -f ok.yaml
check "a message that kubectl repeats is reported once" test "$(grep -c 'cannot read it' "$err")" = 1
kubectl fails <<'EOF'
echo 'error: no configuration has been provided' >&2
exit 1
EOF
for command in apply delete status outputs; do
    cluster $command -f ok.yaml
    expect "$command where kubectl fails" 1 err "error: cannot list " err "in namespace \"hello\": no configuration has been provided"
    check "$command reports a failure once" test "$(grep -c 'no configuration' "$err")" = 1
done

# Keys that only a sidecar, an init container or a cron job needs. The Secret has A and OLD.
kubectl secret <<'EOF'
case "$*" in
*json*) echo '{"kind": "List", "items": []}' ;;
*) printf '7\nA MQ==\nOLD MTI=\n' ;;
esac
EOF
cat >users.yaml <<'EOF'
name: hello
modules:
  - name: web
    type: k8s-service
    image: nginx:1.29
    port: {http: 80}
    secrets: [A, B]
    env_vars: {MAYBE: {secret: manual-secrets, optional: true}}
    sidecars:
      - {name: proxy, image: "envoy:1", secrets: [B], env_vars: {P: {secret: manual-secrets, key: PROXY}}}
    init_containers:
      - {name: migrate, commands: [./migrate], env_vars: {DB: {secret: manual-secrets}}}
    cron_jobs:
      - {name: clean, schedule: "@daily", commands: [a], env_vars: {DB: {secret: manual-secrets}}}
      - {name: sum, schedule: "@daily", commands: [b], env_vars: {A: {secret: manual-secrets, key: B}}}
  - {name: worker, type: k8s-service, image: "nginx:1.29", port: none, secrets: [B]}
EOF
cat >users.expected <<'EOF'
NAME    SIZE       NOTE      VALUE
A       1                    1
OLD     2          unused    12
B       -          missing, needed by web, sidecar proxy of web, cron job web-sum and 1 more
PROXY   -          missing, needed by sidecar proxy of web
DB      -          missing, needed by init container migrate of web, cron job web-clean
EOF
try "$optasvc" secret list -f users.yaml --show-values
expect "secret list with keys of other containers" 0
check "secret list says what needs the missing keys" cmp "$out" users.expected
try "$optasvc" secret set PROXI -f users.yaml --from-file ok.yaml
expect "a misspelt key of a sidecar" 0 silent err 'did you mean "PROXY"?'
sed -e 's/secrets: \[A, B\]/secrets: all/' users.yaml >all.yaml
try "$optasvc" __complete secret view -f all.yaml ''
expect "completion with the keys of a sidecar" 0 only "$(printf 'B\tsecret\nB\tsecret\n:4')"
