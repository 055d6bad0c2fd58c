# shellcheck shell=bash
# Manifests whose lines are explained: each line is looked up in the files.

explained() { echo '--explain -o json' >extra; }
shape_explain_modules() { explained; { printf 'name: shop\nmodules:\n'; each "$1" '  - {name: m@, type: k8s-service, image: "web:1", port: {http: 80}, public_uri: h@.example.com}'; } >service.yaml; }
shape_explain_modules_in_one_line() { explained; { printf '{name: shop, modules: ['; row "$1" '{name: m@, type: k8s-service, image: "web:1", port: none}'; echo ']}'; } >service.yaml; }
shape_explain_variables() { explained; { service 'image: web:1' 'port: none' 'env_vars:'; each "$1" '      A@: "{layer_name}"'; } >service.yaml; }
shape_explain_annotations() { explained; { service 'image: web:1' 'port: none' 'pod_annotations:'; each "$1" '      a@: b'; } >service.yaml; }
shape_explain_merges() { explained; { echo 'name: shop'; each "$1" $'x-@: &a@ {A@: c}'; service 'image: web:1' 'port: none' "env_vars: {<<: [$(row "$1" '*a@')]}" | sed 1d; } >service.yaml; }
shape_explain_jobs() { explained; { service 'image: web:1' 'port: none' 'cron_jobs:'; each "$1" '      - {schedule: "@daily", name: j@, commands: [./run]}' | sed 's/"[0-9]*daily/"@daily/'; } >service.yaml; }
shape_explain_variables_of_jobs() {
    explained
    { service 'image: web:1' 'port: none' 'env_vars:'; each "$1" '      A@: b'; echo '    cron_jobs:'; each 4 $'      - {schedule: "1 2 3 4 5", name: j@, commands: [./run]}'; } >service.yaml
}
# Each output refers to the next one twice.
shape_explain_outputs() {
    explained
    { printf 'name: shop\nmodules:\n  - name: q\n    type: s3\n    outputs:\n      a1: ""\n'
      seq 2 "$1" | awk '{printf "      a%d: \"{module.q.a%d}{module.q.a%d}\"\n", $1, $1 - 1, $1 - 1}'
      printf '  - {name: web, type: k8s-service, image: "web:1", port: none, env_vars: {A: "{module.q.a%d}"}}\n' "$1"; } >service.yaml
}

sizes+='
explain_modules 75
explain_modules_in_one_line 75
explain_variables 250
explain_annotations 250
explain_merges 250
explain_jobs 40
explain_variables_of_jobs 250
explain_outputs 12
'
