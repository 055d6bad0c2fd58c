# shellcheck shell=bash
# Commands for services that run already: restart, history and rollback.

# NAMESPACE: prints the uids of the pods that are not terminating.
pod_uids() {
    kubectl get pods -n "$1" -o json | jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .metadata.uid' | sort
}

# NAMESPACE: prints when the pods were restarted, by the pod template.
restarted_at() {
    value "$1" "$2/web" '.spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]'
}

# NAMESPACE KIND COUNT: restart replaces all pods, and apply neither reverts nor repeats it.
is_restarted() {
    local title at
    title=$(kubectl get "$2/web" -n "$1" -o name)
    pod_uids "$1" >pods.before
    expect 0 optasvc restart -f "$1.yaml"
    holds out <<<"$title restarted"
    quiet
    says err "web: ready, $3 pods"
    await_pods "$1" "$3"
    pod_uids "$1" >pods.after
    same '' "$(comm -12 pods.before pods.after)" 'the pods that were not replaced'
    at=$(restarted_at "$1" "$2")
    [ "$at" != null ] || fail "the pod template has no annotation"
    expect 0 optasvc diff -f "$1.yaml"
    empty out
    expect 0 optasvc apply -f "$1.yaml"
    says_not err 'pods will be replaced'
    says out "$title unchanged"
    same "$at" "$(restarted_at "$1" "$2")" 'the time of the restart'
    pod_uids "$1" | diff pods.after - || fail "apply replaced pods"
}

run_restart() {
    must make_volumes 2
    service restart 'min_containers: 2' 'max_containers: 2'
    expect 1 optasvc restart -f restart.yaml
    empty out
    told <<'TEXT'
error: "web" is not deployed in namespace "restart"
  run kubectl optasvc apply to deploy it
TEXT
    expect 0 optasvc apply -f restart.yaml
    is_restarted restart deployment 2

    # A change that was not applied is not deployed.
    service restart 'min_containers: 3' 'max_containers: 3' 'image: nginx:2'
    expect 0 optasvc restart -f restart.yaml
    says err 'web: ready, 2 pods'
    same nginx:1 "$(value restart deployment/web '.spec.template.spec.containers[0].image')" 'the image'
    expect 0 optasvc restart -f restart.yaml --wait=false
    empty err

    must kubectl rollout status deployment/web -n restart
    must kubectl rollout pause deployment/web -n restart
    layer=restart
    changes_nothing 1 optasvc restart -f restart.yaml
    told <<'TEXT'
error: deployment.apps/web in namespace "restart" is paused
  resume it first: kubectl rollout resume deployment.apps/web -n restart
TEXT

    service restart-set 'min_containers: 2' 'max_containers: 2' "$storage"
    expect 0 optasvc apply -f restart-set.yaml
    is_restarted restart-set statefulset 2

    # Pods that do not become ready are explained.
    service restart-crash "${one[@]}" "$crash" 'timeout: 60'
    expect 0 optasvc apply -f restart-crash.yaml --wait=false
    expect 1 optasvc restart -f restart-crash.yaml --timeout 3s
    says err 'error: web: not ready after 3 s' 'CrashLoopBackOff'
    : >err # has the text that is awaited
    begin kubectl-optasvc restart -f restart-crash.yaml --timeout 1m
    await_text err '0 of 1 pods ready'
    kill -INT "$pid"
    ends 130
    says err 'interrupted: the rollout may not be complete'
}

# A command says on a terminal what it waits for, and elsewhere only after a longer time.
run_slow_answers() {
    service slow "${one[@]}"
    wrapper slow-kubectl <<<'sleep 3'
    export KUBECTL_PATH=./slow-kubectl
    TERM=xterm script -qec 'kubectl-optasvc restart -f slow.yaml' typescript >screen </dev/null
    says screen $'\r\x1b[Kwaiting for kubectl to list Deployments, StatefulSets in namespace "slow" (2 s)' \
        $'\r\x1b[Kerror: "web" is not deployed'
    expect 0 optasvc status -f slow.yaml
    empty err
}

# NAMESPACE: prints the rows of history without the namespace and age.
history_of() {
    expect 0 optasvc history -f "$1.yaml"
    awk -F '   +' 'NR > 1 { print $2 " | " $3 " | " $5 " | " $6 }' out
}

