# shellcheck shell=bash
# The Job of pre_deploy, which must succeed before a release is applied.

migrate='pre_deploy: {commands: [./migrate]}'
# Its pod runs until end_job() ends it.
runs='pod_annotations: {optasvc.test/job: runs}'

# LAYER: prints the name of the rendered Job.
job_of() { optasvc render -f "$1.yaml" 2>render.err | sed -n 's/^  name: \(web-pre-deploy-[0-9a-f]*\)$/\1/p'; }

# LAYER: prints the names of its Jobs in the cluster.
jobs_of() { kubectl get jobs -n "$1" -o json | jq -r '[.items[].metadata.name] | join(" ")'; }

# LAYER JOB [RESULT]: waits until a pod of the Job runs, and ends it, with RESULT `fails` as a failure.
end_job() {
    local pod
    for _ in {1..300}; do
        pod=$(kubectl get pods -n "$1" -l "batch.kubernetes.io/job-name=$2" -o json | jq -r '[.items[]
            | select(.status.phase == "Running" and .metadata.deletionTimestamp == null) | .metadata.name][0] // empty')
        [ -z "$pod" ] || break
        sleep 0.1
    done
    [ -n "$pod" ] || fail "no pod of job $2 runs"
    if [ "${3:-}" = fails ]; then
        must kubectl annotate pod "$pod" -n "$1" --overwrite optasvc.test/job=fails
    else
        must kubectl annotate pod "$pod" -n "$1" optasvc.test/job-
    fi
}

# LAYER: everything that a release consists of, except what a Job requires.
released() {
    kubectl get services,deployments,statefulsets,hpa,pdb,ingresses,cronjobs,networkpolicies -n "$1" -o json |
        jq -c '.items[] | [.kind, .metadata.name, .metadata.uid, .metadata.generation, .metadata.annotations, .spec]' | sort
}

# LAYER IMAGE: the workload has this image, and records the rendered Job.
deployed() {
    same "$2" "$(value "$1" deployment/web '.spec.template.spec.containers[0].image')" 'the image'
    same "$(job_of "$1")" "web-pre-deploy-$(value "$1" deployment/web '.metadata.annotations["opta.dev/pre-deploy"]')" 'the recorded Job'
}

