#!/usr/bin/env python3
"""The schema of `gitlab-render schema` in a real YAML language server, as an editor runs it.

    language-server.py --bin target/debug/gitlab-render [--server FOLDER]

FOLDER has `yaml-language-server` in its `node_modules`; without it, npm installs the package into a temporary one. A key is completed,
hover shows a description and a default, and a misspelt key, a wrong type and a deprecated key are marked.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

VERSION = "1.25.0"


class Server:
    """A language server on a pipe."""

    def __init__(self, folder):
        script = pathlib.Path(folder) / "node_modules/yaml-language-server/bin/yaml-language-server"
        self.process = subprocess.Popen(["node", str(script), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        self.marks = {}
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {
            "textDocument": {"completion": {"completionItem": {"snippetSupport": False, "documentationFormat": ["markdown"]}},
                             "hover": {"contentFormat": ["markdown"]}}}})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": {"yaml": {"validate": True, "hover": True, "completion": True}}})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def read(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message = json.loads(self.process.stdout.read(length))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.marks[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            # the server asks for the settings of the editor: it has none of its own
            items = message.get("params", {}).get("items", [])
            settings = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
            answer = [settings if item.get("section") == "yaml" else None for item in items]
            self.send({"id": message["id"], "result": answer})
        return message

    def ask(self, method, params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.read()
            if message.get("id") == self.number and "method" not in message:
                return message.get("result")

    def open(self, uri, text):
        self.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
        while uri not in self.marks:
            self.read()
        return self.marks[uri]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--server")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = args.server
        if not server:
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", f"yaml-language-server@{VERSION}"], cwd=folder, check=True)
            server = folder
        schema = pathlib.Path(folder) / "gitlab-values.schema.json"
        subprocess.run([args.bin, "schema", "-o", str(schema)], check=True)
        return check(Server(server), schema)


def check(server, schema):
    wrong = []
    head = f"# yaml-language-server: $schema={schema.as_uri()}\n"

    def expect(what, holds, found):
        if not holds:
            wrong.append(f"{what}: {json.dumps(found)[:600]}")

    def at(number, text, line, character):
        uri = f"{schema.parent.as_uri()}/{number}.yaml"
        server.open(uri, head + text)
        return {"textDocument": {"uri": uri}, "position": {"line": line + 1, "character": character}}

    # the cursor behind the last character of a line; what is to be offered there
    for number, (text, line, labels) in enumerate([
        ("gitlab:\n  sidekiq:\n    conc", 2, ["concurrency"]),
        ("gitlab:\n  sid", 1, ["sidekiq"]),
        ("glo", 0, ["global"]),
        ("global:\n  ingress:\n    tls:\n      en", 3, ["enabled"]),
        ("global:\n  edition: ", 1, ["ce", "ee"]),
        ("gitlab:\n  webservice:\n    deployments:\n      web:\n        ingress:\n          pa", 5, ["path"]),
        ("gitlab:\n  kas:\n    tolerations:\n    - eff", 3, ["effect"]),
    ]):
        character = len(text.split("\n")[line])
        result = server.ask("textDocument/completion", at(f"complete{number}", text, line, character)) or {}
        items = result.get("items", result) if isinstance(result, dict) else result
        offered = [item["label"] for item in items]
        expect(f"completion of {text!r}", all(label in offered for label in labels), offered)

    # a position; words of what is shown there
    for number, (text, line, character, words) in enumerate([
        ("gitlab:\n  sidekiq:\n    concurrency: 5\n", 2, 6, ["threads"]),
        ("global:\n  hosts:\n    domain: example.org\n", 2, 6, ["domain"]),
        ("gitlab:\n  webservice:\n    ingress:\n      tls:\n        enabled: true\n", 4, 10, ["Whether it is enabled"]),
        ("registry:\n  hpa:\n    minReplicas: 2\n", 2, 6, ["pods"]),
        ("gitlab:\n  sidekiq:\n    resources:\n      requests:\n        cpu: 1\n", 2, 6, ["Requests and limits"]),
    ]):
        shown = server.ask("textDocument/hover", at(f"hover{number}", text, line, character))
        expect(f"hover over {text!r}", shown and all(word in json.dumps(shown) for word in words), shown)

    # values; the line that is marked, or none
    for number, (text, line) in enumerate([
        ("gitlab:\n  webservice:\n    ingres:\n      enabled: true\n", 2),
        ("gitlab:\n  webservice:\n    minReplicas: many\n", 2),
        ("gitlab:\n  sidekiq:\n    pods:\n    - name: a\n      concurency: 3\n", 4),
        ("global:\n  edition: free\n", 1),
        ("gitlab:\n  webservice:\n    minReplicas: 3\n  kas: null\n", None),
        ("global:\n  hosts:\n    domain: example.org\n  ingress:\n    annotations:\n      a.b/c: d\n", None),
    ]):
        uri = f"{schema.parent.as_uri()}/mark{number}.yaml"
        marks = server.open(uri, head + text)
        lines = [mark["range"]["start"]["line"] - 1 for mark in marks]
        expect(f"marks of {text!r}", lines == [] if line is None else line in lines, marks)

    server.process.kill()
    print("\n".join(wrong) or "the language server completes, explains and marks: 18 passed, 0 failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
