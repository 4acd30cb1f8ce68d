#!/usr/bin/env bash
# Builds what packages hold, and looks into it: no path of the machine that builds it may be there.
set -euo pipefail
cd "$(dirname "$0")/.."
folders=("$PWD" "${CARGO_HOME:-$HOME/.cargo}")
RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=${folders[0]}=. --remap-path-prefix=${folders[1]}=cargo" \
  cargo build --locked --profile dist

binary=target/dist/gitlab-render
for folder in "${folders[@]}"; do
  found=$(LC_ALL=C grep -aoE "$folder/[[:print:]]{0,80}" "$binary" | sort -u || true)
  if [ -n "$found" ]; then
    printf '%s holds paths of this machine:\n%s\n' "$binary" "$found"
    exit 1
  fi
done
