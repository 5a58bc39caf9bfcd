"""Reads of the ledger, JSON-ready: postings in pages, balances, the trial balance. Each in one transaction."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from payments.audit import finding_store
from payments.ledger import store as ledger_store
from payments.ledger.rules import Account, balance
from payments.ledger.store import Entry, Moved
from payments.outbox.rules import format_time
from payments.platform import operations as operations_store
from payments.platform.clock import database_now
from payments.platform.paging import page


def entries(
    connection: Connection, payment_id: int | None, after: int, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """A page of postings, oldest first, and the id after which the next page begins (None: the last)."""

    def read(behind: int | None, size: int) -> list[Entry]:
        return ledger_store.page(connection, payment_id, behind or 0, size)

    return page(read, entry_members, lambda item: item.entry_id, after, limit)


def balances(connection: Connection, merchant_id: str | None) -> dict[str, Any]:
    """Every account's sums and balance, of one merchant or of all."""
    moved = ledger_store.moved(connection, merchant_id)
    return {"items": _accounts(moved), "asOf": format_time(database_now(connection))}


def trial_balance(connection: Connection) -> dict[str, Any]:
    """All accounts, the totals of both sides by currency, the newest complete audit, and how many findings are open."""
    moved = ledger_store.moved(connection, None)
    totals: dict[str, int] = {}
    for item in moved:
        totals[item.currency] = totals.get(item.currency, 0) + item.amount
    audit = operations_store.newest_audit(connection)
    differences = sum(finding_store.open_by_kind(connection).values())
    return {
        "items": _accounts(moved),
        "asOf": format_time(database_now(connection)),
        # one row has both sides, so these are always equal; the audit compares with the payments
        "totals": [{"currency": c, "debits": total, "credits": total} for c, total in sorted(totals.items())],
        "audit": audit and {"at": format_time(audit.at), "differences": differences, "inFlight": audit.in_flight},
    }


def _accounts(moved: Iterable[Moved]) -> list[dict[str, Any]]:
    sums: dict[tuple[str, str], list[int]] = {}
    for item in moved:
        sums.setdefault((item.debit_account, item.currency), [0, 0])[0] += item.amount
        sums.setdefault((item.credit_account, item.currency), [0, 0])[1] += item.amount
    return [
        {
            "account": account,
            "currency": currency,
            "debits": debits,
            "credits": credits,
            "balance": balance(Account(account), debits, credits),
        }
        for (account, currency), (debits, credits) in sorted(sums.items())
    ]


def entry_members(entry: Entry) -> dict[str, Any]:
    """One posting, JSON-ready."""
    return {
        "entryId": entry.entry_id,
        "eventId": entry.event_id,
        "postingNo": entry.posting_no,
        "debitAccount": entry.debit_account,
        "creditAccount": entry.credit_account,
        "amount": entry.amount,
        "currency": entry.currency,
        "occurredAt": format_time(entry.occurred_at),
        "postedAt": format_time(entry.posted_at),
    }
