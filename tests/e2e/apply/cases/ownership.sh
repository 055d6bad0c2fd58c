# shellcheck shell=bash
# Ownership: objects of others are not deleted, overwritten, adopted or shown.

# A Helm release whose objects have the same standard labels as the module web of $layer.
helm_release() {
    applied_by helm <<YAML
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: rel
  labels: &labels {app.kubernetes.io/name: web, app.kubernetes.io/instance: $layer-web, app.kubernetes.io/managed-by: Helm}
  annotations: {meta.helm.sh/release-name: rel, meta.helm.sh/release-namespace: $layer}
spec:
  serviceName: rel
  selector: {matchLabels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: $layer-web, chart: rel}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: $layer-web, chart: rel}}
    spec: {containers: [{name: web, image: "nginx:1", volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data, labels: {app.kubernetes.io/name: web, app.kubernetes.io/instance: $layer-web}}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
YAML
    must kubectl create secret generic sh.helm.release.v1.rel.v1 -n "$layer" --type=helm.sh/release.v1
    must kubectl label secret sh.helm.release.v1.rel.v1 -n "$layer" owner=helm name=rel
}

# An application of Argo CD that renders our own labels.
argo_application() {
    applied_by argocd-controller <<YAML
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: of-argo
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/instance: $layer-web
    opta.dev/layer-name: $layer
    opta.dev/module-name: web
    opta.dev/environment-name: prod
  annotations: {argocd.argoproj.io/tracking-id: "shop:policy/PodDisruptionBudget:$layer/of-argo"}
spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}
YAML
}

# Two environments, two layers, a Helm release and an Argo CD application in one namespace, and every
# command against them.
run_matrix() {
    layer=matrix
    must make_volumes 2
    environments_service matrix "${one[@]}" "$storage" 'secrets: [A]'
    service other "${one[@]}"
    sed -i 's/name: web/name: api/' other.yaml
    must kubectl create namespace matrix
    must kubectl create secret generic manual-secrets -n matrix --from-literal=A=1
    local prod=(-f matrix.yaml --env prod) stage=(-f matrix.yaml --env stage) other=(-f other.yaml -n matrix) pods
    helm_release
    argo_application
    expect 0 optasvc apply "${prod[@]}"
    expect 0 optasvc apply "${other[@]}"
    must kubectl wait --for=condition=Ready pod/rel-0 -n matrix --timeout=30s

    # Nothing is deployed to the environment stage.
    printf 1 >value
    changes_nothing 0 optasvc status "${stage[@]}"
    says out '(not deployed)'
    says_not out nginx
    changes_nothing 0 optasvc outputs "${stage[@]}"
    holds out <<<'{}'
    changes_nothing 1 optasvc shell "${stage[@]}" -- true
    holds err <<'TEXT'
error: no running pod of "web" in namespace "matrix"
  run kubectl optasvc status to see the state of the service
TEXT
    changes_nothing 1 optasvc apply "${stage[@]}"
    says err 'statefulset.apps/web in namespace "matrix" belongs to environment "prod"'
    changes_nothing 1 optasvc apply "${stage[@]}" --adopt --force-conflicts --prune=layer --yes
    changes_nothing 2 optasvc diff "${stage[@]}"
    says err 'statefulset.apps/web in namespace "matrix" belongs to environment "prod"'
    changes_nothing 1 optasvc delete "${stage[@]}" --yes --delete-volumes
    empty out
    says err 'persistentvolumeclaim/data-web-0 is retained: it belongs to statefulset.apps/web, which is retained' \
        'persistentvolumeclaim/data-rel-0 is retained: it belongs to statefulset.apps/rel, which is retained' 'nothing to delete'
    changes_nothing 1 optasvc delete "${stage[@]}" --yes --delete-volumes --delete-namespace
    changes_nothing 0 optasvc secret set A "${stage[@]}" --from-file value
    says_not err restart

    # Objects of prod are shown, and no others.
    changes_nothing 0 optasvc status "${prod[@]}" -o json
    jq -c '.[] | [.name, .deployed, .kind, .managedBy]' out >got
    holds got <<<'["web",true,"StatefulSet",null]'
    recording
    for which in prod stage; do
        expect 7 optasvc logs -f matrix.yaml --env $which
        pods=$(sed -n '/^logs$/,$ s/^--selector=//p' calls)
        rm calls
        kubectl get pods -n matrix -l "$pods" -o name >"pods-$which"
    done
    unset KUBECTL_PATH
    holds pods-prod <<<'pod/web-0'
    empty pods-stage
    recording
    expect 7 optasvc shell "${prod[@]}" -- true
    tr '\n' ' ' <calls >line
    says line 'exec --stdin --namespace matrix web-0 --container web'
    unset KUBECTL_PATH
    # A pod that lost a label is still shown through its controller; a pod of the release is not.
    must kubectl label pod web-0 -n matrix opta.dev/environment-name-
    must kubectl label pod rel-0 -n matrix opta.dev/layer-name=matrix opta.dev/module-name=web
    recording
    expect 7 optasvc shell "${prod[@]}" -- true
    tr '\n' ' ' <calls >line
    says line 'exec --stdin --namespace matrix web-0 --container web'
    unset KUBECTL_PATH
    changes_nothing 1 optasvc shell "${stage[@]}" -- true
    printf 2 >value
    expect 0 optasvc secret set A "${prod[@]}" --from-file value
    says err 'web: restarting its pods'
    same null "$(value matrix statefulset/rel '.spec.template.metadata.annotations')" 'the annotations of the release'

    # Neither --prune nor delete changes objects that are not owned.
    expect 0 optasvc apply "${prod[@]}" --prune
    says_not out deleted
    expect 0 optasvc apply "${prod[@]}" --prune=layer
    says_not out deleted
    expect 0 optasvc delete "${other[@]}" --yes --delete-volumes
    holds out <<'TEXT'
deployment.apps/api deleted
service/api deleted
serviceaccount/api deleted
TEXT
    expect 0 optasvc delete "${prod[@]}" --yes --delete-volumes
    says out 'statefulset.apps/web deleted' 'persistentvolumeclaim/data-web-0 deleted'
    says err 'poddisruptionbudget.policy/of-argo is retained: it was not created by apply; it is managed by Argo CD' \
        'persistentvolumeclaim/data-rel-0 is retained: it belongs to statefulset.apps/rel, which is retained'
    cluster_has matrix <<'TEXT'
PodDisruptionBudget of-argo
StatefulSet rel
TEXT
    same persistentvolumeclaim/data-rel-0 "$(kubectl get pvc -n matrix -o name)" 'the claims'
}

