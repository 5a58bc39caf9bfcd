"""Audits as they are shown: findings in pages, the newest runs, the open request."""

from dataclasses import dataclass
from typing import Annotated, Final

from sqlalchemy import Connection

from payments.audit import finding_store, request_store
from payments.audit import store as audit_store
from payments.audit.finding_store import Finding
from payments.audit.snapshot import FindingKind
from payments.outbox.rules import format_time
from payments.platform.json_types import Count, Identifier, JsonObject, Keywords, OneOf, Time
from payments.platform.paging import page

RUNS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class AuditFinding(JsonObject):
    """A difference that an audit found; `clearedAt` is null until a later check no longer finds it."""

    id: Identifier
    kind: Annotated[str, OneOf(FindingKind)]
    payment_id: Identifier | None
    detail: str
    first_seen: Time
    last_seen: Time
    cleared_at: Time | None


def findings(
    connection: Connection, state: str | None, kind: str | None, payment_id: int | None, before: int | None, limit: int
) -> tuple[list[AuditFinding], int | None]:
    """A page of findings, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> list[Finding]:
        return finding_store.page(connection, state, kind, payment_id, behind, size)

    return page(read, _finding, lambda item: item.finding_id, before, limit)


def _finding(finding: Finding) -> AuditFinding:
    return AuditFinding(
        id=finding.finding_id,
        kind=finding.kind,
        payment_id=finding.payment_id,
        detail=finding.detail,
        first_seen=format_time(finding.first_seen),
        last_seen=format_time(finding.last_seen),
        cleared_at=None if finding.cleared_at is None else format_time(finding.cleared_at),
    )


@dataclass(frozen=True, slots=True)
class AuditRun(JsonObject):
    """A complete audit: when it began, whether it checked all payments, and what it found then."""

    id: Identifier
    at: Time
    full: bool
    differences: Count
    in_flight: Count


@dataclass(frozen=True, slots=True)
class AuditRequest(JsonObject):
    """An operator's request for an audit that housekeeping has not completed yet."""

    at: Time
    actor: str


@dataclass(frozen=True, slots=True)
class AuditRuns(JsonObject):
    """The newest audits, newest first; `requested` is null while nobody waits for one."""

    items: Annotated[list[AuditRun], Keywords(maxItems=RUNS_SHOWN)]
    requested: AuditRequest | None


def runs(connection: Connection) -> AuditRuns:
    """The newest complete audits, and the open request."""
    asked = request_store.open_request(connection)
    return AuditRuns(
        [
            AuditRun(run.run_id, format_time(run.at), run.full, run.differences, run.in_flight)
            for run in audit_store.newest_runs(connection, RUNS_SHOWN)
        ],
        None if asked is None else AuditRequest(format_time(asked.requested_at), asked.actor),
    )
