"""Reads what the postings of sources changed. `sources` compares it."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from payments.audit.money_out.sources import Net, SourceEntry, net_of
from payments.ledger.rules import SourceType
from payments.platform.tables.ledger import ledger_entry

_ENTRIES = select(
    ledger_entry.c.source_id,
    ledger_entry.c.debit_account,
    ledger_entry.c.credit_account,
    ledger_entry.c.amount,
    ledger_entry.c.currency,
    ledger_entry.c.merchant_id,
).where(
    ledger_entry.c.source_type == bindparam("source_type"),
    ledger_entry.c.source_id.in_(bindparam("ids", expanding=True)),
)


def net_by_source(connection: Connection, source_type: SourceType, ids: Sequence[int]) -> dict[int, Net]:
    """What the postings of these sources changed; those without postings are absent."""
    rows = connection.execute(_ENTRIES, {"source_type": source_type.value, "ids": ids})
    return net_of(SourceEntry(*row) for row in rows)
