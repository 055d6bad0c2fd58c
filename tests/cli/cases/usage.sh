# shellcheck shell=bash
# Help, usage errors, ways to write flags, and the commands that need no cluster.

# Help and version

try "$optasvc" help
expect "help" 0 out "Usage: kubectl optasvc COMMAND [flags]" out "  render " out "  validate "
cp "$out" "$scratch/help"
try "$optasvc" --help
expect "--help" 0
check "--help prints the same as help" cmp "$out" "$scratch/help"
try "$optasvc" -h
expect "-h" 0
for command in init push deploy apply diff delete status outputs logs shell render validate convert-ingress explain; do
    try "$optasvc" help $command
    expect "help $command" 0 out "Usage: kubectl optasvc $command" out "Common flags:" out "--help"
    cp "$out" "$scratch/help"
    try "$optasvc" $command --help
    expect "$command --help" 0
    check "$command --help prints the same as help $command" cmp "$out" "$scratch/help"
    try "$optasvc" $command -h
    expect "$command -h" 0
done
for command in set import list view delete edit; do
    try "$optasvc" help secret $command
    expect "help secret $command" 0 out "Usage: kubectl optasvc secret $command [-f FILE]" out "Common flags:"
    cp "$out" "$scratch/help"
    try "$optasvc" secret $command --help
    expect "secret $command --help" 0
    check "secret $command --help prints the same as help secret $command" cmp "$out" "$scratch/help"
done
try "$optasvc" help secret
expect "help secret" 0 out "  secret set " out "  secret edit " out "Use \"kubectl optasvc help secret COMMAND\" for more"
cp "$out" "$scratch/help"
check "help secret lists no other commands" has_no '^  render' "$out"
for flag in --help -h; do
    try "$optasvc" secret $flag
    expect "secret $flag" 0
    check "secret $flag prints the same as help secret" cmp "$out" "$scratch/help"
done
try "$optasvc" render -f missing.yaml --help
expect "help takes precedence over errors" 0 out "Usage:"
try "$optasvc" --version
expect "--version" 0 out "kubectl-optasvc " out "libfyaml" out "libyaml"
check "--version is one line" test "$(wc -l <"$out")" = 1
try "$postrender" --version
expect "helm-postrender --version" 0 out "helm-postrender "
try "$postrender" --help
expect "helm-postrender --help" 0 out "Usage: helm-postrender SERVICE-FILE [flags]"

for word in help version; do
    try "$postrender" $word
    expect "helm-postrender $word" 2 err "file not found: $word" err "did you mean \"--$word\"?"
done

# Usage errors

try "$optasvc"
expect "no arguments" 0 out "Usage: kubectl optasvc COMMAND" out "  apply "
try "$optasvc" rendr -f ok.yaml
expect "misspelt command" 2 err 'unknown command "rendr"' err 'did you mean "render"?'
try "$optasvc" somethingelse
expect "unknown command" 2 err 'unknown command "somethingelse"'
check "nothing is suggested for it" has_no 'did you mean' "$err"
try "$optasvc" help rendr
expect "help of a misspelt command" 2 err 'did you mean "render"?'
try "$optasvc" ""
expect "empty command" 2 err 'unknown command ""'
for words in "" "-f ok.yaml" "--filename=ok.yaml"; do
    # shellcheck disable=SC2086
    try "$optasvc" secret $words
    expect "secret $words" 2 err "missing command; available: secret set, secret import" err "--help"
