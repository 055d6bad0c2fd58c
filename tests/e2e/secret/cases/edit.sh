# shellcheck shell=bash
# secret edit.
# shellcheck disable=SC2016 # $ in programs

# Creates an editor that runs the script on standard input; it records the file's modes and content (`seen`).
editor() {
    {
        printf '#!/bin/bash\nfor file; do :; done\n'
        echo "cp \"\$file\" $PWD/seen"
        echo "stat -c %a \"\$(dirname \"\$file\")\" \"\$file\" >$PWD/modes"
        echo "dirname \"\$file\" >$PWD/where"
        cat
    } >editor.sh
    chmod +x editor.sh
    export EDITOR=$PWD/editor.sh
}

run_edit() {
    given "$1" A old B "it's \$HOME" GONE x && service "$1" 'secrets: [A]' || return 1
    head -c 100 /dev/urandom >bytes
    exits 0 secret set BINARY -f service.yaml --from-file bytes || return 1
    # A key that is no valid variable name, created by others.
    kubectl patch secret manual-secrets -n "$1" -p '{"data": {"1.crt": "YWI="}}' || return 1
    editor <<'SH'
sed -i -e 's/^A=.*/A="new\nline"/' -e '$a ADDED=1' -e '/^GONE=/d' "$file"
cp "$file" "$file~"
echo backup >"$(dirname "$file")/.secrets.env.swp"
SH
    exits 0 secret edit -f service.yaml --yes || return 1
    cat seen err
    grep -q '^A=old$' seen && grep -qx "B=\"it's \\\\\$HOME\"" seen && grep -q '^# BINARY is kept: its value is binary' seen &&
        [ "$(xargs <modes)" = '700 600' ] && [ "$(dirname "$(cat where)")" = "$XDG_RUNTIME_DIR" ] || return 1
    says 'A changed' && says 'GONE deleted' && says 'ADDED set' && ! grep -q -e B\  -e BINARY err &&
        holds "$1" A 'new
line' && holds "$1" ADDED 1 && value_of "$1" BINARY | cmp - bytes &&
        [ "$(state "$1" | jq -c '.data | keys')" = '["1.crt","A","ADDED","B","BINARY"]' ] &&
        holds "$1" B "it's \$HOME" && nothing_is_left || return 1

    editor <<<'touch "$file"'
    changes_nothing "$1" exits 0 secret edit -f service.yaml && says 'nothing was changed' || return 1
    editor <<<'echo A=other >"$file"; exit 3'
    changes_nothing "$1" exits 1 secret edit -f service.yaml && says 'failed; nothing was changed' || return 1
    editor <<<'[ "$X" = 1 ] && [ "$1" = --wait ] && [ "$2" = "two words" ] && echo "C=3" >>"$file"'
    EDITOR="X=1 $PWD/editor.sh --wait 'two words'" exits 0 secret edit -f service.yaml && says 'C set' || return 1
    VISUAL="sed -i 's/^C=3/C=4/'" exits 0 secret edit -f service.yaml && says 'C changed' || return 1
    # A binary key that is left out of the file is added as text.
    editor <<<'printf "BINARY=text\n" >>"$file"'
    exits 0 secret edit -f service.yaml && holds "$1" BINARY text && nothing_is_left
}

run_edit_first() {
    kubectl create namespace "$1" && service "$1" || return 1
    editor <<<'echo A=1 >>"$file"'
    exits 0 secret edit -f service.yaml && says 'A set' && holds "$1" A 1 && nothing_is_left || return 1
    # Without XDG_RUNTIME_DIR, a directory in memory is used.
    editor <<<'echo A=2 >>"$file"; sed -i "/^A=1/d" "$file"'
    XDG_RUNTIME_DIR='' exits 0 secret edit -f service.yaml && holds "$1" A 2 && nothing_is_left || return 1
    [ ! -w /dev/shm ] || [ "$(dirname "$(cat where)")" = /dev/shm ]
}

run_edit_mistakes() {
    given "$1" A old && service "$1" || return 1
    editor <<<'echo "1B=s3cr3t" >>"$file"'
    changes_nothing "$1" exits 1 secret edit -f service.yaml </dev/null && says 'name must consist' &&
        says 'nothing was changed' && ! grep s3cr3t err && nothing_is_left || return 1
    # A second edit fixes the error; the first text is still in the file.
    editor <<<'if grep -q "^1B" "$file"; then sed -i "s/^1B/B/" "$file"; else echo "1B=s3cr3t" >>"$file"; fi'
    exits 0 terminal await='Edit again? [Y/n] ' send='\n' await='B set' -- \
        kubectl-optasvc secret edit -f service.yaml && ! grep s3cr3t out && holds "$1" B s3cr3t &&
        nothing_is_left || return 1
    editor <<<'echo "A" >"$file"'
    changes_nothing "$1" exits 1 terminal await='Edit again? [Y/n] ' send='n\n' -- \
        kubectl-optasvc secret edit -f service.yaml && grep -q 'nothing was changed' out && nothing_is_left &&
        changes_nothing "$1" exits 130 terminal await='Edit again? [Y/n] ' signal=INT -- \
            kubectl-optasvc secret edit -f service.yaml && nothing_is_left
}

