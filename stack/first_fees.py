"""`python -m stack.first_fees`: the fees that `make run` brings, so that a merchant's batch shows some.

Stored before the first payment alone: what a payment costs never changes. Elsewhere nothing costs a fee until an
operator adds a schedule, an hour before it is in force.
"""

import os
import sys
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, select

from payments.platform.clock import database_now
from payments.platform.database import create_engine
from payments.platform.tables.payments import payment
from payments.settlement import schedule_store
from payments.settlement.fees import ANY_MERCHANT, FeeSchedule, OnRefund

NAME: Final = "make run"
FIXED: Final = {"EUR": 25, "KRW": 300, "USD": 30}
"""By currency, in minor units; to each come 2.5 %. The acquirer's simulator keeps less."""
BASIS_POINTS: Final = 250
FROM: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""A day after the schedules of no fee that a new database has."""

_PAYMENT: Final = select(payment.c.payment_id).limit(1)


def add_first(connection: Connection) -> bool:
    """Add the schedules in the caller's transaction, unless there is one of `make run`, or a payment."""
    known = [
        schedule for currency in FIXED for schedule in schedule_store.of_merchant(connection, ANY_MERCHANT, currency)
    ]
    if any(each.valid_from == FROM for each in known) or connection.execute(_PAYMENT).first() is not None:
        return False
    for currency, fixed in FIXED.items():
        new = FeeSchedule(
            merchant_id=ANY_MERCHANT,
            currency=currency,
            basis_points=BASIS_POINTS,
            fixed=fixed,
            minimum=0,
            maximum=None,
            on_refund=OnRefund.RETURN,
            valid_from=FROM,
        )
        schedule_store.add(connection, new, NAME, database_now(connection))
    return True


def main() -> int:
    """Add them to the database of DATABASE_URL."""
    engine = create_engine(os.environ["DATABASE_URL"], pool_size=1)
    with engine.begin() as connection:
        add_first(connection)
    engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