done
try "$optasvc" secret st A -f ok.yaml
expect "misspelt secret command" 2 err 'unknown command "secret st"' err 'did you mean "secret set"?'
try "$optasvc" secret frobnicate
expect "unknown secret command" 2 err 'unknown command "secret frobnicate"'
try "$optasvc" help secret frobnicate
expect "help of an unknown secret command" 2 err 'unknown command "secret frobnicate"'
try "$optasvc" secretset A -f ok.yaml
expect "secretset" 2 err 'unknown command "secretset"' err 'did you mean "secret set"?'
try "$optasvc" -f ok.yaml render
expect "a flag before the command" 0 out "kind: Deployment"
try "$optasvc" render
expect "render without -f" 2 err "missing required flag: -f FILE" err "help render"
try "$optasvc" validate
expect "validate without -f" 2 err "missing required flag: -f FILE"
try "$optasvc" render --filname ok.yaml
expect "misspelt flag" 2 err "unknown flag: --filname" err 'did you mean "--filename"?'
try "$optasvc" render --frobnicate
expect "unknown flag" 2 err "unknown flag: --frobnicate"
try "$optasvc" render -z
expect "unknown letter" 2 err "unknown shorthand flag: -z"
try "$postrender" -f ok.yaml
expect "helm-postrender with -f" 2 err "unknown flag: -f" err "pass the service file as an argument: helm-postrender ok.yaml"
try "$postrender" --filename=ok.yaml
expect "helm-postrender with --filename" 2 err "unknown flag: --filename" err "pass the service file as an argument: helm-postrender ok.yaml"
try "$postrender" -f
expect "helm-postrender with -f alone" 2 err "pass the service file as an argument: helm-postrender FILE"
try "$optasvc" render -f
expect "-f without value" 2 err "-f requires a value: -f FILE"
try "$optasvc" render --filename
expect "--filename without value" 2 err "--filename requires a value"
try "$optasvc" render --filename=
expect "--filename with an empty value" 2 err "must not be empty"
try "$optasvc" render -f ok.yaml --env a --env b
expect "flag twice" 2 err "duplicate flag --env"
try "$optasvc" render -f ok.yaml --recursive=yes
expect "boolean flag with a value" 2 err "--recursive takes no value"
try "$optasvc" render -f ok.yaml extra
expect "unexpected argument" 2 err 'unexpected argument "extra"'
try "$optasvc" render -f ok.yaml -- -x
expect "-- ends the flags" 2 err 'unexpected argument "-x"'
try "$optasvc" render -f ok.yaml -o toml
expect "unknown format" 2 err "--output must be yaml or json"
try "$optasvc" validate -f ok.yaml -o yaml
expect "a format of manifests for errors and warnings" 2 err "--output must be json, sarif or github, not \"yaml\""
try "$optasvc" diff -f ok.yaml -o json
expect "flag of another command" 2 err "unknown shorthand flag: -o"
try "$optasvc" render -f ok.yaml --var x
expect "--var without =" 2 err "--var must be NAME=VALUE"
try "$optasvc" render -f ok.yaml --image-tag a/b
expect "invalid --image-tag" 2 err "--image-tag must be"
try "$optasvc" render -f ok.yaml -n Wrong_Name
expect "invalid -n" 2 err "--namespace must consist"
try "$optasvc" render -f ok.yaml --env a
expect "unknown --env" 1 err 'environment "a" not found in the file'

# Secrets: errors before any cluster access

printf '#!/bin/sh\ntouch %s\nexit 1\n' "$scratch/asked" >kubectl.sh
chmod +x kubectl.sh
export KUBECTL_PATH=$PWD/kubectl.sh
printf 'A=1\n' >a.env
# WORDS|MESSAGE: arguments of `secret`, with a valid service file.
while IFS='|' read -r words message; do
    # shellcheck disable=SC2086
    try "$optasvc" secret $words -f ok.yaml
    expect "secret $words" 2 err "$message" err "help secret ${words%% *}"
done <<'ROWS'
set|missing required argument: NAME
view|missing required argument: NAME
delete|missing required argument: NAME
import|missing required argument: FILE.env
set A VALUE|the value of a secret cannot be an argument
set A=VALUE|the value of a secret cannot be an argument
view A B|unexpected argument "B"
list A|unexpected argument "A"
edit A|unexpected argument "A"
set A --value x|unknown flag: --value
set A --show-values|unknown flag: --show-values
view A --no-restart|unknown flag: --no-restart
set A --from-file=|--from-file must not be empty
set A --from-file a --from-file b|--from-file
set A -v 10|must be an integer from 0 to 9, not "10"
set A -v +9|must be an integer from 0 to 9, not "+9"
ROWS
for words in "set A" "import a.env" "view A" "delete A" list edit; do
    # shellcheck disable=SC2086
    try "$optasvc" secret $words
    expect "secret $words without -f" 2 err "missing required flag: -f FILE"
done
# WORDS: both files are standard input.
for words in "set A -f -" "set A --from-file - -f -" "import - -f -" "edit -f -" "set A -f ok.yaml -f -"; do
    # shellcheck disable=SC2086
    try "$optasvc" secret $words
    expect "secret $words" 2 err "standard input cannot be both the service file and the value"
done
for name in 1A 'A B' .. ''; do
    try "$optasvc" secret set -f ok.yaml -- "$name"
    expect "secret set \"$name\"" 1 err "secret name \"$name\" must"
done
try "$optasvc" secret set A -f bad.yaml
expect "a secret of an invalid service file" 1 err "bad.yaml"
check "kubectl was not run" test ! -e "$scratch/asked"
# The other way around is valid.
try_in() { "$@" >"$out" 2>"$err" <ok.yaml; status=$?; }
try_in "$optasvc" secret set A --from-file a.env -f -
expect "secret set --from-file with -f -" 1 err "failed with exit status 1"
check "kubectl was run" test -e "$scratch/asked"
unset KUBECTL_PATH

# Ways to write -f

for words in "-f ok.yaml" "-fok.yaml" "-f=ok.yaml" "--filename ok.yaml" "--filename=ok.yaml" \
    "-f ./ok.yaml" "-f ok.yaml --" "-R -f ok.yaml" "-Rf ok.yaml" "-f $PWD/ok.yaml" \
    "-f ok.yaml --color always" "-f ok.yaml -o yaml"; do
    # shellcheck disable=SC2086
    try "$optasvc" render $words
    expect "render $words" 0
    check "render $words gives the same bytes" cmp "$out" ok.expected
