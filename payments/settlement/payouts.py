"""What operators do with closed batches: approve them, put them into a payout file, say what the bank did.

Each runs in the caller's transaction, locks its batch first, and is noted with its actor.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from payments.ledger import source_store
from payments.ledger.rules import Account as LedgerAccount
from payments.ledger.rules import SourceType
from payments.ledger.source_store import SourcePosting
from payments.merchants.rules import Mode
from payments.platform.desk_errors import NothingToPayOut, PayoutAccountMissing, SettlementConflict
from payments.platform.errors import NotFound, ValidationFailed
from payments.platform.operators import note_action
from payments.platform.values.money import AmountsByCurrency, format_amount
from payments.settlement import pain_001, payees, payout_file, payout_file_store, payout_store, rules, store
from payments.settlement.pain_001 import Account, Transfer
from payments.settlement.payout_file import Format, Payout, PayoutState
from payments.settlement.payout_file_store import StoredFile
from payments.settlement.rules import Batch, State, Step
from payments.settlement.store import StoredBatch

FILE_LIMITS: Final = {Format.CSV: 1_000, Format.PAIN_001: 250}
"""Payouts of one file; the others are in the next one. To check XML takes the api's only thread, so it has fewer."""
_NAMED: Final = 5
"""Merchants that a message names."""
_POSTINGS: Final = {
    Step.CONFIRM: (0, LedgerAccount.BANK),
    Step.RETURN: (1, LedgerAccount.MERCHANT_PAYABLE),
}
"""Number and credit account of the posting that takes a payout out of payout_clearing."""


def approve(
    connection: Connection, batch_id: int, actor: str, reason: str, limits: AmountsByCurrency, now: datetime
) -> StoredBatch:
    """Approve a batch; one of a net above its currency's limit stays CLOSED until a second operator has, too.

    Raises NotFound; SettlementConflict unless it is CLOSED; SecondOperatorNeeded when the first approves again.
    """
    found = _locked(connection, batch_id)
    if found.batch.state is not State.CLOSED:
        raise SettlementConflict(f"Batch {batch_id} is {found.batch.state}: what is CLOSED is approved.")
    changed = rules.approved(found.batch, actor, limits.of(found.batch.currency))
    net = format_amount(changed.net, changed.currency)
    return _changed(connection, found, changed, actor, "approve", f"{net}, {changed.state}: {reason}", now)


def export(
    connection: Connection,
    currency: str,
    mode: Mode,
    format_: Format,
    actor: str,
    reason: str,
    debtor: Account | None,
    now: datetime,
) -> StoredFile:
    """Put the APPROVED batches of a currency, the oldest of them up to FILE_LIMITS, into a new payout file.

    `mode`: of its merchants; test money is not in the file of real money. Those of suspended merchants are left out.
    Raises NothingToPayOut; of PAIN_001 ValidationFailed unless it is of LIVE and EUR, PayoutAccountMissing when we
    (`debtor` None) or a merchant have no account, SettlementConflict for an amount that is no transfer.
    """
    if format_ is Format.PAIN_001 and (currency, mode) != (pain_001.CURRENCY, Mode.LIVE):
        message = f"must be {Format.CSV} unless it is {Mode.LIVE} money in {pain_001.CURRENCY}"
        raise ValidationFailed(f"format {message}.", (("format", message),))
    batches = payout_store.lock_approved(connection, currency, mode, FILE_LIMITS[format_])
    if not batches:
        raise NothingToPayOut(_why_nothing(payout_store.held(connection, currency, mode), currency, mode))
    payouts = [payout_file.payout(each.batch) for each in batches]
    name = payout_file.name_of(payouts, mode, now)
    data = _pain_001(connection, name, payouts, debtor, now) if format_ is Format.PAIN_001 else None
    file = _stored(connection, name, format_, mode, payouts, data or payout_file.write(name, payouts), actor, now)
    payout_store.save_exported(connection, [rules.moved(each.batch, Step.EXPORT) for each in batches], now)
    detail = f"{mode} {format_}, {file.payouts} payouts, {format_amount(file.total, currency)}: {reason}"
    note_action(connection, actor, "settlement.export", f"payout file {name}", detail)
    return file


