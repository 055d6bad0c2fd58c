# shellcheck shell=bash
# Claims and their disks.

run_claim_size() {
    must make_volumes 2
    local two=('min_containers: 2' 'max_containers: 2')
    service claims "${two[@]}" "$storage"
    expect 0 optasvc apply -f claims.yaml
    watch_ready claims ready
    service claims "${two[@]}" "${storage/size: 1/size: 2}"
    wrapper kubectl-note <<<'echo "$*" >>calls'
    KUBECTL_PATH=./kubectl-note expect 1 optasvc apply -f claims.yaml
    empty out
    ! grep apply calls || fail "something was sent"
    grep -v '^claims.yaml\|^  *[-^]\|persistent_storage' err >why
    sed 's/^  //' err >text
    says text 'error: cannot change the size of claim "data" of a StatefulSet from 1Gi to 2Gi' \
        'kubectl delete statefulset web -n claims --cascade=orphan' 'and apply again'
    must kubectl patch storageclass test -p '{"allowVolumeExpansion": true}'
    grep '^kubectl ' text >commands
    same 3 "$(wc -l <commands)" 'the number of commands'
    bash -e commands >must.out 2>&1 || fail "its commands fail: $(cat must.out)"
    expect 0 optasvc apply -f claims.yaml
    quiet
    end_watches
    same 2 "$(least_ready ready.events 2)" 'the least pods that were ready'
    same 2Gi "$(value claims statefulset/web '.spec.volumeClaimTemplates[0].spec.resources.requests.storage')" 'the size'
    same '2Gi 2Gi' "$(kubectl get pvc -n claims -o json | jq -r '[.items[].spec.resources.requests.storage] | join(" ")')" \
        'the sizes of the claims'
}

# LAYER ENTRY...: writes a service with this persistent_storage.
disks() { service "$1" "${one[@]}" "persistent_storage: [$(IFS=,; echo "${*:2}")]"; }

# MESSAGE...: apply and diff report these, and nothing has changed since `versions.before`.
refuses() {
    expect 1 optasvc apply -f disks.yaml
    empty out
    says err "$@"
    mv err apply.err
    expect 2 optasvc diff -f disks.yaml
    empty out
    holds err <apply.err
    versions disks | diff -u versions.before - || fail "something was changed"
}

run_disks_move() {
    must make_volumes 4
    disks disks '{size: 1, path: /a}' '{size: 1, path: /b, name: bee}'
    expect 0 optasvc apply -f disks.yaml
    versions disks >versions.before
    pods_and_claims disks >before

    disks disks '{size: 1, path: /b, name: bee}' '{size: 1, path: /a, name: a}'
    keeps_pods disks.yaml disks
    disks disks '{size: 1, path: /a, name: bee}' '{size: 1, path: /b, name: a}'
    refuses 'claim mounted at "/a" is named "a" in the cluster, not "bee"' 'use its existing name: name: a' \
        'claim mounted at "/b" is named "bee" in the cluster, not "a"' 'use its existing name: name: bee'
    same 2 "$(grep -c 'error: ' err)" 'how many errors'
    disks disks '{size: 1, path: /a}' '{size: 1, path: /c, name: bee}'
    refuses 'claim "bee" is mounted at "/b" in the cluster and cannot move to "/c"' 'use path: /b; or, to mount the claim at /c:' \
        'kubectl delete statefulset web -n disks --cascade=orphan'
    same 1 "$(grep -c 'error: ' err)" 'how many errors'
    disks disks '{size: 1, path: /a}' '{size: 1, path: /c}'
    refuses 'cannot add claim "c" to an existing StatefulSet' \
        'if you changed the path of a claim, add the name of that claim to this entry: name: bee; to create' \
        'cannot remove claim "bee" from an existing StatefulSet'
    disks disks '{size: 1, path: /a}' '{size: 1, path: /b}'
    refuses 'claim mounted at "/b" is named "bee" in the cluster, not "b"' 'add its name to this entry: name: bee'
    same 1 "$(grep -c 'error: ' err)" 'how many errors'
    disks disks '{size: 1, path: /a}' '{size: 2, path: /b, name: bee}' '{size: 1, path: /new}'
    refuses 'cannot change the size of claim "bee" of a StatefulSet from 1Gi to 2Gi' 'cannot add claim "new" to an existing StatefulSet'
    disks disks '{size: 1, path: /a}'
    refuses 'cannot remove claim "bee" from an existing StatefulSet'
    undisturbed disks

    disks disks '{size: 1, path: /a}' '{size: 1, path: /c, name: bee}'
    must kubectl delete statefulset web -n disks --cascade=orphan
    expect 0 optasvc apply -f disks.yaml
    await_pods disks 1
    mounts disks | holds <(printf 'web-0 /a a-web-0\nweb-0 /c bee-web-0\n')
}

