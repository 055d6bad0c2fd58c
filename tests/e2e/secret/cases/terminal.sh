# shellcheck shell=bash
# What is typed on a terminal, signals, and what other users can see.
# shellcheck disable=SC2016 # $ in values

# NAMESPACE STATUS STEP...: runs `secret set A` on a terminal and interrupts it while it patches.
interrupted() {
    local namespace=$1 wanted=$2 pid child status=0
    shift 2
    rm -f reached
    KUBECTL_PATH=./slow terminal await='Value of A: ' send='s3cr3t\n' file=reached "$@" -- \
        kubectl-optasvc secret set A -f service.yaml >shown || status=$?
    cat shown
    [ $status -eq "$wanted" ] || { echo "exit status $status"; return 1; }
    ! grep s3cr3t shown || return 1
    read -r pid child <reached
    has_ended "$pid" && has_ended "$child"
}

run_interrupted() {
    given "$1" A old && service "$1" && slow_kubectl || return 1
    changes_nothing "$1" interrupted "$1" 130 signal=INT &&
        changes_nothing "$1" interrupted "$1" 143 signal=TERM &&
        changes_nothing "$1" interrupted "$1" 130 send='\x03' && nothing_is_left
}

run_interrupted_prompt() {
    local step
    given "$1" A old && service "$1" || return 1
    for step in 130:signal=INT 143:signal=TERM 130:send='\x03'; do
        changes_nothing "$1" exits "${step%%:*}" terminal await='Value of A: ' "${step#*:}" -- \
            kubectl-optasvc secret set A -f service.yaml || return 1
    done
    # Typed without Enter: the input is discarded and not left for the shell.
    changes_nothing "$1" exits 130 terminal await='Value of A: ' send=s3cr3t send='\x03' -- \
        kubectl-optasvc secret set A -f service.yaml && ! grep s3cr3t out
}

# Every prompt shows where the command acts.
run_terminal_where() {
    local where
    where="context \"admin\", cluster \"test\" ($(kubectl config view -o jsonpath='{.clusters[0].cluster.server}')), namespace \"$1\""
    given "$1" A 1 B 2 && service "$1" 'secrets: [A]' || return 1
    exits 0 terminal await="A will be set in $where" await='Value of A: ' send='new\n' -- \
        kubectl-optasvc secret set A -f service.yaml && holds "$1" A new || return 1
    changes_nothing "$1" exits 1 terminal await="B will be deleted from $where" await='Continue? [y/N] ' send='n\n' \
        await='nothing was deleted' -- kubectl-optasvc secret delete B -f service.yaml || return 1
    exits 0 terminal await='Continue? [y/N] ' send='y\n' -- kubectl-optasvc secret delete B -f service.yaml &&
        grep -q 'B deleted' out || return 1
    exits 0 terminal -- kubectl-optasvc secret delete A -f service.yaml --yes && ! grep -q Continue out
}

run_terminal() {
    local long
    given "$1" A old && service "$1" || return 1
    exits 0 terminal await='Value of A: ' send='s3cr3t w\xc3\xb6rd\n' await='A changed' -- \
        kubectl-optasvc secret set A -f service.yaml && ! grep -a s3cr3t out && holds "$1" A 's3cr3t wörd' &&
        exits 0 terminal await='Value of A: ' send='typed\x7f\x7fo\n' -- \
            kubectl-optasvc secret set A -f service.yaml && holds "$1" A typo || return 1
    for typed in '\n' '\x04'; do
        changes_nothing "$1" exits 1 terminal await='Value of A: ' send="$typed" -- \
            kubectl-optasvc secret set A -f service.yaml && grep -q 'the value is empty' out || return 1
    done
    # A terminal accepts at most 4096 bytes per line and drops the rest.
    long=$(head -c 4094 /dev/zero | tr '\0' x)
    exits 0 terminal await='Value of A: ' send="$long\\n" -- kubectl-optasvc secret set A -f service.yaml &&
        holds "$1" A "$long" &&
        changes_nothing "$1" exits 1 terminal await='Value of A: ' send="$long"yz'\n' -- \
            kubectl-optasvc secret set A -f service.yaml && grep -q 'exceeds one terminal line' out && ! grep -q xxx out || return 1
    exits 0 terminal -- kubectl-optasvc secret view A -f service.yaml && grep -q xxx out &&
        printf 'piped\n' | exits 0 secret set A -f service.yaml && holds "$1" A 'piped
' && exits 0 terminal stdout=viewed -- kubectl-optasvc secret view A -f service.yaml &&
        [ "$(od -An -c viewed | tr -d ' ')" = 'piped\n' ] &&
        exits 0 terminal -- kubectl-optasvc secret view A -f service.yaml &&
        [ "$(tr -d '\r' <out | od -An -c | tr -d ' ')" = 'piped\n\n' ]
}

