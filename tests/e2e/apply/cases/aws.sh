# shellcheck shell=bash
# Objects of the ACK controllers, which this suite simulates.

aws='providers: {aws: {region: us-east-1, account_id: 123456789012}}'
ack_kinds=(repository.ecr.services.k8s.aws role.iam.services.k8s.aws
    podidentityassociation.eks.services.k8s.aws)

# LAYER LINE...: as service(), on AWS.
aws_service() {
    service "$@"
    printf '%s\ncluster_name: main\n' "$aws" >>"$1.yaml"
}

# NAMESPACE KIND TYPE STATUS [MESSAGE] [SECONDS]: sets a condition of the object `web`, dated so many
# seconds ago. ACK records the time only in ResourceSynced.
condition() {
    local time
    time=$(date -u -d "-${6:-0} seconds" +%FT%TZ)
    kubectl patch "$2" web -n "$1" --subresource status --type merge -p "$(jq -n --arg type "$3" \
        --arg status "$4" --arg message "${5:-}" --arg time "$time" '
        {status: {conditions: ([{type: $type, status: $status, message: $message}]
            | if $type == "ACK.ResourceSynced" then . else . + [{type: "ACK.ResourceSynced",
                status: (if $type == "ACK.Terminal" then "True" else "False" end), message: "not synced"}] end
            | map(if .type == "ACK.ResourceSynced" then .lastTransitionTime = $time else . end))}}')" \
        >must.out 2>&1
}

# NAMESPACE FILE: simulates the controllers until FILE.end exists: processes each object when it is created
# or changed. FILE gets a line for each, and "late" if the workload existed before its dependencies.
play_controllers() {
    local each generation
    local -A seen=()
    while [ ! -f "$2.end" ]; do
        for each in "${ack_kinds[@]}"; do
            generation=$(kubectl get "$each" web -n "$1" -o jsonpath='{.metadata.generation}' 2>/dev/null)
            if [ -z "$generation" ] || [ "${seen[$each]:-}" = "$generation" ]; then continue; fi
            sleep 1.5 # so that apply reports the wait
            kubectl get deployment web -n "$1" >/dev/null 2>&1 && [ "$generation" = 1 ] && echo "late" >>"$2"
            condition "$1" "$each" ACK.ResourceSynced True && seen[$each]=$generation
            echo "${each%%.*} $generation" >>"$2"
        done
        sleep 0.1
    done
}

begin_controllers() {
    play_controllers "$1" "$2" &
    watches+=($!)
}

run_ack_undefined() {
    aws_service ack-undefined "${one[@]}" 'image: AUTO' \
        'additional_iam_policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]'
    expect 1 optasvc apply -f ack-undefined.yaml --image-tag v1
    empty out
    holds err <<'TEXT'
ack-undefined.yaml:3:9: error: the server does not have the kind Repository (repositories.ecr.services.k8s.aws)
  - name: web
          ^~~
  install the ACK controller for ECR, which provides its CustomResourceDefinition; or set cloud_objects: none in the environment file
ack-undefined.yaml:3:9: error: the server does not have the kind Role (roles.iam.services.k8s.aws)
  - name: web
          ^~~
  install the ACK controller for IAM, which provides its CustomResourceDefinition; or set cloud_objects: none in the environment file
ack-undefined.yaml:3:9: error: the server does not have the kind PodIdentityAssociation (podidentityassociations.eks.services.k8s.aws)
  - name: web
          ^~~
  install the ACK controller for EKS, which provides its CustomResourceDefinition; or set cloud_objects: none in the environment file
TEXT
    no_namespace ack-undefined
    # The kinds are queried, but only required if a service has them.
    service ack-undefined "${one[@]}"
    expect 0 optasvc apply -f ack-undefined.yaml
    quiet
}

