# Wrong manifests: what `render` prints, as a list of objects, each time with another mistake. tests/traffic/wrong
# applies them.

def kind(name; change): map(if .kind == name then change else . end);
def of(name; change): if .metadata.labels["opta.dev/module-name"] == name then change else . end;
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
    tls: ingress(del(.spec.tls)),
    secret: ingress(.spec.tls[].secretName |= if . == "bank" then "wildcard" else "bank" end),
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
    listener: kind("ListenerSet"; .spec.listeners[].hostname = "shop.example.com"),
    policy: policy(.spec.targetRefs[].name = "none"),
    cookie: policy(of("sticky"; .spec.loadBalancer.consistentHash.cookie.attributes.Path = "/")),
    client: all_hash({type: "SourceIP"}),
    constant: all_hash({type: "Headers", headers: [{name: ":authority"}]}),
    protocol: kind("Service"; del(.spec.ports[].appProtocol)),
    timeout: policy(if .spec.timeout then .spec.timeout.http.streamIdleTimeout = "30s" else . end),
    escaped: client_policy(.spec.path.escapedSlashesAction = "KeepUnchanged"),
    http1: client_policy(.spec.tls.alpnProtocols = ["http/1.1"])
};
