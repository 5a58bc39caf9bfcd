"""The platform's processes: users, secrets, sandboxes and limits, and the release that they run."""

import re
from collections.abc import Mapping

import pytest

from tests.infra.asking import arguments_of_processes, exposure, mode_and_owner
from tests.infra.inventory import secret_texts

INSTANCES = ["payops-api@8081", "payops-api@8082"]
WORKERS = ["payops-relay", "payops-ledger", "payops-housekeeping"]
USERS = ["payops-api", *WORKERS, "payops-operator", "payops-migration"]
EXPOSURE_LIMIT = 4.0
KNOWS = {
    "api": {
        *("vault_mariadb_api_password", "vault_redis_app_password", "vault_payops_key_pepper"),
        *("vault_psp_key", "vault_psp_publishable_key"),
    },
    "relay": {"vault_mariadb_relay_password", "vault_kafka_relay_password"},
    "ledger": {"vault_mariadb_ledger_password", "vault_kafka_ledger_password"},
    "housekeeping": {"vault_mariadb_housekeeping_password", "vault_psp_key"},
    "operator": {"vault_mariadb_operator_password", "vault_payops_key_pepper", "vault_psp_key"},
    "migration": {"vault_mariadb_migration_password"},
}
"""Each process has its secrets in its settings, and no others of the vault. No key: the database has their hashes."""


def found_in(text: str, secrets: Mapping[str, str]) -> set[str]:
    """The names of the vault's values that the text has, also of one of several."""
    return {name for name, value in secrets.items() if any(part in text for part in secret_texts(value))}


@pytest.fixture
def application(host_of):
    return host_of("application")


@pytest.mark.parametrize("unit", INSTANCES + WORKERS)
def test_it_runs_and_comes_back_after_a_boot(application, unit: str) -> None:
    assert application.service(unit).is_running
    assert application.service(unit).is_enabled


@pytest.mark.parametrize("unit", INSTANCES + WORKERS)
def test_it_is_sandboxed(application, unit: str) -> None:
    assert exposure(application, unit) <= EXPOSURE_LIMIT


@pytest.mark.parametrize("unit", INSTANCES + WORKERS)
def test_it_has_a_user_of_its_own_and_stays_within_its_memory(application, unit: str) -> None:
    names = "User,MemoryMax,MemoryCurrent,NRestarts,Restart"
    said = application.check_output(f"systemctl show {unit} --property {names}")
    properties = dict(line.split("=", 1) for line in said.splitlines())
    assert properties["User"] == unit.partition("@")[0]
    # an import of a large settlement file takes more than other work does
    most = 384 if unit == "payops-housekeeping" else 256
    assert int(properties["MemoryCurrent"]) < int(properties["MemoryMax"]) <= most * 2**20
    assert properties["Restart"] == "always"


@pytest.mark.parametrize(("unit", "nice"), [*((unit, 0) for unit in INSTANCES), *((unit, 10) for unit in WORKERS)])
def test_the_api_gets_the_cpu_first(application, unit: str, nice: int) -> None:
    pid = application.check_output(f"systemctl show {unit} --property MainPID --value")
    after_the_name = application.check_output(f"cat /proc/{pid}/stat").rpartition(")")[2].split()
    assert int(after_the_name[16]) == nice  # proc_pid_stat(5), field 19
    weight = application.check_output(f"systemctl show {unit} --property CPUWeight --value")
    assert weight == ("20" if nice else "300")
    assert application.check_output(f"systemctl show {unit} --property Slice --value") == "system.slice"


@pytest.mark.parametrize("unit", INSTANCES + WORKERS)
def test_it_runs_the_current_release(application, unit: str) -> None:
    pid = application.check_output(f"systemctl show {unit} --property MainPID --value")
    current = application.check_output("readlink /opt/payops/current")
    assert application.check_output(f"readlink /proc/{pid}/cwd") == current
    assert current.startswith("/opt/payops/releases/")


