# shellcheck shell=bash
# Errors during the push, signals, and what other users can see.

run_wrong_password() {
    service "$1" && image shop/api:v1 && repository "$1" || return 1
    echo 'echo wr0ng; exit 0' | aws_but get-login-password
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says_only "podman login failed: logging into \"$host\": invalid username/password" && ! grep wr0ng err &&
        nothing_is_pushed "$1" && nothing_is_left
}

run_gone() {
    service "$1" && image shop/api:v1 && quick_aws && touch "$scratch/proxy/cut" || return 1
    PATH=$PWD/stand-in:$PATH
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman || return 1
    [ -e "$scratch/proxy/gone" ] && says "error: cannot push $host/opta-$1-api:v1: podman push exited with status" &&
        ! digest_of "$1" v1 2>/dev/null && nothing_is_left || return 1
    # The registry is unreachable from the start.
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman && says 'error: podman login failed: ' && nothing_is_left || return 1
    rm "$scratch/proxy/gone"
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman
}

run_interrupted() {
    local name status pushing child
    service "$1" && image shop/api:v1 && quick_aws || return 1
    PATH=$PWD/stand-in:$PATH
    for name in INT:130 TERM:143 HUP:129; do
        status=${name#*:}
        touch "$scratch/proxy/hang"
        env --default-signal kubectl-optasvc push shop/api:v1 -f service.yaml --container-tool podman >out 2>err </dev/null &
        pushing=$!
        await 60 test -e "$scratch/proxy/reached" || return 1
        find "$XDG_RUNTIME_DIR" -name auth.json | grep . >/dev/null || { echo "not logged in"; return 1; }
        child=$(pgrep -P $pushing) && kill -s "${name%:*}" $pushing || return 1
        wait $pushing
        [ $? -eq "$status" ] && [ ! -s out ] && says interrupted && has_ended "$child" && nothing_is_left || return 1
        rm "$scratch/proxy/hang" "$scratch/proxy/reached"
    done
    # Ctrl-C on a terminal, which signals the whole group.
    touch "$scratch/proxy/hang"
    exits_on_terminal 130 file="$scratch/proxy/reached" 'send=\x03' await=interrupted -- \
        kubectl-optasvc push shop/api:v1 -f service.yaml --container-tool podman
    status=$?
    rm "$scratch/proxy/hang" "$scratch/proxy/reached"
    [ $status -eq 0 ] && ! digest_of "$1" v1 2>/dev/null && nothing_is_left || return 1
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman
}

# Interrupted during queries to AWS, and during the login.
run_interrupted_early() {
    local where
    service "$1" && image shop/api:v1 && repository "$1" || return 1
    for where in get-caller-identity describe-images get-login-password; do
        rm -f reached
        printf 'touch %s/reached; exec sleep 60\n' "$PWD" | aws_but $where
        PATH=$PWD/stand-in:$PATH exits_on_terminal 143 file=reached signal=TERM -- \
            kubectl-optasvc push shop/api:v1 -f service.yaml --container-tool podman && nothing_is_left || return 1
    done
    rm -f reached stand-in/aws
    program stand-in/podman <<SH
#!/bin/bash
[ "\$1" != login ] || { cat >\${REGISTRY_AUTH_FILE%/*}/half; touch $PWD/reached; exec sleep 60; }
exec $(command -v podman) "\$@"
SH
    PATH=$PWD/stand-in:$PATH exits_on_terminal 143 file=reached signal=TERM -- \
        kubectl-optasvc push shop/api:v1 -f service.yaml --container-tool podman && nothing_is_left && nothing_is_pushed "$1"
}

# podman prints and writes an invalid digest, and succeeds.
run_garbage() {
    local what
    service "$1" && image shop/api:v1 && quick_aws || return 1
    for what in '' 'surprise' 'sha256:123' "$(printf 'sha256:%064d x' 1)" "$(head -c 5000 /dev/zero | tr '\0' a)"; do
        printf %s "$what" >digest
        program stand-in/podman <<SH
#!/bin/bash
[ "\$1" != push ] || { echo surprise; cp $PWD/digest "\${2#*=}"; exit 0; }
exec $(command -v podman) "\$@"
SH
        PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
            says "error: podman push did not report the digest of $host/opta-$1-api:v1" && nothing_is_left ||
            return 1
    done
}

# What other users may see: arguments, environments, files, messages.
run_leaks() {
    local form tool
    mkdir watched stand-in
    for tool in podman aws; do
        program stand-in/$tool <<SH
#!/bin/bash
at=$PWD/watched/\$\$
for each in \$\$ \$PPID; do
    cat /proc/\$each/cmdline >\$at.\$each.arguments
    cat /proc/\$each/environ >\$at.\$each.environment
    grep 'Max core' /proc/\$each/limits >\$at.\$each.limits
done
[ "\$1" != push ] || find $XDG_RUNTIME_DIR -printf '%m %y %p\\n' >$PWD/modes
exec $(command -v $tool) "\$@"
SH
    done
    service "$1" && image shop/api:v2 && image shop/api:v1 && (
        PATH=$PWD/stand-in:$PATH
        exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository && cat err out >>said &&
            touch "$scratch/proxy/cut" && exits 1 push shop/api:v2 -f service.yaml --container-tool podman &&
            cat err >>said && rm "$scratch/proxy/gone"
    ) || return 1
    [ "$(cat watched/*.arguments | tr '\0' '\n' | grep -c -e --password-stdin)" -ge 2 ] || { echo "nothing was recorded"; return 1; }
    [ "$(cat watched/*.limits | sort -u | tr -s ' ')" = 'Max core file size 0 0 bytes ' ] || { cat watched/*.limits; return 1; }
    grep -q auth.json modes || { echo "not logged in"; return 1; }
    ! grep -vE '^(700 d|600 f|777 l) ' modes || { echo "readable by others"; return 1; }
    for form in "$password" "$(printf %s "AWS:$password" | base64)" "$(printf %s "$password" | base64)"; do
        ! grep -rlaF -e "$form" . "$TMPDIR" "$XDG_RUNTIME_DIR" "$HOME" "$scratch/run" || { echo "$form is found there"; return 1; }
    done
    nothing_is_left
}
