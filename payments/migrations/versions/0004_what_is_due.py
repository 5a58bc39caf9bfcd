"""Indexes of what is due: authorizations that end, payments by status, operators' records that are old.

`ix_payment_expiry` stays for the release before it.

Revision ID: 0004
"""

from payments.migrations.columns import generated_column, index

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add payment.open_until, and an index for each scan of housekeeping and for lists by status."""
    generated_column(
        "payment", "open_until", "CASE WHEN amount - captured_amount - released_amount > 0 THEN expires_at END"
    )
    index("ix_payment_open_until", "payment", ["open_until"])
    index("ix_payment_merchant_status", "payment", ["merchant_id", "status", "payment_id"])
    index("ix_dead_letter_settled", "dead_letter", ["state", "updated_at"])
    index("ix_breaker_command_requested", "circuit_breaker_command", ["requested_at"])
    index("ix_audit_run_at", "audit_run", ["at"])
