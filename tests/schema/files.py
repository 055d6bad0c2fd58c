"""Reads service files as editors do: as YAML 1.2, with strings as keys."""
import re

import yaml


class Loader(yaml.SafeLoader):
    """Timestamps are strings, and only true and false are booleans."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool",
                             re.compile("(true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def _with_string_keys(value):
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key).lower() if isinstance(key, bool) else str(key):
                _with_string_keys(item) for key, item in value.items()}
    return [_with_string_keys(item) for item in value] if isinstance(value, list) else value


def parse(text):
    return _with_string_keys(yaml.load(text, Loader))


def read(path):
    with open(path, encoding="utf-8-sig") as file:
        return parse(file)
