# shellcheck shell=bash
# Pushes, and errors before anything is pushed.
# shellcheck disable=SC2016 # $ in programs

run_push() {
    service "$1" && image shop/api:v1 || return 1
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says_only "repository $host/opta-$1-api not found" \
            'pass --create-repository to create it' || return 1
    sed -i s/none/ack/ staging.yaml
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says "pass --create-repository to create it, or let the cluster's ACK controller create it: kubectl optasvc apply -f service.yaml" &&
        nothing_is_pushed "$1" || return 1
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository && says "$host/opta-$1-api created" &&
        says 'Writing manifest' && [ "$(cat out)" = "$host/opta-$1-api@$(digest_of "$1" v1)" ] || return 1

    # The tag of the image, another tag, or none.
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman --tag v2 -o json &&
        [ "$(digest_of "$1" v2)" = "$(digest_of "$1" v1)" ] || return 1
    jq -S . out | diff -u - <(jq -Sn --arg repository "$host/opta-$1-api" --arg digest "$(digest_of "$1" v2)" \
        '{image: ($repository + "@" + $digest), repository: $repository, tag: "v2", digest: $digest}') || return 1
    image shop/other && exits 0 push shop/other -f service.yaml --container-tool podman &&
        [ "$(cat out)" = "$host/opta-$1-api@$(digest_of "$1" latest)" ] &&
        [ "$(digest_of "$1" latest)" != "$(digest_of "$1" v1)" ] || return 1
    nothing_is_left
}

# FIELD: prints a field of the Repository that is rendered for a controller.
rendered() {
    sed 's/cloud_objects: none/cloud_objects: ack/' -i staging.yaml
    kubectl-optasvc render -f service.yaml --image-tag v1 -o json | jq ".items[] | select(.kind == \"Repository\") | .spec.$1"
}

# LAYER: the repository is as a controller would create it.
is_as_rendered() {
    local name=opta-$1-api
    ecr describe-repositories --repository-names "$name" --query 'repositories[0]' >made || return 1
    for field in imageTagMutability imageScanningConfiguration encryptionConfiguration; do
        diff -u <(rendered $field | jq -S .) <(jq -S ".$field" made) || return 1
    done
    diff -u <(rendered 'lifecyclePolicy | fromjson' | jq -S .) \
        <(ecr get-lifecycle-policy --repository-name "$name" --query lifecyclePolicyText --output text | jq -S .) &&
        diff -u <(rendered 'policy | fromjson' | jq -S .) \
            <(ecr get-repository-policy --repository-name "$name" --query policyText --output text | jq -S .)
}

run_create() {
    local repository=opta-$1-api
    service "$1" && image shop/api:v1 && exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository &&
        is_as_rendered "$1" || return 1
    # An existing repository is not changed.
    ecr put-lifecycle-policy --repository-name "$repository" --lifecycle-policy-text '{"rules": [{"rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 7},
        "action": {"type": "expire"}}]}' >/dev/null || return 1
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository --tag v2 && ! grep created err &&
        ecr get-lifecycle-policy --repository-name "$repository" --query lifecyclePolicyText --output text | grep 7 >/dev/null ||
        return 1

    service "$1-mutable" 'image_tag_mutability: mutable' &&
        exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository &&
        is_as_rendered "$1-mutable" && grep -q '"MUTABLE"' made
}

# COMMAND: replaces a command of the aws CLI by the script on standard input; `real` is the real CLI.
aws_but() {
    local instead
    instead=$(cat)
    mkdir -p stand-in
    program stand-in/aws <<SH
#!/bin/bash
real=$aws/aws
echo "\$1 \$2" >>$PWD/asked
if [ "\$2" = $1 ]; then
$instead
fi
exec \$real "\$@"
SH
}

# ERROR CODE: prints a script that fails like the aws CLI.
refuses() { printf 'echo >&2; echo "An error occurred (%s) when calling the X operation: %s" >&2; exit 254\n' "$2" "$1"; }

