#!/usr/bin/env python3
"""Render the values files that people wrote, and say how that went.

usage: users.py [--bin PATH] [--shared DIR] [--show N] [--min-taken N] [--min-agreement PCT]

Each file is rendered with `--unknown-keys warn` and its facts are compared with the recorded ones:
agreement = 2 * same / (recorded + ours). Exit status 1 for a bug (status 4, a signal) or a --min-* missed.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--shared", default="../shared")
ap.add_argument("--show", type=int, default=0, help="differences to print for a file")
ap.add_argument("--min-taken", type=int, default=0)
ap.add_argument("--min-agreement", type=float, default=0)
a = ap.parse_args()
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(a.shared, "conformance"))
from normalize import facts  # noqa: E402


def flat(objects):
    return {(o, p): v for o, leaves in objects.items() for p, v in leaves.items()}


def same(x, y):
    return x == y and isinstance(x, bool) == isinstance(y, bool)


def diagnostics(stderr):
    found = []
    for line in stderr.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return found


# The release that the facts were recorded with; the default release has newer images.
RECORDED = "18.10.0"

taken = refused = both_refuse = only_we_refuse = only_they_refuse = bugs = 0
unknown = hinted = right_all = size_all = 0
with gzip.open(os.path.join(a.shared, "users", "expected.json.gz")) as f:
    expected = json.load(f)
for case in expected:
    path = os.path.join(a.shared, "users", case["file"])
    p = subprocess.run(
        [a.bin, "template", "prod", "-n", "gitlab", "-f", path, "--set", "certmanager-issuer.email=me@example.com",
         "--gitlab-version", RECORDED, "--unknown-keys", "warn", "--error-format", "json"],
        capture_output=True, text=True, timeout=60)
    said = diagnostics(p.stderr)
    keys = [d for d in said if d["code"] == "unknown-key"]
    unknown += len(keys)
    hinted += sum(bool(d["hint"]) for d in keys)
    errors = [d for d in said if d["severity"] == "error"]
    note = ""
    if p.returncode not in (0, 3):
        bugs += 1
        note = f"exit {p.returncode}: {p.stderr.strip()[:200]}"
    elif p.returncode:
        refused += 1
        if case["exit"]:
            both_refuse += 1
        else:
            only_we_refuse += 1
        note = ("refused, as recorded" if case["exit"] else "refused, the reference renders it") + ": " + "; ".join(
            f"{d['code']}: {d['message']}" for d in errors[:3])
    else:
        taken += 1
        if case["exit"]:
            only_they_refuse += 1
            note = f"rendered, the reference refuses it: {case['reason'][-160:].strip()}"
        else:
            want, mine = flat(case["facts"]), flat(facts(p.stdout))
            right = sum(1 for k, v in want.items() if k in mine and same(mine[k], v))
            right_all += right
            size_all += len(want) + len(mine)
            note = f"{200 * right / max(len(want) + len(mine), 1):6.2f}% of {len(want)} facts"
            wrong = [f"want {k[0]} {k[1]} = {v!r}, got {mine.get(k, '(nothing)')!r}" for k, v in sorted(want.items())
                     if k not in mine or not same(mine[k], v)]
            wrong += [f"extra {k[0]} {k[1]} = {v!r}" for k, v in sorted(mine.items(), key=str) if k not in want]
            note += "".join(f"\n    {w}" for w in wrong[:a.show])
    print(f"{case['file']}  {len(keys):3} unknown keys  {note}")

agreement = 200 * right_all / size_all if size_all else 0
renderable = sum(not c["exit"] for c in expected)
print(f"taken {taken} of {len(expected)} (the reference takes {renderable}); refused {refused}: {both_refuse} as recorded, "
      f"{only_we_refuse} that the reference renders; {only_they_refuse} taken that the reference refuses; bugs {bugs}")
print(f"agreement with the recorded facts: {agreement:.2f}%")
print(f"unknown keys: {unknown}, with a hint: {hinted}")
sys.exit(int(bool(bugs) or taken < a.min_taken or agreement < a.min_agreement))