run_pre_deploy() {
    local first second
    service pre "${one[@]}" "$migrate" 'files: [{path: /etc/a, content: b}]'
    first=$(job_of pre)
    expect 0 optasvc apply -f pre.yaml --dry-run=client --output=name
    says out "job.batch/$first"
    expect 0 optasvc apply -f pre.yaml --dry-run=server
    says err "not checked: job.batch/$first"
    no_namespace pre
    expect 1 optasvc diff -f pre.yaml
    says out "+++ job.batch/$first"
    expect 0 optasvc apply -f pre.yaml
    # What the Job requires is applied before it, and all else after it.
    sed 's/-[0-9a-f]\{8,\} / /' out >got
    holds got <<'TEXT'
namespace/pre created
serviceaccount/web created
configmap/web-files created
job.batch/web-pre-deploy created
service/web created
deployment.apps/web created
TEXT
    says err "web: pre_deploy: job.batch/$first succeeded" 'web: ready, 1 pod'
    deployed pre nginx:1
    value pre "job/$first" .metadata.uid >uid

    # Once a release.
    expect 0 optasvc diff -f pre.yaml
    expect 0 optasvc apply -f pre.yaml
    says_not out job.batch ' changed'
    quiet
    value pre "job/$first" .metadata.uid | diff uid - || fail 'another Job'
    expect 0 optasvc status -f pre.yaml
    says out "web: pre_deploy: Job $first succeeded, created "
    expect 0 optasvc status -f pre.yaml -o json
    same "[\"$first\",\"Succeeded\"]" "$(jq -c '.[0].preDeploy | [.job, .state]' out)" 'preDeploy'
    # Also after it has expired.
    must kubectl delete job "$first" -n pre
    expect 0 optasvc diff -f pre.yaml
    expect 0 optasvc apply -f pre.yaml
    says_not out job.batch ' changed'
    same '' "$(jobs_of pre)" 'the Jobs'
    expect 0 optasvc status -f pre.yaml
    says_not out pre_deploy
    # The timeout and the retries are no other release, nor is another number of pods.
    service pre 'min_containers: 2' 'max_containers: 2' 'pre_deploy: {commands: [./migrate], timeout: 60, retries: 1}' 'files: [{path: /etc/a, content: b}]'
    expect 0 optasvc apply -f pre.yaml
    says_not out job.batch
    same '' "$(jobs_of pre)" 'the Jobs'

    # Another image is another release. The earlier Job is deleted.
    service pre "${one[@]}" "$migrate" 'image: nginx:2'
    second=$(job_of pre)
    expect 1 optasvc diff -f pre.yaml
    says out "+  name: $second"
    expect 0 optasvc apply -f pre.yaml --dry-run=server
    says out "job.batch/$second created (server dry run)" 'deployment.apps/web changed (server dry run)'
    same '' "$(jobs_of pre)" 'the Jobs'
    expect 0 optasvc apply -f pre.yaml
    deployed pre nginx:2
    same "$second" "$(jobs_of pre)" 'the Jobs'
    service pre "${one[@]}" "$migrate" 'image: nginx:1'
    first=$(job_of pre)
    expect 0 optasvc apply -f pre.yaml
    says out "job.batch/$first created" "job.batch/$second deleted"
    deployed pre nginx:1
    same "$first" "$(jobs_of pre)" 'the Jobs'

    # Also without pods, and without waiting for pods.
    service pre 'max_containers: 0' "$migrate" 'image: nginx:3'
    expect 0 optasvc apply -f pre.yaml --wait=false
    says out "job.batch/$(job_of pre) created"
    deployed pre nginx:3

    recording
    expect 7 optasvc logs -f pre.yaml --pre-deploy
    tr '\n' ' ' <calls >line
    says line ' --selector=app.kubernetes.io/name=web-pre-deploy,app.kubernetes.io/instance=pre-web,opta.dev/layer-name=pre,opta.dev/module-name=web,!opta.dev/environment-name,app.kubernetes.io/component=pre-deploy --prefix '
    unset KUBECTL_PATH

    # Without the field, the Job and the record are deleted.
    first=$(job_of pre)
    service pre 'max_containers: 0' 'image: nginx:3'
    expect 1 optasvc diff -f pre.yaml
    says err "job.batch/$first: would be deleted"
    expect 0 optasvc apply -f pre.yaml --dry-run=server
    says out "job.batch/$first deleted (server dry run)"
    expect 0 optasvc apply -f pre.yaml
    says out "job.batch/$first deleted"
    same null "$(value pre deployment/web '.metadata.annotations["opta.dev/pre-deploy"]')" 'the recorded Job'

    service pre 'max_containers: 0' "$migrate"
    expect 0 optasvc apply -f pre.yaml
    expect 0 optasvc delete -f pre.yaml --yes
    says out "job.batch/$(job_of pre) deleted" 'deployment.apps/web deleted'
    same '' "$(jobs_of pre)" 'the Jobs'
}

# A wrapper whose `logs` prints a line, because nothing runs in the pods.
logs_of_jobs() {
    wrapper with-logs <<'TEXT'
[ "$1" != logs ] || { echo "log of ${2%-*}"; exit 0; }
TEXT
    export KUBECTL_PATH=./with-logs
}