run_create_torn() {
    service "$1" && image shop/api:v1 && refuses 'no' AccessDeniedException | aws_but set-repository-policy || return 1
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman --create-repository &&
        says_only 'aws ecr set-repository-policy failed: An error occurred (AccessDeniedException) when calling the X operation: no' &&
        ! ecr describe-repositories --repository-names "opta-$1-api" 2>/dev/null && nothing_is_pushed "$1" || return 1
    # A signal during the creation: the policies are set, and nothing is pushed.
    printf 'touch %s/reached; sleep 1\n' "$PWD" | aws_but create-repository
    PATH=$PWD/stand-in:$PATH exits_on_terminal 130 file=reached 'send=\x03' -- \
        kubectl-optasvc push shop/api:v1 -f service.yaml --container-tool podman --create-repository || return 1
    ecr get-repository-policy --repository-name "opta-$1-api" >/dev/null && nothing_is_pushed "$1" || return 1
    # Created by others between query and creation.
    printf '$real "$@" >/dev/null\n' | aws_but create-repository
    service "$1-race" && PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository &&
        ! grep created err && ! ecr get-repository-policy --repository-name "opta-$1-race-api" 2>/dev/null || return 1
    # It can neither be completed nor deleted.
    service "$1-stuck"
    program stand-in/aws <<SH
#!/bin/bash
case \$2 in
*-policy | delete-*) $(refuses no AccessDeniedException) ;;
esac
exec $aws/aws "\$@"
SH
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman --create-repository &&
        says "created the repository \"opta-$1-stuck-api\" but could not set its policies" &&
        says "delete it: aws ecr delete-repository --repository-name opta-$1-stuck-api --region $region"
}

run_account() {
    local id key token
    service "$1" && image shop/api:v1 && repository "$1" || return 1
    read -r id key token < <(aws sts assume-role --role-arn arn:aws:iam::222222222222:role/other --role-session-name test \
        --region "$region" --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
    AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$key AWS_SESSION_TOKEN=$token \
        exits 1 push shop/api:v1 -f service.yaml --container-tool podman --create-repository &&
        says_only "the AWS credentials belong to account 222222222222, but the repository to account $account" \
            'select the profile of that account with AWS_PROFILE' && nothing_is_pushed "$1" || return 1
    # The repository's owner may allow other accounts to push.
    echo 'echo 333333333333; exit 0' | aws_but get-caller-identity
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool podman
}

run_credentials() {
    local code
    service "$1" && image shop/api:v1 && repository "$1" || return 1
    (unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY && exits 1 push shop/api:v1 -f service.yaml --container-tool podman) &&
        says 'error: no AWS credentials found' && [ "$(wc -l <err)" -eq 2 ] || return 1
    while IFS='|' read -r code message wanted; do
        refuses "$message" "$code" | aws_but get-caller-identity
        PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman && says "error: $wanted" &&
            [ "$(wc -l <err)" -le 2 ] || return 1
    done <<'ROWS'
ExpiredToken|The security token included in the request is expired|the AWS credentials have expired
ExpiredTokenException|The security token included in the request is expired|the AWS credentials have expired
InvalidClientTokenId|The security token included in the request is invalid.|AWS does not recognize the credentials
UnrecognizedClientException|The security token included in the request is invalid.|AWS does not recognize the credentials
ServiceUnavailable|Please try again|aws sts get-caller-identity failed: An error occurred (ServiceUnavailable) when calling the X operation: Please try again
ROWS
    echo 'echo "The SSO session associated with this profile has expired or is otherwise invalid." >&2; exit 255' |
        aws_but get-caller-identity
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says_only 'the AWS credentials have expired' 'sign in again, for example with `aws sso login`' || return 1
    # Credentials that expire later; and an AWS error that quotes the request in later lines.
    printf 'printf "\\nAn error occurred (SignatureDoesNotMatch) when calling the X operation: no match\\nsent: s3cr3t\\n" >&2; exit 254' |
        aws_but get-login-password
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman && ! grep s3cr3t err &&
        says_only 'aws ecr get-login-password failed: An error occurred (SignatureDoesNotMatch) when calling the X operation: no match' ||
        return 1
    nothing_is_pushed "$1" && nothing_is_left
}

# Permission to push, but not to read: the push itself shows.
run_rights() {
    service "$1" && image shop/api:v1 && repository "$1" || return 1
    mkdir stand-in
    program stand-in/aws <<SH
#!/bin/bash
case \$2 in
describe-*) $(refuses 'not authorized' AccessDeniedException) ;;
esac
exec $aws/aws "\$@"
SH
    PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool podman &&
        PATH=$PWD/stand-in:$PATH exits 0 push shop/api:v1 -f service.yaml --container-tool podman --create-repository
}

