# shellcheck shell=bash
# Words that users of other tools try: each error names what does the work.

# Every synonym: it is not a command, and what it names exists.
sed -n 's/^    {"\([^"]*\)", *"\([^"]*\)".*/\1|\2/p' "$root/kubectl-optasvc/synonyms.c" >synonyms
check "there are synonyms" test "$(wc -l <synonyms)" -gt 80
while IFS='|' read -r words command; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words" 2 err "unknown command \"$words\"" err "use kubectl optasvc $command" \
        err "see kubectl optasvc help ${command%% -*}"
    # shellcheck disable=SC2086
    try "$optasvc" help ${command%% -*}
    expect "the command for $words" 0 out "Usage: kubectl optasvc ${command%% -*} "
    # shellcheck disable=SC2086
    try "$optasvc" help $words
    expect "help $words" 2 err "use kubectl optasvc $command"
done <synonyms
check "no word is listed twice" test -z "$(sed 's/|.*//' synonyms | sort | uniq -d)"

# WORDS|MESSAGE
while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words" 2 err "$message"
done <<'ROWS'
get|use kubectl optasvc status
events|run kubectl events -n NAMESPACE
set image web=nginx:2|change image in the service file and run kubectl optasvc apply
use-context staging|--context selects the cluster
describe web|use kubectl optasvc status
list|use kubectl optasvc status
create|use kubectl optasvc apply
new|use kubectl optasvc init
up|use kubectl optasvc apply
lint|use kubectl optasvc validate
check|use kubectl optasvc validate
plan|use kubectl optasvc diff
template|use kubectl optasvc render
generate|use kubectl optasvc render
exec web -- sh|use kubectl optasvc shell: the command follows --
ssh|use kubectl optasvc shell
destroy|use kubectl optasvc delete: it lists the objects and asks for confirmation
rm|use kubectl optasvc delete
uninstall|use kubectl optasvc delete
env|use kubectl optasvc shell -- env
config|env_vars in the service file
rollout|use kubectl optasvc restart, history or rollback
rollout undo|use kubectl optasvc rollback
rollout restart web|use kubectl optasvc restart
rollout history|use kubectl optasvc history
rollout status|use kubectl optasvc status --watch
import a.env|use kubectl optasvc secret import for secrets, or init with --from-compose or --from-manifests
expose web|use kubectl optasvc apply: set public_uri in the service file first
svc|use kubectl optasvc status
stop|use kubectl optasvc apply: set max_containers: 0 in the service file first
build|push it with kubectl optasvc push or deploy
port-forward|kubectl port-forward service/NAME
secrets|use kubectl optasvc secret list
secrets list|use kubectl optasvc secret list
secrets set A|use kubectl optasvc secret set
secrets get A|use kubectl optasvc secret view
secrets lst|did you mean "secret list"?
secrets frobnicate|available: secret set, secret import
secert list|did you mean "secret list"?
get pods|unknown command "get"
get secrets|use kubectl optasvc secret list
create secret A|use kubectl optasvc secret set
-n shop get secrets|use kubectl optasvc secret list
--context a plan -f ok.yaml|use kubectl optasvc diff
ROWS

# A command that deletes is never suggested for a misspelling.
for words in delet dlete deletee deleet "secret delet" "secret dlete A" "secert delete" "secrets delet"; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words" 2 err "unknown command"
    check "nothing that deletes is suggested for $words" has_no 'use \|did you mean' "$err"
done

