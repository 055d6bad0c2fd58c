# shellcheck shell=bash
# Outages of the server, and calls of kubectl that fail.

# Kills the apiserver right before the first change.
run_server_gone() {
    service gone-server "${one[@]}"
    expect 0 optasvc apply -f gone-server.yaml
    service gone-server "${one[@]}" 'image: nginx:2' 'public_uri: gone.example.com'
    wrapper kubectl-crash <<TEXT
[[ " \$* " != *" apply "* || " \$* " == *" --dry-run=server "* ]] || "$root/tests/harness/cluster" crash "$scratch/cluster"
TEXT
    KUBECTL_PATH=$PWD/kubectl-crash expect 1 optasvc apply -f gone-server.yaml
    empty out
    says err 'was refused' 'not applied: serviceaccount/web in namespace "gone-server"' \
        'not applied: service/web in namespace "gone-server"' 'not applied: deployment.apps/web in namespace "gone-server"' \
        'not applied: ingress.networking.k8s.io/web-'
    # If it is down from the start, no "not applied" lines are printed.
    expect 1 optasvc apply -f gone-server.yaml
    same 1 "$(grep -c '^error: ' err)" 'the number of errors'
    must "$root/tests/harness/cluster" restart "$scratch/cluster"
    expect 0 optasvc apply -f gone-server.yaml
    says out 'deployment.apps/web changed' 'ingress.networking.k8s.io/web-6c6bb48d created'
    same nginx:2 "$(value gone-server deployment/web '.spec.template.spec.containers[0].image')" 'the image'
}

# The server restarts while apply waits for unschedulable pods.
run_server_gone_meanwhile() {
    service gone-wait "${one[@]}" 'timeout: 60'
    must kubectl cordon node-1
    begin kubectl-optasvc apply -f gone-wait.yaml
    await_text err '0 of 1 pods ready'
    must "$root/tests/harness/cluster" crash "$scratch/cluster"
    await_text err 'the cluster does not answer: '
    must "$root/tests/harness/cluster" restart "$scratch/cluster"
    must kubectl uncordon node-1
    ends 0
    same 'web: ready, 1 pod' "$(tail -n 1 err)" 'the last line'
}

# MESSAGE [PATH]: each command prints this message (without "cannot ...: ") with the kubectl of
# KUBECTL_PATH or PATH.
all_fail() {
    local command status path=${2:-$PATH}
    for command in apply diff 'delete --yes' status outputs shell restart history rollback; do
        status=1
        [ "$command" != diff ] || status=2
        # shellcheck disable=SC2086 # words
        expect $status env PATH="$path" "$bin/kubectl-optasvc" $command -f none.yaml
        empty out
        sed -E '/cannot run/!s/^error: cannot [^:]*: /error: /' err >cause
        holds cause <<<"$1"
    done
}

run_no_kubectl() {
    service none "${one[@]}"
    local ask='
  check that it is the Kubernetes CLI, or set KUBECTL_PATH to another one'
    all_fail 'error: kubectl not found in PATH
  install kubectl, or set KUBECTL_PATH to its path' /nonexistent
    KUBECTL_PATH=/nonexistent/kubectl all_fail 'error: cannot run /nonexistent/kubectl: No such file or directory'
    KUBECTL_PATH=/etc/passwd all_fail 'error: cannot run /etc/passwd: Permission denied'
    export KUBECTL_PATH=./other
    wrapper other <<<'echo "} garbage: ["; exit'
    all_fail "error: ./other get printed no Kubernetes object$ask"
    wrapper other <<<'exit'
    all_fail "error: ./other get printed nothing$ask"
    wrapper other <<<'kill -KILL $$'
    all_fail 'error: ./other get was terminated by signal 9 (Killed)'
    wrapper other <<<'echo 3; exit'
    all_fail "error: ./other get printed no Kubernetes object$ask"
    wrapper other <<<'echo "[{\"kind\": \"Pod\"}]"; exit'
    all_fail "error: ./other get printed no Kubernetes object$ask"
    wrapper other <<<'exit 3'
    all_fail 'error: ./other get failed with exit status 3 and no error message'

    # It succeeds without applying anything.
    must kubectl create namespace none
    # shellcheck disable=SC2016 # the wrapper expands it
    wrapper other <<<'[[ "$1" != apply || "$*" == *--dry-run=server* ]] || exit 0'
    expect 1 optasvc apply -f none.yaml
    empty out
    holds err <<'TEXT'
not applied: serviceaccount/web in namespace "none"
not applied: service/web in namespace "none"
not applied: deployment.apps/web in namespace "none"
TEXT
}