@pytest.mark.parametrize("name", USERS)
def test_a_user_can_log_in_nowhere_and_is_in_no_other_group(application, name: str) -> None:
    user = application.user(name)
    assert user.exists
    assert user.shell == "/usr/sbin/nologin"
    assert user.groups == [name]


@pytest.mark.parametrize("process", KNOWS)
def test_settings_are_for_roots_eyes_and_hold_no_secret_too_many(application, secrets, process: str) -> None:
    path = f"/etc/payops/{process}.env"
    assert mode_and_owner(application, path) == "600 root root"
    assert found_in(application.file(path).content_string, secrets) == KNOWS[process]


def test_no_process_reads_anothers_settings(application) -> None:
    assert mode_and_owner(application, "/etc/payops") == "700 root root"
    for user in USERS:
        assert application.run(f"runuser -u {user} -- cat /etc/payops/api.env").rc != 0


def test_no_secret_is_in_the_list_of_processes(application, secrets) -> None:
    assert found_in(arguments_of_processes(application), secrets) == set()


def test_a_process_cannot_write_its_own_release(application) -> None:
    found = application.check_output("find /opt/payops ! -type l -perm /022 -o ! -user root")
    assert found == ""


def connects(application, user: str, group: str, port: int) -> bool:
    """Whether a process of this user and group reaches an instance."""
    numbers = f"--reuid {user} --regid {group} --clear-groups"
    curl = (
        f"curl --silent --output /dev/null --unix-socket /run/payops-api-{port}/api.sock http://localhost/health/live"
    )
    return bool(application.run(f"setpriv {numbers} {curl}").rc == 0)


@pytest.mark.parametrize("port", [8081, 8082])
def test_only_the_gateway_reaches_an_instance(application, port: int) -> None:
    """Its unit has the group payops-gate; no user is a member."""
    assert mode_and_owner(application, f"/run/payops-api-{port}") == "750 payops-api payops-gate"
    assert mode_and_owner(application, f"/run/payops-api-{port}/api.sock") == "660 payops-api payops-gate"
    assert application.group("payops-gate").members == []
    assert "payops-gate" in application.check_output("systemctl show envoy --property SupplementaryGroups --value")
    assert connects(application, "envoy", "payops-gate", port)
    for user in ["envoy", "payops-relay", "nobody"]:
        group = application.check_output(f"id --group --name {user}")
        assert not connects(application, user, group, port), user


@pytest.mark.parametrize("unit", INSTANCES + WORKERS)
def test_it_listens_on_no_network(application, unit: str) -> None:
    """The api has unix sockets alone; the workers' metrics are on loopback."""
    pid = application.check_output(f"systemctl show {unit} --property MainPID --value")
    lines = application.check_output("ss --no-header --listening --tcp --numeric --processes").splitlines()
    found = [line.split()[3] for line in lines if f"pid={pid}," in line]
    assert len(found) == (0 if unit in INSTANCES else 1)
    assert all(address.startswith("127.0.0.1:") for address in found)


@pytest.mark.parametrize("process", KNOWS)
def test_each_link_is_verified(application, process: str) -> None:
    settings = application.file(f"/etc/payops/{process}.env").content_string
    assert 'APP_DATABASE_CA="/etc/payops-pki/ca.pem"' in settings
    assert ("REDIS_URL" in settings) == ('REDIS_URL="rediss://' in settings) == ("APP_REDIS_CA" in settings)
    speaks_to_kafka = "KAFKA_BOOTSTRAP_SERVERS" in settings
    assert speaks_to_kafka == ("KAFKA_SECURITY_PROTOCOL=SASL_SSL" in settings) == ("KAFKA_CA" in settings)


@pytest.mark.parametrize("port", [8081, 8082])
def test_an_instance_is_ready_and_can_read_payments(application, port: int) -> None:
    assert application.run(f"/opt/payops/bin/start check-api {port}").rc == 0


