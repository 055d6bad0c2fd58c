# shellcheck shell=bash
# Pods that become ready or do not: waiting, progress and rollback.

run_never_ready() {
    service stuck "${one[@]}" "$crash"
    expect 1 optasvc apply -f stuck.yaml
    within 4 30
    says out 'deployment.apps/web created'
    # Either our timeout or the progress deadline of Kubernetes expires first.
    messages | sed 's/web-[0-9a-z]*-[0-9a-z]*/web-POD/; s/progress deadline of 5 s exceeded/no progress for 5 s/' >why
    holds why <<'TEXT'
error: web: no progress for 5 s
  cause: container web crashes: exited with code 1 (Error)
  fix: see its log; settings come from commands, args, env_vars, secrets and links
  pod web-POD: container web: CrashLoopBackOff: cannot open "data"; previously exited with code 1 (Error)
TEXT
    # The failure of the previous rollout does not end this wait.
    expect 1 optasvc apply -f stuck.yaml --rollback-on-failure --timeout 1s
    says err 'error: web: not ready after 1 s' 'web: not rolled back: no previous revision'
    service stuck "${one[@]}"
    expect 0 optasvc apply -f stuck.yaml
    quiet
}

# The cause is printed first, with the fields that change it, and without warnings about other objects.
run_causes() {
    service cause 'min_containers: 1' 'max_containers: 4' 'node_selector: {disk: none}'
    must kubectl create namespace cause
    kubectl create -n cause -f - >must.out <<'YAML' || fail "$(cat must.out)"
apiVersion: v1
kind: Event
metadata: {name: web.1}
type: Warning
reason: FailedGetResourceMetric
message: unable to get metrics for resource cpu
involvedObject: {kind: HorizontalPodAutoscaler, apiVersion: autoscaling/v2, name: web, namespace: cause}
YAML
    expect 1 optasvc apply -f cause.yaml --timeout 3s
    sed -n '2,$p' err | sed 's/web-[0-9a-z]*-[0-9a-z]*/web-POD/' | sed -n '/cause/,$p' >why
    says why '  cause: pod web-POD is unschedulable: 0/1 nodes are available' '  fix: correct node_selector: no node has these labels'
    same '  cause: ' "$(head -c 9 why)" 'the beginning'
    says_not err metrics
    service cause "${one[@]}" 'resource_request: {cpu: 900000}'
    expect 1 optasvc apply -f cause.yaml --timeout 3s
    says err '  fix: lower resource_request.cpu, or add nodes'
    must kubectl create namespace cause-quota
    must kubectl create quota pods -n cause-quota --hard=pods=0
    service cause-quota "${one[@]}"
    expect 1 optasvc apply -f cause-quota.yaml --timeout 3s
    says err 'cause: pods cannot be created: pods "web-' 'exceeded quota: pods' \
        'fix: lower resource_request, resource_limits or the number of pods (min_containers)'
    says_not err 'event for'
    must kubectl create namespace cause-policy
    must kubectl label namespace cause-policy pod-security.kubernetes.io/enforce=restricted
    service cause-policy "${one[@]}"
    expect 1 optasvc apply -f cause-policy.yaml --timeout 3s
    says err 'cause: pods cannot be created: pods "web-' 'violates PodSecurity' 'fix: set pod_security: restricted'
    service cause-policy "${one[@]}" 'pod_security: restricted' 'timeout: 60'
    expect 0 optasvc apply -f cause-policy.yaml
}

# The states of a container, as the kubelet reports them.
run_container_causes() {
    local pod
    service state "${one[@]}" "$crash"
    # shellcheck disable=SC2016  # $1 is of the wrapper
    wrapper logging <<<'[[ $1 != logs ]] || { echo "DB_URL is not set"; exit; }'
    KUBECTL_PATH=./logging expect 1 optasvc apply -f state.yaml --timeout 3s
    grep -A 4 '^error: ' err | sed 's/web-[0-9a-z]*-[0-9a-z]*/web-POD/' >why
    holds why <<'TEXT'
error: web: not ready after 3 s
  cause: container web crashes: exited with code 1 (Error)
  fix: see its log; settings come from commands, args, env_vars, secrets and links
  last log lines of pod web-POD:
    DB_URL is not set
TEXT
    pod=$(kubectl get pods -n state -o name)
    # STATE: sets the state of the container.
    becomes() {
        must kubectl patch "$pod" -n state --subresource=status --type=json -p '[{"op": "replace",
            "path": "/status/containerStatuses/0", "value": {"name": "web", "image": "nginx:1", "imageID": "",
            "ready": false, "restartCount": 0, "state": '"$1"'}}]'
        expect 1 optasvc apply -f state.yaml --timeout 2s
    }
    becomes '{"waiting": {"reason": "ErrImagePull", "message": "docker.io/library/nginx:1: not found"}}'
    says err '  cause: container web has no image: docker.io/library/nginx:1: not found' \
        '  fix: check the name and tag in image, and that the image was pushed'
    kubectl create -n state -f - >must.out <<YAML || fail "$(cat must.out)"
