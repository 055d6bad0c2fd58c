#!/usr/bin/env python3
"""Injects a service into every workload of every stream in turn, and checks the output.

usage: check.py HELM-POSTRENDER STREAM...

A model of the injection, on the parsed trees, computes the expected workload. The workload's document
must equal it and keep its comments, all documents except those of the workload and its autoscaler
must be unchanged to the byte, and a second run must change nothing.
"""
import copy
import re
import subprocess
import sys
import tempfile

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")

SERVICE = """\
name: corpus
modules:
  - name: target
    type: k8s-service
    healthcheck_command: [/bin/check, "--now"]
    probe_period: 7
    resource_request: {cpu: 250, memory: 2048}
    env_vars: {CORPUS: "yes", OTHER: a b}
    pod_annotations: {example.com/corpus: "0777"}
    tolerations: [{key: corpus, value: tree}]
    termination_grace_period: 41
"""
SCALE = """\
    min_containers: 2
    max_containers: 4
"""


def split(text):
    """Returns the documents with their markers, split at lines with `---`."""
    parts = re.split(r"(?m)^(?=---(?:[ \t\r\n]|\Z))", text)
    return [part for part in parts if part]


def load(document):
    try:
        return yaml.load(document, LOADER)
    except yaml.YAMLError:
        return None


def quantity(text):
    units = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()
    return float(number) * (units[unit] if unit else 1)


def set_resource(resources, name, request, limit):
    requests = resources["requests"] = resources.get("requests") or {}
    limits = resources["limits"] = resources.get("limits") or {}
    requests[name] = request
    if name not in limits or quantity(limits[name]) < quantity(request):
        limits[name] = limit


def set_probe(container, key, failures):
    probe = container.get(key)
    command = ["/bin/check", "--now"]
    if probe is None:
        probe = container[key] = {
            "initialDelaySeconds": 30, "periodSeconds": 7, "timeoutSeconds": 5}
        if failures:
            probe["failureThreshold"] = failures
        if "startupProbe" in container:
            del probe["initialDelaySeconds"]
    for handler in ("httpGet", "tcpSocket", "grpc"):
        probe.pop(handler, None)
    probe["exec"] = {"command": command}
    probe["periodSeconds"] = 7


def wait_for_readiness(container, ready, added):
    """Ensures that a liveness probe does not restart a container before its readiness probe starts."""
    probe = container["livenessProbe"]
    delay = probe.get("initialDelaySeconds", 0)
    restart = delay + (probe.get("failureThreshold", 3) - 1) * probe["periodSeconds"]
    if "startupProbe" not in container and (delay if added else restart) < ready:
        probe["initialDelaySeconds"] = ready


def set_startup_period(probe):
    """Raises the number of failures so that they take at least as long as before."""
    time = probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10)
    probe["periodSeconds"] = 7
    if -(-time // 7) > probe.get("failureThreshold", 3):
        probe["failureThreshold"] = -(-time // 7)


def model(workload, scaled):
    """Returns the workload after injection."""
    result = copy.deepcopy(workload)
    spec = result["spec"]
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    ready = (container.get("readinessProbe") or {}).get("initialDelaySeconds", 0)
    added = "livenessProbe" not in container
    set_probe(container, "livenessProbe", 6)
    wait_for_readiness(container, ready, added)
    set_probe(container, "readinessProbe", 0)
    if "startupProbe" in container:
        set_startup_period(container["startupProbe"])
    resources = container["resources"] = container.get("resources") or {}
    set_resource(resources, "cpu", "250m", "500m")
    set_resource(resources, "memory", "2Gi", "4Gi")
    env = container["env"] = container.get("env") or []
    env += [{"name": "CORPUS", "value": "yes"}, {"name": "OTHER", "value": "a b"}]
    metadata = spec["template"]["metadata"]
    annotations = metadata["annotations"] = metadata.get("annotations") or {}
    annotations["example.com/corpus"] = "0777"
    tolerations = pod["tolerations"] = pod.get("tolerations") or []
    tolerations.append(
        {"key": "corpus", "operator": "Equal", "value": "tree", "effect": "NoSchedule"})
    pod["terminationGracePeriodSeconds"] = 41
    if scaled:
        spec.pop("replicas", None)
    return result


def comments(document):
    return re.findall(r"(?m)(?:^|\s)#.*$", document)


def run(program, arguments, text):
    done = subprocess.run([program, *arguments], input=text.encode(), capture_output=True)
    if done.returncode:
        raise AssertionError(f"exit status {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def check(program, service, text, workload):
    name = f"{workload['kind']}/{workload['metadata']['name']}"
    scaled = workload["kind"] != "DaemonSet"
    container = workload["spec"]["template"]["spec"]["containers"][0]["name"]
    arguments = ["--workload", name, "--container", container, service]
    out = run(program, arguments, text)
    before, after = split(text), split(out)
    new = []
    for document in before:
        tree = load(document) if workload["kind"] in document else None
        if tree != workload:
            while after and after[0] != document and load(after[0])["kind"] in (
                    "HorizontalPodAutoscaler", "PodDisruptionBudget"):
                new.append(after.pop(0))
            assert after and after[0] == document, f"{name}: changed:\n{document[:300]}"
            after.pop(0)
            continue
        while load(after[0])["kind"] != workload["kind"]:
            new.append(after.pop(0))
        touched = after.pop(0)
        assert load(touched) == model(workload, scaled), f"{name}: differs from the model:\n{touched}"
        assert comments(touched) == comments(document), f"{name}: comments were lost"
    assert not after, f"{name}: unexpected documents: {after}"
    kinds = sorted(load(document)["kind"] for document in new)
    wanted = ["HorizontalPodAutoscaler", "PodDisruptionBudget"] if scaled else []
    assert kinds == wanted, f"{name}: new objects: {kinds}"
    assert run(program, arguments, out) == out, f"{name}: a second run changes the output"


def check_streams(name, check_stream):
    """Calls check_stream(PROGRAM, STREAM), which returns how many cases passed, for each stream of the command line.
    Prints the result, and exits."""
    program, *streams = sys.argv[1:]
    passed = failed = 0
    for stream in streams:
        try:
            passed += check_stream(program, stream)
        except AssertionError as error:
            failed += 1
            print(f"{name}: {stream}: {error}")
    print(f"{name}: {passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


def main():
    program, *streams = sys.argv[1:]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        services = {}
        for scaled in (False, True):
            services[scaled] = f"{scratch}/service-{scaled}.yaml"
            with open(services[scaled], "w", encoding="utf-8") as file:
                file.write(SERVICE + (SCALE if scaled else ""))
        for stream in streams:
            with open(stream, encoding="utf-8", newline="") as file:
                text = file.read()
            for document in split(text):
                if not re.search(r"kind: (?:" + "|".join(KINDS) + r")\b", document):
                    continue
                workload = load(document)
                if workload["kind"] not in KINDS:
                    continue
                try:
                    check(program, services[workload["kind"] != "DaemonSet"], text, workload)
                    passed += 1
                except AssertionError as error:
                    failed += 1
                    print(f"public-charts: {stream}: {error}")
    print(f"public-charts: {passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
