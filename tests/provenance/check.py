"""Checks `render --explain`.

Without its comments, the output is that of `render`. Each line with a value has a source, and the list of -o json has
the same values as the manifests. Each row of provenance.def and each reason occurs. If a value in a file is changed,
the lines that name it change, and no others.

usage: check.py ROOT PROGRAM [CASE...]
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

import rows as table

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "harness"))
from golden_case import GoldenCase  # pylint: disable=wrong-import-position

COMMENT = re.compile(r" +# \S.*")
# What a change replaces: a number, or a word.
NUMBER, WORD = re.compile(r"[0-9]+(?![0-9A-Za-z.:/_-])"), re.compile(r"[A-Za-z][A-Za-z0-9-]*")


class Case(GoldenCase):
    def __init__(self, folder):
        super().__init__(folder)
        self.drop_output()
        self.words = [word for word in self.words if word != "--explain"]

    def is_used(self):
        return self.words[0] == "render" and self.has("expected.yaml")

    def run(self, program, *flags, folder=None):
        """Returns the output; None after an error."""
        folder = folder or self.folder
        stdin = os.path.join(folder, "stdin")
        with open(stdin if os.path.exists(stdin) else os.devnull, "rb") as file:
            done = subprocess.run([program, *self.words, *flags], cwd=folder, stdin=file, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env=dict(os.environ, NO_COLOR="1"))
        assert done.returncode in (0, 1), f"exit status {done.returncode}"
        return done.stdout.decode() if done.returncode == 0 else None


def pointers(value, path=""):
    """Yields the path and value of each scalar and of each empty map or list."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from pointers(child, path + "/" + key.replace("~", "~0").replace("/", "~1"))
    elif isinstance(value, list) and value:
        for index, child in enumerate(value):
            yield from pointers(child, f"{path}/{index}")
    else:
        yield path, value


def steps_of(pointer):
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def sources(line):
    return [line["source"], *line.get("inputs", [])]


def check_comments(plain, explained):
    """Yields what is wrong with the comments."""
    before, after = plain.split("\n"), explained.split("\n")
    if len(before) != len(after):
        yield f"{len(after)} lines instead of {len(before)}"
    for old, new in zip(before, after):
        if not new.startswith(old) or (new != old and not COMMENT.fullmatch(new[len(old):])):
            yield f"not a comment after the line: {new}"
    if list(yaml.safe_load_all(plain)) != list(yaml.safe_load_all(explained)):
        yield "the comments change the meaning"


def check_line(line):
    for source in sources(line):
        if "default" in source and not source["default"]:
            yield f"no reason: {line}"
        if not any(key in source for key in ("default", "flag", "field", "file", "placeholder")):
            yield f"no source: {line}"
        if "file" in source and "placeholder" not in source and "field" not in source:
            yield f"no field: {line}"


