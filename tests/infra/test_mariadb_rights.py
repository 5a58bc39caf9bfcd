"""Each account of MariaDB can do its work, and nothing else."""

import pytest

from tests.infra import clients, inventory

WRITERS = ("api", "relay", "ledger", "housekeeping", "operator")
USERS = (*WRITERS, "migration")
LEDGER = "(payment_id, event_id, posting_no, debit_account, credit_account, amount, currency, occurred_at, posted_at)"
_NO_POSTING = "SELECT 0, 0, 0, 'a', 'b', 1, 'KRW', NOW(6), NOW(6) FROM dual WHERE FALSE"
INSERT_POSTING = f"INSERT INTO ledger_entry {LEDGER} {_NO_POSTING}"


def inserting(table: str) -> str:
    """A statement that needs the right to INSERT, and inserts nothing."""
    return f"INSERT INTO {table} SELECT * FROM {table} WHERE FALSE"


def updating(table: str, column: str) -> str:
    """A statement that needs the right to UPDATE, and updates nothing."""
    return f"UPDATE {table} SET {column} = {column} WHERE FALSE"


def deleting(table: str) -> str:
    """A statement that needs the right to DELETE, and deletes nothing."""
    return f"DELETE FROM {table} WHERE FALSE"


PRUNED = ("outbox_event", "idem_response_cache", "inbox_event", "dead_letter", "audit_request", "api_key_use")
RECONCILED = ("recon_file", "recon_total", "recon_line", "recon_exception")
UNMATCHED = (("recon_line", "operation_id"), ("recon_total", "suspense"))
ON_OPERATIONS = (inserting("acquirer_operation"), updating("acquirer_operation", "state"))
ALLOWED = [
    ("api", updating("payment", "status")),
    ("api", inserting("outbox_event")),
    ("api", inserting("circuit_breaker_command")),
    ("api", updating("dead_letter", "state")),
    ("api", "INSERT INTO audit_request (requested_at, actor) SELECT NOW(6), '' FROM dual WHERE FALSE"),
    *((user, inserting(table)) for user in ("api", "operator") for table in ("merchant", "api_key")),
    *((user, updating("key_epoch", "epoch")) for user in ("api", "operator")),
    *(("api", statement) for statement in (inserting("api_key_use"), updating("api_key_use", "calls"))),
    ("relay", updating("outbox_event", "published")),
    ("relay", updating("lease", "fence")),
    ("relay", updating("circuit_breaker", "state")),
    ("relay", updating("circuit_breaker_command", "outcome")),
    ("relay", inserting("kafka_cluster")),
    *((user, INSERT_POSTING) for user in ("api", "ledger", "housekeeping", "operator")),
    *((user, inserting("fee_schedule")) for user in ("api", "operator")),
    *((user, updating("settlement_batch", "state")) for user in ("api", "housekeeping", "operator")),
    *((user, inserting("settlement_item")) for user in ("housekeeping", "operator")),
    *(
        (user, statement)
        for user in ("api", "operator")
        for statement in (inserting("payout"), inserting("payout_file"))
    ),
    *((user, deleting(table)) for user in ("housekeeping", "operator") for table in RECONCILED),
    *((user, updating(*place)) for user in ("housekeeping", "operator") for place in UNMATCHED),
    ("api", inserting("recon_upload")),
    ("operator", updating("lease", "fence")),
    ("ledger", inserting("inbox_event")),
    ("ledger", inserting("outbox_event")),
    ("ledger", inserting("dead_letter")),
    ("ledger", updating("ledger_halt", "detail")),
    ("housekeeping", updating("payment", "status")),
    *(("housekeeping", deleting(table)) for table in PRUNED),
    ("housekeeping", inserting("audit_run")),
    ("housekeeping", updating("outbox_event", "published")),
    ("operator", updating("outbox_event", "published")),
    ("operator", updating("dead_letter", "state")),
    ("operator", updating("ledger_halt", "detail")),
    ("operator", inserting("operator_action")),
    ("api", updating("outbox_event", "published")),
    ("housekeeping", inserting("idem_response_cache")),
    *((user, statement) for user in ("api", "housekeeping") for statement in ON_OPERATIONS),
    ("housekeeping", updating("audit_finding", "detail")),
    *(("housekeeping", updating(*place)) for place in (("task_run", "since"), ("audit_request", "done_at"))),
    ("housekeeping", updating("clock_watch", "trusted_at")),
    ("operator", updating("clock_watch", "confirmed_at")),
    ("operator", inserting("audit_finding")),
    ("migration", "CREATE TABLE IF NOT EXISTS payment (a INT)"),
]
NOBODY_MAY = [
    "UPDATE ledger_entry SET amount = 1 WHERE FALSE",
    "DELETE FROM ledger_entry WHERE FALSE",
    "DROP TABLE ledger_entry",
    "TRUNCATE TABLE ledger_entry",
    "DROP TRIGGER ledger_entry_no_update",
    "DROP TRIGGER ledger_entry_no_delete",
    "DELETE FROM payment WHERE FALSE",
    "DELETE FROM operator_action WHERE FALSE",
    "UPDATE operator_action SET actor = 'nobody' WHERE FALSE",
    "ALTER TABLE payment ADD COLUMN planted INT",
    "CREATE TABLE planted (a INT)",
    "SELECT * FROM mysql.global_priv",
    "SET GLOBAL max_connections = 1",
]
"""What no writing account may do."""
NEVER_DELETED = ("audit_finding", "ledger_halt", "merchant", "api_key", "key_epoch", "acquirer_operation")
FORBIDDEN = [
    *((user, statement) for user in WRITERS for statement in NOBODY_MAY),
    ("relay", INSERT_POSTING),
    *((user, inserting("fee_schedule")) for user in ("relay", "ledger", "housekeeping")),
    *((user, updating("fee_schedule", "fixed")) for user in WRITERS),
    *((user, updating("settlement_item", "fee")) for user in WRITERS),
    *((user, inserting("settlement_item")) for user in ("api", "relay", "ledger")),
    *((user, deleting(table)) for user in WRITERS for table in ("settlement_batch", "payout", "payout_file")),
    *((user, deleting(table)) for user in ("api", "relay", "ledger") for table in RECONCILED),
    *((user, updating(*place)) for user in ("api", "relay", "ledger") for place in UNMATCHED),
    *((user, inserting("inbox_event")) for user in WRITERS if user != "ledger"),
    *((user, inserting("payment")) for user in ("relay", "ledger", "operator")),
    *((user, updating("payment", "status")) for user in ("relay", "ledger", "operator")),
    *((user, updating("idem_response_cache", "http_status")) for user in ("relay", "ledger", "operator")),
    *((user, deleting(table)) for user in WRITERS for table in NEVER_DELETED),
    *((user, inserting("api_key")) for user in ("relay", "ledger", "housekeeping")),
    *((user, updating("api_key_use", "calls")) for user in WRITERS if user != "api"),
    *((user, statement) for user in ("relay", "ledger", "operator") for statement in ON_OPERATIONS),
    ("api", updating("clock_watch", "confirmed_at")),
    *((user, updating("audit_request", "done_at")) for user in WRITERS if user != "housekeeping"),
    *((user, deleting(table)) for user in WRITERS if user != "housekeeping" for table in PRUNED),
    *((user, updating("circuit_breaker", "state")) for user in WRITERS if user != "relay"),
    *((user, inserting("circuit_breaker_command")) for user in WRITERS if user != "api"),
    ("api", updating("lease", "fence")),
    *((user, inserting("operator_action")) for user in ("relay", "ledger")),
    ("relay", inserting("outbox_event")),
    ("ledger", updating("outbox_event", "payload")),
    ("housekeeping", inserting("dead_letter")),
    ("migration", "SELECT * FROM mysql.global_priv"),
    ("migration", "SET GLOBAL max_connections = 1"),
    ("migration", "CREATE USER planted"),
]


@pytest.fixture
def refused(host_of, secrets):
    """user, pairs → each of its statements → the error that MariaDB gives to the application's machine."""
    host, address = host_of("application"), inventory.first_address("database")

    def ask(user: str, pairs: list[tuple[str, str]]) -> dict[str, str]:
        statements = [statement for name, statement in pairs if name == user]
        return clients.refusals(host, address, user, secrets[f"vault_mariadb_{user}_password"], statements)

    return ask


@pytest.mark.parametrize("user", USERS)
def test_it_can_do_its_work(refused, user: str) -> None:
    errors = refused(user, ALLOWED)
    assert {statement: error for statement, error in errors.items() if error} == {}


@pytest.mark.parametrize("user", USERS)
def test_it_can_do_nothing_else(refused, user: str) -> None:
    errors = refused(user, FORBIDDEN)
    assert errors
    assert [statement for statement, error in errors.items() if "denied" not in error] == []