run_pre_deploy_fails() {
    local job
    logs_of_jobs
    service fails "${one[@]}" "$migrate"
    expect 0 optasvc apply -f fails.yaml
    says err "  last log lines of pod $(job_of fails)-" "    log of $(job_of fails)"
    released fails >before

    # A failure: nothing of the old release has changed.
    service fails 'min_containers: 2' 'max_containers: 4' 'timeout: 60' "$migrate" 'image: nginx:2' 'public_uri: fails.example.com' "$runs"
    job=$(job_of fails)
    begin kubectl-optasvc apply -f fails.yaml --allow no-probe --rollback-on-failure
    await_text err "web: pre_deploy: job.batch/$job is running"
    end_job fails "$job" fails
    ends 1
    grep -v '^web: pod\|pre_deploy: job.batch/[a-z0-9-]* is \|^  event ' err | sed 's/\(-[0-9a-f]\{8\}\)-[a-z0-9]\{5\}/\1-POD/' >got
    holds got <<TEXT
error: web: pre_deploy: job.batch/$job failed: BackoffLimitExceeded: Job has reached the specified backoff limit
  nothing was applied except what the Job requires; fix the cause and apply again, which replaces the failed Job
  pod $job-POD: container web: exited with code 1 (Error)
  last log lines of pod $job-POD:
    log of $job
TEXT
    released fails | diff before - || fail 'the old release has changed'
    expect 0 optasvc status -f fails.yaml
    says out "web: pre_deploy: Job $job failed, created " ': BackoffLimitExceeded: Job has reached the specified backoff limit'
    expect 1 optasvc diff -f fails.yaml
    says err "job.batch/$job: would be replaced, because it has failed"
    expect 0 optasvc apply -f fails.yaml --dry-run=server
    says out "job.batch/$job replaced (server dry run)"

    # The next apply replaces the failed Job; it may fail again.
    for _ in 1 2; do
        value fails "job/$job" .metadata.uid >uid
        begin kubectl-optasvc apply -f fails.yaml
        await_text err "web: pre_deploy: replacing job.batch/$job, which has failed"
        await_text err "web: pre_deploy: job.batch/$job is running"
        ! value fails "job/$job" .metadata.uid | diff -q uid - >must.out || fail 'the Job was not replaced'
        end_job fails "$job" fails
        ends 1
        released fails | diff before - || fail 'the old release has changed'
    done
    begin kubectl-optasvc apply -f fails.yaml
    await_text err "web: pre_deploy: job.batch/$job is running"
    end_job fails "$job"
    ends 0
    deployed fails nginx:2

    # Retries.
    service fails "${one[@]}" 'pre_deploy: {commands: [./migrate], retries: 1}' 'image: nginx:3' "$runs"
    job=$(job_of fails)
    begin kubectl-optasvc apply -f fails.yaml
    end_job fails "$job" fails
    await_text err ', 1 of 2 attempts failed'
    end_job fails "$job"
    ends 0
    deployed fails nginx:3

    # The timeout of the Job.
    released fails >before
    service fails "${one[@]}" 'pre_deploy: {commands: [./migrate], timeout: 5}' 'image: nginx:4' "$runs"
    job=$(job_of fails)
    expect 1 optasvc apply -f fails.yaml
    within 4 20
    says err "error: web: pre_deploy: job.batch/$job failed: DeadlineExceeded: Job was active longer than specified deadline" "    log of $job"
    released fails | diff before - || fail 'the old release has changed'

    # That of the command; the Job continues, and the next apply waits for it.
    service fails "${one[@]}" "$migrate" 'image: nginx:5' "$runs"
    job=$(job_of fails)
    expect 1 optasvc apply -f fails.yaml --timeout 3s
    within 3 12
    says err "error: web: pre_deploy: job.batch/$job has not ended after " "nothing was applied except what the Job requires; the next apply waits for the Job. To stop it: kubectl delete job.batch/$job -n fails"
    released fails | diff before - || fail 'the old release has changed'
    begin kubectl-optasvc apply -f fails.yaml
    await_text err "web: pre_deploy: waiting for job.batch/$job, which is already running"
    end_job fails "$job"
    ends 0
    says_not out "job.batch/$job"
    deployed fails nginx:5

    # It is deleted meanwhile.
    service fails "${one[@]}" "$migrate" 'image: nginx:6' "$runs"
    job=$(job_of fails)
    begin kubectl-optasvc apply -f fails.yaml
    await_text err "web: pre_deploy: job.batch/$job is running"
    must kubectl delete job "$job" -n fails
    ends 1
    says err "error: web: pre_deploy: job.batch/$job was deleted before it ended"

    # The first release, of which the namespace and what the Job requires remain.
    service fails-first "${one[@]}" "$migrate" 'pod_annotations: {optasvc.test/job: fails}'
    expect 1 optasvc apply -f fails-first.yaml
    cluster_has fails-first <<<'ServiceAccount web'
    service fails-first "${one[@]}" "$migrate"
    expect 0 optasvc apply -f fails-first.yaml
    deployed fails-first nginx:1
}

