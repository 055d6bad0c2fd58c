# shellcheck shell=bash
# Objects of the Gateway API, whose controllers this suite simulates.

gateway='gateway: {name: infra/public, type: envoy, listener: https}'

# LAYER LINE...: as service(), with routes of a Gateway.
gateway_service() {
    service "$@"
    printf '%s\n' "$gateway" >>"$1.yaml"
}

# Functions for the programs below. Their input is the live object.
# shellcheck disable=SC2016 # jq expands them
gateway_functions='
def condition($type; $status; $reason; $message): {type: $type, status: $status, reason: $reason,
    message: $message, lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: .metadata.generation};
def yes($type): condition($type; "True"; $type; "");
def entry($conditions): {controllerName: "example.com/gateway", conditions: $conditions};
def route($conditions): {parents: [.spec.parentRefs[] | entry($conditions) + {parentRef: .}]};
def policy($conditions): {ancestors: [entry($conditions) + {ancestorRef: {name: "public", namespace: "infra"}}]};'
good_route='route([yes("Accepted"), yes("ResolvedRefs")])'
good_policy='policy([yes("Accepted")])'
good_listener_set='{conditions: [yes("Accepted"), yes("Programmed")]}'
good_certificate='{conditions: [yes("Ready")]}'

# NAMESPACE RESOURCE: sets the status of each object to the result of the jq program in the file RESOURCE.
answer() {
    local object name
    kubectl get "$2" -n "$1" -o json 2>/dev/null | jq -c '.items[]' | while IFS= read -r object; do
        name=$(jq -r .metadata.name <<<"$object")
        kubectl patch "$2" "$name" -n "$1" --subresource status --type merge \
            -p "$(jq -c "$gateway_functions {status: ($(<"$2"))}" <<<"$object")" >patched 2>&1
    done
}

# NAMESPACE: simulates the controllers of the resources that have a file, until the case ends.
play_gateway() {
    local each
    while :; do
        for each in {certificates,listenersets,httproutes,backendtrafficpolicies}; do
            [ ! -f "$each" ] || answer "$1" "$each" 2>/dev/null # the file may be removed meanwhile
        done
        sleep 0.1
    done
}

# The policy of each route is accepted unless the case has another answer.
begin_gateway() {
    [ -f backendtrafficpolicies ] || echo "$good_policy" >backendtrafficpolicies
    play_gateway "$1" &
    watches+=($!)
}

run_gateway_undefined() {
    gateway_service gateway-undefined "${one[@]}" 'public_uri: undefined.example.com'
    expect 1 optasvc apply -f gateway-undefined.yaml
    empty out
    holds err <<'TEXT'
gateway-undefined.yaml:3:9: error: the server does not have the kind BackendTrafficPolicy (backendtrafficpolicies.gateway.envoyproxy.io)
  - name: web
          ^~~
  install Envoy Gateway, which provides its CustomResourceDefinition; or set another type of gateway in the environment file
gateway-undefined.yaml:3:9: error: the server does not have the kind HTTPRoute (httproutes.gateway.networking.k8s.io)
  - name: web
          ^~~
  install the Gateway API, which provides its CustomResourceDefinition; or remove gateway from the environment file
TEXT
    no_namespace gateway-undefined
    service gateway-undefined "${one[@]}" 'public_uri: undefined.example.com'
    expect 0 optasvc apply -f gateway-undefined.yaml --prune
    says out 'ingress.networking.k8s.io/web-'
    expect 0 optasvc status -f gateway-undefined.yaml
    says out undefined.example.com
    expect 0 optasvc delete -f gateway-undefined.yaml --yes
    says out 'ingress.networking.k8s.io/web-'
}

