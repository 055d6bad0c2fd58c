# shellcheck shell=bash
# Cluster commands with the fake kubectl.

# STATUS WORD...: sets the command and its expected exit status.
calls() { echo "$1" >status; shift; echo "$@" >call; }

# N [FIELD...]: writes a service file with N services.
services() {
    local count=$1
    shift
    { printf 'name: shop\nmodules:\n'
      each "$count" "- {name: web@, type: k8s-service, image: 'web:1', port: {http: 80}, $(IFS=,; echo "$*")}"; } >service.yaml
}

# WORD...: generates the state of the cluster from the service files.
answers() {
    "$bin/kubectl-optasvc" render "${files[@]}" -o json --allow no-probe,one-replica >rendered && "$here/answers" "$@" <rendered && rm rendered
}

scaled='min_containers: 2, max_containers: 4'

shape_cluster_apply() { services "$1" "$scaled"; answers changed; calls 0 apply; }
shape_cluster_apply_new() { services "$1"; answers; rm live.*; calls 0 apply --wait=false; }
shape_cluster_apply_adopted() { services "$1"; answers adopted; calls 0 apply --adopt; }
shape_cluster_apply_refused() { services "$1"; answers adopted; calls 1 apply; }
shape_cluster_apply_without_autoscalers() {
    services "$1" "$scaled"; answers; services "$1"; calls 0 apply --dry-run=server
}
shape_cluster_apply_prune() { services "$1"; answers extra; calls 0 apply --prune=layer --yes; }
shape_cluster_apply_jobs() { services "$1"; answers jobs; calls 0 apply; }
shape_cluster_apply_secrets() {
    { printf 'name: shop\nmodules:\n'
      each "$1" $'- {name: web@, type: k8s-service, image: "web:1", port: none, links: [db@]}\n- {name: db@, type: postgres}'; } >service.yaml
    answers
    calls 1 apply
}
shape_cluster_apply_unread() {
    services "$1" "$scaled"; answers; rm live.*
    each "$1" 'Error from server (Forbidden): deployments.apps "web@" is forbidden: User "u" cannot get resource "deployments" in API group "apps" in the namespace "shop"' >unread
    calls 1 apply
}
shape_cluster_apply_conflicts() {
    services 1; answers
    { echo 'error: Apply failed with conflicts: conflict with "other" using apps/v1:'; each "$1" '- .spec.field@'; } >conflicts
    calls 1 apply
}
shape_cluster_refused() {
    services 1; answers
    each "$1" 'Error from server (Forbidden): things@.example.com is forbidden: User "u" cannot list resource "things@" in API group "example.com" in the namespace "shop"' >refused
    calls 1 status
}
shape_cluster_diff() { services "$1" "$scaled"; answers changed extra; calls 0 diff; }
shape_cluster_status() { services "$1" "$scaled" 'public_uri: h@.example.com'; answers extra; calls 0 status; }
shape_cluster_status_of_hosts() { services 1 "public_uri: [$(row "$1" h@.example.com)]"; answers; calls 0 status; }
shape_cluster_outputs() { services "$1"; answers; calls 0 outputs; }
shape_cluster_delete() { services "$1" "$scaled"; answers; rm rest; calls 0 delete --yes; }
shape_cluster_delete_namespace() { services "$1"; answers; rm rest; calls 0 delete --yes --delete-namespace; }
shape_cluster_push() {
    { printf 'name: shop\nmodules:\n'; each "$1" "- {name: web-@-$(printf 'x%.0s' {1..50}), type: k8s-service, image: AUTO, port: none}"; } >service.yaml
    calls 1 push web:1 --registry registry.example.com
}

# N WORD...: writes N service files whose layers have long names.
layers() {
    local i
    for ((i = 1; i <= $1; i++)); do
        printf 'name: %s\nmodules: [{name: web%s, type: k8s-service, image: "web:1", port: none, max_containers: 1}]\n' "layer-$i-$(printf 'x%.0s' {1..40})" "$i" >"$i.yaml"
    done
    files=(-f . "${@:2}")
}
shape_cluster_layers() { layers "$1" -n shop; answers; calls 0 status -n shop; }
shape_cluster_namespaces() { layers "$1"; answers; calls 0 status; }
shape_cluster_prune_of_namespaces() { layers "$1"; answers extra; calls 0 apply --dry-run=server --prune=layer; }

shape_cluster_secret_list() { services "$1" 'secrets: [NAME@]'; answers; each "$1" 'NAME@ YQ==' >values; calls 0 secret list; }
shape_cluster_secret_import() {
    services 1 "secrets: [$(row "$1" NAME@)]"; answers; each "$1" 'NAME@=value' >secrets.env
    calls 0 secret import secrets.env
}

