#!/usr/bin/env python3
"""What `validate` costs: on the default render, and on 5,000 documents and twice as many.

usage: validate-cost.py [--bin PATH] [--cpu MS] [--documents N] [--many SECONDS] [--rss MIB]

Exit status 1 if a bound is broken or if twice the documents cost more than two and a half times as much.
"""
import argparse
import os
import subprocess
import sys
import tempfile

from measure import Bounds, growth, median, releases

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--cpu", type=float, default=10, help="most CPU milliseconds for the default render's manifests")
ap.add_argument("--documents", type=int, default=5000)
ap.add_argument("--many", type=float, default=1, help="most CPU seconds for that many documents")
ap.add_argument("--rss", type=float, default=100, help="most MiB at the peak for that many documents")
a = ap.parse_args()
binary = os.path.abspath(a.bin)
bounds = Bounds()

with tempfile.TemporaryDirectory() as scratch:
    one = subprocess.run([binary, "template", "release0"], capture_output=True, text=True, check=True).stdout

    def many(n):
        return releases(one, "release0", n, os.path.join(scratch, f"{n}.yaml"))

    default, _ = median(15, [binary, "validate", many(1)])
    rendered, _ = median(15, [binary, "validate"])
    once, twice = ([binary, "validate", many(documents)] for documents in (a.documents, 2 * a.documents))
    first, peak = median(3, once)
    count = one.count("\nkind: ")
    bounds.check(f"the default render's {count} manifests", default, a.cpu, "ms CPU")
    print(f"rendered and checked: {rendered:.1f} ms CPU")
    bounds.check(f"{a.documents} documents", first / 1000, a.many, "s CPU")
    bounds.check("the same", peak, a.rss, "MiB")
    bounds.check("twice as many", growth(7, once, twice), 2.5, "times as much")
sys.exit(not bounds.kept)
