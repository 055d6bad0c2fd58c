# shellcheck shell=bash
# Adoption of the objects of others.

# Objects of others with our names are errors: --force-conflicts does not adopt, and --adopt does not force.
# An adopted object is annotated, and released instead of deleted.
run_adopt() {
    layer=adopt
    service adopt "${one[@]}" 'public_uri: adopt.example.com'
    must kubectl create namespace adopt
    must kubectl create serviceaccount web -n adopt
    must kubectl create service clusterip web -n adopt --tcp=80:8080
    changes_nothing 1 optasvc apply -f adopt.yaml
    empty out
    grep -v '^ *- name: web$\|^ *^~*$' err >told
    holds told <<'TEXT'
adopt.yaml:3:9: error: serviceaccount/web in namespace "adopt" exists and was not created by apply
  rename the module, or pass --adopt to adopt it
adopt.yaml:3:9: error: service/web in namespace "adopt" exists and was not created by apply; it is managed by "kubectl-create"
  rename the module, or pass --adopt to adopt it
TEXT
    changes_nothing 1 optasvc apply -f adopt.yaml --force-conflicts
    says err 'service/web in namespace "adopt" exists and was not created by apply'
    changes_nothing 2 optasvc diff -f adopt.yaml
    says err 'service/web in namespace "adopt" exists and was not created by apply'
    changes_nothing 1 optasvc apply -f adopt.yaml --adopt
    says err 'error: conflict: service/web in namespace "adopt" has fields set by other managers' '"kubectl-create" sets .spec.selector'
    must kubectl delete service web -n adopt
    applied_by somebody <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web, labels: {team: a, app.kubernetes.io/name: web}}
spec:
  selector: {app.kubernetes.io/name: web, app.kubernetes.io/instance: adopt-web}
  ports: [{name: main, port: 80, targetPort: main, protocol: TCP}]
YAML
    changes_nothing 0 optasvc apply -f adopt.yaml --adopt --dry-run=server
    says out 'service/web adopted (server dry run)' 'deployment.apps/web created (server dry run)'
    expect 0 optasvc apply -f adopt.yaml --adopt
    says out 'serviceaccount/web adopted' 'service/web adopted' 'deployment.apps/web created'
    same '["true","true",null]' "$(kubectl get sa/web svc/web deploy/web -n adopt -o json |
        jq -c '[.items[].metadata.annotations["opta.dev/adopted"]]')" 'what is adopted'
    same '["optasvc","optasvc-adopted","somebody"]' "$(value adopt service/web \
        '[.metadata.managedFields[].manager] | unique | tojson')" 'its managers'

    # Later applies keep the annotation, even through kubectl.
    expect 0 optasvc apply -f adopt.yaml
    optasvc render -f adopt.yaml | must kubectl apply --server-side --field-manager=optasvc -f -
    same true "$(value adopt service/web '.metadata.annotations["opta.dev/adopted"]')" 'the annotation'
    expect 0 optasvc diff -f adopt.yaml
    empty out

    printf 'n\n' | script -qec 'kubectl-optasvc delete -f adopt.yaml' typescript >screen
    says screen 'service/web in namespace "adopt" (adopted: will be released, not deleted)'
    expect 0 optasvc delete -f adopt.yaml --yes
    sed 's/web-[0-9a-f]*/web-HASH/' out >told
    holds told <<'TEXT'
ingress.networking.k8s.io/web-HASH deleted
deployment.apps/web deleted
service/web released: it was adopted and is not deleted
serviceaccount/web released: it was adopted and is not deleted
TEXT
    same '{"app.kubernetes.io/name":"web","team":"a"} null ["somebody"]' "$(value adopt service/web \
        '"\(.metadata.labels | tojson) \(.metadata.annotations | tojson) \([.metadata.managedFields[].manager] | tojson)"')" 'what is left'
    same 'adopt-web' "$(value adopt service/web '.spec.selector["app.kubernetes.io/instance"]')" 'the selector'
    expect 0 optasvc delete -f adopt.yaml --yes --delete-volumes
    holds err <<<'nothing to delete'
}

