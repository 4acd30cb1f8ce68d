#!/usr/bin/env bash
# Checks the files for pipelines against the public definitions of their programs, and runs the hooks by a real pre-commit:
#   ci/check.sh BINARY
# The schemas of GitLab CI and GitHub Actions come with check-jsonschema, the one of Argo Workflows with its Go module.
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$PWD
tools=$root/target/tools/python
[ -x "$tools/bin/pre-commit" ] || {
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet check-jsonschema==0.39.0 pre-commit==4.7.0
}
check() { "$tools/bin/check-jsonschema" --quiet "$@"; }
fleet() { "$binary" fleet ci "$@"; }

fleet -o gitlab --shards 8 >"$work/gitlab.yaml"
fleet -o gitlab --shards 1 >"$work/gitlab-one.yaml"
# the jobs of the component, with inputs in their places
sed -e '1,/^---$/d' -e 's/\$\[\[ inputs\.[a-z]* \]\]/test/g' ci/gitlab-component.yml >"$work/component.yaml"
check --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$work/gitlab.yaml" "$work/gitlab-one.yaml" "$work/component.yaml"
fleet -o github >"$work/github.yaml"
check --builtin-schema vendor.github-workflows "$work/github.yaml"
check --builtin-schema vendor.github-actions ci/action.yml
printf 'GitLab CI, GitHub Actions: as their schemas\n'

if command -v go >/dev/null; then
  module=$(cd "$work" && go mod download -json github.com/argoproj/argo-workflows/v3@v3.6.10 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  # the definition of a WorkflowTemplate, and no keys besides its own
  python3 - "$module/api/jsonschema/schema.json" "$work/argo.json" <<'PY'
import json, sys
definitions = json.load(open(sys.argv[1]))["definitions"]
for one in definitions.values():
    if one.get("type") == "object" and "properties" in one:
        one.setdefault("additionalProperties", False)
root = "#/definitions/io.argoproj.workflow.v1alpha1.WorkflowTemplate"
json.dump({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": root, "definitions": definitions}, open(sys.argv[2], "w"))
PY
  fleet -o argo-workflows >"$work/argo.yaml"
  check --schemafile "$work/argo.json" "$work/argo.yaml"
  printf 'Argo Workflows: as its schema\n'
fi

mkdir "$work/path" "$work/hooks" "$work/repository"
ln -s "$binary" "$work/path/gitlab-render"
export PATH=$work/path:$PATH PRE_COMMIT_HOME=$work/pre-commit
commit() { git init --quiet . && git add -A && git -c user.name=ci -c user.email=ci@example.com commit --quiet -m x; }
cp .pre-commit-hooks.yaml "$work/hooks/"
(cd "$work/hooks" && commit)
cd "$work/repository"
printf 'repos:\n- repo: %s\n  rev: %s\n  hooks: [{id: gitlab-render-lint}, {id: gitlab-render-validate}]\n' \
  "$work/hooks" "$(git -C "$work/hooks" rev-parse HEAD)" >.pre-commit-config.yaml
printf 'certmanager-issuer: {email: a@example.com}\n' >values.yaml
printf 'global: {edition: ce}\n' >values-prod.yaml
commit
"$tools/bin/pre-commit" run --all-files >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
printf 'globl: {}\n' >values-prod.yaml
if "$tools/bin/pre-commit" run --all-files >"$work/log" 2>&1; then
  printf 'wrong: pre-commit lets a misspelt key through\n'
  exit 1
fi
[ "$(grep -c 'values-prod.yaml:1:1' "$work/log")" = 2 ] || { cat "$work/log"; exit 1; }
printf 'pre-commit: runs the hooks\n'