run_ack() {
    local policies='additional_iam_policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]'
    aws_service ack "${one[@]}" 'timeout: 60' 'image: AUTO' "$policies"
    begin_controllers ack events
    expect 0 optasvc apply -f ack.yaml --image-tag v1
    holds out <<'TEXT'
namespace/ack created
repository.ecr.services.k8s.aws/web created
role.iam.services.k8s.aws/web created
podidentityassociation.eks.services.k8s.aws/web created
serviceaccount/web created
service/web created
deployment.apps/web created
TEXT
    says err 'web: waiting for its Repository: its controller has not processed it' 'web: ready, 1 pod'
    sort -o events events
    holds events <<'TEXT'
podidentityassociation 1
repository 1
role 1
TEXT
    same 2012-10-17 "$(value ack role.iam.services.k8s.aws/web .spec.assumeRolePolicyDocument | jq -r .Version)" trust

    expect 0 optasvc apply -f ack.yaml --image-tag v1
    says_not out ' created' ' changed'
    says_not err 'waiting for its'
    expect 0 optasvc diff -f ack.yaml --image-tag v1

    # Apply waits for a changed object, although its old condition is still true.
    aws_service ack "${one[@]}" 'timeout: 60' 'image: AUTO' \
        'additional_iam_policies: ["arn:aws:iam::aws:policy/PowerUserAccess"]'
    sleep 1 # timestamps have a resolution of one second
    expect 0 optasvc apply -f ack.yaml --image-tag v2
    says out 'role.iam.services.k8s.aws/web changed' 'deployment.apps/web changed'
    says err 'web: waiting for its Role: its controller has not processed the change'
    touch events.end
    wait "${watches[@]}"
    says events 'role 2'

    # A service without IAM policies no longer needs the role; the repository is always retained.
    aws_service ack "${one[@]}"
    expect 0 optasvc apply -f ack.yaml
    messages | sort >told
    holds told <<'TEXT'
podidentityassociation.eks.services.k8s.aws/web is no longer needed: pass --prune to delete it
role.iam.services.k8s.aws/web is no longer needed: pass --prune to delete it
TEXT
    expect 0 optasvc apply -f ack.yaml --prune
    says out 'podidentityassociation.eks.services.k8s.aws/web deleted' 'role.iam.services.k8s.aws/web deleted'
    says_not out repository
    expect 0 optasvc apply -f ack.yaml --prune=layer
    says err 'repository.ecr.services.k8s.aws/web is no longer needed: retained because it contains images'
    same web "$(value ack repository.ecr.services.k8s.aws/web .metadata.name)" repository

    aws_service ack "${one[@]}" 'image: AUTO' "$policies"
    expect 0 optasvc apply -f ack.yaml --image-tag v1 --wait=false
    expect 0 optasvc delete -f ack.yaml --image-tag v1 --yes
    holds out <<'TEXT'
deployment.apps/web deleted
service/web deleted
serviceaccount/web deleted
podidentityassociation.eks.services.k8s.aws/web deleted
role.iam.services.k8s.aws/web deleted
repository.ecr.services.k8s.aws/web deleted
TEXT
}

# image: AUTO without a tag: apply waits for the repository, so that an image can be pushed.
run_ack_repository() {
    aws_service ack-auto 'image: AUTO' 'timeout: 60'
    begin_controllers ack-auto events
    expect 0 optasvc apply -f ack-auto.yaml
    says out 'repository.ecr.services.k8s.aws/web created'
    says_not out deployment
    same 'repository 1' "$(cat events)" events
    touch events.end
}

