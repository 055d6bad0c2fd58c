# shellcheck shell=bash
# The default service file, and names of services as arguments.

file_commands="render validate apply deploy diff status outputs logs shell restart history rollback"
mkdir defaults
cd defaults || exit 1
export KUBECTL_PATH=$scratch/nowhere/kubectl
absent="cannot run $KUBECTL_PATH: No such file or directory"
none="missing required flag: -f FILE; the working directory has no optasvc.yaml, optasvc.yml, opta.yaml or opta.yml"

for command in $file_commands "push app" "secret list" "secret view A" "secret set A"; do
    # shellcheck disable=SC2086
    try "$optasvc" $command
    expect "$command without a default file" 2 err "$none"
    command=${command% [aA]*}
    # shellcheck disable=SC2086
    try "$optasvc" help $command
    expect "the usage of $command" 0 out "Usage: kubectl optasvc $command [-f FILE]" out "(default: optasvc.yaml)"
done
try "$optasvc" status
expect "status without a default file" 2 err "$none; -A or -l SELECTOR finds services without files"
try "$optasvc" diff
check "other commands require a file" has_no 'SELECTOR' "$err"
mkdir opta.yaml
mkfifo optasvc.yml
try "$optasvc" render
expect "a directory and a pipe are no default files" 2 err "$none"
rm -r opta.yaml optasvc.yml
for name in optasvc.yaml optasvc.yml opta.yaml opta.yml; do
    cp ../ok.yaml $name
    try "$optasvc" render
    expect "render uses $name" 0 err "using $name"
    check "$name: stdout has only the manifests" cmp "$out" ../ok.expected
    check "$name: stderr has only its name" test "$(cat "$err")" = "using $name"
    rm $name
done
cp ../ok.yaml opta.yaml
for command in $file_commands "secret list" "secret view A"; do
    # shellcheck disable=SC2086
    try "$optasvc" $command
    case $command in
    render) expect "$command without -f" 0 err "using opta.yaml" ;;
    validate) expect "$command without -f" 0 out "opta.yaml: valid: 1 service" err "using opta.yaml" ;;
    diff) expect "$command without -f" 2 err "using opta.yaml" err "$absent" ;;
    *) expect "$command without -f" 1 err "using opta.yaml" err "$absent" ;;
    esac
done
try "$optasvc" push app
expect "push without -f" 1 err "using opta.yaml" err "no service has image: AUTO"
try "$optasvc" apply --dry-run=client
expect "apply --dry-run=client without -f" 0 err "using opta.yaml"
check "stdout has only the manifests" cmp "$out" ../ok.expected
try "$optasvc" render -f ../ok.yaml
expect "-f overrides the default file" 0
try "$optasvc" render --help
expect "help does not use the default file" 0 out "Usage:"
try "$optasvc" render opta.yaml
expect "a file as argument" 2 err 'unexpected argument "opta.yaml"; use -f opta.yaml'
check "the default file was not used" has_no "using" "$err"
try "$optasvc" validate --env a
expect "an error in the default file" 1 err "using opta.yaml" err 'environment "a" not found'

# Never a default file for what deletes.
for words in "delete" "delete --yes"; do
    # shellcheck disable=SC2086
    try "$optasvc" $words
    expect "$words without -f" 2 \
        err "missing required flag: -f FILE; delete has no default, because it deletes what the file selects"
done
try "$optasvc" help delete
expect "the usage of delete" 0 out "Usage: kubectl optasvc delete -f FILE [flags]"
for command in apply deploy; do
    try "$optasvc" $command --prune=layer --yes
    expect "$command --prune=layer without -f" 2 err "missing required flag: -f FILE; --prune=layer has no default"
    try "$optasvc" $command --prune
    expect "$command --prune without -f" 1 err "using opta.yaml" err "$absent"
done
try "$optasvc" inject
expect "inject has no default file" 2 err "missing service file; pass -f FILE or set OPTASVC_FILE"
try "$postrender"
expect "helm-postrender has no default file" 2 err "missing service file"

cp ../ok.yaml optasvc.yaml
try "$optasvc" render
expect "two default files" 2 err "several service files in the working directory: optasvc.yaml, opta.yaml; select one with -f"
try "$optasvc" __complete render --module ""
expect "no completion from two default files" 0 only ":4"
rm opta.yaml optasvc.yaml
ln -s nowhere optasvc.yaml
try "$optasvc" render
expect "a default file that is a broken link" 1 err "using optasvc.yaml" err "cannot read optasvc.yaml: No such file"
echo 'token: a: b' >"$scratch/elsewhere"
ln -sf "$scratch/elsewhere" optasvc.yaml
try "$optasvc" render
expect "a default file that is a link to a file elsewhere" 1 err "optasvc.yaml:1"
check "its lines are not shown" has_no "token" "$err"
rm optasvc.yaml

