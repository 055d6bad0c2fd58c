# shellcheck shell=bash
# Restarts of the pods that use a changed key, and what a change is.
# shellcheck disable=SC2016 # $ in programs

# NAMESPACE SERVICE: prints the pods that are not being deleted.
pods_of() {
    kubectl get pods -n "$1" -l "opta.dev/module-name=$2" -o json |
        jq -r '.items[] | select(.metadata.deletionTimestamp | not) | .metadata.uid' | sort
}

# NAMESPACE: prints the time of the last restart for each service.
restarts() {
    kubectl get deployments,statefulsets -n "$1" -o json | jq -r '.items[] | "\(.metadata.name) \(
        .spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"] // "-")"' | sort
}

three_services() {
    cat <<YAML
name: $1
modules:
  - {name: web, type: k8s-service, image: "nginx:1.29", port: {http: 80}, secrets: [A, B]}
  - {name: other, type: k8s-service, image: "nginx:1.29", port: {http: 80}, secrets: [B]}
  - name: disk
    type: k8s-service
    image: nginx:1.29
    port: {http: 80}
    secrets: [A]
    persistent_storage: [{path: /data, size: 1}]
YAML
} >service.yaml

run_restart() {
    local each
    given "$1" A old B old && three_services "$1" || return 1
    exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s || return 1
    for each in web other disk; do pods_of "$1" $each >"$each.before"; done
    printf new | exits 0 secret set A -f service.yaml && says 'web: restarting its pods' &&
        says 'disk: restarting its pods' && ! grep other err || return 1
    for each in deployment/web statefulset/disk; do
        kubectl rollout status "$each" -n "$1" --timeout 30s || return 1
    done
    for each in web disk; do
        pods_of "$1" $each >$each.after
        [ -s $each.after ] || { echo "$each has no pods"; return 1; }
        [ -z "$(comm -12 $each.before $each.after)" ] || { echo "the pods of $each are not new"; return 1; }
    done
    pods_of "$1" other | diff other.before - || return 1

    restarts "$1" >restarted
    cat restarted
    grep -q '^other -$' restarted && [ "$(grep -c ' -$' restarted)" -eq 1 ] || return 1
    sleep 1 # otherwise the restarts would have the same time
    printf new | exits 0 secret set A -f service.yaml && says 'A unchanged' && ! grep restart err &&
        printf newer | exits 0 secret set A -f service.yaml --no-restart && says 'A changed' &&
        ! grep 'pods restart' err && printf x | exits 0 secret set C -f service.yaml && says 'C set' &&
        ! grep 'pods restart' err && exits 0 secret delete C -f service.yaml && ! grep 'pods restart' err &&
        restarts "$1" | diff restarted - || return 1

    # The restart annotation is in no manifest.
    exits 0 kubectl-optasvc diff -f service.yaml || return 1
    exits 0 kubectl-optasvc apply -f service.yaml && ! grep -v unchanged out && restarts "$1" | diff restarted - &&
        exits 0 kubectl-optasvc diff -f service.yaml || return 1

    # kubectl refuses a second restart within the same second.
    for each in 1 2 3 4; do
        printf %s "quick$each" | exits 0 secret set A -f service.yaml && says 'web: restarting its pods' &&
            says 'disk: restarting its pods' || return 1
    done
}

# The service file lists a secret that the deployed pods do not use.
run_not_applied() {
    given "$1" && service "$1" && exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s &&
        service "$1" 'secrets: [A]' && restarts "$1" >before &&
        printf x | exits 0 secret set A -f service.yaml && ! grep 'restarting' err &&
        says 'web: not restarted: its pods do not use the secret until the next apply' &&
        restarts "$1" | diff before - && exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s &&
        printf y | exits 0 secret set A -f service.yaml && says 'web: restarting its pods'
}

run_rollback() {
    given "$1" A old && service "$1" 'secrets: [A]' &&
        exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s &&
        printf new | exits 0 secret set A -f service.yaml && says 'web: restarting its pods' &&
        kubectl rollout status deployment/web -n "$1" --timeout 30s || return 1
    restarts "$1" >restarted
    # More than any node has.
    service "$1" 'secrets: [A]' 'resource_request: {cpu: 900000}'
    exits 1 kubectl-optasvc apply -f service.yaml --rollback-on-failure --timeout 6s || return 1
    cat err
    kubectl rollout status deployment/web -n "$1" --timeout 30s && restarts "$1" | diff restarted - &&
        [ "$(kubectl get deployment web -n "$1" -o json |
            jq -r '.spec.template.spec.containers[0].resources.requests.cpu')" != 900 ]
}