def confirm(connection: Connection, batch_id: int, actor: str, reason: str, now: datetime) -> StoredBatch:
    """The bank has paid a batch: its payout leaves payout_clearing for the bank.

    Raises NotFound, or SettlementConflict unless it is EXPORTED.
    """
    return _ended(connection, batch_id, Step.CONFIRM, PayoutState.CONFIRMED, actor, reason, now)


def give_back(connection: Connection, batch_id: int, actor: str, reason: str, now: datetime) -> StoredBatch:
    """The bank could not pay a batch: its money is the merchant's again, an item of the next batch.

    Raises NotFound, or SettlementConflict unless it is EXPORTED.
    """
    return _ended(connection, batch_id, Step.RETURN, PayoutState.RETURNED, actor, reason, now)


def _ended(
    connection: Connection, batch_id: int, step: Step, state: PayoutState, actor: str, reason: str, now: datetime
) -> StoredBatch:
    found = _locked(connection, batch_id)
    paid = payout_store.lock_of_batch(connection, batch_id)
    if found.batch.state is not State.EXPORTED or paid is None:
        raise SettlementConflict(f"Batch {batch_id} is {found.batch.state}: the bank answers for what is EXPORTED.")
    number, account = _POSTINGS[step]
    posting = SourcePosting(number, LedgerAccount.PAYOUT_CLEARING, account, paid.amount, paid.currency)
    source_store.post(connection, SourceType.PAYOUT, paid.payout_id, paid.merchant_id, [posting], now, now)
    payout_store.save_state(connection, paid.payout_id, state, now)
    detail = f"{format_amount(paid.amount, paid.currency)}: {reason}"
    return _changed(connection, found, rules.moved(found.batch, step), actor, step.value.lower(), detail, now)


def _pain_001(
    connection: Connection, name: str, payouts: Sequence[Payout], debtor: Account | None, now: datetime
) -> bytes:
    if debtor is None:
        raise PayoutAccountMissing("The platform has no account: set APP_PAYOUT_NAME and APP_PAYOUT_IBAN.")
    accounts = payees.accounts(connection, {each.merchant_id for each in payouts})
    missing = sorted({each.merchant_id for each in payouts} - set(accounts))
    if missing:
        raise PayoutAccountMissing(f"These merchants have no IBAN: {_named(missing)}.")
    transfers = [
        Transfer(each.batch_id, each.merchant_id, Account(*accounts[each.merchant_id]), each.amount) for each in payouts
    ]
    for each in transfers:
        if each.amount > pain_001.LARGEST_TRANSFER:
            raise SettlementConflict(f"Batch {each.batch_id} is more than a SEPA transfer may be; pay it by CSV.")
    return pain_001.write(name, debtor, transfers, now)


def _why_nothing(held: Sequence[str], currency: str, mode: Mode) -> str:
    if not held:
        return f"No batch of a {mode} merchant in {currency} is approved."
    approved = f"The approved batches of {mode} merchants in {currency}"
    return f"{approved} wait until these suspended merchants are active again: {_named(held)}."


def _named(merchant_ids: Sequence[str]) -> str:
    others = f" and {len(merchant_ids) - _NAMED} others" if len(merchant_ids) > _NAMED else ""
    return f"{', '.join(merchant_ids[:_NAMED])}{others}"


def _stored(
    connection: Connection,
    name: str,
    format_: Format,
    mode: Mode,
    payouts: Sequence[Payout],
    data: bytes,
    actor: str,
    now: datetime,
) -> StoredFile:
    new = StoredFile(
        file_id=0,
        name=name,
        format=format_,
        mode=mode,
        currency=payouts[0].currency,
        payouts=len(payouts),
        total=sum(each.amount for each in payouts),
        sha256=hashlib.sha256(data).hexdigest(),
        created_by=actor,
        created_at=now,
    )
    stored = payout_file_store.add(connection, new, data.decode())
    payout_store.add(connection, stored.file_id, payouts, now)
    return stored


def _locked(connection: Connection, batch_id: int) -> StoredBatch:
    found = store.get(connection, batch_id, lock=True)
    if found is None:
        raise NotFound(f"There is no batch {batch_id}.")
    return found


def _changed(
    connection: Connection, found: StoredBatch, changed: Batch, actor: str, action: str, detail: str, now: datetime
) -> StoredBatch:
    store.save(connection, changed, now)
    note_action(connection, actor, f"settlement.{action}", f"batch {changed.batch_id}", detail)
    return replace(found, batch=changed, updated_at=now)
