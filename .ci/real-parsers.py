#!/usr/bin/env python3
"""Configuration files with odd values in them, read by the programs that read them in a container.

usage: real-parsers.py [--bin PATH] [--documents FOLDER] [--runs N | --all] [--text JSON]

Each document of tests/files/places/ has places, `{}`. All of them get a text at once, another one each; where the run is
refused, the places that the errors name get a plain word again. What is rendered then is run by Ruby's ERB or by gomplate,
parsed as YAML, TOML, flags or connection strings (by libpq), or read by sshd and nginx, and compared with the same file
whose places have a plain word: each word is now the text, and nothing else is different.

Each run gives each place the next text; --all has as many runs as there are texts.

A program that is missing is named, and its files are left out.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.parse

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXTS = [
    "a b", " a", "a ", "'", '"', "it's", 'a"b\'c\\d', "\\", "\\n", "a\\", "x\ny: z", "x\r\ny", "a\rb", "$(touch x)", "`touch x`", "${HOME}", "$HOME",
    "{{ env.HOME }}", "{{", "{% file.Read \"/etc/passwd\" %}", "{%", "a{", "%}", "<%= exit %>", "<%", "%>", "<%# x", "% exit", "#{exit}", "#$0", "a #b", "#",
    "a: b", "- a", "012", "0x1F", "1e3", "1_000", "12:30", "~", "null", "true", "yes", "on", "=", "<<", "2026-11-27", "a\x00b", "a\u0085b", "a\u2028b", "\u2029", "\ufeffa", "\x7f",
    "\x1b[31m", "a\tb", "é😀", "!ruby/object:Object {}", "!!binary x", "*a", "&a", "|", ">", "%x", "@x", "[a", "{a: b", "]", "a,b", ",", "---", "...", "a;b", "a=b",
    "http://u:p@h/?a=b&c#d", "HTTP_SECRET",
]
WORD = "zq{:03d}w"
GOMPLATE = ROOT / ".ci/real/gomplate.sh"


def programs():
    """The programs that are here, by name; what is missing is said."""
    found = {name: shutil.which(name) or shutil.which(f"/usr/sbin/{name}") for name in ("ruby", "sshd", "nginx")}
    ran = subprocess.run([GOMPLATE], capture_output=True, text=True)
    found["gomplate"] = ran.stdout.strip() if ran.returncode == 0 else None
    if ran.returncode:
        print(ran.stderr.strip())
    for name, path in found.items():
        if not path:
            print(f"left out: {name} is not installed")
    return found


def quoted(text):
    """A string in YAML, on one line; JSON's escapes but for pairs of surrogates."""
    return "".join(c if ord(c) > 0xFFFF else json.dumps(c)[1:-1] for c in f"{text}").join('""')


class Documents:
    def __init__(self, binary, folder):
        self.binary = binary
        self.unplaced = []
        self.parts = {path.stem: path.read_text().split("{}") for path in sorted(folder.glob("*.yaml"))}

    def filled(self, name, values):
        parts = self.parts[name]
        out = parts[0]
        for value, part in zip(values, parts[1:]):
            out += quoted(value) + part
        return out

    def words(self, name):
        return [WORD.format(number) for number in range(len(self.parts[name]) - 1)]

    def rendered(self, name, values):
        """The objects, or the numbers of the places that are refused."""
        text = self.filled(name, values)
        ran = subprocess.run([self.binary, "template", "t", "-f", "-", "-o", "json", "-q", "--error-format", "json"],
                             input=text.encode(), capture_output=True)
        if ran.returncode == 0:
            return json.loads(ran.stdout)["items"], None
        if ran.returncode != 3:
            sys.exit(f"{name}: status {ran.returncode}\n{ran.stderr.decode()[:2000]}\n{text}")
        spans = []
        at = len(self.parts[name][0])
        for value, part in zip(values, self.parts[name][1:]):
            end = at + len(quoted(value))
            spans.append((text.count("\n", 0, at) + 1, text.count("\n", 0, end) + 1))
            at = end + len(part)
        refused = set()
        unplaced = []
        for line in filter(None, ran.stderr.decode().split("\n")):
            error = json.loads(line)
            if error["severity"] != "error":
                continue
            hit = {number for number, (first, last) in enumerate(spans) for place in error["places"]
                   if place.get("line") and first <= place["line"] <= last}
            refused |= hit
            if not hit:
                unplaced.append(error)
        if not refused:
            self.unplaced.extend(f"{name}: {error['message']}" for error in unplaced)
        return None, refused

    def taken(self, name, values, plain):
        """The values, each where its place takes it, and the objects."""
        while True:
            objects, refused = self.rendered(name, values)
            if objects is not None:
                return values, objects
            if not refused:
                # the places are the wrong ones, which is reported: each place alone
                refused = {n for n in range(len(plain)) if values[n] != plain[n]
                           and self.rendered(name, [*plain[:n], values[n], *plain[n + 1:]])[0] is None}
            again = [plain[n] if n in refused else value for n, value in enumerate(values)]
            if again == values:
                sys.exit(f"{name}: plain words are refused")
            values = again


