# shellcheck shell=bash
# Service files to render. Most are rejected with many errors, which have a cost too.
# shellcheck disable=SC2016  # $(NAME) in a variable is for Kubernetes to expand

# Writes a service file with one module, followed by the text on stdin.
file() { { service 'image: web:1' 'port: none'; cat; } >service.yaml; }

shape_file_flow() {
    local open close
    open=$(printf '{"a": [%.0s' $(seq 14)) close=$(printf ']}%.0s' $(seq 14))
    { printf '  - name: other\n    type: foreign\n    x:\n'; each "$1" "    - $open$close"; } | file
}
shape_file_flow_beyond_the_limit() { printf '    x: %s\n' "$(printf '[%.0s' $(seq "$1"))" | file; }
shape_file_blocks() { each "$1" $'  - name: m@\n    type: foreign\n    x:\n      y:\n        z:\n          - - - a: b' | file; }
shape_file_keys() { { printf '  - name: other\n    type: foreign\n'; each "$1" '    key@: value'; } | file; }
# Keys that collide in a hash table with unseeded FNV-1a: each block of three letters leaves the state
# unchanged in the bits that select the slot.
shape_file_keys_that_collide() {
    python3 -c '
import itertools, string, sys
bits, start, prime = (1 << 14) - 1, 2166136261, 16777619
def end(text):
    state = start & bits
    for letter in text:
        state = (state ^ ord(letter)) * prime & bits
    return state
blocks = ["".join(each) for each in itertools.product(string.ascii_letters, repeat=3)]
blocks = [block for block in blocks if end(block) == start & bits]
print("  - name: other\n    type: foreign")
for key, _ in zip(itertools.product(blocks, repeat=5), range(int(sys.argv[1]))):
    print("    " + "".join(key) + ": a")
' "$1" | file
}
shape_file_keys_twice() { each "$1" '    key: value' | file; }
shape_file_unknown_fields() { each "$1" '    field@: value' | file; }
shape_file_aliases() { printf '    x: [%s]\n' "$(row "$1" '*a')" | file; }
shape_file_anchors() { each "$1" '    x@: &a@ b' | file; }
# The anchors are under x-, before the modules.
shape_file_anchors_used() { { echo 'name: shop'; each "$1" $'x-@: &a@ {b: c}\nx-u@: *a@'; service 'image: web:1' 'port: none' | sed 1d; } >service.yaml; }
shape_file_merges() { { echo 'name: shop'; each "$1" $'x-@: &a@ {b@: c, d: e}'; echo "x-all: {<<: [$(row "$1" '*a@')]}"; service 'image: web:1' 'port: none' | sed 1d; } >service.yaml; }
shape_file_mistakes_used() { { printf 'name: shop\nx-a: &a {A: [b]}\nmodules:\n'; each "$1" '  - {name: m@, type: k8s-service, image: "web:1", port: none, env_vars: *a}'; } >service.yaml; }
shape_file_brackets() { { echo 'name: shop'; each "$1" $'x-@: {\n  a: [\n    b, "c\n      d"\n  ]\n}'; service 'image: web:1' 'port: none' | sed 1d; } >service.yaml; }
shape_file_plain_lines() { { echo '    env_vars:'; echo '      A: text'; each "$1" '        more @'; } | file; }
shape_file_plain_long() { printf '    env_vars: {A: %s}\n' "$(row "$1" 'word @' | tr , ' ')" | file; }
shape_file_quoted() { printf '    env_vars: {A: "%s"}\n' "$(row "$1" 'word \u00e9@')" | file; }
shape_file_single_quoted() { printf "    env_vars: {A: '%s'}\n" "$(row "$1" "it''s")" | file; }
shape_file_literal() { { echo '    env_vars:'; echo '      A: |'; each "$1" '        line @'; } | file; }
shape_file_folded() { { echo '    env_vars:'; echo '      A: >'; each "$1" $'        line @\n'; } | file; }
shape_file_blanks() { { echo '    args:'; each "$1" "    - 'a'$(printf '%490s' '')"; } | file; }
shape_file_blank_lines() { { echo '    x: a'; each "$1" "$(printf '%0.s\n' $(seq 490); echo '      b')"; } | file; }
shape_file_comments() { each "$1" '    # comment @' | file; }
# The comments are about the line after them, which is long.
shape_file_allowed() { { each "$1" '    # optasvc: x @'; printf '    labels: {a: "%s"}\n' "$(row "$1" 'word @')"; } | file; }
shape_file_allowed_in_one_line() { printf '    # %s\n' "$(row "$1" '#optasvc: x @')" | file; }
shape_file_allowed_in_a_string() { printf '    env_vars: {A: "%s"}\n' "$(row "$1" ' #optasvc: x @')" | file; }
shape_file_allowed_after_values() { { echo '    env_vars:'; each "$1" '      A@: "b # c" # optasvc: allow image-tag'; } | file; }
shape_file_lines_without_keys() { each "$1" ' -' | file; }
shape_file_documents() { each "$1" '---' | file; }
shape_file_directives() { { each "$1" '%TAG !a@! tag:example.com:'; echo ---; } >service.yaml; }
shape_file_modules() { { printf 'name: shop\nmodules:\n'; each "$1" '- {name: m@, type: k8s-service, image: "web:1", port: {http: 80}, public_uri: h@.example.com}'; } >service.yaml; }
shape_file_modules_of_one_name() { each "$1" '  - {name: other, type: foreign}' | file; }
shape_file_links() { { printf '    links: [%s]\n' "$(row "$1" m@)"; each "$1" '  - {name: m@, type: postgres}'; } | file; }
shape_file_links_to_nothing() { printf '    links: [%s]\n' "$(row "$1" m@)" | file; }
shape_file_links_to_queues() {
    { echo 'name: shop'; echo 'providers: {aws: {region: us-east-1, account_id: "123456789012"}}'; echo 'modules:'
      printf '  - {name: web, type: k8s-service, image: "web:1", port: none, links: [%s]}\n' "$(row "$1" q@)"
      each "$1" '  - {name: q@, type: sqs}'; } >service.yaml
}
shape_file_variables() { printf '    env_vars: {%s}\n    secrets: [%s]\n' "$(row "$1" 'A@: b')" "$(row "$1" B@)" | file; }
shape_file_secrets_over_links() {
    { printf '    links: [%s]\n    secrets: [%s]\n' "$(row "$1" d@)" "$(row "$1" d@_db_host)"; each "$1" '  - {name: d@, type: postgres}'; } | file
}
shape_file_expansions() { printf '    secrets: all\n    env_vars: {A: "%s", B: "%s"}\n' "$(row "$1" '$(K@) $$(K@)')" "$(printf '$(%.0s' $(seq "$1"))" | file; }
shape_file_lists() {
    printf '    %s\n' "args: [$(row "$1" a@)]" "tolerations: [$(row "$1" '{key: k@}')]" "pod_labels: {$(row "$1" 'l@: v')}" \
        "persistent_storage: [$(row "$1" '{size: 1, path: /p@}')]" | file
}
shape_file_jobs() { printf '    cron_jobs: [%s]\n' "$(row "$1" '{schedule: "1 2 3 4 5", args: [a@]}')" | file; }
shape_file_addresses() { printf '    public_uri: [%s]\n' "$(row "$1" h.example.com/p@)" | sed '1i\    ports: [{name: http, type: http, port: 80}]' | file && sed -i '/port: none/d' service.yaml; }
shape_file_braces() { printf '    env_vars: {A: "%s%s"}\n' "$(printf '{{%.0s' $(seq "$1"))" "$(printf '}}%.0s' $(seq "$1"))" | file; }
shape_file_placeholders() { printf '    env_vars: {A: "%s"}\n' "$(row "$1" '{layer_name} {vars.x@}')" | file; }
shape_file_references() { { printf '    env_vars: {A: "%s"}\n' "$(row "$1" '{module.db.db_user}')"; echo '  - {name: db, type: postgres}'; } | file; }
shape_file_outputs() { { each "$1" '  - {name: m@, type: dns, domain: "x{layer_name}"}'; printf '  - {name: b, type: s3, bucket_name: "%s"}\n' "$(row "$1" '{module.m@.domain}')"; } | file; }
shape_file_environments() { { each "$1" '- {name: e@, path: e.yaml, variables: {a: b}}' | sed '1i\environments:'; each "$1" '- {name: v@, default: w}' | sed '1i\input_variables:'; } | cat - <(service 'image: web:1' 'port: none') >service.yaml; }