# A fake kubectl that records what other users may see of it and of its parent.
watching_kubectl() {
    mkdir watched
    program watching <<SH
#!/bin/bash
at=$PWD/watched/\$\$
cat /proc/\$\$/cmdline >\$at.arguments
cat /proc/\$PPID/cmdline >\$at.caller.arguments
cat /proc/\$\$/environ >\$at.environment
cat /proc/\$PPID/environ >\$at.caller.environment
grep 'Max core' /proc/\$PPID/limits >\$at.caller.limits
grep 'Max core' /proc/\$\$/limits >\$at.limits
exec kubectl "\$@" 2> >(tee \$at.log >&2)
SH
}

run_leaks() {
    local values=(p1ainF1rst p1ainSec0nd p1ainTh1rd p1ainF0urth) value form
    service "$1" 'secrets: [A, B]' && given "$1" A "${values[0]}" && watching_kubectl || return 1
    # The editor scripts contain the values, so they are excluded from the search.
    mkdir hidden
    printf '#!/bin/bash\nsed -i s/%s/%s/ "$1"\n' "${values[1]}" "${values[2]}" | program hidden/editor
    printf '#!/bin/bash\necho "A=%s%s" >"$1"; echo "B=\\"%s" >>"$1"\n' "${values[@]:0:3}" | program hidden/wrong
    printf 'A=%s\nB=%s\n' "${values[1]}" "${values[0]}" >hidden/good.env
    printf '%s\nB="%s\\q"\nC="%s' "${values[@]:0:3}" >hidden/bad.env
    export KUBECTL_PATH=$PWD/watching
    ulimit -S -c "$(ulimit -H -c)" || return 1
    local v=-v=9
    printf %s "${values[1]}" | exits 0 secret set A -f service.yaml $v && cat err >>said &&
        printf %s "${values[1]}" | exits 0 secret set A -f service.yaml -v 8 && cat err >>said &&
        exits 0 secret import hidden/good.env -f service.yaml $v && cat err >>said &&
        exits 1 secret import hidden/bad.env -f service.yaml $v && cat err >>said &&
        EDITOR=$PWD/hidden/editor exits 0 secret edit -f service.yaml $v && cat err >>said &&
        EDITOR=$PWD/hidden/wrong exits 1 secret edit -f service.yaml $v </dev/null && cat err >>said &&
        exits 0 secret view A -f service.yaml $v && cat err >>said && [ "$(cat out)" = "${values[2]}" ] &&
        exits 0 secret list -f service.yaml $v && cat err out >>said &&
        exits 0 secret list --show-values -f service.yaml $v && cat err >>said && grep -q "${values[2]}" out &&
        exits 0 secret delete A -f service.yaml $v && cat err >>said || return 1
    printf %s "${values[3]}" | exits 1 secret set A -f service.yaml $v --context nobody && cat err >>said || return 1
    # A Secret that cannot be changed.
    kubectl patch secret manual-secrets -n "$1" -p '{"immutable": true}' || return 1
    printf %s "${values[3]}" | exits 1 secret set A -f service.yaml $v && says immutable && cat err >>said || return 1
    rm out err

    [ "$(cat watched/*.limits | sort -u | tr -s ' ')" = 'Max core file size 0 0 bytes ' ] ||
        { echo "core dumps are enabled"; cat watched/*.limits; return 1; }
    for each in watched/*[0-9].arguments; do
        tr '\0' '\n' <"$each" | grep -x -- --v=7 >/dev/null || { echo "$each lacks -v=7"; return 1; }
    done
    grep -q '^I[0-9]* ' said || { echo "kubectl logs nothing"; return 1; }
    for value in "${values[@]}"; do
        for form in "$value" "$(printf %s "$value" | base64)" "$(printf %s "$value" | base64 | cut -c 1-12)"; do
            ! grep -rlaF --exclude-dir=hidden -e "$form" . "$TMPDIR" "$XDG_RUNTIME_DIR" "$KUBECACHEDIR" ||
                { echo "$form is found there"; return 1; }
        done
    done
    nothing_is_left
}
