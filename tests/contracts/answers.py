"""Results of commands as short texts, and sums from the database."""

import json

from sqlalchemy import Engine, func, select

from payments.payment.answers import Result
from payments.platform.tables.payments import payment
from tests.contracts.commands import authorize, run_one


def new_payment_id(engine: Engine, key: str) -> int:
    """The id of a new payment of 10,000."""
    return int(json.loads(run_one(engine, authorize(key)).body)["paymentId"])


def status_or_code(result: Result) -> str:
    """The status of the payment, or the code of what was wrong."""
    if result.error is not None:
        return result.error.code
    body = json.loads(result.body)
    return str(body.get("code") or body["status"])


def captured(engine: Engine) -> int:
    """The captured amount of all payments."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.sum(payment.c.captured_amount))).scalar_one())
