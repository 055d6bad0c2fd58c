#!/usr/bin/env python3
"""Checks which workload and container of every stream are selected, against a model of the rules.

usage: choice.py HELM-POSTRENDER STREAM...

Modules are named after every suffix of a workload's name, and after every single word of it. The
program must select what the model selects, or report an error if the model selects nothing.
"""
import json
import re
import subprocess
import tempfile

from check import KINDS, check_streams, load, split

METRICS = re.compile(
    r"metrics?|prometheus|prom|exporter|telemetry|stats|monitoring|monitor|jmx|health|healthz|livez|readyz"
    r"|liveness|readiness|healthcheck|probes?|status|admin|debug|pprof|management")


def is_hook(tree):
    return "helm.sh/hook" in (tree["metadata"].get("annotations") or {})


def is_metrics(name, container_name, number):
    """True if the names, or else the number, show that a port is for metrics."""
    names = [each for each in (name, container_name) if each]
    if not names:
        return 9100 <= number <= 9999
    return any(METRICS.fullmatch(word) for each in names for word in each.split("-"))


def routed_to(service, workload):
    """Yields the indexes of the containers that a Service routes traffic to."""
    template = workload["spec"]["template"]
    selector = service["spec"].get("selector")
    labels = template["metadata"].get("labels") or {}
    if not selector or service["spec"].get("type") == "ExternalName" or is_hook(service):
        return
    if any(labels.get(key) != value for key, value in selector.items()):
        return
    for port in service["spec"].get("ports") or []:
        if port.get("protocol", "TCP") != "TCP":
            continue
        to = port.get("targetPort", port["port"])
        for index, container in enumerate(template["spec"]["containers"]):
            own = [each for each in container.get("ports") or []
                   if each.get("protocol", "TCP") == "TCP"
                   and to in (each.get("name"), each["containerPort"])]
            if own:
                if not is_metrics(port.get("name"), own[0].get("name"), own[0]["containerPort"]):
                    yield index
                break


def choose_container(trees, workload, module):
    template = workload["spec"]["template"]
    names = [each["name"] for each in template["spec"]["containers"]]
    annotations = template["metadata"].get("annotations") or {}
    annotated = annotations.get("kubectl.kubernetes.io/default-container")
    routed = {names[index] for tree in trees if tree["kind"] == "Service"
              for index in routed_to(tree, workload)}
    if annotated in names:
        return annotated
    if len(names) == 1:
        return names[0]
    if module in names:
        return module if not routed or module in routed else None
    return routed.pop() if len(routed) == 1 else None


def choose_workload(trees, module):
    workloads = [tree for tree in trees if tree["kind"] in KINDS and not is_hook(tree)]
    words = {word for word in module.split("-") if len(word) > 1 and not word.isdigit()}

    def label(tree):
        return (tree["metadata"].get("labels") or {}).get("app.kubernetes.io/name", "")

    for test in (lambda tree: tree["metadata"]["name"] == module,
                 lambda tree: tree["metadata"]["name"].endswith("-" + module),
                 lambda tree: label(tree) == module):
        found = [tree for tree in workloads if test(tree)]
        if len(found) == 1:
            return found[0]
        if found and found[0]["metadata"]["name"] == module:
            return None
    if len(workloads) != 1:
        return None
    other = workloads[0]["metadata"]["name"].split("-") + label(workloads[0]).split("-")
    return workloads[0] if words & set(other) else None


def chosen_by(program, text, module):
    """Returns the workload and container that the program selects, or None."""
    service = (f"name: corpus\nmodules:\n  - {{name: {module}, type: k8s-service, "
               "termination_grace_period: 41}\n")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file, \
            tempfile.NamedTemporaryFile() as report:
        file.write(service)
        file.flush()
        done = subprocess.run([program, "--dry-run", "--report", report.name, file.name],
                              input=text.encode(), capture_output=True, check=False)
        if done.returncode:
            assert done.returncode == 1 and b"select one" in done.stderr, done.stderr.decode()
            return None
        chosen = json.load(report)["chosen"]
    assert len(chosen) == 2 and chosen[0]["object"] == chosen[1]["object"], chosen
    return chosen[1]["object"], chosen[1]["container"]


def modules_of(trees):
    for tree in trees:
        if tree["kind"] in KINDS:
            words = tree["metadata"]["name"].split("-")
            for i, word in enumerate(words):
                yield word
                yield "-".join(words[i:])
            yield words[-1] + "-other"


def check(program, stream):
    with open(stream, encoding="utf-8", newline="") as file:
        text = file.read()
    trees = [tree for tree in map(load, split(text))
             if isinstance(tree, dict) and tree.get("kind") in (*KINDS, "Service")]
    modules = sorted(each for each in set(modules_of(trees)) if each[:1].isalpha())
    for module in modules:
        workload = choose_workload(trees, module)
        container = workload and choose_container(trees, workload, module)
        wanted = container and (f"{workload['kind']}/{workload['metadata']['name']}", container)
        found = chosen_by(program, text, module)
        assert found == wanted, f"module {module}: {found} is selected, not {wanted}"
    return len(modules)


if __name__ == "__main__":
    check_streams("choice", check)