apiVersion: v1
kind: Event
metadata: {name: web.1}
type: Warning
reason: Unhealthy
message: "Readiness probe failed: HTTP probe failed with statuscode: 404"
involvedObject: {kind: Pod, apiVersion: v1, name: ${pod#pod/}, namespace: state}
YAML
    becomes '{"running": {}}'
    says err '  cause: container web is not ready: Readiness probe failed: HTTP probe failed with statuscode: 404' \
        '  fix: set the probe to a path that exists; fields of the probe: readiness_probe_path, healthcheck_path, healthcheck'
    says_not err 'event for'
}

run_containers() {
    local lines=('image: nginx:2' 'secrets: [A]' 'init_containers: [{name: migrate, commands: [migrate]}]'
        'sidecars: [{name: proxy, image: proxy:1, secrets: [A], env_vars: {B: {secret: proxy, key: b}}}]')
    service containers "${one[@]}" "${lines[@]}"
    must kubectl create namespace containers
    must kubectl create secret generic manual-secrets -n containers --from-literal=A=x
    expect 1 optasvc apply -f containers.yaml
    empty out
    says err 'error: Secret "proxy" not found in namespace "containers" (needs key "b")'
    must kubectl create secret generic proxy -n containers --from-literal=b=x
    service containers "${one[@]}" "${lines[@]}" "$crash"
    expect 1 optasvc apply -f containers.yaml
    says err 'container migrate: CrashLoopBackOff: cannot open "data"; previously exited with code 1 (Error)'
    says_not err 'PodInitializing'
    service containers "${one[@]}" "${lines[@]}"
    expect 0 optasvc apply -f containers.yaml
    quiet
    is_in_place containers.yaml
    same 'proxy migrate' "$(value containers deployment/web '[.spec.template.spec.initContainers[].name] | join(" ")')" containers
    service containers "${one[@]}" 'image: nginx:2' 'secrets: [A]'
    expect 0 optasvc apply -f containers.yaml
    same null "$(value containers deployment/web '.spec.template.spec.initContainers | tojson')" containers
}

# NAMESPACE KIND PODS: the pods run nginx:1 again, and only our manager owns the pod template.
is_back() {
    same nginx:1 "$(value "$1" "$2/web" '.spec.template.spec.containers[0].image')" 'the image'
    same null "$(value "$1" "$2/web" '.spec.template.metadata.annotations | tojson')" 'annotations of the pods'
    same nginx:1 "$(kubectl get pods -n "$1" -o json | jq -r '[.items[] | select(.metadata.deletionTimestamp == null)
        .spec.containers[0].image] | unique | join(" ")')" 'the images of the pods'
    same "$3" "$(ready_pods "$1")" 'ready pods'
    same optasvc "$(value "$1" "$2/web" '[.metadata.managedFields[] | select(.fieldsV1["f:spec"]).manager]
        | unique | join(" ")')" 'who has set something'
}

run_rollback() {
    service back "${four[@]}"
    expect 0 optasvc apply -f back.yaml
    service back "${four[@]}" 'image: nginx:2' "$crash" 'env_vars: {A: "1"}'
    expect 1 optasvc apply -f back.yaml --rollback-on-failure
    says err 'CrashLoopBackOff: cannot open "data"' 'web: rolling back the pods to the previous revision; other objects remain as applied' \
        'web: rolled back'
    is_back back deployment 4
    service back "${four[@]}" 'image: nginx:3'
    expect 0 optasvc apply -f back.yaml
    quiet
    same nginx:3 "$(value back deployment/web '.spec.template.spec.containers[0].image')" 'the image'
}

# With one pod, the rollback makes no progress in terms of Kubernetes before the failed pod is deleted.
run_rollback_one() {
    service back-one "${one[@]}"
    expect 0 optasvc apply -f back-one.yaml
    cp back-one.yaml good.yaml
    service back-one "${one[@]}" "$crash" 'timeout: 2'
    expect 1 optasvc apply -f back-one.yaml --rollback-on-failure
    says err 'web: rolled back'
    is_back back-one deployment 1
    expect 1 optasvc apply -f back-one.yaml
    expect 0 optasvc apply -f good.yaml
    quiet
}

