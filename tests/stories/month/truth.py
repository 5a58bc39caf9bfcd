"""What the books must say at the end of a month, from what shops and acquirer know; and by SQL, what they say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import Connection, text

from payments.ledger.rules import Account, balance
from payments.settlement import item_store, store
from payments.settlement.fees import FeeSchedule
from payments.settlement.statement import statement
from tests.stories.month.prices import PRICES, price_of
from tests.stories.month.shops import Sale

Sums = Counter[str]
"""By currency, in minor units."""
LIABILITIES: Final = (
    Account.MERCHANT_PAYABLE,
    Account.PAYOUT_CLEARING,
    Account.RECONCILIATION_SUSPENSE,
    Account.FEE_REVENUE,
)
ASSETS: Final = (Account.BANK, Account.ACQUIRER_RECEIVABLE, Account.ACQUIRER_FEE_EXPENSE)


def balances(connection: Connection) -> dict[Account, Sums]:
    """Each account on its normal side, over all of the ledger."""
    sides: dict[tuple[str, str], Sums] = {}
    for side in ("debit", "credit"):
        rows = connection.execute(text(f"SELECT {side}_account, currency, sum(amount) FROM ledger_entry GROUP BY 1, 2"))
        for account, currency, amount in rows:
            sides.setdefault((side, account), Counter())[currency] = int(amount)
    currencies = {currency for sums in sides.values() for currency in sums}
    return {
        account: Counter(
            {
                currency: balance(
                    account,
                    sides.get(("debit", account), Counter())[currency],
                    sides.get(("credit", account), Counter())[currency],
                )
                for currency in currencies
            }
        )
        for account in Account
    }


def earned(sales: Iterable[Sale], known: Sequence[FeeSchedule] = PRICES) -> Counter[tuple[str, str]]:
    """By merchant and currency: what was captured and not refunded, less its price of those `known`."""
    found: Counter[tuple[str, str]] = Counter()
    for sale in sales:
        found[sale.shop.merchant_id, sale.currency] += sale.captured - sale.refunded - price_of(sale, known)
    return found


def prices(sales: Iterable[Sale]) -> Sums:
    """What shops have paid."""
    found: Sums = Counter()
    for sale in sales:
        found[sale.currency] += price_of(sale)
    return found


def payable(connection: Connection) -> Counter[tuple[str, str]]:
    """What the ledger owes each merchant, by merchant and currency."""
    rows = connection.execute(
        text(
            "SELECT COALESCE(e.merchant_id, p.merchant_id), e.currency,"
            " sum(CASE WHEN e.credit_account = 'merchant_payable' THEN e.amount ELSE -e.amount END)"
            " FROM ledger_entry e LEFT JOIN payment p ON p.payment_id = e.payment_id"
            " WHERE 'merchant_payable' IN (e.debit_account, e.credit_account) GROUP BY 1, 2"
        )
    )
    return Counter({(row[0], row[1]): int(row[2]) for row in rows})


_ITEMS: Final = """
SELECT b.merchant_id, b.currency, b.number, b.state, b.cutoff, b.carried_in, b.gross, b.refunds, b.fees, b.adjustments,
  b.net, b.carried_out, b.items,
  COALESCE(SUM(CASE WHEN i.kind = 'CAPTURE' THEN i.amount END), 0) AS captures,
  COALESCE(SUM(CASE WHEN i.kind = 'REFUND' THEN i.amount END), 0) AS refunded,
  COALESCE(SUM(CASE WHEN i.kind = 'ADJUSTMENT' THEN i.amount END), 0) AS corrected,
  COALESCE(SUM(i.fee), 0) AS charged, COUNT(i.item_id) AS lines_of
FROM settlement_batch b LEFT JOIN settlement_item i ON i.batch_id = b.batch_id
GROUP BY b.batch_id ORDER BY b.merchant_id, b.currency, b.number
"""


def wrong_batches(connection: Connection) -> list[str]:
    """Batches whose sums are not those of their items, or that do not follow each other."""
    wrong: list[str] = []
    before: dict[tuple[str, str], tuple[int, int]] = {}
    for row in connection.execute(text(_ITEMS)):
        of = f"batch {row.number} of {row.merchant_id} in {row.currency}"
        if row.state == "OPEN":
            wrong.append(f"{of} is OPEN")
        sums = (row.gross, row.refunds, row.adjustments, row.fees, row.items)
        if sums != (row.captures, row.refunded, row.corrected, row.charged, row.lines_of):
            wrong.append(f"{of} has other items: {row}")
        if row.net != row.gross - row.refunds - row.fees + row.adjustments + row.carried_in:
            wrong.append(f"{of} has another net: {row}")
        if row.carried_out != (row.net if row.state == "CARRIED" else 0):
            wrong.append(f"{of} carries {row.carried_out} and is {row.state}")
        number, carried = before.get((row.merchant_id, row.currency), (0, 0))
        if (row.number, row.carried_in) != (number + 1, carried):
            wrong.append(f"{of} does not follow {number}, which carried {carried}: {row}")
        before[row.merchant_id, row.currency] = (row.number, row.carried_out)
    return wrong


_IN_NO_ITEM: Final = """
SELECT e.entry_id FROM ledger_entry e LEFT JOIN settlement_item i ON i.entry_id = e.entry_id
WHERE 'merchant_payable' IN (e.debit_account, e.credit_account) AND COALESCE(e.source_type, '') <> 'settlement_batch'
GROUP BY e.entry_id HAVING COUNT(i.item_id) <> 1
"""
_ITEM_OF_ANOTHER: Final = """
SELECT i.item_id FROM settlement_item i
JOIN settlement_batch b ON b.batch_id = i.batch_id
JOIN ledger_entry e ON e.entry_id = i.entry_id
LEFT JOIN payment p ON p.payment_id = e.payment_id
WHERE e.amount <> ABS(i.amount) OR e.currency <> b.currency OR COALESCE(e.merchant_id, p.merchant_id) <> b.merchant_id
  OR e.occurred_at >= b.cutoff OR COALESCE(e.event_id, 0) <> COALESCE(i.event_id, 0)
  OR (i.kind = 'CAPTURE') <> (e.payment_id IS NOT NULL AND e.credit_account = 'merchant_payable')
  OR (i.kind = 'REFUND') <> (e.payment_id IS NOT NULL AND e.debit_account = 'merchant_payable')
"""


def wrong_items(connection: Connection) -> list[str]:
    """Postings that are not in exactly one item, and items that are not what was posted."""
    loose = connection.execute(text(_IN_NO_ITEM)).scalars().all()
    other = connection.execute(text(_ITEM_OF_ANOTHER)).scalars().all()
    return [f"posting {entry}" for entry in loose] + [f"item {item}" for item in other]


def wrong_statements(connection: Connection) -> list[str]:
    """Batches whose statement is not the one of its closing, or does not add up to what is paid out."""
    wrong = []
    for row in connection.execute(text("SELECT batch_id, state, net FROM settlement_batch")).all():
        stored = store.get(connection, row.batch_id)
        assert stored is not None
        data = statement(stored.batch, [each.item for each in item_store.of_batch(connection, row.batch_id)])
        total = int(data.decode().splitlines()[-1].split(",")[-2])
        if sha256(data).hexdigest() != stored.sha256 or total != (0 if row.state == "CARRIED" else row.net):
            wrong.append(f"batch {row.batch_id}: {total}")
    return wrong
