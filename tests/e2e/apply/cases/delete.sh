# shellcheck shell=bash
# delete, and namespaces that end.

run_ending_namespace() {
    service ending "${one[@]}"
    must kubectl create namespace ending
    kubectl create -n ending -f - >must.out <<'YAML' || fail "$(cat must.out)"
{apiVersion: v1, kind: ConfigMap, metadata: {name: holds, finalizers: [example.com/hold]}}
YAML
    must kubectl delete namespace ending --wait=false
    expect 1 optasvc apply -f ending.yaml
    empty out
    holds err <<'TEXT'
error: namespace "ending" is being deleted
  wait until it is deleted, then apply again: kubectl wait --for=delete namespace/ending
TEXT
    same '' "$(objects_in ending)" 'what was made'
    must kubectl patch configmap holds -n ending --type merge -p '{"metadata": {"finalizers": null}}'
    must kubectl wait --for=delete namespace/ending --timeout=20s
    expect 0 optasvc apply -f ending.yaml
    says out 'namespace/ending created'

    expect 1 optasvc apply -f ending.yaml -n elsewhere
    empty out
    holds err <<'TEXT'
error: namespace "elsewhere" not found
  create it first: kubectl create namespace elsewhere
TEXT
    no_namespace elsewhere
    must kubectl create namespace elsewhere
    expect 0 optasvc apply -f ending.yaml -n elsewhere
    says out 'deployment.apps/web created'
    same elsewhere "$(value elsewhere deployment/web .metadata.namespace)" 'the namespace'
}

# The wait ends at --timeout, and what remains is named.
run_delete_timeout() {
    service late "${one[@]}"
    expect 0 optasvc apply -f late.yaml
    must kubectl patch service web -n late --type merge -p '{"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}'
    expect 1 optasvc delete -f late.yaml --yes --delete-namespace --timeout 2s
    within 2 15
    holds out <<'TEXT'
deployment.apps/web deleted
serviceaccount/web deleted
TEXT
    sed 's/after [2-9] s/after SECONDS/' err >why
    holds why <<'TEXT'
error: service/web in namespace "late" is being deleted, but still exists after SECONDS
  it is deleted when its finalizers are removed: example.com/hold, example.com/more
TEXT
    # The Namespace is not deleted: that would not end either.
    same Active "$(kubectl get namespace late -o jsonpath='{.status.phase}')" 'the namespace'
    # On a terminal, the wait says what it waits for.
    TERM=xterm script -qec 'kubectl-optasvc delete -f late.yaml --yes --timeout 3s' typescript >screen </dev/null
    same 1 $? 'the exit status'
    says screen 'waiting for the deletion of service/web ('
    must kubectl patch service web -n late --type merge -p '{"metadata": {"finalizers": null}}'
    expect 0 optasvc delete -f late.yaml --yes --delete-namespace --timeout 1m
    says out 'namespace/late deleted'
    no_namespace late
}

