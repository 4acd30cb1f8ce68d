#!/usr/bin/env python3
"""What a fleet costs: many environments of 150 lines of values, and half as many.

usage: fleet-cost.py [--bin PATH] [--environments N] [--seconds S] [--again S] [--rss MIB]

Exit status 1 if a bound is broken, or if twice the environments cost more than two and a half times as much.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--environments", type=int, default=1000)
ap.add_argument("--seconds", type=float, default=10, help="most seconds of the first run")
ap.add_argument("--again", type=float, default=3, help="most seconds of a run with nothing to do")
ap.add_argument("--rss", type=float, default=200, help="most MiB at the peak")
a = ap.parse_args()
binary = os.path.abspath(a.bin)
wrong = []

BASE = "certmanager-issuer: {email: a@example.com}\ninstallCertmanager: false\n" + "".join(
    f"# line {number}\n" for number in range(30)
) + "gitlab:\n  webservice:\n    extraEnv:\n" + "".join(f"      NAME_{number}: value-{number}\n" for number in range(90))


def fleet(scratch, count):
    folder = os.path.join(scratch, str(count))
    os.makedirs(folder)
    with open(os.path.join(folder, "base.yaml"), "w") as out:
        out.write(BASE)
    names = [f"env-{number:04}" for number in range(count)]
    for name in names:
        with open(os.path.join(folder, f"{name}.yaml"), "w") as out:
            out.write(f"global:\n  hosts:\n    domain: {name}.example.com\n" + "# a comment\n" * 22)
    with open(os.path.join(folder, "fleet.yaml"), "w") as out:
        out.write("defaults: {release: gitlab, namespace: gitlab, values: [base.yaml]}\nenvironments:\n")
        out.writelines(f"  {name}: {{values: [{name}.yaml]}}\n" for name in names)
    return folder


def cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(folder):
    """(seconds, CPU seconds): a disk that others write to moves the first, not the second."""
    before, cpu_before = time.monotonic(), cpu()
    subprocess.run([binary, "fleet", "render", "-o", "out", "-q"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - before, cpu() - cpu_before


with tempfile.TemporaryDirectory() as scratch:
    half, half_cpu = run(fleet(scratch, a.environments // 2))
    folder = fleet(scratch, a.environments)
    (whole, whole_cpu), (again, _) = run(folder), run(folder)

peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{a.environments} environments: {whole:.1f} s, again {again:.1f} s, {peak:.0f} MiB; half of them {half:.1f} s")
for what, found, most in (("the first run", whole, a.seconds), ("a run with nothing to do", again, a.again), ("memory", peak, a.rss), ("twice as many", whole_cpu / half_cpu, 2.5)):
    if found > most:
        wrong.append(f"{what}: {found:.1f} is more than {most:g}")
print("\n".join(wrong))
sys.exit(bool(wrong))
