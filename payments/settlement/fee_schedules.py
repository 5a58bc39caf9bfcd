"""Adds versions of fee schedules, for operators. A version never changes, so what payments cost does not either."""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from payments.platform.desk_errors import FeeScheduleConflict
from payments.platform.errors import NotFound, ValidationFailed
from payments.platform.operators import note_action
from payments.settlement import payees, schedule_store
from payments.settlement.fees import ANY_MERCHANT, NOTICE, FeeSchedule
from payments.settlement.schedule_store import StoredSchedule


def add(connection: Connection, new: FeeSchedule, actor: str, reason: str, now: datetime) -> StoredSchedule:
    """Store a version in the caller's transaction.

    Raises ValidationFailed for less than NOTICE until it is in force, NotFound for an unknown merchant, and
    FeeScheduleConflict when there is a version of its merchant, currency and time.
    """
    if new.valid_from < now + NOTICE:
        message = f"must be at least {int(NOTICE.total_seconds() // 3600)} hour from now: no payment's past changes"
        raise ValidationFailed(f"validFrom {message}.", (("validFrom", message),))
    if new.merchant_id != ANY_MERCHANT and not payees.is_known(connection, new.merchant_id):
        raise NotFound(f"There is no merchant {new.merchant_id}.")
    try:
        with connection.begin_nested():
            stored = schedule_store.add(connection, new, actor, now)
    except IntegrityError:
        of = f"{new.merchant_id} in {new.currency} from {new.valid_from.isoformat()} on"
        raise FeeScheduleConflict(f"There is a schedule of {of} already.") from None
    note_action(connection, actor, "fees.add", f"fee schedule {stored.schedule_id}", f"{_described(new)}: {reason}")
    return stored


def _described(new: FeeSchedule) -> str:
    limits = f"{new.minimum} to {'any' if new.maximum is None else new.maximum}"
    rate = f"{new.basis_points} basis points and {new.fixed}, {limits}, {new.on_refund} on refund"
    return f"{new.merchant_id} in {new.currency} from {new.valid_from.isoformat()} on: {rate}"
