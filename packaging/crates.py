#!/usr/bin/env python3
"""The crates in the binary: their licence texts in one file, and a bill of materials (CycloneDX 1.6).

usage: crates.py LICENCES SBOM
"""
import json
import pathlib
import subprocess
import sys

licences, sbom = map(pathlib.Path, sys.argv[1:])
metadata = json.loads(subprocess.run(
    ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"],
    check=True, capture_output=True, text=True).stdout)
packages = {package["id"]: package for package in metadata["packages"]}
needs = {node["id"]: sorted(dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"]))
         for node in metadata["resolve"]["nodes"]}
own = metadata["resolve"]["root"]

# Only what is linked: neither what the build runs nor what the tests need.
linked, open_ = set(), [own]
while open_:
    if (crate := open_.pop()) not in linked:
        linked.add(crate)
        open_ += needs[crate]
linked = sorted(linked - {own}, key=lambda crate: (packages[crate]["name"], packages[crate]["version"]))


def purl(crate):
    return f"pkg:cargo/{packages[crate]['name']}@{packages[crate]['version']}"


def component(crate, kind):
    package = packages[crate]
    found = {"type": kind, "bom-ref": purl(crate), "name": package["name"], "version": package["version"], "purl": purl(crate)}
    if package["license"]:
        # some crates still write `MIT/Apache-2.0`
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return found


def texts(crate):
    """The files of a crate that hold its licence."""
    folder = pathlib.Path(packages[crate]["manifest_path"]).parent
    names = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE")
    return [file for file in sorted(folder.iterdir()) if file.is_file() and file.name.upper().startswith(names)]


parts = [f"gitlab-render is under the licence below; the crates in it are under those that follow.\n\n{open('LICENSE').read()}"]
shown = {}
for crate in linked:
    head = f"{packages[crate]['name']} {packages[crate]['version']}: {packages[crate]['license']}"
    bodies = [file.read_text(errors="replace").strip() for file in texts(crate)]
    # the same text is written once, with all that it is for
    shown.setdefault("\n\n".join(bodies), []).append(head)
for body, heads in shown.items():
    parts.append("\n".join(heads) + "\n\n" + (body or "The crate has no text of its licence in it.") + "\n")
licences.write_text(("\n" + "=" * 100 + "\n\n").join(parts))

sbom.write_text(json.dumps({
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": component(own, "application")},
    "components": [component(crate, "library") for crate in linked],
    "dependencies": [{"ref": purl(crate), "dependsOn": [purl(dep) for dep in needs[crate]]} for crate in [own, *linked]],
}, indent=2) + "\n")
print(f"{len(linked)} crates, {len(shown)} texts of licences")
