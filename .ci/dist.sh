#!/usr/bin/env bash
# Builds what packages hold, target/dist/gitlab-render (`--profile PROFILE`: of another profile), and looks into it: it is static, and no path of the machine that builds it is there.
#
# Static means with the libc of that machine: the program resolves no names and no users, which is what a static glibc cannot do. At a fixed
# address, and without the tables that only unwinding reads, it has 1.3 MB less, and half a megabyte less is touched at its start. `.ci/ordering-cc`
# puts the functions of a render next to each other.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=dist
[ "${1:-}" != --profile ] || profile=${2:?a profile is missing}
# As .ci/package has it: C code is built anew where it changes.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || printf 0)}"
host=$(rustc -vV | sed -n 's/^host: //p')
folders=("$PWD" "${CARGO_HOME:-$HOME/.cargo}")
flags=(-C target-feature=+crt-static -C relocation-model=static -C force-unwind-tables=no -C "linker=$PWD/.ci/ordering-cc")
for flag in ${RUSTFLAGS:-}; do flags+=("$flag"); done
flags+=("--remap-path-prefix=${folders[0]}=." "--remap-path-prefix=${folders[1]}=cargo")
# The flags are separated by a character that no path has: a folder may have blanks. With --target they are not given to the scripts of
# crates.
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\037' "${flags[@]}") && CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS%?}
export CARGO_ENCODED_RUSTFLAGS
cargo build --locked --profile "$profile" --target "$host"

binary=target/$profile/gitlab-render
mkdir -p "target/$profile"
cp "target/$host/$profile/gitlab-render" "$binary"
if readelf -l "$binary" | grep -q INTERP; then
  printf '%s is not static\n' "$binary"
  exit 1
fi
for folder in "${folders[@]}"; do
  found=$(LC_ALL=C grep -aoE "$folder/[[:print:]]{0,80}" "$binary" | sort -u || true)
  if [ -n "$found" ]; then
    printf '%s holds paths of this machine:\n%s\n' "$binary" "$found"
    exit 1
  fi
done
