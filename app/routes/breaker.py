"""/circuit-breaker: the relay's breaker as last reported, and operators' commands to it."""

import time
from typing import Final

import gevent
from flask import Blueprint, Response, request

from app import messages
from app.api import encoding
from app.api.schemas import TransitionBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read, read_back, write
from payments.breaker import service, view
from payments.breaker.rules import BREAKER
from payments.breaker.view import Breaker, Breakers, PendingBreaker
from payments.merchants.rules import Scope
from payments.platform.errors import TransitionNotAllowed

blueprint = Blueprint("breaker", __name__, url_prefix="/circuit-breaker")

ANSWER_WITHIN: Final = 1.0
"""Seconds to wait for the relay before the answer is 202."""
_POLL_SECONDS: Final = 0.05
_OPERATORS: Final = "Without the admin token, `history` does not say which operator moved the breaker, or why."


@blueprint.get(f"/{BREAKER}")
@describe(
    Description(
        "The relay's circuit breaker", "breaker", answers={200: Breaker}, problems=(401, 403, 429, 503), text=_OPERATORS
    )
)
def show() -> Response:
    """The breaker."""
    return encoding.answer(_shown())


@blueprint.get("/status")
@describe(
    Description(
        "All circuit breakers by name",
        "breaker",
        answers={200: Breakers},
        problems=(401, 403, 429, 503),
        text=_OPERATORS,
    )
)
def status() -> Response:
    """All breakers."""
    return encoding.answer(Breakers(_shown()))


def _shown() -> Breaker:
    """The breaker; operators' names and reasons only with the admin token."""
    if "Authorization" in request.headers:
        services().guard.admit(
            (Scope.READ,)
        )  # also a wrong one is refused and counted: the answer would tell that it is wrong
        return read(view.breaker)
    return view.without_operators(read(view.breaker))


@blueprint.post(f"/{BREAKER}/transition")
@describe(
    Description(
        "Ask the breaker to move; 202 when no relay has done it within a second",
        "breaker",
        answers={200: Breaker, 202: PendingBreaker},
        problems=(400, 401, 403, 409, 413, 415, 429, 503),
        body=TransitionBody,
        scopes=(Scope.OPERATE,),
    )
)
def transition() -> Response:
    """An operator's command to the relay."""
    body = read_body(TransitionBody)
    actor = acting_operator()
    command_id = write(lambda connection: service.request_transition(connection, body.to, body.reason, actor))
    outcome = _outcome(command_id)
    if outcome == "not_allowed":
        raise TransitionNotAllowed(messages.breaker_cannot_move(body.to))
    shown = read_back(view.breaker)
    return encoding.answer(shown) if outcome else encoding.answer(view.pending(shown), 202)


def _outcome(command_id: int) -> str | None:
    """The outcome of the command; None when the relay has not applied it in time."""
    deadline = time.monotonic() + ANSWER_WITHIN
    while (outcome := read_back(lambda connection: service.outcome(connection, command_id))) is None:
        if time.monotonic() >= deadline:
            return None
        gevent.sleep(_POLL_SECONDS)  # the relay only marks the command in the table
    return outcome
