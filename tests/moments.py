"""Time that does not pass, for what asks the database for it."""

from datetime import datetime

from sqlalchemy import Connection

from payments.platform.trusted_clock.guard import Now


def always(moment: datetime) -> Now:
    """It is this moment, whenever it is asked for."""

    def now(_connection: Connection) -> datetime:
        return moment

    return now