def files(objects):
    """Every file of a ConfigMap, by object and key."""
    return {f"{o['metadata']['name']}/{key}": text for o in objects if o["kind"] == "ConfigMap"
            for key, text in (o.get("data") or {}).items()}


class Readers:
    """Collects files, reads all of a kind at once, and has their contents."""

    def __init__(self, found, scratch):
        self.found, self.scratch = found, scratch
        self.queue = collections.defaultdict(list)
        self.contents = {}

    def add(self, ident, name, text):
        key = name.split("/")[1]
        if key.endswith((".erb", ".rb")) or key == "mail_room.yml":
            self.queue["ruby"].append((ident, key, text))
        elif key.endswith((".tpl", ".gomplate")):
            self.queue["gomplate"].append((ident, key, text))
        elif key == "sshd_config":
            self.queue["sshd"].append((ident, key, text))
        elif key.endswith((".yml", ".yaml", ".json")):
            self.contents[ident] = self.guarded(key, text)
        elif key.endswith(".conf") and "zoekt" in name:
            self.queue["nginx"].append((ident, key, text))
        else:
            return False
        return True

    def guarded(self, key, text):
        try:
            return parsed(key, text)
        except Exception as error:  # any parser's
            return Broken(f"{type(error).__name__}: {error}", text)

    def read(self):
        for kind in ("gomplate", "ruby", "sshd", "nginx"):
            if self.found[kind] and self.queue[kind]:
                getattr(self, kind)(self.queue[kind])
        self.queue.clear()

    def folder(self, name, batch, change=lambda text: text):
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for number, (_, key, text) in enumerate(batch):
            (folder / f"{number:05d}.{key}").write_bytes(change(text).encode())
        return folder

    def ruby(self, batch):
        folder = self.folder("ruby", batch)
        ran = subprocess.run([self.found["ruby"], ROOT / ".ci/real/read.rb", folder], capture_output=True, encoding="utf-8")
        lines = ran.stdout.removesuffix("\n").split("\n")
        if ran.returncode or len(lines) != len(batch):
            sys.exit(f"read.rb: status {ran.returncode}, {len(lines)} of {len(batch)}\n{ran.stderr[:2000]}")
        if ran.stderr:
            print(ran.stderr.splitlines()[0])
        for (ident, _, text), line in zip(batch, lines):
            got = json.loads(line)
            self.contents[ident] = Broken(got["error"], text) if "error" in got else got["value"]

    def gomplate(self, batch):
        secrets = self.scratch / "secrets"
        for _, _, text in batch:
            for path in re.findall(r'file\.Read "(/(?:etc|config)/[^"]*)"', text):
                if path == "/etc/passwd":
                    continue
                target = secrets / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text("s'e\"c\\ {% x %} : # \u00e9\u2028-\n")
        (secrets / "etc/gitlab-secrets/ssh").mkdir(parents=True, exist_ok=True)
        (secrets / "etc/gitlab-secrets/gitaly-pod-cgroup").write_text("/sys/fs/cgroup/x\n")

        def here(text):
            text = re.sub(r'(file\.(?:Read|ReadDir|Exists)) "/(etc/gitlab|config/)', rf'\1 "{secrets}/\2', text)
            return text.replace('print "/etc/gitlab/', f'print "{secrets}/etc/gitlab/')

        folder = self.folder("in", batch, here)
        out = self.scratch / "out"
        shutil.rmtree(out, ignore_errors=True)
        environment = {**os.environ, "HOSTNAME": "t-gitaly-0", "GITLAB_WORKHORSE_AUTH_BACKEND": "http://localhost:8080",
                       "PUMA_CONTROL_PORT": "1"}
        out.mkdir()
        subprocess.run([self.found["gomplate"], folder, out], check=True, env=environment)
        for number, (ident, key, text) in enumerate(batch):
            name = f"{number:05d}.{key}"
            failed = out / f"{name}.error"
            if failed.exists():
                self.contents[ident] = Broken(failed.read_text()[:500], text)
            else:
                self.contents[ident] = self.guarded(key.removesuffix(".tpl").removesuffix(".gomplate"), (out / name).read_bytes().decode())

    def sshd(self, batch):
        key = self.scratch / "host_key"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        os.makedirs("/run/sshd", exist_ok=True)
        folder = self.folder("sshd", batch)
        for number, (ident, name, text) in enumerate(batch):
            ran = subprocess.run([self.found["sshd"], "-T", "-h", key, "-f", folder / f"{number:05d}.{name}"], capture_output=True, text=True)
            lines = dict(line.split(" ", 1) for line in ran.stdout.splitlines() if " " in line)
            self.contents[ident] = Broken(ran.stderr[:500], text) if ran.returncode else lines

    def nginx(self, batch):
        folder = self.folder("nginx", batch, lambda text: re.sub(r"(?m)^    (listen .*) ssl;$|^.*http2 on;$|^.*ssl_certificate.*$", "", text))
        for number, (ident, name, text) in enumerate(batch):
            ran = subprocess.run([self.found["nginx"], "-t", "-q", "-g", f"pid {self.scratch}/pid;", "-c", folder / f"{number:05d}.{name}"],
                                 capture_output=True, text=True)
            self.contents[ident] = Broken(ran.stderr[:500], text) if ran.returncode else text.split("\n")