# The server rejects the only object that is sent: the unchanged ones of the other service count as applied.
run_rejected_object() {
    service rejected-object "${one[@]}"
    cat >>rejected-object.yaml <<'TEXT'
- {name: other, type: k8s-service, image: nginx:1, port: {http: 8080}, min_containers: 1, max_containers: 1}
TEXT
    expect 0 optasvc apply -f rejected-object.yaml
    sed -i '0,/nginx:1/s//nginx:2/' rejected-object.yaml
    # shellcheck disable=SC2016 # the wrapper expands it
    wrapper rejecting <<'TEXT'
[[ "$1" != apply || "$*" == *--dry-run=server* ]] || { echo 'Error from server (InternalError): rejected' >&2; exit 1; }
TEXT
    KUBECTL_PATH=./rejecting expect 1 optasvc apply -f rejected-object.yaml
    says out 'deployment.apps/other unchanged'
    says err 'not applied: deployment.apps/web' '1 of 2 services failed: web'
    says_not err 'not applied: deployment.apps/other'
}

# A missing kubeconfig or context is reported once, by name.
run_no_kubeconfig() {
    service nowhere "${one[@]}"
    local command status run
    # shellcheck disable=SC2086 # words
    for command in apply diff status 'delete --yes' logs shell; do
        status=$([ "$command" = diff ] && echo 2 || echo 1) run="optasvc $command -f nowhere.yaml"
        expect "$status" $run --context nowhere
        told <<<'error: context "nowhere" does not exist'
        expect "$status" $run --kubeconfig /nonexistent/config
        told <<'TEXT'
error: kubeconfig not found: /nonexistent/config
  pass --kubeconfig FILE, or set KUBECONFIG
TEXT
        expect "$status" env KUBECONFIG=/nonexistent/a:/nonexistent/b kubectl-$run
        told <<'TEXT'
error: kubeconfig not found: /nonexistent/a:/nonexistent/b
  pass --kubeconfig FILE, or set KUBECONFIG
TEXT
        expect "$status" env -u KUBECONFIG HOME="$PWD" kubectl-$run
        told <<TEXT
error: kubeconfig not found: $PWD/.kube/config
  pass --kubeconfig FILE, or set KUBECONFIG
TEXT
    done
}

# A server that accepts connections and never responds.
run_mute_server() {
    service mute "${one[@]}"
    python3 - >port <<'TEXT' &
import socket, time
server = socket.create_server(("127.0.0.1", 0), backlog=100)
print(server.getsockname()[1], flush=True)
time.sleep(60)
TEXT
    watches+=($!)
    for _ in {1..100}; do [ ! -s port ] || break; sleep 0.1; done
    sed "s|server: \"[^\"]*\"|server: \"https://127.0.0.1:$(cat port)\"|" "$KUBECONFIG" >mute.config
    expect 1 optasvc apply -f mute.yaml --kubeconfig mute.config --timeout 6s
    told <<<'error: cannot list objects in namespace "mute": the cluster did not answer within 6 s'
    within 5 12
    expect 1 optasvc apply -f mute.yaml --kubeconfig mute.config --timeout 6s --request-timeout 1s
    within 0 12
}

# A forbidden list is reported once, with all its kinds.
run_refused_list() {
    service refused "${one[@]}"
    expect 0 optasvc apply -f refused.yaml
    local command
    for command in status 'delete --yes'; do
        # shellcheck disable=SC2086 # words
        expect 1 optasvc $command -f refused.yaml --context nobody
        messages | grep -c 'cannot list' >count
        holds count <<<1
        says err 'deployments.apps' 'ingresses.networking.k8s.io' 'in the namespace "refused"'
    done
}
