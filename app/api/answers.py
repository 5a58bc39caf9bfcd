"""Answers whose text is composed elsewhere, described for OpenAPI alone: problems and the answers of money commands."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from payments.payment.view import PaymentItem
from payments.platform.json_types import Identifier, JsonObject, OptionalMember
from payments.reading.ledger import Entry


@dataclass(frozen=True, slots=True)
class FieldError(JsonObject):
    """One thing wrong with a request."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDetails(JsonObject):
    """RFC 9457, with our code."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    message: str
    payment_id: OptionalMember[Identifier] = None
    request_id: str
    errors: list[FieldError]


@dataclass(frozen=True, slots=True)
class CommandAnswer(PaymentItem):
    """A payment right after a command; its postings follow, GET shows them."""

    ledger_entries: Annotated[list[Entry], Field(max_length=0)]
    message: str
