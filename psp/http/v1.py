"""The acquirer's API. A view decodes, calls one use case, and sends its answer, with the fault that hits it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from flask import Blueprint, Response, request

from psp import answers, database, settlement
from psp.acquirer import Served
from psp.bodies import AuthorizationBody, CancelBody, FollowUpBody, TokenBody, VoidBody, is_reference
from psp.errors import Refused
from psp.http import decoding
from psp.http.described import KEYED, Description, describe, query
from psp.http.services import Services, services
from psp.http.wire import CSV, misbehaving
from psp.operations import Kind

blueprint = Blueprint("v1", __name__)
_REFUSALS: Final = (400, 401, 409, 413, 415, 429, 500)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _money(summary: str, body: type[AuthorizationBody] | type[FollowUpBody]) -> Description:
    told = {201: answers.Operation, 202: answers.Operation, 402: answers.Decline}
    return Description(summary, told, _REFUSALS, body, (KEYED,))


@blueprint.before_request
def _admit() -> None:
    access, token = services().access, decoding.bearer()
    if request.method == "OPTIONS":  # a browser asks before it sends a key
        return
    if decoding.is_one_of(token, access.keys):
        return
    if access.publishable_key is None or not decoding.is_one_of(token, [access.publishable_key]):
        raise Refused("UNAUTHENTICATED", "A key is needed: Authorization: Bearer KEY.")
    if request.endpoint != "v1.tokens":
        raise Refused("FORBIDDEN", "The publishable key is for tokens alone.")


@blueprint.after_request
def _allow_shops(response: Response) -> Response:
    origin = request.headers.get("Origin")
    if request.endpoint == "v1.tokens" and origin in services().access.shop_origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "POST"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    response.headers.add("Vary", "Origin")
    return response


@blueprint.post("/v1/tokens")
@describe(
    Description(
        "Take a test card and give a token for it",
        {201: answers.Token},
        (400, 401, 402, 413, 415, 429, 500),
        TokenBody,
        security="publishable",
    )
)
def tokens() -> Response:
    """A token for a card."""
    card = decoding.body(TokenBody)
    return _send(services().acquirer.tokenize(card.number, card.expiry))


@blueprint.post("/v1/authorizations")
@describe(_money("Hold an amount", AuthorizationBody))
def authorizations() -> Response:
    """Authorize."""
    return _operate(Kind.AUTHORIZATION, AuthorizationBody)


@blueprint.post("/v1/captures")
@describe(_money("Take what is held, or a part of it", FollowUpBody))
def captures() -> Response:
    """Capture."""
    return _operate(Kind.CAPTURE, FollowUpBody)


@blueprint.post("/v1/refunds")
@describe(_money("Give back what was captured, or a part of it", FollowUpBody))
def refunds() -> Response:
    """Refund."""
    return _operate(Kind.REFUND, FollowUpBody)


@blueprint.post("/v1/voids")
@describe(_money("Release all that is still held", VoidBody))
def voids() -> Response:
    """Void."""
    return _operate(Kind.VOID, VoidBody)


@blueprint.get("/v1/operations")
@describe(
    Description(
        "What became of a reference",
        {200: answers.Operation},
        (400, 401, 404, 429, 500),
        parameters=(query("reference", {"type": "string"}, "The caller's reference", required=True),),
    )
)
def operations() -> Response:
    """Enquire."""
    reference = decoding.query(reference=str).get("reference", "")
    if not is_reference(reference):
        raise Refused("VALIDATION_FAILED", "reference must be a reference.")
    return _send(services().acquirer.enquire(reference))


@blueprint.post("/v1/operations/cancel")
@describe(
    Description(
        "Make sure that an operation that has not happened never will",
        {200: answers.Cancelled},
        (400, 401, 413, 415, 429, 500),
        CancelBody,
    )
)
def cancel() -> Response:
    """Cancel by reference."""
    return _send(services().acquirer.cancel(decoding.body(CancelBody).reference))


@blueprint.get("/v1/settlements/<day>.csv")
@describe(Description("What moved on a day (UTC) that is over", {200: "text/csv"}, (400, 401, 404, 409, 429, 500)))
def settlements(day: str) -> Response:
    """The settlement file of a day."""
    decoding.query()
    asked, clock = _day(day), services().clock
    served = services().acquirer.settle(lambda connection, now, _: settlement.close(connection, clock, asked, now))
    return _send(served) if served.answer.status != 200 else _file(served, asked)


def _operate(kind: Kind, model: type[AuthorizationBody] | type[FollowUpBody]) -> Response:
    asked = decoding.body(model)
    if request.headers.get("Idempotency-Key") != asked.reference:
        raise Refused("KEY_MISMATCH", "The header Idempotency-Key must be the reference of the body.")
    return _send(services().acquirer.operate(asked.command(kind)))


def _send(served: Served) -> Response:
    return misbehaving(served, services().waits)


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Refused("VALIDATION_FAILED", "The date must be YYYY-MM-DD.")


def _file(served: Served, day: date) -> Response:
    lines = _lines(services(), day)
    if served.hit.fault is not None:
        return misbehaving(served, services().waits, "".join(lines))
    return Response(lines, content_type=CSV)


def _lines(used: Services, day: date) -> Iterator[str]:
    connection = database.reader(used.database)
    try:
        yield from settlement.lines(connection, day, used.threads.apply)
    finally:
        connection.close()
