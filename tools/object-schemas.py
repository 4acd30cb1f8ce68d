#!/usr/bin/env python3
"""Makes schemas/objects/*.txt: what `validate` knows about Kubernetes objects, without prose.

Sources, and nothing else is read (schemas/objects/README.md tells the form and the versions):

    pip download --no-deps --dest /tmp kubernetes-validate==1.37.0
    go mod download -json MODULE@VERSION        for each module of CUSTOM below

Run, from the root of the repository:

    python3 tools/object-schemas.py /tmp/kubernetes_validate-1.37.0-py3-none-any.whl GOMODCACHE

where GOMODCACHE is what `go env GOMODCACHE` says. A second run changes nothing.
"""

import json
import re
import sys
import zipfile
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote

import yaml

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "schemas" / "objects"
MEMBER = "kubernetes_validate/kubernetes-json-schema/v1.{}.0-local-strict/_definitions.json"
MINORS = (33, 34, 35, 36, 37)
CUSTOM = {
    "gateway-api": ("sigs.k8s.io/gateway-api@v1.4.1", "config/crd/experimental"),
    "prometheus-operator": (
        "github.com/prometheus-operator/prometheus-operator@v0.77.1", "example/prometheus-operator-crd"),
    "keda": ("github.com/kedacore/keda/v2@v2.18.1", "config/crd/bases"),
    "envoy-gateway": ("github.com/envoyproxy/gateway@v1.6.0", "charts/gateway-crds-helm/templates/generated"),
    "cert-manager": ("github.com/cert-manager/cert-manager@v1.19.1", "deploy/crds"),
}
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
# Types that are not what their definition says, and those that hold what we do not look into.
SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "q",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "p",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "t",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "t",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "o",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "o",
}
# Required by the definitions, and filled in by the server where it is missing.
DEFAULTED = {("RoleRef", "apiGroup")}
# The patterns of the file that is being made, numbered.
PATTERNS = {}
ANY = ("JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray")


def escaped(text):
    return quote(str(text), safe="-_.:/")


def bounds(low, high):
    """`{1,16}`, either may be missing; nothing where both are."""
    if low in (None, 0) and high is None:
        return ""
    return "{%s,%s}" % ("" if low in (None, 0) else low, "" if high is None else high)


def kind_of(node):
    kinds = node.get("type")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds or [])
    kinds = [k for k in kinds if k != "null"]
    return kinds[0] if len(kinds) == 1 else None


def whole(number):
    return "" if number is None else str(int(number))


def scalar(node):
    """The letter and the limits of a text, number or switch."""
    kind = kind_of(node)
    if node.get("x-kubernetes-int-or-string"):
        return "q" if "KMGTPE" in node.get("pattern", "") else "p"
    if kind == "boolean":
        return "b"
    if kind in ("integer", "number"):
        letter = {"integer": "l" if node.get("format") == "int64" else "i", "number": "n"}[kind]
        low, high = node.get("minimum"), node.get("maximum")
        return letter + ("" if low is None and high is None else f"({whole(low)}..{whole(high)})")
    if kind == "string":
        if node.get("format") == "byte":
            return "y"
        if node.get("format") == "date-time":
            return "t"
        out = "s"
        if node.get("enum"):
            return out + "(" + "|".join(escaped(e) for e in node["enum"]) + ")"
        out += bounds(node.get("minLength"), node.get("maxLength"))
        if node.get("pattern"):
            out += f"~{PATTERNS.setdefault(node['pattern'], len(PATTERNS))}"
        return out
    return "x"


