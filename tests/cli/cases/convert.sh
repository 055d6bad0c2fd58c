# shellcheck shell=bash
# convert-ingress: its files and flags. tests/golden/convert has what it converts.

cat >ingress.yaml <<'YAML'
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: app.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}
YAML
cat >service-object.yaml <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80}]}
YAML

try "$optasvc" convert-ingress
expect "convert-ingress without flags" 2 err "required flag"
try "$optasvc" convert-ingress -f ingress.yaml
expect "convert-ingress without a Gateway" 2 err "required flag: --gateway NAMESPACE/NAME"
try "$optasvc" convert-ingress -f ingress.yaml --gateway public
expect "convert-ingress with the name of a Gateway alone" 2 err "must be NAMESPACE/NAME, for example infra/public"
try "$optasvc" convert-ingress -f ingress.yaml --gateway infra/public --type nginx
expect "convert-ingress with an unknown type" 2 err "standard, envoy or traefik"
try "$optasvc" convert-ingress -f missing.yaml --gateway infra/public
expect "convert-ingress of a missing file" 1 err "missing.yaml"
try "$optasvc" convert-ingress -f ingress.yaml --gateway infra/public
expect "convert-ingress without the Service" 1 err "Service web not found"
check "nothing is printed after an error" test ! -s "$out"
try "$optasvc" convert-ingress -f ingress.yaml -f service-object.yaml --gateway infra/public --report report.json
expect "convert-ingress of two files" 0 out "kind: HTTPRoute" out "port: 80" err "requests of more than 1 MiB"
check "the report is JSON" jq -e '.converted[0].object == "Ingress/web" and (.differences | length) > 0' report.json
cp "$out" routes
cat ingress.yaml >both.yaml && echo --- >>both.yaml && cat service-object.yaml >>both.yaml
"$optasvc" convert-ingress -f - --gateway infra/public <both.yaml >from-stdin 2>err
check "convert-ingress prints the same for standard input" cmp routes from-stdin
try "$optasvc" convert-ingress -f both.yaml --gateway infra/public --report missing/report.json
expect "convert-ingress with a report that cannot be written" 1 err "cannot write the report"
check "nothing is printed without the report" test ! -s "$out"
