# shellcheck shell=bash
# Charts to inject into.
# shellcheck disable=SC2016  # $(NAME) in a variable is for Kubernetes to expand

shape_env() {
    service 'secrets: [A]' 'env_vars: {NAME1: other, B: "$(A)"}' >service.yaml
    { workload web; pod; echo '        env:'
      each "$1" $'        - name: NAME@\n          value: $(NAME1) $(B@) $(C@)'; } >stdin
}

shape_env_that_is_referred_to() {
    service "env_vars: {$(row 20 'NAME@: "$(OTHER@)"')}" "secrets: [$(row 20 S@)]" >service.yaml
    { workload web; pod; echo '        env:'
      each "$1" $'        - name: NAME@\n          value: $(S@)'; } >stdin
}

shape_annotations() {
    service "pod_annotations: {$(row 20 'b@: "1"')}" >service.yaml
    { workload web; echo '      annotations:'; each "$1" '        a@: "1"'; pod; } >stdin
}

shape_labels() {
    service "pod_labels: {$(row 20 'b@: "1"')}" >service.yaml
    { workload web; each "$1" '        a@: "1"'; pod
      each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec:\n  selector: {c@: web}'; } >stdin
}

shape_tolerations() {
    service "tolerations: [$(row 20 '{key: b@, value: x, effect: NoSchedule}')]" >service.yaml
    { workload web; pod; echo '      tolerations:'; each "$1" '      - {key: a@, value: x, effect: NoSchedule}'; } >stdin
}

shape_containers() {
    service "${filled[@]}" >service.yaml
    { workload web; pod; each "$1" $'      - name: c@\n        image: web:1\n        ports: [{containerPort: @}]'; } >stdin
}

shape_diff_of_containers() { shape_containers "$1"; echo --diff >extra; }
shape_diff_in_one_line() {
    service "${filled[@]}" >service.yaml
    { workload web; echo "    spec: {containers: [$(row "$1" '{name: c@, image: "web:1"}')]}"; } >stdin
    echo --diff >extra
}

shape_ports() {
    service 'healthcheck: tcp' 'public_uri: web.example.com' 'port: {http: 1}' >service.yaml
    { printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports:\n'
      each "$1" '  - {name: p@, port: @, targetPort: q@}'
      workload web; pod; echo '        ports:'; each "$1" '        - {name: p@, containerPort: @}'; } >stdin
}

shape_ports_in_fill() {
    shape_ports "$1"
    service 'healthcheck: tcp' "$every" >service.yaml
}

# SHAPE N: the same stream in fill mode.
in_fill() {
    "shape_$1" "$2"
    sed -i 's/^    type: k8s-service$/&\n    helm: {mode: fill}/' service.yaml
}
shape_env_in_fill() { in_fill env "$1"; }
shape_env_that_is_referred_to_in_fill() { in_fill env_that_is_referred_to "$1"; }
shape_annotations_in_fill() { in_fill annotations "$1"; }
shape_labels_in_fill() { in_fill labels "$1"; }
shape_tolerations_in_fill() { in_fill tolerations "$1"; }
shape_ingresses_in_fill() { in_fill ingresses "$1"; }
shape_gateway_routes_in_fill() { in_fill gateway_routes "$1"; }
shape_aliases_in_fill() { in_fill aliases "$1"; }
shape_long_text_in_fill() { in_fill long_text "$1"; }
shape_deep_flow_in_fill() { in_fill deep_flow "$1"; }
shape_modules_in_fill() { in_fill modules "$1"; }

shape_non_ascii_in_fill() {
    service "${filled[@]}" >service.yaml
    { workload web; pod; each "$1" $'      # \u00e9\u4e2d\u6587 @\n      - {name: c@, image: web:1, args: ["\u00e9\u00e9 @ \U1F600", plain]} # \u00e9'; } >stdin
}

shape_init_containers_in_fill() {
    service "${filled[@]}" >service.yaml
    { workload web; pod; echo '      initContainers:'; each "$1" $'      - name: i@\n        image: web:1'; } >stdin
}

shape_flow_documents_in_fill() {
    service "${filled[@]}" >service.yaml
    each "$1" $'---\n{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web@"}, "spec": {"selector": {"matchLabels": {"app": "web@"}}, "template": {"metadata": {"labels": {"app": "web@"}}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}}}}' >stdin
}

shape_report() {
    shape_documents "$1"
    echo --report report.json --log-file log >extra
}

shape_documents() {
    service "${filled[@]}" >service.yaml
    for ((i = 1; i <= $1; i++)); do workload "web$i"; pod; done >stdin
}

shape_documents_of_no_kind() {
    service 'resource_request: {cpu: 50}' >service.yaml
    { each "$1" $'---\na@: {b: c}'; workload web; pod; } >stdin
}

shape_broken_markers() {
    service 'resource_request: {cpu: 50}' >service.yaml
    { workload web; pod; each "$1" $'---\nkind: Service\nmetadata: {name: a}\n---apiVersion: v1\nkind: Service'; } >stdin
}

shape_services_and_containers() {
    service 'healthcheck: tcp' "$every" >service.yaml
    { each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec:\n  selector: {app: web}\n  ports:\n  - {port: 80, targetPort: @}'
      workload web; pod; each "$1" $'      - name: c@\n        image: web:1\n        ports: [{containerPort: 9@}]'; } >stdin
}

shape_services_and_workloads() {
    service 'healthcheck: tcp' "$every" >service.yaml
    { each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec:\n  selector: {app: web@}\n  ports:\n  - {port: 80, targetPort: 8080}'
      for ((i = 1; i <= $1; i++)); do workload "web$i"; pod; echo '        ports: [{containerPort: 8080}]'; done; } >stdin
}

shape_services_for_public_uri() {
    service 'public_uri: web.example.com' 'helm: {container: c1}' >service.yaml
    { each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec:\n  selector: {app: web}\n  ports:\n  - {name: metrics, port: 80, targetPort: p@}'
      workload web; pod; each "$1" $'      - name: c@\n        image: web:1\n        ports: [{name: p@, containerPort: 80}]'; } >stdin
}

shape_namespaces() {
    service 'min_containers: 2' 'max_containers: 4' 'helm: {workload: n1/Deployment/web}' >service.yaml
    { each "$1" $'---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: n@}\nspec:\n  selector: {matchLabels: {app: web}}\n  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}, {name: b}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: n@}\nspec: {selector: {app: web}, ports: [{port: 80}]}'
      each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}'; } >stdin
}

shape_rollouts() {
    service 'min_containers: 2' 'max_containers: 4' 'helm: {workload: n1/Rollout/r1}' >service.yaml
    each "$1" $'---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r@, namespace: n@}\nspec: {workloadRef: {kind: Deployment, name: web}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: n@}\nspec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}' >stdin
}

shape_ingresses() {
    service 'sticky_session: true' "public_uri: [$(row 20 'h@.example.com/x')]" >service.yaml
    { each "$1" $'---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i@}\nspec:\n  rules:\n  - host: h@.example.com\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: s@, port: {number: 80}}}}'
      each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec:\n  selector: {app: web}\n  ports:\n  - {port: 80}'
      workload web; pod; } >stdin
}

shape_gateway_routes() {
    service 'sticky_session: true' "public_uri: [$(row 20 'h@.example.com/x')]" >service.yaml
    { each "$1" $'---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r@}\nspec:\n  parentRefs: [{name: gw}]\n  hostnames: [h@.example.com, x@.example.com]\n  rules:\n  - backendRefs: [{name: s@, port: 80}]'
      each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: s@}\nspec:\n  selector: {app: web}\n  ports:\n  - {port: 80}'
      workload web; pod; } >stdin
}

