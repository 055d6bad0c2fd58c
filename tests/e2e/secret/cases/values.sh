# shellcheck shell=bash
# Values: set, imported, listed, viewed and deleted; several writers, and a full Secret.
# shellcheck disable=SC2016 # $ in values

run_round_trips() {
    local value
    kubectl create namespace "$1" && service "$1" || return 1
    mkdir values
    printf 'a\0b\0' >values/nul
    printf '\xff\xfe\x80' >values/bytes
    printf 'a\n\n\n' >values/newlines
    printf '\r\n \t' >values/spaces
    printf '$(X) ${X} $X $$(A)' >values/dollars
    printf '\xf0\x9f\x98\x80\xe2\x82\xac' >values/emoji
    printf '"'\''`\\{{.}}: #' >values/quotes
    printf -- '--from-file=x' >values/dash
    printf '@/etc/passwd' >values/at
    head -c $((900 * 1024)) /dev/urandom >values/large
    for value in values/*; do
        echo "$value"
        exits 0 secret set K -f service.yaml <"$value" && value_of "$1" K | cmp - "$value" &&
            exits 0 secret view K -f service.yaml && cmp out "$value" &&
            { [ "$value" != values/large ] || exits 0 secret delete K -f service.yaml --yes; } &&
            exits 0 secret set F -f service.yaml --from-file "$value" && value_of "$1" F | cmp - "$value" &&
            { [ "$value" != values/large ] || exits 0 secret delete F -f service.yaml --yes; } || return 1
    done
    exits 0 secret set K -f service.yaml --from-file /dev/null --allow-empty && exits 0 secret view K -f service.yaml &&
        [ ! -s out ] && [ "$(kubectl get secret manual-secrets -n "$1" -o json | jq -c .data.K)" = '""' ] &&
        exits 0 secret set K -f service.yaml --from-file - <values/dash && holds "$1" K --from-file=x &&
        exits 1 secret set K -f service.yaml --from-file missing && says "cannot read missing"
}

run_empty() {
    local each
    given "$1" A old && service "$1" 'secrets: [A, B]' && touch empty || return 1
    for each in '' '\n' '\r\n'; do
        # shellcheck disable=SC2059
        printf "$each" >typed
        changes_nothing "$1" exits 1 secret set A -f service.yaml <typed && says 'pass --allow-empty' &&
            changes_nothing "$1" exits 1 secret set A -f service.yaml --from-file typed &&
            changes_nothing "$1" exits 1 secret set A -f service.yaml --from-file - <typed &&
            changes_nothing "$1" exits 1 secret set A -f service.yaml --trim-newline <typed || return 1
    done
    exits 1 secret set A -f service.yaml <empty && says 'error: the value is empty' &&
        echo | exits 1 secret set A -f service.yaml && says 'error: the value is only a newline' || return 1
    exits 0 secret set A -f service.yaml --allow-empty <empty && holds "$1" A '' &&
        echo | exits 0 secret set A -f service.yaml --allow-empty && holds "$1" A $'\n' && says 'ends with a newline' &&
        echo | exits 0 secret set A -f service.yaml --allow-empty --trim-newline && holds "$1" A '' &&
        printf x | exits 0 secret set A -f service.yaml &&
        exits 0 terminal await='Value of A: ' send='\n' -- \
            kubectl-optasvc secret set A -f service.yaml --allow-empty && holds "$1" A '' || return 1

    # An unfilled template; quotes are an empty value.
    printf 'A=\nB=x\nexport C= # comment\nD=""\n' >template.env
    changes_nothing "$1" exits 1 secret import template.env -f service.yaml &&
        says 'template.env:1:1: error: "A" has no value' && says 'template.env:3:8: error: "C" has no value' &&
        says 'write A="" for an empty value, or pass --allow-empty' && ! grep '"D"' err &&
        exits 0 secret import template.env -f service.yaml --allow-empty && holds "$1" C '' && holds "$1" D '' || return 1
    editor <<<'sed -i "s/^B=x/B=/" "$file"'
    changes_nothing "$1" exits 1 secret edit -f service.yaml </dev/null && says '"B" has no value' &&
        says 'write B="" for an empty value, or remove the line' && ! grep '"[CD]"' err && nothing_is_left || return 1
    editor <<<"sed -i 's/^B=x/B=\"\"/' \"\$file\""
    exits 0 secret edit -f service.yaml </dev/null && holds "$1" B ''
}

run_newline() {
    given "$1" A old && service "$1" 'secrets: [A]' || return 1
    echo x | exits 0 secret set A -f service.yaml && says 'warning: the value ends with a newline' &&
        says 'pass --trim-newline' && holds "$1" A $'x\n' &&
        echo x | exits 0 secret set A -f service.yaml --trim-newline && ! grep newline err && holds "$1" A x || return 1
    printf 'x\r\n' | exits 0 secret set A -f service.yaml && says 'ends with a newline' && holds "$1" A $'x\r\n' &&
        printf 'x\r\n' | exits 0 secret set A -f service.yaml --trim-newline && holds "$1" A x &&
        printf 'x\n\n' | exits 0 secret set A -f service.yaml && ! grep newline err &&
        printf 'x\n\n' | exits 0 secret set A -f service.yaml --trim-newline && holds "$1" A $'x\n' &&
        printf '\nx' | exits 0 secret set A -f service.yaml --trim-newline && holds "$1" A $'\nx' &&
        printf 'x\r' | exits 0 secret set A -f service.yaml --trim-newline && holds "$1" A $'x\r' || return 1
    # A certificate ends with a newline, a token does not.
    printf 'a\nb\n' >certificate
    echo token >token
    exits 0 secret set A -f service.yaml --from-file certificate && ! grep newline err &&
        exits 0 secret set A -f service.yaml <certificate && says 'ends with a newline' &&
        exits 0 secret set A -f service.yaml --from-file token && says 'ends with a newline' &&
        exits 0 secret set A -f service.yaml --from-file token --trim-newline && holds "$1" A token &&
        exits 0 terminal await='Value of A: ' send='x\n' -- kubectl-optasvc secret set A -f service.yaml &&
        ! grep 'ends with a newline' out
}

run_full() {
    local mib=$((1024 * 1024)) part=$((600 * 1024))
    given "$1" && service "$1" && head -c $mib /dev/urandom >bytes || return 1
    head -c $part bytes >a
    head -c $((mib - part)) bytes >b
    head -c $((mib - part + 1)) bytes >b1
    exits 0 secret set A -f service.yaml --from-file a &&
        changes_nothing "$1" exits 1 secret set B -f service.yaml --from-file b1 &&
        says "Secret \"manual-secrets\" in namespace \"$1\" exceeds 1 MiB" &&
        says 'nothing was changed' && exits 0 secret set B -f service.yaml --from-file b &&
        value_of "$1" B | cmp - b || return 1

    program recorder <<SH
#!/bin/bash
touch $PWD/called
exec kubectl "\$@"
SH
    printf x >>bytes
    KUBECTL_PATH=./recorder exits 1 secret set B -f service.yaml --from-file bytes && says 'exceeds 1 MiB' &&
        [ ! -e called ] && exits 1 secret set B -f service.yaml <bytes && says 'standard input exceeds' &&
        KUBECTL_PATH=./recorder exits 0 secret view B -f service.yaml && [ -e called ] && cmp out b &&
        exits 0 secret delete B -f service.yaml --yes && head -c $mib bytes >a &&
        exits 0 secret set A -f service.yaml <a && exits 0 secret view A -f service.yaml && cmp out a
}

run_writers() {
    local i status=0 pids=()
    given "$1" KEEP kept D0 x D1 x D2 x D3 x D4 x && service "$1" || return 1
    for i in {1..25}; do
        printf 'value %s' "$i" | secret set "K$((i % 3))" -f service.yaml >"err.$i" 2>&1 &
        pids+=($!)
    done
    for i in {0..4}; do
        secret delete "D$i" -f service.yaml --yes >"err.d$i" 2>&1 &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || status=1; done
    [ $status -eq 0 ] || { cat err.*; return 1; }
    state "$1" | jq -r '.data | to_entries[] | "\(.key) \(.value | @base64d)"' >got
    cat got
    [ "$(wc -l <got)" -eq 4 ] && grep -qx 'KEEP kept' got || return 1
    for i in 0 1 2; do
        value=$(sed -n "s/^K$i value //p" got)
        [ "$((value % 3))" -eq "$i" ] && [ "$value" -ge 1 ] && [ "$value" -le 25 ] || return 1
    done
}

run_first_writers() {
    local i status=0 pids=()
    service "$1"
    for i in {1..10}; do
        printf '%s' "$i" | secret set "K$i" -f service.yaml >"err.$i" 2>&1 &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || status=1; done
    [ $status -eq 0 ] || { cat err.*; return 1; }
    for i in {1..10}; do holds "$1" "K$i" "$i" || return 1; done
    [ "$(state "$1" | jq '.data | length')" -eq 10 ] &&
        [ "$(state "$1" | jq -r '.metadata.labels["app.kubernetes.io/managed-by"]')" = optasvc ]
}

run_import() {
    given "$1" A old && service "$1" 'secrets: [A, B]' || return 1
    cat >counting <<SH
#!/bin/bash
echo "\$1" >>$PWD/calls
exec kubectl "\$@"
SH
    chmod +x counting
    printf '# comment\nA=new\n1B=s3cr3t\nC=x\n' >bad.env
    printf 'A="new\nline"\nexport B=$(X)\nC=""\n' >good.env
    KUBECTL_PATH=./counting changes_nothing "$1" exits 1 secret import bad.env -f service.yaml &&
        says 'bad.env:3:1: error: name must consist' && ! grep s3cr3t err && [ ! -e calls ] || return 1
    KUBECTL_PATH=./counting exits 0 secret import good.env -f service.yaml && says 'A changed' &&
        says 'B set' && [ "$(grep -c patch calls)" -eq 1 ] && holds "$1" A 'new
line' && holds "$1" B '$(X)' && holds "$1" C '' || return 1
    changes_nothing "$1" exits 0 secret import - -f service.yaml <good.env && says 'C unchanged' || return 1
    for each in {1..500}; do echo "K$each=$each"; done >many.env
    rm calls
    KUBECTL_PATH=./counting exits 0 secret import many.env -f service.yaml &&
        [ "$(grep -c patch calls)" -eq 1 ] && [ "$(state "$1" | jq '.data | length')" -eq 503 ] || return 1
    printf '# nothing\n' | changes_nothing "$1" exits 1 secret import - -f service.yaml && says 'has no NAME=VALUE lines' &&
        printf 'A=\0' | changes_nothing "$1" exits 1 secret import - -f service.yaml &&
        says '<stdin>:1:3: error: NUL byte' && changes_nothing "$1" exits 1 secret import none.env -f service.yaml
}

run_list() {
    given "$1" A old BINARY x UNUSED 'two words' && service "$1" 'secrets: [A, MISSING]' || return 1
    printf 'a\0b' | exits 0 secret set BINARY -f service.yaml && exits 0 secret list -f service.yaml || return 1
    diff -u - out <<'TEXT' || return 1
NAME      SIZE       NOTE
A         3
BINARY    3          unused
UNUSED    9          unused
MISSING   -          missing, needed by web
TEXT
    printf 'a\n\x1b[2J"' | exits 0 secret set A -f service.yaml --no-restart &&
        exits 0 secret list --show-values -f service.yaml || return 1
    diff -u - out <<'TEXT' || return 1
NAME      SIZE       NOTE      VALUE
A         7                    "a\n?[2J\""
BINARY    3          unused    (binary)
UNUSED    9          unused    "two words"
MISSING   -          missing, needed by web
TEXT
    for each in view delete; do
        changes_nothing "$1" exits 1 secret $each NONE -f service.yaml && says 'secret "NONE" not found' || return 1
    done
    # shellcheck disable=SC2317 # changes_nothing calls it
    bad_names() {
        for each in 1A 'A B' A=B '' .. A/B ä; do
            for verb in view delete set; do
                [ "$verb $each" != 'set A=B' ] || continue # an error of its own (tests/cli/cases/words.sh)
                exits 1 secret "$verb" -f service.yaml -- "$each" </dev/null &&
                    says "secret name \"$each\" must" || return 1
            done
        done
    }
    changes_nothing "$1" bad_names || return 1
    exits 0 secret delete UNUSED -f service.yaml && says 'UNUSED deleted' &&
        [ "$(state "$1" | jq -c '.data | keys')" = '["A","BINARY"]' ] || return 1
    service "$1-absent" 'secrets: [A]'
    exits 0 secret list -f service.yaml && grep -q '^A .*missing, needed by web$' out && exits 1 secret view A -f service.yaml &&
        ! kubectl get namespace "$1-absent" 2>/dev/null
}
