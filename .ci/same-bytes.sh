#!/usr/bin/env bash
# Builds the last commit in two folders of different names and compares the bytes: `.ci/same-bytes.sh [--profile PROFILE]`.
#
# The default is what packages hold; `--profile release` takes a fraction of the time. `.ci/dist.sh`, which makes both builds, fails where
# a path of the machine is in the binary. Cargo's `trim-paths` would do what its flags do, and is not stable yet.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=dist
while [ $# -gt 0 ]; do
  case $1 in
    --profile) profile=${2:?a profile is missing} && shift 2 ;;
    *) sed -n '2,5s/^# //p' "$0" && exit 2 ;;
  esac
done
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sums=()
for folder in "$scratch/one" "$scratch/another/folder with a longer name"; do
  mkdir -p "$folder"
  git archive HEAD | tar -x -C "$folder"
  # one after the other, and the first target folder is removed: each is a gigabyte
  env -u CARGO_TARGET_DIR "$folder/.ci/dist.sh" --profile "$profile"
  sums+=("$(sha256sum <"$folder/target/$profile/gitlab-render")")
  cp "$folder/target/$profile/gitlab-render" "$scratch/${#sums[@]}"
  rm -rf "$folder"
done
if [ "${sums[0]}" != "${sums[1]}" ]; then
  printf 'two folders give different bytes:\n%s\n%s\n' "${sums[@]}"
  # the first differences say which part it is
  cmp -l "$scratch/1" "$scratch/2" | sed -n '1,5p' || true
  LC_ALL=C diff <(strings -n 12 "$scratch/1" | sort -u) <(strings -n 12 "$scratch/2" | sort -u) | sed -n '1,20p' || true
  exit 1
fi
printf 'the same bytes from two folders, profile %s: %s\n' "$profile" "${sums[0]%% *}"
