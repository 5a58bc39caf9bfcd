"""MariaDB: durable, and reachable by its clients alone."""

import re

import pytest

from tests.infra import clients, inventory
from tests.infra.test_mariadb_rights import USERS


@pytest.fixture
def database(host_of):
    return host_of("database")


@pytest.fixture
def ask(host_of, secrets):
    """user, statement → MariaDB's answer to the application's machine."""
    host, address = host_of("application"), inventory.first_address("database")
    return lambda user, statement: clients.sql(
        host, address, user, secrets[f"vault_mariadb_{user}_password"], statement
    )


def test_it_comes_back_after_a_boot(database) -> None:
    assert database.package("mariadb-server").is_installed
    assert database.service("mariadb").is_enabled
    assert database.service("mariadb").is_running


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_connections", "200"),
        ("innodb_flush_log_at_trx_commit", "1"),
        ("sync_binlog", "1"),
        ("log_bin", "1"),
        ("binlog_format", "ROW"),
        ("log_bin_trust_function_creators", "1"),
        ("collation_server", "utf8mb4_nopad_bin"),
        ("skip_name_resolve", "1"),
        ("require_secure_transport", "1"),
        ("tls_version", "TLSv1.2,TLSv1.3"),
    ],
)
def test_a_setting(database, name: str, value: str) -> None:
    assert database.check_output(f"mariadb -NBe 'SELECT @@{name}'") == value


def test_sizes_follow_the_memory(database) -> None:
    memory = int(inventory.variables(inventory.members("database")[0])["node_memory"])
    pool, log = map(
        int, database.check_output("mariadb -NBe 'SELECT @@innodb_buffer_pool_size, @@innodb_log_file_size'").split()
    )
    assert pool == memory // 4 * 2**20
    assert log == pool // 4


def test_nobody_without_a_name_or_password_is_known(database) -> None:
    rows = database.check_output(
        "mariadb -NBe \"SELECT CONCAT(user, '@', host) FROM mysql.global_priv WHERE user = '' OR host = '%' OR"
        " (user NOT IN ('root', 'mysql', 'mariadb.sys') AND"
        " COALESCE(JSON_VALUE(priv, '$.authentication_string'), '') = '')\""
    )
    assert rows == ""


def test_exactly_the_known_users_are_there(database) -> None:
    rows = database.check_output("mariadb -NBe 'SELECT DISTINCT user FROM mysql.global_priv'").split()
    assert set(rows) == {*USERS, "exporter", "backup", "root", "mysql", "mariadb.sys"}


@pytest.mark.parametrize("user", USERS)
def test_it_logs_in_from_the_application(ask, user: str) -> None:
    assert ask(user, "SELECT COUNT(*) >= 0 FROM payment").value == [[1]]


@pytest.mark.parametrize("user", USERS)
def test_a_wrong_password_is_refused(host_of, user: str) -> None:
    address = inventory.first_address("database")
    said = clients.sql(host_of("application"), address, user, "wrong", "SELECT 1")
    assert "Access denied" in said.error


@pytest.mark.parametrize("user", USERS)
def test_it_does_not_log_in_on_the_databases_own_machine(database, secrets, user: str) -> None:
    said = clients.local_sql(database, user, secrets[f"vault_mariadb_{user}_password"], "SELECT 1")
    assert "Access denied" in said.error


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("exporter", "SHOW GLOBAL STATUS LIKE 'Uptime'"),
        ("exporter", "SHOW MASTER STATUS"),
        ("backup", "SELECT COUNT(*) FROM paydb.ledger_entry"),
        ("backup", "SHOW MASTER STATUS"),
        ("backup", "LOCK TABLES paydb.payment READ"),
    ],
)
def test_who_watches_and_saves_can(database, secrets, user: str, statement: str) -> None:
    said = clients.local_sql(database, user, secrets[f"vault_mariadb_{user}_password"], statement)
    assert said.error == ""


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("exporter", "SELECT * FROM paydb.payment"),
        ("exporter", "SELECT * FROM mysql.global_priv"),
        ("backup", "DELETE FROM paydb.payment WHERE FALSE"),
        ("backup", "INSERT INTO paydb.lease SELECT * FROM paydb.lease"),
        ("backup", "SELECT * FROM mysql.global_priv"),
        ("backup", "SET GLOBAL max_connections = 1"),
    ],
)
def test_who_watches_and_saves_changes_nothing(database, secrets, user: str, statement: str) -> None:
    said = clients.local_sql(database, user, secrets[f"vault_mariadb_{user}_password"], statement)
    assert re.search(r"denied", said.error), "this should have been refused"


def test_no_secret_is_in_its_settings(database, secrets) -> None:
    text = database.check_output("cat /etc/mysql/mariadb.conf.d/60-payops.cnf")
    assert not [name for name, value in secrets.items() if value and value in text]