class Published:
    """The OpenAPI definitions of all versions as one set of types whose fields say in which versions they are."""

    def __init__(self, wheel):
        self.versions = {}
        for minor in MINORS:
            self.versions[minor] = json.loads(wheel.read(MEMBER.format(minor)))["$defs"]
        # GVK -> minor -> (definition, deprecated); name -> minor -> definition
        self.kinds = defaultdict(dict)
        self.wanted = defaultdict(set)
        for minor, definitions in self.versions.items():
            for name, definition in definitions.items():
                for gvk in definition.get("x-kubernetes-group-version-kind", []):
                    metadata = definition.get("properties", {}).get("metadata", {})
                    if META in metadata.get("$ref", "") and not gvk["version"].startswith("v1alpha"):
                        old = re.search(r"\bdeprecated\b", definition.get("description", ""), re.I)
                        self.kinds[gvk["group"], gvk["version"], gvk["kind"]][minor] = (name, bool(old))
                        self.reach(minor, name)
        self.names = self.short_names()

    def reach(self, minor, name):
        todo = [name]
        while todo:
            name = todo.pop()
            if name in SCALARS or minor in self.wanted[name] or name.rsplit(".", 1)[-1] in ANY:
                continue
            self.wanted[name].add(minor)
            for field, node in self.versions[minor][name].get("properties", {}).items():
                if not self.is_status(name, minor, field):
                    todo += references(node)

    def is_status(self, name, minor, field):
        """Only the server writes an object's status."""
        return field == "status" and "x-kubernetes-group-version-kind" in self.versions[minor][name]

    def short_names(self):
        by_short = defaultdict(list)
        for name in self.wanted:
            by_short[name.rsplit(".", 1)[-1]].append(name)
        out = {}
        for short, names in by_short.items():
            for name in names:
                parts = name.split(".")
                out[name] = short if len(names) == 1 else f"{short}.{parts[-3]}.{parts[-2]}"
        return out

    def expression(self, node):
        if "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[-1]
            if name in SCALARS:
                return SCALARS[name]
            return "x" if name.rsplit(".", 1)[-1] in ANY else self.names[name]
        kind = kind_of(node)
        if kind == "array":
            return "[" + self.expression(node["items"]) + "]"
        if kind == "object":
            more = node.get("additionalProperties")
            return "{" + self.expression(more) + "}" if isinstance(more, dict) else "o"
        return scalar(node)

    def fields(self, name):
        """`field!@34-:type` of one type, each with the versions where it is so."""
        seen = defaultdict(list)
        for minor in sorted(self.wanted[name]):
            definition = self.versions[minor][name]
            for field, node in definition.get("properties", {}).items():
                top = "x-kubernetes-group-version-kind" in definition
                if top and field in ("apiVersion", "kind"):
                    continue
                spec = "x" if self.is_status(name, minor, field) else self.expression(node)
                required = field in definition.get("required", []) and (self.names[name], field) not in DEFAULTED
                seen[field, "!" if required else "", spec].append(minor)
        for (field, required, spec), minors in sorted(seen.items()):
            yield f"{field}{required}{span(minors, sorted(self.wanted[name]))}:{spec}"

    def lines(self):
        for (group, version, kind), minors in sorted(self.kinds.items()):
            old = [m for m, (_, deprecated) in minors.items() if deprecated]
            name = self.names[next(iter(minors.values()))[0]]
            where = span(sorted(minors), list(MINORS))
            mark = f" deprecated{span(old, list(MINORS))}" if old else ""
            yield f"= {group + '/' if group else ''}{version} {kind}{where} {name}{mark}"
        for name in sorted(self.wanted, key=lambda n: self.names[n]):
            yield " ".join([self.names[name], *self.fields(name)])


def references(node):
    if "$ref" in node:
        return [node["$ref"].rsplit("/", 1)[-1]]
    return [r for key in ("items", "additionalProperties") if isinstance(node.get(key), dict)
            for r in references(node[key])]


def span(minors, all_of_them):
    """`@34-35`: in these versions only; nothing where that is all of them."""
    if list(minors) == list(all_of_them):
        return ""
    assert list(minors) == list(range(minors[0], minors[-1] + 1)), minors
    first = "" if minors[0] == all_of_them[0] else minors[0]
    last = "" if minors[-1] == all_of_them[-1] else minors[-1]
    return f"@{first}-{last}"


