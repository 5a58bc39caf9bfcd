"""Places where a test can have this process killed, as `kill -9` would, to see what is left and who repairs it.

Unarmed, as always outside such a test, a point costs one comparison. Composition roots arm, business code reaches.
"""

import logging
import os
import signal
from typing import Final

NAMES: Final = (
    "before_commit",
    "after_commit_before_answer",
    "after_claim",
    "after_confirm_before_mark",
    "after_posting_before_offsets",
    "in_lease_take_over",
    "in_replay",
    "in_pruning",
)

_armed: str | None = None

_log = logging.getLogger(__name__)


def arm(name: str | None) -> None:
    """End this process at the point `name`, each time it comes there; None: nowhere. ValueError: no such point."""
    global _armed
    if name is not None and name not in NAMES:
        raise ValueError(f"no crash point {name!r}; there are {', '.join(NAMES)}")
    _armed = name


def reach(name: str) -> None:
    """Go on, or end here and now when this point is armed: nothing is flushed, closed, given back or rolled back."""
    if name == _armed:
        _log.critical("crash_point", extra={"point": name})
        os.kill(os.getpid(), signal.SIGKILL)
