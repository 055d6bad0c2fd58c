"""usage: check.py ROOT <SCHEMA      see run"""
import glob
import json
import os
import sys

import jsonschema

import files

REJECTED = """
{name: a, modules: [], extra: 1}
{name: a, modules: [{type: k8s-service, image: a, helthcheck_path: /}]}
{name: a, modules: [{type: aws-k8s-service, image: a, port: {htp: 80}}]}
{name: a, modules: [{type: k8s-service, image: a, port: {http: 70000}}]}
{name: a, modules: [{type: k8s-service, image: a, port: nothing}]}
{name: a, modules: [{type: k8s-service, image: a, min_containers: many}]}
{name: a, modules: [{type: k8s-service, image: a, sticky_session: maybe}]}
{name: a, modules: [{type: k8s-service, image: a, secrets: KEY}]}
{name: a, modules: [{type: k8s-service, image: a, env_vars: [{name: A}]}]}
{name: a, modules: [{type: k8s-service, image: a, env_vars: {A: {b: c}}}]}
{name: a, modules: [{type: k8s-service, image: a, env_vars: {A: {secret: b, kee: c}}}]}
{name: a, modules: [{type: k8s-service, image: a, env_vars: [{name: A, value: {secret: [b]}}]}]}
{name: a, modules: [{type: k8s-service, image: a, env_from: secret/a}]}
{name: a, modules: [{type: k8s-service, image: a, volumes: [{path: /a, empty_dir: 5}]}]}
{name: a, modules: [{type: k8s-service, image: a, volumes: [{secret: a}]}]}
{name: a, modules: [{type: k8s-service, image: a, persistent_storage: [{size: 1, path: /a, access_mode: rwo}]}]}
{name: a, modules: [{type: k8s-service, image: a, files: [{content: a}]}]}
{name: a, modules: [{type: k8s-service, image: a, sidecars: [{image: b}]}]}
{name: a, modules: [{type: k8s-service, image: a, init_containers: [{name: b, args: [c], ports: [1]}]}]}
{name: a, modules: [{type: k8s-service, image: a, files: {/a: b}}]}
{name: a, modules: [{type: k8s-service, image: a, image_pull_policy: Sometimes}]}
{name: a, modules: [{type: k8s-service, image: a, tolerations: [{key: a, effect: Never}]}]}
{name: a, modules: [{type: k8s-service, image: a, spread: regions}]}
{name: a, modules: [{type: k8s-service, image: a, node_selector: [a]}]}
{name: a, modules: [{type: k8s-service, image: a, network_policy: {allow_form: [a]}}]}
{name: a, modules: [{type: k8s-service, image: a, network_policy: {allow_from: all}}]}
{name: a, modules: [{type: k8s-service, image: a, update_strategy: Recreate}]}
{name: a, modules: [{type: k8s-service, image: a, cron_jobs: [{schedule: "@daily", args: [a], concurrency: Allow}]}]}
{name: a, modules: [{type: k8s-service, image: a, pre_deploy: {commands: a}}]}
{name: a, modules: [{type: k8s-service, image: a, resource_limits: {gpu: none}}]}
{name: a, modules: [{type: k8s-service, image: a, run_as_user: root}]}
{name: a, modules: [{type: k8s-service, image: a, autoscaling_triggers: [{type: kafka}]}]}
{name: a, modules: [{type: k8s-service, image: a, persistent_storage: [{size: 1}]}]}
{name: a, modules: [{name: b}]}
{name: a, environments: [{name: b}]}
{name: a, x_b: 1}
{name: a, modules: [{type: k8s-service, image: a, x-b: 1}]}
{modules: []}
"""


FLAVOURS = ("nginx", "generic", "standard", "envoy", "traefik")


def descriptions(node):
    """Yields the descriptions of fields, from all levels of the schema."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "description" and isinstance(value, str):
            yield value
        yield from descriptions(value)


def wrong_descriptions(schema):
    """Yields descriptions that are not sentences, or that name some flavours only, and the lack of any with flavours."""
    texts = list(descriptions(schema))
    by_flavour = [text for text in texts if "Generates with" in text]
    if len(by_flavour) < 11:
        yield f"{len(by_flavour)} descriptions of flavours"
    for text in texts:
        if not text.endswith(".") or text.endswith(".."):
            yield text
    for text in by_flavour:
        if not all(f"{flavour}: " in text for flavour in FLAVOURS):
            yield text


def main():
    schema = json.load(sys.stdin)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    passed = failed = 0

    def expect(valid, name, data):
        nonlocal passed, failed
        error = next(validator.iter_errors(data), None)
        if (error is None) == valid:
            passed += 1
        else:
            failed += 1
            print(f"schema: {name}: {error.message[:300] if error else 'is accepted'}")

    for text in wrong_descriptions(schema):
        failed += 1
        print(f"schema: description: {text}")
    root = sys.argv[1]
    for path in (glob.glob(os.path.join(root, "examples/*/*.yaml"))
                 + glob.glob(os.path.join(root, "tests/golden/render/*/*/service.yaml"))
                 + [path for path in glob.glob(os.path.join(root, "tests/golden/inject/*/*/service.yaml"))
                    if os.path.exists(os.path.join(os.path.dirname(path), "expected.yaml"))]):
        data = files.read(path)
        # Not an object for convert-ingress, or a part of a chart.
        if "apiVersion" not in data and os.path.basename(path) != "values.yaml":
            expect(True, os.path.relpath(path, root), data)
    for line in REJECTED.strip().splitlines():
        expect(False, line, files.parse(line))
    print(f"schema: {passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