class Custom:
    """The schemas of custom resources as types; what is alike is one type."""

    def __init__(self):
        self.by_fields = {}
        self.names = set()
        self.kinds = []
        self.types = []

    def add(self, definition):
        spec = definition["spec"]
        for version in spec["versions"]:
            if not version["served"]:
                continue
            schema = version["schema"]["openAPIV3Schema"]
            properties = {k: v for k, v in schema["properties"].items() if k not in ("apiVersion", "kind", "metadata")}
            name = self.type(spec["names"]["kind"], {**schema, "properties": properties}, top=True)
            mark = " deprecated" if version.get("deprecated") else ""
            scope = "" if spec["scope"] == "Namespaced" else " cluster"
            self.kinds.append(f"= {spec['group']}/{version['name']} {spec['names']['kind']} {name}{mark}{scope}")

    def type(self, hint, schema, top=False):
        fields = ["metadata:ObjectMeta"] if top else []
        # What has a default is filled in before anything is asked for.
        given = {k for k, v in schema["properties"].items() if "default" in v}
        required = set(schema.get("required", [])) - given
        for field, node in sorted(schema["properties"].items()):
            expression = "x" if top and field == "status" else self.expression(field, node)
            fields.append(f"{field}{'!' if field in required else ''}:{expression}")
        if schema.get("x-kubernetes-preserve-unknown-fields"):
            fields.append("*:x")
        fields = tuple(sorted(fields))
        if fields not in self.by_fields:
            hint = hint[0].upper() + re.sub(r"\W", "", hint[1:])
            name = next(n for n in [hint, *(f"{hint}.{i}" for i in range(2, 9999))] if n not in self.names)
            self.names.add(name)
            self.by_fields[fields] = name
            self.types.append(" ".join([name, *fields]))
        return self.by_fields[fields]

    def expression(self, hint, node):
        kind = kind_of(node)
        if kind == "array":
            keys = node.get("x-kubernetes-list-map-keys")
            if node.get("x-kubernetes-list-type") == "set":
                keys = [""]
            unique = "%" + ",".join(keys) if keys else ""
            items = self.expression(hint.removesuffix("s") or hint, node["items"])
            return "[" + items + "]" + bounds(node.get("minItems"), node.get("maxItems")) + unique
        if kind == "object":
            if node.get("x-kubernetes-embedded-resource"):
                return "o"
            if node.get("properties"):
                return self.type(hint, node)
            more = node.get("additionalProperties")
            return "{" + self.expression(hint, more) + "}" if isinstance(more, dict) else "o"
        return scalar(node)

    def lines(self):
        return [*sorted(self.kinds), *sorted(self.types)]


class Loader(yaml.CSafeLoader):
    """YAML 1.1 without its `=`, which is a text to everyone else."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


def definitions(folder):
    """The documents of a folder of CRDs; Envoy Gateway's stand between two lines of a Helm template."""
    for path in sorted(folder.glob("*.yaml")):
        lines = [line for line in path.read_text().splitlines(True) if not line.startswith("{{")]
        for document in yaml.load_all("".join(lines), Loader):
            if document and document.get("kind") == "CustomResourceDefinition":
                yield document


def write(name, source, lines):
    lines = list(lines)
    path = TARGET / f"{name}.txt"
    lines += [f"~ {pattern}" for pattern in PATTERNS]
    PATTERNS.clear()
    path.write_text(f"# {source}; made by tools/object-schemas.py, do not edit\n" + "\n".join(lines) + "\n")
    kinds = sum(line.startswith("= ") for line in lines)
    print(f"{path.relative_to(ROOT)}: {kinds} kinds, {path.stat().st_size} bytes")


def main(arguments):
    if len(arguments) != 2:
        raise SystemExit(__doc__)
    with zipfile.ZipFile(arguments[0]) as wheel:
        published = Published(wheel)
    versions = f"Kubernetes 1.{MINORS[0]} to 1.{MINORS[-1]}"
    write("kubernetes", f"{versions}, from kubernetes-validate 1.37.0 (PyPI)", published.lines())
    for name, (module, folder) in CUSTOM.items():
        custom = Custom()
        for definition in definitions(Path(arguments[1]) / module / folder):
            custom.add(definition)
        write(name, f"{module} (Go module), {folder}", custom.lines())


if __name__ == "__main__":
    main(sys.argv[1:])