run_rollback_set() {
    must make_volumes 2
    local two=('min_containers: 2' 'max_containers: 2' "$storage")
    service back-set "${two[@]}"
    expect 0 optasvc apply -f back-set.yaml
    service back-set "${two[@]}" 'image: nginx:2' "$crash"
    expect 1 optasvc apply -f back-set.yaml --rollback-on-failure
    says err 'CrashLoopBackOff: cannot open "data"' 'deleted pod web-1 of an earlier revision, which was stuck' 'web: rolled back'
    is_back back-set statefulset 2
    service back-set "${two[@]}" 'image: nginx:3'
    expect 0 optasvc apply -f back-set.yaml
    quiet

    # Without rollback, the next valid apply deletes the stuck pod.
    service back-set "${two[@]}" 'image: nginx:4' "$crash"
    expect 1 optasvc apply -f back-set.yaml --timeout 2s
    service back-set "${two[@]}" 'image: nginx:5'
    expect 0 optasvc apply -f back-set.yaml
    told <<<'web: deleted pod web-1 of an earlier revision, which was stuck'
    same 2 "$(ready_pods back-set)" 'ready pods'
}

run_rollback_kind() {
    must make_volumes 4
    local lines=('min_containers: 2' 'max_containers: 4')
    service back-kind "${lines[@]}"
    expect 0 optasvc apply -f back-kind.yaml
    service back-kind "${lines[@]}" "$storage" "$crash"
    expect 1 optasvc apply -f back-kind.yaml --rollback-on-failure
    says err 'web: rolled back: its Deployment is still running'
    same 1 "$(objects_in back-kind | grep -c -e Deployment -e StatefulSet)" workloads
    same Deployment "$(value back-kind hpa/web .spec.scaleTargetRef.kind)" 'what the autoscaler scales'
    same 2 "$(ready_pods back-kind)" 'ready pods'
    service back-kind "${lines[@]}"
    expect 0 optasvc apply -f back-kind.yaml --prune
}

run_wait() {
    service wait "${one[@]}" "$crash" 'timeout: 60'
    expect 0 optasvc apply -f wait.yaml --wait=false
    within 0 20
    quiet
    expect 1 optasvc apply -f wait.yaml --timeout 2s
    within 2 15
    says err 'error: web: not ready after 2 s' 'CrashLoopBackOff'
}

# On a terminal of any size, each line of progress takes one row and is overwritten.
run_progress() {
    local columns width rows=0 # the terminal reports only its columns
    service progress "${one[@]}" 'timeout: 60'
    for columns in 80 20 7 2 1; do
        service progress "${one[@]}" 'timeout: 60' "env_vars: {WIDTH: \"$columns\"}"
        must kubectl cordon node-1
        TERM=xterm script -qefc "stty cols $columns rows $rows; kubectl-optasvc apply -f progress.yaml >out" typescript >screen </dev/null &
        pid=$!
        await_text screen $'\x1b[1A' # it was drawn a second time
        must kubectl uncordon node-1
        wait "$pid" || fail "$columns columns: $(cat -v screen)"
        # A message is printed once, so it may wrap.
        tr '\r' '\n' <screen | sed 's/\x1b\[[0-9]*[A-Z]//g' | grep -v 'pods will be replaced' >lines
        width=$(wc -L <lines)
        ((width < columns)) || fail "a line of $width in a terminal of $columns columns: $(cat -v screen)"
        # The cursor moves up by one row.
        ! grep -q $'\x1b\\[[02-9]' screen || fail "$columns columns: $(cat -v screen)"
        [ "$columns" -lt 80 ] || says lines '0 of 1 pods ready' 'web: ready, 1 pod'
        [ "$columns" -ne 20 ] || rows=5
    done
}

# Rolls back to the pods that ran before this apply, not to an older revision: here the pod template does
# not change, so there is nothing to roll back.
run_rollback_to_what_ran() {
    service ran 'min_containers: 2' 'max_containers: 2'
    expect 0 optasvc apply -f ran.yaml
    service ran 'min_containers: 2' 'max_containers: 2' 'image: nginx:2'
    expect 0 optasvc apply -f ran.yaml
    must kubectl create quota pods -n ran --hard=pods=2
    service ran 'min_containers: 3' 'max_containers: 3' 'image: nginx:2'
    expect 1 optasvc apply -f ran.yaml --rollback-on-failure --timeout 2s
    says err 'web: nothing to roll back: the pod template did not change'
    same nginx:2 "$(value ran deployment/web '.spec.template.spec.containers[0].image')" 'the image'
}
