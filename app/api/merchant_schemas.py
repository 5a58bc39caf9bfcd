"""Request bodies of merchants: who is paid, when their day ends, and where their money goes."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from app import messages
from app.api.schemas import ABSENT, Body, Connector, DiscardReason, MerchantId, MerchantName
from payments.merchants.rules import MerchantState, Mode
from payments.platform.json_types import OneOf
from payments.platform.values import time_zones
from payments.platform.values.iban import LONGEST, NO_IBAN, NoIban, iban

_LONGEST_IBAN: Final = LONGEST + LONGEST // 4
"""Characters with a space behind each four."""


def _iban(text: str) -> str:
    try:
        return iban(text)
    except ValueError:
        raise ValueError(messages.NOT_AN_IBAN) from None


TimeZone = Annotated[
    str,
    Field(
        min_length=1, max_length=time_zones.LONGEST, description="When its day ends: Europe/Berlin, of the tz database"
    ),
    AfterValidator(time_zones.zone_name),
]
Iban = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_IBAN, description="Where it is paid; spaces are allowed, and not kept"),
    AfterValidator(_iban),
]


class MerchantBody(Body):
    """A new merchant; its day is UTC's unless `timeZone` says otherwise."""

    merchant_id: MerchantId = Field(alias="merchantId")
    name: MerchantName
    mode: Annotated[Mode, Field(strict=False), OneOf(Mode)]
    connector: Connector = ABSENT
    time_zone: TimeZone = Field(default=ABSENT, alias="timeZone")
    iban: Iban = ABSENT


class MerchantChangeBody(Body):
    """Suspend a merchant, make it active again, or change how it is connected and paid: at least one of these.

    As in a JSON Merge Patch (RFC 7396), what is absent stays as it is, and null removes. Only an IBAN can be removed.
    """

    state: Annotated[MerchantState, Field(strict=False), OneOf(MerchantState)] = ABSENT
    connector: Connector = ABSENT
    time_zone: TimeZone = Field(default=ABSENT, alias="timeZone")
    iban: Iban | None = Field(
        default=None, description="Where it is paid; spaces are allowed, and not kept; null: it has no IBAN any more"
    )
    reason: DiscardReason

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.model_fields_set == {"reason"}:
            raise ValueError(messages.NO_CHANGE)
        return self

    @property
    def new_iban(self) -> str | NoIban | None:
        """NO_IBAN for null; None: absent."""
        return NO_IBAN if self.iban is None and "iban" in self.model_fields_set else self.iban
