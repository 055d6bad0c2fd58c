"""usage: check.py BIN SCHEMA      see run"""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

import jsonschema

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "harness"))
from golden_case import GOLDEN, golden_cases  # pylint: disable=wrong-import-position

PROBLEM = re.compile(r"^(?:(\S.*?):(?:(\d+):(\d+):)? )?(error|warning): ", re.M)


def run(program, arguments, directory, stdin=b""):
    environment = dict(os.environ, NO_COLOR="1", LC_ALL="C.UTF-8")
    for name in ("OPTASVC_FILE", "OPTASVC_LOG", "HELM_PLUGIN_NAME"):
        environment.pop(name, None)
    return subprocess.run([program, *arguments], cwd=directory, env=environment, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def of_text(text):
    """Returns the severity, file, line and column of each error and warning."""
    return sorted((match[4], match[1] or "", int(match[2] or 0), int(match[3] or 0))
                  for match in PROBLEM.finditer(text))


def of_json(document):
    return sorted((each["severity"], each.get("file", ""), each.get("line", 0), each.get("column", 0))
                  for each in document["diagnostics"])


def of_sarif(document):
    found = []
    run = document["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"], result
        place = result["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert not urllib.parse.urlsplit(uri).scheme, f"not relative: {uri}"
        region = place.get("region", {"startLine": 0, "startColumn": 0, "endLine": 0, "endColumn": 0})
        start = region["startLine"], region["startColumn"]
        assert start <= (region["endLine"], region["endColumn"]), region
        found.append((result["level"], urllib.parse.unquote(uri), *start))
    for each in run["invocations"][0]["toolExecutionNotifications"]:
        if each["level"] != "note":
            assert rules[each["associatedRule"]["index"]] == each["associatedRule"]["id"], each
            found.append((each["level"], "", 0, 0))
    return sorted(found)


def of_github(text):
    found = []
    for kind, properties in re.findall(r"^::(error|warning) (.*?)::", text, flags=re.M):
        values = dict(each.split("=", 1) for each in properties.split(","))
        assert re.fullmatch("[a-z-]+", values["title"]), values
        found.append((kind, urllib.parse.unquote(values.get("file", "")), int(values.get("line", 0)),
                      int(values.get("col", 0))))
    return sorted(found)


def without_dot(found):
    """Without "./": paths of these formats are relative to the root of a repository."""
    return sorted((severity, re.sub(r"^(\./)+", "", path), *rest) for severity, path, *rest in found)


class Checker:
    def __init__(self, schema):
        with open(schema, encoding="utf-8") as file:
            content = json.load(file)
        self.validator = jsonschema.validators.validator_for(content)(content)

    def compare(self, reports, expected):
        """`reports` are the documents in JSON, SARIF and the format of GitHub."""
        sarif = json.loads(reports["sarif"])
        error = jsonschema.exceptions.best_match(self.validator.iter_errors(sarif))
        assert error is None, f"SARIF: {error.message if error else ''} in {list(error.path) if error else ''}"
        assert of_json(json.loads(reports["json"])) == expected, f"json: {of_json(json.loads(reports['json']))}"
        assert of_sarif(sarif) == without_dot(expected), f"sarif: {of_sarif(sarif)}"
        assert of_github(reports["github"]) == without_dot(expected), f"github: {of_github(reports['github'])}"

    def validate(self, program, directory):
        text = run(program, ["validate", "-f", "service.yaml"], directory)
        reports = {}
        for form in "json", "sarif", "github":
            done = run(program, ["validate", "-f", "service.yaml", "-o", form], directory)
            assert done.returncode == text.returncode, f"exit status of {form}: {done.returncode}"
            assert not done.stderr, f"stderr of {form}: {done.stderr}"
            reports[form] = done.stdout.decode()
        self.compare(reports, of_text(text.stderr.decode()))

    def inject(self, program, directory, arguments):
        with open(os.path.join(directory, "stdin"), "rb") as file:
            stdin = file.read()
        text = run(program, arguments, directory, stdin)
        reports = {}
        for form in "json", "sarif", "github":
            with tempfile.NamedTemporaryFile() as report:
                done = run(program, [*arguments, "-o", form], directory, stdin)
                filed = run(program, [*arguments, "-o", form, "--report", report.name], directory, stdin)
                assert done.returncode == filed.returncode == text.returncode, f"exit status of {form}"
                assert done.stdout == filed.stdout == text.stdout, f"stdout of {form}"
                assert filed.stderr == text.stderr, f"stderr of {form} with --report"
                assert report.read() == done.stderr, f"--report of {form} differs from stderr"
            reports[form] = done.stderr.decode()
        self.compare(reports, of_text(text.stderr.decode()))


def main():
    program = os.path.join(os.path.abspath(sys.argv[1]), "kubectl-optasvc")
    checker = Checker(sys.argv[2])
    passed = failed = 0
    for case in (case for kind in sorted(os.listdir(GOLDEN)) for case in golden_cases(kind)):
        own_format = {"--report", "--log-file", "-o"}.intersection(case.words)
        if case.words[0] == "inject" and case.has("stdin") and not own_format:
            check = lambda: checker.inject(program, case.folder, case.words)
        elif case.has("service.yaml"):
            check = lambda: checker.validate(program, case.folder)
        else:
            continue
        try:
            check()
            passed += 1
        except AssertionError as error:
            failed += 1
            print(f"sarif: {case.name}: {error}")
    print(f"sarif: {passed} passed, {failed} failed")
    return 1 if failed or passed < 500 else 0


sys.exit(main())
