# shellcheck shell=bash
# Manifests of a chart: helm-postrender and inject

cat >chart.yaml <<'EOF'
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 10
      containers:
      - name: app
        image: nginx:1.29
EOF
cat >inject.yaml <<'EOF'
name: hello
modules:
  - name: app
    type: k8s-service
    termination_grace_period: 60
    env_vars: {COLOR: blue}
EOF
sed 's/60/many/' inject.yaml >inject-wrong.yaml
sed 's/kind: Deployment/kind: ConfigMap/' chart.yaml >chart-without.yaml
replaced="Deployment/app: terminationGracePeriodSeconds: replaced (chart: 10, service: 60)"
unset OPTASVC_FILE OPTASVC_LOG

# filter COMMAND...: runs it over the chart.
filter() {
    "$@" <chart.yaml >"$out" 2>"$err"
    status=$?
}

filter "$postrender" inject.yaml
expect "helm-postrender" 0 out "terminationGracePeriodSeconds: 60" out "name: COLOR" err "$replaced"
check "only replacements are reported" test "$(cat "$err")" = "$replaced"
cp "$out" injected
for words in "-f inject.yaml" "-finject.yaml" "--filename=inject.yaml" "-f inject.yaml --module app" \
    "-f inject.yaml --workload app --container app"; do
    # shellcheck disable=SC2086
    filter "$optasvc" inject $words
    expect "inject $words" 0 err "$replaced"
    check "inject $words gives the same bytes as helm-postrender" cmp "$out" injected
done
"$postrender" inject.yaml <injected >"$out" 2>"$err"
status=$?
expect "helm-postrender on its own output" 0
check "a second run changes nothing" cmp "$out" injected
cp inject.yaml ./-y.yaml
filter "$postrender" -- -y.yaml
expect "a service file whose name begins with a dash" 0 err "$replaced"
cat chart.yaml >fifo &
"$postrender" inject.yaml <fifo >"$out" 2>"$err"
check "a chart from a named pipe gives the same bytes" cmp "$out" injected
sed 's/$/\r/' chart.yaml >chart-crlf.yaml
"$postrender" inject.yaml <chart-crlf.yaml 2>"$err" | tr -d '\r' >"$out"
check "a chart with CRLF gives the same bytes except CR" cmp "$out" injected

# The service file

filter "$postrender"
expect "helm-postrender without a file" 2 \
    err "missing service file; pass it as an argument or set OPTASVC_FILE"
filter "$optasvc" inject
expect "inject without a file" 2 err "missing service file; pass -f FILE or set OPTASVC_FILE"
filter env OPTASVC_FILE= "$postrender"
expect "an empty OPTASVC_FILE is ignored" 2 err "missing service file"
filter env OPTASVC_FILE=inject.yaml "$postrender"
expect "OPTASVC_FILE" 0 err "$replaced"
check "OPTASVC_FILE gives the same bytes" cmp "$out" injected
filter env OPTASVC_FILE=missing.yaml "$postrender" inject.yaml
expect "an argument overrides OPTASVC_FILE" 0 err "$replaced"
filter env OPTASVC_FILE=missing.yaml "$optasvc" inject -f inject.yaml
expect "-f overrides OPTASVC_FILE" 0 err "$replaced"
filter "$postrender" inject.yaml bad.yaml
expect "two arguments" 2 err 'unexpected argument "bad.yaml"'
filter "$optasvc" inject inject.yaml
expect "inject with an argument" 2 err 'unexpected argument "inject.yaml"'
filter "$postrender" -f inject.yaml
expect "helm-postrender with -f" 2 err "unknown flag: -f"
filter "$postrender" -
expect "helm-postrender -" 2 err "standard input contains the manifests"
filter "$optasvc" inject -f -
expect "inject -f -" 2 err "standard input contains the manifests"
filter env OPTASVC_FILE=- "$postrender"
expect "OPTASVC_FILE that is -" 2 err "standard input contains the manifests"
filter "$postrender" missing.yaml
expect "a missing service file" 1 err "cannot read missing.yaml: No such file"
filter env OPTASVC_FILE=missing.yaml "$postrender"
expect "a missing file of OPTASVC_FILE" 1 err "cannot read missing.yaml: No such file"
filter "$postrender" inject-wrong.yaml
expect "an invalid service file" 1 err "inject-wrong.yaml:5:31: error: termination_grace_period must"
filter "$postrender" inject.yaml --module ap
expect "helm-postrender unknown --module" 1 err 'k8s-service "ap" not found'
filter "$postrender" inject.yaml --image-tag v1
expect "an unknown flag of helm-postrender" 2 err "unknown flag: --image-tag"
"$postrender" inject.yaml <chart-without.yaml >"$out" 2>"$err"
status=$?
expect "a chart without the workload" 1 err 'no workload of the chart matches module "app"'

# The log: messages and changes

