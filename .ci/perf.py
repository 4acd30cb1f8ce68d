#!/usr/bin/env python3
"""What a default render costs, and whether it is the same everywhere.

usage: perf.py [--bin PATH] [--runs N] [--cpu MS] [--rss MIB] [--size MIB] [--extra MS]

CPU time is user and system time of the child, the median of all runs. Exit status 1 if a bound is
broken or if two runs under another TZ, HOME, locale and directory differ.
"""
import argparse
import os
import statistics
import sys
import tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/release/gitlab-render")
ap.add_argument("--runs", type=int, default=20)
ap.add_argument("--cpu", type=float, default=15, help="most CPU milliseconds of a default render")
ap.add_argument("--rss", type=float, default=20, help="most MiB at the peak")
ap.add_argument("--size", type=float, default=15, help="most MiB of the binary")
ap.add_argument("--extra", type=float, default=5, help="most CPU milliseconds more for a values file of 150 lines")
a = ap.parse_args()
binary = os.path.abspath(a.bin)


def run(args, out, env=None, cwd=None):
    """(CPU ms, peak MiB) of one run, its stdout in `out`."""
    pid = os.fork()
    if pid == 0:
        try:
            fd = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(fd, 1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            if cwd:
                os.chdir(cwd)
            os.execve(args[0], args, env if env is not None else dict(os.environ))
        finally:
            os._exit(127)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(args)}: status {os.waitstatus_to_exitcode(status)}")
    return 1000 * (usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def median(args, out):
    runs = [run(args, out) for _ in range(a.runs)]
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)


def values_of_150_lines():
    lines = ["global:", "  hosts:", "    domain: example.com", "  ingress:", "    configureCertmanager: false", "    class: nginx",
             "    annotations:"]
    lines += [f"      example.com/note-{i}: 'value {i}'" for i in range(20)]
    lines += ["  pod:", "    labels:"] + [f"      label-{i}: value-{i}" for i in range(20)]
    lines += ["gitlab:"]
    for name in ("webservice", "sidekiq", "gitlab-shell", "kas", "toolbox", "gitlab-exporter", "gitaly"):
        lines += [f"  {name}:", "    nodeSelector:", "      pool: gitlab", "    annotations:", "      example.com/team: platform",
                  "    resources:", "      requests:", "        cpu: 500m", "        memory: 1Gi", "      limits:",
                  "        memory: 2Gi"]
    while len(lines) < 150:
        lines.append(f"# line {len(lines) + 1}")
    return "\n".join(lines) + "\n"


with tempfile.TemporaryDirectory() as scratch:
    out = os.path.join(scratch, "out")
    other = os.path.join(scratch, "other")
    values = os.path.join(scratch, "values.yaml")
    with open(values, "w") as f:
        f.write(values_of_150_lines())
    nothing = median(["/bin/true"], out)
    plain = median([binary, "template"], out)
    with_values = median([binary, "template", "-f", values], other)
    size = os.path.getsize(binary) / 2**20
    print(f"an empty program (the measure's own floor): {nothing[0]:.1f} ms CPU, {nothing[1]:.1f} MiB")
    print(f"default render: {plain[0]:.1f} ms CPU (at most {a.cpu}), {plain[1]:.1f} MiB (at most {a.rss})")
    print(f"with 150 lines of values: {with_values[0] - plain[0]:+.1f} ms (at most {a.extra})")
    print(f"binary: {size:.1f} MiB (at most {a.size})")
    run([binary, "template"], out, {"TZ": "UTC", "HOME": "/", "LC_ALL": "C"}, "/")
    run([binary, "template"], other, {"TZ": "Pacific/Chatham", "HOME": scratch, "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, scratch)
    with open(out, "rb") as one, open(other, "rb") as two:
        first = one.read()
        equal = bool(first) and first == two.read()
    print("two runs under another TZ, HOME, locale and directory are " + ("equal" if equal else "DIFFERENT"))
    ok = plain[0] <= a.cpu and plain[1] <= a.rss and size <= a.size and with_values[0] - plain[0] <= a.extra and equal
sys.exit(not ok)
