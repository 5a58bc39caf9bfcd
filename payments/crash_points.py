"""Places where a test can kill this process, as `kill -9` would, to check what remains and what repairs it.

Only such a test arms a point; one that is not armed costs one comparison. Composition roots arm, business code reaches.
"""

import logging
import os
import signal
from typing import Final

NAMES: Final = (
    "before_commit",
    "after_commit_before_answer",
    "after_claim",
    "after_enquiry_claim",
    "after_acquirer_call",
    "after_confirm_before_mark",
    "after_posting_before_offsets",
    "in_lease_take_over",
    "in_replay",
    "in_pruning",
    "in_collecting",
    "after_collecting",
    "before_closing",
    "in_closing",
    "before_closing_commit",
    "after_closing",
    "in_reading_file",
    "before_file_is_done",
    "after_file_is_done",
    "before_match_is_undone",
)

_armed: str | None = None

_log = logging.getLogger(__name__)


def arm(name: str | None) -> None:
    """End this process whenever it reaches the point `name`; None: never. Raises ValueError for an unknown point."""
    global _armed
    if name is not None and name not in NAMES:
        raise ValueError(f"no crash point {name!r}; there are {', '.join(NAMES)}")
    _armed = name


def reach(name: str) -> None:
    """End the process when this point is armed, without flushing, closing or rolling back anything; else do nothing."""
    if name == _armed:
        _log.critical("crash_point", extra={"point": name})
        os.kill(os.getpid(), signal.SIGKILL)
