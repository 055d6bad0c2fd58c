# shellcheck shell=bash
# deploy.

# LAYER NAME: prints the image of its pods.
image_of() {
    kubectl get pods -n "$1" -l "app.kubernetes.io/name=$2" -o jsonpath='{.items[*].spec.containers[0].image}' | tr ' ' '\n' | sort -u
}

deploy() { kubectl-optasvc deploy "$@" --timeout 90s; }

run_deploy() {
    service "$1" && image shop/api:v1 || return 1
    # Nothing is applied if the push fails.
    exits 1 deploy -f service.yaml --image shop/api:v1 --container-tool podman && says 'not found' &&
        exits 1 deploy -f service.yaml --image nothing:v1 --container-tool podman --create-repository && says 'has no local image' &&
        ! kubectl get namespace "$1" 2>/dev/null || return 1
    # A dry run pushes nothing.
    exits 0 deploy -f service.yaml --image shop/api:v1 --container-tool podman --dry-run=client &&
        grep -q "image: $host/opta-$1-api:v1\$" out && exits 1 deploy -f service.yaml --image nothing:v1 --container-tool podman --dry-run=server &&
        repository "$1" && exits 0 deploy -f service.yaml --image shop/api:v1 --container-tool podman --dry-run=server &&
        says "$host/opta-$1-api:v1 would be pushed" && nothing_is_pushed "$1" && ! kubectl get namespace "$1" 2>/dev/null || return 1

    exits 0 deploy -f service.yaml --image shop/api:v1 --container-tool podman -o name && grep -qx deployment.apps/api out &&
        says "$host/opta-$1-api:v1@$(digest_of "$1" v1) pushed" && says 'api: ready' &&
        [ "$(image_of "$1" api)" = "$host/opta-$1-api@$(digest_of "$1" v1)" ] || return 1
    image shop/api:v2 && deploy -f - --image shop/api:v2 --container-tool podman --tag next < <(cat service.yaml) &&
        await 30 test "$(image_of "$1" api)" = "$host/opta-$1-api@$(digest_of "$1" next)" || return 1
    # An image that was pushed before.
    exits 0 deploy -f service.yaml --image-digest "$(digest_of "$1" v1)" &&
        exits 0 kubectl-optasvc outputs -f service.yaml && grep "current_digest: $(digest_of "$1" v1)" out || return 1
    exits 1 deploy -f service.yaml &&
        says_only 'no image selected for "api", which has image: AUTO' \
            'push a local image with --image, or select a pushed one with --image-tag or --image-digest' || return 1
    # The push succeeds, but apply fails.
    image shop/api:v3 && exits 1 deploy -f service.yaml --image shop/api:v3 --container-tool podman --context nobody &&
        says "$host/opta-$1-api:v3@$(digest_of "$1" v3) pushed" && nothing_is_left
}

run_deploy_interrupted() {
    local status
    service "$1" && image shop/api:v1 && repository "$1" && touch "$scratch/proxy/hang" || return 1
    exits_on_terminal 143 file="$scratch/proxy/reached" signal=TERM -- \
        kubectl-optasvc deploy -f service.yaml --image shop/api:v1 --container-tool podman
    status=$?
    rm "$scratch/proxy/hang" "$scratch/proxy/reached"
    [ $status -eq 0 ] && ! kubectl get namespace "$1" 2>/dev/null && nothing_is_left
}

# The digest belongs to one image: no other service gets it.
run_deploy_beside() {
    mkdir files
    service "$1" && repository "$1" && image shop/api:v1 && mv service.yaml staging.yaml files || return 1
    printf 'name: %s-beside\nmodules:\n  - {name: web, type: k8s-service, image: nginx, port: {http: 80}}\n' "$1" >files/beside.yaml
    exits 1 deploy -f files && says 'no image selected for "api"' || return 1
    exits 0 deploy -f files --image shop/api:v1 --container-tool podman && [ "$(image_of "$1-beside" web)" = nginx ] &&
        [ "$(image_of "$1" api)" = "$host/opta-$1-api@$(digest_of "$1" v1)" ] || return 1
    printf '  - {name: worker, type: k8s-service, image: AUTO, port: none}\n' >>files/service.yaml
    exits 1 deploy -f files --image shop/api:v1 --container-tool podman && says 'several services have image: AUTO: api, worker' &&
        exits 0 deploy -f files --image shop/api:v1 --container-tool podman --module api --tag v2 || return 1
    # Only images from other registries.
    exits 0 deploy -f files/beside.yaml && [ "$(image_of "$1-beside" web)" = nginx ] &&
        exits 1 deploy -f files/beside.yaml --image shop/api:v1 --container-tool podman && says 'no service has image: AUTO'
}
