# shellcheck shell=bash
# What the cases use. No `set -e`: a function that fails returns 1, and ends its case.

# LAYER FIELD...: creates service.yaml with the module api, whose image is pushed. No controller creates its
# repository.
service() {
    local field layer=$1
    shift
    printf 'name: %s\nenvironments:\n  - {name: staging, path: staging.yaml}\nmodules:\n' "$layer"
    printf '  - name: api\n    type: k8s-service\n    image: AUTO\n    port: {http: 80}\n'
    for field in "$@"; do printf '    %s\n' "$field"; done
    printf 'name: staging\nproviders:\n  aws: {region: %s, account_id: %s}\ncloud_objects: none\n' "$region" "$account" >staging.yaml
} >service.yaml

# LAYER: creates its repository.
repository() { ecr create-repository --repository-name "opta-$1-api" "${@:2}" >/dev/null; }

# NAME: builds an image with unique content.
image() {
    head -c 100000 /dev/urandom >content
    printf 'FROM scratch\nCOPY content /content\n' >Containerfile
    podman build -q -t "$1" . >/dev/null
}

push() { kubectl-optasvc push "$@"; }

# STATUS COMMAND...: the command exits with STATUS; stdout is in `out` (empty on failure), stderr in `err`.
exits() {
    local wanted=$1 status=0
    shift
    "$@" >out 2>err </dev/null || status=$?
    [ $status -eq "$wanted" ] || { echo "$* exits with $status, not $wanted:"; cat out err; return 1; }
    [ $status -eq 0 ] || [ ! -s out ] || { echo "$* prints:"; cat out; return 1; }
}

says() { contains err "$1"; }

# ERROR [HINT]: stderr is exactly this.
says_only() { diff -u --label wanted --label err <(printf 'error: %s\n' "$1"; [ $# -eq 1 ] || printf '  %s\n' "$2") err; }

# STATUS STEP... -- COMMAND...: the command exits with STATUS on a terminal and prints nothing to stdout.
exits_on_terminal() {
    local wanted=$1 status=0
    shift
    "$root/tests/e2e/secret/terminal" stdout=out "$@" >err 2>&1 </dev/null || status=$?
    [[ $status -eq $wanted && ! -s out ]] || { echo "$* exits with $status, not $wanted:"; cat out err; return 1; }
}

# LAYER TAG: prints its digest in the registry, read with another client.
digest_of() { crane digest --insecure "$registry/opta-$1-api:$2"; }

# LAYER: nothing was pushed to its repository.
nothing_is_pushed() {
    ! crane ls --insecure "$registry/opta-$1-api" 2>/dev/null | grep . && ! grep "opta-$1-api" "$scratch/proxy/log"
}

# No temporary files, credentials or additional image names are left. podman leaves parts of images when it
# is killed.
nothing_is_left() {
    {
        find "$XDG_RUNTIME_DIR" "$TMPDIR" -name 'optasvc-*'
        find "$HOME" -mindepth 1
        grep -rlaF -e "$password" -e "$(printf %s "AWS:$password" | base64)" "$XDG_RUNTIME_DIR" "$TMPDIR" "$scratch/run"
        podman image ls --format '{{.Repository}}' | grep amazonaws
    } >left
    [ ! -s left ] || { echo "left behind:"; cat left; return 1; }
}

# For cases that do not test AWS: a fake aws CLI that always succeeds.
quick_aws() {
    mkdir -p stand-in
    program stand-in/aws <<SH
#!/bin/bash
case \$2 in
get-caller-identity) echo $account ;;
describe-repositories) echo IMMUTABLE ;;
describe-images) echo 'An error occurred (ImageNotFoundException)' >&2; exit 254 ;;
get-login-password) echo '$password' ;;
*) exit 9 ;;
esac
SH
}
