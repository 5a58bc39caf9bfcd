"""Request bodies of the operators' desk for settlement: steps of a batch, payout files, adjustments, fee schedules."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from app import messages
from app.api import queries
from app.api.schemas import ABSENT, Body, Currency, DiscardReason, IdempotencyKey, MerchantId
from payments.merchants.rules import Mode
from payments.platform.json_types import OneOf
from payments.platform.values.money import MAX_AMOUNT
from payments.settlement.fees import FeeSchedule, OnRefund
from payments.settlement.payout_file import Format

_WHY: Final = "Why, for the people who read it later"


def _not_zero(amount: int) -> int:
    if amount == 0:
        raise ValueError(messages.NOT_ZERO)
    return amount


def _time(text: str) -> str:
    try:
        queries.moment_of(text)
    except ValueError:
        raise ValueError(messages.NOT_A_TIME) from None
    return text


def _part(description: str) -> Any:
    return Field(ge=0, le=MAX_AMOUNT, description=f"{description}, in minor units")


class SettlementStepBody(Body):
    """What an operator says about a batch or an adjustment."""

    reason: DiscardReason = Field(description=_WHY)


class PayoutFileBody(Body):
    """Pay the approved batches of a currency: of live merchants, or of test merchants; of none that is suspended."""

    currency: Currency
    mode: Annotated[Mode, Field(strict=False), OneOf(Mode)] = Mode.LIVE
    format: Annotated[
        Format,
        Field(strict=False, description="PAIN_001: for a bank, of LIVE money in EUR alone, where all have an IBAN"),
        OneOf(Format),
    ]
    reason: DiscardReason = Field(description=_WHY)


class AdjustmentBody(Body):
    """Correct what a merchant is paid."""

    merchant_id: MerchantId = Field(alias="merchantId")
    currency: Currency
    amount: Annotated[
        int,
        Field(
            ge=-MAX_AMOUNT,
            le=MAX_AMOUNT,
            description="Minor units; above 0 the merchant gets it, below 0 it pays",
            json_schema_extra={"not": {"enum": [0]}},
        ),
        AfterValidator(_not_zero),
    ]
    reason: DiscardReason = Field(description=_WHY)
    idempotency_key: IdempotencyKey = Field(default=ABSENT, alias="idempotencyKey")


class FeeScheduleBody(Body):
    """A new version of what a merchant pays; it never changes."""

    merchant_id: MerchantId = Field(alias="merchantId", description="`*`: each merchant that has none of its own")
    currency: Currency
    basis_points: int = Field(alias="basisPoints", ge=0, le=10_000, description="Hundredths of a percent of captures")
    fixed: Annotated[int, _part("What each captured payment costs beside its share")]
    minimum: Annotated[int, _part("The least that a captured payment costs")]
    maximum: Annotated[int, _part("The most that a captured payment costs; null or absent: no limit")] | None = None
    on_refund: Annotated[
        OnRefund,
        Field(alias="onRefund", strict=False, description="Whether a refund gives its fee back"),
        OneOf(OnRefund),
    ]
    valid_from: Annotated[
        str,
        Field(
            alias="validFrom",
            description="Payments authorized at this time or later have it; at least an hour from now",
            json_schema_extra={"format": "date-time"},
        ),
        AfterValidator(_time),
    ]
    reason: DiscardReason = Field(description=_WHY)

    @field_validator("maximum")
    @classmethod
    def _not_below_minimum(cls, maximum: int | None, info: ValidationInfo) -> int | None:
        minimum = info.data.get("minimum")  # absent: it is wrong itself
        if maximum is not None and minimum is not None and maximum < minimum:
            raise ValueError(messages.MAXIMUM_BELOW_MINIMUM)
        return maximum

    @property
    def schedule(self) -> FeeSchedule:
        """The version."""
        at: datetime = queries.moment_of(self.valid_from)
        return FeeSchedule(
            merchant_id=self.merchant_id,
            currency=self.currency,
            basis_points=self.basis_points,
            fixed=self.fixed,
            minimum=self.minimum,
            maximum=self.maximum,
            valid_from=at,
            on_refund=self.on_refund,
        )