# An object that `kubectl apply` created keeps the fields that are not rendered.
run_adopt_kubectl() {
    layer=adoptkubectl
    service adoptkubectl "${one[@]}"
    must kubectl create namespace adoptkubectl
    kubectl apply -n adoptkubectl -f - >must.out <<'YAML' || fail "$(cat must.out)"
apiVersion: v1
kind: Service
metadata: {name: web, labels: {team: a}, annotations: {example.com/balancer: inner}}
spec:
  internalTrafficPolicy: Local
  selector: {app.kubernetes.io/name: web, app.kubernetes.io/instance: adoptkubectl-web}
  ports: [{name: main, port: 80, targetPort: main, protocol: TCP}]
YAML
    changes_nothing 1 optasvc apply -f adoptkubectl.yaml
    says err 'it is managed by "kubectl-client-side-apply"'
    changes_nothing 1 optasvc diff -f adoptkubectl.yaml --adopt
    says_not err error
    expect 0 optasvc apply -f adoptkubectl.yaml --adopt
    says out 'service/web adopted'
    expect 0 optasvc apply -f adoptkubectl.yaml
    same '["a",{"example.com/balancer":"inner","opta.dev/adopted":"true"},"Local"]' "$(value adoptkubectl service/web \
        '[.metadata.labels.team, .metadata.annotations, .spec.internalTrafficPolicy] | tojson')" 'what is kept'
}

# A stale adopted object is released if it does nothing; if it still acts, that is an error.
run_adopt_prune() {
    layer=adoptprune
    service adoptprune "${one[@]}"
    cp adoptprune.yaml less.yaml
    service adoptprune 'min_containers: 2' 'max_containers: 4'
    printf -- '- {name: api, type: k8s-service, image: "nginx:1", port: none, min_containers: 1, max_containers: 1}\n' >>adoptprune.yaml
    must kubectl create namespace adoptprune
    must kubectl create serviceaccount api -n adoptprune
    applied_by somebody <<'YAML'
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {}
YAML
    expect 0 optasvc apply -f adoptprune.yaml --adopt
    says out 'poddisruptionbudget.policy/web adopted' 'serviceaccount/api adopted'
    changes_nothing 1 optasvc apply -f less.yaml --prune=layer --yes
    empty out
    holds err <<'TEXT'
error: poddisruptionbudget.policy/web in namespace "adoptprune" is no longer needed and would still act, but it was adopted
  delete it: kubectl delete poddisruptionbudget.policy/web -n adoptprune
TEXT
    changes_nothing 2 optasvc diff -f less.yaml
    must kubectl delete poddisruptionbudget.policy/web -n adoptprune
    changes_nothing 0 optasvc apply -f less.yaml --prune=layer --dry-run=server
    says out 'serviceaccount/api released (server dry run)' 'deployment.apps/api deleted (server dry run)'
    expect 1 optasvc apply -f less.yaml --prune=layer
    says err 'serviceaccount/api in namespace "adoptprune" (adopted: will be released, not deleted)'
    expect 0 optasvc apply -f less.yaml --prune=layer --yes
    says out 'serviceaccount/api released: it was adopted and is not deleted' 'deployment.apps/api deleted'
    same '{"labels":null,"annotations":null}' "$(value adoptprune serviceaccount/api \
        '.metadata | {labels, annotations} | tojson')" 'what is left'
    expect 0 optasvc apply -f less.yaml --prune=layer
    quiet
}

# Objects with exactly our labels are ours: restored from a backup, or left by Argo CD.
run_adopt_restored() {
    layer=restored
    service restored "${one[@]}"
    expect 0 optasvc apply -f restored.yaml
    kubectl get sa/web svc/web deploy/web -n restored -o json |
        jq '.items[] |= (del(.metadata.managedFields, .metadata.uid, .metadata.resourceVersion, .status))' >backup.json
    must kubectl delete -f backup.json
    must kubectl create -f backup.json --field-manager=velero-server
    changes_nothing 1 optasvc delete -f restored.yaml --yes
    says err 'deployment.apps/web is retained: it was not created by apply; it is managed by "velero-server"'
    expect 0 optasvc apply -f restored.yaml
    quiet
    same null "$(value restored deployment/web '.metadata.annotations["opta.dev/adopted"]')" 'the annotation'

    must kubectl delete -f backup.json
    optasvc render -f restored.yaml | sed '/kind: Deployment/,/labels/s|^  labels:$|  annotations: {argocd.argoproj.io/tracking-id: "shop:apps/Deployment:restored/web"}\n&|' |
        applied_by argocd-controller
    expect 0 optasvc apply -f restored.yaml
    says err 'deployment.apps/web is marked as part of Argo CD application "shop", which does not exist in this cluster'
    expect 0 optasvc delete -f restored.yaml --yes
    says out 'deployment.apps/web deleted' 'service/web deleted'
}

