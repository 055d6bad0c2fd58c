# shellcheck shell=bash
# init: its flags, files and questions. tests/golden/init has what it writes.

terminal=$root/tests/e2e/secret/terminal
mkdir -p init/sub
cat >init/compose.yaml <<'YAML'
name: shop
services:
  web:
    image: nginx:1.29
    mem_limit: 256m
    read_only: true
YAML

# Flags

try "$optasvc" init
expect "init without anything" 2 err "missing: NAME, --image IMAGE, --port [TYPE:]NUMBER"
try "$optasvc" init shop --image nginx:1.29
expect "init without a port" 2 err "missing: --port [TYPE:]NUMBER"
try "$optasvc" init Shop --image nginx:1.29 --port 80
expect "init with an invalid name" 2 err "NAME must consist of lowercase letters"
try "$optasvc" init shop other
expect "init with two names" 2 err "other"
for port in 0 65536 http http: ftp:21 80,90 http:http:80; do
    try "$optasvc" init shop --image nginx:1.29 --port "$port"
    expect "init --port $port" 2 err "--port must be a number from 1 to 65535"
done
try "$optasvc" init shop --image Nginx --port 80
expect "init with an invalid image" 2 err "--image must be lowercase before the tag"
try "$optasvc" init shop --image nginx:1.29 --port 80 --healthcheck-path healthz
expect "init with an invalid path" 2 err "--healthcheck-path must start with /"
try "$optasvc" init shop --image nginx:1.29 --port 80 --env-var NAME
expect "init with an invalid variable" 2 err "--env-var must be NAME=VALUE"
try "$optasvc" init shop --image nginx:1.29 --port 80 --host "a b"
expect "init with an invalid host" 1 err 'error: domain "a b" of public_uri must be a domain name'
try "$optasvc" init shop --image nginx:1.29 --port none --healthcheck-path /healthz
expect "init of a worker with a path" 1 err "healthcheck_path"
try "$optasvc" init shop --image nginx:1.29 --port 80 --registry registry.example.com
expect "init with a registry that is not used" 2 err "--registry requires --image AUTO"
try "$optasvc" init shop --image nginx:1.29 --port 80 --force
expect "init with --force alone" 2 err "--force requires --output-file"
for flag in --image=nginx:1.29 --port=80 --host=a.example.com --healthcheck-path=/ --env-var=A=b; do
    try "$optasvc" init --from-compose init/compose.yaml "$flag"
    expect "init --from-compose with $flag" 2 err "mutually exclusive"
done
for flag in --image=nginx:1.29 --port=80 --host=a.example.com --healthcheck-path=/ --env-var=A=b \
    --registry=registry.example.com --from-compose=init/compose.yaml; do
    try "$optasvc" init shop --from-manifests init/objects.yaml "$flag"
    expect "init --from-manifests with $flag" 2 err "mutually exclusive"
done

# Files

try "$optasvc" init --from-compose init/missing.yaml
expect "init of a missing file" 1 err "cannot read init/missing.yaml: No such file or directory"
head -c 1100000 /dev/zero | tr '\0' '#' >init/large.yaml
try "$optasvc" init --from-compose init/large.yaml
expect "init of a large file" 1 err "init/large.yaml exceeds 1048576 bytes"
try "$optasvc" init --from-compose init/compose.yaml
expect "init of a Compose file" 0 out "read_only_root: true" err "note: web: port 80 is added"
cp "$out" init/printed.yaml
try "$optasvc" init --from-compose init/compose.yaml --output-file init/shop.yaml
check "init --output-file" test "$status" = 0
check "it prints nothing" test ! -s "$out"
check "it writes what is printed otherwise" cmp init/printed.yaml init/shop.yaml
echo mine >init/shop.yaml
try "$optasvc" init --from-compose init/compose.yaml --output-file init/shop.yaml
expect "init does not overwrite a file" 1 err "init/shop.yaml exists; pass --force to overwrite it"
check "the file is unchanged" test "$(cat init/shop.yaml)" = mine
try "$optasvc" init --from-compose init/compose.yaml --output-file init/shop.yaml --force
check "init --force overwrites it" cmp init/printed.yaml init/shop.yaml
try "$optasvc" init --from-compose init/compose.yaml --output-file init/missing/shop.yaml
expect "init to a missing directory" 1 err "cannot write the service file init/missing/shop.yaml"
try "$optasvc" init Other --from-compose init/compose.yaml
expect "init of a Compose file with an invalid name" 2 err "NAME must"
try "$optasvc" init other --from-compose init/compose.yaml
expect "NAME takes precedence over the name of the file" 0 out "name: other" err "note:"
try "$optasvc" validate -f init/compose.yaml
expect "a Compose file is no service file" 1 err "convert it with kubectl optasvc init NAME --from-compose FILE"

