# shellcheck shell=bash
# Images: errors before any tool runs; none is in PATH

# no_tools COMMAND...: runs it with an empty PATH; no_tools_of: with the caller's standard input.
no_tools_of() {
    PATH=$scratch/nowhere "$optasvc" "$@" >"$out" 2>"$err"
    status=$?
}
no_tools() { no_tools_of "$@" </dev/null; }
service app | sed 's/nginx:1.29/AUTO/' >auto.yaml
long=$(printf 'a%.0s' {1..128})
# WORDS|MESSAGE: arguments of push; without a message, push looks for a tool.
while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    no_tools push -f auto.yaml --registry r.example.com $words
    if [ -n "$message" ]; then
        expect "push $words" 2 err "$message" err "help push"
    else
        expect "push $words" 1 err "error: no container tool found: docker, podman and nerdctl are not in PATH"
    fi
done <<EOF
|missing required argument: IMAGE
a b|unexpected argument "b"
a|
a:v1|
localhost:5000/team/a:v1|
a --create-repository -o json --tag v2 --module app|
--tag x a|
a:$long|
a:${long}a|IMAGE has an invalid tag: it must be at most 128 letters
a --tag $long|
a --tag ${long}a|--tag must be at most 128 letters
a --tag .x|--tag must be at most 128 letters
a --tag -x|--tag must be at most 128 letters
a --tag=|--tag must not be empty
a --tag x --tag y|duplicate flag --tag
-- -a|IMAGE must be an image reference such as nginx
-- --all-tags|IMAGE must be an image reference such as nginx
A|IMAGE must be lowercase before the tag, not "A"
a:|IMAGE has an invalid tag
a@sha256:12|IMAGE has an invalid digest
a;b|IMAGE must be an image reference such as nginx
a -o name|--output must be yaml or json, not "name"
a --container-tool lxc|--container-tool must be docker, podman or nerdctl, not "lxc"
a --container-tool=|--container-tool must not be empty
a --create-repository=no|--create-repository takes no value
a --image-tag v1|unknown flag: --image-tag
a -n x|unknown shorthand flag: -n
a --dry-run|unknown flag: --dry-run
EOF
no_tools push a:v1
expect "push without -f" 2 err "missing required flag: -f FILE" err "help push"
no_tools push "" -f auto.yaml
expect "push of nothing" 2 err 'IMAGE must be an image reference such as nginx'
for tool in docker podman nerdctl; do
    no_tools push a:v1 -f auto.yaml --registry r.example.com --container-tool $tool
    expect "push --container-tool $tool without it in PATH" 1 err "error: $tool not found in PATH"
done
no_tools push a:v1 -f bad.yaml
expect "push with an invalid file" 1 err 'bad.yaml:7:5: error: unknown field "nmae"'
no_tools push a:v1 -f auto.yaml
expect "push without a registry" 1 err 'cannot determine the registry for image: AUTO'
no_tools push a:v1 -f ok.yaml
expect "push of a service with its own image" 1 err "no service has image: AUTO, so there is no repository to push to" \
    err '"app" has image: nginx:1.29'
for command in "push a:v1" "deploy --image a:v1"; do
    # shellcheck disable=SC2086
    no_tools $command -f two.yaml --module nothing
    expect "$command with an unknown module" 1 err 'k8s-service "nothing" not found'
    check "$command reports one error" test "$(grep -c error: "$err")" = 1
done
no_tools deploy -f auto.yaml --registry r.example.com
expect "deploy of AUTO without an image" 1 err 'no image selected for "app", which has image: AUTO' \
    err "push a local image with --image"
no_tools deploy -f auto.yaml --registry r.example.com --image a:v1 --var size=1
expect "deploy with an unused flag pushes nothing" 1 err "--var size has no effect"
check "deploy reports that alone" test "$(grep -c error: "$err")" = 1
no_tools deploy -f auto.yaml --registry r.example.com --image a:v1 --dry-run
expect "deploy --dry-run runs no tool" 0 out "image: r.example.com/opta-hello-app:v1" \
    err "r.example.com/opta-hello-app:v1 would be pushed"
