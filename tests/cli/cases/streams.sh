# shellcheck shell=bash
# Signals, the terminal, and streams that fail.

# Interrupted while kubectl runs

# ended FILE: all processes listed in it have ended.
ended() {
    [ -s "$1" ] && ! xargs kill -0 <"$1"
}
kubectl waits <<'EOF'
echo $$ >>"$0.pids"
kill -TERM $PPID
exec sleep 30
EOF
for command in apply delete status outputs; do
    rm -f "$scratch/waits.pids"
    cluster $command -f ok.yaml
    check "$command interrupted by SIGTERM ends with that signal" test "$status" = 143
    check "$command interrupted by SIGTERM prints nothing" test ! -s "$out"
    check "$command leaves no kubectl running" ended "$scratch/waits.pids"
done

# Confirmation
if command -v script >"$scratch/which"; then
    KUBECTL_PATH=$scratch/nowhere/kubectl terminal delete -f ok.yaml
    check "delete on a terminal does not require --yes" has "cannot run .*: No such file or directory" "$out"
    kubectl holds <<'EOF'
case "$*" in
delete*) touch "$0.deleted" ;;
"get serviceaccounts"* | "get --filename=-"*)
    if [ -e "$0.deleted" ]; then echo '{"kind": "List", "items": []}'; else cat "$0.json"; fi ;;
*) echo '{"kind": "List", "items": []}' ;;
esac
EOF
    labels='"opta.dev/layer-name": "hello", "opta.dev/module-name": "app"'
    layer=$(sed -n 's/^ *opta.dev.environment-name: //p' ok.expected | head -n 1)
    cat >"$scratch/holds.json" <<EOF
{"kind": "List", "items": [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app",
 "managedFields": [{"manager": "optasvc", "operation": "Apply"}],
 "namespace": "hello", "labels": {$labels, "opta.dev/environment-name": "$layer"}}}]}
EOF
    terminal delete -f ok.yaml
    check "delete on a terminal lists the objects" has 'service/app in namespace "hello"' "$out"
    check "delete on a terminal asks" has 'Continue? \[y/N\]' "$out"
    check "without an answer nothing is deleted" has "nothing was deleted" "$out"
    check "without an answer kubectl deletes nothing" test ! -e "$scratch/holds.deleted"
    try "$optasvc" delete -f ok.yaml --yes
    check "with --yes kubectl deletes" test -e "$scratch/holds.deleted"
fi
unset KUBECTL_PATH
unset -f kubectl

# Outputs that fail

for words in "render -f ok.yaml" "render -f ok.yaml -o json" "help" "help render" "--version" \
    "explain" "explain image"; do
    # shellcheck disable=SC2086
    "$optasvc" $words >/dev/full 2>"$err"
    status=$?
    : >"$out"
    expect "$words to a full disk" 1 err "cannot write output: No space left on device"
    # shellcheck disable=SC2086
    "$optasvc" $words >&- 2>"$err"
    status=$?
    expect "$words to a closed stdout" 1 err "cannot write output"
done
(
    sleep 0.1 # until the reader has exited
    "$optasvc" render -f ok.yaml 2>"$err"
    echo $? >"$scratch/status"
) | true
status=$(cat "$scratch/status")
expect "a closed pipe" 1 err "cannot write output: Broken pipe"
"$optasvc" validate -f ok.yaml >&- 2>"$err"
status=$?
expect "validate to a closed stdout" 1 err "cannot write output"
"$optasvc" render -f ok.yaml 2>&- >"$out"
status=$?
: >"$err"
expect "render needs no stderr" 0
check "a closed stderr changes nothing" cmp "$out" ok.expected
"$optasvc" render -f bad.yaml 2>&- >"$out"
status=$?
check "an error without stderr is an error" test $status = 1 -a ! -s "$out"
"$optasvc" render -f warned.yaml 2>/dev/full >"$out"
status=$?
expect "a full stderr" 0

# Inputs that fail

"$optasvc" render -f - <&- >"$out" 2>"$err"
status=$?
expect "-f - with a closed stdin" 1 err "cannot read standard input"
"$optasvc" render -f ok.yaml <&- >"$out" 2>"$err"
status=$?
expect "a file with a closed stdin" 0
check "a closed stdin changes nothing" cmp "$out" ok.expected
try "$optasvc" render -f -
expect "an empty stdin" 1 err "<stdin>: error: the file is empty"
try "$optasvc" render -f missing.yaml
expect "a missing file" 1 err "cannot read missing.yaml: No such file"
ln -s nowhere dangling.yaml
try "$optasvc" render -f dangling.yaml
expect "a dangling link" 1 err "cannot read dangling.yaml: No such file"
ln -s loop.yaml loop.yaml
try "$optasvc" render -f loop.yaml
expect "a link to itself" 1 err "cannot read loop.yaml"
try "$optasvc" render -f ok.yaml/x
expect "a path through a file" 1 err "Not a directory"
try "$optasvc" render -f /dev/zero
expect "an endless file" 1 err "exceeds 1048576 bytes"
: >empty.yaml
try "$optasvc" render -f empty.yaml
expect "an empty file" 1 err "empty.yaml: error: the file is empty"
head -c 1000 /dev/urandom >random.yaml
try "$optasvc" render -f random.yaml
expect "random bytes" 1 err "random.yaml"
try "$optasvc" render -f "$optasvc"
expect "a program as the file" 1 err "error:"
head -c 100 ok.yaml >cut.yaml
printf '"' >>cut.yaml
try "$optasvc" render -f cut.yaml
expect "a truncated file" 1 err "cut.yaml:"
