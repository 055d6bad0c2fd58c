"""Checks charts and service files that the programs once handled incorrectly.

usage: check.py BIN CASES

CASES holds charts/NAME/{input.yaml,service.yaml} and services/NAME.yaml. Each has a function here that
raises AssertionError if the result is incorrect. A case without a function fails too.
"""

import os
import subprocess
import sys
import tempfile

import yaml

# Used only by other cases.
HELPERS = {"env-gcp", "env-local"}


class UniqueKeyLoader(yaml.SafeLoader):
    """Rejects duplicate keys, as Flux and kustomize do."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value if key.value != "<<"]
        assert len(keys) == len(set(keys)), f"duplicate keys: {keys}"
        return super().construct_mapping(node, deep=deep)


class Result:
    def __init__(self, arguments, stdin=None, cwd=None):
        done = subprocess.run(arguments, input=stdin, cwd=cwd, capture_output=True, timeout=60, check=False)
        self.status = done.returncode
        self.text = done.stdout.decode(errors="replace")
        self.messages = done.stderr.decode(errors="replace")
        self.report = {}

    def objects(self, loader=yaml.SafeLoader):
        assert self.status == 0, f"exit status {self.status}: {self.messages}"
        return [each for each in yaml.load_all(self.text, loader) if each]

    def object(self, kind, name=None):
        found = [each for each in self.objects() if each["kind"] == kind and name in (None, each["metadata"]["name"])]
        assert len(found) == 1, f"found {len(found)} objects {kind}/{name}"
        return found[0]

    def has(self, kind):
        return any(each["kind"] == kind for each in self.objects())

    def pod(self, kind, name=None):
        return self.object(kind, name)["spec"]["template"]["spec"]

    def container(self, name, kind="Deployment"):
        found = [each for each in self.pod(kind)["containers"] if each["name"] == name]
        assert found, f"no container {name}"
        return found[0]

    def warns(self, *words):
        self.objects()
        self.mentions(*words)

    def fails(self, *words):
        assert self.status == 1, f"exit status {self.status}, not 1"
        assert self.text == "", "stdout must be empty after an error"
        self.mentions(*words)

    def mentions(self, *words):
        for word in words:
            assert word in self.messages, f"{word!r} not found in: {self.messages}"

    def left(self, *words):
        left = " ".join(str(item) for item in self.report.get("left", []))
        for word in words:
            assert word in left, f"{word!r} not found under left: {left!r}"


def has_secret(container, name):
    return any(each["name"] == name and "valueFrom" in each for each in container.get("env", []))


# Charts


def alias_stops_everything(result):
    assert result.status == 0, result.messages


def duplicate_keys_copied(result):
    made = [each for each in result.text.split("---\n") if "PodDisruptionBudget" in each or "Autoscaler" in each]
    assert made, "no object was added"
    for each in made:
        yaml.load(each, UniqueKeyLoader)


def first_of_duplicate_keys(result):
    if result.status != 0:
        result.fails("duplicate")
        return
    container = result.objects()[0]["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"], "the last of the duplicate keys is empty and must be filled"
    assert "the chart sets true" not in result.messages


def foreign_ingress_class(result):
    result.fails("service.yaml:", "alb")


def grpc_port_by_name(result):
    container = result.objects()[0]["spec"]["template"]["spec"]["containers"][0]
    assert container["readinessProbe"]["grpc"]["port"] == 9090, container["readinessProbe"]


def hook_message_lost(result):
    result.fails("is a Helm hook")


def hook_workload_probes_untold(result):
    result.objects()
    result.left("Deployment/r-blog", "hook")


def hpa_injected_sidecar(result):
    metrics = result.object("HorizontalPodAutoscaler")["spec"]["metrics"]
    assert {each["type"] for each in metrics} == {"ContainerResource"}, metrics


def hpa_v2beta1(result):
    if result.status != 0:
        result.fails("v2beta1")
        return
    for metric in result.object("HorizontalPodAutoscaler")["spec"]["metrics"]:
        assert "target" not in metric["resource"], metric


def job_of_installed_release(result):
    result.warns("warning", "Job")


def limit_without_request(result):
    resources = result.objects()[0]["spec"]["template"]["spec"]["containers"][0]["resources"]
    for name, quantity in resources.get("requests", {}).items():
        assert quantity == resources["limits"][name], resources


def liveness_before_readiness(result):
    container = result.objects()[-1]["spec"]["template"]["spec"]["containers"][0]
    liveness = container.get("livenessProbe", {})
    delay = liveness.get("initialDelaySeconds", 0)
    assert "startupProbe" in container or not liveness or delay >= 180, container


def metrics_sidecar_taken(result):
    blog = result.container("blog")
    assert has_secret(blog, "DB_PASSWORD"), blog
    assert blog["livenessProbe"]["httpGet"]["path"] == "/healthz", blog
    assert blog["resources"]["requests"], blog
    exporter = result.container("metrics")
    assert "env" not in exporter and "resources" not in exporter, exporter
    assert exporter["livenessProbe"]["httpGet"]["path"] == "/metrics", exporter
    result.mentions("container blog")


def named_container_loses_to_proxy(result):
    if result.status != 0:
        result.fails("cloud-nginx", '"cloud"', "helm: {container:")
        return
    assert has_secret(result.container("cloud"), "SMTP_PASSWORD")
    assert not has_secret(result.container("cloud-nginx"), "SMTP_PASSWORD")


def only_workload_of_another_name(result):
    result.fails("service.yaml:", "StatefulSet/r-postgresql", "helm: {workload: StatefulSet/r-postgresql}")


def pod_level_resources(result):
    pod = result.objects()[-1]["spec"]["template"]["spec"]
    assert not pod["containers"][0].get("resources"), pod
    result.left("esources")


def pod_level_resources_hpa(result):
    pod = result.pod("Deployment")
    assert not pod["containers"][0].get("resources"), pod


def probe_path_none(result):
    if result.status != 0:
        result.fails("healthcheck: none")
        return
    assert "livenessProbe" not in result.pod("Deployment")["containers"][0]


def public_uri_beside_httproute(result):
    result.warns("HTTPRoute/r-web")
    assert not result.has("Ingress")


def public_uri_second_service(result):
    paths = result.object("Ingress")["spec"]["rules"][0]["http"]["paths"]
    assert [each["backend"]["service"]["name"] for each in paths] == ["r-ci"], paths


def replicas_remove_ignored(result):
    assert "replicas" not in result.object("Deployment")["spec"]


def rollout_workloadref_hpa(result):
    target = result.object("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Rollout", "r-web"), target
    assert result.object("Deployment")["spec"]["replicas"] == 0
    assert "replicas" not in result.object("Rollout")["spec"]
    assert result.pod("Deployment")["containers"][0]["readinessProbe"]["httpGet"]["path"] == "/healthz"


def rwo_claim_hpa(result):
    result.warns("warning", "ReadWriteOnce")


def same_name_two_namespaces(result):
    result.fails("a/Deployment/agent", "b/Deployment/agent", "helm: {workload: a/Deployment/agent}")


def two_ports_one_container(result):
    assert result.container("server", "StatefulSet")["env"] == [{"name": "A", "value": "b"}]
    assert "env" not in result.container("reload", "StatefulSet")


def uid_without_fsgroup(result):
    pods = [each["spec"]["template"]["spec"] for each in result.objects() if "template" in each.get("spec", {})]
    assert all(pod["securityContext"]["fsGroup"] == 10001 for pod in pods), pods


def windows_nodeselector(result):
    pod = result.objects()[-1]["spec"]["template"]["spec"]
    assert "seccompProfile" not in pod.get("securityContext", {}), pod
    assert "securityContext" not in pod["containers"][0], pod
    result.left("Windows")


# Service files; `render` runs the program on the file with further arguments.


def flow_closing_bracket(render):
    container = render().pod("Deployment")["containers"][0]
    assert container["env"] == [{"name": "A", "value": "1"}], container


def gcs_link(render):
    result = render()
    result.warns("warning", "gcs")
    assert {"name": "BUCKET", "value": "acme-shop"} in result.pod("Deployment")["containers"][0]["env"]


def manual_secret_over_link(render):
    result = render()
    result.warns("warning", "db_db_password")
    env = {each["name"]: each for each in result.pod("Deployment")["containers"][0]["env"]}
    assert env["db_db_password"]["valueFrom"]["secretKeyRef"]["name"] == "manual-secrets", env
    assert env["db_db_host"]["valueFrom"]["secretKeyRef"]["name"] == "db", env


def secrets_not_listed(render, path):
    assert "envFrom" not in render().pod("Deployment")["containers"][0]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as changed, open(path, encoding="utf-8") as file:
        changed.write(file.read() + "    secrets: all\n")
        changed.flush()
        container = render(path=changed.name).pod("Deployment")["containers"][0]
    assert container["envFrom"] == [{"secretRef": {"name": "manual-secrets"}}], container


def image_tag_ignored(render):
    render().objects()
    render("--image-tag", "v2").fails("--image-tag")
    render("--image-digest", "sha256:" + "0" * 64).fails("--image-digest")


def websocket_path(render):
    result = render()
    result.warns("websocket-path.yaml:", "warning", "healthcheck: http")
    container = result.pod("Deployment")["containers"][0]
    assert "tcpSocket" in container["readinessProbe"] and "tcpSocket" in container["livenessProbe"], container


def mem_target_off(render):
    metrics = render().object("HorizontalPodAutoscaler")["spec"]["metrics"]
    assert [each["resource"]["name"] for each in metrics] == ["cpu"], metrics


def public_tcp_port(render):
    render().warns("warning", "25565")


def anchors_web_and_worker(render):
    result = render()
    web, worker = result.pod("Deployment", "web"), result.pod("Deployment", "worker")
    assert web["containers"][0]["image"] == worker["containers"][0]["image"]
    env = {each["name"]: each.get("value") for each in worker["containers"][0]["env"]}
    assert env["A"] == "1" and env["B"] == "three" and "API_KEY" in env, env


def external_state(render):
    render().fails("external-state.yaml:13:", "s3_bucket_name", "outputs")


def module_output_unknown(render):
    render().fails("outputs")


def gcp_auto(render):
    result = render("--image-tag", "v1")
    image = result.pod("Deployment")["containers"][0]["image"]
    assert image == "gcr.io/acme-staging/shop/web:v1", image


def local_auto(render):
    image = render("--image-tag", "v1").pod("Deployment")["containers"][0]["image"]
    assert image == "localhost:5000/shop/web:v1", image


# The run


def run_chart(bin_dir, directory, check):
    with open(os.path.join(directory, "input.yaml"), "rb") as file:
        chart = file.read()
    with tempfile.TemporaryDirectory() as scratch:
        report = os.path.join(scratch, "report.json")
        program = os.path.join(bin_dir, "helm-postrender")
        result = Result([program, "service.yaml", "--report", report], chart, directory)
        if os.path.exists(report):
            with open(report, encoding="utf-8") as file:
                result.report = yaml.safe_load(file)
        check(result)


def run_service(bin_dir, path, check):
    def render(*flags, path=path):
        return Result([os.path.join(bin_dir, "kubectl-optasvc"), "render", "-f", path, *flags])

    if check.__code__.co_argcount == 2:
        check(render, path)
    else:
        check(render)


def failure(run, *arguments):
    """Returns why a case fails; None if it passes."""
    try:
        run(*arguments)
    except (AssertionError, KeyError, StopIteration, yaml.YAMLError) as error:
        return f"{error!r}"
    return None


def main(bin_dir, cases):
    charts = {name: os.path.join(cases, "charts", name) for name in os.listdir(os.path.join(cases, "charts"))}
    files = os.listdir(os.path.join(cases, "services"))
    services = {name[:-5]: os.path.join(cases, "services", name) for name in files if name.endswith(".yaml")}
    passed = failed = 0
    for name, path in sorted((charts | services).items()):
        if name in HELPERS:
            continue
        check = globals().get(name.replace("-", "_"))
        run = run_chart if name in charts else run_service
        wrong = failure(run, bin_dir, path, check) if check else "no check function"
        passed += not wrong
        failed += bool(wrong)
        if wrong:
            print(f"cases: {name}: {wrong}")
    print(f"cases: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
