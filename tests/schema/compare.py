"""usage: compare.py PROGRAM ROOT <SCHEMA      see run

Compares `validate` with a validator of the schema, on service files with random changes (the same in every run) and
on the golden cases of errors. The schema rejects only files that `validate` rejects. If it accepts one that
`validate` rejects, each of the errors is of a kind that docs/editors.md lists as impossible for a schema.
"""
import concurrent.futures
import copy
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import yaml

import files

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "harness"))
from golden_case import golden_cases  # pylint: disable=wrong-import-position

COUNT = 3000  # of changed files
SEED = os.environ.get("SEED", "33")
PROBLEMS_SHOWN = 20

# Strings that are valid somewhere and invalid elsewhere.
STRINGS = ["", "a", "web", "Web", "two words", "-x", "x_y", "x.y", "/", "/a", "/a/", "a/b", "/a//b", "/a/../b", "*", "all",
           "none", "auto", "AUTO", "true", "no", "Yes", "0", "007", "12", "70000", "-1", "1.5", "500m", "1Gi", "256MB",
           "nginx:1.29", "nginx:", "Registry/x", "registry.example.com/a@sha256:" + "0" * 64, "a" * 64, "a." * 130,
           "* * * * *", "61 * * * *", "@daily", "@often", "0 0 31 JAN mon-fri", "Europe/London", "PST", "secret/web",
           "config_map/web", "secret/", "ingress", "namespace/a", "shop/web", "infra/public", "status.podIP",
           "metadata.labels['a']", "status.pod", "app.example.com", "app.example.com/api", "http://a.example.com",
           "*.example.com", "1.2.3.4", "a.example.com:80", "arn:aws:iam::123456789012:role/app", "0444", "999",
           "arn:aws:iam::123456789012:policy/a", "$request_uri", "a;b", "a\nb", "kafka", "cpu", "cluster/a",
           "00000000-0000-0000-0000-000000000000", "app@my-project.iam.gserviceaccount.com", "{vars.x}", "{", "ä"]
NUMBERS = [0, 1, 2, -1, 80, 65535, 65536, 70000, 1000001, 2 ** 40, 1.5, 0.25, 0.0001, 4.0]
OTHERS = [None, True, False, [], {}, ["a"], ["a", "a"], [1], [None], [[]], [{}], {"a": "b"}, {"a": None}, {"a": {"b": "c"}},
          {"A": 1}, [{"name": "a", "value": "b"}], [{"name": "a"}]]
NAMES = ["nam", "extra", "x-extra", "X_EXTRA", "a b", "1", "", "..", "replicas", "kubernetes.io/arch", "A/b/c"]


