# shellcheck shell=bash
# Users who may not do everything.

run_forbidden_kind() {
    service unread "${one[@]}"
    expect 0 optasvc apply -f unread.yaml
    allow unread carol get,list,create,patch,delete serviceaccounts,services,deployments,statefulsets,hpa,pdb,cronjobs,pods
    allow unread carol get,list ingresses
    service unread "${one[@]}" 'image: nginx:2' 'public_uri: unread.example.com'
    versions unread >before
    expect 1 optasvc apply -f unread.yaml --as carol
    empty out
    says err 'error: ' 'ingresses.networking.k8s.io "web-' 'User "carol" cannot patch resource "ingresses"'
    same 1 "$(grep -c '^error: ' err)" 'the number of errors'
    versions unread >after
    diff -u before after || fail "something was changed"
    expect 1 kubectl optasvc apply -f unread.yaml --context nobody
    says err 'User "nobody" cannot'
}

run_rights_in_namespace() {
    service rights "${one[@]}"
    expect 1 optasvc apply -f rights.yaml --as dora
    empty out
    says err 'error: ' 'rights' 'dora'
    no_namespace rights
    must kubectl create namespace rights
    allow rights dora '*' "$kinds,pods,secrets,events,replicasets,persistentvolumeclaims"
    expect 0 optasvc apply -f rights.yaml --as dora
    quiet
    holds out <<'TEXT'
serviceaccount/web created
service/web created
deployment.apps/web created
TEXT
    expect 0 optasvc diff -f rights.yaml --as dora
    empty out
    empty err
    expect 0 optasvc status -f rights.yaml --as dora -o json
    same true "$(jq '.[0].deployed' out)" deployed
    expect 0 optasvc delete -f rights.yaml --as dora --yes
    quiet
    cluster_has rights </dev/null

    # Permission to apply, but the namespace does not exist.
    must kubectl create clusterrole appliers --verb='*' --resource="$kinds,pods,secrets"
    must kubectl create clusterrolebinding appliers --clusterrole=appliers --user=emil
    service rights-nowhere "${one[@]}"
    expect 1 optasvc apply -f rights-nowhere.yaml --as emil
    empty out
    holds err <<'TEXT'
error: namespace "rights-nowhere" not found
  you cannot read or create namespaces: ask an administrator to create it
TEXT
}

# Without permission to read, nothing is reported as known.
run_no_rights() {
    service hidden 'min_containers: 4' 'max_containers: 4'
    expect 0 optasvc apply -f hidden.yaml
    for command in delete status outputs diff; do
        local flags=()
        [ $command != delete ] || flags=(--yes)
        expect "$([ $command = diff ] && echo 2 || echo 1)" optasvc "$command" -f hidden.yaml --as nobody "${flags[@]}"
        empty out
        says err 'User "nobody" cannot list resource'
    done
    # Permission to get, but not to list, is enough to preserve the number of pods.
    must kubectl create role getter -n hidden --verb=get,create,patch,update --resource="$kinds,pods,events"
    must kubectl create rolebinding getter -n hidden --role=getter --user=getter
    service hidden 'min_containers: 2' 'max_containers: 6'
    watch_replicas hidden deployment/web replicas
    expect 0 optasvc apply -f hidden.yaml --as getter
    end_watches
    same 4 "$(sort -n replicas | head -n 1)" 'the least number of pods'
    # Without permission to get, nothing is changed.
    must kubectl create namespace blind
    must kubectl create role blind -n blind --verb=create,patch --resource="$kinds"
    must kubectl create rolebinding blind -n blind --role=blind --user=blind
    service blind 'min_containers: 2' 'max_containers: 6'
    expect 1 optasvc apply -f blind.yaml --as blind
    empty out
    says err 'cannot read the replica count of deployment.apps/web in namespace "blind": forbidden (needs "get" on deployments.apps)'
    # Nor are objects of others overwritten that cannot be read.
    must kubectl create serviceaccount web -n blind
    service blind "${one[@]}"
    layer=blind
    changes_nothing 1 optasvc apply -f blind.yaml --as blind
    empty out
    says err 'serviceaccount/web in namespace "blind" exists but cannot be read, so its owner is unknown'
}