filter "$postrender" inject.yaml --log-file log
expect "--log-file" 0 err "$replaced"
check "the log has replacements" grep -qxF "$replaced" log
check "the log has additions" has '^Deployment/app: .*COLOR.*added' log
check "the log has no values of variables" has_no hunter2 log
cp log log.expected
filter "$postrender" inject.yaml --log-file log
check "a second run is appended to the log" cmp log <(cat log.expected log.expected)
filter env OPTASVC_LOG=log-of-setting "$postrender" inject.yaml
expect "OPTASVC_LOG" 0 err "$replaced"
check "OPTASVC_LOG holds the same" cmp log-of-setting log.expected
filter env OPTASVC_LOG=log-not-used "$postrender" inject.yaml --log-file log
check "--log-file overrides OPTASVC_LOG" test ! -e log-not-used
filter env OPTASVC_LOG= "$postrender" inject.yaml
expect "an empty OPTASVC_LOG is ignored" 0 err "$replaced"
filter "$postrender" inject-wrong.yaml --log-file log-of-errors --color always
expect "--log-file with an invalid service file" 1 err "termination_grace_period must"
check "errors are in the log" has '^inject-wrong.yaml:5:31: error: ' log-of-errors
check "no color is in the log" has_no $'\033' log-of-errors
for path in missing/log folder /dev/full; do
    filter "$postrender" inject.yaml --log-file $path
    expect "an unwritable log: $path" 1 err "cannot write the log $path"
done

# A failure under Helm 4, which hides stderr

