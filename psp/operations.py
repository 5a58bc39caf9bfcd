"""The acquirer's rules about operations. Pure: a command and what is known of its authorization in, a decision out."""

import json
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from psp.cards import APPROVED_KINDS, TokenKind


class Kind(StrEnum):
    """What moves or holds money."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"


class State(StrEnum):
    """What an operation is. The last three are final."""

    PROCESSING = "PROCESSING"
    APPROVED = "APPROVED"
    DECLINED = "DECLINED"
    CANCELLED = "CANCELLED"
    """A tombstone: it has not happened and never will."""


class DeclineCode(StrEnum):
    """Why an operation is DECLINED."""

    CARD_DECLINED = "card_declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    PROCESSING_ERROR = "processing_error"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105  (a code)
    UNKNOWN_AUTHORIZATION = "unknown_authorization"
    CURRENCY_MISMATCH = "currency_mismatch"
    EXCEEDS_AUTHORIZED = "amount_exceeds_authorized"
    EXCEEDS_CAPTURED = "amount_exceeds_captured"
    NOT_THE_REST = "amount_is_not_the_rest"
    NOTHING_OPEN = "nothing_open"


_OF_TOKEN = {
    TokenKind.DECLINED: DeclineCode.CARD_DECLINED,
    TokenKind.INSUFFICIENT_FUNDS: DeclineCode.INSUFFICIENT_FUNDS,
    TokenKind.EXPIRED_CARD: DeclineCode.EXPIRED_CARD,
    TokenKind.PROCESSING_ERROR: DeclineCode.PROCESSING_ERROR,
}


@dataclass(frozen=True, slots=True)
class Command:
    """A well-formed request for an operation. `amount` is in minor units; None in a void: all that is open."""

    kind: Kind
    reference: str
    amount: int | None
    currency: str
    token: str | None = None
    authorization: str | None = None

    def digest(self) -> str:
        """SHA-256 (hex) of what the command says: the same reference with another digest is another command."""
        said = [self.kind.value, self.amount, self.currency, self.token, self.authorization]
        return sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Authorization:
    """An approved authorization and what has become of it, in minor units."""

    reference: str
    currency: str
    authorized: int
    captured: int = 0
    refunded: int = 0
    released: int = 0

    @property
    def open(self) -> int:
        """What can still be captured or released."""
        return self.authorized - self.captured - self.released


@dataclass(frozen=True, slots=True)
class Decision:
    """What the acquirer decides. `decline` is None when it approves; `amount` is what was asked for or released."""

    amount: int
    decline: DeclineCode | None = None

    @property
    def state(self) -> State:
        """APPROVED or DECLINED."""
        return State.APPROVED if self.decline is None else State.DECLINED


def decide(command: Command, token: TokenKind | None, authorization: Authorization | None) -> Decision:
    """Decide on a command. `token`: of its token; `authorization`: the one that it names; None where unknown."""
    if command.kind is Kind.AUTHORIZATION:
        return Decision(command.amount or 0, _refusal_of_token(token))
    if authorization is None:
        return Decision(command.amount or 0, DeclineCode.UNKNOWN_AUTHORIZATION)
    amount = authorization.open if command.amount is None else command.amount
    return Decision(amount, _refusal(command, amount, authorization))


def _refusal_of_token(token: TokenKind | None) -> DeclineCode | None:
    if token is None:
        return DeclineCode.UNKNOWN_TOKEN
    return None if token in APPROVED_KINDS else _OF_TOKEN[token]


def _refusal(command: Command, amount: int, authorization: Authorization) -> DeclineCode | None:
    if command.currency != authorization.currency:
        return DeclineCode.CURRENCY_MISMATCH
    if command.kind is Kind.REFUND:
        fits = authorization.refunded + amount <= authorization.captured
        return None if fits else DeclineCode.EXCEEDS_CAPTURED
    if command.kind is Kind.CAPTURE:
        return None if amount <= authorization.open else DeclineCode.EXCEEDS_AUTHORIZED
    if authorization.open == 0:
        return DeclineCode.NOTHING_OPEN
    return None if amount == authorization.open else DeclineCode.NOT_THE_REST
