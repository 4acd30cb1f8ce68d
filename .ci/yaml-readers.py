#!/usr/bin/env python3
"""Reads what the YAML writer wrote with readers that are not ours, and compares.

PyYAML reads YAML 1.1, ruamel.yaml YAML 1.2, kubectl (where there is one) reads as Kubernetes does.
Needs PyYAML and ruamel.yaml; without a folder it makes one and lets the test write into it.

    .ci/yaml-readers.py [FOLDER]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import ruamel.yaml
import yaml


def differences(path, want, got):
    """The paths at which two trees differ, types included: True is not 1, 1 is not 1.0."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in [*want, *(k for k in got if k not in want)]:
            if key not in got or key not in want:
                yield f"{path}: key {key!r} is only in one of them"
            else:
                yield from differences(f"{path}.{key}", want[key], got[key])
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (a, b) in enumerate(zip(want, got)):
            yield from differences(f"{path}[{i}]", a, b)
    elif type(want) is not type(got) or want != got:
        yield f"{path}: {want!r} was read as {got!r}"


def load_12(text):
    reader = ruamel.yaml.YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text)


def by_kubectl(path):
    """kubectl reads the file, leaves it as it is and prints JSON; no cluster is asked."""
    command = ["kubectl", "annotate", "--local", "-f", path, "gitlab-render-probe=1", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"kubectl refused {path}: {done.stderr.strip()}")
    got = json.loads(done.stdout)
    del got["metadata"]["annotations"]["gitlab-render-probe"]
    return got


def main():
    if len(sys.argv) > 1:
        folder = sys.argv[1]
    else:
        folder = tempfile.mkdtemp(prefix="yaml-readers-")
        test = ["cargo", "test", "--quiet", "--test", "suite", "writer::for_other_readers", "--", "--ignored"]
        subprocess.run(test, env={**os.environ, "WRITER_OUT": folder}, check=True, stdout=subprocess.DEVNULL)
    failed = 0
    readers = [("PyYAML", yaml.safe_load), ("PyYAML with libyaml", lambda t: yaml.load(t, yaml.CSafeLoader)), ("ruamel.yaml", load_12)]
    if not hasattr(yaml, "CSafeLoader"):
        del readers[1]
    for file in ("nasty", "object"):
        with open(f"{folder}/{file}.yaml", encoding="utf-8", newline="") as f:
            text = f.read()
        with open(f"{folder}/{file}.json", encoding="utf-8") as f:
            want = json.load(f)
        for name, load in readers:
            found = list(differences("", want, load(text)))
            print(f"{file}.yaml by {name}: {len(found)} differences")
            print(*found[:20], sep="\n", end="\n" if found else "")
            failed += len(found)
    if shutil.which("kubectl"):
        with open(f"{folder}/object.json", encoding="utf-8") as f:
            want = json.load(f)
        found = list(differences("", want, by_kubectl(f"{folder}/object.yaml")))
        print(f"object.yaml by kubectl: {len(found)} differences")
        print(*found[:20], sep="\n", end="\n" if found else "")
        failed += len(found)
    if len(sys.argv) == 1:
        shutil.rmtree(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