run_gateway() {
    local uris='public_uri: [gw.example.com/api, gw-two.example.com]'
    gateway_service gateway "${one[@]}" 'timeout: 60' "$uris"
    echo "$good_route" >httproutes
    begin_gateway gateway
    expect 0 optasvc apply -f gateway.yaml
    says out 'httproute.gateway.networking.k8s.io/web-'
    says err 'web: ready, 1 pod' 'web: 2 routes accepted'
    expect 0 optasvc apply -f gateway.yaml
    says_not out ' created' ' changed'
    holds err <<'TEXT'
web: ready, 1 pod
web: 2 routes accepted
TEXT
    expect 0 optasvc status -f gateway.yaml
    says out gw.example.com gw-two.example.com
    expect 0 optasvc diff -f gateway.yaml
    empty out

    # The status of an earlier generation does not count.
    rm httproutes
    sleep 1
    gateway_service gateway "${one[@]}" "$uris" 'keep_path_prefix: true'
    expect 1 optasvc diff -f gateway.yaml
    says out HTTPRoute
    expect 1 optasvc apply -f gateway.yaml
    says err 'web: waiting for its HTTPRoute: its controller has not processed the change' \
        ' was not accepted in 5 s: its controller has not processed the change'
    gateway_service gateway "${one[@]}" 'timeout: 60' "$uris" 'keep_path_prefix: true'
    optasvc apply -f gateway.yaml >applied.out 2>applied.err &
    local applying=$!
    await_text applied.err 'waiting for its HTTPRoute'
    echo "$good_route" >httproutes
    # Last, because the refusals are final as soon as the Certificate is ready.
    await_status httproutes NoMatchingParent absent
    echo "$good_certificate" >certificates
    wait $applying || fail "apply failed: $(cat applied.err)"
    says applied.err 'web: 2 routes accepted'

    # The route of a removed host.
    gateway_service gateway "${one[@]}" 'timeout: 60' 'public_uri: gw.example.com/api'
    expect 0 optasvc apply -f gateway.yaml --prune
    says out ' deleted'
    same 1 "$(kubectl get httproutes -n gateway -o json | jq '.items | length')" routes
    expect 0 optasvc delete -f gateway.yaml --yes
    same httproute "$(sed -n '1s/[.].*//p' out)" 'first deleted'
    same 0 "$(kubectl get httproutes -n gateway -o json | jq '.items | length')" routes
}

run_gateway_refused() {
    local refusal='condition("Accepted"; "False"; "NotAllowedByListeners"; "Namespace is not allowed by the parent.")'
    gateway_service gw-refused "${one[@]}" 'timeout: 60' 'public_uri: refused.example.com'
    echo "route([$refusal, yes(\"ResolvedRefs\")])" >httproutes
    begin_gateway gw-refused
    expect 1 optasvc apply -f gw-refused.yaml --rollback-on-failure
    says err 'web: waiting for its HTTPRoute: Accepted is False' 'web: not rolled back: the pods are ready' \
        'error: httproute.gateway.networking.k8s.io/web-' \
        ' in namespace "gw-refused" is not accepted by Gateway infra/public: Accepted is False: Namespace is not allowed by the parent (NotAllowedByListeners)' \
        'allow routes from this namespace in allowedRoutes of the listener, then apply again; for details: kubectl describe gateway public -n infra'
    same 1 "$(ready_pods gw-refused)" 'ready pods'

    echo 'route([yes("Accepted"), condition("ResolvedRefs"; "False"; "BackendNotFound"; "service web not found")])' >httproutes
    sleep 1
    expect 1 optasvc apply -f gw-refused.yaml
    says err 'ResolvedRefs is False: service web not found (BackendNotFound)' 'fix the cause, then apply again'

    # A refusal that the controller withdraws at once.
    optasvc apply -f gw-refused.yaml >applied.out 2>applied.err &
    local applying=$!
    await_text applied.err 'waiting for its HTTPRoute'
    echo "$good_route" >httproutes
    # Last, because the refusals are final as soon as the Certificate is ready.
    await_status httproutes NoMatchingParent absent
    echo "$good_certificate" >certificates
    wait $applying || fail "apply failed: $(cat applied.err)"
    says applied.err 'web: 1 route accepted'
}

run_gateway_unanswered() {
    gateway_service gw-silent "${one[@]}" 'public_uri: silent.example.com'
    expect 1 optasvc apply -f gw-silent.yaml
    says err 'web: waiting for its HTTPRoute: no controller has answered' \
        ' in namespace "gw-silent": no controller has accepted the route of Gateway infra/public in 5 s' \
        'check that the Gateway exists and that its controller is running: kubectl describe gateway public -n infra'
    # Another controller answers for another parent.
    echo 'route([yes("Accepted")]) | .parents[0].parentRef.name = "other"' >httproutes
    answer gw-silent httproutes
    expect 1 optasvc apply -f gw-silent.yaml
    says err 'no controller has accepted the route of Gateway infra/public'
    expect 0 optasvc apply -f gw-silent.yaml --wait=false
    says_not err HTTPRoute
}