class Generator:
    """Makes changed copies of service files. Knows the fields of each map from the schema."""

    def __init__(self, schema):
        self.random = random.Random(int(SEED))
        self.fields = {}  # by name: the values that the schema mentions
        for definition in [schema, *schema["definitions"].values()]:
            for name, field in definition["properties"].items():
                self.fields.setdefault(name, []).extend(self.mentioned(field))
        self.maps = [list(definition["properties"]) for definition in schema["definitions"].values()]
        self.maps.append(list(schema["properties"]))
        self.seen = {}  # by name of field: values in the files that were read

    @staticmethod
    def mentioned(field):
        values = list(field.get("examples", []))
        for name in ("minimum", "maximum"):
            for rule in (field, field.get("then", {}), field.get("else", {})):
                if name in rule:
                    values += [rule[name], rule[name] - 1, rule[name] + 1, str(rule[name] + 1)]
        for alternative in field.get("anyOf", []):
            values += alternative.get("enum", [])
        return values

    def learn(self, value):
        if isinstance(value, dict):
            for name, item in value.items():
                known = self.seen.setdefault(name, [])
                if item not in known:
                    known.append(item)
                self.learn(item)
        elif isinstance(value, list):
            for item in value:
                self.learn(item)

    def value(self, name):
        choice = self.random.random()
        if choice < 0.5 and self.seen.get(name):
            return copy.deepcopy(self.random.choice(self.seen[name]))
        if choice < 0.65 and self.fields.get(name):
            return self.random.choice(self.fields[name])
        return copy.deepcopy(self.random.choice(self.random.choice([STRINGS, STRINGS, NUMBERS, OTHERS])))

    def field(self, present):
        """Returns the name of a field: most often one that is in a map with the same fields."""
        likely = [names for names in self.maps if present and set(present) <= set(names)]
        return self.random.choice(self.random.choice(likely or self.maps))

    def misspell(self, name):
        at = self.random.randrange(len(name) + 1)
        return self.random.choice([name[:at] + "x" + name[at:], name[:at] + name[at + 1:], name.upper(), name + "s"])

    def change_map(self, value):
        kind = self.random.random()
        if kind < 0.5 or not value:
            name = self.field(value) if self.random.random() < 0.85 else self.random.choice(NAMES)
            value[name] = self.value(name)
            return
        name = self.random.choice(list(value))
        if kind < 0.65:
            del value[name]
        elif kind < 0.75 and name:
            value[self.misspell(name)] = value.pop(name)
        else:
            value[name] = self.value(name)

    def change_list(self, value):
        kind = self.random.random()
        if kind < 0.25 and value:
            value.append(copy.deepcopy(self.random.choice(value)))
        elif kind < 0.4 and value:
            del value[self.random.randrange(len(value))]
        elif kind < 0.7 and value:
            value[self.random.randrange(len(value))] = self.value("")
        else:
            value.append(self.value(""))

    def change(self, data):
        """Changes one map or list, each with the same probability."""
        found = []

        def collect(value):
            if isinstance(value, (dict, list)):
                found.append(value)
                for item in value.values() if isinstance(value, dict) else value:
                    collect(item)

        collect(data)
        target = self.random.choice(found)
        if isinstance(target, dict):
            self.change_map(target)
        else:
            self.change_list(target)

    def changed(self, data):
        data = copy.deepcopy(data)
        for _ in range(self.random.choice([1, 1, 1, 2])):
            self.change(data)
        return data


class Base:
    """A service file with the flags and files that it needs."""

    def __init__(self, path, flags):
        self.path = path
        self.flags = flags
        self.data = files.read(path)


def bases(kind):
    """Yields the golden cases of a kind that are YAML with a map."""
    for case in golden_cases(kind):
        # With --env-file, the fields of environments have no effect, which a schema cannot know.
        others = {"-o", "-n", "--module", "--env-file"} & set(case.words)
        renders_all = case.words[:3] == ["render", "-f", "service.yaml"] and not others
        if not renders_all or not case.has("service.yaml"):
            continue
        try:
            base = Base(os.path.join(case.folder, "service.yaml"), case.words[3:])
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        if isinstance(base.data, dict):
            yield base


def validate(program, directory, base, data):
    """Returns the errors of the program: their messages, marked if they are in another file. Empty if the file is
    valid; None if the flags are not."""
    with open(os.path.join(directory, "service.yaml"), "w", encoding="utf-8") as file:
        json.dump(data, file, ensure_ascii=False)
    done = subprocess.run([program, "validate", "-f", "service.yaml", *base.flags], cwd=directory, check=False,
                          capture_output=True, text=True, errors="replace", env={**os.environ, "NO_COLOR": "1"})
    if done.returncode == 2:
        return None
    errors = [("in another file: " if path and path != "service.yaml" else "") + text
              for path, text in re.findall(r"^(?:(\S+?):(?:\d+:\d+:)? )?error: (.*)", done.stderr, re.M)]
    if done.returncode not in (0, 1) or (done.returncode == 1) != bool(errors):
        errors.append(f"exit status {done.returncode}: {done.stderr}")
    return errors