# A container with another name, as in an adopted StatefulSet, mounts the claims.
run_disks_of_other_container() {
    must make_volumes 4
    disks other-container '{size: 1, path: /a}' '{size: 1, path: /b}'
    optasvc render -f other-container.yaml >rendered.yaml || fail "render failed"
    sed -i 's/- name: web$/- name: main/' rendered.yaml
    must kubectl apply --server-side --field-manager=optasvc -f rendered.yaml
    same main "$(value other-container statefulset/web '.spec.template.spec.containers[0].name')" 'the container'
    disks other-container '{size: 1, path: /a, name: b}' '{size: 1, path: /b, name: a}'
    expect 1 optasvc apply -f other-container.yaml
    empty out
    says err 'claim mounted at "/a" is named "a" in the cluster, not "b"' \
        'claim mounted at "/b" is named "b" in the cluster, not "a"'
    disks other-container '{size: 1, path: /a}' '{size: 1, path: /b}'
    expect 0 optasvc apply -f other-container.yaml --dry-run=server
}

# The claims of a deleted StatefulSet remain; a new one with other names would get empty volumes.
run_disks_retained() {
    must make_volumes 6
    disks retained '{size: 1, path: /a, name: storage-0}' '{size: 1, path: /b, name: storage-1}'
    expect 0 optasvc apply -f retained.yaml
    expect 0 optasvc delete -f retained.yaml --yes
    pods_and_claims retained | grep PersistentVolumeClaim >before
    disks retained '{size: 1, path: /a}' '{size: 1, path: /b, name: storage-1}'
    expect 1 optasvc apply -f retained.yaml
    empty out
    says err 'claim "a" would be new and empty, but existing claims of the service would not be used: storage-0-web-0' \
        'to use one of them, add its name to its entry in persistent_storage: name: storage-0'
    same 1 "$(grep -c 'error: ' err)" 'how many errors'
    mv err apply.err
    expect 2 optasvc diff -f retained.yaml
    empty out
    holds err <apply.err
    grep -o 'kubectl label .*' apply.err >unlabel
    disks retained '{size: 1, path: /a, name: storage-0}' '{size: 1, path: /b, name: storage-1}'
    expect 0 optasvc apply -f retained.yaml
    quiet
    pods_and_claims retained | grep PersistentVolumeClaim | diff before - || fail "the claims are not used again"

    must kubectl delete statefulset web -n retained --cascade=orphan
    disks retained '{size: 1, path: /b, name: storage-1}' # one less: nothing new, nothing to report
    expect 0 optasvc apply -f retained.yaml
    quiet
    disks retained '{size: 1, path: /b, name: storage-1}' '{size: 1, path: /new}'
    expect 1 optasvc apply -f retained.yaml
    says err 'cannot add claim "new" to an existing StatefulSet' 'kubectl delete pod web-0 -n retained'
    must kubectl delete statefulset web -n retained --cascade=orphan
    expect 1 optasvc apply -f retained.yaml
    must bash -e unlabel
    optasvc apply -f retained.yaml >applied.out 2>applied.err &
    local applying=$!
    for _ in {1..50}; do
        ! kubectl get statefulset web -n retained >/dev/null 2>&1 || break
        sleep 0.1
    done
    must kubectl delete pod web-0 -n retained # as the hint of a new claim says
    wait $applying
    same 0 $? "exit status: $(cat applied.err)"
    mounts retained | holds <(printf 'web-0 /b storage-1-web-0\nweb-0 /new new-web-0\n')

    must kubectl label pvc new-web-0 -n retained app.kubernetes.io/instance=others --overwrite
    must kubectl delete statefulset web -n retained --cascade=orphan
    expect 1 optasvc apply -f retained.yaml
    says err 'claim "new-web-0" in namespace "retained" belongs to another service: "others"'
}

