"""Which forms of the fields occur in service files.

The forms come from the JSON Schema of `kubectl-optasvc schema`, which is generated from fields.def: a field as a map,
list, string or keyword, a quantity with a suffix, a number in a map of strings. Not counted are a placeholder, null and
quotes, which every field accepts alike.
"""
import re

PLAIN = ((r"(|~|null|Null|NULL)", "null"), (r"(true|True|TRUE|false|False|FALSE|yes|no|on|off)", "boolean"),
         (r"[-+]?[0-9]+", "integer"), (r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)", "decimal"))


def kind_of(node):
    """Returns the kind of a node as read.c prints it: a scalar begins with p if it was plain."""
    if not isinstance(node, str):
        return "map" if isinstance(node, dict) else "list"
    return next((kind for pattern, kind in PLAIN if node[0] == "p" and re.fullmatch(pattern, node[1:])), "string")


def value_forms(schema):
    """Returns the forms of a value in a map of strings."""
    return ["string", "number", "boolean"] + (["map"] if "anyOf" in schema else [])


def forms(alternative):
    """Returns the forms of one alternative of a field."""
    kind = alternative.get("type")
    if "enum" in alternative:
        return [] if "true" in alternative["enum"] else alternative["enum"]
    if "const" in alternative:
        return [alternative["const"]]
    if "pattern" in alternative:
        return ["suffix"] if "KMGTPE" in alternative["pattern"] else []
    if kind == "null" or "maxProperties" in alternative:
        return []
    if kind == "number":
        return ["decimal"]
    if kind == "object":
        return [f"map of {form}" for form in value_forms(alternative["additionalProperties"])]
    if kind == "array" and "value" in alternative.get("items", {}).get("properties", {}):
        return [f"pairs of {form}" for form in value_forms(alternative["items"]["properties"]["value"])]
    return ["map"] if "$ref" in alternative else [{"array": "list"}.get(kind, kind) if isinstance(kind, str) else "string"]


class Forms:
    def __init__(self, schema):
        self.definitions = dict(schema["definitions"], file=schema)
        self.seen = set()

    def all(self):
        """Returns all forms, as tuples: the name of the map in the schema, the field, the form."""
        result = []
        for name, definition in self.definitions.items():
            for field, value in definition["properties"].items():
                result += [(name, field, form) for part in value["anyOf"] for form in forms(part)]
            result += [(name, pattern, "any value") for pattern in definition.get("patternProperties", {})]
        return result

    def missing(self):
        return [form for form in self.all() if form not in self.seen]

    def read(self, node):
        """Notes the forms in a service or environment file."""
        self.read_map(node, "file")

    def read_map(self, node, name):
        properties = self.definitions[name]["properties"]
        for key, value in node.items():
            field = properties.get(key[1:])
            for alternative in field["anyOf"] if field else []:
                self.read_value(value, alternative, lambda form, key=key: self.seen.add((name, key[1:], form)))
            for pattern in self.definitions[name].get("patternProperties", {}):
                if re.search(pattern, key[1:]):
                    self.seen.add((name, pattern, "any value"))

    def read_value(self, node, alternative, note):
        """Notes the form of a value if it is one of this alternative, and the forms in it."""
        kind, text = kind_of(node), node[1:] if isinstance(node, str) else None
        available = forms(alternative)
        if text in available:
            note(text)
        elif kind in ("integer", "decimal", "boolean") and kind in available:
            note(kind)
        elif kind == "string" and "suffix" in available and re.fullmatch(alternative["pattern"], text):
            note("suffix")
        elif text is not None and "string" in available and kind != "null":
            note("string")
        elif kind == "map" and "map" in available:
            note("map")
            self.read_item(node, alternative)
        elif kind == "list" and "list" in available:
            note("list")
            for item in node:
                self.read_item(item, alternative.get("items", {}))
        elif kind == "map" and alternative.get("type") == "object":
            for value in node.values():
                self.read_string(value, alternative.get("additionalProperties"), "map of ", note)
        elif kind == "list" and alternative.get("type") == "array":
            for pair in node:
                self.read_string(pair["pvalue"], alternative["items"]["properties"]["value"], "pairs of ", note)

    def read_string(self, node, schema, prefix, note):
        kind = kind_of(node)
        note(prefix + {"integer": "number", "decimal": "number"}.get(kind, kind))
        if kind == "map" and schema and "anyOf" in schema:
            self.read_item(node, schema["anyOf"][1])

    def read_item(self, node, schema):
        """Reads a map whose schema is a reference, or depends on the map's type."""
        if not isinstance(node, dict):
            return
        if "if" in schema:
            pattern = schema["if"]["properties"]["type"]["pattern"]
            branch = "then" if re.search(pattern, node.get("ptype", "p")[1:]) else "else"
            self.read_item(node, schema[branch])
        for part in schema.get("allOf", []):
            self.read_item(node, part)
        if "$ref" in schema:
            self.read_map(node, schema["$ref"].rsplit("/", 1)[1])