# Writes each Role of docs/rbac.md to NAME.json.
documented_roles() {
    local name
    awk '/^```yaml$/ { on = 1; print "---"; next } /^```$/ { on = 0 } on' "$root/docs/rbac.md" |
        kubectl create --dry-run=client -o json -f - >documented || fail "docs/rbac.md cannot be read"
    jq -c 'if .kind == "List" then .items[] else . end | {apiVersion, kind, metadata: {name: .metadata.name}, rules}' documented |
        while IFS= read -r role; do
            name=$(jq -r .metadata.name <<<"$role")
            printf '%s\n' "$role" >"$name.json"
        done
}

# USER NAMESPACE RULE ROLE...: prints objects that bind the user to the roles without the rule of this
# number; 0: with all rules.
bindings() {
    local user=$1 namespace=$2 rule=$3
    shift 3
    jq -s --arg user "$user" --arg namespace "$namespace" --argjson rule "$rule" '
        reduce .[] as $role ({count: 0, items: []}; .count as $before
            | .count += ($role.rules | length)
            | .items += [$role | .metadata |= {name: "\($user)-\(.name)"}
                | if .kind == "Role" then .metadata.namespace = $namespace else . end
                | .rules = [.rules | to_entries[] | select($before + .key + 1 != $rule) | .value]])
        | .items[] | ., {apiVersion, kind: "\(.kind)Binding", metadata,
            subjects: [{kind: "User", name: $user, apiGroup: "rbac.authorization.k8s.io"}],
            roleRef: {kind, name: .metadata.name, apiGroup: "rbac.authorization.k8s.io"}}' "${@/%/.json}"
}

# USER: waits until the permissions that were granted before are in effect.
await_rights() {
    must kubectl create clusterrolebinding "$1-known" --clusterrole=rbac-known --user="$1"
    for _ in {1..100}; do
        kubectl get --raw /rbac-known --as "$1" 2>&1 | grep -qi forbidden || return 0
        sleep 0.1
    done
    fail "timeout: the permissions of $1 are not in effect"
}

lacks_rights() { grep -qE 'User "[^"]*" cannot|forbidden|cannot (be read|read or create)' out err; }

