#!/usr/bin/env python3
"""Print how many inputs came out right: the number that begins the last line of stdin, or how many lines begin with `ok`."""
import re
import sys

lines = sys.stdin.read().splitlines()
number = re.match(r"(\d+) of \d+ ", lines[-1]) if lines else None
print(number[1] if number else sum(line.startswith("ok ") for line in lines))