# Names of services as arguments

{ service web && service api | sed '1,2d'; } >opta.yml
for command in status outputs diff logs shell restart history rollback; do
    failure=1
    [ $command = diff ] && failure=2
    try "$optasvc" $command wbe
    expect "$command of a misspelt service" $failure err 'k8s-service "wbe" not found' err 'did you mean "web"?'
    try "$optasvc" $command frontend
    expect "$command of an unknown service" $failure err 'k8s-service "frontend" not found' err "services: web, api"
    try "$optasvc" $command ../ok.yaml
    expect "$command of a file" 2 err 'unexpected argument "../ok.yaml"; use -f ../ok.yaml'
    try "$optasvc" __complete $command ""
    expect "completion of $command" 0 out "web	service" out "api	service"
done
try "$optasvc" __complete logs web ""
expect "logs completes one service" 0 only ":4"
try "$optasvc" __complete status web a
expect "status completes several services" 0 out "api	service"
{ service web && echo '    sidecars: [{name: proxy, image: "envoy:1"}]'; } >sidecar.yaml
for command in logs shell; do
    try "$optasvc" __complete $command web -f sidecar.yaml -c ""
    expect "$command completes containers" 0 only "web	container
proxy	container
:4"
done
# WORDS|FIRST LINE: completion after flags before the command; the last word is empty after a space.
while IFS='|' read -r words line; do
    read -ra list <<<"$words"
    [[ $words != *" " ]] || list+=("")
    try "$optasvc" __complete "${list[@]}"
    check "completion of $words" test "$(head -n 1 "$out" | cut -f 1)" = "$line"
done <<'ROWS'
-f sidecar.yaml st|status
-fsidecar.yaml -R st|status
-f sidecar.yaml |apply
-f sidecar.yaml status |web
-f sidecar.yaml secret v|view
-n shop secret -f sidecar.yaml l|list
-f sidecar.yaml help st|status
-f |:0
secret -f |:0
ROWS
try "$optasvc" __complete delete --module ""
expect "delete completes nothing from a default file" 0 only ":4"
try "$optasvc" rollback web 3
expect "a revision as an argument" 1 err 'k8s-service "3" not found' err "to select a revision, use --to-revision NUMBER"
mkdir frontend
try "$optasvc" status frontend
expect "an unknown service that is a directory" 1 err "services: web, api" err "to read the file of this name, pass it with -f"
try "$optasvc" logs web --module api
expect "an argument and --module select both" 1 err "the files define several services: web, api"
try "$optasvc" shell ls
expect "a command without --" 1 err "services: web, api" err "to run a command, write it after --: kubectl optasvc shell -- COMMAND"
try "$optasvc" render web
expect "render of a service" 2 err 'unexpected argument "web"; use --module web, or -f for a file'
try "$optasvc" render frontend
expect "render of a directory" 2 err 'unexpected argument "frontend"; use -f frontend'
try "$optasvc" status ""
expect "an empty name" 2 err "--module must not be empty"

cat >kubectl.sh <<'SCRIPT'
#!/bin/sh
echo "$*" >>kubectl.log
case "$*" in
*get*) echo '{"kind": "List", "items": []}' ;;
esac
SCRIPT
chmod +x kubectl.sh
export KUBECTL_PATH=$PWD/kubectl.sh
try "$optasvc" status
expect "status of all services" 0 err "using opta.yml" out " web " out " api "
for words in "web" "--module web" "web web" "web --module web" "-- web"; do
    # shellcheck disable=SC2086
    try "$optasvc" status $words
    expect "status $words" 0 err "using opta.yml" out " web "
    check "status $words shows no other service" has_no " api " "$out"
done
try "$optasvc" status web api
expect "status of two services" 0 err "using opta.yml" out " web " out " api "
for words in "web" "--module web"; do
    rm kubectl.log
    # shellcheck disable=SC2086
    try "$optasvc" logs $words
    check "logs $words" has "logs .*module-name=web" kubectl.log
done
unset KUBECTL_PATH
cd .. || exit 1
