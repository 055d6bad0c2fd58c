# shellcheck shell=bash
# What is read and rendered: limits, directories, formats, and flags that change the output.

# Limits

# Size of the policy of links: each letter of the last bucket name counts twice.
linked() {
    local i
    printf 'name: shop\nproviders: {aws: {region: us-east-1, account_id: 123456789012}}\ncluster_name: main\n'
    printf 'modules:\n  - {name: app, type: k8s-service, image: nginx:1, port: none, links: ['
    for ((i = 0; i < 94; i++)); do printf 'b%d, ' $i; done
    printf 'last]}\n'
    for ((i = 0; i < 94; i++)); do printf '  - {name: b%d, type: s3, bucket_name: %036d}\n' $i $i; done
    printf '  - {name: last, type: s3, bucket_name: l%s}\n' "$(printf "%0$1d" 0)"
}
granted() { jq -j '.items[] | select(.kind == "Role") | .spec.inlinePolicies.links' "$out" | tr -d ' \n' | wc -c; }
linked 2 >linked.yaml
try "$optasvc" render -f linked.yaml -o json
room=$(((10240 - $(granted)) / 2))
linked $((2 + room)) >linked.yaml
try "$optasvc" render -f linked.yaml -o json
expect "links at the IAM policy limit" 0
check "that is 10240 characters, or one less" [ $(($(granted) / 2)) -eq 5120 -o "$(granted)" -eq 10239 ]
linked $((3 + room)) >linked.yaml
try "$optasvc" render -f linked.yaml -o json
expect "links above the IAM policy limit" 1 err "characters (maximum 10240)"

