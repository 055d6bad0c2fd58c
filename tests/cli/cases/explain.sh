# shellcheck shell=bash
# explain: paths as people write them, words of other tools, trees, and values of files.

# PATH|FIRST LINE: paths that mean a field.
while IFS='|' read -r path line; do
    try "$optasvc" explain "$path"
    expect "explain $path" 0 out "$line"
    check "explain $path: the first line is $line" test "$(head -1 "$out")" = "$line"
done <<'ROWS'
port.http|port.http: an integer from 1 to 65535
service.port.http|port.http: an integer from 1 to 65535
k8s-service.ports|ports: a list of maps
aws-k8s-service.image|image: a string
modules[0].port|port: a map, or none
modules.0.port.http|port.http: an integer from 1 to 65535
modules[*].image|image: a string
module.port.http|port.http: an integer from 1 to 65535
$.modules[0].image|image: a string
.image|image: a string
spec.template.spec.containers[0].image|image: a string
containers[0].image|image: a string
minContainers|min_containers: an integer from 0 to 1000
public-uri|public_uri: a string or a list of strings
gateway|file.gateway: a map
gateway.type|gateway.type: standard, envoy or traefik
internal_gateway.type|internal_gateway.type: standard, envoy or traefik
tls_secret|file.tls_secret: a string
file.tls_secret|file.tls_secret: a string
environments|file.environments: a list of maps
environments[0].path|environments.path: a string
providers.aws.region|providers.aws.region: a string
sidecars.image|sidecars.image: a string
init_containers[1].image|init_containers.image: a string
ports[1].port|ports.port: an integer from 1 to 65535
env_vars.secret|env_vars.secret: a string
env_vars.FLAG|env_vars: a map of strings or references, or a list of name and value
env_vars.FLAG.key|env_vars.key: a string
pod_annotations.example.com/a.b|pod_annotations: a map of strings
volumes.empty_dir.size|volumes.empty_dir.size: an integer from 1 to 16777216 (MB), or a quantity such as 512Mi
schedule|cron_jobs.schedule: a string
storage_class|persistent_storage.storage_class: a string
database.secret|database.secret: a string
x-common|file.x-NAME: any value
priorityClassName|priority_class: a string
minReplicas|min_containers: an integer from 0 to 1000
spec.template.spec.terminationGracePeriodSeconds|termination_grace_period: an integer from 2 to 86400
entrypoint|commands: a list of strings
hosts|public_uri: a string or a list of strings
ports.containerPort|ports.port: an integer from 1 to 65535
sidecars[0].command|sidecars.commands: a list of strings
service|A `k8s-service` module:
k8s-service|A `k8s-service` module:
file|A service file, or an environment file:
cloud|A linked s3, sqs, sns or dynamodb, in addition to its own fields:
ROWS

# PATH|HINT: paths that mean no field.
while IFS='|' read -r path hint; do
    try "$optasvc" explain "$path"
    expect "explain $path" 1 err "unknown field \"$path\"" err "$hint"
    check "explain $path has one hint" test "$(wc -l <"$err")" = 2
done <<'ROWS'
spec.replicas|write min_containers: 3 and max_containers: 3
.spec.replicas|write min_containers: 3 and max_containers: 3
deployment.spec.strategy|write update_strategy: recreate
metadata.labels|write pod_labels
containers.livenessProbe.httpGet.path|write liveness_probe_path: /alive
resources.limits.memory|write resource_request: {cpu: 100m, memory: 128Mi}, and resource_limits for its limits
service.replicas|write min_containers: 3 and max_containers: 3
backoffLimit|did you mean "cron_jobs.retries"?
Deployment|a service is a Deployment, or with persistent_storage a StatefulSet
priorityClassName.a|write priority_class: business-critical
ingress.hosts|write public_uri: app.example.com
livenessProbe|write liveness_probe_path: /alive
service.prot|did you mean "port"?
file.gatway|did you mean "file.gateway"?
port.htp|did you mean "port.http"?
cron_jobs.schdule|did you mean "cron_jobs.schedule"?
path|did you mean "files.path", "volumes.path", "persistent_storage.path" or "environments.path"?
image.name.tag|run kubectl optasvc explain image to describe that field
.|run kubectl optasvc explain to list the fields
.[0]|run kubectl optasvc explain to list the fields
ROWS

