"""The golden cases, for suites in Python. tests/golden/run describes their files."""
import glob
import os
import shlex

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")


class GoldenCase:
    """The command line is in `words`, without the name of the program."""

    def __init__(self, folder):
        self.folder = os.path.normpath(folder)
        self.name = os.path.relpath(self.folder, GOLDEN)
        self.words = ["render", "-f", "service.yaml"]
        if self.has("args"):
            self.words = shlex.split(self.read("args").decode())

    def has(self, name):
        return os.path.exists(os.path.join(self.folder, name))

    def read(self, name):
        """Returns the bytes of a file; none if it does not exist."""
        if not self.has(name):
            return b""
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def drop_output(self):
        """Removes -o FORMAT from the command line."""
        if "-o" in self.words:
            at = self.words.index("-o")
            del self.words[at:at + 2]


def golden_cases(kind, case=GoldenCase):
    """Returns the cases of a kind, such as "render", as objects of a class."""
    return [case(folder) for folder in sorted(glob.glob(os.path.join(GOLDEN, kind, "*", "*", "")))]
