"""Corrections of what a merchant is paid, by operators: new postings only, never a change of old ones.

Each runs in the caller's transaction and is noted with its actor. What is posted is an item of the next batch.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from payments.ledger import source_store
from payments.ledger.rules import Account, SourceType
from payments.platform.desk_errors import SecondOperatorNeeded, SettlementConflict
from payments.platform.errors import IdempotencyKeyReused, NotFound
from payments.platform.operators import note_action
from payments.platform.same_person import is_same_person
from payments.platform.values.money import AmountsByCurrency, format_amount
from payments.settlement import adjustment_store, payees
from payments.settlement.adjustment_store import StoredAdjustment


class Proposed(NamedTuple):
    """An adjustment. `is_repeated`: it was proposed before with the same key, and this proposal has changed nothing."""

    adjustment: StoredAdjustment
    is_repeated: bool = False


def propose(
    connection: Connection,
    merchant_id: str,
    currency: str,
    amount: int,
    reason: str,
    actor: str,
    limits: AmountsByCurrency,
    now: datetime,
    *,
    key: str | None = None,
) -> Proposed:
    """Give a merchant `amount` (minor units), or take it where it is negative; above the limit after a second word.

    `key`: makes a repetition harmless. Raises NotFound for an unknown merchant, IdempotencyKeyReused when the merchant
    has another adjustment with this key, ValueError for an amount of 0.
    """
    if amount == 0:
        raise ValueError("an adjustment of 0 changes nothing")
    if not payees.is_known(connection, merchant_id):
        raise NotFound(f"There is no merchant {merchant_id}.")
    new = StoredAdjustment(
        merchant_id=merchant_id,
        currency=currency,
        amount=amount,
        reason=reason,
        proposed_by=actor,
        created_at=now,
        posted_at=now if abs(amount) <= limits.of(currency) else None,
        idempotency_key=key,
    )
    try:
        with connection.begin_nested():
            added = adjustment_store.add(connection, new)
    except IntegrityError:
        return Proposed(_former(connection, new), is_repeated=True)
    if added.posted_at is not None:
        _post(connection, added, now)
    _note(connection, actor, "propose" if added.posted_at is None else "post", added, reason)
    return Proposed(added)


def agree(connection: Connection, adjustment_id: int, actor: str, reason: str, now: datetime) -> StoredAdjustment:
    """Agree to another operator's adjustment, which posts it.

    Raises NotFound, SettlementConflict unless it waits, SecondOperatorNeeded for the one who proposed it.
    """
    found = _waiting(connection, adjustment_id)
    if is_same_person(found.proposed_by, actor):
        raise SecondOperatorNeeded(f"You proposed adjustment {adjustment_id}; another operator has to agree.")
    agreed = replace(found, agreed_by=actor, posted_at=now)
    adjustment_store.save(connection, agreed)
    _post(connection, agreed, now)
    _note(connection, actor, "agree", agreed, reason)
    return agreed


def withdraw(connection: Connection, adjustment_id: int, actor: str, reason: str, now: datetime) -> StoredAdjustment:
    """End an adjustment that waits, so that it is never posted; any operator may, for no money moves.

    Raises NotFound, SettlementConflict unless it waits.
    """
    withdrawn = replace(_waiting(connection, adjustment_id), withdrawn_by=actor, withdrawn_at=now)
    adjustment_store.save(connection, withdrawn)
    _note(connection, actor, "withdraw", withdrawn, reason)
    return withdrawn


def _former(connection: Connection, again: StoredAdjustment) -> StoredAdjustment:
    """What was stored with the key of `again`. Raises IdempotencyKeyReused unless it is the same."""
    found = adjustment_store.of_key(connection, again.merchant_id, again.idempotency_key or "")
    said = [(one.currency, one.amount, one.reason, one.proposed_by) for one in (found, again) if one is not None]
    if found is None or said[0] != said[1]:
        raise IdempotencyKeyReused("This key was used before with another adjustment; use a new key for a new one.")
    return found


def _waiting(connection: Connection, adjustment_id: int) -> StoredAdjustment:
    found = adjustment_store.lock(connection, adjustment_id)
    if found is None:
        raise NotFound(f"There is no adjustment {adjustment_id}.")
    if found.posted_at is not None:
        raise SettlementConflict(f"Adjustment {adjustment_id} is posted already.")
    if found.withdrawn_at is not None:
        raise SettlementConflict(f"Adjustment {adjustment_id} is withdrawn already.")
    return found


def _post(connection: Connection, of: StoredAdjustment, now: datetime) -> None:
    postings = source_store.moved(0, Account.FEE_REVENUE, Account.MERCHANT_PAYABLE, of.amount, of.currency)
    source_store.post(connection, SourceType.ADJUSTMENT, of.adjustment_id, of.merchant_id, postings, now, now)


def _note(connection: Connection, actor: str, action: str, of: StoredAdjustment, reason: str) -> None:
    detail = f"{format_amount(of.amount, of.currency)} for merchant {of.merchant_id}: {reason}"
    note_action(connection, actor, f"adjustment.{action}", f"adjustment {of.adjustment_id}", detail)
