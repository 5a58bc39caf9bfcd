"""`/_control`: what goes wrong, what time it is, and what really happened. For tests, drills and the page at `/`."""

import sqlite3
from functools import partial
from typing import Any, Final

from flask import Blueprint, Response
from typing_extensions import TypedDict

from psp import events, fault_rules, journal
from psp.answers import Answer
from psp.bodies import ClockBody, FaultsBody, SeedBody, is_reference
from psp.clock import SECOND, Clock, from_datetime, iso
from psp.errors import Refused
from psp.http import decoding
from psp.http.described import Description, describe, query
from psp.http.services import services
from psp.http.wire import plain

blueprint = Blueprint("control", __name__, url_prefix="/_control")
_REFUSALS: Final = (400, 401, 413, 415, 500)
DEFAULT_PAGE: Final = 100
_PAGED: Final = (
    query("after", {"type": "integer"}, "The `next` of the page before"),
    query("limit", {"type": "integer", "minimum": 1, "maximum": journal.LONGEST_PAGE}, "Entries in a page"),
)


class ClockState(TypedDict):
    """What time it is. `offsetSeconds`: ahead of the machine; `earliest`: what it cannot go back behind."""

    now: str
    frozen: bool
    offsetSeconds: float
    earliest: str


class Seed(TypedDict):
    """What all draws of faults follow from."""

    seed: int


@blueprint.before_request
def _admit() -> None:
    if not decoding.is_one_of(decoding.bearer(), [services().access.control_token]):
        raise Refused("UNAUTHENTICATED", "The control token is needed: Authorization: Bearer TOKEN.")


@blueprint.get("/faults")
@describe(
    Description("The rules of faults, and what they hit", {200: fault_rules.Faults}, (401, 500), security="control")
)
def faults() -> Response:
    """All rules."""
    return _json(services().run(fault_rules.shown))


@blueprint.put("/faults")
@describe(Description("Replace the rules", {200: fault_rules.Faults}, _REFUSALS, FaultsBody, security="control"))
def replace_faults() -> Response:
    """Other rules."""
    return _json(_replace(decoding.body(FaultsBody)))


@blueprint.delete("/faults")
@describe(Description("Let nothing go wrong", {200: fault_rules.Faults}, (401, 500), security="control"))
def delete_faults() -> Response:
    """No rules."""
    return _json(_replace(FaultsBody(rules=[])))


@blueprint.get("/clock")
@describe(Description("What time it is", {200: ClockState}, (401, 500), security="control"))
def clock() -> Response:
    """The clock."""
    return _json(services().run(partial(_clock_state, services().clock)))


@blueprint.put("/clock")
@describe(
    Description("Set, advance or freeze the clock", {200: ClockState}, (*_REFUSALS, 409), ClockBody, security="control")
)
def set_clock() -> Response:
    """Another time."""
    change = decoding.body(ClockBody)
    return _json(services().run(partial(_change, services().clock, change)))


@blueprint.delete("/clock")
@describe(Description("Let the clock go with the machine's", {200: ClockState}, (401, 409, 500), security="control"))
def reset_clock() -> Response:
    """The machine's time."""
    back = ClockBody(offset=0, frozen=False)
    return _json(services().run(partial(_change, services().clock, back)))


@blueprint.get("/seed")
@describe(Description("What all draws follow from", {200: Seed}, (401, 500), security="control"))
def seed() -> Response:
    """The seed."""
    return _json({"seed": services().run(fault_rules.seed)})


@blueprint.put("/seed")
@describe(Description("Let other requests be hit", {200: Seed}, _REFUSALS, SeedBody, security="control"))
def set_seed() -> Response:
    """Another seed."""
    given = decoding.body(SeedBody).seed
    services().run(lambda connection: fault_rules.set_seed(connection, given))
    return _json({"seed": given})


@blueprint.get("/journal")
@describe(
    Description(
        "Every request of the acquirer's API with its true outcome",
        {200: journal.JournalPage},
        (400, 401, 500),
        parameters=(
            query("reference", {"type": "string"}, "Of this reference alone"),
            query("newest", {"type": "boolean"}, "The newest first"),
            *_PAGED,
        ),
        security="control",
    )
)
def journal_page() -> Response:
    """A page of the journal."""
    asked = decoding.query(reference=str, newest=bool, after=int, limit=int)
    reference, after, newest = asked.get("reference"), asked.get("after", 0), asked.get("newest", False)
    if reference is not None and not is_reference(reference):
        raise Refused("VALIDATION_FAILED", "reference must be a reference.")
    limit = _limit(asked)
    return _json(services().run(lambda found: journal.page(found, reference, after, limit, newest=newest)))


@blueprint.get("/events")
@describe(
    Description(
        "Events and their delivery", {200: events.EventPage}, (400, 401, 500), parameters=_PAGED, security="control"
    )
)
def event_page() -> Response:
    """A page of events."""
    asked = decoding.query(after=int, limit=int)
    limit = _limit(asked)
    return _json(services().run(lambda connection: events.page(connection, asked.get("after", 0), limit)))


def _limit(asked: dict[str, Any]) -> int:
    limit: int = asked.get("limit", DEFAULT_PAGE)
    if not 1 <= limit <= journal.LONGEST_PAGE:
        raise Refused("VALIDATION_FAILED", f"limit must be from 1 to {journal.LONGEST_PAGE}.")
    return limit


def _replace(rules: FaultsBody) -> fault_rules.Faults:
    def replace(connection: sqlite3.Connection) -> fault_rules.Faults:
        fault_rules.replace(connection, rules.rules)
        return fault_rules.shown(connection)

    return services().run(replace)


def _change(ours: Clock, change: ClockBody, connection: sqlite3.Connection) -> ClockState:
    now = ours.look(connection)
    if change.set is not None:
        now = from_datetime(change.set)
    elif change.advance is not None:
        now += round(change.advance * SECOND)
    elif change.offset is not None:
        now = ours.offset_from_machine(change.offset)
    was_frozen = ours.state(connection)["frozen_at"] is not None
    ours.set(connection, now, frozen=was_frozen if change.frozen is None else change.frozen)
    return _clock_state(ours, connection)


def _clock_state(ours: Clock, connection: sqlite3.Connection) -> ClockState:
    row = ours.state(connection)
    return {
        "now": iso(ours.look(connection)),
        "frozen": row["frozen_at"] is not None,
        "offsetSeconds": row["clock_offset"] / SECOND,
        "earliest": iso(row["floor"]),
    }


def _json(value: Any) -> Response:
    return plain(Answer("", 200, value))