# Without an image it is not known which release is deployed, so its Job is retained.
run_pre_deploy_auto() {
    local job registry=(--registry registry.example.com)
    service pre-auto 'image: AUTO' "$migrate" "${one[@]}"
    expect 0 optasvc apply -f pre-auto.yaml "${registry[@]}" --image-tag v1
    job=$(jobs_of pre-auto)
    expect 0 optasvc diff -f pre-auto.yaml "${registry[@]}"
    says_not err job.batch
    expect 0 optasvc apply -f pre-auto.yaml "${registry[@]}" --prune --dry-run=server
    says_not out job.batch
    expect 0 optasvc apply -f pre-auto.yaml "${registry[@]}" --prune
    says_not err job.batch
    same "$job" "$(jobs_of pre-auto)" 'the Jobs'
}

# Jobs of earlier releases that still run.
run_pre_deploy_earlier() {
    local first second
    service earlier-job "${one[@]}" "$migrate" "$runs"
    first=$(job_of earlier-job)
    begin kubectl-optasvc apply -f earlier-job.yaml
    await_text err "web: pre_deploy: job.batch/$first is running"
    kill -INT "$pid"
    ends 130
    says err "web: pre_deploy: job.batch/$first continues to run; the next apply waits for it"

    # Two releases do not run their commands at the same time.
    service earlier-job "${one[@]}" "$migrate" 'image: nginx:2'
    second=$(job_of earlier-job)
    begin kubectl-optasvc apply -f earlier-job.yaml
    await_text err "web: pre_deploy: waiting for job.batch/$first of an earlier release"
    same "$first" "$(jobs_of earlier-job)" 'the Jobs'
    end_job earlier-job "$first" fails
    ends 0
    says out "job.batch/$second created" "job.batch/$first deleted"
    deployed earlier-job nginx:2

    # The wait has the same limits. A running Job is not deleted.
    service earlier-job "${one[@]}" "$migrate" 'image: nginx:3' "$runs"
    first=$(job_of earlier-job)
    expect 1 optasvc apply -f earlier-job.yaml --timeout 2s
    service earlier-job "${one[@]}" "$migrate" 'image: nginx:4'
    expect 1 optasvc apply -f earlier-job.yaml --timeout 2s
    says err "job.batch/$first has not ended after "
    service earlier-job "${one[@]}" "$migrate" 'image: nginx:2'
    expect 0 optasvc diff -f earlier-job.yaml
    says err "job.batch/$first: would be retained while it is running"
    expect 0 optasvc apply -f earlier-job.yaml
    told <<<"job.batch/$first is no longer needed: retained because it is still running; the next apply deletes it"
    end_job earlier-job "$first"
    must kubectl wait --for=condition=Complete "job/$first" -n earlier-job --timeout 30s
    expect 0 optasvc apply -f earlier-job.yaml
    says out "job.batch/$first deleted"
}

