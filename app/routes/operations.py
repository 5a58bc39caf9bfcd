"""/operations: the backlog and a merchant's rate limits in numbers, for the console."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response

from app.api import encoding, queries
from app.api.parameters import MERCHANT
from app.api.reports import Operations
from app.http.describing import Description, describe
from app.services import services
from app.transactions import read
from payments.outbox.rules import format_time
from payments.platform.redis_windows import Window
from payments.reading import health

blueprint = Blueprint("operations", __name__, url_prefix="/operations")


@blueprint.before_request
def _admins_only() -> None:
    services().admin.check()


@blueprint.get("")
@describe(
    Description(
        "The backlog in numbers, and a merchant's rate limits",
        "operations",
        answers={200: Operations},
        problems=(400, 401, 429, 503),
        parameters=(MERCHANT,),
        admin=True,
        text="`rateLimits` is empty without merchantId, and while Redis does not answer.",
    )
)
def show() -> Response:
    """Numbers for the console."""
    merchant_id = queries.merchant()
    numbers = read(health.operations)
    windows = {} if merchant_id is None else services().admission.windows(merchant_id)
    numbers["rateLimits"] = [_limit(operation, window) for operation, window in windows.items()]
    return encoding.answer(numbers)


def _limit(operation: str, window: Window) -> dict[str, Any]:
    return {
        "operation": operation,
        "limit": window.limit,
        "remaining": window.remaining,
        "resetAt": format_time(datetime.fromtimestamp(window.ends_at, UTC)),
    }
