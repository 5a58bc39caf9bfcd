#!/usr/bin/env bash
# Whether what is checked out is a commit of the branch that may be deployed: check-branch.sh BRANCH, as `origin` has it.
set -euo pipefail
cd "$(dirname "$0")/.."

branch="$1"
if ! git merge-base --is-ancestor HEAD "refs/remotes/origin/$branch"; then
  echo "$(git rev-parse HEAD) is not on origin's branch $branch: it is not deployed." >&2
  exit 1
fi