# Concurrent applies share the Job of a release.
run_pre_deploy_concurrent() {
    local job other
    service both "${one[@]}" "$migrate"
    expect 0 optasvc apply -f both.yaml
    service both "${one[@]}" "$migrate" 'image: nginx:2' "$runs"
    job=$(job_of both)
    begin kubectl-optasvc apply -f both.yaml
    await_text err "web: pre_deploy: job.batch/$job is running"
    kubectl-optasvc apply -f both.yaml >out.second 2>err.second </dev/null &
    other=$!
    await_text err.second "web: pre_deploy: waiting for job.batch/$job, which is already running"
    end_job both "$job"
    ends 0
    wait "$other" || fail "the second apply failed: $(cat err.second)"
    deployed both nginx:2
    same "$job" "$(jobs_of both)" 'the Jobs'

    # Both replace the same failed Job: the second finds that it was replaced.
    service both "${one[@]}" "$migrate" 'image: nginx:3' "$runs"
    job=$(job_of both)
    begin kubectl-optasvc apply -f both.yaml
    end_job both "$job" fails
    ends 1
    wrapper slow-delete <<'TEXT'
[ "$1" != delete ] || { touch deleting; until [ -e replaced ]; do sleep 0.1; done; }
TEXT
    KUBECTL_PATH=./slow-delete kubectl-optasvc apply -f both.yaml >out.second 2>err.second </dev/null &
    other=$!
    for _ in {1..600}; do [ ! -e deleting ] || break; sleep 0.1; done
    begin kubectl-optasvc apply -f both.yaml
    await_text err "web: pre_deploy: job.batch/$job is running"
    touch replaced
    await_text err.second "web: pre_deploy: waiting for job.batch/$job, which is already running"
    end_job both "$job"
    ends 0
    wait "$other" || fail "the second apply failed: $(cat err.second)"
    deployed both nginx:3

    # Of two releases, the later one waits for the Job of the other, and supersedes it.
    service both "${one[@]}" "$migrate" 'image: nginx:4' "$runs"
    job=$(job_of both)
    cp both.yaml both-4.yaml
    kubectl-optasvc apply -f both-4.yaml >out.second 2>err.second </dev/null &
    other=$!
    await_text err.second "web: pre_deploy: job.batch/$job is running"
    service both "${one[@]}" "$migrate" 'image: nginx:5'
    begin kubectl-optasvc apply -f both.yaml
    await_text err "web: pre_deploy: waiting for job.batch/$job of an earlier release"
    end_job both "$job"
    ends 0
    wait "$other"
    deployed both nginx:5
}

# The next apply finishes what an interrupted one has begun, whenever that was: the first apply of kubectl
# sends what the Job requires, the second one the Job, the third one all else. The Job is created after the
# first query of Jobs.
run_pre_deploy_interrupted() {
    local at when number=1
    service broken-off "${one[@]}" "$migrate"
    expect 0 optasvc apply -f broken-off.yaml
    wrapper interrupting <<'TEXT'
case "$*" in
*--dry-run=server*) exec kubectl "$@" ;;
'get jobs.batch '*) key=jobs ;;
*) key=$1 ;;
esac
echo "$key" >>calls
[ "$key-$(grep -cx "$key" calls)" = "$AT" ] || exec kubectl "$@"
[ "$WHEN" = before ] || kubectl "$@"
touch interrupted
kill -INT $PPID
sleep 5
exit 1
TEXT
    for at in apply-1 jobs-1 apply-2 jobs-2 logs-1 apply-3 delete-1; do
        for when in before after; do
            number=$((number + 1))
            service broken-off "${one[@]}" "$migrate" "image: nginx:$number" "files: [{path: /number, content: \"$number\"}]"
            rm -f calls interrupted
            AT=$at WHEN=$when KUBECTL_PATH=./interrupting begin kubectl-optasvc apply -f broken-off.yaml
            ends 130
            [ -e interrupted ] || fail "not interrupted $when $at"
            expect 0 optasvc apply -f broken-off.yaml
            deployed broken-off "nginx:$number"
            same "$(job_of broken-off)" "$(jobs_of broken-off)" 'the Jobs'
            expect 0 optasvc diff -f broken-off.yaml
        done
    done
}

