#!/usr/bin/env python3
"""Converts the Ingresses of every stream to routes, as they are and with usual annotations.

usage: convert.py HELM-POSTRENDER STREAM...

A stream is converted, or the program reports why not and prints nothing. All documents but the Ingresses that route
to the workload are identical to the byte. Each of these becomes routes with its comment, labels, hosts and Services.
"""
import os
import re
import subprocess
import tempfile

from check import KINDS, check_streams, load, split

NGINX = "nginx.ingress.kubernetes.io/"
# Annotations, and whether they are converted, by type.
FORMS = (
    ({}, ("standard", "envoy", "traefik")),
    ({"force-ssl-redirect": "true", "proxy-buffering": "off"}, ("standard", "envoy", "traefik")),
    ({"rewrite-target": "/", "use-regex": "true"}, ("standard", "envoy", "traefik")),
    ({"affinity": "cookie", "session-cookie-path": "/"}, ("envoy", "traefik")),
    ({"upstream-hash-by": "$request_uri"}, ("envoy",)),
    ({"proxy-read-timeout": "3600", "proxy-send-timeout": "3600"}, ("envoy",)),
    ({"enable-cors": "true", "proxy-body-size": "16m"}, ("envoy",)),
    ({"auth-url": "https://auth.example.com"}, ()),
    ({"limit-rps": "5"}, ()),
)


def service_file(directory, workload, kind):
    with open(os.path.join(directory, "env.yaml"), "w", encoding="utf-8") as file:
        file.write(f"name: production\ngateway: {{name: infra/public, type: {kind}, listener: https, http_listener: http}}\n")
    path = os.path.join(directory, "service.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("name: corpus\nenvironments: [{name: production, path: env.yaml}]\nmodules:\n"
                   "- {name: target, type: k8s-service, "
                   f"helm: {{convert_ingress: true, workload: {workload['kind']}/{workload['metadata']['name']}}}}}\n")
    return path


def annotated(document, annotations):
    """Adds annotations to an Ingress."""
    lines = "".join(f'    {NGINX}{name}: "{value}"\n' for name, value in annotations.items())
    if not lines:
        return document
    if "\n  annotations:\n" in document:
        return document.replace("\n  annotations:\n", "\n  annotations:\n" + lines, 1)
    return document.replace("\nmetadata:\n", "\nmetadata:\n  annotations:\n" + lines, 1)


def is_ingress(tree):
    return isinstance(tree, dict) and tree.get("kind") == "Ingress"


def is_converted(tree):
    groups = ("gateway.networking.k8s.io/", "gateway.envoyproxy.io/", "traefik.io/")
    return isinstance(tree, dict) and str(tree.get("apiVersion")).startswith(groups)


def services_of(ingress):
    return {path["backend"]["service"]["name"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]}


def route_services(tree):
    return {ref["name"] for rule in tree["spec"]["rules"] for ref in rule.get("backendRefs", ())}


def comment(document):
    found = re.search(r"(?m)^# Source: .*", document)
    return found and found.group()


def compare(before, after, kind):
    """Checks the documents of a converted stream, and returns the number of Ingresses that were converted."""
    converted = 0
    rest = list(after)
    for document in before:
        if rest and rest[0] == document:
            rest.pop(0)
            continue
        ingress = load(document)
        assert is_ingress(ingress), f"a document changed:\n{document[:300]}"
        routes = []
        while rest and is_converted(load(rest[0])):
            assert comment(rest[0]) == comment(document)
            routes.append(load(rest.pop(0)))
        http = [each for each in routes if each["kind"] == "HTTPRoute"]
        assert http, "an Ingress has no routes"
        for each in routes:
            assert each["metadata"].get("labels") == ingress["metadata"].get("labels")
            assert each["metadata"].get("namespace") == ingress["metadata"].get("namespace")
        hosts = {rule.get("host") for rule in ingress["spec"]["rules"]}
        assert {(each["spec"].get("hostnames") or [None])[0] for each in http} == hosts
        served = set().union(*map(route_services, http))
        assert kind == "traefik" or served == services_of(ingress), served
        converted += 1
    assert not rest, f"added: {rest[0][:300]}"
    return converted


def check_form(program, documents, workload, kind, form):
    annotations, kinds = form
    before = [annotated(each, annotations) if is_ingress(load(each)) else each for each in documents]
    with tempfile.TemporaryDirectory() as directory:
        run = subprocess.run([program, service_file(directory, workload, kind)], input="".join(before).encode(),
                             capture_output=True, check=False)
    where = f"{workload['metadata']['name']}, {kind}, {annotations}"
    messages = run.stderr.decode()
    if "has no effect: no Ingress" in messages:
        assert run.stdout == "".join(before).encode(), where
        return 0
    if kind not in kinds:
        assert run.returncode == 1 and run.stdout == b"" and "cannot be converted" in messages, where
        return 1
    assert run.returncode == 0, f"{where}: {messages}"
    converted = compare(before, split(run.stdout.decode()), kind)
    assert converted and messages.count(": converted (") == converted, f"{where}: {messages}"
    return 1


def check(program, stream):
    with open(stream, encoding="utf-8", newline="") as file:
        documents = split(file.read())
    small = [(each, load(each)) for each in documents]
    if not any(is_ingress(tree) for _, tree in small):
        return 0
    # Documents of other kinds are copied, so a large stream is checked with few of them.
    kept = [text for text, tree in small
            if len(text) < 20000 or (isinstance(tree, dict) and tree.get("kind") in (*KINDS, "Service", "Ingress"))]
    workloads = [tree for _, tree in small if isinstance(tree, dict) and tree.get("kind") in KINDS]
    return sum(check_form(program, kept, workload, kind, form)
               for workload in workloads for form in FORMS for kind in ("standard", "envoy", "traefik"))


if __name__ == "__main__":
    check_streams("convert", check)
