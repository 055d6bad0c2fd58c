# shellcheck shell=bash
# Stale objects: deleted, kept, or left to others.

run_superseded() {
    service gone 'min_containers: 2' "$jobs_two" 'public_uri: old.example.com'
    expect 0 optasvc apply -f gone.yaml
    same 8 "$(objects_in gone | wc -l)" 'objects at first'
    service gone "${one[@]}" "$jobs_one" 'public_uri: new.example.com'
    expect 1 optasvc diff -f gone.yaml
    says err 'horizontalpodautoscaler.autoscaling/web: would be deleted' \
        'poddisruptionbudget.policy/web: would be deleted' ': would be deleted' \
        ' is no longer needed: pass --prune to delete it'
    expect 0 optasvc apply -f gone.yaml
    grep -E 'deleted' out | sed 's/web-[0-9a-f]*/web-HASH/' | sort >deleted
    holds deleted <<'TEXT'
cronjob.batch/web-HASH deleted
horizontalpodautoscaler.autoscaling/web deleted
poddisruptionbudget.policy/web deleted
TEXT
    messages | sed 's/web-[0-9a-f]*/web-HASH/' >left
    holds left <<<'ingress.networking.k8s.io/web-HASH is no longer needed: pass --prune to delete it'
    value gone ingress '[.items[].spec.rules[0].host] | sort | join(" ")' >hosts
    holds hosts <<<'new.example.com old.example.com'
    same a "$(value gone cronjobs '[.items[].spec.jobTemplate.spec.template.spec.containers[0].command[0]] | join(" ")')" \
        'the cron jobs'
    expect 0 optasvc apply -f gone.yaml --prune
    quiet
    value gone ingress '[.items[].spec.rules[0].host] | join(" ")' >hosts
    holds hosts <<<'new.example.com'
    cluster_has gone <<TEXT
CronJob $(value gone cronjobs '.items[0].metadata.name')
Deployment web
Ingress $(value gone ingress '.items[0].metadata.name')
Service web
ServiceAccount web
TEXT
}

