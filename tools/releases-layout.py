#!/usr/bin/env python3
"""Lays out the release catalogue, one row a line, so that a new release is one new line.

Run, from the root of the repository, after editing a file in charts/releases:

    python3 tools/releases-layout.py            check that every file is laid out; exit 1 where one is not
    python3 tools/releases-layout.py --write    lay them out

Rows stay in the order of their versions.
"""

import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "charts" / "releases"


def layout(value):
    """Two levels of keys open, then one value a line."""
    lines = []
    for key, part in value.items():
        head = f' {json.dumps(key)}: '
        if isinstance(part, list) and part:
            rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in part)
            lines.append(f"{head}[\n{rows}\n ]")
        elif isinstance(part, dict) and part:
            rows = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in part.items())
            lines.append(f"{head}{{\n{rows}\n }}")
        else:
            lines.append(head + json.dumps(part, ensure_ascii=False))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def ordered(name, value):
    """Sorts the rows that have a version to sort by."""
    if name == "versions.json":
        value["rows"].sort(key=lambda row: [int(n) for n in row[0].split(".")])
    return value


def main(arguments):
    stale = []
    for path in sorted(FOLDER.glob("*.json")):
        text = path.read_text()
        want = layout(ordered(path.name, json.loads(text)))
        if want != text:
            stale.append(path.name)
            if arguments == ["--write"]:
                path.write_text(want)
    if stale and arguments != ["--write"]:
        raise SystemExit(f"not laid out: {', '.join(stale)}; run with --write")


if __name__ == "__main__":
    main(sys.argv[1:])
