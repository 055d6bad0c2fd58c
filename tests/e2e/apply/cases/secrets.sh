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