def read_reasons(root):
    """Returns what a schema cannot express: a regular expression of messages for each line of docs/editors.md."""
    reasons = {}
    with open(os.path.join(root, "tests/schema/reasons"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("# "):
                continue
            if line.startswith("- "):
                title = line[2:].strip()
                reasons[title] = []
            elif line.strip():
                reasons[title].append(line.strip())
    return {title: re.compile("|".join(f"(?:{each})" for each in patterns) or "(?!)")
            for title, patterns in reasons.items()}


def with_text(value):
    """Returns data with the text of each number and boolean, as the program reads it."""
    if isinstance(value, dict):
        return {name: with_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [with_text(item) for item in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


def without_placeholders(schema):
    """Returns a schema that reads placeholders as text."""
    text = json.dumps(schema)
    return json.loads(text.replace('|\\\\{"', '"').replace('"pattern": "\\\\{"', '"pattern": "(?!)"'))


class Comparison:
    def __init__(self, program, root, schema):
        self.program = program
        self.validator = jsonschema.Draft7Validator(schema)
        self.strict_validator = jsonschema.Draft7Validator(without_placeholders(schema))
        self.reasons = read_reasons(root)
        self.used = dict.fromkeys(self.reasons, 0)
        self.counts = {"valid": 0, "invalid for both": 0, "only for the program": 0}
        self.problems = []

    def run(self, work):
        base, data = work
        with tempfile.TemporaryDirectory() as directory:
            shutil.copytree(os.path.dirname(base.path), directory, dirs_exist_ok=True)
            return base, data, validate(self.program, directory, base, data)

    def find(self, error):
        return next((title for title, pattern in self.reasons.items() if pattern.search(error)), None)

    def reason(self, data, error, errors):
        """Returns why a schema cannot express an error; None if it can."""
        found = self.find(error) or (self.find(f"without modules: {error}") if not data.get("modules") else None)
        # The other fields of a module of an unknown type are not known.
        found = found or next((self.find(each) for each in errors if each.startswith("unknown module type")), None)
        if found:
            return found
        if not self.validator.is_valid(with_text(data)):
            return next(title for title in self.reasons if "written" in title)
        if not self.strict_validator.is_valid(data):
            return next(title for title in self.reasons if title.startswith("placeholders"))
        return None

    def problem(self, base, data, text):
        self.problems.append(f"{os.path.basename(os.path.dirname(base.path))}: {text}\n    {json.dumps(data)}")

    def compare(self, base, data, errors):
        rejection = next(self.validator.iter_errors(data), None)
        if rejection is not None and not errors:
            place = "/".join(map(str, rejection.absolute_path))
            self.problem(base, data, f"only the schema rejects {place}: {rejection.message[:200]}")
        elif rejection is not None:
            self.counts["invalid for both"] += 1
        elif not errors:
            self.counts["valid"] += 1
        else:
            self.counts["only for the program"] += 1
            for error in errors:
                reason = self.reason(data, error, errors)
                if reason is None:
                    self.problem(base, data, f"the schema does not reject: {error}")
                else:
                    self.used[reason] += 1


def main():
    program, root = sys.argv[1:]
    schema = json.load(sys.stdin)
    generator = Generator(schema)
    comparison = Comparison(program, root, schema)
    sources = [base for base in bases("render")
               if os.path.exists(os.path.join(os.path.dirname(base.path), "expected.yaml"))]
    for base in sources:
        generator.learn(base.data)
    works = [(base, base.data) for base in bases("errors")]
    for _ in range(COUNT):
        base = generator.random.choice(sources)
        works.append((base, generator.changed(base.data)))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as executor:
        for base, data, errors in executor.map(comparison.run, works):
            if errors is not None:
                comparison.compare(base, data, errors)
    with open(os.path.join(root, "docs/editors.md"), encoding="utf-8") as file:
        listed = re.findall(r"^- (.*)", file.read().split("\n## What the schema cannot know\n")[1], re.M)
    if listed != list(comparison.reasons):
        comparison.problems.append("docs/editors.md does not list what tests/schema/reasons has, in its order")
    for title, count in comparison.used.items():
        if count == 0 and "SEED" not in os.environ:
            comparison.problems.append(f"no file has an error of this kind: {title}")
    for problem in comparison.problems[:PROBLEMS_SHOWN]:
        print(f"schema: {problem}")
    if len(comparison.problems) > PROBLEMS_SHOWN:
        print(f"schema: and {len(comparison.problems) - PROBLEMS_SHOWN} more")
    print(f"schema: {sum(comparison.counts.values())} files: " + ", ".join(f"{count} {name}" for name, count in comparison.counts.items()))
    if os.environ.get("V"):
        for title, count in comparison.used.items():
            print(f"schema: {count:5} {title}")
    passed = sum(comparison.counts.values())
    print(f"schema: {passed} passed, {len(comparison.problems)} failed")
    sys.exit(1 if comparison.problems else 0)


main()
