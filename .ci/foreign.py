#!/usr/bin/env python3
"""Manifests of other projects, validated: `validate` must not find anything in them that is not there.

usage: foreign.py [--bin PATH] [--min-objects N]

The sets are examples and installation manifests inside Go modules, fetched with `go mod download`. What is found in
them was looked at once, by hand: KNOWN has it, with what is really wrong. Anything else fails.
"""
import argparse
import collections
import json
import subprocess
import sys
import tempfile

SETS = [
    ("sigs.k8s.io/gateway-api@v1.4.1", ["examples", "config/crd", "conformance/tests"]),
    ("github.com/prometheus-operator/prometheus-operator@v0.77.1", ["example", "bundle.yaml"]),
    ("github.com/kedacore/keda/v2@v2.18.1", ["config/crd/bases", "config/manager", "config/rbac", "config/samples",
                                             "config/webhooks", "config/metrics-server"]),
    ("github.com/envoyproxy/gateway@v1.6.0", ["examples"]),
    ("github.com/cert-manager/cert-manager@v1.19.1", ["deploy/crds"]),
    ("k8s.io/kubernetes@v1.35.4", ["cluster/addons", "test/fixtures/doc-yaml", "test/e2e/testing-manifests/statefulset",
                                   "test/e2e/testing-manifests/ingress", "test/e2e/testing-manifests/storage-csi"]),
]
# End of the file's path, code, field: what is wrong there.
KNOWN = {
    ("gatewayclass-observed-generation-bump.yaml", "bad-format", "spec.controllerName"): "a placeholder in braces",
    ("alertmanager-crd-conversion/patch.json", "missing-field", "spec.group"): "a patch, no object",
    ("alertmanager-crd-conversion/patch.json", "missing-field", "spec.names"): "a patch, no object",
    ("alertmanager-crd-conversion/patch.json", "missing-field", "spec.scope"): "a patch, no object",
    ("alertmanager-crd-conversion/patch.json", "missing-field", "spec.versions"): "a patch, no object",
    ("keda_v1alpha1_scaledjob.yaml", "missing-field", "spec.jobTargetRef.template"): "a sample that is not complete",
    ("node-problem-detector/npd.yaml", "unknown-field", "spec.template.spec.nodeSelectors"): "a typing error",
    ("high-availability/kube-scheduler.yaml", "undeclared-volume", "spec.containers[0].volumeMounts[1]"):
        "a mount of a volume that is not there",
    ("storage-csi/gce-pd/csi-controller-rbac.yaml", "missing-field", "subjects[0].namespace"):
        "bindings that the test completes",
}

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--bin", default="target/dist/gitlab-render")
ap.add_argument("--min-objects", type=int, default=900)
a = ap.parse_args()

objects = errors = warnings = 0
kinds = collections.Counter()
wrong = []
with tempfile.TemporaryDirectory() as scratch:
    for module, folders in SETS:
        got = subprocess.run(["go", "mod", "download", "-json", module], cwd=scratch, capture_output=True, text=True)
        if got.returncode:
            sys.exit(f"{module} cannot be fetched: {got.stdout}{got.stderr}")
        root = json.loads(got.stdout)["Dir"]
        for folder in folders:
            ran = subprocess.run([a.bin, "validate", "-o", "json", "-q", f"{root}/{folder}"], capture_output=True, text=True)
            if not ran.stdout:
                sys.exit(f"{module} {folder}: status {ran.returncode}\n{ran.stderr[:2000]}")
            found = json.loads(ran.stdout)
            objects += found["objects"]
            warnings += found["warnings"]
            for f in found["findings"]:
                if f["severity"] != "error":
                    kinds[f["code"]] += 1
                    continue
                errors += 1
                if not any(f["file"].endswith(e) and f["code"] == c and f["path"] == p for e, c, p in KNOWN):
                    wrong.append(f"{f['file'].removeprefix(root)}:{f['line']}: {f['code']} {f['path']}: {f['message']}")
print(f"{objects} objects of {sum(len(f) for _, f in SETS)} foreign sets: {errors} errors, {errors - len(wrong)} of them real "
      f"and known, {len(wrong)} others; warnings: {', '.join(f'{n} {c}' for c, n in kinds.most_common())}")
print("\n".join(wrong[:40]))
sys.exit(bool(wrong) or objects < a.min_objects)