# A workload of another tool with our labels is shown with its manager.
run_managed_by_others() {
    layer=managed
    environments_service managed "${one[@]}" 'secrets: [A]'
    must kubectl create namespace managed
    must kubectl create secret generic manual-secrets -n managed --from-literal=A=1
    optasvc render -f managed.yaml --env prod | sed 's|^  labels:$|  annotations: {argocd.argoproj.io/tracking-id: "a:apps/Deployment:managed/web"}\n&|' |
        applied_by argocd-controller
    changes_nothing 0 optasvc status -f managed.yaml --env prod
    says err 'web: deployment.apps/web is managed by Argo CD'
    says out nginx:1
    expect 0 optasvc status -f managed.yaml --env prod -o json
    same '"Argo CD"' "$(jq '.[0].managedBy' out)" 'the manager'
    must kubectl rollout status deployment/web -n managed --timeout=30s
    printf 2 >value
    expect 0 optasvc secret set A -f managed.yaml --env prod --from-file value
    says err 'web: restarting its pods; they are managed by Argo CD'
    changes_nothing 1 optasvc delete -f managed.yaml --env prod --yes
    empty out
    says err 'deployment.apps/web is retained: it was not created by apply; it is managed by Argo CD'
}

# Apply claims an object without environment label; no other command changes it, unless the file has no
# environments.
run_unclaimed() {
    layer=unclaimed
    service unclaimed "${one[@]}"
    expect 0 optasvc apply -f unclaimed.yaml
    expect 0 optasvc status -f unclaimed.yaml
    says out nginx:1
    environments_service unclaimed "${one[@]}"
    local prod=(-f unclaimed.yaml --env prod)
    changes_nothing 0 optasvc status "${prod[@]}"
    says out '(not deployed)'
    says err 'web: deployment.apps/web has no environment label and is not shown; run apply to claim it'
    changes_nothing 1 optasvc delete "${prod[@]}" --yes
    empty out
    says err 'deployment.apps/web is retained: it has no environment label and may belong to another environment'
    make_budget optasvc old 'opta.dev/layer-name: unclaimed' 'opta.dev/module-name: web'
    make_budget optasvc older 'opta.dev/layer-name: unclaimed' 'opta.dev/module-name: gone'
    changes_nothing 1 optasvc apply "${prod[@]}" --prune=layer --yes
    empty out
    holds err <<'TEXT'
error: poddisruptionbudget.policy/old in namespace "unclaimed" is no longer needed and would still act, but it has no environment label and may belong to another environment
  delete it: kubectl delete poddisruptionbudget.policy/old -n unclaimed
TEXT
    must kubectl delete pdb old -n unclaimed
    expect 0 optasvc apply "${prod[@]}" --prune=layer
    says_not out deleted
    says err 'poddisruptionbudget.policy/older is no longer needed, but it has no environment label and may belong to another environment; delete it: kubectl delete poddisruptionbudget.policy/older -n unclaimed'
    same prod "$(value unclaimed deployment/web '.metadata.labels["opta.dev/environment-name"]')" 'the label'
    expect 0 optasvc delete "${prod[@]}" --yes
    says out 'deployment.apps/web deleted'
}
