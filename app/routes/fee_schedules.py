"""/fee-schedules: what merchants pay. Versions are added and never change."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import FeeSchedulePage
from app.api.parameters import CURRENCY, CURSOR, LIMIT, OF_MERCHANT
from app.api.settlement_schemas import FeeScheduleBody
from app.commit.money_request import read_body
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.transactions import read_list, write
from payments.merchants.rules import Scope
from payments.platform.clock import database_now
from payments.settlement import fee_schedules, schedule_view

blueprint = Blueprint("fee_schedules", __name__, url_prefix="/fee-schedules")


@blueprint.get("")
@describe(
    Description(
        "List versions of fee schedules, the newest added first",
        "settlement",
        answers={200: FeeSchedulePage},
        problems=(400, 401, 403, 429, 503),
        parameters=(OF_MERCHANT, CURRENCY, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def index() -> Response:
    """A page of versions."""
    of, before, limit = (queries.merchant(), queries.currency()), queries.cursor(), queries.limit()
    return encoding.page(
        FeeSchedulePage, *read_list(lambda connection: schedule_view.schedules(connection, *of, before, limit))
    )


@blueprint.post("")
@describe(
    Description(
        "Add a version of a fee schedule",
        "settlement",
        answers={201: schedule_view.FeeSchedule},
        problems=(400, 401, 403, 404, 409, 413, 415, 429, 503),
        body=FeeScheduleBody,
        scopes=(Scope.ADMINISTER,),
        text="A payment has the newest version that is in force when it is authorized: its merchant's own, else that of"
        " `*`.",
    )
)
def create() -> Response:
    """A new version."""
    body, actor = read_body(FeeScheduleBody), acting_operator()
    added = write(lambda c: fee_schedules.add(c, body.schedule, actor, body.reason, database_now(c)))
    return encoding.answer(schedule_view.schedule(added), 201)
