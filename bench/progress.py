"""Progress of a measurement, on stderr; results go to stdout."""

import sys


def say(text: str, command: str = "bench") -> None:
    """One line, with the command that it is of."""
    print(f"{command}: {text}", file=sys.stderr, flush=True)
