# shellcheck shell=bash
# What the cases use: expectations, objects in the cluster, and service files.

# The services of the cases are public with one pod and without a path to probe, which is not what cases are about.
optasvc() {
    case ${1:-} in
    apply | diff | render) kubectl-optasvc "$1" --allow no-probe,one-replica,memory-limit "${@:2}" ;;
    *) kubectl-optasvc "$@" ;;
    esac
}

# Expectations

# STATUS COMMAND...: the command exits with STATUS. Its output is in `out` and `err`, its duration in
# `seconds`.
expect() {
    local wanted=$1 status began=$EPOCHREALTIME
    shift
    "$@" >out 2>err </dev/null
    status=$?
    seconds=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000000))
    [ $status -eq "$wanted" ] || fail "$*: exit status $status, not $wanted"
}

# COMMAND...: a setup step that must succeed.
must() { "$@" >must.out 2>&1 || fail "$* failed: $(cat must.out)"; }

# FILE: its content is that of stdin.
holds() { diff -u --label wanted --label "$1" - "$1" || fail "$1 differs from the expected content"; }

empty() { [ ! -s "$1" ] || fail "$1 should be empty: $(cat "$1")"; }

# FILE TEXT...: the file contains each text.
says() {
    local file=$1 text
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$file" || fail "\"$text\" is missing in $file"
    done
}

# FILE TEXT...: the file contains none of the texts.
says_not() {
    local file=$1 text
    shift
    for text in "$@"; do
        ! grep -qF -- "$text" "$file" || fail "\"$text\" should not occur in $file"
    done
}

# Prints stderr without the progress of pods, which depends on timing, and without replaced pods.
messages() {
    grep -vxE '[a-z0-9-]+: (pods will be replaced \(changed: [A-Za-z, ]+\)|waiting for the controller to observe the change|[0-9]+ of [0-9]+ pods ready(, [0-9]+ old)?|ready, [0-9]+ pods?|scaled to 0 pods)' err
}

# stderr, apart from progress, is the content of stdin.
told() { diff -u --label wanted --label stderr - <(messages) || fail "stderr differs from the expected content"; }

quiet() { told </dev/null; }

# WANTED GOT WHAT
same() { [ "$1" = "$2" ] || fail "$3: $2, not $1"; }

# Objects in the cluster

kinds=serviceaccounts,services,deployments,statefulsets,hpa,pdb,ingresses,cronjobs,networkpolicies

# NAMESPACE: prints "KIND NAME" of all objects of services.
objects_in() {
    kubectl get "$kinds" -n "$1" -o json |
        jq -r '.items[] | select(.metadata.name != "default") | "\(.kind) \(.metadata.name)"' | sort
}

# NAMESPACE: its objects are exactly those on stdin.
cluster_has() {
    diff -u --label wanted --label "the cluster" - <(objects_in "$1") || fail "the objects of $1"
}

# NAMESPACE KIND/NAME JQ: prints a value of the object.
value() { kubectl get "$2" -n "$1" -o json --show-managed-fields | jq -r "$3"; }

# NAMESPACE: prints the versions of all objects, without those that only change with the status.
versions() {
    kubectl get "$kinds" -n "$1" -o json | jq -c '.items[] | [.kind, .metadata.name, .metadata.uid,
        .metadata.generation, if .status then null else .metadata.resourceVersion end]'
}

# NAMESPACE: prints the versions of objects of all kinds that a command could change.
all_versions() {
    kubectl get "$kinds,pods,pvc,secrets,namespaces" -n "$1" -o json | jq -c '.items[]
        | select(.kind != "Namespace" or .metadata.name == "'"$1"'") | [.kind, .metadata.name, .metadata.uid,
        .metadata.generation, .metadata.labels, .metadata.annotations, .metadata.deletionTimestamp]' | sort
}

# STATUS COMMAND...: the command exits with STATUS and changes nothing.
changes_nothing() {
    all_versions "$layer" >nothing.before
    expect "$@"
    all_versions "$layer" | diff nothing.before - || fail "${*:2} changed something"
}

no_namespace() { ! kubectl get namespace "$1" >must.out 2>&1 || fail "namespace $1 exists"; }

is_ready='([.status.conditions[]? | select(.type == "Ready")][0].status == "True" and .metadata.deletionTimestamp == null)'

# NAMESPACE: prints the number of ready pods.
ready_pods() { kubectl get pods -n "$1" -o json | jq "[.items[] | select($is_ready)] | length"; }