# Flags. COMMAND LINE|MESSAGE
while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words" 2 err "$message"
done <<'ROWS'
apply --file ok.yaml|did you mean "--filename"?
apply --file=ok.yaml|unknown flag: --file
apply -k .|kubectl apply -k applies them
apply --kustomize .|kubectl apply -k applies them
version --client|omit it: version never accesses a cluster
render -A|the service files determine the namespaces
render -l app=web|select services with -f FILE and --module NAME
render --environment a|did you mean "--env"?
diff -f ok.yaml -o json|unknown shorthand flag: -o
validate --timeout 5m|unknown flag: --timeout
render --context a|render does not access a cluster
diff --prune|--prune is a flag of apply, deploy
apply --install|apply creates objects that do not exist
apply --atomic|did you mean "--rollback-on-failure"?
history web --revision 3|history lists all revisions, with -o json in more detail
rollback --revision 3|did you mean "--to-revision"?
apply --image a|--image is a flag of deploy
delete --dry-run|delete lists the objects and asks for confirmation
shell -it -- sh|shell always connects stdin
logs -f ok.yaml -F|did you mean "--follow"?
logs -f web|-f requires a service file, not "web"
logs -f web|to stream new log lines, use --follow
logs web -f|to stream new log lines, use --follow
logs web -f --tail 5|-f requires a service file, not "--tail"
logs web -f ok.yaml -f|-f requires a value: -f FILE
logs web --all-containers|select one container with --container
apply -f ok.yaml --token x|set it in the kubeconfig; --context, --cluster and --user select its entries
apply -f ok.yaml -s localhost|set it in the kubeconfig
apply -f ok.yaml --request-timeout abc|--request-timeout must be a duration, for example 90s, 5m or 1h30m, not "abc"
logs -f ok.yaml --since .s|--since must be a duration
logs -f ok.yaml --since 1d|--since must be a duration, for example 90s, 5m or 1h30m, not "1d"
render -f ok.yaml -o name|name is a format of apply, deploy
status -f ok.yaml -o wide|the table has all columns
-z render|unknown shorthand flag: -z
--frobnicate render|unknown flag: --frobnicate
-f ok.yaml|missing command
-v 5|missing command
render -f ok.yaml -- render|unexpected argument "render"
ROWS

# Values are not printed.
for words in "secret set A hunter2" "secret set A=hunter2" "secret set hunter2 A" "secret set A --value hunter2" \
    "secret set A --value=hunter2" "secret set A --from-literal=A=hunter2" "secret set -xhunter2"; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words" 2 err "see kubectl optasvc help secret set"
    check "$words does not print the value" has_no hunter2 "$err"
done
try "$optasvc" secret set API_TOKEN hunter2 -f ok.yaml
# shellcheck disable=SC2016
expect "a value as an argument" 2 err "other users can see the arguments of a process" \
    err "kubectl optasvc secret set API_TOKEN -f FILE" err 'printf %s "$VALUE" | kubectl optasvc secret set API_TOKEN'

# The version, and flags before the command

for flag in -v -V; do
    try "$optasvc" $flag
    expect "$flag alone" 0 out "kubectl-optasvc "
    try "$postrender" $flag
    expect "helm-postrender $flag" 0 out "helm-postrender "
done
try "$optasvc" version -o yaml
expect "version -o yaml" 0 out "version: "
for words in "-f ok.yaml render" "-fok.yaml render" "--filename=ok.yaml render" "-R --filename ok.yaml render" \
    "-Rf ok.yaml render" "-n hello -f ok.yaml -o yaml render" "--color never render -f ok.yaml" "-f render -f ok.yaml render"; do
    cp ok.yaml render
    # shellcheck disable=SC2086
    try "$optasvc" $words
    case $words in
    *"-f render"*) expect "$words" 1 err "duplicate service" ;;
    *) expect "$words" 0 out "kind: Deployment" ;;
    esac
done
rm render
try "$optasvc" -f ok.yaml secret -n x set
expect "flags between the words of a command" 2 err "missing required argument: NAME" err "help secret set"
for words in "-h apply" "-n x --help apply" "apply -h -n x"; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words" 0 out "Usage: kubectl optasvc apply"
done
try "$optasvc" -n x -h
expect "-n x -h" 0 out "Usage: kubectl optasvc COMMAND"