run_aws_garbage() {
    local command
    service "$1" && image shop/api:v1 && repository "$1" || return 1
    for command in get-caller-identity describe-repositories describe-images; do
        echo 'echo surprise; exit 0' | aws_but $command
        PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
            says "unexpected output of aws " && says "$command" || return 1
    done
    echo 'exit 0' | aws_but get-login-password
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says 'unexpected output of aws ecr get-login-password' || return 1
    echo 'exit 3' | aws_but get-caller-identity
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says_only 'aws sts get-caller-identity failed: exited with status 3 and no error message' || return 1
    echo 'kill -KILL $$' | aws_but get-caller-identity
    PATH=$PWD/stand-in:$PATH exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says 'terminated by signal 9' && nothing_is_pushed "$1"
}

# LAYER MUTABILITY STATUS: a push of an existing tag exits with STATUS.
run_taken() {
    local digest
    service "$1" && image shop/api:v1 && repository "$1" --image-tag-mutability "$2" || return 1
    digest=$(ecr put-image --repository-name "opta-$1-api" --image-tag v1 --query image.imageId.imageDigest --output text \
        --image-manifest '{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"digest": "sha256:0", "size": 1}, "layers": []}') || return 1
    exits "$3" push shop/api:v1 -f service.yaml --container-tool podman || return 1
    [ "$3" -eq 0 ] || {
        says_only "the tag \"v1\" already exists, and the tags of $host/opta-$1-api are immutable" \
            "choose another tag with --tag, or deploy the existing image with --image-digest $digest" && nothing_is_pushed "$1"
    } || return 1
    exits 0 push shop/api:v1 -f service.yaml --container-tool podman --tag v2
}

run_no_image() {
    service "$1" && repository "$1" && exits 1 push nothing:v1 -f service.yaml --container-tool podman &&
        says_only 'podman has no local image "nothing:v1"' 'build it first: podman build -t nothing:v1 .'
}

run_no_tools() {
    local bash
    bash=$(command -v bash)
    service "$1" && mkdir stand-in
    PATH=$PWD/stand-in exits 1 "$bin/kubectl-optasvc" push a:v1 -f service.yaml &&
        says_only 'no container tool found: docker, podman and nerdctl are not in PATH' 'install one of them' ||
        return 1
    PATH=$PWD/stand-in exits 1 "$bin/kubectl-optasvc" push a:v1 -f service.yaml --container-tool nerdctl &&
        says_only 'nerdctl not found in PATH' 'install nerdctl, or choose another tool with --container-tool' || return 1
    # The first available tool: docker, podman, nerdctl.
    for tool in nerdctl podman docker; do
        printf '#!%s\n[ "$1" != image ] || { echo "I am %s" >&2; exit 1; }\n' "$bash" $tool | program stand-in/$tool
        PATH=$PWD/stand-in exits 1 "$bin/kubectl-optasvc" push a:v1 -f service.yaml &&
            says_only "$tool image inspect failed: I am $tool" || return 1
    done
    printf '#!%s\n[ "$1" != image ] || echo "sha256:1 1"\n' "$bash" | program stand-in/docker
    PATH=$PWD/stand-in exits 1 "$bin/kubectl-optasvc" push a:v1 -f service.yaml &&
        says_only 'aws not found in PATH' \
            'install the AWS CLI, which is required to push to ECR'
}

run_several() {
    service "$1" && repository "$1" && image shop/api:v1 || return 1
    printf '  - {name: worker, type: k8s-service, image: AUTO, port: none}\n  - {name: web, type: k8s-service, image: nginx, port: {http: 80}}\n' \
        >>service.yaml
    exits 1 push shop/api:v1 -f service.yaml --container-tool podman &&
        says_only 'several services have image: AUTO: api, worker' 'select one with --module NAME' &&
        exits 1 push shop/api:v1 -f service.yaml --container-tool podman --module web &&
        says_only 'no service has image: AUTO, so there is no repository to push to' \
            '"web" has image: nginx; set image: AUTO, or push the image yourself' &&
        exits 1 push shop/api:v1 -f service.yaml --container-tool podman --module wbe && says 'did you mean "web"?' &&
        nothing_is_pushed "$1" && exits 0 push shop/api:v1 -f service.yaml --container-tool podman --module api --module web
}