no_tools_of deploy -f - --registry r.example.com --image a:v1 --dry-run < <(cat auto.yaml)
expect "deploy of a pipe" 0 out "image: r.example.com/opta-hello-app:v1" err "would be pushed"
no_tools_of deploy -f - --dry-run <ok.yaml
expect "deploy of standard input" 0
check "deploy of standard input prints the same as render" cmp "$out" ok.expected
{ printf '# a line\n' && cat ok.yaml; } >behind.yaml
{ read -r && no_tools_of deploy -f - --dry-run; } <behind.yaml
expect "deploy of the rest of standard input" 0
no_tools_of deploy -f - --dry-run < <(cat ok.yaml)
check "deploy of a pipe prints the same as render" cmp "$out" ok.expected
no_tools_of deploy -f - --dry-run < <(head -c 1048577 /dev/zero | tr '\0' '#')
expect "deploy of too large standard input" 1 err "exceeds 1048576 bytes"
no_tools_of deploy -f - --dry-run <&-
expect "deploy of a closed standard input" 1 err "error: "
no_tools deploy -f auto.yaml --registry r.example.com --image a:v1 --dry-run=server
expect "deploy --dry-run=server checks the image" 1 err "no container tool found"

# Images, with scripts instead of docker, nerdctl, podman and aws (tests/e2e/push uses the real ones)

mkdir tools "$scratch/runtime"
digest=sha256:$(printf %064d 7)
ecr=123456789012.dkr.ecr.us-east-1.amazonaws.com
for tool in docker nerdctl podman; do
    cat >tools/$tool <<EOF
#!/bin/sh
echo "$tool \$*" >>"$scratch/noted"
for last; do :; done
case "\$1 \$2" in
"--version "*) echo "$tool version 1" | sed s/docker/Docker/ ;;
"image inspect") case \$last in a:v1) echo "sha256:5ba 1" ;; *) echo "no such image" >&2; exit 1 ;; esac ;;
"login "*) [ "\$(cat)" = password ] || { echo "Error: denied" >&2; exit 1; } ;;
"push "*)
    [ ! -e fails ] || { echo refused >&2; exit 7; }
    [ ! -e waits ] || { kill -TERM \$PPID; exec sleep 30; }
    case $tool in
    docker) echo "v1: digest: \$(cat digest) size: 1" ;;
    nerdctl) echo "manifest-\$(cat digest): done" ;;
    podman) cp digest "\${2#*=}" ;;
    esac ;;