# Errors and warnings

"$optasvc" explain --rules no-probe >rule
for words in no-probe '[no-probe]'; do
    try "$optasvc" explain "$words"
    expect "explain $words" 0 out "no-probe: warning" out "Fix:      "
    check "explain $words is explain --rules no-probe" cmp "$out" rule
done
try "$optasvc" explain no-prob
expect "explain of a misspelt rule" 1 err 'did you mean "no-probe"?'
try "$optasvc" explain no-probe -f ok.yaml
expect "the values of a rule" 1 err 'unknown field "no-probe"' \
    err "to describe the warning of this name, omit -f and --recursive"
while read -r name; do
    try "$optasvc" explain "[$name]"
    expect "explain [$name]" 0 out "$name: "
done < <("$optasvc" explain --rules | sed -n 's/^\([a-z][a-z0-9-]*\)  .*/\1/p')
try "$optasvc" explain ok.yaml
expect "explain of a file" 2 err 'unexpected argument "ok.yaml"; use -f ok.yaml'

# Trees

try "$optasvc" explain
expect "explain marks required fields" 0 out "image                               a string, required"
try "$optasvc" explain name
expect "explain of a field that a file has too" 0 out "See also:  file.name"
try "$optasvc" explain port
expect "explain lists the fields of a map" 0 out "  Fields:" out "    http                              an integer from 1 to 65535"
try "$optasvc" explain volumes
expect "explain lists one level" 0 out "    empty_dir                         a map"
check "explain lists no deeper fields" has_no "^      size " "$out"
check "a required field is marked" has "^    path  *a string, required" "$out"
try "$optasvc" explain volumes --recursive
expect "explain --recursive lists all levels" 0 out "      size  "
try "$optasvc" explain --recursive
expect "explain --recursive" 0 out "  modules  " out "      http  "
check "explain --recursive begins with the file" test "$(head -1 "$out")" = "A service file, or an environment file:"
try "$optasvc" explain service --recursive
check "explain service --recursive has all fields of services" test "$(grep -c '^  [a-z]' "$out")" = \
    "$("$optasvc" explain service | grep -c '^  [a-z]')"

# Values

mkdir explain
cat >explain/shop.yaml <<'FILE'
name: shop
environments:
  - {name: staging, path: staging.yaml, variables: {size: 2}}
input_variables:
  - {name: size, default: 1}
  - {name: tag, default: v9}
modules:
  - name: web
    type: k8s-service
    image: "nginx:{vars.tag}"
    ports:
      - {name: main, type: http, port: 8080}
      - {name: db, type: tcp, port: 5432}
    max_containers: "{vars.size}"
    resource_request: {cpu: 250}
    env_vars: {A: "{parent.domain}", B: {secret: s, key: k}}
    args: ["--size={vars.size}"]
    commands: ["{{vars.size}}"]
  - name: api
    type: k8s-service
    image: nginx:1
    port: {http: 80}
    env_vars: {D.E: f}
    pod_labels: {example.com/team: shop}
    volumes: [{path: /a, empty_dir: {memory: true}}]
    files: [{path: /f, content: "a\nb"}]
    sidecars: [{name: a, image: "a:1"}, {name: b, image: "b:1", resource_request: {cpu: 50}}]
    cron_jobs: [{name: j, schedule: "@daily", commands: [x], resource_limits: {memory: 1Gi}}]
  - {name: db, type: postgres, secret: pg, secret_keys: {db_host: host}}
  - name: worker
    type: k8s-service
    image: nginx:1
    port: none
    env_vars: {HOST: "{module.db.db_host}", DSN: "db://{module.db.db_host}/{env}"}
    outputs: {url: "https://{layer_name}/{{x}}"}
