#!/usr/bin/env python3
"""What `validate` costs: on the default render, and on 5,000 documents and twice as many.

usage: validate-cost.py [--bin PATH] [--cpu MS] [--documents N] [--many SECONDS] [--rss MIB]

CPU time is user and system time of the child, the median of several runs; exit status 1 if a bound is broken or if
twice the documents cost more than two and a half times as much.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/release/gitlab-render")
ap.add_argument("--cpu", type=float, default=10, help="most CPU milliseconds for the default render's manifests")
ap.add_argument("--documents", type=int, default=5000)
ap.add_argument("--many", type=float, default=1, help="most CPU seconds for that many documents")
ap.add_argument("--rss", type=float, default=100, help="most MiB at the peak for that many documents")
a = ap.parse_args()
binary = os.path.abspath(a.bin)


def run(*args):
    """(CPU ms, peak MiB) of one run."""
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.execv(binary, [binary, *args])
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(args)}: status {os.waitstatus_to_exitcode(status)}")
    return 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def median(times, *args):
    runs = [run(*args) for _ in range(times)]
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)


with tempfile.TemporaryDirectory() as scratch:
    one = subprocess.run([binary, "template", "release0"], capture_output=True, text=True, check=True).stdout
    documents = len(re.findall("^kind: ", one, re.M))

    def many(n):
        path = os.path.join(scratch, f"{n}.yaml")
        with open(path, "w") as f:
            for i in range(-(-n // documents)):
                f.write(one.replace("release0", f"release{i}"))
        return path

    small = os.path.join(scratch, "one.yaml")
    with open(small, "w") as f:
        f.write(one)
    default, _ = median(15, "validate", small)
    rendered, _ = median(15, "validate")
    first, peak = median(3, "validate", many(a.documents))
    second, _ = median(3, "validate", many(2 * a.documents))
    print(f"the default render's {documents} manifests: {default:.1f} ms CPU (at most {a.cpu}); rendered and checked: {rendered:.1f} ms")
    print(f"{a.documents} documents: {first / 1000:.2f} s (at most {a.many}), {peak:.0f} MiB (at most {a.rss}); "
          f"twice as many: {second / first:.2f} times as much")
    ok = default <= a.cpu and first <= 1000 * a.many and peak <= a.rss and second <= 2.5 * first
sys.exit(not ok)