# Objects that another tool manages are errors, with commands that release them.
run_adopt_tools() {
    layer=tools
    service tools "${one[@]}"
    must kubectl create namespace tools
    account() { printf 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, %s}\n' "$1"; }

    account 'annotations: {argocd.argoproj.io/tracking-id: "a:/ServiceAccount:tools/web"}' | applied_by argocd-controller
    for flags in '' --adopt '--adopt --force-conflicts'; do
        # shellcheck disable=SC2086 # words
        changes_nothing 1 optasvc apply -f tools.yaml $flags
        empty out
        says err 'serviceaccount/web in namespace "tools" is managed by Argo CD'
    done
    sed -n 's/^  \(kubectl .*\)/\1/p' err >commands
    same 2 "$(wc -l <commands)" 'how many commands it shows'
    must bash -e commands
    changes_nothing 1 optasvc apply -f tools.yaml
    says err 'serviceaccount/web in namespace "tools" exists and was not created by apply'
    changes_nothing 0 optasvc apply -f tools.yaml --adopt --dry-run=server

    # The tracking label of Argo CD before version 3 on an object with our labels, without permission to
    # list Applications.
    must kubectl delete serviceaccount web -n tools
    account 'labels: {opta.dev/layer-name: tools, opta.dev/module-name: web, app.kubernetes.io/instance: shop}' | applied_by argocd-controller
    wrapper no-applications <<'TEXT'
[[ "$1 $2" != 'get applications.argoproj.io' ]] || { echo 'Error from server (Forbidden): no' >&2; exit 1; }
TEXT
    KUBECTL_PATH=./no-applications changes_nothing 1 optasvc apply -f tools.yaml --force-conflicts
    says err 'serviceaccount/web in namespace "tools" is managed by Argo CD' 'delete its Application with --cascade=false and apply'
    changes_nothing 0 optasvc apply -f tools.yaml --force-conflicts --dry-run=server
    says err 'serviceaccount/web is marked as part of Argo CD application "shop", which does not exist in this cluster'

    must kubectl delete serviceaccount web -n tools
    account 'labels: {kustomize.toolkit.fluxcd.io/name: a, kustomize.toolkit.fluxcd.io/namespace: b}' | applied_by kustomize-controller
    changes_nothing 1 optasvc apply -f tools.yaml --adopt
    says err 'serviceaccount/web in namespace "tools" is managed by Flux'
    sed -n 's/^  \(kubectl .*\)/\1/p' err >commands
    must bash -e commands
    changes_nothing 0 optasvc apply -f tools.yaml --adopt --dry-run=server

    must kubectl delete serviceaccount web -n tools
    account 'labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: rel, meta.helm.sh/release-namespace: tools}' |
        applied_by helm
    must kubectl create secret generic sh.helm.release.v1.rel.v1 -n tools --type=helm.sh/release.v1
    must kubectl label secret sh.helm.release.v1.rel.v1 -n tools owner=helm name=rel
    changes_nothing 1 optasvc apply -f tools.yaml --adopt --force-conflicts
    says err 'serviceaccount/web in namespace "tools" belongs to Helm release "rel"' 'helm uninstall rel -n tools'
    # A release that no longer exists does not manage it.
    must kubectl delete secret sh.helm.release.v1.rel.v1 -n tools
    changes_nothing 1 optasvc apply -f tools.yaml
    says err 'serviceaccount/web in namespace "tools" exists and was not created by apply; it is managed by Helm'
    expect 0 optasvc apply -f tools.yaml --adopt --force-conflicts
    says out 'serviceaccount/web adopted'
}

# Prints the minimum of ready endpoints with a port after there were two, and the last number.
served_endpoints() {
    jq -rn 'reduce inputs as $event ({least: -1};
        (if $event.type == "DELETED" or ($event.object.ports | length) == 0 then 0
            else [$event.object.endpoints[]? | select(.conditions.ready)] | length end) as $ready
        | .slices[$event.object.metadata.name] = $ready | ([.slices[]] | add) as $now | .last = $now
        | if .least < 0 then if $now >= 2 then .least = $now else . end else .least = ([.least, $now] | min) end)
        | "\(.least) \(.last)"' slices
}

