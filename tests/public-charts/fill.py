#!/usr/bin/env python3
"""Fills the missing settings of every stream, and checks that none is missing afterwards.

usage: fill.py HELM-POSTRENDER SERVICE-FILE STREAM...

SERVICE-FILE sets probes, requests, limits and pod security in all containers of all workloads. All
values of the chart must be kept, and a second run must change nothing.
"""
import json
import sys
import tempfile

from check import load, run, split

PODS = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}


def pod_of(document):
    template = document
    for key in PODS[document["kind"]]:
        template = template[key]
    return template["spec"]


def runs_on(document, container, init):
    hook = "helm.sh/hook" in (document["metadata"].get("annotations") or {})
    ends = document["kind"] in ("Job", "CronJob") or pod_of(document).get("restartPolicy") in (
        "Never", "OnFailure")
    return not hook and not ends and (not init or container.get("restartPolicy") == "Always")


def gaps(document):
    """Yields the settings that are missing in the containers."""
    pod = pod_of(document)
    for key in ("initContainers", "containers"):
        for container in pod.get(key) or []:
            resources = container.get("resources") or {}
            security = container.get("securityContext") or {}
            for part in ("requests", "limits"):
                for name in ("cpu", "memory"):
                    if name not in (resources.get(part) or {}):
                        yield f"{container['name']}: {part}.{name}"
            profile = security.get("seccompProfile") or (
                pod.get("securityContext") or {}).get("seccompProfile")
            if not profile:
                yield f"{container['name']}: seccompProfile"
            if "allowPrivilegeEscalation" not in security and not security.get("privileged"):
                yield f"{container['name']}: allowPrivilegeEscalation"
            if not runs_on(document, container, key == "initContainers"):
                continue
            for probe in ("livenessProbe", "readinessProbe"):
                if container.get("ports") and probe not in container:
                    yield f"{container['name']}: {probe}"


def is_kept(before, after):
    """True if `after` has all values of `before`. Null may be replaced."""
    if before is None:
        return True
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            key in after and is_kept(value, after[key]) for key, value in before.items())
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(
            map(is_kept, before, after))
    return before == after


def check(program, service, stream):
    with open(stream, encoding="utf-8", newline="") as file:
        text = file.read()
    with tempfile.NamedTemporaryFile() as report:
        out = run(program, ["--report", report.name, service], text)
        changes = json.load(report)
    assert not changes["replaced"] and not changes["removed"], "values of the chart were replaced"
    before, after = split(text), split(out)
    assert len(before) == len(after), "documents were added or removed"
    filled = 0
    for old, new in zip(before, after):
        tree = load(new) if "containers:" in new else None
        if not isinstance(tree, dict) or tree.get("kind") not in PODS:
            assert old == new, f"changed:\n{old[:300]}"
            continue
        assert is_kept(load(old), tree), f"values of the chart are lost:\n{new}"
        missing = list(gaps(tree))
        assert not missing, f"{tree['kind']}/{tree['metadata']['name']}: missing: {missing}"
        filled += 1
    assert filled, "nothing was filled"
    assert changes["added"], "the report is empty"
    assert run(program, [service], out) == out, "a second run changes the output"


def main():
    program, service, *streams = sys.argv[1:]
    failed = 0
    for stream in streams:
        try:
            check(program, service, stream)
        except AssertionError as error:
            failed += 1
            print(f"fill: {stream}: {error}")
    print(f"fill: {len(streams) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not streams else 0)


if __name__ == "__main__":
    main()