run_of_others() {
    layer=others
    service others "${one[@]}"
    expect 0 optasvc apply -f others.yaml
    local mine=("opta.dev/layer-name: others" "opta.dev/module-name: web")
    make_budget optasvc of-environment "${mine[@]}" 'opta.dev/environment-name: staging'
    make_budget optasvc of-module 'opta.dev/layer-name: others' 'opta.dev/module-name: api'
    make_budget somebody of-somebody "${mine[@]}"
    make_budget optasvc of-controller "${mine[@]}"
    must kubectl patch pdb of-controller -n others --type merge -p "{\"metadata\": {\"ownerReferences\": [
        {\"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"name\": \"web\", \"controller\": true,
        \"uid\": \"$(value others serviceaccount/web .metadata.uid)\"}]}}"
    expect 0 optasvc apply -f others.yaml --prune
    quiet
    says_not out deleted
    # This one is ours, which proves that the others are found too.
    make_budget optasvc ours "${mine[@]}"
    expect 0 optasvc apply -f others.yaml
    says out 'poddisruptionbudget.policy/ours deleted'
    same 1 "$(grep -c deleted out)" 'what is deleted'

    # The layer's services that are in no file.
    expect 0 optasvc apply -f others.yaml --prune=layer --yes
    says out 'poddisruptionbudget.policy/of-module deleted'
    same 1 "$(grep -c deleted out)" 'what is deleted of the layer'
    cluster_has others <<'TEXT'
Deployment web
PodDisruptionBudget of-controller
PodDisruptionBudget of-environment
PodDisruptionBudget of-somebody
Service web
ServiceAccount web
TEXT
    expect 2 optasvc apply -f others.yaml --prune=layer --module web
    empty out
    says err '--prune=layer and --module are mutually exclusive'
}

# All objects of a module are deleted, except those with data and those created manually.
run_prune_layer() {
    must make_volumes 1
    service layer "${one[@]}"
    cp layer.yaml alone.yaml
    cat >>layer.yaml <<'YAML'
- name: data
  type: k8s-service
  image: nginx:1
  port: {http: 80}
  min_containers: 1
  max_containers: 1
  public_uri: data.example.com
  persistent_storage: [{size: 1, path: /data}]
  cron_jobs: [{schedule: "0 3 * * *", commands: [a]}]
YAML
    expect 0 optasvc apply -f layer.yaml
    must kubectl create secret generic manual-secrets -n layer --from-literal=A=1
    must kubectl label secret manual-secrets -n layer opta.dev/layer-name=layer opta.dev/module-name=data
    expect 0 optasvc apply -f alone.yaml --prune
    says_not out deleted
    expect 0 optasvc apply -f alone.yaml --prune=layer --yes
    cluster_has layer <<'TEXT'
Deployment web
Service web
ServiceAccount web
TEXT
    must kubectl get secret manual-secrets -n layer
    same 1 "$(kubectl get pvc -n layer -o name | wc -l)" claims
}

# --prune=layer lists what it will delete and asks before anything is changed; without a terminal it
# needs --yes, and only if there is something to delete.
run_prune_confirmed() {
    service confirmed "${one[@]}" 'public_uri: confirmed.example.com'
    cp confirmed.yaml alone.yaml
    printf -- '- {name: api, type: k8s-service, image: "nginx:1", port: none, min_containers: 1, max_containers: 1}\n' >>confirmed.yaml
    expect 0 optasvc apply -f confirmed.yaml --prune=layer
    quiet
    sed -i 's/nginx:1/nginx:2/' alone.yaml
    versions confirmed >before
    expect 1 optasvc apply -f alone.yaml --prune=layer
    empty out
    told <<TEXT
The following will be deleted from context "admin", cluster "test" ($(server)), namespace "confirmed":
  deployment.apps/api in namespace "confirmed"
  serviceaccount/api in namespace "confirmed"
error: stdin is not a terminal; pass --yes
nothing was changed
TEXT
    local answer
    for answer in n '' nyet; do
        printf '%s\n' "$answer" | script -qec 'kubectl-optasvc apply -f alone.yaml --prune=layer' typescript >screen
        same 1 $? "the exit status after \"$answer\""
        says screen 'deployment.apps/api in namespace "confirmed"' 'Continue? [y/N]' 'nothing was changed'
    done
    versions confirmed | diff before - || fail "something was changed"

    # Neither a dry run nor plain --prune asks.
    expect 0 optasvc apply -f alone.yaml --prune=layer --dry-run=server
    says out 'deployment.apps/api deleted (server dry run)'
    says_not err 'will be deleted'
    expect 0 optasvc apply -f alone.yaml --prune=layer --dry-run=client
    versions confirmed | diff before - || fail "something was changed"
    sed -i '/public_uri/d' alone.yaml
    expect 0 optasvc apply -f alone.yaml --prune
    says out 'ingress.networking.k8s.io/web-' ' deleted'
    says_not err 'will be deleted'
    must kubectl get deployment api -n confirmed

    printf 'y\n' | script -qec 'kubectl-optasvc apply -f alone.yaml --prune=layer' typescript >screen
    same 0 $? 'the exit status'
    says screen 'deployment.apps/api deleted'
    cluster_has confirmed <<'TEXT'
Deployment web
Service web
ServiceAccount web
TEXT
    # With nothing to delete it does not ask.
    expect 0 optasvc apply -f alone.yaml --prune=layer
    quiet
}

# kubectl reports a deletion that did not happen.
run_not_deleted() {
    service not-deleted "${one[@]}" "$jobs_one"
    expect 0 optasvc apply -f not-deleted.yaml
    wrapper lying <<'TEXT'
[ "$1" != delete ] || set -- "$@" --dry-run=server
TEXT
    KUBECTL_PATH=./lying expect 1 optasvc delete -f not-deleted.yaml --yes
    empty out
    says err 'error: deployment.apps/web was not deleted: it still exists'
    service not-deleted "${one[@]}"
    KUBECTL_PATH=./lying expect 1 optasvc apply -f not-deleted.yaml
    says_not out deleted
    says err 'was not deleted: it still exists'
}

# Two layers, or two environments of one layer, whose services have the same objects.
run_shared_namespace() {
    service shared "${one[@]}"
    sed 's/^name: shared/name: other/' shared.yaml >other.yaml
    expect 0 optasvc apply -f shared.yaml
    versions shared >before
    expect 1 optasvc apply -f other.yaml -n shared
    empty out
    says err 'serviceaccount/web in namespace "shared" belongs to service "web" of layer "shared"'
    says_not err 'kubectl delete'

    # Objects that were applied before the file had environments are claimed.
    printf 'name: production\nproviders: {local: {}}\n' >env.yaml
    { cat shared.yaml; printf 'environments:\n- {name: production, path: env.yaml}\n'; } >with.yaml
    versions shared | diff before - || fail "something was changed"
    expect 0 optasvc apply -f with.yaml
    sed 's/name: production, path/name: staging, path/' with.yaml >staging.yaml
    versions shared >before
    expect 1 optasvc apply -f staging.yaml
    empty out
    says err 'in namespace "shared" belongs to environment "production"'
    versions shared | diff before - || fail "something was changed"
}

# A renamed service: the old one is retained until the new one is ready.
run_prune_when_ready() {
    service renamed "${one[@]}"
    expect 0 optasvc apply -f renamed.yaml
    sed 's/^- name: web/- name: new/' renamed.yaml >good.yaml
    service renamed "${one[@]}" "$crash" 'timeout: 2'
    sed 's/^- name: web/- name: new/' renamed.yaml >bad.yaml
    cmp -s renamed.yaml bad.yaml && fail "the service has the same name"
    expect 1 optasvc apply -f bad.yaml --prune=layer --yes
    says_not out deleted
    says err 'deployment.apps/web is no longer needed: retained because not all services are ready'
    must kubectl get -n renamed deployment/web service/web
    expect 0 optasvc apply -f good.yaml --prune=layer --yes
    says out 'deployment.apps/web deleted' 'service/web deleted'
}
