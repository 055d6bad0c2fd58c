# shellcheck shell=bash
# Other clients and other registries.

# TOOL: creates a script that records its arguments and has the image shop/api:v1. Standard input is the
# script of its push.
client() {
    local push
    push=$(cat)
    mkdir -p stand-in
    program "stand-in/$1" <<SH
#!/bin/bash
printf '%s\n' "\$*" >>$PWD/noted
names=$PWD/names
case \$1,\$2 in
--version,*) echo "${1^} version 1" ;;
image,inspect)
    grep -qxF -- "\${@: -1}" \$names || { echo "Error: No such image: \${@: -1}" >&2; exit 1; }
    echo "sha256:5ba \$(wc -l <\$names)"
    ;;
image,rm) sed -i "\|^\${@: -1}\$|d" \$names ;;
tag,*) echo "\${@: -1}" >>\$names ;;
context,*) echo "\${CONTEXT:-default}" ;;
login,*) cat >/dev/null; cp "\$DOCKER_CONFIG/config.json" $PWD/config; readlink "\$DOCKER_CONFIG/contexts" >$PWD/contexts || true ;;
push,*)
$push
;;
*) exit 1 ;;
esac
SH
    echo shop/api:v1 >names
    rm -f noted
}

digest=sha256:$(printf %064d 7)

# TOOL PUSH-OUTPUT
run_client() {
    local reference=$host/opta-$1-api:v1
    service "$1" && quick_aws || return 1
    printf "%s\n" "$3" >output
    client "$2" <<<"[ -e \$DOCKER_CONFIG/config.json ] && cat $PWD/output" || return 1
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool "$2" &&
        [ "$(cat out)" = "$host/opta-$1-api@$digest" ] && diff err output || return 1
    grep -v -e --version -e context noted | diff -u - <(cat <<LIST
image inspect --format {{.Id}} {{len .RepoTags}} -- shop/api:v1
login --username AWS --password-stdin $host
image inspect --format {{.Id}} {{len .RepoTags}} -- $reference
tag -- shop/api:v1 $reference
push -- $reference
image rm -- $reference
LIST
    ) || return 1
    # Credentials are stored in this file only if it seems to contain some already.
    jq -e --arg host "$host" '. == {auths: {($host): {}}}' config && [ "$(cat names)" = shop/api:v1 ] && nothing_is_left || return 1

    # An existing name is kept.
    echo "$reference" >>names
    rm noted
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool "$2" && ! grep -E '^(tag|image rm)' noted &&
        grep -qxF "$reference" names || return 1

    # The name is removed after a failure and after a signal.
    client "$2" <<<'echo denied >&2; exit 7'
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool "$2" && says denied &&
        says "error: cannot push $reference: $2 push exited with status 7" && [ "$(cat names)" = shop/api:v1 ] || return 1
    client "$2" <<<"touch $PWD/reached; exec sleep 60"
    PATH=$PWD/stand-in:$PATH exits_on_terminal 130 file=reached 'send=\x03' -- \
        kubectl-optasvc push shop/api:v1 -f service.yaml --container-tool "$2" && [ "$(cat names)" = shop/api:v1 ] &&
        nothing_is_left || return 1

    # A name that cannot be removed is only a warning.
    client "$2" <<<"cat $PWD/output"
    sed -i 's/^image,rm).*/image,rm) echo busy >\&2; exit 1 ;;/' "stand-in/$2"
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool "$2" &&
        says "warning: cannot remove the temporary tag $reference: busy" || return 1

    # The tool succeeds but reports no digest.
    client "$2" <<<'printf "surprise\nsha256:0\n"'
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool "$2" &&
        says "$2 push did not report the digest" && [ "$(cat names)" = shop/api:v1 ]
}

