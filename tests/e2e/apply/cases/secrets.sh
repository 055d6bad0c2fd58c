# shellcheck shell=bash
# Secrets that the pods need.

run_secrets() {
    service secrets "${one[@]}" 'secrets: [API_TOKEN]'
    expect 1 optasvc apply -f secrets.yaml
    empty out
    holds err <<'TEXT'
secrets.yaml:12:13: error: Secret "manual-secrets" not found in namespace "secrets" (needs key "API_TOKEN")
    secrets: [API_TOKEN]
              ^~~~~~~~~
  set it: kubectl optasvc secret set API_TOKEN -f secrets.yaml
TEXT
    no_namespace secrets

    must kubectl create namespace secrets
    must kubectl create secret generic manual-secrets -n secrets --from-literal=OTHER=x
    expect 1 optasvc apply -f secrets.yaml
    empty out
    holds err <<'TEXT'
warning: no service in the given files uses key "OTHER" of Secret "manual-secrets" in namespace "secrets"
  add it to the secrets of a service, or set secrets: all
secrets.yaml:12:13: error: Secret "manual-secrets" in namespace "secrets" has no key "API_TOKEN"
    secrets: [API_TOKEN]
              ^~~~~~~~~
  set it: kubectl optasvc secret set API_TOKEN -f secrets.yaml
TEXT
    same '' "$(objects_in secrets)" 'what was made'

    # Apply works without permission to read Secrets.
    must kubectl create role maker -n secrets --verb='*' --resource="$kinds,pods,events"
    must kubectl create rolebinding maker -n secrets --role=maker --user=maker
    expect 0 optasvc apply -f secrets.yaml --as maker --wait=false
    told <<'TEXT'
warning: cannot read Secrets in namespace "secrets": forbidden (needs "get" on secrets); the keys that the pods use were not checked
TEXT
    says out 'deployment.apps/web created'

    must kubectl patch secret manual-secrets -n secrets -p '{"stringData": {"API_TOKEN": "VALUE"}}'
    expect 0 optasvc apply -f secrets.yaml
    told <<'TEXT'
warning: no service in the given files uses key "OTHER" of Secret "manual-secrets" in namespace "secrets"
  add it to the secrets of a service, or set secrets: all
TEXT
}

run_linked_secrets() {
    service linked "${one[@]}" 'links: [db]'
    printf -- '- name: db\n  type: postgres\n' >>linked.yaml
    must kubectl create namespace linked
    expect 1 optasvc apply -f linked.yaml
    empty out
    says err 'linked.yaml:12:11: error: Secret "db" not found in namespace "linked" (needs key "db_user")' \
        'linked.yaml:12:11: error: Secret "db" not found in namespace "linked" (needs key "db_password")'
    same '' "$(objects_in linked)" 'what was made'
    # The suggested command works with the suggested file.
    sed -n 's/^  create it: //p' err >commands
    [ "$(wc -l <commands)" -eq 1 ] || fail "it does not suggest one command"
    sed -n 's/^  FILE contains lines KEY=VALUE for //p' err | tr -d ' ' | tr ',' '\n' | sed 's/$/=VALUE/' >FILE
    cat commands FILE
    bash -e commands >must.out 2>&1 || fail "its commands fail: $(cat must.out)"
    expect 0 optasvc apply -f linked.yaml
    quiet
}