# N TEXT: writes the text N times into the arguments, with @ replaced by the number.
flags() { each "$1" "$2" | paste -sd' ' - >extra; }
shape_file_flags() { printf '    env_vars: {%s}\n' "$(row "$1" 'A@: "{vars.a@}"')" | file; flags "$1" '--var a@=b'; }
shape_file_flags_without_effect() { printf '    env_vars: {%s}\n' "$(row "$1" 'A@: "{vars.a@}"')" | file; flags "$((2 * $1))" '--var a@=b'; }
shape_file_flags_for_modules() { services "$1"; flags "$1" '--module web@'; }
shape_file_variables_of_environment() {
    { printf 'name: shop\nenvironments: [{name: e, path: e.yaml, variables: {%s}}]\ninput_variables: [%s]\n' "$(row "$1" 'a@: b')" "$(row "$1" '{name: i@, default: b}')"
      service 'image: web:1' 'port: none' "args: [$(row "$1" '"{vars.a@} {vars.i@}"')]" | sed 1d; } >service.yaml
    echo 'name: e' >e.yaml
}

shape_file_json() { printf '{"name": "shop", "modules": [{"name": "web", "type": "k8s-service", "image": "web:1", "port": "none", "env_vars": {%s}, "args": [%s]}]}\n' "$(row "$1" '"A@": "b \\u00e9"')" "$(row "$1" '"a@"')" >service.yaml; }

