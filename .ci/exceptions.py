#!/usr/bin/env python3
"""Hold the results of a conformance run against the list of differences that are meant.

usage: exceptions.py RESULTS [--list FILE] [--unexplained N]

RESULTS is what `conform.py --json` wrote. The list is a Markdown table: the cases, and the texts of which
each of their differences must have one. Exit status 1 for a case that is listed and passes or does not exist,
and for more than `--unexplained` cases that fail and are not listed, or differ in a way that no text of their
row explains.
"""
import argparse
import json
import re
import sys

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("results")
ap.add_argument("--list", default="tests/conformance-exceptions.md")
ap.add_argument("--unexplained", type=int, default=0, help="how many cases may differ without a reason (default 0)")
a = ap.parse_args()

# A code span: one backtick, or two with a space inside, where the text has backticks itself.
SPAN = re.compile(r"`` (.+?) ``|`([^`]+)`")


def spans(cell):
    return [two or one for two, one in SPAN.findall(cell)]


listed, wrong = {}, []
unexplained = {}  # case -> the first difference that no row explains
with open(a.list) as f:
    for line in f:
        cells = line.split("|")
        cases = spans(cells[1]) if len(cells) == 6 else []
        if line.startswith("|") and not cases and "---" not in line and cells[1].strip() != "cases":
            wrong.append(f"not a row of four cells: {line.strip()[:80]}")
        for case in cases:
            if case in listed:
                wrong.append(f"{case}: listed twice")
            listed[case] = spans(cells[2])

with open(a.results) as f:
    results = json.load(f)
for case, problems in results.items():
    if problems and case not in listed:
        unexplained[case] = f"{case}: fails and is not listed: {problems[0][:200]}"
    elif not problems and case in listed:
        wrong.append(f"{case}: passes; take it off the list")
    for problem in problems if case in listed else []:
        if not any(text in problem for text in listed[case]):
            unexplained.setdefault(case, f"{case}: not what it is listed for: {problem[:200]}")
wrong += [f"{case}: listed, and there is no such case" for case in listed if case not in results]

print(f"{sum(map(bool, results.values()))} of {len(results)} cases differ, {len(listed)} are listed with a reason")
print(f"{len(unexplained)} cases differ in a way that no row explains, {a.unexplained} may")
if len(unexplained) > a.unexplained:
    wrong += unexplained.values()
for line in wrong:
    print(f"  {line}")
sys.exit(bool(wrong))
