"""Which forms of the fields occur in service files.

The forms come from the JSON Schema of `kubectl-optasvc schema`, which is generated from fields.def: a field as a map,
list, string or keyword, a quantity with a suffix, a number in a map of strings. Not counted are a placeholder, null and
quotes, which every field accepts alike.
"""
import re

PLAIN = ((r"(|~|null|Null|NULL)", "null"), (r"(true|True|TRUE|false|False|FALSE|yes|no|on|off)", "boolean"),
         (r"[-+]?[0-9]+", "integer"), (r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)", "decimal"))

SUFFIX = r"\+?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?"


def kind_of(node):
    """Returns the kind of a node as read.c prints it: a scalar begins with p if it was plain."""
    if not isinstance(node, str):
        return "map" if isinstance(node, dict) else "list"
    return next((kind for pattern, kind in PLAIN if node[0] == "p" and re.fullmatch(pattern, node[1:])), "string")


def types_of(schema):
    types = schema.get("type", [])
    return types if isinstance(types, list) else [types]


def value_forms(schema):
    """Returns the forms of a value in a map of strings."""
    return [form for form in ("string", "number", "boolean") if form in types_of(schema)] \
        + (["map"] if "object" in types_of(schema) else [])


def forms(schema):
    """Returns the forms of a field. The first type is that of the field."""
    if "anyOf" in schema:
        return schema["anyOf"][0]["enum"]
    types, result = types_of(schema), list(schema.get("examples", []))
    if not types:
        return ["any value"]
    if types[0] == "number":
        return result + ["integer", "decimal", "suffix"]
    if types[0] != "object" or "additionalProperties" not in schema:
        return result + [{"array": "list", "object": "map"}.get(kind, kind)
                         for kind in types if kind == types[0] or kind == "array"]
    result += [f"map of {form}" for form in value_forms(schema["additionalProperties"])]
    if "array" in types:
        result += [f"pairs of {form}" for form in value_forms(schema["items"]["properties"]["value"])]
    return result


class Forms:
    def __init__(self, schema):
        self.definitions = dict(schema["definitions"], file=schema)
        self.seen = set()

    def all(self):
        """Returns all forms, as tuples: the name of the map in the schema, the field, the form."""
        result = []
        for name, definition in self.definitions.items():
            for field, value in definition["properties"].items():
                result += [(name, field, form) for form in forms(value)]
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
            if key[1:] in properties:
                self.read_value(value, properties[key[1:]], lambda form, key=key: self.seen.add((name, key[1:], form)))
            for pattern in self.definitions[name].get("patternProperties", {}):
                if re.search(pattern, key[1:]):
                    self.seen.add((name, pattern, "any value"))

    def read_value(self, node, schema, note):
        """Notes the form of a value, and the forms in it."""
        kind, text = kind_of(node), node[1:] if isinstance(node, str) else None
        available = forms(schema)
        if "any value" in available:
            note("any value")
        elif text in available:
            note(text)
        elif kind in ("integer", "decimal", "boolean") and kind in available:
            note(kind)
        elif kind == "string" and "suffix" in available and re.fullmatch(SUFFIX, text):
            note("suffix")
        elif text is not None and "string" in available and kind != "null":
            note("string")
        elif kind == "map" and "map" in available:
            note("map")
            self.read_item(node, schema)
        elif kind == "list" and "list" in available:
            note("list")
            for item in node:
                self.read_item(item, schema.get("items", {}))
        elif kind == "map" and "object" in types_of(schema):
            for value in node.values():
                self.read_string(value, schema["additionalProperties"], "map of ", note)
        elif kind == "list" and "array" in types_of(schema):
            for pair in node:
                self.read_string(pair["pvalue"], schema["items"]["properties"]["value"], "pairs of ", note)

    def read_string(self, node, schema, prefix, note):
        kind = kind_of(node)
        note(prefix + {"integer": "number", "decimal": "number"}.get(kind, kind))
        if kind == "map":
            self.read_item(node, schema)

    def read_item(self, node, schema):
        """Reads a map whose schema is a reference, or depends on its type or on whether it is empty."""
        if not isinstance(node, dict):
            return
        if "minProperties" in schema.get("if", {}):
            self.read_item(node, schema["then"])
        elif "if" in schema:
            pattern = schema["if"]["properties"]["type"]["pattern"]
            branch = "then" if re.search(pattern, node.get("ptype", "p")[1:]) else "else"
            self.read_item(node, schema[branch])
        for part in schema.get("allOf", []):
            self.read_item(node, part)
        if "$ref" in schema:
            self.read_map(node, schema["$ref"].rsplit("/", 1)[1])