run_history() {
    service history 'min_containers: 2' 'max_containers: 2'
    expect 0 optasvc history -f history.yaml
    holds out <<'TEXT'
NAMESPACE   NAME   REVISION   AGE   IMAGE            CHANGE
history     web    -          -     (not deployed)   -
TEXT
    expect 0 optasvc apply -f history.yaml
    service history 'min_containers: 2' 'max_containers: 2' 'image: nginx:2' 'env_vars: {A: "1"}'
    expect 0 optasvc apply -f history.yaml
    expect 0 optasvc restart -f history.yaml
    # Only the number of pods changes, so there is no new revision.
    service history 'min_containers: 3' 'max_containers: 3' 'image: nginx:2' 'env_vars: {A: "1"}'
    expect 0 optasvc apply -f history.yaml
    history_of history >rows
    holds rows <<'TEXT'
web | 1 | nginx:1 | -
web | 2 | nginx:2 | env, image
web | 3 (current) | nginx:2 | restart
TEXT
    empty err
    expect 0 optasvc history -f history.yaml -o json
    jq -c '.[] | [.name, .namespace, .deployed], (.revisions[] | [.revision, .current, .image, .change,
        (.creationTimestamp | fromdate > 0)])' out >got
    holds got <<'TEXT'
["web","history",true]
[1,false,"nginx:1",null,true]
[2,false,"nginx:2","env, image",true]
[3,true,"nginx:2","restart",true]
TEXT
    # A restart is not what rollback reverts. The revision gets a new number.
    expect 0 optasvc rollback -f history.yaml
    holds out <<<'deployment.apps/web rolled back to revision 1'
    must kubectl annotate deployment/web -n history 'kubernetes.io/change-cause=go back'
    await_change() { history_of history | grep -qxF 'web | 4 (current) | nginx:1 | go back'; }
    for _ in {1..50}; do ! await_change || break; sleep 0.2; done
    await_change || fail "history: $(cat out)"

    must make_volumes 1
    service history-set "${one[@]}" "$storage"
    expect 0 optasvc apply -f history-set.yaml
    service history-set "${one[@]}" "$storage" 'image: nginx:2'
    expect 0 optasvc apply -f history-set.yaml
    history_of history-set >rows
    holds rows <<'TEXT'
web | 1 | nginx:1 | -
web | 2 (current) | nginx:2 | image
TEXT
}

# NAMESPACE KIND PODS: the pods are those of nginx:1, and the next apply works without conflicts.
is_rolled_back() {
    is_back "$1" "$2" "$3"
    expect 0 optasvc diff -f "$1-1.yaml"
    empty out
    expect 0 optasvc apply -f "$1.yaml"
    quiet
    same nginx:2 "$(value "$1" "$2/web" '.spec.template.spec.containers[0].image')" 'the image'
}