done
"$optasvc" render -f - <ok.yaml >"$out" 2>"$err"
status=$?
expect "-f -" 0
check "-f - gives the same bytes" cmp "$out" ok.expected
"$optasvc" validate -f - <bad.yaml >"$out" 2>"$err"
status=$?
expect "-f - reports the location" 1 err '<stdin>:7:5: error: unknown field "nmae"' err '"name"?'
mkfifo fifo
cat ok.yaml >fifo &
try "$optasvc" render -f fifo
expect "a named pipe" 0
check "a named pipe gives the same bytes" cmp "$out" ok.expected
try "$optasvc" render -f -- -f ok.yaml
expect "a file named --" 1 err "cannot read --"
cp ok.yaml ./-x.yaml
try "$optasvc" render -f -x.yaml
expect "a file whose name begins with a dash" 0

# Validate

try "$optasvc" validate -f ok.yaml
expect "validate a valid file" 0 only "ok.yaml: valid: 1 service"
try "$optasvc" validate -f bad.yaml
expect "validate an invalid file" 1 err 'bad.yaml:7:5: error: unknown field "nmae" in a k8s-service'
try "$optasvc" validate -f warned.yaml
expect "validate with a warning" 0 out "warned.yaml: valid: 1 service, 1 other module" err "warning: no cloud permission"
try "$optasvc" render -f warned.yaml
expect "render with a warning" 0 out "kind: Ingress" err "warning: no cloud permission"
try "$optasvc" render -f ok.yaml -f bad.yaml
expect "one invalid file of two" 1 err "bad.yaml:7:5"

# Explain

try "$optasvc" explain
expect "explain" 0 out "A \`k8s-service\` module:" out "  image " out "  port.http"
try "$optasvc" explain image
expect "explain a field" 0 out "image: a string" out "Default:   none (required)" \
    out "Generates: container"
try "$optasvc" explain liveness
expect "explain a field whose only value is none" 0 out "liveness: none" out "Default:   not set"
try "$optasvc" explain port.http
expect "explain a nested field" 0 out "port.http: an integer from 1 to 65535"
try "$optasvc" explain resource_request.cpu
expect "explain a number with a unit" 0 out "Unit:      millicores" out "Default:   100"
try "$optasvc" explain file.registry
expect "explain a field that Opta does not have" 0 out "Since:     0.1"
try "$optasvc" explain imgae
expect "explain a misspelt field" 1 err 'unknown field "imgae"' err 'did you mean "image"?'
try "$optasvc" explain image port
expect "explain two fields" 2 err 'unexpected argument "port"'
try "$optasvc" explain -o markdown
expect "explain -o markdown" 0 out '## Public address' \
    out "<details><summary><code>image</code>, required: Container image.</summary>" \
    out "Value: [a map, or none](#port)." \
    out "Example: \`image: nginx:1.29\`."
check "no section occurs twice" test -z "$(grep '^## ' "$out" | sort | uniq -d)"
check "the short list comes first" test "$(sed -n '1p; 5p' "$out")" = "## The most used fields
| \`name: app\` | Name of the service and of its objects | the type without dashes |"

# Color

try "$optasvc" validate -f bad.yaml
check "no color in a file" has_no $'\033' "$err"
try "$optasvc" validate -f bad.yaml --color always
check "--color always" has $'\033' "$err"
NO_COLOR=1 TERM=dumb try "$optasvc" validate -f bad.yaml --color=always
check "--color always overrides NO_COLOR" has $'\033' "$err"
try "$optasvc" render -f warned.yaml --color always
check "never color on stdout" has_no $'\033' "$out"

# terminal [NAME=VALUE]... WORDS: runs the program with all its ends on a terminal.
terminal() {
    local settings=()
    while [[ $1 == *=* ]]; do
        settings+=("$1")
        shift
    done
    env "${settings[@]}" script -qec "'$optasvc' $*" /dev/null >"$out" 2>"$err" </dev/null
    status=$?
}
if command -v script >"$scratch/which"; then
    terminal validate -f bad.yaml
    check "color on a terminal" has $'\033' "$out"
    check "the exit status on a terminal" test $status = 1
    terminal NO_COLOR=1 validate -f bad.yaml
    check "NO_COLOR" has_no $'\033' "$out"
    terminal NO_COLOR= validate -f bad.yaml
    check "an empty NO_COLOR is ignored" has $'\033' "$out"
    terminal TERM=dumb validate -f bad.yaml
    check "TERM=dumb" has_no $'\033' "$out"
    terminal validate -f bad.yaml --color never
    check "--color never" has_no $'\033' "$out"
    terminal validate -f bad.yaml 2\>messages
    check "stderr in a file, stdout a terminal: no color" has_no $'\033' messages
    terminal render -f warned.yaml \>rendered
    check "stderr a terminal, stdout in a file: color" has $'\033' "$out"
    check "stdout in a file has no color" has_no $'\033' rendered
else
    echo "cli: no script(1): colors on a terminal were not tested"
fi
