"""The life of an operation at an acquirer: what an answer means, what follows from it, when to ask again. Pure.

An answer that never came says nothing about the money. It is asked for until the acquirer says what happened, or that
nothing ever will.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from payments.acquiring.connector import Answer, Kind, Operation, Seen


class State(StrEnum):
    """What we know of an operation."""

    CREATED = "CREATED"
    SENT = "SENT"
    """Stored before the first byte leaves: without an answer it may have happened."""
    UNKNOWN = "UNKNOWN"
    """It may have happened, or happen later: enquire."""
    FENCING = "FENCING"
    """The acquirer does not know it yet: cancel it, so that a late original cannot happen either."""
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    NOT_SENT = "NOT_SENT"
    FAILED = "FAILED"
    """Cancelled at the acquirer: it has not happened and never will."""
    MANUAL = "MANUAL"
    """An operator decides: nobody answered for a week, or the acquirer contradicts itself."""
    REVERSED = "REVERSED"
    """It was declared to be without money, the acquirer approved it after all, and it is taken back there."""


class Learned(StrEnum):
    """What a call has told about an operation."""

    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    NOT_SENT = "NOT_SENT"
    """This call was not sent. Of an enquiry or a cancel that says nothing about the operation."""
    NOT_FOUND = "NOT_FOUND"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


class Repair(StrEnum):
    """What is asked about an operation whose outcome is unknown."""

    ENQUIRE = "enquire"
    CANCEL = "cancel"


MEANING: Final = {
    Seen.BREAKER_OPEN: Learned.NOT_SENT,
    Seen.TOO_MANY_CALLS: Learned.NOT_SENT,
    Seen.NO_TIME: Learned.NOT_SENT,
    Seen.NOT_CONNECTED: Learned.NOT_SENT,
    Seen.APPROVED: Learned.APPROVED,
    Seen.DECLINED: Learned.DECLINED,
    Seen.PROCESSING: Learned.UNKNOWN,
    Seen.NOT_FOUND: Learned.NOT_FOUND,
    Seen.CANCELLED: Learned.CANCELLED,
    Seen.TIMED_OUT: Learned.UNKNOWN,
    Seen.LOST: Learned.UNKNOWN,
    Seen.RATE_LIMITED: Learned.UNKNOWN,
    Seen.SERVER_ERROR: Learned.UNKNOWN,
    Seen.UNREADABLE: Learned.UNKNOWN,
}
"""What each sight means, if the answer is about our operation."""
REPAIR: Final = {State.UNKNOWN: Repair.ENQUIRE, State.FENCING: Repair.CANCEL}
"""What to ask in states that are repaired; the others are not asked about."""
FINAL: Final = frozenset({State.APPROVED, State.DECLINED, State.NOT_SENT, State.FAILED, State.MANUAL, State.REVERSED})
"""States that no answer changes, but for one that contradicts them."""
WITHOUT_MONEY: Final = frozenset({State.DECLINED, State.NOT_SENT, State.FAILED})
"""Final states which say that no money moved: an approval contradicts them."""
AGES: Final = (
    *(timedelta(seconds=seconds) for seconds in (2, 10, 30)),
    *(timedelta(minutes=minutes) for minutes in (2, 10)),
    *(timedelta(hours=hours) for hours in (1, 6)),
    *(timedelta(days=days) for days in range(1, 8)),
)
"""How long after it was sent an operation is asked about: at first soon, for most faults are short."""
REVERSAL_OF: Final = {Kind.AUTHORIZATION: Kind.VOID, Kind.CAPTURE: Kind.REFUND}
"""What takes back an operation that was approved too late. A late refund or void cannot be taken back."""
UNANSWERED: Final = timedelta(seconds=10)
"""After an enquiry that nobody answered: soon, so that all is known shortly after the acquirer is back."""
CELL: Final = "00"
"""The part of the platform that a reference names."""
_DECISIONS: Final = frozenset({Learned.APPROVED, Learned.DECLINED, Learned.CANCELLED})


class Told(NamedTuple):
    """What is known of an operation now, by the acquirer's answer to a call, or `by_operator`, by evidence.

    `is_repair`: the call was an enquiry or a cancel. `answered`: the acquirer said something about the operation.
    """

    reference: str
    learned: Learned
    answered: bool = True
    acquirer_reference: str | None = None
    decline_code: str | None = None
    is_repair: bool = False
    by_operator: bool = False


def told_by(operation: Operation, answer: Answer, *, is_repair: bool = False) -> Told:
    """What an answer to a call about `operation` tells. Words that are not about ours are not kept."""
    meaning = learned(operation, answer)
    answered = meaning is not Learned.NOT_SENT and (meaning is not Learned.UNKNOWN or answer.seen is Seen.PROCESSING)
    kept = (answer.acquirer_reference, answer.decline_code) if meaning in _DECISIONS else (None, None)
    return Told(operation.reference, meaning, answered, *kept, is_repair)


def learned(operation: Operation, answer: Answer) -> Learned:
    """What an answer to any call about `operation` means. A decision that is not about ours means nothing: UNKNOWN."""
    meaning = MEANING[answer.seen]
    if meaning in _DECISIONS and not _is_about(operation, answer, meaning):
        return Learned.UNKNOWN
    return meaning


def sent(state: State) -> State:
    """SENT, to be stored before the call, so that no crash leads to a second one. Raises ValueError for a second."""
    if state is not State.CREATED:
        raise ValueError(f"an operation is sent once, and this one is {state}")
    return State.SENT


def after(state: State, told: Learned) -> State:
    """The state after a call to the acquirer. `UNKNOWN` also stands for a call whose process died."""
    if state in FINAL:
        return State.MANUAL if state in WITHOUT_MONEY and told is Learned.APPROVED else state
    if told in (Learned.APPROVED, Learned.DECLINED):
        return State(told.value)
    if told is Learned.CANCELLED:
        return State.FAILED
    if state in (State.CREATED, State.SENT):
        return State.NOT_SENT if told is Learned.NOT_SENT else State.UNKNOWN
    return State.FENCING if told is Learned.NOT_FOUND else state


def ask_again(sent_at: datetime, tries: int, now: datetime, *, answered: bool) -> datetime | None:
    """When to ask after an enquiry or a cancel at `now`, the last of `tries`; None: no more.

    One that nobody answered is no try: it is repeated after UNANSWERED, until the last of AGES has passed. Times that
    passed meanwhile are left out.
    """
    if answered:
        return next((sent_at + age for age in AGES[tries:] if sent_at + age > now), None)
    return now + UNANSWERED if now < sent_at + AGES[-1] else None


def given_up(state: State) -> State:
    """The state when there are no more tries."""
    return State.MANUAL if state in REPAIR else state


def reference(cell: str, payment_id: int, kind: Kind, number: int) -> str:
    """Our name of an operation at the acquirer. `number`: from 1, among those of its kind and payment."""
    return f"{cell}-{payment_id}-{kind}-{number}"


def _is_about(operation: Operation, answer: Answer, meaning: Learned) -> bool:
    about = answer.about
    if about is None or about.reference != operation.reference:
        return False
    said = (about.kind, about.amount, about.currency)
    ours = (operation.kind.value, operation.amount, operation.currency)
    if meaning is Learned.CANCELLED:  # a tombstone of an original that never came knows nothing but its reference
        return all(word in (None, own) for word, own in zip(said, ours, strict=True))
    return said == ours
