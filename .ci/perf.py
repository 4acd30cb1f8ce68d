#!/usr/bin/env python3
"""What a default render costs, and whether it is the same everywhere.

usage: perf.py [--bin PATH] [--runs N] [--cpu MS] [--rss MIB] [--size MIB] [--extra MS] [--many RATIO]
               [--start MS] [--least MILLIONS] [--instructions MILLIONS]

CPU times are the median of all runs. Instructions are counted by valgrind where it is there; unlike times they are the
same on a busy machine, so one render is compared with another by them. Without valgrind renders are compared by CPU time
less that of an empty program, which would otherwise make a cheap render look dear beside the default one. Exit status 1
if a bound is broken or if two runs under another TZ, HOME, locale and directory differ.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

from measure import Bounds, median, run

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--runs", type=int, default=20)
ap.add_argument("--cpu", type=float, default=15, help="most CPU milliseconds of a default render")
ap.add_argument("--rss", type=float, default=20, help="most MiB at the peak")
ap.add_argument("--size", type=float, default=15, help="most MiB of the binary")
ap.add_argument("--extra", type=float, default=5, help="most CPU milliseconds more for a values file of 150 lines")
ap.add_argument("--many", type=float, default=12.4, help="most default renders that 200 webservice deployments cost")
ap.add_argument("--start", type=float, default=3, help="most CPU milliseconds of a run that needs no component, less an empty program's")
ap.add_argument("--most", type=float, default=1.6, help="most default renders that one costs in which every component is on")
ap.add_argument("--least", type=float, default=12.6, help="most million instructions of a render in which every component is off")
ap.add_argument("--instructions", type=float, help="most million instructions of a default render, where valgrind is there")
a = ap.parse_args()
binary = os.path.abspath(a.bin)


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


def many_deployments():
    lines = ["gitlab:", "  webservice:", "    deployments:"]
    for i in range(200):
        lines += [f"      part-{i}:", "        ingress:", f"          path: {'/' if i == 0 else f'/part-{i}'}"]
    return "\n".join(lines) + "\n"


# What cannot be left out is elsewhere.
ALL_OFF = """
global:
  gitaly: {enabled: false, external: [{name: default, hostname: gitaly.example.com}]}
  kas: {enabled: false}
  minio: {enabled: false}
  psql: {host: postgresql.example.com, password: {secret: postgresql}}
  redis: {host: redis.example.com}
  appConfig: {object_store: {enabled: true, connection: {secret: connection}}}
  ingress: {configureCertmanager: false}
gitlab:
  webservice: {enabled: false}
  sidekiq: {enabled: false}
  gitlab-shell: {enabled: false}
  gitlab-exporter: {enabled: false}
  toolbox: {enabled: false}
  migrations: {enabled: false}
registry: {enabled: false}
nginx-ingress: {enabled: false}
postgresql: {install: false}
redis: {install: false}
gitlab-runner: {install: false}
shared-secrets: {enabled: false}
upgradeCheck: {enabled: false}
"""

# All that can be on together.
ALL_ON = """
global:
  pages: {enabled: true}
  praefect: {enabled: true}
  spamcheck: {enabled: true}
  openbao: {enabled: true}
  appConfig: {incomingEmail: {enabled: true, address: "in+%{key}@example.org", host: imap.example.org, user: in, password: {secret: mail}}}
  geo: {enabled: true, role: primary, nodeName: here}
  psql: {host: db.example.org, password: {secret: db}}
  gatewayApi: {enabled: true}
certmanager-issuer: {email: me@example.com}
postgresql: {install: false}
gitlab-zoekt: {install: true}
openbao: {install: true}
nginx-ingress-geo: {enabled: true}
gitlab: {toolbox: {backups: {cron: {enabled: true}}}, geo-logcursor: {enabled: true}}
upgradeCheck: {enabled: true}
"""


def instructions(args):
    """Millions of instructions of one run, or none where valgrind is missing."""
    if not shutil.which("valgrind"):
        return None
    count = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    told = subprocess.run([*count, *args], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"I +refs: +([0-9,]+)", told.stderr)[1].replace(",", "")) / 1e6


bounds = Bounds()


def compare(what, runs, args, most):
    """Checks how many default renders a render costs."""
    counted = instructions([binary, "template", *args])
    if counted is not None:
        cost = counted / plain_counted
    else:
        cost = (median(runs, [binary, "template", *args])[0] - nothing[0]) / (plain[0] - nothing[0])
        most *= 1.25  # pages that are touched first cost time, but no instructions
    bounds.check(what, cost, most, "default renders")


def written(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


with tempfile.TemporaryDirectory() as scratch:
    out = os.path.join(scratch, "out")
    other = os.path.join(scratch, "other")
    values = written(scratch, "values.yaml", values_of_150_lines())
    many = written(scratch, "many.yaml", many_deployments())
    off = written(scratch, "off.yaml", ALL_OFF)
    on = written(scratch, "on.yaml", ALL_ON)
    nothing = median(a.runs, ["/bin/true"], out)
    plain = median(a.runs, [binary, "template"], out)
    plain_counted = instructions([binary, "template"])
    print(f"an empty program (the measure's own floor): {nothing[0]:.1f} ms CPU, {nothing[1]:.1f} MiB")
    bounds.check("default render", plain[0], a.cpu, "ms CPU")
    bounds.check("default render", plain[1], a.rss, "MiB")
    bounds.check("150 lines of values, more", median(a.runs, [binary, "template", "-f", values], other)[0] - plain[0], a.extra, "ms CPU")
    compare("200 webservice deployments", 5, ["-f", many], a.many)
    # Not as a part of the default render: whatever makes the components cheaper would break that bound.
    least = instructions([binary, "template", "-f", off])
    if least is not None:
        bounds.check("every component off", least, a.least, "million instructions")
    compare("every component on", a.runs, ["-f", on, "--is-upgrade"], a.most)
    bounds.check("start-up alone", median(a.runs, [binary, "version"], other)[0] - nothing[0], a.start, "ms CPU")
    bounds.check("binary", os.path.getsize(binary) / 2**20, a.size, "MiB")
    if plain_counted is not None and a.instructions:
        bounds.check("default render", plain_counted, a.instructions, "million instructions")
    run([binary, "template"], out, {"TZ": "UTC", "HOME": "/", "LC_ALL": "C"}, "/")
    run([binary, "template"], other, {"TZ": "Pacific/Chatham", "HOME": scratch, "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}, scratch)
    with open(out, "rb") as one, open(other, "rb") as two:
        first = one.read()
        equal = bool(first) and first == two.read()
    print("two runs under another TZ, HOME, locale and directory are " + ("equal" if equal else "DIFFERENT"))
sys.exit(not (equal and bounds.kept))
