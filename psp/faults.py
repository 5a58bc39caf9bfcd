"""Faults: which there are, which requests a rule hits, and how a hit is drawn. Pure.

A draw is a hash of the seed, the rule, and the request's kind, reference and attempt: the same whatever runs beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from psp.cards import TokenKind
from psp.operations import Kind


class RequestKind(StrEnum):
    """What a request of the acquirer's API asks for."""

    AUTHORIZATION = "authorization"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    ENQUIRY = "enquiry"
    CANCEL = "cancel"
    TOKEN = "token"  # noqa: S105  (a word)
    SETTLEMENT = "settlement"


class Fault(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    """Waits `seconds` before it does anything."""
    TIMEOUT_BEFORE = "timeout_before"
    """Does nothing, says nothing for `seconds`, then resets the connection."""
    TIMEOUT_AFTER_SUCCESS = "timeout_after_success"
    """Does it, says nothing for `seconds`, then resets the connection."""
    RESET_MID_BODY = "reset_mid_body"
    """Does it, sends the head and half of the body, then resets the connection."""
    ERROR_AFTER_SUCCESS = "error_after_success"
    """Does it and answers 500."""
    DUPLICATE_CALLBACK = "duplicate_callback"
    """Does it; its event is delivered twice."""
    LATE_SUCCESS = "late_success"
    """Answers PROCESSING (`silent`: as a time-out) and decides `seconds` later by the simulator's clock."""
    MALFORMED_BODY = "malformed_body"
    """Does it and answers half of the JSON, as if it were all."""
    WRONG_AMOUNT = "wrong_amount"
    """Does it and answers an amount that is one too many."""
    RATE_LIMITED = "rate_limited"
    """Does nothing and answers 429."""
    DOWN = "down"
    """Does nothing and resets the connection at once."""


PREVENTS: Final = frozenset({Fault.TIMEOUT_BEFORE, Fault.RATE_LIMITED, Fault.DOWN})
"""Faults with which nothing happens."""
_MONEY: Final = frozenset(RequestKind(kind.value) for kind in Kind)
_WITH_AMOUNT: Final = _MONEY | {RequestKind.ENQUIRY, RequestKind.CANCEL}
APPLIES: Final = {
    fault: {
        Fault.LATE_SUCCESS: _MONEY,
        Fault.DUPLICATE_CALLBACK: _MONEY,
        Fault.WRONG_AMOUNT: _WITH_AMOUNT,
    }.get(fault, frozenset(RequestKind))
    for fault in Fault
}
"""Fault → kinds of requests that it can hit."""
DEFAULT_SECONDS: Final = 30.0
"""What a timed fault takes when its rule does not say."""
TIMED: Final = frozenset({Fault.LATENCY, Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER_SUCCESS, Fault.LATE_SUCCESS})
"""Faults that take `seconds`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Without kinds or token kinds it hits all; `seconds` is 0 where the fault takes none."""

    position: int
    fault: Fault
    kinds: frozenset[RequestKind]
    token_kinds: frozenset[TokenKind]
    percentage: float
    seconds: float
    silent: bool

    def matches(self, request: "Target") -> bool:
        """Whether it can hit this request."""
        return (
            request.kind in APPLIES[self.fault]
            and (not self.kinds or request.kind in self.kinds)
            and (not self.token_kinds or request.token_kind in self.token_kinds)
        )

    def drawn(self, seed: int, request: "Target") -> bool:
        """Whether the percentage hits this request."""
        text = f"{seed}:{self.position}:{request.kind}:{request.reference}:{request.attempt}"
        number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        return number < self.percentage / 100 * 2**64


@dataclass(frozen=True, slots=True)
class Target:
    """A request as rules see it. `attempt`: the how manieth of its kind and reference, from 1."""

    kind: RequestKind
    reference: str | None
    token_kind: TokenKind | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Hit:
    """What goes wrong with one request. `delay`: seconds before anything happens."""

    fault: Fault | None = None
    delay: float = 0.0
    seconds: float = 0.0
    silent: bool = False

    @property
    def prevents(self) -> bool:
        """Whether nothing happens."""
        return self.fault in PREVENTS


def draw(rules: Sequence[Rule], seed: int, request: Target) -> tuple[Hit, list[Rule]]:
    """What hits the request, and the rules that did: every latency, and the first of all other faults."""
    delay, hit, used = 0.0, Hit(), []
    for rule in rules:
        if hit.fault is not None and rule.fault is not Fault.LATENCY:
            continue
        if not (rule.matches(request) and rule.drawn(seed, request)):
            continue
        used.append(rule)
        if rule.fault is Fault.LATENCY:
            delay += rule.seconds
        else:
            hit = Hit(rule.fault, seconds=rule.seconds, silent=rule.silent)
    return Hit(hit.fault, delay, hit.seconds, hit.silent), used
