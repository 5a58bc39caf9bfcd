"""Every sentence that operators' commands print, on stdout or stderr, except tables, JSON and the options' help.

What a dead letter or a parked event does not allow is said by its own package.
"""

from typing import Final

from payments.platform.values.money import MAX_AMOUNT

# -- Options
FULL_OR_ALL: Final = "--full is for `audit`, --all for `audit list`."
WHICH_TO_REPLAY: Final = "Name the dead letters to replay: either an ID, or --all, --topic and --error-type."
WHICH_TO_RELEASE: Final = "Name the events to release: either an ID, or --all or --topic."


def not_a_rate(text: str) -> str:
    """`text` is not a number of dead letters a second."""
    return f"{text!r} is not a number from 0.01 to 10000"


def accepted_poison(largest: int) -> str:
    """--accept-poison is outside its range."""
    return f"--accept-poison must be a whole number from 1 to {largest}."


# -- The database


def read_only(database: str) -> str:
    """The audit cannot store its findings."""
    return f"The audit stores its findings (audit_finding, audit_run), and {database} may only be read."


# -- Lists
NO_DEAD_LETTERS: Final = "There are no such dead letters."
NO_PARKED_EVENTS: Final = "No event is parked."
NO_FINDINGS: Final = "There are no findings."
NO_OPEN_FINDINGS: Final = "No finding is open."


NO_BATCHES: Final = "There are no such batches."
SUSPENDED: Final = " (suspended)"
WITHDRAWN: Final = "withdrawn"
NO_ADJUSTMENTS: Final = "There are no adjustments."


def more(limit: int) -> str:
    """The list goes on; `limit` shows more of it."""
    return f"There are older ones; --limit {limit} shows more."


# -- Dead letters
INTERRUPTED: Final = "It was interrupted; what was not replayed is still OPEN."


def dead_letter_is(letter_id: int, state: str) -> str:
    """The new state of a dead letter."""
    return f"Dead letter {letter_id} is {state}."


def dead_letter_not_open(letter_id: int, state: str) -> str:
    """Only an OPEN dead letter can be replayed."""
    return f"Dead letter {letter_id} is {state}, not OPEN."


def would_replay(count: int, seconds: float) -> str:
    """A dry run."""
    return f"{count} dead letters would be replayed, in {seconds:.0f} s."


def replaying(count: int) -> str:
    """How many are REPLAYING now."""
    return f"{count} dead letters are being replayed."


# -- Parked events, repairs, the ledger, the clock
NOT_HALTED: Final = "The ledger is not halted."
CLOCK_UNCHECKED: Final = "No housekeeping has checked the clock yet."
NOT_A_RELEASE: Final = "a release has 1 to 100 letters, digits, dots, plus signs, hyphens or underscores"
CLOCK_CONFIRMED: Final = "Confirmed: housekeeping goes on within seconds."


def released(count: int) -> str:
    """The relay tries them again."""
    return f"{count} events will be tried again."


def event_discarded(event_id: int) -> str:
    """The event is not published."""
    return f"Event {event_id} is discarded."


def republished(count: int) -> str:
    """The relay publishes them again."""
    return f"{count} events will be published again"


def resumed(why: str) -> str:
    """`why`: the reason of the halt that ends."""
    return f"The ledger goes on within 2 s. It was halted: {why}"


def clock(now: str, trusted_at: str) -> str:
    """The database's time, and the last one that housekeeping trusted."""
    return f"The database's clock says {now}.\nHousekeeping last trusted it at {trusted_at}."


# -- Settlement
CUT_OFF_TO_COME: Final = "A cut-off is not in the future: what is not there yet cannot be settled."
NOT_AN_ADJUSTMENT: Final = f"must be a whole number from {-MAX_AMOUNT} to {MAX_AMOUNT}, in minor units, and not 0"


def settled(closed: int, carried: int, items: int) -> str:
    """What a run has done."""
    return f"Batches closed: {closed}, carried: {carried}; items: {items}."


def more_items(limit: int) -> str:
    """The list goes on; `limit` shows more of it."""
    return f"There are more; --limit {limit} shows them."


# -- Deployment
def deployed(release: str, *, is_new: bool) -> str:
    """Whether the log of operators' actions has a new row."""
    return f"Release {release}: written." if is_new else f"Release {release} is the newest in the log already."