run_pull_secrets() {
    service pull "${one[@]}" 'image_pull_secrets: [login, plain]'
    must kubectl create namespace pull
    must kubectl create secret generic plain -n pull --from-literal=A=x
    expect 1 optasvc apply -f pull.yaml
    empty out
    holds err <<'TEXT'
pull.yaml:12:24: error: Secret "login" not found in namespace "pull" (image_pull_secrets requires it)
    image_pull_secrets: [login, plain]
                         ^~~~~
  create it from a login: kubectl create secret docker-registry login -n pull --from-file=.dockerconfigjson=FILE
  FILE is written by docker login or podman login --authfile FILE
pull.yaml:12:31: error: Secret "plain" in namespace "pull" has no key ".dockerconfigjson"
    image_pull_secrets: [login, plain]
                                ^~~~~
  create it from a login: kubectl create secret docker-registry plain -n pull --from-file=.dockerconfigjson=FILE
  FILE is written by docker login or podman login --authfile FILE
TEXT
    same '' "$(objects_in pull)" 'what was made'
    must kubectl delete secret plain -n pull
    sed -n 's/^  create it from a login: //p' err >commands
    echo '{"auths": {"registry.example.com": {"auth": "YTpi"}}}' >FILE
    bash -e commands >must.out 2>&1 || fail "its commands fail: $(cat must.out)"
    expect 0 optasvc apply -f pull.yaml
    quiet
    is_in_place pull.yaml
}

run_references() {
    service references "${one[@]}" 'env_from: [secret/s, config_map/c]' \
        'env_vars: {A: {secret: s, key: a}, B: {config_map: c, key: b}, C: {config_map: d}, D: {config_map: e, optional: true}}'
    must kubectl create namespace references
    must kubectl create configmap c -n references --from-literal=OTHER=x
    expect 1 optasvc apply -f references.yaml
    empty out
    holds err <<'TEXT'
references.yaml:12:14: error: Secret "s" not found in namespace "references" (env_from requires it)
    env_from: [secret/s, config_map/c]
               ^~~~~~~~
  create it: kubectl create secret generic s -n references --from-env-file FILE
  FILE contains lines KEY=VALUE
references.yaml:13:14: error: Secret "s" not found in namespace "references" (needs key "a")
    env_vars: {A: {secret: s, key: a}, B: {config_map: c, key: b}, C: {conf...
               ^
  create it: kubectl create secret generic s -n references --from-env-file FILE
  FILE contains lines KEY=VALUE for a
references.yaml:13:38: error: ConfigMap "c" in namespace "references" has no key "b"
    env_vars: {A: {secret: s, key: a}, B: {config_map: c, key: b}, C: {config_map: d}, D: {config_m...
                                       ^
  add it: kubectl edit configmap c -n references
references.yaml:13:66: error: ConfigMap "d" not found in namespace "references" (needs key "C")
  ..._vars: {A: {secret: s, key: a}, B: {config_map: c, key: b}, C: {config_map: d}, D: {config_map: e, optional: true}}
                                                                 ^
  create it: kubectl create configmap d -n references --from-env-file FILE
  FILE contains lines KEY=VALUE
TEXT
    same '' "$(objects_in references)" 'what was made'
    must kubectl create secret generic s -n references --from-literal=a=x
    must kubectl create configmap d -n references --from-literal=C=x
    must kubectl patch configmap c -n references -p '{"binaryData": {"b": "AA=="}}'
    expect 0 optasvc apply -f references.yaml
    quiet
    is_in_place references.yaml

    # A cron job has references of its own.
    cp references.yaml web.yaml
    echo '  cron_jobs: [{schedule: "@daily", commands: [a], env_vars: {E: {secret: s, key: e}, F: {secret: t, optional: true}}}]' >>references.yaml
    expect 1 optasvc apply -f references.yaml
    empty out
    says err 'error: Secret "s" in namespace "references" has no key "e"' 'add it: kubectl edit secret s -n references'
    says_not err '"t"'
    must kubectl patch secret s -n references -p '{"data": {"e": ""}}'
    expect 0 optasvc apply -f references.yaml
    quiet
    mv web.yaml references.yaml

    # Apply works without permission to read ConfigMaps.
    must kubectl create role maker -n references --verb='*' --resource="$kinds,pods,events,secrets"
    must kubectl create rolebinding maker -n references --role=maker --user=maker
    expect 0 optasvc apply -f references.yaml --as maker --wait=false
    says err 'references.yaml:12:24: warning: ConfigMap "c" was not checked: forbidden (needs "get" on configmaps)' \
        'warning: ConfigMap "d" was not checked'
}