@pytest.mark.parametrize("unit", INSTANCES + WORKERS)
def test_a_process_is_logged_in_with_its_own_account_alone(application, host_of, unit: str) -> None:
    """By the database's list of sessions, with each one's client port."""
    group = application.check_output(f"systemctl show {unit} --property ControlGroup --value")
    processes = application.check_output(
        f"cat /sys/fs/cgroup'{group}'/cgroup.procs /sys/fs/cgroup/*'{group}'/cgroup.procs 2>/dev/null || true"
    )
    sockets = application.check_output(
        "ss --no-header --tcp --numeric --processes state established dst :3306"
    ).splitlines()
    own = {
        line.split()[2].rpartition(":")[2]
        for line in sockets
        if any(f"pid={pid}," in line for pid in processes.split())
    }
    listed = host_of("database").check_output(
        "mariadb -NBe \"SELECT CONCAT(user, ' ', SUBSTRING_INDEX(host, ':', -1)) FROM information_schema.processlist\""
    )
    users = {user for user, port in (line.split(" ") for line in listed.splitlines()) if port in own}
    assert users == {unit.removeprefix("payops-").partition("@")[0]}


def test_an_operator_is_noted_by_the_name_of_the_login(application, host_of) -> None:
    application.check_output("SUDO_USER=kim payops republish --unposted")
    statement = "SELECT actor FROM paydb.operator_action WHERE action = 'republish' ORDER BY id DESC LIMIT 1"
    assert host_of("database").check_output(f'mariadb -NBe "{statement}"') == "cli:kim"


def test_the_api_knows_the_name_of_its_environment(application) -> None:
    assert application.check_output("grep --count '^APP_ENVIRONMENT=\"..*\"$' /etc/payops/api.env") == "1"


def test_the_running_release_is_the_newest_in_the_log_of_operators(application, host_of) -> None:
    release = application.check_output("basename $(readlink /opt/payops/current)")
    statement = "SELECT target FROM paydb.operator_action WHERE action = 'deploy' ORDER BY id DESC LIMIT 1"
    assert host_of("database").check_output(f'mariadb -NBe "{statement}"') == f"release {release}"


@pytest.mark.parametrize(("worker", "port"), [("relay", 9101), ("ledger", 9102), ("housekeeping", 9103)])
def test_a_worker_answers(application, worker: str, port: int) -> None:
    assert application.run(f"/opt/payops/bin/start check-worker {worker} {port}").rc == 0


def test_the_gate_is_shut_where_nothing_listens(application) -> None:
    assert application.run("/opt/payops/bin/start check-api 8089").rc != 0


def test_the_release_is_what_the_lock_file_says(application) -> None:
    release = application.check_output("readlink /opt/payops/current")
    wanted = application.check_output(f"sed -n 's/^\\([a-z0-9-]*==[^ ]*\\).*/\\1/p' {release}/from/requirements-*.txt")
    installed = application.check_output(f"{release}/bin/python -m pip list --format freeze")
    found = {re.sub("[_.](?=.*==)", "-", line.lower()) for line in installed.splitlines()}
    strangers = {
        line for line in found - set(wanted.splitlines()) if not re.match("(pip|setuptools|payops)==|payops @", line)
    }
    assert len(found) > 30
    assert strangers == set()
    assert application.run(f"{release}/bin/python -m pip check").rc == 0


def test_operators_can_audit_here(application) -> None:
    done = application.run("payops audit --full")
    assert done.rc == 0, done.stdout
    assert "no differences" in done.stdout


def test_operators_are_told_how(application) -> None:
    done = application.run("payops bogus")
    assert done.rc == 2
    assert "usage: payops" in done.stderr


def test_the_database_is_at_the_releases_revision(application) -> None:
    assert application.check_output("payops migrate").startswith("database is at revision ")
