"""What the audit finds wrong about a batch, also where the database would have refused the row."""

from collections import Counter
from typing import Any, Final

import pytest

from payments.audit.money_out.batch_rules import batch_faults
from payments.audit.money_out.batches import AuditedBatch, AuditedPayout, BatchRow, ItemSums, Sums
from payments.audit.money_out.fees import WrongFees
from payments.audit.money_out.sources import Net, net, together
from payments.ledger.rules import Account
from payments.settlement.rules import State

ROW: Final = BatchRow(
    batch_id=7,
    merchant_id="M1",
    currency="KRW",
    number=2,
    state=State.CLOSED,
    carried_in=-100,
    gross=10_000,
    refunds=5_000,
    fees=105,
    adjustments=-20,
    items=3,
    net=4_775,
    carried_out=0,
    approved_by=None,
    approved_by_second=None,
    carried_before=-100,
)
CLOSING: Final = {Account.MERCHANT_PAYABLE: 4_880, Account.FEE_REVENUE: -105, Account.PAYOUT_CLEARING: -4_775}


def faults(*, posted: Net | None = None, payout: AuditedPayout | None = None, **values: Any) -> list[str]:
    row = ROW._replace(**values)
    of_closing = net("KRW", "M1", CLOSING) if posted is None else posted
    return list(batch_faults(AuditedBatch(row, ItemSums(row.sums), of_closing, payout)))


def test_a_batch_whose_sums_and_postings_agree_is_right() -> None:
    assert faults() == []


WRONG: Final[list[tuple[dict[str, Any], str]]] = [
    ({"net": 4_776}, "net is 4776, it must be 4775"),
    ({"adjustments": 20}, "net is 4775, it must be 4815"),
    ({"refunds": -5_000}, "net is 4775, it must be 14775"),
    ({"fees": -105}, "net is 4775, it must be 4985"),
    ({"carried_in": 0, "carried_before": 0}, "net is 4775, it must be 4875"),
    ({"carried_in": -99, "net": 4_776}, "carried_in is -99, it must be -100"),
    ({"carried_before": None}, "there is no closed batch 1 before it"),
    ({"number": 1}, "carried_in is -100, it must be 0"),
    ({"carried_out": 4_775}, "carried_out is 4775, it must be 0"),
    ({"state": State.CARRIED}, "carried_out is 0, it must be 4775"),
    ({"state": State.APPROVED}, "it is APPROVED, and nobody has approved it"),
    ({"approved_by": "ann", "approved_by_second": "ann"}, "ann has approved it twice"),
    ({"approved_by": "key:ann", "approved_by_second": "cli:Ann"}, "key:ann has approved it twice"),
    ({"gross": 5_125, "net": -100}, "it is CLOSED with a net of -100"),
    ({"state": State.EXPORTED, "approved_by": "ann"}, "it is EXPORTED, and has no payout"),
]


@pytest.mark.parametrize(("values", "said"), WRONG)
def test_what_is_wrong_about_a_batch_is_said(values: dict[str, Any], said: str) -> None:
    assert said in faults(**values)


def test_an_open_batch_has_neither_sums_nor_postings() -> None:
    opened = ROW._replace(state=State.OPEN, gross=0, refunds=0, fees=0, adjustments=0, items=0, net=0)
    assert list(batch_faults(AuditedBatch(opened, None, Counter()))) == []
    reopened = AuditedBatch(ROW._replace(state=State.OPEN), None, net("KRW", "M1", CLOSING))
    said = list(batch_faults(reopened))
    assert said[0].startswith("the sums of an OPEN batch is Sums(gross=10000")
    assert len(said) == 1 + len(CLOSING)


def test_a_payout_that_is_not_its_batch_is_said() -> None:
    exported: dict[str, Any] = {"state": State.EXPORTED, "approved_by": "ann"}
    assert faults(payout=AuditedPayout(1, "M1", "KRW", 4_775, State.EXPORTED), **exported) == []
    for other in (("M2", "KRW", 4_775), ("M1", "USD", 4_775), ("M1", "KRW", 4_776)):
        (said,) = faults(payout=AuditedPayout(1, *other, State.EXPORTED), **exported)
        assert said.startswith("payout 1 is ")
    (said,) = faults(payout=AuditedPayout(1, "M1", "KRW", 4_775, State.CONFIRMED), state=State.CLOSED)[:1]
    assert said.startswith("payout 1 is ")


def test_sums_of_items_are_compared_one_by_one() -> None:
    counted = ItemSums(Sums(10_000, 5_000, 104, -20, 3), strays=1, first_stray=9)
    said = list(batch_faults(AuditedBatch(ROW, counted, net("KRW", "M1", CLOSING))))
    assert said == ["fees is 105, its items have 104", "1 items do not agree with their postings, one is item 9"]


def test_fees_that_no_schedule_says_are_named() -> None:
    batch = AuditedBatch(ROW, None, net("KRW", "M1", CLOSING), wrong_fees=WrongFees(2, 17))
    assert list(batch_faults(batch)) == ["2 payments have other fees than their schedule says, one is payment 17"]


def test_sums_of_changes_keep_what_is_below_zero() -> None:
    one = net("KRW", None, {Account.BANK: -5, Account.FEE_REVENUE: 5})
    assert together((one, one))["bank", "KRW", None] == -10