echo 'listen 80;' >init/web.conf
sed 's|read_only: true|volumes: ["./web.conf:/etc/web.conf:ro"]|' init/compose.yaml >init/files.yaml
try "$optasvc" init --from-compose init/files.yaml --output-file init/sub/shop.yaml
expect "init with files, in another directory" 1 err "relative to the Compose file" err "write it to the same directory"
check "nothing is written" test ! -e init/sub/shop.yaml
try "$optasvc" init --from-compose init/files.yaml --output-file init/files-shop.yaml
check "init with files, in the same directory" "$optasvc" validate -f init/files-shop.yaml
try "$optasvc" init --from-compose - --color always <init/compose.yaml
expect "init of an empty standard input" 1 err "the file is empty"
"$optasvc" init --from-compose - --color always <init/compose.yaml >/dev/null 2>init/colors
check "notes in color" grep -q $'\033\\[36mnote:' init/colors

cat >init/objects.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "nginx:1.29"}]
YAML
try "$optasvc" init --from-manifests init/missing.yaml
expect "init of missing objects" 1 err "cannot read init/missing.yaml: No such file or directory"
head -c 17000000 /dev/zero | tr '\0' '#' >init/large.yaml
try "$optasvc" init --from-manifests init/large.yaml
expect "init of a large file of objects" 1 err "init/large.yaml exceeds 16777216 bytes"
rm init/large.yaml
try "$optasvc" init --from-manifests init/objects.yaml
expect "init of objects" 0 out "name: shop" err "warning: web: added by the service file: a ServiceAccount"
try "$optasvc" init other --from-manifests init/objects.yaml
expect "NAME takes precedence over the namespace" 0 out "name: other" err "the namespace becomes other instead of shop"
"$optasvc" init --from-manifests - <init/objects.yaml >init/again 2>init/notes
check "init of objects from standard input" grep -q '^name: shop' init/again
check "its notes name it" grep -q '^<stdin>: warning: web: added by' init/notes
{ cat init/objects.yaml && printf -- '---\nkind: Secret\napiVersion: v1\nmetadata: {name: a}\nstringData: {a: [very secret}\n'; } >init/secret.yaml
try "$optasvc" init --from-manifests init/secret.yaml
expect "init of objects with an invalid Secret" 1 err "init/secret.yaml:14"
check "its line is not shown" has_no 'very secret' "$err"

# Questions

"$terminal" stdout=init/answered await='Name of the service [app]: ' send='Shop\n' await='must consist of' send='shop\n' \
    await='[AUTO]: ' send='nginx:1.29\n' await='[http:8080]: ' send='\n' await='health check' send='/healthz\n' \
    await='Public domain' send='shop.example.com\n' -- "$optasvc" init >init/terminal
check "init on a terminal" test $? = 0
"$optasvc" init shop --image nginx:1.29 --port 8080 --healthcheck-path /healthz --host shop.example.com >init/flags
check "init prints the same for answers and flags" cmp init/answered init/flags
"$terminal" stdout=init/answered await='Name of the service' send='shop\n' await='health check' send='\n' \
    await='Public domain' send='\n' -- "$optasvc" init --image nginx:1.29 --port 80 >init/terminal
check "init asks only for what is missing" has_no 'Image' init/terminal
"$terminal" stdout=init/answered await='Name of the service' send='\x04' -- "$optasvc" init >init/terminal
check "the end of the input ends init" test $? = 1
check "nothing is printed then" test ! -s init/answered
"$terminal" stdout=init/answered await='Name of the service' send='\x03' -- "$optasvc" init >init/terminal
check "Ctrl-C ends init" test $? = 130

# Each key of the Compose Specification that is read or reported occurs in a golden case.
while read -r key; do
    grep -rqE "(^|[ {])$key:" "$root"/tests/golden/init/compose/*/compose.yaml || echo "$key"
done < <(sed -n 's/^KEY([A-Z_]*, "\([a-z_]*\)".*/\1/p' "$root/common/import/compose_keys.def") >init/untested
check "golden cases have all keys of Compose" test ! -s init/untested
[ ! -s init/untested ] || cat init/untested
