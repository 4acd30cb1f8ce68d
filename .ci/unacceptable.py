#!/usr/bin/env python3
"""How many of the documents that a real API server does not take are refused here, with their place.

usage: unacceptable.py [--bin PATH] [--shared DIR] [--show] [--min-refused N]

The others render; whether the server would take the result is not known here, they are listed with --show.
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--shared", default="../shared")
ap.add_argument("--show", action="store_true", help="print the documents that render, and what the server said")
ap.add_argument("--min-refused", type=int, default=0)
a = ap.parse_args()

placed = unplaced = rendered = bugs = 0
with gzip.open(os.path.join(a.shared, "conformance", "unacceptable.json.gz")) as f:
    documents = json.load(f)
for document in documents:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        json.dump(document["values"], f, indent=1)  # JSON is YAML, and every key has a line
        f.flush()
        p = subprocess.run(
            [a.bin, "template", document["release"], "-f", f.name, "--namespace", "default", "--unknown-keys", "warn",
             "--error-format", "json", *document["args"]], capture_output=True, text=True, timeout=60)
    errors = [d for d in map(json.loads, filter(lambda line: line.startswith("{"), p.stderr.splitlines()))
              if d["severity"] == "error"]
    if p.returncode == 0:
        rendered += 1
        if a.show:
            said = [s for sayings in document["server"].values() for s in sayings]
            print(f"{document['name']}: renders; the server said: {said[0][:240]}")
    elif p.returncode != 3:
        bugs += 1
        print(f"{document['name']}: exit {p.returncode}: {p.stderr.strip()[:240]}")
    elif any(d["places"] for d in errors):
        placed += 1
    else:
        unplaced += 1
        print(f"{document['name']}: refused without a place: {errors[0]['message'] if errors else p.stderr[:200]}")
print(f"refused with a place: {placed} of {len(documents)}; without one: {unplaced}; rendered: {rendered}; bugs: {bugs}")
sys.exit(int(bool(bugs) or placed < a.min_refused))
