#!/usr/bin/env bash
# A linker for `.ci/dist.sh`: it puts the functions that a render runs next to each other.
#
# usage: as cc
#
# The kernel maps the 64 KiB around each page of code that is touched. A render runs 2.4 of 13.9 MB of code, and while these lie
# anywhere, 10 MB are mapped. So the program is linked, two renders are recorded by valgrind, and it is linked again in the order of
# what ran: 4 MiB less memory, and fewer page faults. Without valgrind, or with a linker that takes no order, the first program stays.
set -euo pipefail
linker=${CC:-cc}
"$linker" "$@"
command -v valgrind >/dev/null || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
named=()
previous=
for argument in "$@"; do
  if [ "$previous" = -o ]; then argument=$scratch/named; fi
  # without names nothing can be recorded
  case $argument in -Wl,--strip-*) ;; *) named+=("$argument") ;; esac
  previous=$argument
done
"$linker" "${named[@]}"
record() {
  valgrind --tool=callgrind --demangle=no --callgrind-out-file="$scratch/run.$1" "$scratch/named" template "${@:2}" >/dev/null 2>&1
}
folder=$(cd "$(dirname "$0")/.." && pwd)
record 1 && record 2 -f "$folder/tests/why/prod.yaml" || exit 0
sed -nE "s/^c?fn=\([0-9]+\) ([A-Za-z_][A-Za-z0-9_.\$]*).*/\1/p" "$scratch"/run.* | LC_ALL=C sort -u >"$scratch/order"
"$linker" "$@" "-Wl,--symbol-ordering-file=$scratch/order" -Wl,--no-warn-symbol-ordering 2>/dev/null || "$linker" "$@"
