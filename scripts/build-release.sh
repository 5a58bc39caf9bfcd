#!/usr/bin/env bash
# Makes the release that servers install, once: dist/payops-VERSION-py3-none-any.whl, dist/requirements-VERSION.txt (the
# packages of uv.lock with their hashes) and dist/VERSION. The wheel holds app, payments, psp, worker, and the built shop
# as app/store. VERSION is the project's with the commit, and with a checksum of what is not committed.
# Prints "Built …" or "Already built …". Needs git and .venv (`make setup`).
set -euo pipefail
cd "$(dirname "$0")/.."

in_wheel=(app payments psp worker pyproject.toml)

fail() {
  echo "$*" >&2
  exit 1
}

find_uv() {
  local candidate
  for candidate in uv .cache/uv/bin/uv; do
    if "$candidate" --version >/dev/null 2>&1; then
      uv="$PWD/$candidate"
      [ "$candidate" != uv ] || uv=uv
      return
    fi
  done
  fail "uv is missing; \`make setup\` fetches it."
}

# What differs from the commit, in files that the wheel or its packages are made of.
uncommitted() {
  git diff HEAD --no-ext-diff --binary -- "${in_wheel[@]}" uv.lock
  git ls-files -z --others --exclude-standard -- "${in_wheel[@]}" | xargs -0r sha256sum
}

shop_checksum() {
  (cd frontend/dist && find . -type f -print0 | sort -z | xargs -0r sha256sum)
}

version_of_tree() {
  local base commit changed shop
  base="$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)"
  [ -n "$base" ] || fail "pyproject.toml names no version."
  commit="$(git log -1 --abbrev=10 --format=%h -- "${in_wheel[@]}" uv.lock)"
  changed="$(uncommitted)"
  shop="$(shop_checksum)"
  version="$base+g$commit"
  version="$version.s$(sha256sum <<<"$shop" | cut -c1-8)"
  [ -z "$changed" ] || version="$version.d$(sha256sum <<<"$changed" | cut -c1-8)"
}

# A copy of the sources: the wheel's version is written there, never here.
stage_sources() {
  git ls-files -z --cached --others --exclude-standard -- "${in_wheel[@]}" |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    tar --create --null --files-from=- | tar --extract --directory "$staged"
  cp -R frontend/dist "$staged/app/store"
  sed -i "s/^version = \".*\"$/version = \"$version\"/; /^readme = /d" "$staged/pyproject.toml"
}

find_uv
.venv/bin/python -m stack.shop
version="${PAYOPS_VERSION:-}" # tests make releases of their own name
[ -n "$version" ] || version_of_tree
wheel="dist/payops-$version-py3-none-any.whl"
requirements="dist/requirements-$version.txt"
mkdir -p dist
exec 9>dist/.lock
flock 9 # two that start at once build it once

if [ -s "$wheel" ] && [ -s "$requirements" ]; then
  [ "$(cat dist/VERSION 2>/dev/null)" = "$version" ] || echo "$version" >dist/VERSION
  echo "Already built: $wheel"
  exit 0
fi
staged="$(mktemp -d)"
trap 'rm -rf "$staged"' EXIT
stage_sources
SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"
export SOURCE_DATE_EPOCH
"$uv" build --quiet --wheel --out-dir "$staged/out" "$staged"
"$uv" export --quiet --frozen --no-default-groups --no-emit-project --no-header --no-annotate \
  --output-file "$staged/requirements.txt" >/dev/null
mv "$staged/requirements.txt" "$requirements"
mv "$staged/out/payops-$version-py3-none-any.whl" "$wheel" || fail "The wheel has another name: $(ls "$staged/out")"
echo "$version" >dist/VERSION
echo "Built: $wheel"