# N VALUE: writes what `terraform output -json` prints for N outputs with that value.
outputs() { printf '{%s}\n' "$(row "$1" "\"o@\": {\"sensitive\": false, \"type\": \"string\", \"value\": $2}")" >outputs.json; }
shape_file_parent_outputs() {
    printf '    env_vars: {%s}\n' "$(row "$1" 'A@: "{parent.o@}"')" | file
    outputs "$1" '"v@"'
    echo --parent-outputs outputs.json >extra
}
shape_file_parent_outputs_unused() {
    printf '    env_vars: {A: "{parent.used}"}\n' | file
    outputs "$1" '{"a": ["\\u00e9 @", {"b": null}]}'
    sed -i 's/^{/{"used": {"value": "v"}, /' outputs.json
    echo --parent-outputs outputs.json >extra
}
shape_file_outputs_of_environment() {
    printf '    env_vars: {%s}\n' "$(row "$1" 'A@: "{parent.o@}"')" | file
    { echo 'name: staging'; echo 'outputs:'; each "$1" '  o@: v@'; } >staging.yaml
    echo --env-file staging.yaml >extra
}
shape_file_of_compose() { { echo 'services:'; each "$1" $'  web@:\n    image: web:1\n    ports: ["80:80"]'; } >service.yaml; }
shape_file_of_kubernetes() { each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: web@}' >service.yaml; }

# Directories.
shape_folder() {
    local i
    mkdir folder
    for ((i = 1; i <= $1; i++)); do
        service 'image: web:1' 'port: none' | sed "s/shop/shop-$i/" >folder/"$i".yaml
        echo other >folder/"$i".txt
    done
    service 'image: web:1' 'port: none' >service.yaml
    echo -f folder >extra
}
shape_folder_of_large_files() {
    mkdir folder
    each "$1" $'key@: value\nmodulos@: {a: [b, "c"]}' >folder/other.yaml
    service 'image: web:1' 'port: none' >service.yaml
    echo -f folder >extra
}
# Too large to be parsed.
shape_folder_of_huge_files() { shape_folder_of_large_files "$1"; }

# Secrets to import.
shape_secrets() { echo | file; each "$1" 'NAME@="value @"' >secrets.env; }
shape_secrets_twice() { echo | file; each "$1" 'NAME=value' >secrets.env; }
shape_secrets_without_values() { echo | file; each "$1" 'NAME@=' >secrets.env; }
shape_secrets_hidden() { printf '    secrets: all\n    env_vars: {%s}\n' "$(row "$1" 'NAME@: b')" | file; each "$1" 'NAME@=x' >secrets.env; }
shape_secrets_unlisted() { printf '    secrets: [%s]\n' "$(row "$1" NAME@)" | file; each "$1" 'OTHER@=x' >secrets.env; }
shape_secrets_wrong() { echo | file; each "$1" '-@ = "' >secrets.env; }

sizes+='
file_flow 300
file_flow_beyond_the_limit 20000
file_blocks 150
file_keys 1500
file_keys_that_collide 1500
file_keys_twice 1500
file_unknown_fields 1500
file_aliases 1500
file_anchors 1500
file_anchors_used 1000
file_merges 1000
file_mistakes_used 150
file_brackets 1000
file_plain_lines 1500
file_plain_long 3000
file_quoted 2500
file_single_quoted 2500
file_literal 2500
file_folded 1500
file_blanks 25
file_blank_lines 25
file_comments 2500
file_allowed 2500
file_allowed_in_one_line 5000
file_allowed_in_a_string 5000
file_allowed_after_values 250
file_documents 2500
file_lines_without_keys 2500
file_directives 1500
file_modules 75
file_modules_of_one_name 300
file_links 300
file_links_to_nothing 800
file_links_to_queues 150
file_variables 250
file_secrets_over_links 200
file_expansions 250
file_lists 150
file_jobs 50
file_addresses 100
file_braces 2500
file_placeholders 750
file_references 750
file_outputs 150
file_environments 400
file_flags 500
file_flags_without_effect 1000
file_flags_for_modules 150
file_variables_of_environment 450
file_json 400
file_parent_outputs 400
file_parent_outputs_unused 1000
file_outputs_of_environment 400
file_of_compose 500
file_of_kubernetes 500
folder 100
folder_of_large_files 4000
folder_of_huge_files 40000
secrets 1000
secrets_twice 1000
secrets_wrong 1000
secrets_without_values 1000
secrets_hidden 250
secrets_unlisted 250
'