# Failures of the controllers are reported, and the workload is not applied.
run_ack_fails() {
    aws_service ack-fails "${one[@]}" 'timeout: 60' \
        'additional_iam_policies: ["arn:aws:iam::123456789012:policy/gone"]'
    must kubectl create namespace ack-fails
    optasvc apply -f ack-fails.yaml >applied.out 2>applied.err &
    local applying=$! role=role.iam.services.k8s.aws
    for _ in {1..100}; do
        ! condition ack-fails $role ACK.Recoverable True 'AccessDenied: not authorized' || break
        sleep 0.1
    done
    for _ in {1..100}; do
        ! grep -qF 'waiting for its Role: AccessDenied: not authorized' applied.err || break
        sleep 0.1
    done
    says applied.err 'web: waiting for its Role: AccessDenied: not authorized'
    must condition ack-fails $role ACK.Terminal True 'NoSuchEntity: policy gone does not exist'
    wait $applying
    same 1 $? 'exit status'
    says applied.err 'error: role.iam.services.k8s.aws/web in namespace "ack-fails" is not ready: NoSuchEntity: policy gone does not exist' \
        'the workload was not applied, because its pods require this object' 'not applied: deployment.apps/web in namespace "ack-fails"'
    ! kubectl get deployment web -n ack-fails >/dev/null 2>&1 || fail "the Deployment exists"

    # A failed object is processed again when it has changed.
    aws_service ack-fails "${one[@]}" 'timeout: 60' \
        'additional_iam_policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]'
    sleep 1 # timestamps have a resolution of one second
    begin_controllers ack-fails events
    expect 0 optasvc apply -f ack-fails.yaml
    says err 'web: ready, 1 pod'
    touch events.end
}

# The time of a reconciliation is taken from the server's clock, because a controller's clock may be an hour
# behind. A controller that does not run has not processed a change, although the condition is true.
run_ack_clock() {
    local each yaml=ack-clock.yaml
    aws_service ack-clock "${one[@]}" 'timeout: 60' \
        'additional_iam_policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]'
    expect 0 optasvc apply -f $yaml --wait=false
    for each in "${ack_kinds[@]:1}"; do must condition ack-clock "$each" ACK.ResourceSynced True '' 3600; done
    expect 0 optasvc apply -f $yaml
    says_not err 'waiting for its'
    aws_service ack-clock "${one[@]}" 'additional_iam_policies: ["arn:aws:iam::aws:policy/PowerUserAccess"]'
    sleep 1 # timestamps have a resolution of one second
    expect 1 optasvc apply -f $yaml --timeout 4s
    says err 'error: role.iam.services.k8s.aws/web in namespace "ack-clock" is not ready: its controller has not processed the change' \
        'not applied: deployment.apps/web'
    must condition ack-clock role.iam.services.k8s.aws ACK.ResourceSynced True '' 3500
    expect 0 optasvc apply -f $yaml --timeout 4s
    says_not err 'waiting for its'
}

# Waiting for a role does not delay other services; and a failed object is retried when it is recreated.
run_ack_beside() {
    aws_service ack-beside "${one[@]}" 'timeout: 60' \
        'additional_iam_policies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]'
    sed -i '/^modules:/a - {name: free, type: k8s-service, image: "nginx:1", port: none, max_containers: 1}' ack-beside.yaml
    must kubectl create namespace ack-beside
    optasvc apply -f ack-beside.yaml >applied.out 2>applied.err &
    local applying=$! role=role.iam.services.k8s.aws
    for _ in {1..100}; do
        ! kubectl get deployment free -n ack-beside >/dev/null 2>&1 || break
        sleep 0.1
    done
    must kubectl get deployment free -n ack-beside
    must condition ack-beside $role ACK.ReferencesResolved False 'the policy is not there'
    for _ in {1..100}; do
        ! grep -qF 'waiting for its Role: the policy is not there' applied.err || break
        sleep 0.1
    done
    says applied.err 'web: waiting for its Role: the policy is not there'
    must condition ack-beside $role ACK.Terminal True 'Resource already exists'
    wait $applying
    same 1 $? 'exit status'
    says applied.err 'Resource already exists' '1 of 2 services failed: web'
    expect 1 optasvc apply -f ack-beside.yaml
    says err 'fix the cause, delete the object and apply again:' \
        'kubectl delete role.iam.services.k8s.aws/web -n ack-beside' 'or set iam_role_arn to use an existing role'
    must kubectl delete $role web -n ack-beside
    begin_controllers ack-beside events
    expect 0 optasvc apply -f ack-beside.yaml
    touch events.end
}
