#!/usr/bin/env bash
# Prints the path of gomplate over folders (gomplate/main.go), which is built once in a cache folder outside the tree. Exit
# status 3: it cannot be had, and the last line says why.
set -euo pipefail
cd "$(dirname "$0")/gomplate"
bin=${XDG_CACHE_HOME:-$HOME/.cache}/gitlab-render/gomplate/$(cat go.mod main.go netaddr/netaddr.go | sha256sum | cut -c1-12)
if [ ! -x "$bin/gomplate" ]; then
  command -v go >/dev/null || { printf 'gomplate comes from a Go module, and go is missing\n' >&2; exit 3; }
  go build -o "$bin/gomplate" . >&2 || { printf 'gomplate cannot be built (no network?)\n' >&2; exit 3; }
fi
printf '%s\n' "$bin/gomplate"
