# shellcheck shell=bash
# Objects of the previous release, which earlier/ has.

# NAME PODS: applies the manifests that the previous release rendered from earlier/NAME.yaml.
apply_earlier() {
    local layer=earlier-$1
    cp "$root/tests/e2e/apply/earlier/$1.yaml" "$root/tests/e2e/apply/earlier/$1.manifests.yaml" .
    must kubectl apply --server-side --field-manager=optasvc -f "$1.manifests.yaml"
    await_pods "$layer" "$2"
    pods_and_claims "$layer" >before
}

run_earlier_disks() {
    must make_volumes 4
    apply_earlier disks 2
    mounts earlier-disks >mounts.before
    expect 1 optasvc apply -f disks.yaml
    empty out
    holds err <<'TEXT'
disks.yaml:14:25: error: claim mounted at "/var/lib/data" is named "storage-0" in the cluster, not "var-lib-data"
        - {size: 1, path: /var/lib/data}
                          ^~~~~~~~~~~~~
  add its name to this entry: name: storage-0
disks.yaml:15:25: error: claim mounted at "/cache" is named "storage-1" in the cluster, not "cache"
        - {size: 2, path: /cache}
                          ^~~~~~
  add its name to this entry: name: storage-1
TEXT
    mv err apply.err
    expect 2 optasvc diff -f disks.yaml
    empty out
    holds err <apply.err
    expect 1 optasvc apply -f disks.yaml --dry-run=server
    empty out
    holds err <apply.err
    expect 1 render_and_apply disks.yaml
    says err volumeClaimTemplates 'field is immutable'
    undisturbed earlier-disks

    sed -i 's/\(path: \/var.*\)}/\1, name: storage-0}/; s/\(path: \/cache\)}/\1, name: storage-1}/' disks.yaml
    keeps_pods disks.yaml earlier-disks
    sed -i '14{h;d};15{p;x}' disks.yaml # the entries in another order
    keeps_pods disks.yaml earlier-disks
    must kubectl delete pod web-0 -n earlier-disks
    await_pods earlier-disks 2
    mounts earlier-disks | diff -u mounts.before - || fail "a volume moved"
}

run_earlier_many_disks() {
    local i
    must make_volumes 11
    apply_earlier many-disks 1
    expect 1 optasvc apply -f many-disks.yaml
    for ((i = 0; i < 11; i++)); do
        says err "claim mounted at \"/disk/$((10 - i))\" is named \"storage-$i\" in the cluster, not \"disk-$((10 - i))\""
    done
    same 11 "$(grep -c 'error: ' err)" 'how many errors'
    undisturbed earlier-many-disks
    for ((i = 0; i < 11; i++)); do sed -i "s|\(path: /disk/$((10 - i))\)}|\1, name: storage-$i}|" many-disks.yaml; done
    keeps_pods many-disks.yaml earlier-many-disks
}

run_earlier_secrets() {
    must kubectl create namespace earlier-secrets
    must kubectl create secret generic manual-secrets -n earlier-secrets --from-literal=TOKEN=x
    apply_earlier secrets 1
    local old
    old=$(kubectl get cronjobs -n earlier-secrets -o name)
    # Earlier, the name of the CronJob included the schedule. Only that name changes.
    expect 1 optasvc diff -f secrets.yaml
    says_not out 'v1.Deployment'
    says err "$old: would be deleted"
    expect 0 render_and_apply secrets.yaml
    undisturbed earlier-secrets
    same 2 "$(kubectl get cronjobs -n earlier-secrets -o name | wc -l)" 'CronJobs'
    expect 0 optasvc apply -f secrets.yaml
    says out "$old deleted"
    says_not err 'pods will be replaced'
    undisturbed earlier-secrets
    same 1 "$(kubectl get cronjobs -n earlier-secrets -o name | wc -l)" 'CronJobs'
}

# The earlier release probed such a port with HTTP. Now it is probed with TCP, which replaces the pods:
# render and apply warn that the path is not requested, and apply reports the changes. The suggested
# setting keeps the pods.
run_earlier_websocket() {
    local warning='websocket.yaml:7:23: warning: healthcheck_path has no effect on a tcp or websocket port, which gets a TCP probe'
    apply_earlier websocket 1
    expect 0 optasvc render -f websocket.yaml
    says err "$warning" 'set healthcheck: http'
    expect 1 optasvc diff -f websocket.yaml
    says err "$warning"
    says out '-          httpGet:' '+          tcpSocket:'
    expect 0 optasvc apply -f websocket.yaml --dry-run=server
    says err "$warning" 'web: pods will be replaced (changed: livenessProbe, readinessProbe)'
    undisturbed earlier-websocket

    cp websocket.yaml http.yaml
    printf '    healthcheck: http\n' >>http.yaml
    keeps_pods http.yaml earlier-websocket

    expect 0 optasvc apply -f websocket.yaml
    says err "$warning" 'web: pods will be replaced (changed: livenessProbe, readinessProbe)'
    await_pods earlier-websocket 1
    ! pods_and_claims earlier-websocket | diff -q before - >/dev/null || fail "the pods were not replaced"
}

# Objects without environment label are claimed for an environment, which replaces the pods.
run_earlier_environment() {
    apply_earlier environment 1
    keeps_pods environment.yaml earlier-environment
    sed -i '1a environments: [{name: staging, path: env.yaml}]' environment.yaml
    printf 'name: shared\norg_name: shop\nproviders: {local: {}}\n' >env.yaml
    expect 0 optasvc apply -f environment.yaml
    says err 'web: pods will be replaced (changed: labels, imagePullPolicy)'
    same staging "$(value earlier-environment deployment/web '.spec.template.metadata.labels["opta.dev/environment-name"]')" 'the environment'
}
