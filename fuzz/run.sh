#!/usr/bin/env bash
# Fuzzes the program: `fuzz/run.sh [SECONDS [TARGET...]]`, 60 seconds and all targets where nothing is named.
#
# It needs the stable compiler and a C++ compiler, no nightly and no cargo-fuzz (`cargo fuzz run TARGET` works as well): the
# flags below are those that make LLVM count which branches an input takes. An input that fails is kept in
# `fuzz/artifacts/TARGET/` and named at the end; a second run of it alone is `BINARY FILE`.
#
# What a run finds out is kept in `fuzz/target/corpus/`, so that the next one goes on from there; `fuzz/corpus/` has the few
# inputs that are kept for good.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for file in fuzz_targets/*.rs; do
    targets+=("$(basename "$file" .rs)")
  done
fi

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS='--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
 -Cllvm-args=-sanitizer-coverage-trace-compares'
RUSTFLAGS=$(tr -d '\n' <<<"$RUSTFLAGS")
# with --target the flags are not given to build scripts
cargo build --release --locked --target "$host" --bins

fuzz_one() {
  local target=$1 log=target/$1.log status=0
  mkdir -p "target/corpus/$target" "artifacts/$target"
  # One target runs on one core; the memory bound is far above what any input may take.
  "target/$host/release/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=8192 \
    -dict=words.dict -artifact_prefix="artifacts/$target/" "target/corpus/$target" "corpus/$target" >"$log" 2>&1 || status=1
  if [ "$status" != 0 ]; then
    printf 'fuzz %s: FAILED\n' "$target"
    grep -aE 'panicked|ERROR|Test unit written' -A 2 "$log" | head -n 20
  fi
  printf 'fuzz %s: %s\n' "$target" "$(grep -aE '^Done|^#[0-9]+' "$log" | tail -n 1)"
  return "$status"
}
export -f fuzz_one
export host seconds
# as many at a time as there are cores; xargs ends with 123 where one of them failed
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz_one {}'