# The answers of many namespaces are listed together.
run_gateway_many() {
    local i
    for i in {1..9}; do
        gateway_service "gw-many-$i" "${one[@]}" 'timeout: 60' "public_uri: many-$i.example.com"
        must kubectl create namespace "gw-many-$i"
    done
    echo "$good_route" >httproutes
    echo "$good_policy" >backendtrafficpolicies
    optasvc apply -f . >applied.out 2>applied.err &
    local applying=$!
    await_text applied.err 'gw-many-9/web: waiting for its HTTPRoute: no controller has answered'
    for i in {1..9}; do
        answer "gw-many-$i" httproutes
        answer "gw-many-$i" backendtrafficpolicies
    done
    wait $applying || fail "apply failed: $(cat applied.err)"
    for i in {1..9}; do says applied.err "gw-many-$i/web: 1 route accepted"; done
}

# Without permission to read routes, the Ingress that they replace is retained.
run_gateway_forbidden() {
    service gw-rights "${one[@]}" 'public_uri: rights.example.com'
    expect 0 optasvc apply -f gw-rights.yaml
    gateway_service gw-rights "${one[@]}" 'public_uri: rights.example.com'
    kubectl create -f - >must.out 2>&1 <<'YAML' || fail "no Role: $(cat must.out)"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: all-but-get, namespace: gw-rights}
rules:
- {apiGroups: ["", apps, autoscaling, policy, batch, networking.k8s.io], resources: ["*"], verbs: ["*"]}
- {apiGroups: [gateway.networking.k8s.io, gateway.envoyproxy.io], resources: ["*"], verbs: [list, create, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: all-but-get, namespace: gw-rights}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: all-but-get}
subjects: [{kind: User, name: gw-user, apiGroup: rbac.authorization.k8s.io}]
YAML
    expect 0 optasvc apply -f gw-rights.yaml --prune --as gw-user
    says err warning 'apply does not know whether the routes are accepted: ask for this permission' \
        'is retained until the routes that replace it are accepted'
    says_not out deleted
}

run_gateway_policy() {
    local refusal='condition("Accepted"; "False"; "Conflicted"; "Unable to target HTTPRoute, another policy has attached to it.")'
    gateway_service gw-policy "${one[@]}" 'timeout: 60' 'port: {websocket: 8080}' 'public_uri: policy.example.com'
    echo "$good_route" >httproutes
    echo "policy([$refusal])" >backendtrafficpolicies
    begin_gateway gw-policy
    expect 1 optasvc apply -f gw-policy.yaml
    says err 'error: backendtrafficpolicy.gateway.envoyproxy.io/web-' \
        ' in namespace "gw-policy" is not accepted: Accepted is False: Unable to target HTTPRoute, another policy has attached to it (Conflicted)' \
        'another policy has the same target: delete it, then apply again'
    echo "$good_policy" >backendtrafficpolicies
    sleep 1
    expect 0 optasvc apply -f gw-policy.yaml
    says err 'web: 1 route accepted'
}

# RESOURCE TEXT present|absent: waits until the status of the objects has the text, or does not.
await_status() {
    local state
    for _ in {1..100}; do
        state=absent
        ! kubectl get "$1" -n gw-sets -o json | grep -qF -- "$2" || state=present
        [ $state != "$3" ] || return 0
        sleep 0.3
    done
    fail "\"$2\" is still $state in the status of $1"
}

