"""/dead-letters: messages that could not be posted, with the admin token."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from app import csv_export
from app.api import csv_rows, encoding, queries
from app.api.answers import DeadLetterPage
from app.api.parameters import CURSOR, DEAD_LETTER_ID, DEAD_LETTER_STATE, ERROR_TYPE, LIMIT, TOPIC
from app.api.schemas import DiscardBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.transactions import read, read_list, write
from payments.dead_letters import service as dead_letters
from payments.dead_letters import view
from payments.dead_letters.rules import ErrorType
from payments.dead_letters.view import DeadLetterSummary
from payments.merchants.rules import Scope
from payments.outbox.rules import TOPICS
from payments.platform.json_types import names_of
from payments.platform.states import DeadLetterState

blueprint = Blueprint("dead_letters", __name__)


@blueprint.get("/dead-letters")
@describe(
    Description(
        "List dead letters, newest first",
        "dead letters",
        answers={200: DeadLetterPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(TOPIC, ERROR_TYPE, DEAD_LETTER_STATE, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of dead letters."""
    topic, error_type, state = _filters()
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(
        DeadLetterPage,
        *read_list(lambda connection: view.dead_letters(connection, topic, error_type, state, before, limit)),
    )


@blueprint.get("/dead-letters.csv")
@describe(
    Description(
        "Dead letters as a file, newest first",
        "dead letters",
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(400, 401, 403, 429, 503),
        parameters=(TOPIC, ERROR_TYPE, DEAD_LETTER_STATE),
        scopes=(Scope.READ,),
        text=f"Long texts are cut, as in the list. {csv_export.ABOUT}",
    )
)
def index_csv() -> Response:
    """All pages of dead letters."""
    topic, error_type, state = _filters()

    def page(connection: Connection, cursor: int | None, limit: int) -> tuple[list[DeadLetterSummary], int | None]:
        return view.dead_letters(connection, topic, error_type, state, cursor, limit)

    return csv_export.csv_answer("dead-letters.csv", names_of(DeadLetterSummary), page)


def _filters() -> tuple[str | None, str | None, str | None]:
    return (
        queries.choice("topic", TOPICS.values()),
        queries.choice("errorType", ErrorType),
        queries.choice("state", DeadLetterState),
    )


@blueprint.get("/dead-letters/<id:letter_id>")
@describe(
    Description(
        "Show a dead letter",
        "dead letters",
        answers={200: view.DeadLetter},
        problems=(401, 403, 404, 429, 503),
        parameters=(DEAD_LETTER_ID,),
        scopes=(Scope.READ,),
    )
)
def show(letter_id: int) -> Response:
    """One dead letter."""
    return encoding.answer(read(lambda connection: view.dead_letter(connection, letter_id)))


@blueprint.post("/dead-letters/<id:letter_id>/replay")
@describe(
    Description(
        "Send a dead letter's message again",
        "dead letters",
        answers={200: view.DeadLetter},
        problems=(401, 403, 404, 409, 429, 503),
        parameters=(DEAD_LETTER_ID,),
        scopes=(Scope.OPERATE,),
    )
)
def replay(letter_id: int) -> Response:
    """The dead letter, now REPLAYING."""
    actor = acting_operator()
    return encoding.answer(write(lambda connection: dead_letters.replay(connection, letter_id, actor)))


@blueprint.post("/dead-letters/<id:letter_id>/discard")
@describe(
    Description(
        "Put a dead letter away for good",
        "dead letters",
        answers={200: view.DeadLetter},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        parameters=(DEAD_LETTER_ID,),
        body=DiscardBody,
        scopes=(Scope.OPERATE,),
    )
)
def discard(letter_id: int) -> Response:
    """The dead letter, now DISCARDED."""
    body = read_body(DiscardBody)
    actor = acting_operator()
    return encoding.answer(write(lambda connection: dead_letters.discard(connection, letter_id, body.reason, actor)))
