"""Request bodies: strict, so that a misspelt field is refused and a string is no number."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from psp.cards import TokenKind, is_card_number
from psp.faults import APPLIES, TIMED, Fault, RequestKind
from psp.operations import Command, Kind

LARGEST_AMOUNT: Final = 10**12
LONGEST_SECONDS: Final = 600.0
REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
ABSENT: Final[Any] = None
"""The default of a field that may be left out, but not be null."""


def _reference(text: str) -> str:
    if not REFERENCE.fullmatch(text):
        raise ValueError("must have 1 to 64 of A-Z, a-z, 0-9, and after the first _ . : -")
    if is_card_number(text):
        raise ValueError("must not be a card number")
    return text


def is_reference(text: str) -> bool:
    """Whether it can be a reference."""
    return REFERENCE.fullmatch(text) is not None and not is_card_number(text)


Reference = Annotated[
    str,
    Field(description="The caller's name of the operation", json_schema_extra={"pattern": f"^{REFERENCE.pattern}$"}),
    AfterValidator(_reference),
]
Authorization = Annotated[str, Field(description="An authorization's reference or id"), AfterValidator(_reference)]
Amount = Annotated[int, Field(ge=1, le=LARGEST_AMOUNT, description="Minor units of the currency")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217 code")]
TokenName = Annotated[str, Field(pattern="^tok_[a-z0-9_]{1,60}$", description="Of POST /v1/tokens")]


class Body(BaseModel):
    """The base of all bodies."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class TokenBody(Body):
    """A card. Only test numbers are taken; nothing of it is kept."""

    number: Annotated[str, Field(repr=False, max_length=40)]
    expiry: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])/[0-9]{2}$", description="MM/YY", repr=False)]
    cvc: Annotated[str, Field(pattern="^[0-9]{3,4}$", repr=False)] = ABSENT


class AuthorizationBody(Body):
    """Hold an amount."""

    reference: Reference
    amount: Amount
    currency: Currency
    token: TokenName

    def command(self, kind: Kind) -> Command:
        """The command."""
        return Command(kind, self.reference, self.amount, self.currency, token=self.token)


class FollowUpBody(Body):
    """Capture, or give back what was captured."""

    reference: Reference
    amount: Amount
    currency: Currency
    authorization: Authorization

    def command(self, kind: Kind) -> Command:
        """The command."""
        return Command(kind, self.reference, self.amount, self.currency, authorization=self.authorization)


class VoidBody(FollowUpBody):
    """Release what is still open. An amount must be all of it."""

    amount: Amount = ABSENT


class CancelBody(Body):
    """Which operation must never happen."""

    reference: Reference


class SeedBody(Body):
    """What all draws of faults follow from."""

    seed: Annotated[int, Field(ge=0, le=2**53)]


class FaultRule(Body):
    """One rule; docs/simulator.md lists the faults. Absent kinds, tokenKinds and count mean all requests."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, serialize_by_alias=True)

    fault: Annotated[Fault, Field(strict=False)]
    kinds: list[Annotated[RequestKind, Field(strict=False)]] = []
    token_kinds: list[Annotated[TokenKind, Field(strict=False)]] = Field(default=[], alias="tokenKinds")
    percentage: Annotated[float, Field(gt=0, le=100, strict=False)] = 100.0
    count: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS, strict=False)] | None = None
    silent: bool = False

    @field_validator("percentage", "seconds", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        if isinstance(value, bool | str):
            raise ValueError("must be a number")  # pydantic asks for a ValueError
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        impossible = sorted(set(self.kinds) - APPLIES[self.fault])
        if impossible:
            raise ValueError(f"{self.fault} cannot hit {', '.join(impossible)}")
        if self.seconds is not None and self.fault not in TIMED:
            raise ValueError(f"{self.fault} takes no seconds")
        if self.silent and self.fault is not Fault.LATE_SUCCESS:
            raise ValueError(f"{self.fault} cannot be silent")
        return self


class FaultsBody(Body):
    """All rules, in the order in which they are tried."""

    rules: Annotated[list[FaultRule], Field(max_length=50)]


class ClockBody(Body):
    """A change of the clock: one of `set`, `advance`, `offset`, and whether it is frozen (absent: as it was)."""

    set: Annotated[datetime | None, Field(strict=False, description="RFC 3339, with a zone")] = None
    advance: Annotated[float | None, Field(ge=0, le=1e9, strict=False, description="Seconds forward")] = None
    offset: Annotated[
        float | None, Field(ge=-1e9, le=1e9, strict=False, description="Seconds ahead of the machine")
    ] = None
    frozen: bool | None = None

    @field_validator("set", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        if not isinstance(value, str) or not re.match(r"\d{4}-\d\d-\d\d", value):
            raise ValueError("must be a moment as RFC 3339 writes it")
        return value

    @field_validator("advance", "offset", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        if isinstance(value, bool | str):
            raise ValueError("must be a number")  # pydantic asks for a ValueError
        return value

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if len(self.model_fields_set & {"set", "advance", "offset"}) > 1 or not self.model_fields_set:
            raise ValueError("needs one of set, advance and offset, or frozen")
        if self.set is not None and self.set.tzinfo is None:
            raise ValueError("set needs a zone")
        return self
