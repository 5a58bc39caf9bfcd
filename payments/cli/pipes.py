"""Ends a command quietly when the reader of its output has gone, as in `… | head -1`, or at Ctrl-C.

One whose output is closed from the start is not begun: what it prints, such as a new key, would be lost.
"""

import os
import sys
from collections.abc import Callable
from typing import Final

from payments.cli import messages
from payments.cli.option_types import COULD_NOT_RUN

READER_GONE: Final = 141
"""The exit code of programs that SIGPIPE ends: 128 + 13."""
INTERRUPTED: Final = 130
"""The exit code of programs that SIGINT ends: 128 + 2."""


def quietly(run: Callable[[], int]) -> int:
    """The exit code of `run`; READER_GONE when its output could not be written, INTERRUPTED at Ctrl-C.

    COULD_NOT_RUN, without running, when standard output is closed.

    Not by the default action of SIGPIPE: that would also end the process when its database closes a connection.
    """
    if sys.stdout is None:
        print(messages.NO_OUTPUT, file=sys.stderr)
        return COULD_NOT_RUN
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    return code
