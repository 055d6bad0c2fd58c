"""What libyaml and libfyaml read (read.c), compared with each other and with JSON."""
import json
import re
import subprocess

LIBRARIES = ("libyaml", "libfyaml")
NOT_TEXT = re.compile(
    r"(|~|null|true|false|y|n|yes|no|on|off|<<|=|[-+]?\.inf|\.nan"
    r"|[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?0x[0-9a-f_]+|[-+]?[0-9][0-9_,]*(:[0-5]?[0-9])*(\.[0-9_]*)?"
    r"|[-+]?(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)(e[-+]?[0-9]+)?"
    r"|\d{4}-\d\d?-\d\d?([Tt \t].*)?)", re.IGNORECASE)


def compare(printed, data, where):
    """Compares a tree that read.c printed with the same tree from -o json."""
    if isinstance(data, dict):
        assert isinstance(printed, dict), where
        assert [k[1:] for k in printed] == list(data), where
        for (key, value), name in zip(printed.items(), data):
            assert key[0] == "q" or not NOT_TEXT.fullmatch(name), (where, key)
            compare(value, data[name], f"{where}.{name}")
    elif isinstance(data, list):
        assert isinstance(printed, list) and len(printed) == len(data), where
        for index, (value, item) in enumerate(zip(printed, data)):
            compare(value, item, f"{where}[{index}]")
    elif isinstance(data, str):
        assert printed[1:] == data, (where, printed, data)
        assert printed[0] == "q" or not NOT_TEXT.fullmatch(data), (where, printed)
    else:
        assert printed == "p" + json.dumps(data), (where, printed, data)


def read(reader, library, text):
    """Returns the documents of a stream; None if the library rejects it, or if it has aliases."""
    run = subprocess.run([reader, library], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         check=False)
    return [json.loads(line) for line in run.stdout.splitlines()] if run.returncode == 0 else None


def compare_with_json(reader, text, items, where=""):
    """Compares what both libraries read with the objects that a JSON parser read."""
    for library in LIBRARIES:
        documents = read(reader, library, text)
        assert documents is not None and len(documents) == len(items), (where, library)
        for index, (document, item) in enumerate(zip(documents, items)):
            compare(document, item, f"{where} {library} {index}")
