"""The answers of lists and of money commands; the other answers are types of the rooms that make them."""

from dataclasses import dataclass, field
from typing import Annotated, Generic, TypeVar

from payments.acquiring.view import AcquirerOperation
from payments.audit.view import AuditFinding
from payments.dead_letters.view import DeadLetterSummary
from payments.merchants.view import ApiKey, Merchant
from payments.outbox.view import ParkedEvent
from payments.payment.view import FoundPayment, PaymentItem
from payments.platform.json_types import JsonObject, Keywords, Time
from payments.reading.actions import OperatorAction
from payments.reading.ledger import Entry
from payments.reconciliation.file_view import ReconFile
from payments.reconciliation.view import ReconException
from payments.settlement.adjustment_view import SettlementAdjustment
from payments.settlement.item_view import SettlementItem
from payments.settlement.payout_view import PayoutFile
from payments.settlement.schedule_view import FeeSchedule
from payments.settlement.view import Settlement, SettlementBatch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(JsonObject, Generic[T]):
    """`nextCursor` is null on the last page. A page repeats `items` with its type: pydantic does not resolve T."""

    items: list[T] = field(kw_only=True)  # first in the answer, last in OpenAPI
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PaymentPage(Page[PaymentItem]):
    """Payments, newest first."""

    items: list[PaymentItem] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class EntryPage(Page[Entry]):
    """Postings, oldest first."""

    items: list[Entry] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class DeadLetterPage(Page[DeadLetterSummary]):
    """Dead letters, newest first."""

    items: list[DeadLetterSummary] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class AuditFindingPage(Page[AuditFinding]):
    """Findings, newest first."""

    items: list[AuditFinding] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ParkedPage(Page[ParkedEvent]):
    """Parked events, newest first."""

    items: list[ParkedEvent] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class AcquirerOperationPage(Page[AcquirerOperation]):
    """Operations at acquirers, newest first."""

    items: list[AcquirerOperation] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class OperatorActionPage(Page[OperatorAction]):
    """Operators' actions, newest first."""

    items: list[OperatorAction] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class MerchantPage(Page[Merchant]):
    """Merchants, by id."""

    items: list[Merchant] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ApiKeyPage(Page[ApiKey]):
    """Keys by id, without their secrets."""

    items: list[ApiKey] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class CommandAnswer(PaymentItem):
    """A payment right after a command; its postings follow later, see GET."""

    ledger_entries: Annotated[list[Entry], Keywords(maxItems=0)]
    message: str


@dataclass(frozen=True, slots=True)
class FoundPaymentPage(Page[FoundPayment]):
    """Payments that were searched for, newest first.

    `searchedTo` is set when the page ended early because enough payments were looked at: go on with `nextCursor`. With
    a null `nextCursor` the request or trace has more events than are looked at, and older ones are left out.
    """

    items: list[FoundPayment] = field(kw_only=True)
    searched_to: Time | None


@dataclass(frozen=True, slots=True)
class SettlementBatchPage(Page[SettlementBatch]):
    """Settlement batches, newest first."""

    items: list[SettlementBatch] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class SettlementPage(Page[Settlement]):
    """A merchant's settlement batches, newest first."""

    items: list[Settlement] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class SettlementItemPage(Page[SettlementItem]):
    """Items of a batch, oldest first."""

    items: list[SettlementItem] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PayoutFilePage(Page[PayoutFile]):
    """Payout files, newest first."""

    items: list[PayoutFile] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class SettlementAdjustmentPage(Page[SettlementAdjustment]):
    """Adjustments, newest first."""

    items: list[SettlementAdjustment] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class FeeSchedulePage(Page[FeeSchedule]):
    """Versions of fee schedules, the newest added first."""

    items: list[FeeSchedule] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ReconFilePage(Page[ReconFile]):
    """Settlement files of acquirers, newest first."""

    items: list[ReconFile] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ReconExceptionPage(Page[ReconException]):
    """Exceptions, newest first."""

    items: list[ReconException] = field(kw_only=True)
