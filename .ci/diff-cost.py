#!/usr/bin/env python3
"""What `diff` costs: two GitLab releases of 1,000 objects each, and of twice as many.

usage: diff-cost.py [--bin PATH] [--cpu MS] [--rss MIB] [--objects N] [--from VERSION] [--to VERSION]

Both sides are manifests, as when one of them comes from a cluster. Exit status 1 if a bound is broken or if twice the
objects cost more than two and a half times as much.
"""
import argparse
import os
import subprocess
import sys
import tempfile

from measure import Bounds, growth, median, releases

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--cpu", type=float, default=200, help="most CPU milliseconds for that many objects")
ap.add_argument("--rss", type=float, default=100, help="most MiB at the peak for that many objects")
ap.add_argument("--objects", type=int, default=1000)
ap.add_argument("--from", dest="old", default="18.8", help="GitLab version of the old side")
ap.add_argument("--to", dest="new", default="18.9", help="GitLab version of the new side")
a = ap.parse_args()
binary = os.path.abspath(a.bin)
bounds = Bounds()

with tempfile.TemporaryDirectory() as scratch:
    def side(version, objects):
        command = [binary, "template", "release0", "--hooks", "none", "--gitlab-version", version]
        render = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return releases(render, "release0", objects, os.path.join(scratch, f"{version}-{objects}.yaml"))

    def command(objects):
        return [binary, "diff", side(a.old, objects), side(a.new, objects), "--name", "release00", "-n", "gitlab"]

    once, twice = command(a.objects), command(2 * a.objects)
    differs = (1,)
    cost, peak = median(9, once, statuses=differs)
    bounds.check(f"GitLab {a.old} and {a.new}, {a.objects} objects each", cost, a.cpu, "ms CPU")
    bounds.check("the same", peak, a.rss, "MiB")
    bounds.check("twice as many", growth(7, once, twice, statuses=differs), 2.5, "times as much")
sys.exit(not bounds.kept)
