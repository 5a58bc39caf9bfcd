"""States of rows that more than one room reads. What a room keeps to itself is in its rules."""

from enum import StrEnum


class DeadLetterState(StrEnum):
    """The column `state` of `dead_letter`: its room moves it, and the outbox joins the rows of its replays to it."""

    OPEN = "OPEN"
    REPLAYING = "REPLAYING"
    RESOLVED = "RESOLVED"
    DISCARDED = "DISCARDED"