shape_volumes_of_containers() {
    service 'pod_security: restricted' "$every" >service.yaml
    { workload web
      printf '    spec:\n      containers:\n'
      each "$1" $'      - name: c@\n        image: web:1\n        volumeMounts: [{name: v@, mountPath: /data}]'
      printf '      volumes:\n'
      each "$1" $'      - {name: v@, secret: {secretName: s@}}'; } >stdin
}

shape_jobs() {
    service "${filled[@]}" >service.yaml
    each "$1" $'---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: j@}\nspec:\n  template:\n    spec:\n      containers: [{name: main, image: "web:1"}]' >stdin
}

shape_aliases() {
    service 'pod_annotations: {new: "1"}' >service.yaml
    { workload web; printf '      annotations:\n        x: &x one\n        y: &y two\n        z: &z three\n'
      each "$1" $'        a@: *x\n        b@: *y\n        c@: *z'; pod; } >stdin
}

shape_merges() {
    service "${filled[@]}" >service.yaml
    { workload web; printf '    spec:\n      x: &x {image: web:1}\n      y: &y {<<: *x, tty: true}\n      containers:\n'
      each "$1" $'      - name: c@\n        <<: [*x, *y]'; } >stdin
}

shape_long_line() {
    service "pod_annotations: {$(row 20 'b@: "1"')}" 'env_vars: {NEW: "1"}' >service.yaml
    { printf '{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}, "annotations": {%s}}, ' "$(row "$1" '"a@": "1"')"
      printf '"spec": {"containers": [{"name": "main", "image": "web:1", "env": [%s]}]}}}}\n' "$(row "$1" '{"name": "NAME@", "value": "1"}')"; } >stdin
}

shape_long_lines_in_a_block() {
    service "${filled[@]}" >service.yaml
    { workload web; pod; each "$1" "      - {name: c@, image: web:1, args: [$(row 50 '"arg@"')]}"; } >stdin
}

shape_long_text() {
    service 'pod_annotations: {new: "1"}' >service.yaml
    { workload web; printf '      annotations:\n        long: "'; row "$1" 'word@ \u00e9' | tr -d '\n'; echo '"'; pod; } >stdin
}