# NAMESPACE FILE: starts to record in FILE.events when pods become ready or not, and waits until the
# current pods are recorded.
watch_ready() {
    local now
    now=$(ready_pods "$1")
    kubectl get pods -n "$1" --watch -o json |
        jq --unbuffered -c "[.metadata.name, $is_ready]" >"$2.events" &
    watches+=($!)
    for _ in {1..100}; do
        [ "$(least_ready "$2.events" "$now")" -lt "$now" ] || return 0
        sleep 0.1
    done
    fail "the watch does not show the $now ready pods"
}

# EVENTS FROM: prints the minimum of ready pods after FROM pods were ready; -1 if they never were.
least_ready() {
    jq -n --argjson from "$2" 'reduce inputs as [$pod, $ready] ({least: -1};
        .pods[$pod] = $ready | ([.pods[] | select(.)] | length) as $now
        | if .least < 0 then if $now >= $from then .least = $from else . end
          else .least = ([.least, $now] | min) end) | .least' "$1"
}

# NAMESPACE KIND/NAME FILE: starts to record its spec.replicas.
watch_replicas() {
    kubectl get "$2" -n "$1" --watch -o jsonpath='{.spec.replicas}{"\n"}' >"$3" &
    watches+=($!)
    for _ in {1..100}; do
        [ ! -s "$3" ] || return 0
        sleep 0.1
    done
    fail "the watch shows nothing"
}

end_watches() {
    local pid
    sleep 0.5 # a watch is no slower
    for pid in "${watches[@]}"; do kill "$pid" 2>/dev/null; done
    watches=()
}

# Pods and claims

# NAMESPACE: prints pods, their revisions and claims, with uids: changes if a pod is replaced.
pods_and_claims() {
    kubectl get pods,replicasets,controllerrevisions,pvc -n "$1" -o json |
        jq -r '.items[] | [.kind, .metadata.name, .metadata.uid, .spec.volumeName] | join(" ")' | sort
}

# NAMESPACE: prints the mounted claims of pods: "POD PATH CLAIM".
mounts() {
    kubectl get pods -n "$1" -o json | jq -r '.items[] | .metadata.name as $pod
        | (.spec.volumes | map(select(.persistentVolumeClaim) | {(.name): .persistentVolumeClaim.claimName}) | add) as $claims
        | .spec.containers[].volumeMounts[] | select($claims[.name]) | "\($pod) \(.mountPath) \($claims[.name])"' | sort
}

# NAMESPACE PODS: waits until exactly so many pods exist and are ready.
await_pods() {
    local i
    for ((i = 0; i < 150; i++)); do
        [ "$(kubectl get pods -n "$1" -o json | jq -c "[(.items | length), ([.items[] | select($is_ready)] | length)]")" != "[$2,$2]" ] || return 0
        sleep 0.2
    done
    fail "no $2 pods in $1: $(kubectl get pods -n "$1")"
}

# NAMESPACE: no pod or claim has changed since apply_earlier.
undisturbed() { pods_and_claims "$1" | diff -u --label before --label now before - || fail "pods or claims of $1 changed"; }

# FILE: applies it with kubectl, as Argo CD and Flux do.
render_and_apply() { optasvc render -f "$1" 2>render.err | kubectl apply --server-side --field-manager=optasvc -f -; }

# FILE LAYER: neither way to apply it changes a pod or claim of LAYER.
keeps_pods() {
    local layer=$2
    expect 0 optasvc diff -f "$1"
    expect 0 render_and_apply "$1"
    undisturbed "$layer"
    expect 0 optasvc apply -f "$1"
    says_not err 'pods will be replaced'
    says_not out ' changed' ' created' ' deleted'
    undisturbed "$layer"
}

# COUNT: creates volumes for claims.
make_volumes() {
    local i
    for ((i = 1; i <= $1; i++)); do
        echo '---'
        echo 'apiVersion: v1'
        echo 'kind: PersistentVolume'
        echo "metadata: {generateName: more-}"
        echo 'spec: {capacity: {storage: 100Gi}, accessModes: [ReadWriteOnce], storageClassName: test, hostPath: {path: /var/empty}}'
    done | kubectl create -f - >must.out 2>&1 || fail "no volumes: $(cat must.out)"
}

# Service files

