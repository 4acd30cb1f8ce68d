#!/usr/bin/env python3
"""Check that every crate in the binary has a licence that deny.toml allows; needs no network."""
import json
import re
import subprocess
import sys
import tomllib

with open("deny.toml", "rb") as f:
    allowed = set(tomllib.load(f)["licenses"]["allow"])
metadata = json.loads(subprocess.run(
    ["cargo", "metadata", "--format-version", "1", "--locked"], check=True, capture_output=True, text=True).stdout)
own = set(metadata["workspace_members"])


def holds(expression):
    """An SPDX expression is a formula: names that are allowed are true."""
    expression = expression.replace("/", " OR ")
    words = re.findall(r"\(|\)|[A-Za-z0-9.+-]+", re.sub(r"\s+WITH\s+", "-WITH-", expression))
    formula = " ".join(
        {"OR": "or", "AND": "and", "(": "(", ")": ")"}.get(w) or str(w.replace("-WITH-", " WITH ") in allowed) for w in words)
    return eval(formula, {"__builtins__": {}})  # only True, False, and, or and parentheses are left


bad = [f"{p['name']} {p['version']}: {p['license']}" for p in metadata["packages"]
       if p["id"] not in own and not (p["license"] and holds(p["license"]))]
print("\n".join(bad) or f"{len(metadata['packages']) - len(own)} crates, all with an allowed licence")
sys.exit(bool(bad))
