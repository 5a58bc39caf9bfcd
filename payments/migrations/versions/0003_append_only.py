"""The ledger is append-only: triggers against mistakes (grants are against intent). And the accountant's view.

On MariaDB with the binary log on, CREATE TRIGGER needs SUPER or log_bin_trust_function_creators=1 (error 1419).

Revision ID: 0003
"""

from alembic import op

from payments.migrations.columns import on_sqlite

revision = "0003"
down_revision = "0002"

_VIEW = """
CREATE VIEW IF NOT EXISTS ledger_line AS
SELECT entry_id, payment_id, event_id, posting_no, debit_account AS account, amount AS debit, 0 AS credit,
       currency, occurred_at, posted_at FROM ledger_entry
UNION ALL
SELECT entry_id, payment_id, event_id, posting_no, credit_account, 0, amount,
       currency, occurred_at, posted_at FROM ledger_entry
"""


def upgrade() -> None:
    """Forbid UPDATE and DELETE on ledger_entry; add the view with two lines for each posting."""
    for verb in ("UPDATE", "DELETE"):
        if on_sqlite():
            body = "BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END"
        else:
            body = "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger_entry is append-only'"
        name = f"ledger_entry_no_{verb.lower()}"
        op.execute(f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON ledger_entry FOR EACH ROW {body}")
    op.execute(_VIEW)