run_gateway_listener_set() {
    local gateway='gateway: {name: infra/public, listener_sets: true}
cluster_issuer: letsencrypt'
    gateway_service gw-sets "${one[@]}" 'timeout: 60' 'public_uri: sets.example.com'
    echo "$good_certificate" >certificates
    echo "$good_route" >httproutes
    echo '{conditions: [condition("Accepted"; "False"; "NotAllowed"; "ListenerSets are not allowed"),
        condition("Programmed"; "False"; "NotAllowed"; "")]}' >listenersets
    begin_gateway gw-sets
    expect 1 optasvc apply -f gw-sets.yaml
    says err 'error: listenerset.gateway.networking.k8s.io/web-' \
        ' is not accepted by Gateway infra/public: Accepted is False: ListenerSets are not allowed (NotAllowed)' \
        'allow ListenerSets from this namespace in spec.allowedListeners of the Gateway, then apply again'

    # A ListenerSet that no controller answers.
    rm listenersets httproutes
    expect 0 optasvc delete -f gw-sets.yaml --yes
    gateway_service gw-sets "${one[@]}" 'public_uri: sets.example.com'
    expect 1 optasvc apply -f gw-sets.yaml
    says err ': no controller has accepted the listeners of Gateway infra/public in 5 s'
    says_not err 'accepted the route'
    gateway_service gw-sets "${one[@]}" 'timeout: 300' 'public_uri: sets.example.com'

    # The refusals of a route and a ListenerSet are final only when the Certificate is ready.
    echo '{conditions: [condition("Ready"; "False"; "DoesNotExist"; "Issuing certificate"), yes("Issuing")]}' >certificates
    echo '{conditions: [condition("Accepted"; "False"; "ListenersNotValid"; "no certificate")]}' >listenersets
    echo 'route([condition("Accepted"; "False"; "NoMatchingParent"; "no listener")])' >httproutes
    sleep 1
    optasvc apply -f gw-sets.yaml >applied.out 2>applied.err &
    local applying=$!
    sleep 9
    kill -0 $applying || fail "apply did not wait: $(cat applied.err)"
    echo "$good_listener_set + {listeners: [{name: \"https\", supportedKinds: [], attachedRoutes: 0,
        conditions: [yes(\"Programmed\"), condition(\"OverlappingTLSConfig\"; \"True\"; \"OverlappingCertificates\";
        \"overlaps *.example.com\")]}]}" >listenersets
    echo "$good_route" >httproutes
    # Last, because the refusals are final as soon as the Certificate is ready.
    await_status httproutes NoMatchingParent absent
    echo "$good_certificate" >certificates
    wait $applying || fail "apply failed: $(cat applied.err)"
    says applied.err 'web: waiting for its Certificate: Ready is False: Issuing certificate (DoesNotExist)' \
        'web: 1 route accepted' 'warning: listenerset.gateway.networking.k8s.io/web-' \
        'OverlappingTLSConfig is True: overlaps *.example.com'

    echo '{conditions: [condition("Ready"; "False"; "DoesNotExist"; "Issuing certificate"),
        condition("Issuing"; "False"; "Failed"; "the order was rejected")]}' >certificates
    await_status certificates rejected present
    expect 1 optasvc apply -f gw-sets.yaml
    says err 'error: certificate.cert-manager.io/web-' 'Issuing is False: the order was rejected (Failed)'
}

# The Ingress serves the hosts until the routes are accepted, and the other way round.
run_gateway_switch() {
    local host='public_uri: switch.example.com'
    service gw-switch "${one[@]}" "$host"
    expect 0 optasvc apply -f gw-switch.yaml
    gateway_service gw-switch "${one[@]}" "$host"
    expect 1 optasvc apply -f gw-switch.yaml --prune
    says err 'is retained until the routes that replace it are accepted'
    says_not out deleted
    expect 0 optasvc apply -f gw-switch.yaml --prune --wait=false
    says err 'is retained until the routes that replace it are accepted'
    says_not out deleted
    same 1 "$(kubectl get ingresses -n gw-switch -o json | jq '.items | length')" Ingresses
    echo "$good_route" >httproutes
    begin_gateway gw-switch
    gateway_service gw-switch "${one[@]}" 'timeout: 60' "$host"
    expect 0 optasvc apply -f gw-switch.yaml
    says err 'web: 1 route accepted' ' is no longer needed: pass --prune to delete it'
    expect 0 optasvc apply -f gw-switch.yaml --prune
    says out 'ingress.networking.k8s.io/web-' ' deleted'
    same 0 "$(kubectl get ingresses -n gw-switch -o json | jq '.items | length')" Ingresses

    service gw-switch "${one[@]}" "$host"
    expect 0 optasvc apply -f gw-switch.yaml
    says err ' is no longer needed: pass --prune to delete it'
    same 1 "$(kubectl get httproutes -n gw-switch -o json | jq '.items | length')" routes
    expect 0 optasvc apply -f gw-switch.yaml --prune
    says out ' deleted'
    same 0 "$(kubectl get httproutes -n gw-switch -o json | jq '.items | length')" routes
    same 1 "$(kubectl get ingresses -n gw-switch -o json | jq '.items | length')" Ingresses
}
