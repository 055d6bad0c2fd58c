# shellcheck shell=bash
# Ingresses that are converted to routes.

# Prints the service file.
converted_service() {
    service 'helm: {convert_ingress: true}'
    echo 'gateway: {name: infra/public, type: envoy, listener: https, http_listener: http}'
}

# Prints the Service that the paths lead to.
backend() { printf -- '---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{name: http, port: 80}]}\n'; }

# NAME HOST: prints an Ingress up to its paths.
ingress() { printf 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: %s\n  annotations: {nginx.ingress.kubernetes.io/use-regex: "true"}\nspec:\n  ingressClassName: nginx\n  rules:\n  - host: %s\n    http:\n      paths:\n' "$1" "$2"; }
converted='      - {path: "PATH", pathType: ImplementationSpecific, backend: {service: {name: web, port: {name: http}}}}'

shape_convert_paths() {
    converted_service >service.yaml
    { workload web; pod; backend; echo ---; ingress web a.example.com
      each "$1" "${converted/PATH//p@/[a-z]+}"
      each "$1" "${converted/PATH//q@(/|\$)(.*)}"; } >stdin
}

shape_convert_ingresses_of_a_host() {
    converted_service >service.yaml
    { workload web; pod; backend
      each "$1" "---
$(ingress web@ a.example.com)
${converted/PATH//p@(/|\$)(.*)}"; } >stdin
}

shape_convert_list() {
    converted_service >service.yaml
    { workload web; pod; backend; printf -- '---\napiVersion: v1\nkind: List\nitems:\n'
      each "$1" "- $(ingress web@ a@.example.com | sed '2,$s/^/  /')
  ${converted/PATH//p@}"; } >stdin
}

sizes+='
convert_paths 200
convert_ingresses_of_a_host 100
convert_list 100
'