# Up to the maximum depth; deeper streams are rejected. Almost at the limit, because libyaml visits all open flow
# maps and lists at every token; everything else grows linearly.
shape_deep_flow() {
    service 'pod_annotations: {new: "1"}' 'env_vars: {NEW: "1"}' >service.yaml
    local open close
    open=$(printf '{"a": [%.0s' $(seq "$(($1 / 2))")) close=$(printf ']}%.0s' $(seq "$(($1 / 2))"))
    { workload web; pod; printf '        x:\n'; each 50 "        - $open$close"; } >stdin
}

# Twice as many modules, each with twice as many candidate workloads, and their own Services.
shape_modules() {
    { printf 'name: shop\nmodules:\n'
      each "$1" $'  - name: web@\n    type: k8s-service\n    healthcheck_path: /ok\n    resource_request: {cpu: 50}\n    min_containers: 2\n    max_containers: 4\n    env_vars: {A: "1"}\n    pod_labels: {b: c}\n    sticky_session: true'; } >service.yaml
    { for ((i = 1; i <= $1; i++)); do
          workload "web$i"; pod; echo '        ports: [{containerPort: 8080}]'
      done
      each "$1" $'---\napiVersion: v1\nkind: Service\nmetadata: {name: web@}\nspec:\n  selector: {app: web@}\n  ports:\n  - {port: 80, targetPort: 8080}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web@}\nspec:\n  rules:\n  - host: h@.example.com\n    http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: web@, port: {number: 80}}}}'; } >stdin
}

# N [FIELD...]: writes a service file with the modules web1 to webN.
modules() {
    local count=$1
    shift
    { printf 'name: shop\nmodules:\n'
      each "$count" "$(printf '  - name: web@\n    type: k8s-service\n    resource_request: {cpu: 50}'; printf '\n    %s' "$@")"; } >service.yaml
}

# N METADATA: prints N Deployments.
deployments() { each "$1" $'---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {'"$2"$'}\nspec: {selector: {matchLabels: {app: a@}}, template: {metadata: {labels: {app: a@}}, spec: {containers: [{name: main, image: "web:1"}]}}}'; }

# N METADATA REFERENCE LABEL: prints the objects that belong to the Deployments.
companions() { each "$1" $'---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {'"$2"$'}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, '"$3"$'}, minReplicas: 1, maxReplicas: 3}\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {'"$2"$'}\nspec: {maxUnavailable: 1, selector: {matchLabels: {app: '"$4"$'}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {'"$2"$'}\nspec: {selector: {app: '"$4"$'}, ports: [{port: 80}]}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {'"$2"$'}\nspec: {rules: [{host: h@.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {'"$3"$', port: {number: 80}}}}]}}]}'; }
scales=('min_containers: 2' 'max_containers: 4' 'sticky_session: true')

# More errors than are shown (DIAG_MAX): the hint of each compares the names of all workloads.
shape_modules_that_find_none() { modules "$1"; deployments "$1" 'name: other@' >stdin; }
shape_modules_that_find_suffixes() { modules "$1"; deployments "$1" 'name: a-b-web@' >stdin; }
shape_modules_that_find_labels() { modules "$1"; deployments "$1" 'name: a@, labels: {app.kubernetes.io/name: web@}' >stdin; }
shape_modules_that_select() { modules "$1" 'helm: {workload: n@/Deployment/web}'; deployments "$1" 'name: a-web, namespace: n@' >stdin; }
shape_modules_with_companions() { modules "$1" "${scales[@]}"; { deployments "$1" 'name: web@'; companions "$1" 'name: web@' 'name: web@' 'a@'; } >stdin; }
shape_modules_in_namespaces() {
    modules "$1" "${scales[@]}" 'helm: {workload: n@/Deployment/web}'
    { deployments "$1" 'name: web, namespace: n@' | sed 's/app: a[0-9]*/app: web/g'; companions "$1" 'name: web, namespace: n@' 'name: web' web; } >stdin
}
shape_modules_for_hooks() { modules "$1"; deployments "$1" 'name: a@, annotations: {helm.sh/hook: test}' >stdin; }

sizes+='
env 500
env_that_is_referred_to 250
annotations 500
labels 200
tolerations 150
containers 30
diff_of_containers 30
diff_in_one_line 30
ports 500
ports_in_fill 500
env_in_fill 500
env_that_is_referred_to_in_fill 250
annotations_in_fill 500
labels_in_fill 200
tolerations_in_fill 150
ingresses_in_fill 50
gateway_routes_in_fill 50
aliases_in_fill 300
long_text_in_fill 3000
deep_flow_in_fill 40
modules_in_fill 30
non_ascii_in_fill 30
init_containers_in_fill 30
flow_documents_in_fill 30
report 30
documents 30
documents_of_no_kind 250
broken_markers 1500
services_and_containers 125
services_and_workloads 200
services_for_public_uri 200
namespaces 100
rollouts 100
ingresses 100
gateway_routes 100
volumes_of_containers 100
jobs 100
aliases 600
merges 60
long_line 500
long_lines_in_a_block 30
long_text 6000
deep_flow 40
modules 60
modules_that_find_none 250
modules_that_find_suffixes 100
modules_that_find_labels 100
modules_that_select 100
modules_with_companions 50
modules_in_namespaces 50
modules_for_hooks 100
'
