# shellcheck shell=bash
# What service files say about secrets, and what apply says; users who may not do everything.
# shellcheck disable=SC2016 # $ in programs

# NAMESPACE NAME FIELDS: creates a Deployment of others with these container fields.
other_deployment() {
    kubectl create deployment "$2" -n "$1" --image nginx:1.29 --replicas 0 --dry-run=client -o json |
        jq ".spec.template.spec.containers[0] += $3" | kubectl create -f -
}

run_unused() {
    local unused='no service in the given files uses'
    given "$1" && service "$1" 'secrets: [API_TOKEN]' || return 1
    printf x | exits 0 secret set API_TOKEN -f service.yaml && ! grep "$unused" err &&
        printf x | exits 0 secret set API_TOKN -f service.yaml && says 'API_TOKN set' &&
        says "warning: $unused key \"API_TOKN\" of Secret \"manual-secrets\" in namespace \"$1\"" &&
        says 'did you mean "API_TOKEN"?' && exits 0 secret delete API_TOKN -f service.yaml && ! grep "$unused" err &&
        ! grep needs err &&
        printf x | exits 0 secret set api_token -f service.yaml && says 'did you mean "API_TOKEN"?' &&
        exits 0 secret delete api_token -f service.yaml &&
        printf x | exits 0 secret set OTHER -f service.yaml && says "$unused key \"OTHER\"" &&
        says 'or set secrets: all' &&
        exits 0 secret delete API_TOKEN -f service.yaml &&
        says 'warning: web needs the deleted key "API_TOKEN": new pods cannot start without it' &&
        printf x | exits 0 secret set API_TOKEN -f service.yaml && ! grep needs err || return 1
    printf 'A=1\nAPI_TOKEN=1\nB=1\n' >some.env
    exits 0 secret import some.env -f service.yaml && says "$unused these keys" && says ': A, B' || return 1
    editor <<<'echo EDITED=1 >>"$file"'
    exits 0 secret edit -f service.yaml && says "$unused key \"EDITED\"" || return 1
    # Without permission to list other objects, the key counts as unused.
    allow "$1" get patch || return 1
    printf y | exits 0 secret set OTHER -f service.yaml --context nobody && says "$unused key \"OTHER\"" &&
        exits 0 secret list -f service.yaml --context nobody && grep -x 'OTHER  *1  *unused' out &&
        says "cannot list the workloads in namespace \"$1\"" || return 1

    exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s && says "$unused these keys" &&
        says ': A, B, EDITED, OTHER' &&
        exits 0 kubectl-optasvc apply -f service.yaml --dry-run=server && says ': A, B, EDITED, OTHER' || return 1
    # Other services of the file are excluded.
    exits 0 kubectl-optasvc apply -f service.yaml --module web && ! grep "$unused" err &&
        printf z | exits 0 secret set OTHER -f service.yaml --module web && ! grep "$unused" err || return 1
    # Objects of others use single keys or all keys.
    other_deployment "$1" chart '{env: [{name: "X", valueFrom: {secretKeyRef: {name: "manual-secrets", key: "A"}}}]}' &&
        exits 0 kubectl-optasvc apply -f service.yaml && says ': B, EDITED, OTHER' || return 1
    printf 2 | exits 0 secret set A -f service.yaml && ! grep "$unused" err || return 1
    exits 0 secret list -f service.yaml && grep -x 'A  *1' out && grep -x 'B  *1  *unused' out || return 1
    kubectl create cronjob other -n "$1" --image nginx:1.29 --schedule '0 3 * * *' --dry-run=client -o json |
        jq '.spec.jobTemplate.spec.template.spec.containers[0].envFrom = [{secretRef: {name: "manual-secrets"}}]' |
        kubectl create -f - && exits 0 kubectl-optasvc apply -f service.yaml && ! grep "$unused" err &&
        printf 2 | exits 0 secret set B -f service.yaml && ! grep "$unused" err &&
        exits 0 secret list -f service.yaml && ! grep unused out err && kubectl delete cronjob other -n "$1" || return 1
    # The service used a key before; its pods are replaced.
    service "$1" 'secrets: [B]'
    exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s && says ': API_TOKEN, EDITED, OTHER' || return 1
    # The service no longer lists secrets.
    service "$1"
    exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s && says ': API_TOKEN, B, EDITED, OTHER' &&
        says 'add them to the secrets of a service, or set secrets: all' || return 1
    service "$1" 'secrets: all'
    exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s && ! grep "$unused" err
}

