"""Payouts as operators make them, for the tests of this folder: a batch that is closed, and each step after that."""

from datetime import timedelta

from sqlalchemy import Engine, select

from payments.ledger.rules import SourceType
from payments.merchants.rules import Mode
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.settlement import payout
from payments.platform.values.money import AmountsByCurrency
from payments.settlement import payout_view, payouts, store
from payments.settlement.pain_001 import Account
from payments.settlement.payout_file import Format
from payments.settlement.payout_file_store import StoredFile
from payments.settlement.store import StoredBatch
from tests.contracts.settlement.selling import NEXT, batches, sell, settle

LATER = NEXT + timedelta(hours=1)
LIMITS = AmountsByCurrency(1_000_000, {"EUR": 10_000_000})
OURS = Account("Payops GmbH", "DE89370400440532013000")
IBAN = "NL91ABNA0417164300"


def settled(
    engine: Engine, amount: int = 10_000, merchant_id: str = "M1", currency: str = "EUR", minimum: int = 0
) -> int:
    """A batch that is CLOSED: one sale less 1.5 % and 30; returns its id."""
    sell(engine, amount, merchant_id, currency)
    settle(engine, minimum=minimum)
    return max(each.batch.batch_id for each in batches(engine, merchant_id, currency))


def approve(engine: Engine, batch_id: int, actor: str = "cli:a") -> StoredBatch:
    with engine.begin() as connection:
        return payouts.approve(connection, batch_id, actor, "checked", LIMITS, LATER)


def export(
    engine: Engine,
    format_: Format = Format.CSV,
    debtor: Account | None = OURS,
    currency: str = "EUR",
    mode: Mode | None = None,
) -> StoredFile:
    """A file; `mode` None: of live money for a bank, else of merchants that nobody has registered."""
    mode = mode or (Mode.LIVE if format_ is Format.PAIN_001 else Mode.TEST)
    with engine.begin() as connection:
        return payouts.export(connection, currency, mode, format_, "cli:a", "Friday", debtor, LATER)


def confirm(engine: Engine, batch_id: int) -> StoredBatch:
    with engine.begin() as connection:
        return payouts.confirm(connection, batch_id, "cli:b", "paid", LATER)


def give_back(engine: Engine, batch_id: int) -> StoredBatch:
    with engine.begin() as connection:
        return payouts.give_back(connection, batch_id, "cli:b", "no such account", LATER)


def stored(engine: Engine, batch_id: int) -> StoredBatch:
    with engine.connect() as connection:
        found = store.get(connection, batch_id)
    assert found is not None
    return found


def content(engine: Engine, file: StoredFile) -> bytes:
    with engine.connect() as connection:
        return payout_view.content(connection, file.file_id)[1]


def posted(engine: Engine) -> list[tuple[object, ...]]:
    """The postings of payouts."""
    names = ("source_id", "posting_no", "debit_account", "credit_account", "amount", "currency", "merchant_id")
    query = select(*(ledger_entry.c[name] for name in names)).order_by(ledger_entry.c.entry_id)
    with engine.connect() as connection:
        found = connection.execute(query.where(ledger_entry.c.source_type == SourceType.PAYOUT.value))
        return [tuple(row) for row in found]


def payout_states(engine: Engine) -> list[tuple[int, int, str]]:
    query = select(payout.c.batch_id, payout.c.amount, payout.c.state).order_by(payout.c.payout_id)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query)]