# LAYER LINE...: writes LAYER.yaml with the module `web`, which has these lines and the default lines that
# they do not set. Probes without delay keep the start short.
service() {
    local layer=$1 line key
    local -A given=()
    shift
    for line in "$@"; do given[${line%%:*}]=1; done
    {
        printf 'name: %s\nmodules:\n- name: web\n  type: k8s-service\n' "$layer"
        for line in 'image: nginx:1' 'port: {http: 8080}' 'timeout: 5' 'initial_readiness_delay: 0' \
            'initial_liveness_delay: 0'; do
            key=${line%%:*}
            [ "$key" != port ] || [ -z "${given[ports]:-}" ] || continue
            [ -n "${given[$key]:-}" ] || printf '  %s\n' "$line"
        done
        [ $# -eq 0 ] || printf '  %s\n' "$@"
    } >"$layer.yaml"
}

one=('min_containers: 1' 'max_containers: 1')
four=('min_containers: 4' 'max_containers: 4')
fixed_5=('min_containers: 5' 'max_containers: 5')
crash='pod_annotations: {optasvc.test/crash: "cannot open \"data\""}'

jobs_two='cron_jobs: [{schedule: "0 3 * * *", commands: [a]}, {schedule: "0 4 * * *", commands: [b]}]'
jobs_one='cron_jobs: [{schedule: "0 3 * * *", commands: [a]}]'

storage='persistent_storage: [{size: 1, path: /data}]'

# LAYER LINE...: as service(), with the environments prod and stage.
environments_service() {
    service "$@"
    local name
    for name in prod stage; do printf 'name: %s\nproviders: {local: {}}\n' $name >"env-$name.yaml"; done
    printf 'environments:\n- {name: prod, path: env-prod.yaml}\n- {name: stage, path: env-stage.yaml}\n' >>"$1.yaml"
}

# Other programs

# NAME: writes a kubectl wrapper that first runs the script on stdin, with the arguments of kubectl in
# "$@".
wrapper() {
    { echo '#!/usr/bin/env bash'; cat; echo 'exec kubectl "$@"'; } >"$1" && chmod +x "$1"
}

# COMMAND...: sets KUBECTL_PATH to a kubectl that runs COMMAND once, after the first apply.
meanwhile() {
    rm -f sent
    printf '%q ' "$@" >commands
    wrapper overtaken <<'TEXT'
[[ "$1" == apply && "$*" != *--dry-run=server* && "$*" != *optasvc-replicas* && ! -e sent ]] || exec kubectl "$@"
touch sent
kubectl "$@" || exit
env -u KUBECTL_PATH bash -c "$(cat commands)" >meanwhile.out 2>&1 || { cat meanwhile.out >&2; exit 1; }
exit 0
TEXT
    export KUBECTL_PATH=./overtaken
}

# COMMAND...: starts it in the background with default signal handlers; its id is in `pid`.
begin() {
    rm -f out err # those of an earlier command
    env --default-signal=INT,TERM "$@" >out 2>err </dev/null &
    pid=$!
}

# FILE TEXT: waits until the file contains the text.
# shellcheck disable=SC2317 # functions call it that run through others
await_text() {
    for _ in {1..300}; do
        ! grep -qsF -- "$2" "$1" || return 0
        sleep 0.1
    done
    fail "timeout: \"$2\" is missing in $1"
}

# STATUS: the process of `begin` exits with STATUS.
ends() {
    local status began=$EPOCHREALTIME
    wait "$pid"
    status=$?
    seconds=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000000))
    [ $status -eq "$1" ] || fail "exit status $status, not $1"
}

# MIN MAX: the last command took so many seconds.
within() { ((seconds >= $1 && seconds <= $2)) || fail "it took $seconds s, not $1 to $2"; }

# Prints the address of the apiserver in the kubeconfig.
server() { kubectl config view -o jsonpath='{.clusters[0].cluster.server}'; }

# Other users and field managers

# NAMESPACE USER VERBS RESOURCES
allow() {
    local role
    role=$2-$RANDOM
    must kubectl create role "$role" -n "$1" --verb="$3" --resource="$4"
    must kubectl create rolebinding "$role" -n "$1" --role="$role" --user="$2"
}

# MANAGER: applies stdin to the namespace $layer as this field manager.
applied_by() { kubectl apply --server-side --field-manager="$1" -n "$layer" -f - >must.out 2>&1 || fail "$(cat must.out)"; }

# MANAGER NAME LABEL...: creates a PodDisruptionBudget in the namespace $layer, as this field manager.
make_budget() {
    local manager=$1 name=$2
    shift 2
    {
        printf 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n'
        printf '  name: %s\n  namespace: %s\n  labels:\n' "$name" "$layer"
        printf '    %s\n' 'app.kubernetes.io/managed-by: optasvc' "$@"
        printf 'spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}\n'
    } >budget.yaml
    must kubectl apply --server-side --field-manager="$manager" -f budget.yaml
}