# Two layers in one namespace, and many keys.
run_unused_layers() {
    local unused='no service in the given files uses' each
    given "$1" ONE x TWO x && service "$1-a" 'secrets: [ONE]' && mv service.yaml a.yaml &&
        service "$1-b" 'secrets: [TWO]' && sed -i 's/name: web/name: worker/' service.yaml && mv service.yaml b.yaml || return 1
    exits 0 kubectl-optasvc apply -n "$1" -f a.yaml --timeout 60s && says "$unused key \"TWO\"" &&
        exits 0 kubectl-optasvc apply -n "$1" -f b.yaml --timeout 60s && ! grep "$unused" err &&
        exits 0 kubectl-optasvc apply -n "$1" -f a.yaml --timeout 60s && ! grep "$unused" err &&
        exits 0 kubectl-optasvc apply -n "$1" -f a.yaml -f b.yaml --timeout 60s && ! grep "$unused" err || return 1
    for each in {1..500}; do echo "K$each=$each"; done >many.env
    exits 0 secret import many.env -n "$1" -f a.yaml && says ' and 490 more' || return 1
    # Without permission to list other objects there is no warning.
    kubectl create role layers -n "$1" --verb='*' --resource=deployments.apps,statefulsets.apps,services,serviceaccounts,horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy,ingresses.networking.k8s.io,secrets,cronjobs.batch &&
        kubectl create rolebinding layers -n "$1" --role layers --user nobody || return 1
    exits 0 kubectl-optasvc apply -n "$1" -f a.yaml --context nobody --wait=false && ! grep "$unused" err
}

run_all() {
    local command
    kubectl create namespace "$1" && service "$1" 'secrets: all' 'env_vars: {SEEN: "1", HIDDEN: "1"}' \
        'cron_jobs: [{schedule: "0 3 * * *", commands: [./clean]}]' || return 1
    exits 1 kubectl-optasvc apply -f service.yaml && ! kubectl get deployment web -n "$1" 2>/dev/null &&
        says "service.yaml:7:14: error: Secret \"manual-secrets\" not found in namespace \"$1\"" || return 1
    command=$(sed -n 's/^ *create it with its first key: //p' err)
    [[ $command == 'kubectl optasvc secret set NAME -f service.yaml' ]] || return 1
    printf x | bash -c "${command/NAME/FIRST}" && exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s &&
        ! grep warning err || return 1
    kubectl get deployments,cronjobs -n "$1" -o json |
        jq -c '.items[] | .spec.template // .spec.jobTemplate.spec.template | .spec.containers[0].envFrom' >sources
    printf '[{"secretRef":{"name":"manual-secrets"}}]\n%.0s' 1 2 | diff - sources || return 1

    # Every key is used, so the pods restart, unless a variable overrides the key.
    restarts "$1" >before
    printf x | exits 0 secret set ANY -f service.yaml && says 'web: restarting its pods' && ! grep warning err &&
        ! restarts "$1" | diff -q before - && sleep 1 && restarts "$1" >before || return 1
    printf x | exits 0 secret set HIDDEN -f service.yaml && says 'HIDDEN set' && ! grep 'pods restart' err &&
        says 'service.yaml:8:' && says 'variable "HIDDEN" hides the key of the same name' &&
        restarts "$1" | diff before - || return 1
    printf 'HIDDEN=2\nSHOWN=2\n' | exits 0 secret import - -f service.yaml && says 'web: restarting its pods' &&
        [ "$(grep -c 'hides the key' err)" -eq 1 ] || return 1
    sleep 1
    exits 0 secret delete SHOWN -f service.yaml && says 'web: restarting its pods' &&
        exits 0 secret list -f service.yaml && ! grep unused out || return 1
    exits 0 kubectl-optasvc apply -f service.yaml && says 'variable "HIDDEN" hides the key of the same name' &&
        [ "$(grep -c 'hides the key' err)" -eq 1 ] && ! grep -v unchanged out
}

run_missing() {
    local command
    kubectl create namespace "$1" && service "$1" 'secrets: [TOKEN]' || return 1
    exits 1 kubectl-optasvc apply -f service.yaml && ! kubectl get deployment web -n "$1" 2>/dev/null || return 1
    command=$(sed -n 's/^ *set it: //p' err)
    echo "$command"
    [[ $command == 'kubectl optasvc secret set TOKEN -f service.yaml' ]] || return 1
    printf value | bash -c "$command" && holds "$1" TOKEN value &&
        exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s &&
        kubectl get deployment web -n "$1"
}

