"""/operator-actions: who did what, to what, and why. Read only; nothing here is ever deleted."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import OperatorActionPage
from app.api.parameters import CURSOR, LIMIT
from app.http.describing import Description, describe
from app.transactions import read_list
from payments.merchants.rules import Scope
from payments.reading.actions import actions

blueprint = Blueprint("operator_actions", __name__, url_prefix="/operator-actions")


@blueprint.get("")
@describe(
    Description(
        "List operators' actions, newest first",
        "operations",
        answers={200: OperatorActionPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of actions."""
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(OperatorActionPage, *read_list(lambda connection: actions(connection, before, limit)))
