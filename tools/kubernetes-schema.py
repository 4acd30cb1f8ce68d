#!/usr/bin/env python3
"""Makes schemas/kubernetes.json: the Kubernetes types that values are passed into, reduced.

Source:  the OpenAPI definitions of Kubernetes 1.35, as the PyPI package `kubernetes-validate` 1.37.0
         carries them (one folder for each Kubernetes version); nothing else is read.
Overlay: tools/kubernetes-overlay.json, written by hand: what the API server enforces beyond them.

Run, from the root of the repository:

    pip download --no-deps --dest /tmp kubernetes-validate==1.37.0
    python3 tools/kubernetes-schema.py /tmp/kubernetes_validate-1.37.0-py3-none-any.whl

A second run changes nothing. `--format FILE` only lays a JSON file out the way this tool writes it.
"""

import json
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OVERLAY = ROOT / "tools" / "kubernetes-overlay.json"
TARGET = ROOT / "schemas" / "kubernetes.json"
MEMBER = "kubernetes_validate/kubernetes-json-schema/v{}.0-local-strict/_definitions.json"
PREFIX = "#/$defs/"
# Types that the overlay defines itself, and those that only the server writes.
SCALARS = {"Quantity", "IntOrString"}
WIDTH = 118


def short(name):
    """`io.k8s.api.core.v1.Probe` -> `Probe`."""
    return name.rsplit(".", 1)[-1]


def reduce(node):
    """A published schema without prose, formats, nulls and list markers."""
    if "$ref" in node:
        return {"$ref": PREFIX + short(node["$ref"])}
    out = {}
    kind = node.get("type")
    if kind is not None:
        kinds = [k for k in ([kind] if isinstance(kind, str) else kind) if k != "null"]
        out["type"] = kinds[0] if len(kinds) == 1 else kinds
    for key in ("required", "enum"):
        if node.get(key):
            out[key] = node[key]
    more = node.get("additionalProperties")
    if isinstance(more, dict):
        out["additionalProperties"] = reduce(more)
    elif more is False:
        out["additionalProperties"] = False
    if "items" in node:
        out["items"] = reduce(node["items"])
    if "properties" in node:
        out["properties"] = {k: reduce(v) for k, v in sorted(node["properties"].items())}
    return out


def references(node):
    """The type names that a schema refers to."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(PREFIX)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def collect(published, overlay):
    """The roots and all they lead to, by short name."""
    full = {name: value for name, value in published.items()}
    by_short = {}
    for name in full:
        by_short.setdefault(short(name), []).append(name)
    todo = [next(n for n in full if n.endswith("." + root)) for root in overlay["roots"]]
    types = {}
    while todo:
        name = todo.pop()
        if short(name) in types or short(name) in SCALARS:
            continue
        source = dict(full[name])
        keep = overlay["keep"].get(short(name))
        if keep:
            source["properties"] = {k: source["properties"][k] for k in keep}
        types[short(name)] = reduce(source)
        todo += [ref.removeprefix(PREFIX) for ref in references(source)]
    return types


def lay_over(types, overlay):
    """Applies the overlay; every entry must hit something, so that a typing error shows."""
    for path, patch in overlay["fields"].items():
        name, field = path.split(".")
        fields = types[name]["properties"]
        if "$ref" in patch or "enum" in patch:
            if field not in fields:
                raise SystemExit(f"{path}: no such field")
            fields[field] = dict(patch)
        else:
            fields[field].update(patch)
    for name, (source, replaced) in overlay["copies"].items():
        types[name] = json.loads(json.dumps(types[source]))
        types[name]["properties"].update(replaced)
    for name, patch in overlay["types"].items():
        properties = types[name].pop("properties")
        for key, value in patch.items():
            types[name][key] = value
        types[name]["properties"] = properties


def describe(types, descriptions):
    """Adds the descriptions to the fields; every one must hit something."""
    used = set()
    for name, schema in types.items():
        for field, value in schema.get("properties", {}).items():
            key = f"{name}.{field}" if f"{name}.{field}" in descriptions else field
            if key in descriptions:
                value["description"] = descriptions[key]
                used.add(key)
    if set(descriptions) - used:
        raise SystemExit(f"descriptions of no field: {sorted(set(descriptions) - used)}")


def layout(node, indent=0, room=WIDTH):
    """JSON with each value on one line as long as it fits: half the lines, and diffs stay small."""
    flat = json.dumps(node, ensure_ascii=False)
    if len(flat) + indent <= room or not node or not isinstance(node, (dict, list)):
        return flat
    pad = " " * (indent + 1)
    if isinstance(node, dict):
        rows = [f"{pad}{json.dumps(k)}: {layout(v, indent + 1, room - len(k) - 4)}" for k, v in node.items()]
        return "{\n" + ",\n".join(rows) + "\n" + " " * indent + "}"
    rows = [pad + layout(v, indent + 1, room) for v in node]
    return "[\n" + ",\n".join(rows) + "\n" + " " * indent + "]"


def main(arguments):
    if arguments[:1] == ["--format"]:
        path = Path(arguments[1])
        path.write_text(layout(json.loads(path.read_text())) + "\n")
        return
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    overlay = json.loads(OVERLAY.read_text())
    with zipfile.ZipFile(arguments[0]) as wheel:
        published = json.loads(wheel.read(MEMBER.format(overlay["kubernetes"])))["$defs"]
    types = collect(published, overlay)
    lay_over(types, overlay)
    describe(types, overlay["descriptions"])
    definitions = {**overlay["definitions"], **dict(sorted(types.items()))}
    missing = {r for r in references(definitions) if r not in definitions}
    if missing:
        raise SystemExit(f"referred to, not defined: {sorted(missing)}")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": f"Kubernetes {overlay['kubernetes']}; made by tools/kubernetes-schema.py, do not edit",
        "$defs": definitions,
    }
    TARGET.write_text(layout(schema) + "\n")
    print(f"{TARGET.relative_to(ROOT)}: {len(definitions)} definitions, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