run_edit_and_others() {
    given "$1" A old B old C old && service "$1" || return 1
    patch() { echo "kubectl patch secret manual-secrets -n $namespace --type=merge -p '{\"data\": $1}' >/dev/null"; }
    namespace=$1
    editor <<<"$(patch '{"A": "b3RoZXI="}'); sed -i s/^A=old/A=mine/ \"\$file\""
    exits 1 secret edit -f service.yaml && says '"A" was modified during the edit; nothing was changed' &&
        holds "$1" A other && holds "$1" B old || return 1
    # All or nothing; a key deleted by others is not created again.
    editor <<<"$(patch '{"B": null}'); sed -i -e s/^A=other/A=mine/ -e s/^B=old/B=mine/ \"\$file\""
    exits 1 secret edit -f service.yaml && says '"B" was modified during the edit' && holds "$1" A other || return 1
    editor <<<"$(patch '{"C": "b3RoZXI=", "D": "b3RoZXI="}'); sed -i s/^A=other/A=mine/ \"\$file\""
    exits 0 secret edit -f service.yaml && holds "$1" A mine && holds "$1" C other && holds "$1" D other || return 1

    # Changed between the last query and the patch.
    program racing <<SH
#!/bin/bash
if [ "\$1" = patch ] && [ ! -e $PWD/raced ]; then
    touch $PWD/raced
    $(patch '{"C": "cmFjZWQ="}')
fi
exec kubectl "\$@"
SH
    editor <<<'sed -i s/^A=mine/A=again/ "$file"'
    KUBECTL_PATH=./racing exits 0 secret edit -f service.yaml && [ -e raced ] && holds "$1" A again &&
        holds "$1" C raced || return 1
    rm raced
    editor <<<'sed -i s/^C=raced/C=mine/ "$file"'
    sed -i s/cmFjZWQ=/b3RoZXI=/ racing
    KUBECTL_PATH=./racing exits 1 secret edit -f service.yaml && says '"C" was modified during the edit' &&
        holds "$1" C other && nothing_is_left
}

run_edit_interrupted() {
    local name status
    given "$1" A old && service "$1" || return 1
    editor <<SH
sed -i s/old/s3cr3t/ "\$file"
trap 'kill \$!; wait \$!; exit 143' TERM
sleep 60 &
echo \$\$ \$! >$PWD/reached.new
mv $PWD/reached.new $PWD/reached
wait
SH
    for name in TERM:143 HUP:129; do
        status=${name#*:}
        rm -f reached
        changes_nothing "$1" exits "$status" terminal file=reached signal="${name%:*}" -- \
            kubectl-optasvc secret edit -f service.yaml && nothing_is_left || return 1
        read -r pid child <reached
        has_ended "$pid" && has_ended "$child" || return 1
    done
    # Without a terminal, whose closing would end the editor.
    rm -f reached
    kubectl-optasvc secret edit -f service.yaml </dev/null >out 2>err &
    name=$!
    await 20 test -e reached && kill -TERM "$name" || return 1
    wait "$name"
    status=$?
    read -r pid child <reached
    [ $status -eq 143 ] && has_ended "$pid" && has_ended "$child" && holds "$1" A old && nothing_is_left || return 1

    # Only the editor receives SIGINT.
    editor <<SH
trap 'echo A=kept >"\$file"; exit 0' INT
touch $PWD/ready
for ((i = 0; i < 300; i++)); do sleep 0.1; done
SH
    exits 0 terminal file=ready send='\x03' await='A changed' -- kubectl-optasvc secret edit -f service.yaml &&
        holds "$1" A kept && nothing_is_left
}

run_edit_deletes() {
    given "$1" A old B old C old && service "$1" 'secrets: [A]' || return 1
    editor <<<'sed -i "/^[BC]=/d" "$file"'
    changes_nothing "$1" exits 1 secret edit -f service.yaml </dev/null &&
        says 'The following secrets will be deleted from context "admin", cluster "test"' &&
        says ': B, C' && says 'nothing was changed' && says 'pass --yes' && nothing_is_left || return 1
    for each in 'n\n' '\n' '\x04'; do
        changes_nothing "$1" exits 1 terminal await='Continue? [y/N] ' send="$each" -- \
            kubectl-optasvc secret edit -f service.yaml && grep -q "namespace \"$1\": B, C" out &&
            grep -q 'nothing was changed' out && nothing_is_left || return 1
    done
    changes_nothing "$1" exits 130 terminal await='Continue? [y/N] ' send='\x03' -- \
        kubectl-optasvc secret edit -f service.yaml && nothing_is_left &&
        changes_nothing "$1" exits 143 terminal await='Continue? [y/N] ' signal=TERM -- \
            kubectl-optasvc secret edit -f service.yaml && nothing_is_left &&
        exits 0 terminal await='Continue? [y/N] ' send='y\n' await='B deleted' -- \
            kubectl-optasvc secret edit -f service.yaml && grep -q 'C deleted' out || return 1
    # An editor that empties the file; and a renamed key.
    editor <<<': >"$file"'
    changes_nothing "$1" exits 1 secret edit -f service.yaml </dev/null && says "namespace \"$1\": A" || return 1
    editor <<<'sed -i "s/^A=/D=/" "$file"'
    changes_nothing "$1" exits 1 secret edit -f service.yaml </dev/null && says "namespace \"$1\": A" &&
        exits 0 secret edit -f service.yaml --yes </dev/null && holds "$1" D old || return 1
    editor <<<': >"$file"'
    exits 0 secret edit -f service.yaml --yes </dev/null && says 'D deleted' &&
        [ "$(state "$1" | jq -c .data)" = null ]
}
