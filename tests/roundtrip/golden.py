"""The golden cases of `render` and `inject`, as service files with all forms of all fields."""
import glob
import json
import os
import subprocess
import sys

from forms import Forms
from readers import LIBRARIES, compare_with_json, read

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "harness"))
from golden_case import GoldenCase, golden_cases  # pylint: disable=wrong-import-position


class Case(GoldenCase):
    def __init__(self, folder):
        super().__init__(folder)
        self.drop_output()

    def is_used(self):
        """True if the case prints manifests."""
        return (self.words[0] in ("render", "inject") and not {"--dry-run", "--diff"} & set(self.words)
                and self.has("expected.yaml"))

    def run(self, program, *output):
        return subprocess.run([program, *self.words, *output], cwd=self.folder, check=True, input=self.read("stdin"),
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def check(self, program, reader):
        """Fails if the libraries do not agree on the output."""
        text = self.run(program)
        if self.words[0] == "render":
            compare_with_json(reader, text, json.loads(self.run(program, "-o", "json"))["items"], self.folder)
            return
        first, second = (read(reader, library, text) for library in LIBRARIES)
        # They do not agree on some charts.
        if first != second:
            first, second = (read(reader, library, self.read("stdin")) for library in LIBRARIES)
            assert first is None or first != second, self.folder

    def files(self, reader):
        """Yields the service and environment files in the directories that the case reads."""
        folders = {self.folder}
        for path in (os.path.join(self.folder, word) for word in self.words[2:] if not word.startswith("-")):
            folders.add(path if os.path.isdir(path) else os.path.dirname(path))
        for path in (path for folder in folders for path in glob.glob(os.path.join(folder, "*.yaml"))):
            if os.path.basename(path) == "expected.yaml":
                continue
            with open(path, "rb") as file:
                trees = read(reader, "libfyaml", file.read())
            yield from (tree for tree in trees or [] if isinstance(tree, dict))


def check_golden(program, reader):
    """Returns the number of cases, and the forms of fields that occur in none of them."""
    forms = Forms(json.loads(subprocess.run([program, "schema"], check=True, stdout=subprocess.PIPE).stdout))
    cases = [case for kind in ("render", "inject") for case in golden_cases(kind, Case) if case.is_used()]
    for case in cases:
        case.check(program, reader)
        for tree in case.files(reader):
            forms.read(tree)
    return len(cases), forms.missing()