# An engine of another docker context.
run_docker_context() {
    service "$1" && quick_aws && client docker <<<"echo 'v1: digest: $digest size: 1'" || return 1
    mkdir -p "$HOME/.docker/contexts" mine/contexts
    CONTEXT=desk PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml &&
        jq -e '.currentContext == "desk"' config && [ "$(cat contexts)" = "$(realpath "$HOME/.docker/contexts")" ] || return 1
    rm -r "$HOME/.docker"
    CONTEXT=desk DOCKER_CONFIG=mine PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml &&
        [ "$(cat contexts)" = "$(realpath mine/contexts)" ] || return 1
    CONTEXT=desk PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml &&
        says 'config.json: No such file or directory' && [ -d mine/contexts ] && nothing_is_left
}

# podman installed as docker.
run_podman_as_docker() {
    service "$1" && repository "$1" && image shop/api:v1 && mkdir stand-in && ln -s "$(command -v podman)" stand-in/docker || return 1
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml &&
        [ "$(cat out)" = "$host/opta-$1-api@$(digest_of "$1" v1)" ] && nothing_is_left
}

# The last name of an image is not removed, because that would delete the image.
run_only_name() {
    service "$1" && quick_aws && client docker <<<"echo 'v1: digest: $digest size: 1'" || return 1
    sed -i 's/echo "sha256:5ba .*"/echo "sha256:5ba 0"/' stand-in/docker
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml && ! grep 'image rm' noted
}

run_docker() {
    local docker status=0
    docker=$(PATH=$given command -v docker) && "$docker" --version | grep '^Docker' >/dev/null || return 77
    service "$1" && repository "$1" && image shop/api:v1 || return 1
    podman system service --time 0 "unix://$PWD/engine" >engine.log 2>&1 &
    servers+=($!)
    export DOCKER_HOST=unix://$PWD/engine
    await 30 "$docker" info || { cat engine.log; return 1; }
    { exits 0 push shop/api:v1 -f service.yaml --container-tool docker && says 'v1: digest: ' &&
        [ "$(cat out)" = "$host/opta-$1-api@$(digest_of "$1" v1)" ] &&
        exits 1 push nothing:v1 -f service.yaml --container-tool docker && says 'docker has no local image "nothing:v1"' &&
        echo 'echo wr0ng; exit 0' | aws_but get-login-password &&
        PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool docker --tag v2 &&
        says 'error: docker login failed: ' && ! grep wr0ng err; } || status=1
    kill $! && wait $!
    [ $status -eq 0 ] && nothing_is_left || return 1
    DOCKER_HOST=unix://$PWD/nowhere exits 1 push shop/api:v1 -f service.yaml --container-tool docker &&
        says 'error: docker image inspect failed: ' && [ "$(wc -l <err)" -eq 1 ]
}

# Another registry than ECR: uses the existing login and no AWS.
run_other_registry() {
    service "$1" && image shop/api:v1 && echo 'exit 9' | aws_but ecr || return 1
    PATH=$PWD/stand-in:$PATH
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman --registry "$proxy/team" &&
        [ "$(cat out)" = "$proxy/team/opta-$1-api@$(crane digest --insecure "$registry/team/opta-$1-api:v1")" ] || return 1
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman --registry "$proxy/team" --create-repository &&
        says_only "--create-repository supports only ECR repositories, and $proxy/team/opta-$1-api is not one" \
            'remove --create-repository: most registries create a repository on the first push' || return 1
    printf %s "$password" >"$scratch/proxy/password"
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman --registry "$proxy/team" --tag v2 &&
        says "if the registry requires authentication, log in first: podman login $proxy" || return 1
    export REGISTRY_AUTH_FILE=$PWD/auth.json
    podman login -u AWS --password-stdin "$proxy" <<<"$password" >/dev/null &&
        exits 0 push shop/api:v1 -f service.yaml --container-tool podman --registry "$proxy/team" --tag v2 &&
        grep -q "$proxy" auth.json && nothing_is_left && [ ! -e asked ]
}