class Broken:
    def __init__(self, error, text):
        self.error, self.text = error, text


def parsed(key, text):
    if key.endswith(".toml"):
        return tomllib.loads(text)
    if key.endswith((".yml", ".yaml")):
        return yaml.load(text, Loader=Strings)
    if key.endswith(".json"):
        return json.loads(text)
    if key.endswith((".flags", "config")) or "pages" in key:
        return flags(text)
    return text


class Strings(yaml.SafeLoader):
    """YAML 1.1 whose keys may be of any type, as JSON has them."""


def flags(text):
    """Options of Go's `namsral/flag`: a line each, comments, the rest of the line is the value."""
    found = {}
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, value = line.partition("=")
        found.setdefault(name, []).append(value)
    return found


def expected(plain, put):
    """What a plain file is once its words are texts: a pattern for each text with a word in it."""
    if isinstance(plain, dict):
        return [(expected(key, put), expected(value, put)) for key, value in plain.items()]
    if isinstance(plain, list):
        return [expected(value, put) for value in plain]
    if isinstance(plain, str) and "zq" in plain:
        def forms(text):
            # as it is, or as a part of a URL
            return "|".join(re.escape(form) for form in (text, urllib.parse.quote(text, safe="-._~")))

        pieces = re.split(r"zq(\d{3})w", plain)
        pattern = re.escape(pieces[0])
        for number, rest in zip(pieces[1::2], pieces[2::2]):
            pattern += f"(?:{forms(put.get(int(number), WORD.format(int(number))))})" + re.escape(rest)
        return re.compile(pattern, re.DOTALL)
    return plain


