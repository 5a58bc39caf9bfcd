"""/outbox/parked: events that Kafka refused, with the admin token."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import ParkedPage
from app.api.parameters import CURSOR, EVENT_ID, LIMIT
from app.api.schemas import DiscardBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.transactions import read, write
from payments.merchants.rules import Scope
from payments.outbox import service as outbox
from payments.outbox.view import ParkedEvent

blueprint = Blueprint("outbox", __name__, url_prefix="/outbox/parked")


@blueprint.get("")
@describe(
    Description(
        "List parked events, newest first",
        "outbox",
        answers={200: ParkedPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of parked events."""
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(ParkedPage, *read(lambda connection: outbox.parked(connection, before, limit)))


@blueprint.post("/<id:event_id>/release")
@describe(
    Description(
        "Let the relay try a parked event again",
        "outbox",
        answers={200: ParkedEvent},
        problems=(401, 403, 404, 409, 429, 503),
        parameters=(EVENT_ID,),
        scopes=(Scope.OPERATE,),
        text="What waits behind it follows. The answer shows the event as it was.",
    )
)
def release(event_id: int) -> Response:
    """The event as it was before."""
    actor = acting_operator()
    return encoding.answer(write(lambda connection: outbox.release(connection, event_id, actor)))


@blueprint.post("/<id:event_id>/discard")
@describe(
    Description(
        "Give up a parked event that moves no money",
        "outbox",
        answers={200: ParkedEvent},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        parameters=(EVENT_ID,),
        body=DiscardBody,
        scopes=(Scope.OPERATE,),
        text="Refused for a payment's event. The dead letter of a replay is OPEN again. The answer shows it as it was.",
    )
)
def discard(event_id: int) -> Response:
    """The event as it was before."""
    body = read_body(DiscardBody)
    actor = acting_operator()
    return encoding.answer(write(lambda connection: outbox.discard(connection, event_id, body.reason, actor)))
