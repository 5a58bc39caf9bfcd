"""/audit: what audits found, the newest audits, and a request for another one; with the admin token."""

from flask import Blueprint, Response
from sqlalchemy import Connection

from app import csv_export
from app.api import csv_rows, encoding, queries
from app.api.answers import AuditFindingPage
from app.api.parameters import CURSOR, FINDING_KIND, FINDING_STATE, FOUND_PAYMENT, LIMIT
from app.http.authentication import acting_operator
from app.http.describing import Description, describe
from app.transactions import read, write
from payments.audit import view
from payments.audit.requests import request_audit
from payments.audit.snapshot import FindingKind, FindingState
from payments.merchants.rules import Scope
from payments.platform.json_types import names_of

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.get("/findings")
@describe(
    Description(
        "List what audits found, newest first",
        "audit",
        answers={200: AuditFindingPage},
        problems=(400, 401, 403, 429, 503),
        parameters=(FINDING_STATE, FINDING_KIND, FOUND_PAYMENT, LIMIT, CURSOR),
        scopes=(Scope.READ,),
    )
)
def findings() -> Response:
    """A page of findings."""
    state, kind, payment_id = _filters()
    before, limit = queries.cursor(), queries.limit()
    return encoding.page(AuditFindingPage, *read(lambda c: view.findings(c, state, kind, payment_id, before, limit)))


@blueprint.get("/findings.csv")
@describe(
    Description(
        "What audits found as a file, newest first",
        "audit",
        answers={200: csv_rows.MEDIA_TYPE},
        problems=(400, 401, 403, 429, 503),
        parameters=(FINDING_STATE, FINDING_KIND, FOUND_PAYMENT),
        scopes=(Scope.READ,),
        text=csv_export.ABOUT,
    )
)
def findings_csv() -> Response:
    """All pages of findings."""
    state, kind, payment_id = _filters()

    def page(connection: Connection, cursor: int | None, limit: int) -> tuple[list[view.AuditFinding], int | None]:
        return view.findings(connection, state, kind, payment_id, cursor, limit)

    return csv_export.csv_answer("audit-findings.csv", names_of(view.AuditFinding), page)


def _filters() -> tuple[str | None, str | None, int | None]:
    return (
        queries.choice("state", FindingState),
        queries.choice("kind", FindingKind),
        queries.number("paymentId"),
    )


@blueprint.get("/runs")
@describe(
    Description(
        "The newest audits, and whether one is requested",
        "audit",
        answers={200: view.AuditRuns},
        problems=(401, 403, 429, 503),
        scopes=(Scope.READ,),
    )
)
def runs() -> Response:
    """Complete audits, newest first."""
    return encoding.answer(read(view.runs))


@blueprint.post("/runs")
@describe(
    Description(
        "Ask housekeeping to audit now",
        "audit",
        answers={202: view.AuditRuns},
        problems=(401, 403, 429, 503),
        scopes=(Scope.OPERATE,),
        text="`requested` is null again when an audit that began later is complete. While a request is open, another"
        " one does nothing.",
    )
)
def request_run() -> Response:
    """The newest audits, with the request."""
    actor = acting_operator()

    def ask(connection: Connection) -> view.AuditRuns:
        request_audit(connection, actor)
        return view.runs(connection)

    return encoding.answer(write(ask), 202)