# sized BYTES: a service file of this size.
sized() {
    cat ok.yaml
    head -c $(($1 - $(wc -c <ok.yaml))) /dev/zero | tr '\0' '#'
}
sized 1048576 >largest.yaml
try "$optasvc" render -f largest.yaml
expect "a file of 1 MiB" 0
check "a file of 1 MiB gives the same bytes" cmp "$out" ok.expected
sized 1048577 >larger.yaml
try "$optasvc" render -f larger.yaml
expect "a file of 1 MiB and a byte" 1 err "larger.yaml exceeds 1048576 bytes"
sized 2097152 | "$optasvc" render -f - >"$out" 2>"$err"
status=$?
expect "2 MiB on stdin" 1 err "standard input exceeds 1048576 bytes"
# nest COUNT OPEN CLOSE: COUNT times OPEN, then COUNT times CLOSE.
nest() {
    printf "%$1s" "" | sed "s/ /$2/g"
    printf "%$1s" "" | sed "s/ /$3/g"
}
for form in "[ ]" "{a: }"; do
    { cat ok.yaml && echo "    x: $(nest 10000 "${form% *}" "${form##* }")"; } >deep.yaml
    try timeout 10 "$optasvc" render -f deep.yaml
    expect "nesting of 10000 ${form% *}" 1 err "maps and lists are nested more than 32 levels deep"
done
{ cat ok.yaml && for ((i = 0; i < 10000; i++)); do printf '%*s- \n' $((i / 100)) ''; done; } >block.yaml
try timeout 10 "$optasvc" render -f block.yaml
expect "block nesting" 1 err "block.yaml:"
{ cat ok.yaml && printf '    %s\n' {a..z}{a..z}:; } >many.yaml
try "$optasvc" validate -f many.yaml
expect "more errors than the maximum" 1 err "... and 476 more"

# Directories

mkdir -p folder/nested/deeper folder/empty
service one >folder/one.yaml
service two >folder/two.yml
service three >folder/nested/three.yaml
service four >folder/nested/deeper/four.yaml
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\nkind: Secret\n' \
    >folder/foreign.yaml
printf 'not: [yaml' >folder/broken.yaml
printf '\xff\x00' >folder/binary.json
: >folder/nothing.yaml
cp bad.yaml folder/bad.txt
cp bad.yaml folder/.hidden.yaml
names() { sed -n 's/^      - name: //p' "$out" | tr '\n' ' '; }
try "$optasvc" render -f folder
left_out="skipped 4 files without a k8s-service: folder/binary.json, folder/broken.yaml, folder/foreign.yaml, folder/nothing.yaml"
expect "a directory" 0 err "$left_out"
check "its services in byte order" test "$(names)" = "one two "
try "$optasvc" render -f folder/
expect "a directory with a slash" 0 err "$left_out"
try "$optasvc" render -Rf folder
expect "a directory and its subdirectories" 0 err "$left_out"
check "their services in byte order" test "$(names)" = "four three one two "
check "one Namespace" test "$(grep -c '^kind: Namespace' "$out")" = 1
(cd folder && "$optasvc" render -Rf . >"$scratch/dot" 2>"$err")
check "the directory as ." cmp "$out" "$scratch/dot"
try "$optasvc" render -f folder/nested -f folder/one.yaml
expect "a directory and a file" 0
check "in the order given" test "$(names)" = "three one "
try "$optasvc" render -f folder/empty
expect "an empty directory" 1 err "no service file found"
try "$optasvc" render -f folder/foreign.yaml
expect "a named file of another kind" 1 err "foreign.yaml: error: this is a Kubernetes object"
printf 'name: x\n' >noservice.yaml
try "$optasvc" render -f noservice.yaml
expect "a file without a service" 1 err "noservice.yaml: error: no module of type k8s-service"
try "$optasvc" render -f folder/one.yaml -f folder/one.yaml
expect "the same file twice" 1 err "-f selects folder/one.yaml twice" \
    err "remove one of them"
cp bad.yaml folder/bad.yaml
try "$optasvc" render -f folder
expect "a directory with an invalid file" 1 err "folder/bad.yaml:7:5"
rm folder/bad.yaml
ln -s missing folder/dangling.yaml
try "$optasvc" render -f folder
expect "a directory with a dangling link" 1 err "cannot read folder/dangling.yaml"
rm folder/dangling.yaml

# Directories: symbolic links, large files, what is skipped

mkdir -p links/real links/zone outside/below
service one >links/real/one.YAML
service two >outside/below/two.Yml
service three >outside/three.JSON
ln -s ../outside links/apart
ln -s real links/again
ln -s .. links/real/up
ln -s ../../links links/zone/around
try "$optasvc" render -Rf links
expect "directories behind symbolic links" 0 \
    err "skipped 3 directories that were already read: links/again/up, links/real, links/zone/around"
check "each is read once" test "$(names)" = "one two three "
try "$optasvc" render -f links
expect "symbolic links to directories without -R" 1 err "no service file found" \
    err "pass -R to read subdirectories too"
ln -s missing links/broken
try "$optasvc" validate -Rf links
expect "a broken symbolic link without a file name extension" 0 out "links/apart/three.JSON: valid: 1 service" \
    err "skipped 1 broken symbolic link: links/broken"
rm links/broken
ln -s links named
try "$optasvc" render -R -f named
expect "a named symbolic link" 0 err "already read: named/again/up"
try timeout 10 "$optasvc" inject -R -f links
expect "inject with directories behind symbolic links" 0 err "already read: links/again/up"

mkdir large
service one >large/one.yaml
{ printf 'name: x\n' && yes '# a comment' | head -c 1200000 && printf '\ndata: [x]\n'; } >large/data.yaml
try "$optasvc" validate -f large
expect "a large unrelated file in a directory" 0 only "large/one.yaml: valid: 1 service" err "skipped 1 file without a k8s-service: large/data.yaml"
sed -i '$s/.*/modules: [{name: two}]/' large/data.yaml
try "$optasvc" validate -f large
expect "a large file with modules in a directory" 1 err "large/data.yaml exceeds 1048576 bytes" \
    err "the file has a key like modules"

mkdir crowd
service one >crowd/one.yaml
touch crowd/{10..35}.yaml $'crowd/a\nb.yaml'
try "$optasvc" validate -f crowd
expect "many skipped files" 0 only "crowd/one.yaml: valid: 1 service" err "skipped 27 files without a k8s-service: crowd/10.yaml, crowd/11.yaml" \
    err "crowd/29.yaml and 7 more"
try "$optasvc" deploy -f crowd --dry-run
expect "deploy with skipped files" 0 err "skipped 27 files"
check "deploy reports skipped files once" test "$(grep -c skipped "$err")" = 1
rm crowd/[0-9]*
try "$optasvc" validate -f crowd
expect "a skipped file with a line break in its name" 0 out "crowd/one.yaml: valid" err "skipped 1 file without a k8s-service: crowd/a?b.yaml"

# The same bytes everywhere

for file in warned.yaml many.yaml missing.yaml; do
    "$optasvc" render -f $file >"$scratch/out.expected" 2>"$scratch/err.expected"
    for setting in LC_ALL=C LC_ALL=C.UTF-8 LC_ALL=de_DE.UTF-8 LC_ALL=tr_TR.UTF-8 LC_ALL=xx \
        LANGUAGE=de TZ=Asia/Tokyo TZ=nonsense COLUMNS=10 POSIXLY_CORRECT=1 \
        SOURCE_DATE_EPOCH=0 HOME=/nowhere PWD=/nowhere; do
        try env "$setting" "$optasvc" render -f $file
        check "$file under $setting" cmp "$out" "$scratch/out.expected"
        check "messages of $file under $setting" cmp "$err" "$scratch/err.expected"
    done
    try env -i "$optasvc" render -f $file
    check "$file in an empty environment" cmp "$out" "$scratch/out.expected"
    check "messages of $file in an empty environment" cmp "$err" "$scratch/err.expected"
    try env -u HOME "$optasvc" render -f $file
    check "$file without HOME" cmp "$out" "$scratch/out.expected"
done
try env -C / "$optasvc" render -f "$PWD/ok.yaml"
check "from another directory" cmp "$out" ok.expected
mkdir gone
(cd gone && rmdir ../gone && "$optasvc" render -f "$scratch/work/ok.yaml") >"$out" 2>"$err"
check "from a deleted directory" cmp "$out" ok.expected
(umask 777 && "$optasvc" render -f ok.yaml) >"$out" 2>"$err"
check "under a strict umask" cmp "$out" ok.expected
sed 's/$/\r/' ok.yaml >crlf.yaml
try "$optasvc" render -f crlf.yaml
expect "a file with CRLF" 0
check "CRLF gives the same bytes" cmp "$out" ok.expected
{ printf '\xef\xbb\xbf' && cat ok.yaml; } >bom.yaml
try "$optasvc" render -f bom.yaml
expect "a file with a byte order mark" 0
check "a byte order mark gives the same bytes" cmp "$out" ok.expected

# JSON, and hostile strings in both formats

cat >compare.py <<'EOF'
"""compare.py JSON YAML: the List holds what the documents hold. YAML is read if PyYAML is there."""
import json
import sys

items = json.load(open(sys.argv[1], encoding="utf-8"))
assert items["apiVersion"] == "v1" and items["kind"] == "List"
try:
    import yaml
except ImportError:
    sys.exit()
documents = list(yaml.safe_load_all(open(sys.argv[2], encoding="utf-8")))
assert documents == items["items"], "YAML and JSON differ"
EOF
cat >hostile.py <<'EOF'
"""hostile.py write FILE | hostile.py check JSON: a service file of hostile texts, as JSON."""
import json
import random
import sys

random.seed(7)
pieces = ["a", " ", "\t", "\n", "\r", "#", ": ", ":", "- ", "---", "...", "?", ",", "[", "]", "&",
          "*", "!", "|", ">", "'", '"', "%", "@", "`", "\\", "~", "<<", "=", "yes", "no", "on",
          "null", "true", "y", "0", "1", "0x", "0o", ".", "e", "+", "_", ".inf", "2001-12-14",
          "\x01", "\x1b", "\x7f", "\x80", "\x85", "\xa0", "\xe4", "\u2028", "\u4e2d", "\ufeff",
          "\U0001F600", "$(A)", "</script>"]
texts = {f"V{i}": "".join(random.choice(pieces) for _ in range(random.randrange(6)))
         for i in range(2000)}
if sys.argv[1] == "write":
    app = {"name": "app", "type": "k8s-service", "image": "nginx", "port": {"http": 80},
           "env_vars": texts}
    json.dump({"name": "hello", "modules": [app]}, open(sys.argv[2], "w", encoding="utf-8"))
else:
    items = json.load(open(sys.argv[2], encoding="utf-8"))["items"]
    pod = [i for i in items if i["kind"] == "Deployment"][0]["spec"]["template"]["spec"]
    found = {v["name"]: v["value"] for v in pod["containers"][0]["env"]}
    wrong = [n for n in texts if found[n] != texts[n]]
    assert found.keys() == texts.keys() and not wrong, (wrong[0], texts[wrong[0]], found[wrong[0]])
EOF
python3 hostile.py write hostile.json
for file in ok.yaml warned.yaml hostile.json; do
    "$optasvc" render -f $file -o yaml >$file.yaml 2>"$err"
    "$optasvc" render -f $file -o json >$file.json 2>"$err"
    check "-o json of $file equals YAML" python3 compare.py $file.json $file.yaml
    check "-o json of $file ends in a newline" test -z "$(tail -c 1 $file.json)"
done
check "hostile strings are unchanged" python3 hostile.py check hostile.json.json
check "YAML is ASCII if all strings are" has_no $'[^\t -~]' ok.expected
check "no line ends in a space" has_no ' $' warned.yaml.yaml

# Flags that change what is rendered

{ service app && echo '    env_vars: {A: "{vars.size}"}'; } >variable.yaml
try "$optasvc" render -f variable.yaml --var size=1 --var size=0777
expect "--var, the last one wins" 0 out 'value: "0777"'
try "$optasvc" render -f variable.yaml --var size=a=b
expect "--var with = in its value" 0 out 'value: a=b'
try "$optasvc" render -f variable.yaml
expect "a variable without value" 1 err 'variable.yaml:7:20: error: variable "size" is not defined'
try "$optasvc" render -f ok.yaml --var size=1
expect "unused --var" 1 err "--var size has no effect"
try "$optasvc" render -f variable.yaml --var "size=$(printf 'a\xff')"
expect "--var with invalid UTF-8" 2 err "--var must be valid UTF-8"
try "$optasvc" render -f variable.yaml --var "$(printf 'size\xff')"
expect "--var with invalid UTF-8 and without =" 2 err "--var must be valid UTF-8"
try "$optasvc" render -f variable.yaml --var "password secret"
expect "--var without = is not shown" 2 err "--var must be NAME=VALUE"
check "because it may be a secret" has_no 'password' "$err"
try "$optasvc" render -f ok.yaml --module app -n other
expect "--module and -n" 0 out "namespace: other"
check "-n renders no Namespace" has_no 'kind: Namespace' "$out"
try "$optasvc" render -f ok.yaml --module ap
expect "unknown --module" 1 err 'k8s-service "ap" not found' err 'did you mean "app"?'
sed 's/nginx:1.29/AUTO/' ok.yaml >auto.yaml
try "$optasvc" render -f auto.yaml
expect "AUTO without a registry" 1 err "cannot determine the registry"
try "$optasvc" render -f auto.yaml --registry r.example.com --image-tag v1
expect "AUTO with registry and tag" 0 out "image: r.example.com/opta-hello-app:v1"
try "$optasvc" render -f auto.yaml --registry r.example.com
expect "AUTO without a tag" 0 out "kind: Service" err "no pods are rendered"
check "AUTO without a tag renders no workload" has_no 'kind: Deployment' "$out"
printf 'name: live\nproviders: {aws: {region: us-east-1, account_id: "123456789012"}}\n' >live.yaml
{ echo 'environments: [{name: staging, path: live.yaml}]' && cat auto.yaml; } >placed.yaml
try "$optasvc" render -f placed.yaml --image-tag v1
expect "an environment next to the file" 0 \
    out "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/opta-hello-app:v1" \
    out "opta.dev/environment-name: staging"
try env -C / "$optasvc" render -f "$PWD/placed.yaml" --image-tag v1
expect "an environment next to the file, from another directory" 0
{ echo 'environments: [{name: staging, path: "-"}]' && cat ok.yaml; } >dash.yaml
"$optasvc" render -f dash.yaml <live.yaml >"$out" 2>"$err"
status=$?
expect "an environment file named -" 1 err "dash.yaml:1:38: error: cannot read ./-: No such file"
try "$optasvc" render -f placed.yaml --env stagin
expect "a misspelt environment" 1 err "did you mean --env staging?"
printf '{"domain": {"value": "example.com"}}' >outputs.json
{ service app && printf "    healthcheck_path: /\n    public_uri: \"app.{parent.domain}\"\n"; } >parent.yaml
try "$optasvc" render -f parent.yaml --parent-outputs outputs.json
expect "--parent-outputs" 0 out "host: app.example.com"
try "$optasvc" render -f parent.yaml --parent-outputs missing.json
expect "missing --parent-outputs" 1 err "cannot read missing.json"
try "$optasvc" render -f parent.yaml --env-file missing.yaml
expect "missing --env-file" 1 err "cannot read missing.yaml"
