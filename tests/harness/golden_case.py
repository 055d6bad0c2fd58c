"""The golden cases, for suites in Python. tests/golden/run describes their files."""
import glob
import os
import shlex
import subprocess

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
with open(os.path.join(GOLDEN, "allowed"), encoding="utf-8") as allowed:
    ALLOWED = allowed.read().strip()


def split(line):
    """Returns the words of a command line in shell syntax."""
    if "$" not in line:
        return shlex.split(line)
    words = subprocess.run(["bash", "-c", "printf '%s\\0' " + line], stdout=subprocess.PIPE, check=True).stdout
    return [os.fsdecode(word) for word in words.split(b"\0")[:-1]]


class GoldenCase:
    """The command line is in `words`, without the name of the program."""

    def __init__(self, folder):
        self.folder = os.path.normpath(folder)
        self.name = os.path.relpath(self.folder, GOLDEN)
        if self.has("args"):
            self.words = split(self.read("args").decode())
        elif self.has("compose.yaml"):
            self.words = ["init", "app", "--from-compose", "compose.yaml"]
        elif self.has("manifests.yaml"):
            self.words = ["init", "shop", "--from-manifests", "manifests.yaml"]
        else:
            self.words = ["render", "-f", "service.yaml"]

    def has(self, name):
        return os.path.exists(os.path.join(self.folder, name))

    def read(self, name):
        """Returns the bytes of a file; none if it does not exist."""
        if not self.has(name):
            return b""
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def command(self):
        """Returns the command line with the rules allowed that the golden suite allows."""
        if "/rules/" in self.name or self.words[0] not in ("render", "validate", "inject"):
            return self.words
        return [self.words[0], "--allow", ALLOWED, *self.words[1:]]

    def status(self):
        """Returns the exit status that the golden suite expects."""
        fails = self.has("expected.err") and not self.has("expected.yaml")
        return int(self.read("status") or fails)

    def drop_output(self):
        """Removes -o FORMAT from the command line."""
        if "-o" in self.words:
            at = self.words.index("-o")
            del self.words[at:at + 2]


def golden_cases(kind, case=GoldenCase):
    """Returns the cases of a kind, such as "render", as objects of a class."""
    return [case(folder) for folder in sorted(glob.glob(os.path.join(GOLDEN, kind, "*", "*", "")))]