run_volumes() {
    service volumes "${one[@]}" \
        'volumes: [{path: /c, config_map: c}, {path: /s, secret: s}, {path: /p, claim: p}, {path: /e, empty_dir: {}}]'
    must kubectl create namespace volumes
    expect 1 optasvc apply -f volumes.yaml
    empty out
    says err '12:36: error: ConfigMap "c" not found in namespace "volumes" (volumes requires it)' \
        '12:59: error: Secret "s" not found in namespace "volumes" (volumes requires it)' \
        '12:81: error: PersistentVolumeClaim "p" not found in namespace "volumes" (volumes requires it)'
    same '' "$(objects_in volumes)" 'what was made'
    must kubectl create configmap c -n volumes
    must kubectl create secret generic s -n volumes
    kubectl create -n volumes -f - >must.out 2>&1 <<'YAML' || fail "no claim: $(cat must.out)"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: p}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}
YAML
    expect 0 optasvc apply -f volumes.yaml --wait=false
    says err '12:81: warning: claim "p" can be mounted on only one node: pods on other nodes do not start'
    is_in_place volumes.yaml
    service volumes "${one[@]}" 'update_strategy: recreate' 'volumes: [{path: /p, claim: p}]' \
        'cron_jobs: [{schedule: "0 3 * * *", commands: [clean]}]'
    expect 0 optasvc apply -f volumes.yaml --wait=false
    says err 'claim "p" can be mounted on only one node: pods of cron_jobs do not start while the service runs on another node'

    service volumes "${one[@]}" 'persistent_storage: [{path: /d, size: 1, storage_class: missing}]'
    sed -i 's/name: volumes/name: classes/' volumes.yaml
    expect 1 optasvc apply -f volumes.yaml
    empty out
    says err '12:59: error: StorageClass "missing" not found' 'list the existing ones: kubectl get storageclass'
    make_volumes 1
    sed -i 's/missing/test/' volumes.yaml
    expect 0 optasvc apply -f volumes.yaml --wait=false
    is_in_place volumes.yaml
    sed -i 's/storage_class: test/access_mode: ReadWriteOncePod/' volumes.yaml
    expect 1 optasvc apply -f volumes.yaml
    says err "cannot change the storage class of claim \"d\" of a StatefulSet from test to the cluster's default" \
        'cannot change the access mode of claim "d" of a StatefulSet from ReadWriteOnce to ReadWriteOncePod'
}

# NAMESPACE: prints the ConfigMaps with files.
files_in() { kubectl get configmaps -n "$1" -l opta.dev/layer-name -o name; }

# VERSION: writes files.yaml.
files_service() {
    service files "min_containers: 2" "max_containers: 2" "files: [{path: /etc/a.conf, from: a.conf}]" "${@:2}"
    echo "version $1" >a.conf
}

run_files() {
    local first second
    files_service 1
    expect 0 optasvc apply -f files.yaml
    quiet
    first=$(files_in files)
    [[ $first == configmap/web-files-* ]] || fail "no ConfigMap: $first"
    says out "$first created"
    same 'version 1' "$(value files "$first" '.data["etc_a.conf"]')" content
    same true "$(value files "$first" .immutable)" immutable
    is_in_place files.yaml

    # The ReplicaSet of the first version keeps its files; a failed rollout returns to them.
    files_service 2 "$crash"
    expect 1 optasvc apply -f files.yaml --rollback-on-failure
    says err 'web: rolled back'
    second=$(files_in files | grep -vxF "$first")
    same "${first#*/}" "$(value files deployment/web '.spec.template.spec.volumes[0].configMap.name')" 'the files'
    files_service 2
    expect 0 optasvc apply -f files.yaml
    same "${second#*/}" "$(value files deployment/web '.spec.template.spec.volumes[0].configMap.name')" 'the files'
    same "$(printf '%s\n' "$first" "$second" | sort)" "$(files_in files | sort)" 'all files'
    says_not err 'no longer needed'
    expect 0 optasvc diff -f files.yaml
    empty err

    # Files to which no revision refers are deleted.
    local set
    for set in $(kubectl get replicasets -n files -o json | jq -r '.items[] | select(.spec.replicas == 0).metadata.name'); do
        must kubectl delete replicaset -n files "$set"
    done
    expect 0 optasvc apply -f files.yaml
    says out "$first deleted"
    same "$second" "$(files_in files)" 'all files'
    service files "min_containers: 2" "max_containers: 2"
    expect 0 optasvc apply -f files.yaml
    same "$second" "$(files_in files)" 'all files'
    expect 0 optasvc delete -f files.yaml --yes
    same '' "$(files_in files)" 'all files'
}