# A rollback does not run the Job.
run_pre_deploy_rollback() {
    local job
    service undo "${one[@]}" "$migrate"
    expect 0 optasvc apply -f undo.yaml
    service undo "${one[@]}" "$migrate" 'image: nginx:2' "$crash"
    job=$(job_of undo)
    expect 1 optasvc apply -f undo.yaml --rollback-on-failure
    says err "web: pre_deploy: job.batch/$job succeeded" 'web: rolled back'
    same "$job" "$(jobs_of undo)" 'the Jobs'
    same nginx:1 "$(value undo deployment/web '.spec.template.spec.containers[0].image')" 'the image'
    # The same release again does not run it again.
    value undo "job/$job" .metadata.uid >uid
    expect 1 optasvc apply -f undo.yaml --timeout 3s
    says_not out job.batch
    value undo "job/$job" .metadata.uid | diff uid - || fail 'another Job'
    # A fixed release does.
    service undo "${one[@]}" "$migrate" 'image: nginx:3'
    expect 0 optasvc apply -f undo.yaml
    says out "job.batch/$(job_of undo) created"
    deployed undo nginx:3

    # The command keeps the record, so that the release that was rolled back does not run it again.
    expect 0 optasvc rollback -f undo.yaml --to-revision 3
    says_not err job.batch
    same nginx:1 "$(value undo deployment/web '.spec.template.spec.containers[0].image')" 'the image'
    expect 0 optasvc apply -f undo.yaml
    says_not out job.batch
    deployed undo nginx:3

    # Another kind of workload has the same Job.
    service undo "${one[@]}" "$migrate" 'image: nginx:3' "$storage"
    must make_volumes 1
    expect 0 optasvc apply -f undo.yaml
    says_not out job.batch
    same "$(job_of undo)" "web-pre-deploy-$(value undo statefulset/web '.metadata.annotations["opta.dev/pre-deploy"]')" 'the recorded Job'
}

# No service of the files is changed before the Jobs of all of them have succeeded.
run_pre_deploy_services() {
    local job
    service many-jobs "${one[@]}" "$migrate"
    printf -- '- {name: worker, type: k8s-service, image: "nginx:1", port: none, max_containers: 0}\n' >>many-jobs.yaml
    recording
    expect 7 optasvc logs -f many-jobs.yaml --pre-deploy
    unset KUBECTL_PATH
    says calls '--selector=app.kubernetes.io/name=web-pre-deploy,'
    printf -- '- {name: api, type: k8s-service, image: "nginx:1", port: none, max_containers: 0, pre_deploy: {args: [a]}}\n' >>many-jobs.yaml
    expect 1 optasvc logs -f many-jobs.yaml --pre-deploy
    says err 'the files define several services with pre_deploy: web, api'
    expect 0 optasvc apply -f many-jobs.yaml
    released many-jobs >before
    service many-jobs "${one[@]}" "$migrate" 'image: nginx:2' "$runs"
    job=$(job_of many-jobs)
    printf -- '- {name: worker, type: k8s-service, image: "nginx:2", port: none, max_containers: 0}\n' >>many-jobs.yaml
    printf -- '- {name: api, type: k8s-service, image: "nginx:2", port: none, max_containers: 0, pre_deploy: {args: [a]}}\n' >>many-jobs.yaml
    begin kubectl-optasvc apply -f many-jobs.yaml
    await_text err 'api: pre_deploy: job.batch/api-pre-deploy-'
    end_job many-jobs "$job" fails
    ends 1
    says err "error: web: pre_deploy: job.batch/$job failed: "
    released many-jobs | diff before - || fail 'another service has changed'
    begin kubectl-optasvc apply -f many-jobs.yaml
    end_job many-jobs "$job"
    ends 0
    says out 'job.batch/api-pre-deploy-' 'unchanged' 'deployment.apps/worker changed'
}

# What docs/rbac.md lists for Jobs.
run_pre_deploy_rights() {
    must kubectl create namespace jobs-rights
    service jobs-rights 'max_containers: 0' "$migrate"
    allow jobs-rights migrator get,list,create,patch,delete serviceaccounts,services,deployments.apps,statefulsets.apps,horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy,ingresses.networking.k8s.io,cronjobs.batch
    allow jobs-rights migrator get,list secrets,pods,events
    allow jobs-rights migrator get pods/log
    expect 1 optasvc apply -f jobs-rights.yaml --as migrator
    says err 'jobs.batch' forbidden
    same '' "$(jobs_of jobs-rights)" 'the Jobs'
    allow jobs-rights migrator get,list,create,patch,delete jobs.batch
    expect 0 optasvc apply -f jobs-rights.yaml --as migrator
    expect 0 optasvc delete -f jobs-rights.yaml --as migrator --yes
    same '' "$(jobs_of jobs-rights)" 'the Jobs'
}
