# shellcheck shell=bash
# Preferences of kubectl.

# DIRECTORY: writes a kuberc that changes the defaults of every verb.
hostile_kuberc() {
    mkdir -p "$1"
    {
        printf 'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\naliases:\n'
        printf -- '- {name: getn, command: get, prependArgs: [nodes]}\ndefaults:\n'
        local line command option
        while read -r line; do
            command=${line%%:*}
            printf -- '- command: %s\n  options:\n' "$command"
            for option in ${line#*:}; do
                printf -- '  - {name: %s, default: "%s"}\n' "${option%%=*}" "${option#*=}"
            done
        done <<'TEXT'
get: all-namespaces=true namespace=other output=name selector=no=such show-managed-fields=false watch=true field-selector=metadata.name=none
apply: dry-run=server server-side=false prune=true all=true force-conflicts=true field-manager=other output=yaml validate=ignore namespace=other
delete: interactive=true dry-run=client cascade=orphan grace-period=0 force=true wait=false output=
patch: dry-run=server local=true output=yaml
create: dry-run=client edit=true output=yaml save-config=true
logs: previous=true tail=1 all-containers=true limit-bytes=1
exec: quiet=true container=none
diff: server-side=false field-manager=other prune=true show-managed-fields=true
rollout restart: field-manager=other selector=no=such output=yaml
api-resources: namespaced=false verbs=none output=wide
config get-contexts: output= no-headers=true
TEXT
    } >"$1/kuberc"
}

# LAYER COMMAND...: all commands work as without preferences. COMMAND: prefix of each.
does_all() {
    local layer=$1
    shift
    service "$layer" "${one[@]}" "$jobs_one"
    expect 0 "$@" kubectl-optasvc apply -f "$layer.yaml"
    same '["optasvc"]' "$(kubectl get deployment web -n "$layer" -o json --show-managed-fields |
        jq -c '[.metadata.managedFields[] | select(.operation == "Apply") | .manager]')" 'the managers'
    must kubectl get service,serviceaccount,deployment web -n "$layer"
    expect 0 "$@" kubectl-optasvc diff -f "$layer.yaml"
    empty out
    service "$layer" "${one[@]}" 'image: nginx:2'
    expect 1 "$@" kubectl-optasvc diff -f "$layer.yaml"
    says_not out managedFields
    must kubectl label deployment web -n "$layer" team=shop --overwrite
    expect 0 "$@" kubectl-optasvc apply -f "$layer.yaml" --dry-run=server
    same nginx:1 "$(value "$layer" deployment/web '.spec.template.spec.containers[0].image')" 'the image of a dry run'
    expect 0 "$@" kubectl-optasvc apply -f "$layer.yaml"
    same nginx:2 "$(value "$layer" deployment/web '.spec.template.spec.containers[0].image')" 'the image'
    same 0 "$(kubectl get cronjobs -n "$layer" -o name | wc -l)" 'CronJobs'
    expect 0 "$@" kubectl-optasvc status -f "$layer.yaml" -o json
    same 1 "$(jq '.[0].readyReplicas' out)" 'pods in the status'
    expect 0 "$@" kubectl-optasvc outputs -f "$layer.yaml"
    says out nginx
    must kubectl delete replicasets --all -n "$layer" --cascade=orphan # the pods have no owner now
    expect 0 "$@" kubectl-optasvc delete -f "$layer.yaml" --yes
    says out 'deployment.apps/web deleted'
    cluster_has "$layer" </dev/null
    service "$layer" "${one[@]}"
    expect 0 "$@" kubectl-optasvc apply -f "$layer.yaml"
    expect 0 "$@" kubectl-optasvc delete -f "$layer.yaml" --yes
    cluster_has "$layer" </dev/null
}

# A user's kuberc, in each way in which kubectl finds it. `flags`: kubectl reads it in spite of our private
# one, so that only the flags protect.
run_kuberc() {
    local layer=kuberc-$1
    mkdir home && hostile_kuberc home/.kube
    case $1 in
    home) does_all "$layer" timeout 60 env -u KUBERC HOME="$PWD/home" ;;
    variable) does_all "$layer" timeout 60 env KUBERC="$PWD/home/.kube/kuberc" ;;
    flags)
        wrapper hostile <<<"export KUBERC=$PWD/home/.kube/kuberc"
        does_all "$layer" timeout 60 env KUBECTL_PATH=./hostile
        ;;
    esac
}

# Only the credential plugin policy of the file has an effect.
run_kuberc_policy() {
    service policy "${one[@]}"
    mkdir tmp home && hostile_kuberc home/.kube
    cat >plugin <<TEXT
#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "$(
        sed -n 's/.*name: admin, user: {token: \([^}]*\)}.*/\1/p' "$KUBECONFIG")"}}'
TEXT
    chmod +x plugin
    sed "s|name: admin, user: {token: [^}]*}|name: admin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: $PWD/plugin, interactiveMode: Never}}|" \
        "$KUBECONFIG" >plugin.config
    local with=(timeout 60 env -u KUBERC HOME="$PWD/home" TMPDIR="$PWD/tmp" kubectl-optasvc)
    expect 0 "${with[@]}" apply -f policy.yaml --kubeconfig plugin.config
    echo 'credentialPluginPolicy: DenyAll' >>home/.kube/kuberc
    local command
    for command in apply status 'delete --yes' logs shell; do
        # shellcheck disable=SC2086 # words
        expect 1 "${with[@]}" $command -f policy.yaml --kubeconfig plugin.config
        says err 'plugin'
        empty out
    done
    expect 0 "${with[@]}" status -f policy.yaml
    sed -i '$d' home/.kube/kuberc
    printf 'credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist:\n- command: %s/plugin\n' "$PWD" >>home/.kube/kuberc
    expect 0 "${with[@]}" apply -f policy.yaml --kubeconfig plugin.config
    expect 0 "${with[@]}" apply -f policy.yaml --kubeconfig plugin.config --kuberc home/.kube/kuberc
    sed -i "s|/plugin\$|/other|" home/.kube/kuberc
    expect 1 "${with[@]}" apply -f policy.yaml --kubeconfig plugin.config
    expect 1 kubectl-optasvc apply -f policy.yaml --kubeconfig plugin.config --kuberc home/.kube/kuberc
    says err '--kuberc and KUBERC=off are mutually exclusive'
    echo 'a: [' >home/.kube/kuberc
    expect 1 "${with[@]}" apply -f policy.yaml
    says err "cannot read kubectl's preferences file $PWD/home/.kube/kuberc: invalid YAML"
    expect 1 "${with[@]}" apply -f policy.yaml --kuberc nowhere
    says err "cannot read kubectl's preferences file nowhere: No such file or directory"
    find tmp -mindepth 1 >left
    empty left
}
