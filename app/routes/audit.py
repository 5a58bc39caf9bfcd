"""/audit: what audits found, with the admin token. Read only."""

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.answers import AuditFindingPage
from app.api.parameters import CURSOR, FINDING_KIND, FINDING_STATE, FOUND_PAYMENT, LIMIT
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read
from payments.audit import view
from payments.audit.snapshot import FindingKind, FindingState

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.before_request
def _admins_only() -> None:
    services().admin.check()


@blueprint.get("/findings")
@describe(
    Description(
        "List what audits found, newest first",
        "audit",
        answers={200: AuditFindingPage},
        problems=(400, 401, 429, 503),
        parameters=(FINDING_STATE, FINDING_KIND, FOUND_PAYMENT, LIMIT, CURSOR),
        admin=True,
    )
)
def findings() -> Response:
    """A page of findings."""
    state, kind = queries.choice("state", FindingState), queries.choice("kind", FindingKind)
    payment_id, before, limit = queries.number("paymentId"), queries.cursor(), queries.limit()
    return encoding.page(AuditFindingPage, *read(lambda c: view.findings(c, state, kind, payment_id, before, limit)))
