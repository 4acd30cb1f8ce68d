#!/usr/bin/env python3
"""What large inputs cost: time for what grows with them, and memory for files of 8 MiB, the longest that are read.

usage: input-cost.py [--bin PATH] [--unknown MS] [--rss MIB]

Exit status 1 if a bound is broken, or if twice as much input costs more than two and a half times as much.
"""
import argparse
import os
import sys
import tempfile

from measure import Bounds, growth, median

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--unknown", type=float, default=2000, help="most CPU milliseconds for 200,000 unknown keys")
ap.add_argument("--rss", type=float, default=300, help="most MiB at the peak for any of the inputs")
a = ap.parse_args()
binary = os.path.abspath(a.bin)
bounds = Bounds()
LONGEST = 8 << 20
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:"


def keys(count, indent=""):
    return "".join(f"{indent}key{n}: 1\n" for n in range(count))


def filled(before, part, after=""):
    """A text of nearly the longest length, of one part again and again."""
    return before + part * ((LONGEST - len(before) - len(after) - 1) // len(part)) + after


def numbered(before, part):
    """The same, of parts that each have a number of their own."""
    parts, length, number = [before], len(before), 0
    while length + len(part) + 8 < LONGEST:
        parts.append(part % number)
        length += len(parts[-1])
        number += 1
    return "".join(parts)


# What is refused counts too: the memory is what is asked for.
VALUES = {
    "200,000 unknown keys": keys(200_000),
    "200,000 unknown keys of a component": "gitlab:\n  webservice:\n" + keys(200_000, "    "),
    "a list of numbers": filled("a: [", "1,", "1]\n"),
    "a list of maps": filled("a:\n", "- {}\n"),
    "lists in lists": filled("a: [", "[[]],", "[]]\n"),
    "a long list in brackets that could be a key": filled("a:\n- [", "[],", "1]\n"),
    "brackets that are not closed": "a: " + "[" * 4_000_000,
    "anchors": numbered("a:\n", "- &a%d 1\n"),
    "documents": filled("", "---\na: 1\n"),
    "one text": filled("a: |\n", "  some line of a text\n"),
    "comments": filled("a: 1\n", "# b\n"),
    "blank lines": filled("a: 1\n", "\n"),
    "a variable for every container": numbered("global:\n  extraEnv:\n", "    A%d: b\n"),
    "one long string for every container": filled("global:\n  extraEnv:\n    A: ", "b", "\n"),
}
LIST = MANIFEST.replace("data:", "x:\n")
MANIFESTS = {
    "one text": filled(MANIFEST + "\n  a: |\n", "    some line of a text\n"),
    "a list of numbers": filled(MANIFEST.replace("data:", "x: ["), "1,", "1]\n"),
    "a list of numbers, one a line": filled(LIST, "- 1\n"),
    "maps of one key": filled(LIST, "- a: {}\n"),
    "anchors": numbered(LIST, "- &a%d 1\n"),
    "a long list in brackets that could be a key": filled(LIST + "- [", "[],", "1]\n"),
    "lists of JSON": filled("[", "[],", "1]"),
    "as many objects as the limit of values allows": "".join(
        f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a{n}\n" for n in range(99_000)
    ),
}
RUBY = {
    "settings within the limit": "".join(f"gitlab_rails['a{n}'] = {n}\n" for n in range(33_000)),
    "statements within the limit": "x = 1\n" * 170_000,
    "a list within the limit": "gitlab_rails['a'] = [" + "1," * 520_000 + "1]\n",
}
RESOURCE_LIST = "kind: ResourceList\nfunctionConfig:\n  metadata: {name: a}\n  spec:\n    values:\n"
ANY = range(5)

with tempfile.TemporaryDirectory() as scratch:
    def written(text, name="input"):
        assert len(text) <= LONGEST, len(text)
        path = os.path.join(scratch, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def cost(text, *command):
        return median(1, [binary, *command, written(text)], statuses=ANY)

    # Above the bound, and shown without one: the verification of `values migrate` keeps both sides, and `krm` its whole input.
    OPEN = ["values migrate: 200,000 unknown keys", "values migrate: blank lines", "krm: 200,000 unknown keys"]

    def bounded(what, peak):
        if what in OPEN:
            print(f"{what}: {peak:.1f} MiB (not bounded yet)")
        else:
            bounds.check(what, peak, a.rss, "MiB")

    def memory(what, inputs, *command):
        for name, text in inputs.items():
            _, peak = cost(text, *command)
            bounded(f"{what}: {name}", peak)

    time, _ = cost(VALUES["200,000 unknown keys"], "template", "-f")
    bounds.check("200,000 unknown keys", time, a.unknown, "ms CPU")
    # another fault among them is looked into
    time, _ = cost("global: {hosts: {domain: 'https://example.com'}}\n" + keys(200_000), "template", "-f")
    bounds.check("the same and a wrong value", time, a.unknown, "ms CPU")
    document = "---\nglobal:\n  psql:\n    pool: 1\n"
    once, twice = (
        [binary, "values", "migrate", "--from", "17.0", "-f", written(document * count, f"{count}.yaml")] for count in (10_000, 20_000)
    )
    print(f"10,000 documents through `values migrate`: {median(1, once, statuses=ANY)[0]:.0f} ms CPU")
    bounds.check("twice as many", growth(3, once, twice, statuses=ANY), 2.5, "times as much")
    memory("template", VALUES, "template", "-f")
    # The dearest shapes for what else reads values. What they share with `template` is not measured again.
    keys_and_lines = {name: VALUES[name] for name in ["200,000 unknown keys", "blank lines"]}
    memory("values migrate", {"comments": VALUES["comments"]}, "values", "migrate", "--no-verify", "--from", "17.0", "-f")
    for command in [
        ["values", "migrate", "--from", "17.0", "-f"],
        ["upgrade", "plan", "--from", "18.8", "-f"],
        ["lint", "-f"],
        ["explore", "--force", "-o", os.path.join(scratch, "page.html"), "-f"],
    ]:
        memory(" ".join(word for word in command if word.isalpha()), keys_and_lines, *command)
    unknown = {"200,000 unknown keys": VALUES["200,000 unknown keys"]}
    for command in [
        ["why", "Deployment/gitlab-webservice-default", "-f"],
        ["impact", "global.edition=ce", "-f"],
        ["adopt", "gitlab", "-n", "gitlab", "-f"],
        ["companions", "-f"],
        ["secrets", "-f"],
        ["images", "-f"],
        ["values", "-f"],
    ]:
        memory(command[0], unknown, *command)
    values = written(VALUES["200,000 unknown keys"], "values.yaml")
    # of one environment: as many are worked on at once as there are processors
    fleet = f"environments:\n  one: {{values: [{values}]}}\n"
    memory("fleet lint", {"200,000 unknown keys": fleet}, "fleet", "lint", "-f")
    # what it reads on stdin
    os.dup2(os.open(written(RESOURCE_LIST + keys(200_000, "      "), "list"), os.O_RDONLY), 0)
    _, peak = median(1, [binary, "krm"], statuses=ANY)
    bounded("krm: 200,000 unknown keys", peak)
    memory("validate", MANIFESTS, "validate")
    memory("diff", MANIFESTS, "diff", written(MANIFEST + " {}\n", "old"))
    memory("import", RUBY, "import", "gitlab.rb")
sys.exit(not bounds.kept)
