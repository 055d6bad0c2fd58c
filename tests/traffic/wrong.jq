# Wrong manifests: what `render` prints, as a list of objects, each time with another mistake. tests/traffic/wrong
# applies them.

def kind(name; change): map(if .kind == name then change else . end);
def of(names; change): if .metadata.labels["opta.dev/module-name"] | IN(names) then change else . end;
def other_service: if . == "root" then "keep" else "root" end;

# Ingresses.

def ingress(change): kind("Ingress"; change);
def key(name): "nginx.ingress.kubernetes.io/" + name;
def put(name; value): .metadata.annotations[key(name)] = value;
def without(name): del(.metadata.annotations[key(name)]);
def paths(change): .spec.rules[].http.paths[].path |= change;

def nginx: {
    rewrite: ingress(without("rewrite-target")),
    beginning: ingress(paths(sub("\\(/\\|\\$\\)\\(\\.\\*\\)$"; "()(.*)"))),
    exact: ingress(without("rewrite-target") | without("use-regex") | paths(sub("\\(.*"; ""))
        | .spec.rules[].http.paths[].pathType = "Prefix"),
    service: ingress(.spec.rules[].http.paths[].backend.service.name |= other_service),
    host: ingress(of("root"; del(.spec.rules[].host))),
    everything: ingress(of("hosts"; paths("/()(.*)"))),
    tls: ingress(of("hosts", "bank"; del(.spec.tls))),
    secret: ingress(of("hosts", "bank"; .spec.tls[].secretName |= if . == "bank" then "wildcard" else "bank" end)),
    redirect: ingress(put("ssl-redirect"; "false")),
    affinity: ingress(without("affinity")),
    cookie: ingress(of("sticky"; put("session-cookie-path"; "/"))),
    hash: ingress(without("upstream-hash-by")),
    constant: ingress(without("affinity") | put("upstream-hash-by"; "constant")),
    protocol: ingress(without("backend-protocol")),
    timeout: ingress(without("proxy-read-timeout") | without("proxy-send-timeout"))
};

# Routes, policies and ListenerSets.

def is_route: .kind == "HTTPRoute" or .kind == "GRPCRoute";
def route(change): map(if is_route then change else . end);
def match(change): (.spec.rules[].matches[]? | .path) |= change;
def unfiltered(type): del(.spec.rules[].filters[]? | select(.type == type));
def policy(change): kind("BackendTrafficPolicy"; change);
def hash(how): .spec.loadBalancer = {type: "ConsistentHash", consistentHash: how};
def target: {group: "gateway.networking.k8s.io", kind, name: .metadata.name};
def additional(kind; namespace; name; targets): {
    apiVersion: "gateway.envoyproxy.io/v1alpha1", kind: kind,
    metadata: {name: name, namespace: namespace, labels: {wrong: "true"}}, spec: {targetRefs: targets}};
def client_policy(change): . + [
    additional("ClientTrafficPolicy"; "infra"; "wrong"; [{group: "gateway.networking.k8s.io", kind: "Gateway", name: "public"}])
    | change];
def all_hash(how):
    [.[] | select(.kind == "BackendTrafficPolicy") | .metadata.namespace + "/" + .spec.targetRefs[0].name] as $with
    | policy(hash(how))
        + [.[] | select(is_route and (.metadata.namespace + "/" + .metadata.name | IN($with[]) | not))
            | additional("BackendTrafficPolicy"; .metadata.namespace; .metadata.name; [target]) | hash(how)];

def envoy: {
    rewrite: route(unfiltered("URLRewrite")),
    beginning: route(unfiltered("URLRewrite") | match(.type = "RegularExpression" | .value += ".*")),
    case: route(unfiltered("URLRewrite") | match(.type = "RegularExpression" | .value = "(?i)" + .value + ".*")),
    service: route(.spec.rules[].backendRefs[]?.name |= other_service),
    host: route(of("root"; del(.spec.hostnames))),
    everything: route(of("hosts"; match(.value = "/"))),
    redirect: route((.spec.rules[].filters[]? | select(.type == "RequestRedirect")).requestRedirect.statusCode = 301),
    secret: kind("ListenerSet"; .spec.listeners[].tls.certificateRefs[].name = "wildcard"),
    listener: kind("ListenerSet"; .spec.listeners[].hostname = "a.example.com"),
    policy: policy(.spec.targetRefs[].name = "none"),
    cookie: policy(of("sticky"; .spec.loadBalancer.consistentHash.cookie.attributes.Path = "/")),
    client: all_hash({type: "SourceIP"}),
    constant: all_hash({type: "Headers", headers: [{name: ":authority"}]}),
    # Envoy Gateway reads the Service of a route again when the route changes.
    protocol: kind("Service"; del(.spec.ports[].appProtocol)) | route(.spec.hostnames += ["wrong.example.com"]),
    timeout: policy(if .spec.timeout then .spec.timeout.http.streamIdleTimeout = "30s" else . end),
    escaped: client_policy(.spec.path.escapedSlashesAction = "KeepUnchanged"),
    http1: client_policy(.spec.tls.alpnProtocols = ["http/1.1"])
};

# For the other cases of tests/traffic/run.

def container(change): kind("Deployment"; .spec.template.spec.containers[0] |= change);
def without_pre_stop: container(del(.lifecycle));
# Without preStop, because a proxy sends a request that is refused to another pod for as long as there are old pods.
def without_readiness: container(del(.readinessProbe, .lifecycle));
def without_affinity: ingress(without("affinity"));
def without_persistence: route(del(.spec.rules[].sessionPersistence));
def with_persistence: kind("HTTPRoute"; if .spec.rules[0].backendRefs then .spec.rules[0].sessionPersistence = {
    sessionName: "opta_cookie", type: "Cookie", absoluteTimeout: "24h", cookieConfig: {lifetimeType: "Permanent"}} else . end);
# As soon as there are routes, the Ingress of the same name serves another host.
def without_ingresses: . + [.[] | select(.kind == "HTTPRoute" and .spec.rules[0].backendRefs) | {
    apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata: (.metadata | {name, namespace}), spec: {ingressClassName: "nginx",
    rules: [{host: "none.example.com", http: {paths: [{path: "/", pathType: "Prefix",
        backend: {service: {name: .metadata.labels["opta.dev/module-name"], port: {name: "main"}}}}]}}]}}];