class Check:
    def __init__(self, root, program):
        self.program = program
        self.rows, self.reasons = table.read(root)
        self.used, self.seen = set(), set()
        self.lines, self.changes = 0, 0

    def explain(self, case, folder=None):
        output = case.run(self.program, "--explain", "-o", "json", folder=folder)
        return None if output is None else json.loads(output)

    def note_use(self, line):
        row = table.find(self.rows, line["manifest"]["kind"], steps_of(line["path"]))
        if row:
            self.used.add(row.name)
        for source in sources(line):
            self.seen.add(source.get("reason", source.get("default")))

    def check_case(self, case):
        """Yields what is wrong with the explanation of a case."""
        plain, explained = case.run(self.program), case.run(self.program, "--explain")
        yield from check_comments(plain, explained)
        items = json.loads(case.run(self.program, "-o", "json"))["items"]
        lines = self.explain(case)
        if [(line["path"], line["value"]) for line in lines] != [pair for item in items for pair in pointers(item)]:
            yield "the values of the list are not those of the manifests"
        if sum(1 for old, new in zip(plain.split("\n"), explained.split("\n")) if old != new) != len(lines):
            yield "not every line with a value has a comment"
        for line in lines:
            if "source" not in line:
                yield f"no source: {line}"
                continue
            yield from check_line(line)
            self.note_use(line)
        self.lines += len(lines)
        yield from self.check_changes(case, [line for line in lines if "source" in line])

    def check_changes(self, case, lines):
        """Changes each value that lines name, in a copy of the case."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = os.path.join(scratch, "case")
            shutil.copytree(case.folder, folder)
            places = {}
            for line in lines:
                for source in sources(line):
                    if "line" in source:
                        places.setdefault((source["file"], source["line"], source["column"]), []).append(line)
            for place, named in places.items():
                yield from self.check_change(case, folder, place, named, lines)

    def check_change(self, case, folder, place, named, lines):
        file, row, column = place
        path = os.path.join(folder, file)
        if not os.path.exists(path) or os.path.isabs(file):
            return
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        changed = change(text, row, column)
        if changed is None:
            return
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(changed)
        try:
            after = self.explain(case, folder)
        finally:
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(text)
        if after is None:
            return
        self.changes += 1
        yield from compare(place, named, lines, after)

    def check_table(self):
        for row in self.rows:
            if row.name not in self.used:
                yield f"no golden case has a line of {row.name}"
            if row.reason and row.reason not in self.seen:
                yield f"no golden case has the reason of {row.name}: {row.reason}"
        for reason in sorted(self.reasons - self.seen):
            yield f"no golden case has the reason: {reason}"


def change(text, row, column):
    """Returns the text with another value at a position; None if the value is of a kind that is not changed."""
    lines = text.split("\n")
    line = lines[row - 1]
    at = column - 1
    while line[at:at + 1] in ('"', "'"):
        at += 1
    if re.match(r"[A-Za-z0-9_.-]+[\"']?: ", line[at:]) or line[at:].startswith("{"):  # a key
        return None
    number, word = NUMBER.match(line, at), WORD.match(line, at)
    if number:
        lines[row - 1] = line[:at] + str(int(number[0]) + 1) + line[number.end():]
    elif word and word[0] not in ("true", "false"):
        lines[row - 1] = line[:word.end()] + "x" + line[word.end():]
    else:
        return None
    return "\n".join(lines)


def key_of(line):
    return (line["manifest"]["kind"], line["manifest"]["name"], line["path"])


def compare(place, named, before, after):
    """Yields the lines that name a place and do not change with it, and those that change and do not name it."""
    old = {key_of(line): line for line in before}
    new = {key_of(line): line for line in after}
    if old.keys() != new.keys():  # objects with another name
        return
    expected = {key_of(line) for line in named}
    actual = {key for key in old if old[key]["value"] != new[key]["value"]}
    where = ":".join(map(str, place))
    for key in sorted(actual - expected):
        # The order of disks depends on their names; and a link may rename a variable in $(NAME).
        is_another = old[key]["source"].get("field") != new[key]["source"].get("field")
        if not is_another and "$(" not in str(old[key]["value"]):
            yield f"{where} changes {' '.join(key)}, which does not name it: {old[key]['source']}"
    for key in sorted(expected - actual):
        line = old[key]
        if not any("reason" in source for source in sources(line)) and "inputs" not in line and line["path"] != "/kind":
            yield f"{where} does not change {' '.join(key)}, which names it"


def main():
    root, program = sys.argv[1], os.path.realpath(sys.argv[2])
    folders = sys.argv[3:] or sorted(glob.glob(os.path.join(root, "tests", "golden", "render", "*", "*")))
    cases = [case for case in map(Case, folders) if case.is_used()]
    check = Check(root, program)
    wrong = []
    for case in cases:
        wrong += [f"{os.path.relpath(case.folder, root)}: {text}" for text in check.check_case(case)]
    if not sys.argv[3:]:
        wrong += check.check_table()
    for text in wrong:
        print(f"provenance: {text}")
    print(f"provenance: {len(cases)} cases, {check.lines} lines, {check.changes} changed values, {len(wrong)} failed")
    return 1 if wrong or not check.lines else 0


if __name__ == "__main__":
    sys.exit(main())