run_rollback_command() {
    must make_volumes 2
    service rolled 'min_containers: 2' 'max_containers: 2'
    cp rolled.yaml rolled-1.yaml
    expect 0 optasvc apply -f rolled.yaml
    layer=rolled
    changes_nothing 1 optasvc rollback -f rolled.yaml
    told <<'TEXT'
error: deployment.apps/web in namespace "rolled" has no earlier revision with another pod template
  run kubectl optasvc history to list the revisions
TEXT
    service rolled 'min_containers: 2' 'max_containers: 2' 'image: nginx:2' 'env_vars: {A: "1"}'
    expect 0 optasvc apply -f rolled.yaml
    changes_nothing 1 optasvc rollback -f rolled.yaml --to-revision 7
    told <<'TEXT'
error: deployment.apps/web in namespace "rolled" has no revision 7
  run kubectl optasvc history to list the revisions
TEXT
    changes_nothing 0 optasvc rollback -f rolled.yaml --to-revision 2
    holds out <<<'deployment.apps/web already has the pods of revision 2'
    expect 0 optasvc rollback -f rolled.yaml
    holds out <<<'deployment.apps/web rolled back to revision 1'
    told <<<'web: only the pods are rolled back; the number of pods and other objects remain as applied'
    is_rolled_back rolled deployment 2
    # By its number, after the revision has got a new one.
    expect 0 optasvc rollback -f rolled.yaml --to-revision 3
    is_back rolled deployment 2

    # Another manager has set the image.
    must kubectl set image deployment/web -n rolled web=nginx:5
    must kubectl rollout status deployment/web -n rolled
    changes_nothing 1 optasvc rollback -f rolled.yaml
    empty out
    says err 'kubectl-set' '--force-conflicts'
    expect 0 optasvc rollback -f rolled.yaml --force-conflicts
    is_back rolled deployment 2

    service rolled-set 'min_containers: 2' 'max_containers: 2' "$storage"
    cp rolled-set.yaml rolled-set-1.yaml
    expect 0 optasvc apply -f rolled-set.yaml
    service rolled-set 'min_containers: 2' 'max_containers: 2' "$storage" 'image: nginx:2'
    expect 0 optasvc apply -f rolled-set.yaml
    expect 0 optasvc rollback -f rolled-set.yaml
    holds out <<<'statefulset.apps/web rolled back to revision 1'
    is_rolled_back rolled-set statefulset 2

    # Of several services one, and no revision for all.
    printf '%s\n' '- {name: api, type: k8s-service, image: "nginx:1", port: none, min_containers: 1, max_containers: 1}' >>rolled.yaml
    changes_nothing 1 optasvc rollback -f rolled.yaml --to-revision 1
    says err '--to-revision requires a single service'
    # Nothing is rolled back if one of them cannot be.
    changes_nothing 1 optasvc rollback -f rolled.yaml
    told <<'TEXT'
error: "api" is not deployed in namespace "rolled"
  run kubectl optasvc apply to deploy it
TEXT
    expect 0 optasvc rollback -f rolled.yaml --module web

    # Pods that do not become ready are explained.
    service rolled "${one[@]}" "$crash"
    expect 0 optasvc apply -f rolled.yaml --wait=false
    service rolled "${one[@]}" 'image: nginx:7' 'timeout: 60'
    expect 0 optasvc apply -f rolled.yaml
    expect 1 optasvc rollback -f rolled.yaml --timeout 3s
    says err 'error: web: not ready after 3 s' 'CrashLoopBackOff'
}

# What is outside of the pod template is listed, and what the pods require must exist.
run_rollback_rest() {
    local files=('files: [{path: /etc/a, content: old}]' 'volumes: [{path: /etc/b, config_map: settings}]')
    must kubectl create namespace rest
    must kubectl create configmap settings -n rest --from-literal=a=1
    service rest 'min_containers: 2' 'max_containers: 4' 'public_uri: rest.example.com' "${files[@]}"
    expect 0 optasvc apply -f rest.yaml
    sleep 4 # the times of objects have no fractions
    must kubectl create configmap settings -n rest --from-literal=a=2 -o yaml --dry-run=client
    kubectl apply -n rest --server-side --force-conflicts -f must.out >applied.out 2>&1 || fail "$(cat applied.out)"
    service rest 'min_containers: 2' 'max_containers: 6' 'public_uri: rest.example.org' 'image: nginx:2' \
        'port: {http: 9090}' 'files: [{path: /etc/a, content: new}]' "${files[1]}"
    expect 0 optasvc apply -f rest.yaml
    expect 0 optasvc rollback -f rest.yaml
    says err 'web: changed since revision 1 and not rolled back: ' 'horizontalpodautoscaler.autoscaling/web' \
        'ingress.networking.k8s.io/web-' 'configmap/settings' 'apply the service file of that time'
    says_not err 'poddisruptionbudget' 'service/web' 'serviceaccount' 'web-files'
    same '["nginx:1",6]' "$(kubectl get deployment/web hpa/web -n rest -o json | jq -c '[.items[0].spec.template.spec.containers[0].image,
        .items[1].spec.maxReplicas]')" 'the image and the maximum'
    expect 0 optasvc apply -f rest.yaml

    # The files of the revision are gone.
    kubectl get configmap -n rest -o name | grep files >configs
    same 2 "$(wc -l <configs)" 'the versions of the files'
    must kubectl delete -n rest "$(grep -vxF "configmap/$(value rest deployment/web '[.spec.template.spec.volumes[].configMap.name
        | select(. and startswith("web-files"))][0]')" configs)"
    layer=rest
    changes_nothing 1 optasvc rollback -f rest.yaml
    empty out
    says err 'ConfigMap "web-files-' 'not found in namespace "rest"' 'apply the service file of that time instead'
    same 1 "$(grep -c '^error: ' err)" 'the number of errors'
}
