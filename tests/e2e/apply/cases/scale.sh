# shellcheck shell=bash
# Replicas, autoscalers, and workloads of another kind, while pods stay ready.

# 4 pods keep running while fixed replicas become an autoscaler and vice versa.
run_scale() {
    service scale "${four[@]}"
    expect 0 optasvc apply -f scale.yaml
    quiet
    same 4 "$(ready_pods scale)" 'ready pods'
    watch_replicas scale deployment/web replicas
    watch_ready scale ready

    service scale 'min_containers: 2' 'max_containers: 6'
    expect 0 optasvc apply -f scale.yaml
    quiet
    says out 'deployment.apps/web unchanged' 'horizontalpodautoscaler.autoscaling/web created'
    sleep 2 # the autoscaler looks at it
    same 4 "$(value scale deployment/web .spec.replicas)" 'replicas under the autoscaler'
    expect 0 optasvc apply -f scale.yaml
    says_not out ' changed' ' created' ' deleted'

    service scale "${four[@]}" 'image: nginx:2'
    expect 0 optasvc apply -f scale.yaml
    quiet
    says out 'horizontalpodautoscaler.autoscaling/web deleted' 'deployment.apps/web changed'
    same 4 "$(value scale deployment/web .spec.replicas)" 'replicas when fixed again'
    expect 0 optasvc apply -f scale.yaml
    says_not out ' changed' ' created' ' deleted'
    end_watches
    same 4 "$(sort -n replicas | head -n 1)" 'the least replicas'
    same 4 "$(least_ready ready.events 4)" 'the least pods that were ready'
    service scale "${fixed_5[@]}"
    expect 0 optasvc apply -f scale.yaml
    quiet
    same 5 "$(value scale deployment/web .spec.replicas)" 'replicas when fixed at 5'
}

# Scales to 0 and back.
run_pause() {
    service pause 'min_containers: 2'
    expect 0 optasvc apply -f pause.yaml
    service pause 'min_containers: 0' 'max_containers: 0'
    expect 0 optasvc apply -f pause.yaml
    says out 'horizontalpodautoscaler.autoscaling/web deleted'
    same 'web: scaled to 0 pods' "$(tail -n 1 err)" 'the last line'
    same 0 "$(value pause deployment/web .spec.replicas)" replicas
    service pause 'min_containers: 2'
    expect 0 optasvc apply -f pause.yaml
    quiet
    same 'web: ready, 2 pods' "$(tail -n 1 err)" 'the last line'
    same 2 "$(ready_pods pause)" 'ready pods'
}

run_scaled_by_another() {
    service scaled "${four[@]}"
    expect 0 optasvc apply -f scaled.yaml
    must kubectl scale deployment web -n scaled --replicas 3
    versions scaled >before
    service scaled "${four[@]}" 'image: nginx:2'
    expect 1 optasvc apply -f scaled.yaml
    empty out
    holds err <<'TEXT'
error: conflict: deployment.apps/web in namespace "scaled" has fields set by other managers
  "kubectl" sets .spec.replicas
  pass --force-conflicts to overwrite them; `kubectl optasvc diff` shows them
TEXT
    versions scaled >after
    diff -u before after || fail "something was changed"
    expect 1 optasvc apply -f scaled.yaml --dry-run=server
    expect 0 optasvc apply -f scaled.yaml --force-conflicts
    same 4 "$(value scaled deployment/web .spec.replicas)" replicas
    expect 0 optasvc apply -f scaled.yaml
    says_not out ' changed' ' created' ' deleted'
}

# LAYER AUTOSCALER LINE...: a service with these lines becomes a StatefulSet and a Deployment again, while
# 4 pods are always ready. AUTOSCALER: empty if it has none.
run_kinds() {
    local layer=$1 autoscaler=$2
    shift 2
    must make_volumes 4
    service "$layer" "${four[@]}"
    expect 0 optasvc apply -f "$layer.yaml"
    service "$layer" "$@"
    expect 0 optasvc apply -f "$layer.yaml"
    watch_ready "$layer" ready

    service "$layer" "$@" "$storage"
    expect 0 optasvc apply -f "$layer.yaml" --wait=false
    quiet
    says out 'statefulset.apps/web created' 'deployment.apps/web deleted'
    is_kind "$layer" StatefulSet Deployment "$autoscaler"
    expect 0 optasvc apply -f "$layer.yaml"
    quiet
    says_not out ' changed' ' created' ' deleted'

    service "$layer" "$@" 'image: nginx:2'
    expect 0 optasvc apply -f "$layer.yaml"
    told <<TEXT
$layer.yaml:3:9: warning: claim "data" is retained, but the pods no longer mount it at "/data"
  - name: web
          ^~~
  to keep it mounted, restore its entry in persistent_storage: {name: data, size: ..., path: /data}
service/web-headless is no longer needed: pass --prune to delete it
TEXT
    says out 'deployment.apps/web created' 'statefulset.apps/web deleted'
    is_kind "$layer" Deployment StatefulSet "$autoscaler"
    expect 0 optasvc apply -f "$layer.yaml" --prune
    says_not err 'is retained'
    says_not out ' changed' ' created'
    same 1 "$(grep -c ' deleted' out)" 'what is deleted'
    says out 'service/web-headless deleted'
    end_watches
    same 4 "$(least_ready ready.events 4)" 'the least pods that were ready'
    same 4 "$(kubectl get pvc -n "$layer" -o name | wc -l)" 'the claims that stay'
}

# LAYER KIND NOT AUTOSCALER: the workload is a KIND with 4 pods, and there is no NOT. AUTOSCALER: empty, or
# the autoscaler's target is the workload.
is_kind() {
    objects_in "$1" >objects
    same "$2 web" "$(grep -x -e "$2 web" -e "$3 web" objects)" workloads
    same 4 "$(value "$1" "$2/web" .spec.replicas)" "replicas of the $2"
    for _ in {1..100}; do # the pods of the old kind are deleted
        [ "$(kubectl get pods -n "$1" -o json | jq '.items | length')" -ne 4 ] || break
        sleep 0.2
    done
    same "$2:4" "$(kubectl get pods -n "$1" -o json | jq -r '[.items[].metadata.ownerReferences[0].kind
        | if . == "ReplicaSet" then "Deployment" else . end] | group_by(.) | map("\(.[0]):\(length)") | join(" ")')" \
        'whose the pods are'
    [ -z "$4" ] || same "$2" "$(value "$1" hpa/web .spec.scaleTargetRef.kind)" 'what the autoscaler scales'
}