run_delete() {
    must make_volumes 2
    service delete "${one[@]}" "$storage" "$jobs_one" 'public_uri: delete.example.com' 'secrets: [A]'
    must kubectl create namespace delete
    must kubectl create secret generic manual-secrets -n delete --from-literal=A=1
    expect 0 optasvc apply -f delete.yaml
    objects_in delete >before
    expect 2 optasvc delete -f delete.yaml
    empty out
    says err 'stdin is not a terminal; pass --yes'

    # With a prompt.
    printf 'n\n' | script -qec 'kubectl-optasvc delete -f delete.yaml' typescript >screen
    same 1 $? 'the exit status'
    says screen "The following will be deleted from context \"admin\", cluster \"test\" ($(server)), namespace \"delete\":" \
        'statefulset.apps/web in namespace "delete"' 'Continue? [y/N]' 'nothing was deleted'
    printf '\n' | script -qec 'kubectl-optasvc delete -f delete.yaml' typescript >screen
    same 1 $? 'the exit status'
    objects_in delete | diff before - || fail "something was deleted"

    expect 1 optasvc delete -f delete.yaml --yes --delete-namespace --delete-volumes
    empty out
    holds err <<'TEXT'
error: namespace "delete" was not created by apply
  omit --delete-namespace, or run: kubectl delete namespace delete
TEXT
    objects_in delete | diff before - || fail "something was deleted"

    printf 'y\n' | script -qec 'kubectl-optasvc delete -f delete.yaml' typescript >screen
    same 0 $? 'the exit status'
    says screen 'statefulset.apps/web deleted' 'service/web deleted' 'serviceaccount/web deleted' 'cronjob.batch/web-'
    cluster_has delete </dev/null
    must kubectl get secret manual-secrets -n delete
    same 1 "$(kubectl get pvc -n delete -o name | wc -l)" claims

    # Without its StatefulSet, the owner of a claim is unknown.
    expect 1 optasvc delete -f delete.yaml --yes --delete-volumes
    empty out
    holds err <<'TEXT'
persistentvolumeclaim/data-web-0 is retained: its StatefulSet does not exist, so its owner is unknown; to delete it: kubectl delete persistentvolumeclaim/data-web-0 -n delete
nothing to delete
TEXT
    must bash -c "$(sed -n 's/.*; to delete it: //p' err)"
    expect 0 optasvc apply -f delete.yaml
    expect 0 optasvc delete -f delete.yaml --yes --delete-volumes
    says out 'statefulset.apps/web deleted' 'persistentvolumeclaim/data-web-0 deleted'
    expect 0 optasvc delete -f delete.yaml --yes
    empty out
    holds err <<<'nothing to delete'
}

run_delete_namespace() {
    service drop "${one[@]}" "$jobs_one"
    expect 0 optasvc apply -f drop.yaml
    must kubectl create job now -n drop --from="$(kubectl get cronjob -n drop -o name)"
    # Objects of Kubernetes itself, and those that the controllers of our objects created, are ignored.
    kubectl create -n drop -f - >must.out <<'YAML' || fail "$(cat must.out)"
apiVersion: v1
kind: Secret
metadata: {name: token, annotations: {kubernetes.io/service-account.name: default}}
type: kubernetes.io/service-account-token
YAML
    kubectl get endpoints,endpointslices,replicasets,pods,jobs -n drop -o name >children 2>must.out
    says children endpoints/web endpointslice.discovery.k8s.io/web- replicaset.apps/web- pod/web- job.batch/now
    must kubectl create secret generic manual-secrets -n drop --from-literal=A=1
    must kubectl create configmap of-others -n drop
    owned() { # NAME OWNER
        printf '{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, ownerReferences: [{%s}]}}\n---\n' "$1" "$2"
    }
    {
        owned of-node "apiVersion: v1, kind: Node, name: node-1, controller: true, uid: $(kubectl get node node-1 -o jsonpath='{.metadata.uid}')"
        owned of-deployment "apiVersion: apps/v1, kind: Deployment, name: web, uid: $(value drop deployment/web .metadata.uid)"
        printf '{apiVersion: v1, kind: Endpoints, metadata: {name: by-hand}}\n---\n'
        printf '{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: by-hand}}\n'
    } | kubectl create -n drop -f - >must.out 2>&1 || fail "$(cat must.out)"
    all_versions drop >before
    expect 1 optasvc delete -f drop.yaml --yes --delete-namespace
    empty out
    sort err >found
    holds found <<'TEXT'
  ConfigMap of-deployment
  ConfigMap of-node
  ConfigMap of-others
  Endpoints by-hand
  Lease by-hand
  Secret manual-secrets
  delete them first, with kubectl delete KIND NAME -n drop, or omit --delete-namespace:
error: namespace "drop" contains other objects; nothing was deleted
TEXT
    all_versions drop | diff before - || fail "something was deleted"
    must kubectl delete configmap of-others of-node of-deployment -n drop
    must kubectl delete secret manual-secrets -n drop
    must kubectl delete endpoints by-hand -n drop
    must kubectl delete lease by-hand -n drop
    expect 0 optasvc delete -f drop.yaml --yes --delete-namespace
    sed 's/web-[0-9a-f]*/web-HASH/' out >told
    holds told <<'TEXT'
cronjob.batch/web-HASH deleted
deployment.apps/web deleted
service/web deleted
serviceaccount/web deleted
namespace/drop deleted
TEXT
    no_namespace drop
}

