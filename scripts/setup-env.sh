#!/usr/bin/env bash
# Makes .venv from uv.lock: `scripts/setup-env.sh run|dev|vms`, each with all of the former. Quick when nothing changed;
# never takes away what a larger group brought.
# Takes uv from the PATH, else from PyPI into .cache/uv. PYTHON=/path/to/python3 chooses the interpreter; without it a
# new .venv gets the first one that is new enough and an optimized build (stack/interpreter.py), else the first one.
set -euo pipefail
cd "$(dirname "$0")/.."

group="${1:-run}"
uv_wanted="uv>=0.9,<1"
stamp=".venv/payops-lock" # "<checksum> <group>" of the last sync
is_good='import sys, sqlite3; sys.exit(sys.version_info < (3, 11) or sqlite3.sqlite_version_info < (3, 35))'

fail() {
  echo "$*" >&2
  exit 1
}

wanted_stamp() {
  echo "$(cat uv.lock pyproject.toml | cksum | tr ' ' '-') $group"
}

# An environment once made for dev stays one: `make run` beside it must not take pytest away. So with vms and dev.
keep_group() {
  case "$(cut -d' ' -f2 "$stamp" 2>/dev/null) $group" in
    "vms run" | "vms dev") group=vms ;;
    "dev run") group=dev ;;
  esac
}

# The Pythons that .venv may be made with, one a line: .venv's own and $PYTHON, all on the PATH, then uv's.
pythons() {
  printf '%s\n' .venv/bin/python ${PYTHON:+"$PYTHON"}
  type -aP python3 python3.14 python3.13 python3.12 python3.11 || true
  local uvs="${UV_PYTHON_INSTALL_DIR:-${HOME:-}/.local/share/uv/python}"
  printf '%s\n' "$uvs"/cpython-3.[0-9]*.[0-9]-*/bin/python3 "$uvs"/cpython-3.[0-9]*.[0-9][0-9]-*/bin/python3
}

is_chosen() {
  [ "$1" = .venv/bin/python ] || [ "$1" = "${PYTHON:-}" ] || "$1" -I stack/interpreter.py 2>/dev/null
}

# Sets `python`, for .venv: the first that is new enough and chosen or optimized, else the first that is new enough. That
# one is `base`, too, which fetches uv: a Python without pip and venv may be the better one for .venv.
find_python() {
  local name bad=""
  python="" base=""
  while IFS= read -r name; do
    command -v "$name" >/dev/null 2>&1 || continue
    if "$name" -c "$is_good" 2>/dev/null; then
      base="${base:-$name}"
      if is_chosen "$name"; then
        python="$name"
        return
      fi
    elif [ "$name" != .venv/bin/python ]; then
      bad="${bad:-$name}"
    fi
  done < <(pythons)
  python="$base"
  if [ -z "$python" ]; then explain_python "$bad"; fi
}

explain_python() {
  [ -n "$1" ] || fail "Python is missing; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)."
  local found
  found="$("$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || echo "that does not run")"
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "Python $found is too old; install Python 3.11 or newer, or name it: make run PYTHON=/path/to/python3.11."
  python="3.12" base=python3 # its SQLite is too old: uv brings a Python of its own
  export UV_PYTHON_PREFERENCE=only-managed
}

uv_is_good() {
  local version
  version="$("$1" --version 2>/dev/null | cut -d' ' -f2)" || return 1
  case "$version" in 0.[0-8].* | "") return 1 ;; esac
}

find_uv() {
  for uv in uv .cache/uv/bin/uv; do
    if uv_is_good "$uv"; then return; fi
  done
  echo "Fetching uv from PyPI (once) …"
  rm -rf .cache/uv
  mkdir -p .cache
  if "$base" -c 'import ensurepip' 2>/dev/null; then
    "$base" -m venv .cache/uv
    .cache/uv/bin/python -m pip install --quiet --disable-pip-version-check "$uv_wanted" ||
      fail "uv could not be fetched from PyPI; run it again when the network is up, or install uv yourself."
  elif "$base" -m pip --version >/dev/null 2>&1; then
    "$base" -m pip install --quiet --disable-pip-version-check --target .cache/uv "$uv_wanted" ||
      fail "uv could not be fetched from PyPI; run it again when the network is up, or install uv yourself."
  else
    fail "Python's venv module is missing; run \`apt-get install python3-venv\` as root, or put uv on the PATH."
  fi
  uv=.cache/uv/bin/uv
}

case "$group" in run | dev | vms) ;; *) fail "Say which group: scripts/setup-env.sh run, dev or vms." ;; esac
keep_group
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted_stamp)" ]; then exit 0; fi
find_python
find_uv
compile=--compile-bytecode
if [ "$group" = vms ]; then compile=""; fi # half a gigabyte of Ansible's collections, of which little is imported
echo "Installing the packages of uv.lock into .venv …"
UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --frozen --quiet ${compile:+"$compile"} --no-default-groups --group "$group" --python "$python" ||
  fail "The packages could not be installed; see the lines above, and run it again when the network is up."
wanted_stamp >"$stamp"
