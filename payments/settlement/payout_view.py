"""Payout files, as operators see them. Read only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from payments.merchants.rules import Mode
from payments.outbox.rules import format_time
from payments.platform.errors import NotFound
from payments.platform.json_types import Count, Identifier, JsonObject, Minor, OneOf, Time
from payments.platform.paging import page
from payments.settlement import payout_file_store
from payments.settlement.payout_file import Format
from payments.settlement.payout_file_store import StoredFile


@dataclass(frozen=True, slots=True)
class PayoutFile(JsonObject):
    """A file of payouts. `payouts`: how many; `total`: their sum in minor units; `sha256`: of its bytes."""

    file_id: Identifier
    name: str
    format: Annotated[str, OneOf(Format)]
    mode: Annotated[str, OneOf(Mode)]
    currency: str
    payouts: Count
    total: Minor
    sha256: str
    created_by: str
    created_at: Time


def payout_files(connection: Connection, before: int | None, limit: int) -> tuple[list[PayoutFile], int | None]:
    """A page of files, newest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> Sequence[StoredFile]:
        return payout_file_store.page(connection, behind, size)

    return page(read, payout_file, lambda each: each.file_id, before, limit)


def get_file(connection: Connection, file_id: int) -> PayoutFile:
    """One file. Raises NotFound."""
    found = payout_file_store.get(connection, file_id)
    if found is None:
        raise NotFound(f"There is no payout file {file_id}.")
    return payout_file(found)


def content(connection: Connection, file_id: int) -> tuple[str, bytes]:
    """The name under which a file is saved, and its bytes. Raises NotFound."""
    found = payout_file_store.get(connection, file_id)
    text = payout_file_store.content_of(connection, file_id)
    if found is None or text is None:
        raise NotFound(f"There is no payout file {file_id}.")
    return f"{found.name}.{'xml' if found.format is Format.PAIN_001 else 'csv'}", text.encode()


def payout_file(found: StoredFile) -> PayoutFile:
    """A file as it is shown."""
    return PayoutFile(
        file_id=found.file_id,
        name=found.name,
        format=found.format.value,
        mode=found.mode.value,
        currency=found.currency,
        payouts=found.payouts,
        total=found.total,
        sha256=found.sha256,
        created_by=found.created_by,
        created_at=format_time(found.created_at),
    )
