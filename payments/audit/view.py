"""Findings of audits as they are shown, in pages."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from payments.audit import finding_store
from payments.audit.finding_store import Finding
from payments.audit.snapshot import FindingKind
from payments.outbox.rules import format_time
from payments.platform.json_types import Identifier, JsonObject, OneOf, Time
from payments.platform.paging import page


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
