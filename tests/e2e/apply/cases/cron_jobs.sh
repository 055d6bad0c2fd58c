# shellcheck shell=bash
# CronJobs that are no longer rendered while their Jobs run.

# NAMESPACE JQ: waits until the expression is true for its CronJobs.
await_cron_jobs() {
    for _ in {1..300}; do
        [ "$(value "$1" cronjobs "$2")" != true ] || return 0
        sleep 0.1
    done
    fail "timeout: the CronJobs of $1 do not match $2"
}

# A CronJob with a running Job is suspended but not deleted, so that the Job can complete. Here no node has
# room for the Jobs, so they run until they are deleted.
run_cron_jobs() {
    local large=('max_containers: 0' 'resource_request: {cpu: 64000, memory: 128}')
    local old job
    service cron "${large[@]}" 'cron_jobs: [{schedule: "@every 2s", commands: [a]}]'
    expect 0 optasvc apply -f cron.yaml
    old=$(value cron cronjobs '.items[0].metadata.name')
    await_cron_jobs cron '.items[0].status.active | length == 1'
    job=$(value cron cronjobs '.items[0].status.active[0].name')

    # Another schedule updates the same CronJob.
    value cron "cronjob/$old" .metadata.uid >uid
    service cron "${large[@]}" 'cron_jobs: [{schedule: "@every 3s", commands: [a]}]'
    expect 0 optasvc apply -f cron.yaml
    says out "cronjob.batch/$old changed"
    says_not out deleted suspended
    value cron "cronjob/$old" .metadata.uid | diff uid - || fail "another CronJob"
    same '@every 3s' "$(value cron "cronjob/$old" .spec.schedule)" 'the schedule'

    # Another name is another CronJob.
    service cron "${large[@]}" 'cron_jobs: [{name: clean, schedule: "0 3 * * *", commands: [a]}]'
    expect 1 optasvc diff -f cron.yaml
    says err "cronjob.batch/$old: would be suspended, because one of its Jobs is running"
    expect 0 optasvc apply -f cron.yaml --dry-run=server
    says out "cronjob.batch/$old suspended (server dry run)"
    expect 0 optasvc apply -f cron.yaml
    says out 'cronjob.batch/web-clean created' "cronjob.batch/$old suspended"
    told <<<"cronjob.batch/$old is no longer needed: suspended because its Job $job is still running; the next apply deletes it"
    same true "$(value cron "cronjob/$old" .spec.suspend)" 'suspend'
    must kubectl get job "$job" -n cron
    same null "$(value cron "job/$job" .metadata.deletionTimestamp)" 'the deletion of the Job'
    expect 0 optasvc apply -f cron.yaml
    says_not out "$old"
    told <<<"cronjob.batch/$old is no longer needed: suspended because its Job $job is still running; the next apply deletes it"

    # Rendered again, it resumes; the other one has no running Job and is deleted at once.
    service cron "${large[@]}" 'cron_jobs: [{schedule: "@every 3s", commands: [a]}]'
    expect 0 optasvc apply -f cron.yaml
    says out 'cronjob.batch/web-clean deleted' "cronjob.batch/$old changed"
    quiet
    same false "$(value cron "cronjob/$old" '.spec.suspend // false')" 'suspend'

    # When the Job has ended, the next apply deletes the CronJob.
    service cron "${large[@]}" 'cron_jobs: [{name: clean, schedule: "0 3 * * *", commands: [a]}]'
    expect 0 optasvc apply -f cron.yaml
    says out "cronjob.batch/$old suspended"
    must kubectl delete job "$job" -n cron
    await_cron_jobs cron 'all(.items[]; .status.active == null)'
    expect 0 optasvc apply -f cron.yaml
    says out "cronjob.batch/$old deleted"
    quiet
    same web-clean "$(value cron cronjobs '[.items[].metadata.name] | join(" ")')" 'the CronJobs'
}

# The same for a CronJob named by an earlier version, whose hash included the schedule. One that a user has
# changed is suspended too.
run_cron_jobs_of_before() {
    local large=('max_containers: 0' 'resource_request: {cpu: 64000, memory: 128}')
    local jobs='cron_jobs: [{schedule: "0 3 * * *", commands: [a]}]'
    service cron-before "${large[@]}" "$jobs"
    expect 0 optasvc render -f cron-before.yaml
    sed -n '/^kind: CronJob/,$p' out | sed '1i apiVersion: batch/v1' | sed 's/web-[0-9a-f]*/web-0123abcd/' >before.yaml
    must kubectl create namespace cron-before
    must kubectl apply --server-side --field-manager=optasvc -f before.yaml
    must kubectl create job running --from=cronjob/web-0123abcd -n cron-before
    must kubectl patch cronjob web-0123abcd -n cron-before --type merge -p '{"spec": {"suspend": false, "schedule": "0 4 * * *"}}'
    expect 0 optasvc apply -f cron-before.yaml
    says out 'cronjob.batch/web-0123abcd suspended'
    says err 'suspended because its Job running is still running; the next apply deletes it'
    same true "$(value cron-before cronjob/web-0123abcd .spec.suspend)" 'suspend'
    must kubectl delete job running -n cron-before
    expect 0 optasvc apply -f cron-before.yaml
    says out 'cronjob.batch/web-0123abcd deleted'
    same 1 "$(kubectl get cronjobs -n cron-before -o name | wc -l)" 'CronJobs'
}