# Keys that only a sidecar, an init container or a cron job needs.
run_missing_users() {
    local key
    local sources='{secret: manual-secrets, key:'
    kubectl create namespace "$1" && service "$1" 'secrets: all' \
        "sidecars: [{name: proxy, image: 'nginx:1.29', secrets: [LISTED], env_vars: {A: $sources PROXY}}}]" \
        "init_containers: [{name: migrate, commands: ['true'], env_vars: {A: $sources MIGRATE}}}]" \
        "cron_jobs: [{name: clean, schedule: '@daily', commands: [a], env_vars: {A: $sources CLEAN}}}]" || return 1
    exits 1 kubectl-optasvc apply -f service.yaml && says '(secrets: all requires it)' &&
        says '(needs key "CLEAN")' && says 'set it: kubectl optasvc secret set CLEAN -f service.yaml' &&
        ! grep 'kubectl create secret' err || return 1
    printf x | exits 0 secret set OTHER -f service.yaml && exits 0 secret list -f service.yaml || return 1
    diff -u - out <<'TEXT' || return 1
NAME      SIZE       NOTE
OTHER     1
LISTED    -          missing, needed by sidecar proxy of web
PROXY     -          missing, needed by sidecar proxy of web
MIGRATE   -          missing, needed by init container migrate of web
CLEAN     -          missing, needed by cron job web-clean
TEXT
    for key in LISTED PROXY MIGRATE CLEAN; do
        exits 1 kubectl-optasvc apply -f service.yaml && ! kubectl get deployment web -n "$1" 2>/dev/null &&
            says "Secret \"manual-secrets\" in namespace \"$1\" has no key \"$key\"" &&
            says "set it: kubectl optasvc secret set $key -f service.yaml" && ! grep 'kubectl edit' err &&
            printf x | exits 0 secret set "$key" -f service.yaml && ! grep 'no service in the given files' err || return 1
    done
    exits 0 secret list -f service.yaml && ! grep -E 'missing|unused' out &&
        exits 0 kubectl-optasvc apply -f service.yaml --timeout 60s || return 1
    # Without secrets: all, these keys are not unused either.
    sed -i -e '/secrets: all/d' -e 's/secrets: \[LISTED\], //' service.yaml
    exits 0 secret list -f service.yaml && grep -x 'LISTED  *1  *unused' out && [ "$(grep -c unused out)" -eq 2 ]
}

# NAMESPACE VERB...: grants the user `nobody` these verbs on Secrets.
allow() {
    local namespace=$1
    shift
    kubectl delete rolebinding nobody -n "$namespace" --ignore-not-found &&
        kubectl delete role nobody -n "$namespace" --ignore-not-found &&
        kubectl create role nobody -n "$namespace" --resource=secrets "${@/#/--verb=}" &&
        kubectl create rolebinding nobody -n "$namespace" --role=nobody --user=nobody
} >/dev/null

run_rights() {
    given "$1" A old && service "$1" || return 1
    # kubectl itself gets an object before it patches it.
    allow "$1" patch || return 1
    printf new | changes_nothing "$1" exits 1 secret set A -f service.yaml --context nobody &&
        says 'User "nobody" cannot get resource "secrets"' || return 1
    allow "$1" get || return 1
    printf new | changes_nothing "$1" exits 1 secret set A -f service.yaml --context nobody &&
        says 'User "nobody" cannot patch resource "secrets"' && says "\"$1\"" || return 1
    allow "$1" get patch || return 1
    printf new | exits 0 secret set A -f service.yaml --context nobody && holds "$1" A new || return 1
    kubectl delete secret manual-secrets -n "$1" || return 1
    printf new | exits 1 secret set A -f service.yaml --context nobody &&
        says 'User "nobody" cannot create resource "secrets"' && [ -z "$(state "$1")" ] || return 1
    allow "$1" get patch create || return 1
    printf new | exits 0 secret set A -f service.yaml --context nobody && holds "$1" A new || return 1
    service "$1-absent"
    printf new | exits 1 secret set A -f service.yaml --context nobody && says 'User "nobody"' &&
        says "\"$1-absent\"" || return 1
    ! kubectl get namespace "$1-absent" 2>/dev/null || return 1
    printf new | exits 1 secret set A -f service.yaml -n "$1-absent" &&
        says "namespaces \"$1-absent\" not found" && ! kubectl get namespace "$1-absent" 2>/dev/null
}
