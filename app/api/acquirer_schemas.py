"""Request bodies of the operators' desk for operations at acquirers."""

from typing import Annotated

from pydantic import Field

from app.api.schemas import Body, DiscardReason
from payments.acquiring.view import Outcome
from payments.platform.json_types import OneOf


class EnquireBody(Body):
    """Ask an acquirer again what became of an operation."""

    reason: DiscardReason


class DecideBody(Body):
    """What became of an operation, by evidence: the acquirer's own, for example."""

    outcome: Annotated[Outcome, Field(strict=False), OneOf(Outcome)]
    reason: DiscardReason