def difference(want, got, at=""):
    if isinstance(want, re.Pattern):
        return None if isinstance(got, str) and want.fullmatch(got) else f"{at}: {got!r} does not match {want.pattern!r}"
    if isinstance(got, dict):
        if not isinstance(want, list) or len(want) != len(got):
            return f"{at}: {str(got)[:300]} has other keys than {str(want)[:300]}"
        left = dict(got)
        for key, value in want:
            names = [k for k in left if (key.fullmatch(k) if isinstance(key, re.Pattern) else k == key)]
            if not names:
                return f"{at}: {sorted(map(str, got))} have no {key!r}"
            wrong = difference(value, left.pop(names[0]), f"{at}.{names[0]}")
            if wrong:
                return wrong
        return None
    if isinstance(got, list):
        if not isinstance(want, list) or len(want) != len(got):
            return f"{at}: {got!r} is not {want!r}"
        return next((w for n, (a, b) in enumerate(zip(want, got)) if (w := difference(a, b, f"{at}[{n}]"))), None)
    return None if want == got and type(want) is type(got) else f"{at}: {got!r} is not {want!r}"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default="target/dist/gitlab-render")
    ap.add_argument("--documents", type=pathlib.Path, default=ROOT / "tests/files/places")
    ap.add_argument("--runs", type=int, default=8)
    ap.add_argument("--all", action="store_true")
    ap.add_argument("--text", type=json.loads, help="this text at all places")
    ap.add_argument("-v", action="store_true")
    a = ap.parse_args()
    found = programs()
    documents = Documents(a.bin, a.documents)
    texts = TEXTS if a.text is None else [a.text]
    # neighbours get texts that are far from each other
    texts_of = lambda run, count: [texts[(run + 37 * place) % len(texts)] for place in range(count)]
    with tempfile.TemporaryDirectory() as scratch:
        readers = Readers(found, pathlib.Path(scratch))
        runs = []
        taken_places = 0
        reached = collections.defaultdict(set)
        seen = {}
        for name in documents.parts:
            plain = documents.words(name)
            objects, refused = documents.rendered(name, plain)
            if objects is None:
                sys.exit(f"{name}: plain words are refused at {[documents.parts[name][n][-60:] for n in refused]}")
            base = files(objects)
            for file, text in base.items():
                readers.add((name, None, file), file, text)
                for number in re.findall(r"zq(\d{3})w", text):
                    reached[name].add(int(number))
            for number in range(len(plain)):
                if number not in reached[name]:
                    print(f"{name}: place {number} reaches no file: {documents.parts[name][number][-60:]!r}")
            for run in range(len(texts) if a.all else min(a.runs, len(texts))):
                values, objects = documents.taken(name, texts_of(run, len(plain)), plain)
                put = {n: value for n, (value, word) in enumerate(zip(values, plain)) if value != word}
                taken_places += len(put)
                if a.v:
                    print(f"{name}, run {run}: {len(put)} of {len(plain)} places take their text", flush=True)
                changed = files(objects)
                if set(changed) != set(base):
                    sys.exit(f"{name}, run {run}: other files: {set(changed) ^ set(base)}")
                for file, content in changed.items():
                    # a file without a value of ours is the same each time
                    ident = seen.setdefault((file, content), (name, run, file))
                    if ident == (name, run, file) and not readers.add(ident, file, content):
                        continue
                    here = {n: put[n] for n in map(int, re.findall(r"zq(\d{3})w", base[file])) if n in put}
                    runs.append((name, here, file, put, ident))
        readers.read()
        wrong = [f"no place of a value: {why}" for why in documents.unplaced]
        checked = 0
        for name, here, file, put, ident in runs:
            got, plain = readers.contents.get(ident), readers.contents.get((name, None, file))
            if got is None or plain is None:
                continue
            checked += 1
            if isinstance(plain, Broken) and file.endswith(("/sshd_config", "/nginx.conf")):
                # they know no algorithm and no host of the name of a word; another word is as good, and so is an address
                if not isinstance(got, Broken) and not all(re.fullmatch(r"[\w.:-]+", text) for text in here.values()):
                    wrong.append(f"{name}: {file} with {here}: it is taken: {got}")
            elif isinstance(plain, Broken):
                wrong.append(f"{name}: {file} with plain words: {plain.error}\n{plain.text}")
            elif isinstance(got, Broken):
                wrong.append(f"{name}: {file} with {here}: {got.error}")
            elif why := difference(expected(plain, put), got):
                wrong.append(f"{name}: {file}: {why}")
        places = sum(len(parts) - 1 for parts in documents.parts.values())
        print(f"{places} places, {len(texts)} texts, taken {taken_places} times, {checked} files read by their programs")
        for line in dict.fromkeys(wrong):
            print(line)
        if wrong or (a.text is None and checked < 200):
            sys.exit(1)


main()