FILE
cat >explain/staging.yaml <<'FILE'
name: staging
outputs: {domain: example.com, raw: "{env}"}
tls_secret: wildcard
FILE
file=explain/shop.yaml
# ARGUMENTS|LINE: a line that follows the description.
while IFS='|' read -r words line; do
    # shellcheck disable=SC2086
    try "$optasvc" explain $words -f $file
    expect "explain $words -f" 0 out "In $file:"
    check "explain $words -f prints: $line" grep -qxF -e "  $line" "$out"
done <<'ROWS'
max_containers|web: 2 (explain/shop.yaml:14:21, written {vars.size}; {vars.size} is from the environment, explain/shop.yaml:3:59)
max_containers|api: 3 (default)
max_containers --var size=5|web: 5 (explain/shop.yaml:14:21, written {vars.size}; {vars.size} is from --var size)
image|web: nginx:v9 (explain/shop.yaml:10:12, written nginx:{vars.tag}; {vars.tag} is from the default in input_variables, explain/shop.yaml:6:26)
env_vars.A|web env_vars.A: example.com (explain/shop.yaml:16:19, written {parent.domain}; {parent.domain} is from the environment, explain/staging.yaml:2:19)
env_vars.B.key|web env_vars.B: k (explain/shop.yaml:16:58)
env_vars.C|web: not set
env_vars[A]|web env_vars.A: example.com (explain/shop.yaml:16:19, written {parent.domain}; {parent.domain} is from the environment, explain/staging.yaml:2:19)
env_vars['B'].key|web env_vars.B: k (explain/shop.yaml:16:58)
env_vars.D.E|api env_vars.D.E: f (explain/shop.yaml:23:21)
env_vars["D.E"]|api env_vars.D.E: f (explain/shop.yaml:23:21)
pod_labels.example.com/team|api pod_labels.example.com/team: shop (explain/shop.yaml:24:36)
pod_labels['example.com/team']|api pod_labels.example.com/team: shop (explain/shop.yaml:24:36)
ports.port|web ports[0]: 8080 (explain/shop.yaml:12:40)
ports[1].containerPort|web ports[1]: 5432 (explain/shop.yaml:13:37)
maxReplicas|api: 3 (default)
ports.port|web ports[1]: 5432 (explain/shop.yaml:13:37)
ports.port|api: not set (no such item of ports)
ports[1].port|web ports[1]: 5432 (explain/shop.yaml:13:37)
ports|web: [{name: main, type: http, port: 8080}, {name: db, type: tcp, port: 5432}] (explain/shop.yaml:12:7)
resource_request|web: {cpu: 250} (explain/shop.yaml:15:23)
resource_request.memory|web: 128 (default)
resource_limits.cpu|web: 500m (defaults to twice the request)
resource_limits.cpu|api: 200m (defaults to twice the request)
sidecars.resource_request.cpu|api sidecars[0]: 100 (default)
sidecars.resource_request.cpu|api sidecars[1]: 50 (explain/shop.yaml:27:89)
sidecars.resource_limits.cpu|api sidecars[1]: 100m (defaults to twice the request)
cron_jobs.resource_request.memory|api cron_jobs[0]: 128Mi (as in the service)
cron_jobs.resource_limits.cpu|api cron_jobs[0]: 200m (as in the service)
cron_jobs.resource_limits.memory|api cron_jobs[0]: 1Gi (explain/shop.yaml:28:88)
volumes.empty_dir.size|api volumes[0]: 64Mi (defaults to 1024, or to 64 with `memory`)
files.content|api files[0]: "a\nb" (explain/shop.yaml:26:33)
spread|api: nodes, zones (defaults to both, nodes and zones)
public_uri|api: not set
helm.mode|api: not set (helm is not set)
port.http|web: not set (port is not set)
args|web: [--size=2] (explain/shop.yaml:17:11; {vars.size} is from the environment, explain/shop.yaml:3:59)
commands|web: [{vars.size}] (explain/shop.yaml:18:15)
name|api: api (explain/shop.yaml:19:11)
tls_secret|tls_secret: wildcard (explain/staging.yaml:3:13)
ingress_class|ingress_class: nginx (default)
file.outputs.raw|outputs.raw: {env} (explain/staging.yaml:2:37)
env_vars|worker: {HOST: {secret: pg, key: host}, DSN: db://$(HOST)/staging} (explain/shop.yaml:34:15; {module.db.db_host} is from an output of module db; {module.db.db_host} is from an output of module db; {env} is from the name of the environment, explain/shop.yaml:3:12)
env_vars.HOST|worker env_vars.HOST: {secret: pg, key: host} (explain/shop.yaml:34:22, written {module.db.db_host}; {module.db.db_host} is from an output of module db)
outputs.url|worker outputs.url: https://shop/{x} (explain/shop.yaml:35:20, written https://{layer_name}/{{x}}; {layer_name} is from the name of the layer, explain/shop.yaml:1:7)
startup_timeout|worker: not set (the service has no such probe)
probe_period|worker: not set (the service has no such probe)
probe_period|api: 10 (default)
initial_liveness_delay|api: not set (the service has no such probe)
environments.path|environments[0]: staging.yaml (explain/shop.yaml:3:27)
ROWS
try "$optasvc" explain "modules[1].image" -f $file
expect "explain modules[1]" 0 out "  api: nginx:1 ("
check "explain modules[1] shows no other module" has_no "web: " "$out"
try "$optasvc" explain "modules[2].image" -f $file
expect "explain of a missing module" 1 err "error: modules[2] is not among the services of the files"
try "$optasvc" explain image -f $file --module api
expect "explain --module" 0 out "  api: nginx:1 ("
check "explain --module shows no other module" has_no "web: " "$out"
try "$optasvc" explain -f $file
expect "explain -f lists the fields that have a value" 0 out "  web:" out "    probe_period: 10 (default)" out "    port.http: 80 ("
check "it lists no others" has_no "public_uri" "$out"
"$optasvc" explain image -f - <ok.yaml >"$out" 2>"$err"
status=$?
expect "explain -f -" 0 out "In <stdin>:" out "  app: nginx:1.29 (<stdin>:5:12)"
sed '/image:/d' ok.yaml >explain/chart.yaml
try "$optasvc" explain min_containers -f explain/chart.yaml
expect "explain with a file for a chart" 0 out "  app: not set (the value of the chart is kept)"
try "$optasvc" explain image -f bad.yaml
expect "explain with an invalid file" 1 err 'bad.yaml:7:5: error: unknown field "nmae"'
check "its error is reported once" test "$(grep -c nmae: "$err")" = 1
try "$optasvc" explain image -f $file --module wbe
expect "explain of an unknown service" 1 err 'did you mean "web"?'
try "$optasvc" explain cloud.arn -f $file
expect "explain -f of another module" 1 err "cloud.arn has no values that can be shown"
for words in "--env staging" "--env-file a" "--var a=b" "--parent-outputs a" "--module web"; do
    # shellcheck disable=SC2086
    try "$optasvc" explain image $words
    expect "explain $words without -f" 2 err "require -f FILE"
done
for words in "image" "--recursive" "-f $file"; do
    # shellcheck disable=SC2086
    try "$optasvc" explain -o markdown $words
    expect "explain -o markdown $words" 2 err "--output=markdown lists all fields"
done
try "$optasvc" explain --recursive -f $file
expect "explain --recursive -f" 2 err "--recursive and --filename are mutually exclusive"
try "$optasvc" __complete explain image -f $file --module ""
expect "explain completes the services of -f" 0 out "web	service" out "api	service"
