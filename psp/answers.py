"""The JSON of answers: their types, which describe them in OpenAPI, and how a row becomes one."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any, Final

from typing_extensions import TypedDict

from psp.clock import iso
from psp.errors import STATUS
from psp.operations import State


class Operation(TypedDict):
    """An operation as it is now. A tombstone of one that never came has neither kind, amount nor currency."""

    id: str
    reference: str
    kind: str | None
    state: str
    amount: int | None
    currency: str | None
    authorization: str | None
    declineCode: str | None
    receivedAt: str
    decidedAt: str | None


class Error(TypedDict):
    """A refusal with its stable code."""

    code: str
    message: str


class Decline(Error):
    """The acquirer's own refusal, which is final."""

    declineCode: str
    operation: Operation


class Cancelled(TypedDict):
    """What a cancel found. `cancelled`: whether the operation can never happen any more."""

    reference: str
    cancelled: bool
    operation: Operation


class Token(TypedDict):
    """A card's token."""

    token: str
    kind: str
    brand: str
    last4: str


class Health(TypedDict):
    """The simulator answers and its file can be written."""

    status: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered. `outcome` is its word for the journal."""

    outcome: str
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


DECLINED_MESSAGE: Final = "The acquirer declined the operation."


def operation(row: sqlite3.Row) -> Operation:
    """The JSON of a row of `operation`."""
    return {
        "id": row["id"],
        "reference": row["reference"],
        "kind": row["kind"],
        "state": row["state"],
        "amount": row["amount"],
        "currency": row["currency"],
        "authorization": row["authorization"],
        "declineCode": row["decline_code"],
        "receivedAt": iso(row["received_at"]),
        "decidedAt": None if row["decided_at"] is None else iso(row["decided_at"]),
    }


def of_operation(row: sqlite3.Row, *, replayed: bool = False) -> Answer:
    """The answer to the request that made the row: a function of the row alone, so that a repeat gets the same."""
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    outcome = "REPLAYED" if replayed else row["state"]
    if row["state"] == State.CANCELLED:
        return Answer("CANCELLED", 409, error("CANCELLED", "The operation was cancelled and can never happen."))
    if row["state"] == State.DECLINED:
        declined: Decline = {
            "code": "DECLINED",
            "message": DECLINED_MESSAGE,
            "declineCode": row["decline_code"],
            "operation": operation(row),
        }
        return Answer(outcome, 402, declined, headers)
    return Answer(outcome, 202 if row["state"] == State.PROCESSING else 201, operation(row), headers)


def error(code: str, message: str) -> Error:
    """The JSON of a refusal."""
    return {"code": code, "message": message}


def refusal(code: str, message: str, outcome: str = "", headers: dict[str, str] | None = None) -> Answer:
    """The answer of a refusal; its word in the journal is its code unless `outcome` says another."""
    return Answer(outcome or code, STATUS[code], error(code, message), headers or {})