# A workload is not adopted if its pods, or fields of another manager, would remain.
run_adopt_workload() {
    layer=workload
    service workload "${one[@]}"
    must kubectl create namespace workload
    must kubectl create deployment web -n workload --image=nginx:1
    changes_nothing 1 optasvc apply -f workload.yaml --adopt --force-conflicts
    empty out
    says err 'deployment.apps/web in namespace "workload" has a different selector, which cannot be changed' \
        'under another name' 'kubectl delete deployment.apps/web -n workload --cascade=orphan'
    must kubectl delete deployment web -n workload
    applied_by somebody <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: workload-web}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: workload-web}}
    spec:
      volumes: [{name: data, emptyDir: {}}]
      containers:
      - name: web
        image: nginx:1
        command: [run]
        env: [{name: A, value: b}]
        envFrom: [{configMapRef: {name: settings, optional: true}}]
        volumeMounts: [{name: data, mountPath: /data}]
      - {name: proxy, image: "nginx:1"}
YAML
    changes_nothing 1 optasvc apply -f workload.yaml --adopt --force-conflicts
    empty out
    says err 'deployment.apps/web in namespace "workload" would keep fields of another manager: containers "proxy", volumes "data", env "A", volumeMounts "/data", command, envFrom' \
        'kubectl delete deployment.apps/web -n workload --cascade=orphan'
    must kubectl patch deployment web -n workload --type=json -p '[
        {"op": "remove", "path": "/spec/template/spec/containers/1"}, {"op": "remove", "path": "/spec/template/spec/volumes"},
        {"op": "remove", "path": "/spec/template/spec/containers/0/command"}, {"op": "remove", "path": "/spec/template/spec/containers/0/env"},
        {"op": "remove", "path": "/spec/template/spec/containers/0/envFrom"}, {"op": "remove", "path": "/spec/template/spec/containers/0/volumeMounts"}]'
    expect 0 optasvc apply -f workload.yaml --adopt
    says out 'deployment.apps/web adopted'
    # A StatefulSet would replace it, but it may not be deleted.
    must make_volumes 1
    service workload "${one[@]}" "$storage"
    changes_nothing 1 optasvc apply -f workload.yaml
    says err 'deployment.apps/web in namespace "workload" is no longer needed and would still act, but it was adopted'
    service workload "${one[@]}"
    expect 0 optasvc delete -f workload.yaml --yes
    says out 'deployment.apps/web released'
    same 1 "$(ready_pods workload)" 'ready pods'
}

# The steps of docs/adoption.md: the Service always has a ready endpoint that serves its port.
run_adopt_traffic() {
    layer=traffic
    service traffic 'min_containers: 2' 'max_containers: 2'
    must kubectl create namespace traffic
    must kubectl create deployment web -n traffic --image=nginx:1 --replicas=2
    must kubectl expose deployment web -n traffic --port=80 --target-port=8080
    must kubectl rollout status deployment/web -n traffic --timeout=30s
    changes_nothing 1 optasvc apply -f traffic.yaml --adopt --force-conflicts
    kubectl get endpointslices -n traffic -l kubernetes.io/service-name=web --watch --output-watch-events -o json |
        jq --unbuffered -c . >slices &
    watches+=($!)
    for _ in {1..100}; do
        [ "$(served_endpoints)" != '2 2' ] || break
        sleep 0.1
    done
    same '2 2' "$(served_endpoints)" 'the endpoints at first'
    # shellcheck disable=SC2016  # backquotes of Markdown
    sed -n '/^```sh e2e\/apply: adopt, traffic$/,/^```$/p' "$root/docs/adoption.md" | sed '1d; $d' |
        sed 's/-n shop/-n traffic/g; s/shop\.yaml/traffic.yaml/g; s/shop-web/traffic-web/g' >steps
    same 6 "$(wc -l <steps)" 'the steps of docs/adoption.md'
    bash -e steps >must.out 2>&1 || fail "its steps fail: $(cat must.out)"
    must kubectl wait --for=delete pod -l app=web -n traffic --timeout=30s
    end_watches
    [ "$(served_endpoints | cut -d ' ' -f 1)" -gt 0 ] || fail "no endpoint was ready: $(served_endpoints)"
    same 2 "$(ready_pods traffic)" 'ready pods'
    same null "$(value traffic service/web '.metadata.annotations["opta.dev/adopted"]')" 'the annotation'
    expect 0 optasvc delete -f traffic.yaml --yes
    says out 'deployment.apps/web deleted' 'service/web deleted'
}
