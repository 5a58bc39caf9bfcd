"""What the API answers about payments and the ledger, as pydantic models: they describe the JSON of `payments`."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from payments.ledger.rules import Account
from payments.outbox.rules import EventType
from payments.payment.rules import Status

ABSENT: Final[Any] = None
"""The default of a member that is left out, and never null."""

Time = Annotated[str, Field(json_schema_extra={"format": "date-time"}, description="UTC with microseconds")]
Count = Annotated[int, Field(ge=0)]
Identifier = Annotated[int, Field(ge=1, le=2**63 - 1)]
Minor = Annotated[int, Field(ge=0, description="Minor units of the currency")]


def inline(names: type[StrEnum]) -> WithJsonSchema:
    """The names where they are used: an enum of its own would be another type for clients."""
    return WithJsonSchema({"enum": [*names], "type": "string"})


StatusName = Annotated[Status, inline(Status)]
AccountName = Annotated[Account, inline(Account)]
EventName = Annotated[EventType, inline(EventType)]


class Answer(BaseModel):
    """Nothing but the members that are named."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class FieldError(Answer):
    """One thing wrong with a request."""

    field: str
    message: str


class ProblemDetails(Answer):
    """RFC 9457, with our code."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    message: str
    payment_id: Identifier = Field(default=ABSENT)
    request_id: str
    errors: list[FieldError]


class Entry(Answer):
    """One posting: the amount goes from the credit account to the debit account."""

    entry_id: Identifier
    event_id: Identifier
    posting_no: Count
    debit_account: AccountName
    credit_account: AccountName
    amount: Annotated[int, Field(ge=1)]
    currency: str
    occurred_at: Time
    posted_at: Time


class PaymentItem(Answer):
    """A payment as lists show it."""

    payment_id: Identifier
    merchant_id: str
    status: StatusName
    amount: Minor
    captured_amount: Minor
    released_amount: Minor
    refunded_amount: Minor
    currency: str
    created_at: Time
    expires_at: Time


class CommandAnswer(PaymentItem):
    """A payment right after a command; its postings follow, GET shows them."""

    ledger_entries: Annotated[list[Entry], Field(max_length=0)]
    message: str


class Event(Answer):
    """One step of a payment, on its way to the ledger."""

    event_id: Identifier
    event_type: EventName
    amount: Minor
    status: StatusName
    occurred_at: Time
    published_at: Time | None
    posted_at: Time | None


class PaymentAnswer(PaymentItem):
    """A payment with its postings and its events."""

    ledger_entries: list[Entry]
    events: list[Event]


class Balance(Answer):
    """An account's sums; the balance is on the account's normal side."""

    account: AccountName
    currency: str
    debits: Minor
    credits: Minor
    balance: int


class Balances(Answer):
    """All accounts that have postings."""

    items: list[Balance]
    as_of: Time


class Totals(Answer):
    """Both sides of one currency."""

    currency: str
    debits: Minor
    credits: Minor


class Audit(Answer):
    """When the newest complete audit began; `differences` are the findings that are open now, and must be 0."""

    at: Time
    differences: Count
    in_flight: Count


class TrialBalance(Balances):
    """All accounts, both sides, and the newest audit (null before the first)."""

    totals: list[Totals]
    audit: Audit | None