shape_cluster_secret_view() { services 1 "secrets: [NAME1]"; answers; each "$1" 'NAME@ YQ==' >values; calls 0 secret view NAME1; }
shape_cluster_secret_delete() { services 1; answers; each "$1" 'NAME@ YQ==' >values; calls 0 secret delete NAME1 --yes --no-restart; }
shape_cluster_secret_set() { services 1; answers; each "$1" 'line @ of a value' >stdin; calls 0 secret set NAME --no-restart; }
shape_cluster_secret_edit() { services 1; answers; each "$1" 'NAME@ YQ==' >values; calls 0 secret edit --yes --no-restart; }
shape_cluster_logs() { services "$1"; answers; calls 0 logs --module web1; }
shape_cluster_deploy() { services "$1"; answers changed; calls 0 deploy; }

# The pods do not become ready, and many pods and events explain it.
shape_cluster_apply_explained() {
    services 1; answers
    python3 - "$1" <<'PYTHON'
import json, sys
count = int(sys.argv[1])
def write(name, objects):
    with open(name, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, file)
with open("found", encoding="utf-8") as file:
    found = json.load(file)["items"]
for item in found:
    if item["kind"] == "Deployment":
        item["status"].update(readyReplicas=0, availableReplicas=0, conditions=[
            {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
             "lastUpdateTime": "2024-01-01T00:10:00Z"}])
        labels = item["metadata"]["labels"]
write("found", found)
write("workload", [item for item in found if item["kind"] == "Deployment"])
write("pods", [{"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "web1-%d" % i, "namespace": "shop", "labels": labels},
                "status": {"phase": "Pending", "containerStatuses": [
                    {"name": "web1", "ready": False, "state": {"waiting": {"reason": "Wait%d" % i}}}]}}
               for i in range(count)])
write("events", [{"kind": "Event", "involvedObject": {"kind": "Deployment", "name": "web1"},
                  "message": "message", "lastTimestamp": "2024-01-01T00:00:%02dZ" % (i % 60)}
                 for i in range(count)])
PYTHON
    calls 1 apply
}

# Answers of kubectl. TEXT: becomes the annotations of the first object, which are JSON.
annotated() {
    services 1; answers
    { printf '%s' "$1" >text; } && python3 -c '
text = open("live.shop").read()
open("live.shop", "w").write(text.replace("\"metadata\": {", "\"metadata\": {\"annotations\": {" + open("text").read() + "}, ", 1))'
    calls 0 status
}
shape_json_keys() { annotated "$(row "$1" '"k@": "v"')"; }
shape_json_text() { annotated "\"k\": \"$(row "$1" $'word \\\\u00e9 \\\\n\u00e9@')\""; }
shape_json_numbers() { annotated "\"k\": [$(row "$1" '1.5e@')]"; }
shape_json_deep() {
    local open close
    open=$(printf '[%.0s' $(seq "$1")) close=$(printf ']%.0s' $(seq "$1"))
    annotated "\"k\": [$(row 50 "$open$close")]"
}
shape_json_truncated() { annotated "$(row "$1" '"k@": "v"')"; truncate -s -20 live.shop; calls 1 status; }
shape_kuberc() {
    services 1; answers
    { printf 'apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ncredentialPluginPolicy: DenyAll\naliases:\n'
      each "$1" '- {name: a@, command: get, appendArgs: [pods]}'; } >kuberc
    calls 0 status --kuberc kuberc
}

sizes+='
cluster_apply 100
cluster_apply_new 150
cluster_apply_adopted 100
cluster_apply_refused 100
cluster_apply_without_autoscalers 150
cluster_apply_prune 100
cluster_apply_jobs 100
cluster_apply_secrets 150
cluster_apply_unread 150
cluster_apply_conflicts 3000
cluster_refused 2000
cluster_diff 100
cluster_status 100
cluster_status_of_hosts 200
cluster_outputs 150
cluster_delete 100
cluster_delete_namespace 100
cluster_push 490
cluster_layers 1100
cluster_namespaces 60
cluster_prune_of_namespaces 40
cluster_secret_list 150
cluster_secret_import 500
cluster_secret_view 20000
cluster_secret_delete 20000
cluster_secret_set 20000
cluster_secret_edit 8000
cluster_logs 150
cluster_deploy 100
cluster_apply_explained 2000
json_keys 3000
json_text 3000
json_numbers 3000
json_deep 60
json_truncated 3000
kuberc 500
'
