# shellcheck shell=bash
# Compose files and Kubernetes objects that become service files.

# FLAG: the command reads stdin with this flag.
starts() { echo "init shop $1 -" >init; }

# Prints a Deployment up to the fields of its only container.
started() { workload web; pod; }

# NAME: prints a Service.
started_service() { printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n' "$1"; }

shape_init_workloads() {
    starts --from-manifests
    each "$1" "$(workload web@; pod)
---
apiVersion: v1
kind: Service
metadata: {name: web@}
spec: {selector: {app: web@}, ports: [{port: 80, targetPort: 80}]}" >stdin
}
shape_init_workloads_of_a_list() {
    starts --from-manifests
    { printf 'apiVersion: v1\nkind: List\nitems:\n'
      each "$1" "$({ workload web@; pod; } | sed 1d | sed '1s/^/- /; 2,$s/^/  /')"; } >stdin
}
shape_init_variables() { starts --from-manifests; { started; echo '        env:'; each "$1" '        - {name: NAME@, value: text}'; } >stdin; }
shape_init_secret_keys() {
    starts --from-manifests
    { started; echo '        env:'; each "$1" '        - {name: NAME@, valueFrom: {secretKeyRef: {name: s@, key: k}}}'; } >stdin
}
shape_init_variables_of_a_config_map() {
    starts --from-manifests
    { started; printf '        envFrom: [{configMapRef: {name: all}}]\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: all}\ndata:\n'
      each "$1" '  NAME@: text'; } >stdin
}
shape_init_container_ports() { starts --from-manifests; { started; echo '        ports:'; each "$1" '        - {name: p@, containerPort: @}'; } >stdin; }
shape_init_files() {
    starts --from-manifests
    { started; printf '        volumeMounts: [{name: all, mountPath: /all}]\n      volumes: [{name: all, configMap: {name: all}}]\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: all}\ndata:\n'
      each "$1" '  file@: text'; } >stdin
}
shape_init_volumes() {
    starts --from-manifests
    { started; echo '        volumeMounts:'; each "$1" '        - {name: v@, mountPath: /v@}'
      echo '      volumes:'; each "$1" '      - {name: v@, emptyDir: {}}'; } >stdin
}
shape_init_services_of_a_workload() { starts --from-manifests; { started; each "$1" "$(started_service web@)"; } >stdin; }
shape_init_pod_labels() {
    starts --from-manifests
    { workload web; each "$1" '        label@: text'; pod; } >stdin
}
shape_init_object_labels() {
    starts --from-manifests
    { started; printf -- '---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  labels:\n'; each "$1" '    label@: text'
      printf '  annotations:\n'; each "$1" '    note@: text'; echo 'spec: {selector: {app: web}, ports: [{port: 80}]}'; } >stdin
}
shape_init_paths() {
    starts --from-manifests
    { started; started_service web; echo ---; ingress web a.example.com; each "$1" "${converted/PATH//p@}"; } >stdin
}
shape_init_ingresses() {
    starts --from-manifests
    { started; started_service web; each "$1" "---
$(ingress web@ a@.example.com)
${converted/PATH//}"; } >stdin
}
shape_init_cron_jobs() {
    starts --from-manifests
    { started
      each "$1" $'---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: web-j@}\nspec:\n  schedule: "1 2 3 4 5"\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: web:1, command: [a]}]}}}}'; } >stdin
}
# CronJobs that belong to no Deployment: more than a service file may have modules.
shape_init_cron_jobs_alone() {
    starts --from-manifests
    each "$1" $'---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: web@}\nspec:\n  schedule: "1 2 3 4 5"\n  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: "web:@", command: [a]}]}}}}' >stdin
    echo 1 >status
}
shape_init_ingress_annotations() {
    starts --from-manifests
    { started; started_service web; echo ---; ingress web a.example.com | sed '/annotations:/,$d'; echo '  annotations:'; each "$1" '    note@: text'
      ingress web a.example.com | sed '1,/annotations:/d'; echo "${converted/PATH//}"; } >stdin
}
shape_init_probe_headers() {
    starts --from-manifests
    { started; printf '        ports: [{containerPort: 80}]\n        readinessProbe:\n          httpGet:\n            path: /\n            port: 80\n            httpHeaders:\n'; each "$1" '            - {name: header-@, value: text}'; } >stdin
}
# Unknown maps, in maps to this depth.
shape_init_unknown_maps() {
    starts --from-manifests
    local inner=text
    for ((i = 0; i < $1; i++)); do inner="{a: $inner}"; done
    { started; each 100 "        field@: $inner"; } >stdin
}
shape_init_unknown_fields() { starts --from-manifests; { started; each "$1" '        field@: text'; } >stdin; }
shape_init_unknown_objects() { starts --from-manifests; { started; each "$1" $'---\napiVersion: example.com/v1\nkind: Other\nmetadata: {name: other@}'; } >stdin; }

shape_init_compose_services() { starts --from-compose; { echo 'services:'; each "$1" '  web@: {image: "web:1", ports: ["80@:80"]}' ; } >stdin; }
shape_init_compose_dependencies() {
    starts --from-compose
    { echo 'services:'; each "$1" '  web@: {image: "web:1"}'; printf '  last:\n    image: web:1\n    depends_on:\n'; each "$1" '    - web@'; } >stdin
}
# shellcheck disable=SC2016  # Compose expands the variables
shape_init_compose_variables() {
    starts --from-compose
    { printf 'services:\n  web:\n    image: web:1\n    environment:\n'; each "$1" '      NAME@: "${TEXT@:-a}"'; } >stdin
}
shape_init_compose_ports() { starts --from-compose; { printf 'services:\n  web:\n    image: web:1\n    ports:\n'; each "$1" '      - "@"'; } >stdin; }
shape_init_compose_volumes() {
    starts --from-compose
    { printf 'services:\n  web:\n    image: web:1\n    volumes:\n'; each "$1" '      - "v@:/v@"'; echo 'volumes:'; each "$1" '  v@: {}'; } >stdin
}

sizes+='
init_workloads 60
init_workloads_of_a_list 60
init_variables 500
init_secret_keys 300
init_variables_of_a_config_map 500
init_container_ports 30
init_files 50
init_volumes 60
init_services_of_a_workload 100
init_pod_labels 200
init_object_labels 500
init_paths 100
init_ingresses 60
init_cron_jobs 60
init_cron_jobs_alone 1200
init_ingress_annotations 500
init_probe_headers 1500
init_unknown_fields 500
init_unknown_maps 40
init_unknown_objects 300
init_compose_services 100
init_compose_dependencies 300
init_compose_variables 300
init_compose_ports 30
init_compose_volumes 60
'
