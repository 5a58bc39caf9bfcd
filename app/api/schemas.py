"""Request bodies: pydantic models that validate, compute the command's digest, and appear in OpenAPI.

Strict: a string is not a number, null is not "absent", and an unknown field is refused, because a misspelt `amount`
must not capture everything.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, Final

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app import messages
from payments.breaker.rules import State
from payments.merchants.rules import (
    LONGEST_LIFETIME,
    LONGEST_OVERLAP,
    NETWORK_LIMIT,
    Scope,
    networks,
)
from payments.platform.connectors import ConnectorName
from payments.platform.json_types import OneOf
from payments.platform.values import sensitive, texts
from payments.platform.values.money import DECIMALS, MAX_AMOUNT

ABSENT: Final[Any] = None
"""The default of a field that may be left out, but not be null."""
LONGEST_MERCHANT_ID: Final = 32
LONGEST_KEY: Final = 64
LONGEST_REASON: Final = 200
LONGEST_DISCARD_REASON: Final = 500
PAYMENT_METHOD: Final = "^[A-Za-z0-9_-]{1,64}$"


def _key(text: str) -> str:
    # keys are random, and some look like a card number: `sensitive.storable_key`
    return _sound(text, texts.fault(text))


def _identifier(text: str) -> str:
    return _kept(text, texts.fault(text))


def _prose(text: str) -> str:
    return _kept(text, texts.fault_of_prose(text))


def _kept(text: str, fault: str | None) -> str:
    """A text that people write and that is stored: it must not contain a card number or an API key."""
    return _sound(_sound(text, fault), sensitive.fault(text))


def _sound(text: str, fault: str | None) -> str:
    if fault is not None:
        raise ValueError(fault)
    return text


def _circulating(code: str) -> str:
    if code not in DECIMALS:
        raise ValueError(messages.NOT_A_CURRENCY)
    return code


def _text(longest: int, description: str, pattern: str = texts.NOT_BLANK) -> Any:
    schema: dict[str, Any] = {"pattern": pattern}  # documents what is checked after the length
    return Field(min_length=1, max_length=longest, description=description, json_schema_extra=schema)


MerchantId = Annotated[
    str, _text(LONGEST_MERCHANT_ID, "The merchant; a name, not a credential"), AfterValidator(_identifier)
]
Amount = Annotated[int, Field(ge=1, le=MAX_AMOUNT, description="Minor units of the currency (KRW 0 decimals, USD 2)")]
IdempotencyKey = Annotated[
    str,
    _text(LONGEST_KEY, "Makes a repetition harmless; may be sent as the header Idempotency-Key instead"),
    AfterValidator(_key),
]
Currency = Annotated[
    str,
    Field(description="ISO 4217 code", json_schema_extra={"enum": sorted(DECIMALS)}),
    AfterValidator(_circulating),
]
Reason = Annotated[
    str, _text(LONGEST_REASON, "Why, for the people who read it later", texts.PROSE), AfterValidator(_prose)
]
DiscardReason = Annotated[
    str, _text(LONGEST_DISCARD_REASON, "Why nobody needs it any more", texts.PROSE), AfterValidator(_prose)
]


_METHOD: Final = "The acquirer's token of a card, needed where the merchant has an acquirer; it is not kept"
PaymentMethod = Annotated[str, Field(pattern=PAYMENT_METHOD, description=_METHOD), AfterValidator(_identifier)]
MerchantName = Annotated[str, _text(128, "What people call it", texts.PROSE), AfterValidator(_prose)]
KeyName = Annotated[str, _text(64, "What the key is for", texts.PROSE), AfterValidator(_prose)]


def _networks(found: list[str]) -> list[str]:
    networks(found)
    return found


Connector = Annotated[
    ConnectorName,
    Field(strict=False, description="Where the money of new payments is held; `none`: they are approved at once"),
    OneOf(ConnectorName),
]


class Body(BaseModel):
    """The base of all request bodies."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class KeyedBody(Body):
    """A command with an idempotency key. Absent optional fields are None."""

    idempotency_key: IdempotencyKey = Field(default=ABSENT, alias="idempotencyKey")

    def digest(self, operation: str, payment_id: int, **known: str) -> str:
        """SHA-256 (hex) of the operation, the payment id and every field but the key, without absent fields.

        `known`: fields that the caller's key says where the body does not.

        So an optional field of a later release does not change the digests already stored.
        """
        fields = self.model_dump(exclude={"idempotency_key"}, exclude_none=True) | known
        return sha256(orjson.dumps([operation, payment_id, fields], option=orjson.OPT_SORT_KEYS)).hexdigest()


class MoneyBody(KeyedBody):
    """A command of one merchant: the one of the API key. Without a key (`APP_AUTH=open`) merchantId is needed."""

    merchant_id: MerchantId = Field(default=ABSENT, alias="merchantId")


class AuthorizeBody(MoneyBody):
    """Hold an amount of the customer's money."""

    amount: Amount
    currency: Currency
    payment_method: PaymentMethod = Field(default=ABSENT, alias="paymentMethod", repr=False)


class CaptureBody(MoneyBody):
    """Take the held money, or a part of it."""

    amount: Amount = Field(default=ABSENT, description="Minor units; absent: all that is open")


class RefundBody(MoneyBody):
    """Give captured money back, or a part of it."""

    amount: Amount = Field(default=ABSENT, description="Minor units; absent: all that is captured and not refunded")
    reason: Reason = Field(default=ABSENT)


class VoidBody(MoneyBody):
    """Release all that is still held."""


class OperatorVoidBody(KeyedBody):
    """An operator's void of a merchant's payment."""

    reason: Reason


class OperatorAmountBody(OperatorVoidBody):
    """An operator's capture or refund of a merchant's payment."""

    amount: Amount = Field(default=ABSENT, description="Minor units; absent: all that is possible")


class NewKeyBody(Body):
    """A new key; without `scopes` it has all of its kind, without `merchantId` it is an operator's."""

    merchant_id: MerchantId = Field(default=ABSENT, alias="merchantId")
    name: KeyName
    scopes: list[Annotated[Scope, Field(strict=False), OneOf(Scope)]] = Field(
        default_factory=list, max_length=len(Scope)
    )
    allowed_networks: Annotated[list[str], AfterValidator(_networks)] = Field(
        default_factory=list, alias="allowedNetworks", max_length=NETWORK_LIMIT, description="From anywhere when empty"
    )
    expires_in_seconds: int = Field(
        default=ABSENT, alias="expiresInSeconds", ge=1, le=int(LONGEST_LIFETIME.total_seconds())
    )

    @property
    def lifetime(self) -> timedelta | None:
        """How long the key works; None: without an end."""
        seconds: Any = self.expires_in_seconds  # typed without the None of ABSENT
        return None if seconds is None else timedelta(seconds=seconds)


class RotateBody(Body):
    """Replace a key."""

    overlap_seconds: int = Field(alias="overlapSeconds", ge=0, le=int(LONGEST_OVERLAP.total_seconds()))


class RevokeBody(Body):
    """End a key at once."""

    reason: DiscardReason


class DiscardBody(Body):
    """Discard a dead letter, or a parked event that moves no money."""

    reason: DiscardReason


class TransitionBody(Body):
    """Move the circuit breaker by hand."""

    to: Annotated[State, Field(strict=False), OneOf(State)]  # strict, it takes no text
    reason: Reason = Field(default=ABSENT)
