"""The rows and reasons of provenance.def and its rules, read from their sources."""
import glob
import os
import re

ROW = re.compile(r'^(FIXED|SET|FROM|ENVIRONMENT|RULE)\("(.*?)", "(.*?)", (.*)\)$', flags=re.M)
STRING = r'"((?:[^"\\]|\\.)*)"'


class Row:
    def __init__(self, kind, kinds, path, rest):
        self.name = f'{kind}("{kinds}", "{path}")'
        self.kinds = kinds.split()
        self.path = path.split()
        reason = re.search(STRING, rest)
        self.reason = reason[1] if reason else None

    def matches(self, kind, steps, in_template):
        if ("Pod" if in_template else kind) not in self.kinds and (in_template or self.kinds != ["*"]):
            return False
        path = self.path
        if path[0] == "~":
            path = path[1:]
            steps = steps[max(0, len(steps) - len(path)):]
        return len(path) == len(steps) and all(word in ("*", step) for word, step in zip(path, steps))


def read(root):
    """Returns all rows, and the reasons of the rules."""
    folder = os.path.join(root, "common", "manifest")
    with open(os.path.join(folder, "provenance.def"), encoding="utf-8") as file:
        text = file.read().split("*/", 1)[1]
    rows = [Row(*parts) for parts in ROW.findall(re.sub(r'"\n +"', "", re.sub(r",\n +", ", ", text)))]
    assert len(rows) == len(re.findall(r"^[A-Z]+\(", text, flags=re.M)), "a row cannot be read"
    reasons = set()
    for path in glob.glob(os.path.join(folder, "provenance*.c")):
        with open(path, encoding="utf-8") as file:
            for call in re.findall(rf"REASON\(((?:{STRING}\s*)+)\)", file.read()):
                reasons.add("".join(re.findall(STRING, call[0])))
    return rows, reasons


def find(rows, kind, steps):
    """Returns the row of a line: the first that matches, if possible one that does not end with "*"."""
    template = steps.index("template") if "template" in steps and steps[steps.index("template") - 1] == "spec" else None
    inner = steps[template + 1:] if template is not None else steps
    found = [row for row in rows if row.matches(kind, inner, template is not None)]
    return next((row for row in found if row.path[-1] != "*"), found[0] if found else None)