# The namespace of another environment is not deleted, even if it is empty.
run_delete_namespace_of_others() {
    layer=nsof
    environments_service nsof "${one[@]}"
    expect 0 optasvc apply -f nsof.yaml --env prod
    expect 1 optasvc delete -f nsof.yaml --env stage --yes --delete-namespace
    holds err <<'TEXT'
error: namespace "nsof" was created for another layer or environment
  omit --delete-namespace, or run: kubectl delete namespace nsof
TEXT
    expect 0 optasvc delete -f nsof.yaml --env prod --yes
    expect 1 optasvc delete -f nsof.yaml --env stage --yes --delete-namespace
    must kubectl get namespace nsof
    expect 0 optasvc delete -f nsof.yaml --env prod --yes --delete-namespace
    holds out <<<'namespace/nsof deleted'
}

# HOOK COMMAND...: runs the command on a terminal; at the prompt, runs the hook and then confirms.
while_asked() {
    local hook=$1
    shift
    : >screen
    {
        for _ in {1..300}; do
            ! grep -qF '[y/N]' screen || break
            sleep 0.1
        done
        "$hook" >must.out 2>&1
        echo y
        sleep 1 # script ends with its input
    } | script -qefc "$(printf '%q ' "$@")" screen >/dev/null
}

# An object that others replaced or claimed during the prompt is retained.
run_delete_replaced() {
    service replaced "${one[@]}"
    sed -n '/^- /,$p' replaced.yaml | sed 's/name: web/name: old/' >old
    cat replaced.yaml old >both.yaml
    expect 0 optasvc apply -f both.yaml
    # shellcheck disable=SC2317 # while_asked calls it
    replace() {
        kubectl delete service old -n replaced
        kubectl create service clusterip old -n replaced --tcp=80
        kubectl label serviceaccount old -n replaced opta.dev/environment-name=prod
    }
    while_asked replace kubectl-optasvc apply -f replaced.yaml --prune=layer
    says screen 'error: service/old was not deleted: it was replaced or claimed by another owner' \
        'error: serviceaccount/old was not deleted: it was replaced or claimed by another owner' \
        'deployment.apps/old deleted'
    must kubectl get service/old serviceaccount/old -n replaced

    # shellcheck disable=SC2317 # while_asked calls it
    replace() {
        kubectl delete service web -n replaced
        kubectl create service clusterip web -n replaced --tcp=80
    }
    while_asked replace kubectl-optasvc delete -f replaced.yaml
    says screen 'error: service/web was not deleted: it was replaced or claimed by another owner' \
        'deployment.apps/web deleted'
    must kubectl get service/web -n replaced

    service filled "${one[@]}"
    expect 0 optasvc apply -f filled.yaml
    # shellcheck disable=SC2317 # while_asked calls it
    fill() { kubectl create configmap precious -n filled; }
    while_asked fill kubectl-optasvc delete -f filled.yaml --delete-namespace
    says screen 'deployment.apps/web deleted' \
        'error: namespace "filled" contains other objects; it was not deleted' 'ConfigMap precious'
    says_not screen 'namespace/filled deleted'
    must kubectl get configmap precious -n filled
    must kubectl delete configmap precious -n filled
    expect 0 optasvc delete -f filled.yaml --delete-namespace --yes
    no_namespace filled
}

# Objects of another service, environment or user are retained.
run_delete_of_others() {
    layer=keep
    service keep "${one[@]}"
    printf -- '- {name: api, type: k8s-service, image: "nginx:1", port: none, min_containers: 1, max_containers: 1}\n' >>keep.yaml
    expect 0 optasvc apply -f keep.yaml
    make_budget optasvc of-environment 'opta.dev/layer-name: keep' 'opta.dev/module-name: web' 'opta.dev/environment-name: staging'
    must kubectl create service clusterip by-hand -n keep --tcp=80
    expect 0 optasvc delete -f keep.yaml --yes --module web
    cluster_has keep <<'TEXT'
Deployment api
PodDisruptionBudget of-environment
Service by-hand
ServiceAccount api
TEXT
}
