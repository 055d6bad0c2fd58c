# shellcheck shell=bash
# What the cases use. No `set -e`: a function that fails returns 1, and ends its case.

secret() { kubectl-optasvc secret "$@"; }

terminal() { "$root/tests/e2e/secret/terminal" "$@"; }

export -f secret # for `timeout` and `bash -c`

# NAMESPACE FIELD...: creates service.yaml with the module web, which runs unless a field prevents it.
service() {
    local field
    printf 'name: %s\nmodules:\n  - name: web\n    type: k8s-service\n    image: nginx:1.29\n' "$1"
    shift
    for field in 'port: {http: 80}' "$@"; do printf '    %s\n' "$field"; done
} >service.yaml

# NAMESPACE KEY: prints the exact value, read with kubectl.
value_of() { kubectl get secret manual-secrets -n "$1" -o "jsonpath={.data['$2']}" | base64 -d; }

# NAMESPACE: prints the Secret with its resourceVersion, which every change increments.
state() { kubectl get secret manual-secrets -n "$1" -o json --ignore-not-found | jq -S .; }

# NAMESPACE [KEY VALUE]...: creates the Secret with kubectl.
given() {
    local namespace=$1 arguments=()
    shift
    kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace" || return 1
    while [ $# -gt 0 ]; do
        arguments+=("--from-literal=$1=$2")
        shift 2
    done
    kubectl create secret generic manual-secrets -n "$namespace" "${arguments[@]}"
} >/dev/null

# STATUS COMMAND...: the command exits with STATUS; stdout is in `out`, stderr in `err`. Standard input is
# inherited.
exits() {
    local wanted=$1 status=0
    shift
    "$@" >out 2>err || status=$?
    [ $status -eq "$wanted" ] || { echo "$* exits with $status, not $wanted:"; cat out err; return 1; }
}

says() { contains err "$1"; }

# NAMESPACE KEY VALUE: the key has this value.
holds() {
    printf %s "$3" >wanted
    value_of "$1" "$2" | cmp - wanted || { echo "$2 has another value"; return 1; }
}

# NAMESPACE COMMAND...: the command does not change the Secret.
changes_nothing() {
    local namespace=$1 status=0
    shift
    state "$namespace" >before
    "$@" || status=1
    state "$namespace" >after
    diff -u before after && [ $status -eq 0 ]
}

# No files are left in the directories for temporary files, and none of the editor.
nothing_is_left() {
    find "$XDG_RUNTIME_DIR" "$TMPDIR" -mindepth 1 >left
    [ ! -e where ] || [ ! -e "$(cat where)" ] || cat where >>left
    [ ! -s left ] || { echo "left behind:"; cat left; return 1; }
}

# A fake kubectl that creates `reached` and blocks when it patches.
slow_kubectl() {
    program slow <<SH
#!/bin/bash
if [ "\$1" = patch ]; then
    trap 'kill \$!; wait \$!; exit 143' TERM
    sleep 60 &
    echo "\$\$ \$!" >$PWD/reached.new
    mv $PWD/reached.new $PWD/reached
    wait
fi
exec kubectl "\$@"
SH
}
