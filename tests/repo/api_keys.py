"""Whole API keys in files: by their form, and by the checksum, so that a made-up one is no false alarm.

`python -m tests.repo.api_keys FILE…` says which files hold one, and exits 1; a hook of pre-commit runs it. It never
prints a key, only its public id.
"""

import sys
from pathlib import Path

from payments.merchants.key_form import keys_in
from tests.repo.sources import Source


def api_keys(source: Source) -> list[str]:
    """The keys in a file, by prefix and id."""
    return [f"{source.path}: {key!r} is a whole API key; revoke it and take it out" for key in keys_in(source.text)]


def main(paths: list[str]) -> int:
    """Read these files, whatever is in them; 1 when there is a key."""
    found = [line for path in paths for line in api_keys(Source(path, Path(path).read_text(encoding="latin-1")))]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
