#!/usr/bin/env python3
"""Change one value of each document of the corpus into something wrong; count how often the first place is its line.

usage: places.py [--bin PATH] [--shared DIR] [--only TEXT] [--rounds N] [--jobs N] [--show N]
                 [--min-right PCT]

Each document is laid over one of the larger ones, so that there are innocent lines to point at. A document that is
refused before the change is left out, and so is a change that is taken: whether it ought to be
refused is not the question here. Of the rest, the first place of the first error must be the line of the value that
was changed. Also printed: errors for each change (one is right), changes that no error has a place for.
"""
import argparse
import collections
import concurrent.futures
import copy
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile

import yaml

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/release/gitlab-render")
ap.add_argument("--shared", default="../shared")
ap.add_argument("--only", default="", help="documents whose name holds this text")
ap.add_argument("--every", type=int, default=1, help="take one document of so many")
ap.add_argument("--rounds", type=int, default=1, help="changes for each document")
ap.add_argument("--jobs", type=int, default=os.cpu_count())
ap.add_argument("--show", type=int, default=0, help="wrong places to print")
ap.add_argument("--min-right", type=float, default=0)
a = ap.parse_args()

# What people put in place of a value of each type, by a name for the kind of mistake: first what keeps the type, so
# that only the objects or other settings show that it is wrong, then what a schema sees.
SAME_TYPE = {
    str: [
        ("scheme", lambda v: "https://" + v),
        ("underscore", lambda v: v + "_x"),
        ("capitals", lambda v: "Gitlab." + v.upper()),
        ("space", lambda v: v + " and more"),
        ("slash", lambda v: "/" + v + "/"),
        ("dots", lambda v: ".." + v),
        ("long", lambda v: v + "-" + "x" * 300),
        ("empty", lambda v: ""),
        ("open-template", lambda v: "{{ " + v),
        ("unknown-template", lambda v: "{{ .Values.nowhere.host }}"),
    ],
    int: [("negative", lambda v: -abs(v) - 1), ("huge", lambda v: 123456789012), ("zero", lambda v: 0)],
    bool: [("flip", lambda v: not v)],
    list: [("empty", lambda v: []), ("twice", lambda v: v + v)],
}
OTHER_TYPE = {
    str: [("map", lambda v: {"value": v}), ("list", lambda v: [v]), ("number", lambda v: 12)],
    int: [("word", lambda v: "many"), ("fraction", lambda v: v + 0.5), ("list", lambda v: [v])],
    bool: [("word", lambda v: "perhaps"), ("map", lambda v: {"enabled": v}), ("number", lambda v: 7)],
    list: [("word", lambda v: "all"), ("map", lambda v: {"items": v}), ("number", lambda v: 3)],
    dict: [("word", lambda v: "none"), ("list", lambda v: [v]), ("switch", lambda v: True)],
}
# One change in so many is of the second sort.
OTHER_IN = 6


def leaves(node, path=()):
    """Every value with its path; maps and lists too where they are small."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, (*path, index))
    if path and (not isinstance(node, (dict, list)) or len(node) < 3):
        yield path, node


def changed(values, chance):
    """The document with one value wrong: its text, the line of that value, its path, the kind of mistake."""
    table = OTHER_TYPE if chance.randrange(OTHER_IN) == 0 else SAME_TYPE
    path, value = chance.choice([(p, v) for p, v in leaves(values) if type(v) in table])
    kind, wrong = chance.choice(table[type(value)])
    document = copy.deepcopy(values)
    at = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = wrong(value)
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text, lines_of(yaml.compose(text), path), ".".join(map(str, path)), kind


def over(base, values):
    """Maps merge, other values replace."""
    if not (isinstance(base, dict) and isinstance(values, dict)):
        return values
    return {**base, **{k: over(base[k], v) if k in base else v for k, v in values.items()}}


def lines_of(node, path):
    """The first line of a value, that of its key, and the last."""
    line = node.start_mark.line
    for step in path:
        if isinstance(node, yaml.MappingNode):
            key, node = next((k, v) for k, v in node.value if k.value == str(step))
            line = key.start_mark.line
        else:
            node = node.value[step]
            line = node.start_mark.line
    last = node.end_mark.line - (node.end_mark.column == 0 and node.end_mark.line > line)
    return line + 1, last + 1


def errors(text, args):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as f:
        f.write(text)
    try:
        p = subprocess.run([a.bin, "template", "test", "-f", f.name, "--error-format", "json", *args],
                           capture_output=True, text=True, timeout=600)
    finally:
        os.unlink(f.name)
    if p.returncode == 0:
        return []
    said = [json.loads(line) for line in p.stderr.splitlines() if line.startswith("{")]
    return [d for d in said if d["severity"] == "error"] or [{"code": f"exit-{p.returncode}", "places": [],
                                                              "message": p.stderr[-300:]}]


def tried(case, round_):
    chance = random.Random(f"{case['name']} {round_}")
    values = over(chance.choice(mixed)["values"], case["values"])
    try:
        text, (line, last), path, kind = changed(values, chance)
    except (IndexError, StopIteration):
        return None
    found = errors(text, case["args"])
    if not found:
        return None
    first = next((p for p in found[0]["places"] if "line" in p), None)
    right = first is not None and line <= first["line"] <= last
    if not right and errors(yaml.safe_dump(values, sort_keys=False), case["args"]):
        return None
    return {"name": f"{case['name']} {round_}", "path": path, "kind": kind, "line": line, "last": last, "text": text,
            "args": case["args"], "right": right, "found": found}


with gzip.open(os.path.join(a.shared, "conformance", "cases.json.gz")) as f:
    cases = [c for c in json.load(f)["cases"] if c["exit"] == 0]
mixed = [c for c in cases if c["group"] == "mixed" and not c["args"]]
cases = [c for c in cases if a.only in c["name"]][:: a.every]
with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
    jobs = [(case, n) for case in cases for n in range(a.rounds)]
    results = [r for r in pool.map(lambda job: tried(*job), jobs) if r]
right = sum(r["right"] for r in results)
nowhere = sum(not r["found"][0]["places"] for r in results)
several = sum(len(r["found"]) for r in results)
by_code = collections.defaultdict(lambda: [0, 0])
for r in results:
    by_code[r["found"][0]["code"]][r["right"]] += 1
for code, (bad, good) in sorted(by_code.items(), key=lambda row: -row[1][0]):
    print(f"{code:28} right {good:5}  wrong {bad:4}")
for r in [r for r in results if not r["right"]][: a.show]:
    first = r["found"][0]
    places = [f"{p.get('line')}" for p in first["places"]]
    print(f"\n{r['name']}: {r['path']} ({r['kind']}), line {r['line']}, told at {', '.join(places) or 'no place'}; "
          f"{len(r['found'])} errors\n  {first['code']}: {first['message'][:240]}")
share = 100 * right / max(1, len(results))
print(f"changes refused {len(results)}, first place right {right} ({share:.1f} %), without a place {nowhere}, "
      f"errors for each change {several / max(1, len(results)):.2f}")
sys.exit(share < a.min_right)
