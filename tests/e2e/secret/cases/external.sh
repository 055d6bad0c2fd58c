# shellcheck shell=bash
# External secrets, whose controller this suite simulates.

# NAMESPACE NAME...: creates a service whose secrets are in a store.
external_service() {
    local namespace=$1
    shift
    service "$namespace" "secrets: [$(IFS=,; echo "$*")]"
    printf 'external_secrets: {store: vault}\n' >>service.yaml
}

# NAMESPACE STATUS MESSAGE [VERSION]: sets the status as the controller does (VERSION defaults to the current
# one).
controller_says() {
    local version=${4-$(kubectl get externalsecret web -n "$1" -o jsonpath='{.metadata.generation}')-x}
    kubectl patch externalsecret web -n "$1" --subresource=status --type=merge -p "{\"status\": {
        \"syncedResourceVersion\": \"$version\", \"conditions\": [{\"type\": \"Ready\", \"status\": \"$2\",
        \"message\": \"$3\", \"reason\": \"Test\"}]}}"
}

# NAMESPACE NAME...: creates or extends the Secret of the pods as the controller does.
controller_makes() {
    local namespace=$1
    shift
    set -- "${@/#/--from-literal=}"
    kubectl create secret generic web-secrets -n "$namespace" "${@/%/=x}" --dry-run=client -o yaml |
        kubectl apply --server-side --force-conflicts --field-manager=controller -f -
}

run_external() {
    local applying
    kubectl create namespace "$1" && external_service "$1" A B || return 1
    kubectl-optasvc render -f service.yaml >rendered && grep -q '^kind: ExternalSecret' rendered &&
        kubectl apply --server-side --dry-run=server --validate=strict -f rendered || return 1
    kubectl-optasvc apply -f service.yaml --timeout 60s >out 2>err &
    applying=$!
    await 20 kubectl get externalsecret web -n "$1" && await 20 says 'waiting for its ExternalSecret' || return 1
    ! kubectl get deployment web -n "$1" 2>/dev/null || { echo "apply did not wait"; return 1; }
    controller_makes "$1" A B && controller_says "$1" True synced || return 1
    wait $applying || { echo "apply failed"; cat err; return 1; }
    [ "$(kubectl get deployment web -n "$1" -o json | jq -r '.spec.template.spec.containers[0].env[]
        | select(.name == "A") | .valueFrom.secretKeyRef.name')" = web-secrets ] || return 1
    exits 0 kubectl-optasvc apply -f service.yaml && ! grep -v unchanged out || return 1

    # The controller is ready with the old list, but has not processed the new one.
    external_service "$1" A B C
    kubectl-optasvc apply -f service.yaml --timeout 60s >out 2>err &
    applying=$!
    await 20 says 'its controller has not processed the change' || return 1
    sleep 1.5 # longer than its polling interval
    kill -0 $applying || { echo "apply did not wait for the new list"; return 1; }
    ! kubectl get deployment web -n "$1" -o yaml | grep 'key: C' || return 1
    controller_makes "$1" A B C && controller_says "$1" True synced || return 1
    wait $applying || { echo "apply failed"; cat err; return 1; }
    kubectl get deployment web -n "$1" -o yaml | grep 'key: C' >/dev/null || return 1

    # A failure keeps the version of the last success.
    external_service "$1" A B D
    kubectl-optasvc apply -f service.yaml --timeout 4s >out 2>err &
    applying=$!
    await 20 says 'its controller has not processed the change' || return 1
    controller_says "$1" False 'property D is not there' 2-x || return 1
    wait $applying && { echo "apply did not fail"; return 1; }
    cat err
    says 'property D is not there' && says 'the workload was not applied' &&
        ! kubectl get deployment web -n "$1" -o yaml | grep 'key: D'
}

run_external_fails() {
    local applying status=0
    kubectl create namespace "$1" && external_service "$1" A || return 1
    kubectl-optasvc apply -f service.yaml --timeout 4s >out 2>err &
    applying=$!
    await 20 kubectl get externalsecret web -n "$1" && controller_says "$1" False 'could not get secret' '' || return 1
    wait $applying || status=$?
    cat err
    [ $status -eq 1 ] && says 'could not get secret' && says 'the workload was not applied' &&
        ! kubectl get deployment web -n "$1" 2>/dev/null || return 1
    # No controller processes it.
    kubectl delete externalsecret web -n "$1" || return 1
    exits 1 kubectl-optasvc apply -f service.yaml --timeout 2s && says 'its controller has not processed it' || return 1

    for each in 'set A' 'view A' 'delete A' list edit; do
        # shellcheck disable=SC2086
        exits 1 secret $each -f service.yaml </dev/null && says 'come from the ClusterSecretStore "vault"' &&
            says "set the value there: key \"$1\", property" || return 1
    done
    exits 1 secret set A -f service.yaml </dev/null && says 'property "A"' && [ -z "$(state "$1")" ]
}

# The store is configured in the environment file.
run_external_environment() {
    local applying
    kubectl create namespace "$1" && mkdir env || return 1
    printf 'name: staging\nexternal_secrets: {store: team, kind: SecretStore, prefix: apps/}\n' >env/staging.yaml
    printf 'environments:\n  - {name: staging, path: env/staging.yaml}\n' >environments
    service "$1" 'secrets: [A]'
    cat environments >>service.yaml
    kubectl-optasvc render -f service.yaml --env staging -n "$1" >rendered &&
        kubectl apply --server-side --dry-run=server --validate=strict -f rendered &&
        grep -q 'kind: SecretStore' rendered || return 1
    exits 1 secret set A -f service.yaml --env staging -n "$1" </dev/null && says 'the SecretStore "team"' &&
        says 'key "apps/' || return 1
}

# All properties of the key.
run_external_all() {
    local applying
    kubectl create namespace "$1" && service "$1" 'secrets: all' 'env_vars: {A: x, C: x}' &&
        printf 'external_secrets: {store: vault}\n' >>service.yaml &&
        kubectl-optasvc render -f service.yaml >rendered &&
        kubectl apply --server-side --dry-run=server --validate=strict -f rendered || return 1
    kubectl-optasvc apply -f service.yaml --timeout 60s >out 2>err &
    applying=$!
    await 20 kubectl get externalsecret web -n "$1" && await 20 says 'waiting for its ExternalSecret' || return 1
    [ "$(kubectl get externalsecret web -n "$1" -o jsonpath='{.spec.dataFrom[*].extract.key}')" = "$1" ] || return 1
    controller_makes "$1" A B && controller_says "$1" True synced || return 1
    wait $applying || { echo "apply failed"; cat err; return 1; }
    [ "$(kubectl get deployment web -n "$1" -o json |
        jq -c '.spec.template.spec.containers[0].envFrom')" = '[{"secretRef":{"name":"web-secrets"}}]' ] || return 1
    exits 0 kubectl-optasvc apply -f service.yaml && says 'variable "A" hides the key of the same name' &&
        [ "$(grep -c warning err)" -eq 1 ]
}

# Before the definition (CRD) exists.
run_external_undefined() {
    kubectl create namespace "$1" && external_service "$1" A || return 1
    exits 1 kubectl-optasvc apply -f service.yaml --timeout 5s && says 'the server does not have the kind ExternalSecret' &&
        says 'install the External Secrets Operator, which provides its CustomResourceDefinition' &&
        ! kubectl get deployment web -n "$1" 2>/dev/null
}