esac
EOF
done
cat >tools/aws <<'EOF'
#!/bin/sh
refuse() { echo "An error occurred ($1) when calling the X operation: no" >&2; exit 254; }
case $2 in
get-caller-identity) cat account ;;
describe-repositories) [ -e repository ] && cat repository || refuse RepositoryNotFoundException ;;
describe-images) [ -e image ] && cat image || refuse ImageNotFoundException ;;
get-login-password) cat password ;;
set-repository-policy) [ ! -e torn ] || refuse AccessDeniedException ;;
esac
EOF
chmod +x tools/*
# reset_push: sets up a push that succeeds.
reset_push() {
    rm -f fails waits image torn "$scratch/noted"
    echo "$digest" >digest
    echo 123456789012 >account
    echo IMMUTABLE >repository
    echo password >password
}
# pushes COMMAND...: runs it with these tools.
# shellcheck disable=SC2030,SC2031
pushes() { PATH=$PWD/tools:$PATH XDG_RUNTIME_DIR=$scratch/runtime try "$optasvc" "$@" -f auto.yaml --registry $ecr; }
for tool in docker nerdctl podman; do
    reset_push
    pushes push a:v1 --container-tool $tool
    [ $tool = podman ] && shown=() || shown=(err "$digest") # podman writes it to a file
    expect "push by $tool" 0 only "$ecr/opta-hello-app@$digest" "${shown[@]}"
    pushes push a:v1 --container-tool $tool -o json
    check "push by $tool -o json" grep -q '"tag": "v1"' "$out"
    echo sha256:1 >digest
    pushes push a:v1 --container-tool $tool
    expect "push by $tool without a digest" 1 err "$tool push did not report the digest of"
    reset_push && touch fails
    pushes push a:v1 --container-tool $tool
    expect "push by $tool that fails" 1 err "refused" err "$tool push exited with status 7"
    reset_push && touch waits
    pushes push a:v1 --container-tool $tool
    check "push by $tool interrupted by SIGTERM ends with that signal" test $status = 143
    check "push by $tool interrupted by SIGTERM prints nothing" test ! -s "$out"
    [ $tool = podman ] ||
        check "push by $tool removes the temporary name" grep -q "^$tool image rm -- $ecr/opta-hello-app:v1" "$scratch/noted"
done
# WHAT|HOW|MESSAGE: reasons why a push fails.
while IFS='|' read -r what how message; do
    reset_push
    eval "$how"
    pushes push a:v1
    expect "push: $what" 1 err "$message"
    check "push: $what: nothing is sent" has_no ' push ' "$scratch/noted"
done <<ROWS
wrong account|echo 222222222222 >account; rm repository|the AWS credentials belong to account 222222222222, but the repository to account 123456789012
account that is none|echo x >account|unexpected output of aws sts get-caller-identity
no repository|rm repository|repository $ecr/opta-hello-app not found
taken tag|echo $digest >image|the tag "v1" already exists, and the tags of $ecr/opta-hello-app are immutable
wrong password|echo x >password|docker login failed: denied
no password|: >password|unexpected output of aws ecr get-login-password
ROWS
reset_push && rm repository
pushes push a:v1 --create-repository
expect "push --create-repository" 0 err "$ecr/opta-hello-app created"
reset_push && rm repository && touch torn
pushes push a:v1 --create-repository
expect "push --create-repository that fails half-way" 1 err "aws ecr set-repository-policy failed"
reset_push && echo MUTABLE >repository && echo "$digest" >image
pushes push a:v1
expect "push of a mutable tag" 0 err "$digest"
pushes push b:v1
expect "push of a missing image" 1 err 'docker has no local image "b:v1"' err "docker build -t b:v1 ."
reset_push && touch fails
KUBECTL_PATH=$scratch/nowhere pushes deploy --image a:v1
expect "deploy whose push fails" 1 err "cannot push"
check "deploy whose push fails does not access the cluster" has_no "cannot run" "$err"
reset_push
KUBECTL_PATH=$scratch/nowhere/kubectl pushes deploy --image a:v1
expect "deploy" 1 err "$ecr/opta-hello-app:v1@$digest pushed" err "error: $absent"
# Environments of other clouds: PROVIDERS|REPOSITORY|HINT of a failed push. AWS is not used.
echo 'exit 9' >tools/aws
# shellcheck disable=SC2030,SC2031
pushes_to_cloud() { PATH=$PWD/tools:$PATH XDG_RUNTIME_DIR=$scratch/runtime try "$optasvc" "$@" -f cloud.yaml; }
while IFS='|' read -r providers repository hint; do
    reset_push
    printf 'name: hello\nproviders: %s\nmodules:\n  - {name: app, type: k8s-service, image: AUTO, port: none}\n' "$providers" >cloud.yaml
    for tool in docker nerdctl podman; do
        pushes_to_cloud push a:v1 --container-tool $tool
        [ $tool = podman ] && shown=() || shown=(err "$digest")
        expect "push by $tool to $repository" 0 only "$repository@$digest" "${shown[@]}"
    done
    check "push by podman to $repository" has " docker://$repository:v1" "$scratch/noted"
    check "TLS of $repository" test "$(grep -c -e --tls-verify=false "$scratch/noted")" = "$([[ $repository = localhost* ]] && echo 1 || echo 0)"
    touch fails
    pushes_to_cloud push a:v1
    expect "push to $repository that fails" 1 err "$hint"
    KUBECTL_PATH=$scratch/nowhere pushes_to_cloud deploy --image a:v1
    expect "deploy to $repository that fails" 1 err "$hint"
    check "push to $repository mentions no other cloud" has_no 'AWS\|ECR' "$err"
done <<ROWS
{google: {project: acme-staging}}|gcr.io/acme-staging/hello/app|log in first: gcloud auth configure-docker gcr.io
{local: {}}|localhost:5000/hello/app|if no registry is running at localhost:5000, start one
ROWS
check "pushes leave no files" rmdir "$scratch/runtime"