# A server (or proxy) that reports a change of the Secret without making it; and responses that kubectl
# quotes because it cannot parse them.
run_not_changed() {
    service "$1" 'secrets: [A]' && given "$1" A 1 B s3cr3tvalue || return 1
    program lying <<'SH'
#!/bin/sh
[ "$1" != patch ] || set -- "$@" --dry-run=server
exec kubectl "$@"
SH
    export KUBECTL_PATH=$PWD/lying
    printf 2 | changes_nothing "$1" exits 1 secret set A -f service.yaml &&
        says 'Secret "manual-secrets" was not changed: the server returned no new resourceVersion' || return 1
    changes_nothing "$1" exits 1 secret delete A -f service.yaml || return 1
    printf '#!/bin/sh\nsed -i s/^A=.*/A=2/ "$1"\n' | program editor
    EDITOR=$PWD/editor changes_nothing "$1" exits 1 secret edit -f service.yaml </dev/null || return 1

    program lying <<SH
#!/bin/sh
[ "\$1" = "\$QUOTES" ] || exec kubectl "\$@"
cat >&2 <<'TEXT'
error: Object 'Kind' is missing in '$(kubectl get secret manual-secrets -n "$1" -o json | jq 'del(.kind)')'
TEXT
exit 1
SH
    local verb
    for verb in get patch; do
        printf 2 | QUOTES=$verb changes_nothing "$1" exits 1 secret set A -f service.yaml || return 1
        if ! { says "error: cannot " && says "Object 'Kind' is missing in the response of the server" && [ "$(wc -l <err)" -eq 1 ]; }; then
            cat err
            return 1
        fi
    done
}

# kubectl's preferences have no effect, even if KUBERC cannot disable them (`flags`).
run_kuberc() {
    local namespace=$1 with=(env -u KUBERC HOME="$PWD/home")
    service "$namespace" 'secrets: [A]'
    mkdir -p home/.kube
    cat >home/.kube/kuberc <<'YAML'
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
aliases:
- {name: getsecret, command: get secret}
defaults:
- {command: get, options: [{name: all-namespaces, default: "true"}, {name: namespace, default: other}, {name: output, default: name}, {name: selector, default: no=such}, {name: ignore-not-found, default: "true"}]}
- {command: patch, options: [{name: dry-run, default: server}, {name: local, default: "true"}, {name: output, default: yaml}]}
- {command: create, options: [{name: dry-run, default: client}, {name: edit, default: "true"}, {name: output, default: yaml}]}
- {command: apply, options: [{name: dry-run, default: server}, {name: server-side, default: "false"}, {name: output, default: yaml}]}
- {command: rollout restart, options: [{name: selector, default: no=such}, {name: output, default: yaml}]}
YAML
    if [ "$namespace" = kuberc-flags ]; then
        program hostile <<SH
#!/bin/sh
export KUBERC=$PWD/home/.kube/kuberc
exec kubectl "\$@"
SH
        with=(env KUBECTL_PATH="$PWD/hostile")
    fi
    printf first | exits 0 "${with[@]}" kubectl-optasvc secret set A -f service.yaml && holds "$namespace" A first || return 1
    exits 0 "${with[@]}" kubectl-optasvc apply -f service.yaml --timeout 60s || return 1
    printf second | exits 0 "${with[@]}" kubectl-optasvc secret set A -f service.yaml && says 'web: restarting its pods' &&
        holds "$namespace" A second || return 1
    [ -n "$(kubectl get deployment web -n "$namespace" -o jsonpath='{.spec.template.metadata.annotations.kubectl\.kubernetes\.io/restartedAt}')" ] ||
        { echo "the pods do not restart"; return 1; }
    exits 0 "${with[@]}" kubectl-optasvc secret view A -f service.yaml && [ "$(cat out)" = second ] || return 1
    exits 0 "${with[@]}" kubectl-optasvc secret list -f service.yaml && grep -q A out || return 1
    exits 0 "${with[@]}" kubectl-optasvc secret delete A -f service.yaml && [ -z "$(value_of "$namespace" A)" ]
}