failures=$scratch/state/optasvc/helm-postrender.log
# helm4 COMMAND...: runs it as Helm 4 runs a plugin.
helm4() { filter env HELM_PLUGIN_NAME=optasvc XDG_STATE_HOME="$scratch/state" "$@"; }
helm4 "$postrender" inject.yaml
expect "no failure under Helm 4" 0 err "$replaced"
check "no failure is not logged" test ! -e "$scratch/state"
filter env XDG_STATE_HOME="$scratch/state" "$postrender" inject-wrong.yaml
check "a failure elsewhere is not logged" test ! -e "$scratch/state"
helm4 "$postrender" inject-wrong.yaml --color always
expect "a failure under Helm 4" 1 err "termination_grace_period must"
check "it begins with the time" has '^20[0-9-]*T[0-9:]*Z helm-postrender failed$' "$failures"
check "it holds the errors" has '^inject-wrong.yaml:5:31: error: ' "$failures"
check "no color is in it" has_no $'\033' "$failures"
check "only its owner can read it" test "$(stat -c %a "$failures")" = 600
check "nor its directory" test "$(stat -c %a "${failures%/*}")" = 700
helm4 env OPTASVC_FILE= "$postrender"
expect "usage error under Helm 4" 2 err "missing service file"
check "it is logged too" has '^error: missing service file' "$failures"
check "it replaces the previous failure" has_no "termination_grace_period" "$failures"
check "nothing else is left" test "$(ls -A "${failures%/*}")" = helm-postrender.log
helm4 "$postrender" inject.yaml
check "a success does not change it" has '^error: missing service file' "$failures"
rm -r "$scratch/state"
mkdir home
HOME=$PWD/home filter env HELM_PLUGIN_NAME=optasvc XDG_STATE_HOME=relative "$postrender" missing.yaml
check "without XDG_STATE_HOME it is in the home directory" has '^error: cannot read missing.yaml' home/.local/state/optasvc/helm-postrender.log
for state in /dev/null /proc folder/missing; do
    filter env -u HOME HELM_PLUGIN_NAME=optasvc XDG_STATE_HOME=$state "$postrender" missing.yaml
    expect "a failure that cannot be logged: $state" 1 err "cannot read missing.yaml"
done

# Input that is required

: >nothing
printf '# Source: nothing\n---\n\n--- # more\n...\n' >comments
for file in nothing comments; do
    "$postrender" inject.yaml --require-input <$file >"$out" 2>"$err"
    status=$?
    expect "--require-input: $file" 1 err "no manifests on standard input" err "--require-input"
    "$optasvc" inject -f inject.yaml --require-input --dry-run <$file >"$out" 2>"$err"
    status=$?
    expect "--require-input --dry-run: $file" 1 err "no manifests on standard input"
    "$postrender" inject.yaml <$file >"$out" 2>"$err"
    status=$?
    expect "without --require-input: $file" 0
done
filter "$postrender" inject.yaml --require-input
expect "--require-input with manifests" 0 out "terminationGracePeriodSeconds: 60" err "$replaced"

# Dry run

filter "$postrender" inject.yaml --dry-run
expect "--dry-run" 0 err "$replaced" err "added"
check "--dry-run passes the chart through" cmp "$out" chart.yaml
filter "$postrender" inject-wrong.yaml --dry-run
expect "--dry-run with an invalid service file" 1 err "inject-wrong.yaml:5:31"

# A diff

filter "$postrender" inject.yaml --diff
check "--diff: exit status" test "$status" = 1
check "--diff prints hunks with the names of objects" grep -q '^@@ -[0-9,]* +[0-9,]* @@ Deployment/app$' "$out"
check "--diff reports replacements as before" grep -qxF "$replaced" "$err"
cp "$out" patch
for words in "git apply patch" "patch -s -p1 -i patch"; do
    cp chart.yaml manifests.yaml
    # shellcheck disable=SC2086
    check "--diff: $words" $words
    check "$words gives the same bytes as the injection" cmp manifests.yaml injected
done
filter "$optasvc" inject -f inject.yaml --diff
check "inject --diff prints the same" cmp "$out" patch
"$postrender" inject.yaml --diff <injected >"$out" 2>"$err"
status=$?
expect "--diff without differences" 0 only "no differences"
filter "$postrender" inject-wrong.yaml --diff
expect "--diff with an invalid service file" 2 err "inject-wrong.yaml:5:31"
filter "$postrender" inject.yaml --diff --dry-run
expect "--diff and --dry-run" 2 err "--diff and --dry-run are mutually exclusive"
"$postrender" inject.yaml --diff <chart.yaml >/dev/full 2>"$err"
status=$?
: >"$out"
expect "--diff to a full disk" 2 err "cannot write output: No space left on device"
filter "$postrender" inject.yaml --diff --color always
check "--diff in color" grep -q $'^\033\\[32m+.*60\033\\[0m$' "$out"
check "the rest of --diff is the same" cmp <(sed 's/\x1b\[[0-9]*m//g' "$out") patch
if command -v script >/dev/null; then
    for words in "" "NO_COLOR=1" "TERM=dumb"; do
        script -qec "env $words '$postrender' inject.yaml --diff <chart.yaml 2>/dev/null" /dev/null </dev/null >"$out"
        if [ -z "$words" ]; then
            check "--diff is colored on a terminal" has $'\033\\[36m@@' "$out"
        else
            check "--diff with $words is not colored" has_no $'\033' "$out"
        fi
    done
fi

# Input and output that fail

for words in "" "--dry-run"; do
    # shellcheck disable=SC2086
    "$postrender" inject.yaml $words <chart.yaml >/dev/full 2>"$err"
    status=$?
    : >"$out"
    expect "helm-postrender $words to a full disk" 1 \
        err "cannot write output: No space left on device"
    # shellcheck disable=SC2086
    "$postrender" inject.yaml $words <chart.yaml >&- 2>"$err"
    status=$?
    expect "helm-postrender $words to a closed stdout" 1 err "cannot write output"
done
(
    sleep 0.1 # until the reader has exited
    "$postrender" inject.yaml <chart.yaml 2>"$err"
    echo $? >"$scratch/status"
) | true
status=$(cat "$scratch/status")
expect "helm-postrender with a closed pipe" 1 err "cannot write output: Broken pipe"
"$postrender" inject.yaml <&- >"$out" 2>"$err"
status=$?
expect "helm-postrender with a closed stdin" 1 err "cannot read standard input"
"$postrender" inject.yaml <. >"$out" 2>"$err"
status=$?
expect "a directory on stdin" 1 err "cannot read standard input: Is a directory"
"$postrender" -o json inject.yaml <. >"$out" 2>"$err"
status=$?
expect "a directory on stdin, as JSON" 1 err '"rule": "file-unreadable"'
"$postrender" -o sarif --report report.sarif inject.yaml <. >"$out" 2>"$err"
status=$?
expect "a directory on stdin, with a report in SARIF" 1 err "error: cannot read standard input: Is a directory"
check "the report has the error" contains report.sarif "cannot read standard input: Is a directory"
"$postrender" inject.yaml <chart.yaml 2>&- >"$out"
check "helm-postrender needs no stderr" cmp "$out" injected
"$postrender" inject.yaml <chart.yaml 2>/dev/full >"$out"
check "a full stderr changes nothing" cmp "$out" injected
"$postrender" -o json inject.yaml <chart.yaml 2>/dev/full >"$out"
status=$?
check "a report that cannot be written to stderr fails" test "$status" = 1 -a ! -s "$out"
try "$postrender" inject.yaml
expect "nothing on stdin" 0 out "# optasvc: nothing was rendered"

# The maximum input: one comment of 256 MiB.

comment() { head -c "$1" /dev/zero | tr '\0' '#'; }
comment $((256 * 1024 * 1024)) | "$postrender" ok.yaml 2>"$err" | tail -c 1 >"$out"
status=${PIPESTATUS[1]}
expect "256 MiB of manifests" 0 only "#"
comment $((256 * 1024 * 1024 + 1)) | "$postrender" ok.yaml >"$out" 2>"$err"
status=${PIPESTATUS[1]}
expect "256 MiB of manifests and a byte" 1 err "exceed 268435456 bytes"