# STATUS NAMESPACE "ROLE..." RESOURCES COMMAND...: with these roles the command exits with STATUS and reports
# no missing permission; without any one of their rules it reports one. RESOURCES: a regular expression that
# selects rules. The word USER is replaced by the user. `prepare` runs before each command.
needs() {
    local wanted=$1 namespace=$2 resources=$4 rules rule user
    local -a roles
    read -ra roles <<<"$3"
    shift 4
    rules=$(jq -s --arg fits "$resources" '[.[].rules[].resources | join(" ")] | to_entries[]
        | select(.value | test($fits)) | .key + 1' "${roles[@]/%/.json}")
    [ -n "$rules" ] || fail "no rules of ${roles[*]} are for $resources"
    needed=$((needed + 1))
    for rule in $rules 0; do
        user=user-$needed-$rule
        bindings "$user" "$namespace" "$rule" "${roles[@]}" | must kubectl create -f -
        await_rights "$user"
        prepare
        "${@//USER/$user}" >out 2>err </dev/null
        local status=$?
        if [ "$rule" -ne 0 ]; then
            lacks_rights || fail "$*: does not need rule $rule of ${roles[*]}"
        elif [ $status -ne "$wanted" ] || lacks_rights; then
            fail "$*: exit status $status with ${roles[*]}"
        fi
    done
}

# The rules of docs/rbac.md are sufficient, and each is necessary.
run_rbac() {
    local needed=0 on=(-f rbac.yaml --as USER) v1 v2 image
    prepare() { :; }
    documented_roles
    must kubectl create clusterrole rbac-known --verb=get --non-resource-url=/rbac-known
    must make_volumes 2
    v1=('min_containers: 2' 'max_containers: 4' 'secrets: [A]' 'public_uri: rbac.example.com' 'cron_jobs: [{schedule: "0 3 * * *", commands: [one]}]')
    v2=("${v1[@]:0:4}" 'cron_jobs: [{schedule: "0 3 * * *", commands: [two]}]')
    service rbac "${v1[@]}"
    printf 1 >value
    expect 0 optasvc secret set A -f rbac.yaml --from-file value
    expect 0 optasvc apply -f rbac.yaml

    needs 0 rbac optasvc-status . optasvc status "${on[@]}"
    needs 0 rbac optasvc-status . optasvc status -l opta.dev/module-name -n rbac --as USER
    jq '.kind = "ClusterRole" | .metadata.name = "shows"' optasvc-status.json >shows.json
    needs 0 rbac shows . optasvc status -A --as USER
    needs 0 rbac optasvc-outputs . optasvc outputs "${on[@]}"
    # There is no kubelet, so requests to it fail, but not because of permissions.
    needs 1 rbac optasvc-logs . optasvc logs "${on[@]}"
    needs 1 rbac optasvc-shell . optasvc shell "${on[@]}" -- true
    needs 0 rbac optasvc-diff . optasvc diff "${on[@]}"
    needs 0 rbac optasvc-secret-view . optasvc secret view A "${on[@]}"
    needs 0 rbac optasvc-secret-view . optasvc secret list "${on[@]}"
    prepare() { echo "A=$RANDOM$RANDOM" >all.env; }
    needs 0 rbac 'optasvc-secret-change optasvc-restart' . optasvc secret import all.env "${on[@]}"
    prepare() { printf %s "$RANDOM$RANDOM" >value; must kubectl delete secret manual-secrets -n rbac --ignore-not-found; }
    needs 0 rbac 'optasvc-secret-change optasvc-secret-create' . optasvc secret set A "${on[@]}" --from-file value --no-restart
    # shellcheck disable=SC2016 # the editor expands it
    printf '#!/bin/sh\necho "A=$(date +%%N)" >"$1"\n' >editor
    chmod +x editor
    prepare() { :; }
    EDITOR=./editor needs 0 rbac 'optasvc-secret-change optasvc-restart' . optasvc secret edit "${on[@]}"
    prepare() { optasvc secret set B -f rbac.yaml --from-file value >must.out 2>&1; }
    needs 0 rbac optasvc-secret-change . optasvc secret delete B "${on[@]}"

    prepare() { :; }
    needs 0 rbac optasvc-restart . optasvc restart "${on[@]}"
    needs 0 rbac optasvc-history . optasvc history "${on[@]}"
    must kubectl create configmap settings -n rbac --from-literal=a=1
    for image in 1 2; do
        service rbac "${v1[@]}" "image: nginx:$image" 'volumes: [{path: /etc/a, config_map: settings}]'
        must optasvc apply -f rbac.yaml
    done
    needs 0 rbac optasvc-rollback . optasvc rollback "${on[@]}"
    service rbac "${v1[@]}" "$crash"
    must optasvc apply -f rbac.yaml --wait=false
    needs 1 rbac 'optasvc-restart optasvc-explain' '^(events|pods|pods/log)$' optasvc restart "${on[@]}" --timeout 3s
    service rbac "${v1[@]}"
    must optasvc apply -f rbac.yaml

    # A dry run needs the same permissions, except those for the steps after the change.
    prepare() { :; }
    service rbac "${v2[@]}"
    needs 0 rbac optasvc-apply 'service|deploy|horizontal|poddis|ingress|cron|secrets' optasvc apply "${on[@]}" --dry-run=server
    prepare() {
        service rbac "${v1[@]}"
        must optasvc apply -f rbac.yaml
        service rbac "${v2[@]}"
    }
    needs 0 rbac optasvc-apply '^jobs$' optasvc apply "${on[@]}"
    needs 0 rbac optasvc-apply '^jobs$' optasvc deploy "${on[@]}"
    prepare() { :; }
    service rbac "${v2[@]}" "$crash"
    needs 1 rbac optasvc-apply '^(events|pods|pods/log)$' optasvc apply "${on[@]}"
    # The live revision has failed too, so the rollback reads earlier revisions.
    prepare() {
        service rbac "${v2[@]}" 'image: nginx:4' "$crash"
        must optasvc apply -f rbac.yaml --wait=false
        service rbac "${v2[@]}" 'image: nginx:5' "$crash"
    }
    needs 1 rbac optasvc-apply replicasets optasvc apply "${on[@]}" --rollback-on-failure
    prepare() { :; }
    service rbac "${v2[@]}"
    printf '%s\n' '- name: data' '  type: k8s-service' '  image: nginx:1' '  port: {http: 8080}' "  $storage" >>rbac.yaml
    needs 0 rbac optasvc-apply persistent optasvc apply "${on[@]}" --dry-run=server

    prepare() {
        service rbac "${v1[@]}"
        sed -n '/^- /,$p' rbac.yaml | sed 's/name: web/name: old/; s/rbac\.ex/old.ex/' >old
        cp rbac.yaml both.yaml
        cat old >>both.yaml
        must optasvc apply -f both.yaml
    }
    needs 0 rbac 'optasvc-apply optasvc-prune' '^(ingresses|serviceaccounts services)$' optasvc apply "${on[@]}" --prune=layer --yes

    must kubectl create namespace rbac-adopt
    service rbac "${one[@]}"
    kubectl create -n rbac-adopt -f - >must.out <<'YAML' || fail "$(cat must.out)"
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: gone}}
YAML
    prepare() { :; }
    needs 0 rbac-adopt 'optasvc-apply optasvc-adopt' configmaps optasvc apply "${on[@]}" -n rbac-adopt --adopt --force-conflicts

    jq '.kind = "ClusterRole" | .metadata.name = "applies"' optasvc-apply.json >applies.json
    jq '.kind = "ClusterRole" | .metadata.name = "deletes"' optasvc-delete.json >deletes.json
    service rbac-new "${one[@]}"
    needs 0 rbac-new 'applies optasvc-namespace' namespaces optasvc apply -f rbac-new.yaml --as USER
    needs 0 rbac-new 'deletes optasvc-delete-namespace' '^(namespaces|[*])$' optasvc delete -f rbac-new.yaml --as USER --yes --delete-namespace
    service rbac-data "${v1[@]}" "$storage"
    must kubectl create namespace rbac-data
    must optasvc secret set A -f rbac-data.yaml --from-file value
    must optasvc apply -f rbac-data.yaml
    needs 0 rbac-data 'optasvc-delete optasvc-storage' . optasvc delete -f rbac-data.yaml --as USER --yes --delete-volumes
    same '' "$(objects_in rbac-data)" 'what is left'
}

# The server would reject the pods, but not the Deployment.
run_priority_class() {
    service priority "${one[@]}" 'priority_class: fields-critical'
    expect 1 optasvc apply -f priority.yaml
    empty out
    says err 'error: PriorityClass "fields-critical" not found' 'kubectl get priorityclasses'
    no_namespace priority
    must kubectl create priorityclass fields-critical --value=1000
    expect 0 optasvc apply -f priority.yaml
    same fields-critical "$(value priority deployment/web .spec.template.spec.priorityClassName)" 'its class'

    # Without permission to read PriorityClasses, they are not checked.
    allow priority petra '*' "$kinds,pods,secrets,events,replicasets,persistentvolumeclaims"
    service priority "${one[@]}" 'priority_class: fields-critical' 'env_vars: {A: "1"}'
    expect 0 optasvc apply -f priority.yaml --as petra
    says_not err priorityclass
}
