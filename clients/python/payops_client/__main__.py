"""`payops COMMAND` at a terminal: reads the key, prints JSON, and says in one sentence what went wrong.

Exit codes: 0 done, 1 refused by the API, 2 could not run, 3 not known or not now: repeat it with the printed key.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from payops_client.client import Payops
from payops_client.commands import COULD_NOT_RUN, parser
from payops_client.errors import PayopsError, TryAgain

DONE, REFUSED, TRY_AGAIN = 0, 1, 3
READER_GONE: Final = 141
"""The exit code of programs that SIGPIPE ends: 128 + 13."""
INTERRUPTED: Final = 130


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one command; returns the exit code."""
    given = parser().parse_args(arguments)
    if "idempotency_key" in given and given.idempotency_key is None:
        given.idempotency_key = str(uuid4())  # here, so that an interruption can tell it
    try:
        key = _key(given.key_file, environment)
        url = given.url or environment.get("PAYOPS_URL") or _missing("Say where the API is: --url or PAYOPS_URL.")
        bounds = {"timeout": given.timeout, "total_seconds": given.total_seconds}
        ca_file = given.ca or environment.get("PAYOPS_CA") or None
        with Payops(key, url, allow_http=given.allow_http, ca_file=ca_file, **bounds) as api:
            for found in given.run(api, given):
                print(json.dumps(found))
        return DONE
    except PayopsError as error:
        print(_sentence(error), file=sys.stderr)
        return TRY_AGAIN if isinstance(error, TryAgain) else REFUSED
    except ValueError as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        print(_how_to_repeat("Interrupted.", getattr(given, "idempotency_key", None)), file=sys.stderr)
        return INTERRUPTED


def _key(path: str | None, environment: Mapping[str, str]) -> str:
    if path is None:
        return environment.get("PAYOPS_API_KEY") or _missing("Set PAYOPS_API_KEY, or name a file with --key-file.")
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII text"
        raise ValueError(f"The key cannot be read from {path}: {reason}.") from None


def _missing(sentence: str) -> str:
    raise ValueError(sentence)


def _sentence(error: PayopsError) -> str:
    return _how_to_repeat(str(error), error.idempotency_key) if isinstance(error, TryAgain) else str(error)


def _how_to_repeat(said: str, key: str | None) -> str:
    return said if key is None else f"{said} Repeat it with --idempotency-key {shlex.quote(key)}"


def run() -> int:
    """The console script."""
    try:
        code = main(sys.argv[1:], os.environ)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return READER_GONE
    return code


if __name__ == "__main__":
    sys.exit(run())
