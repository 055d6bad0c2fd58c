#!/usr/bin/env python3
"""Makes a service file of every stream with init --from-manifests, and checks that nothing is lost in silence.

usage: init.py KUBECTL-OPTASVC STREAM...

Each Deployment, StatefulSet and CronJob must be a module of the new file, which `validate` must accept. Each value
of these objects, their Services and autoscalers must be in the objects that the new file renders, or be a default,
or a warning or note must be about its line or that of a map or list that it is in.
"""
import os
import re
import subprocess
import sys
import tempfile

import yaml

from check import LOADER, load, split

WORKLOADS = ("Deployment", "StatefulSet", "CronJob")
KINDS = (*WORKLOADS, "Service", "HorizontalPodAutoscaler")

# Keys whose values are names within an object, or that select objects: what they refer to is compared.
NAMES = {"name", "namespace", "labels", "selector", "matchLabels", "labelSelector", "serviceName", "targetPort",
         "apiVersion", "kind", "annotations", "scaleTargetRef", "metadata", "serviceAccount"}
DEFAULTS = {("protocol", "TCP"), ("scheme", "HTTP"), ("type", "ClusterIP"), ("type", "RollingUpdate"),
            ("restartPolicy", "Always"), ("dnsPolicy", "ClusterFirst"), ("enableServiceLinks", "true"),
            ("revisionHistoryLimit", "10"), ("terminationMessagePolicy", "File"), ("podManagementPolicy", "OrderedReady"),
            ("terminationMessagePath", "/dev/termination-log"), ("internalTrafficPolicy", "Cluster"),
            ("sessionAffinity", "None"), ("automountServiceAccountToken", "true"), ("failureThreshold", "3"),
            ("periodSeconds", "10"), ("timeoutSeconds", "1"), ("successThreshold", "1"), ("initialDelaySeconds", "0"),
            ("publishNotReadyAddresses", "false"), ("defaultMode", "420"), ("replicas", "1"), ("apiVersion", "v1"), ("externalTrafficPolicy", "Cluster"),
            ("minReadySeconds", "0"), ("hostNetwork", "false"), ("privileged", "false"), ("readOnly", "true"), ("readOnly", "false")}


def canonical(text):
    match = re.fullmatch(r"([0-9.]+)(m|k|M|G|Ki|Mi|Gi)?", text)
    units = {None: 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    if match and match[1].count(".") < 2 and match[1] != ".":
        return repr(float(match[1]) * units[match[2]])
    return text


def values(node, key="", places=()):
    """Yields the key of each scalar, its value, and the lines of what it is in, from 1."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag != "tag:yaml.org,2002:null":
            yield key, node.value, places
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from values(item, key, (*places, item.start_mark.line + 1))
    else:
        for name, value in node.value:
            if name.value not in NAMES:
                yield from values(value, name.value, (*places, name.start_mark.line + 1))


def rendered_values(tree, key=""):
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from rendered_values(value, name)
    elif isinstance(tree, list):
        for item in tree:
            yield from rendered_values(item, key)
    else:
        yield key, canonical(str(tree).lower() if isinstance(tree, bool) else str(tree))


def run(*command):
    return subprocess.run(command, capture_output=True, check=False, text=True)


def check(program, stream, path):
    made = run(program, "init", "demo", "--from-manifests", stream)
    with open(stream, encoding="utf-8", newline="") as file:
        documents = [each for each in split(file.read()) if load(each)]
    kinds = [load(each).get("kind") for each in documents]
    if not set(kinds) & set(WORKLOADS):
        assert made.returncode == 1 and "no Deployment" in made.stderr, made.stderr
        return 0, 0
    assert made.returncode == 0, made.stderr
    with open(path, "w", encoding="utf-8") as file:
        file.write(made.stdout)
    valid = run(program, "validate", "-f", path)
    assert valid.returncode == 0, valid.stdout + valid.stderr
    rendered = run(program, "render", "-f", path)
    assert rendered.returncode == 0, rendered.stderr
    modules = {each["name"] for each in yaml.load(made.stdout, LOADER)["modules"]}
    present = set()
    for tree in yaml.load_all(rendered.stdout, LOADER):
        present.update(rendered_values(tree))
    noted = {int(line) for line in re.findall(r"^[^\n]*?:(\d+):\d+: (?:warning|note): ", made.stderr, re.M)}
    kept = {int(line) for line in re.findall(r":(\d+):\d+: [^\n]* (?:is not carried over: (?:keep|it is in another namespace)|is not needed: )",
                                             made.stderr)}
    silent, count, first = [], 0, 0
    for text in split(open(stream, encoding="utf-8", newline="").read()):
        tree = load(text)
        lines, first = first, first + text.count("\n")
        if not isinstance(tree, dict) or tree.get("kind") not in KINDS:
            continue
        name = tree["metadata"]["name"]
        if tree["kind"] in ("Deployment", "StatefulSet"):
            assert any(name == each or name.startswith(each) for each in modules), f"no module for {name}"
        metadata = dict((key.value, value) for key, value in yaml.compose(text, LOADER).value)["metadata"]
        named = next(value.start_mark.line for key, value in metadata.value if key.value == "name") + 1 + lines
        if named in kept:
            continue
        spec = dict((key.value, value) for key, value in yaml.compose(text, LOADER).value)["spec"]
        for key, value, places in values(spec):
            count += 1
            if (key, canonical(value)) in present or (key, value) in DEFAULTS or key.startswith("clusterIP"):
                continue
            if key == "mountPath" and any(each == key and path.startswith(value) for each, path in present):
                continue
            if key == "fsGroup" and ("runAsUser", canonical(value)) in present:  # the group of run_as_user is the same
                continue
            if noted.isdisjoint(line + lines for line in places):
                silent.append(f"{name}: {key}: {value} (line {places[-1] + lines})")
    assert not silent, "in neither the file nor a message:\n" + "\n".join(silent) + "\n" + made.stderr
    return len(modules), count


def main():
    program, *streams = sys.argv[1:]
    modules = counted = 0
    with tempfile.TemporaryDirectory() as directory:
        for stream in streams:
            try:
                one, other = check(program, stream, os.path.join(directory, "new.yaml"))
            except AssertionError as error:
                sys.exit(f"public-charts: init: {stream}: {error}")
            modules += one
            counted += other
    print(f"public-charts: init: {modules} modules, {counted} values passed, 0 failed")


if __name__ == "__main__":
    main()
