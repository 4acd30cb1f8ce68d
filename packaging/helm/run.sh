#!/bin/sh
# Helm keeps `--namespace` for itself and hands it on as a variable: give it back to the commands that take it.
set -eu
case "${1:-}" in
  template | adopt | companions | diff | images | validate) set -- "$@" --namespace "${HELM_NAMESPACE:-default}" ;;
esac
exec gitlab-render "$@"
