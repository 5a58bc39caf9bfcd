"""Grafana's role: its files and logins. In CI a stand-in answers, see tests/stand_ins/README.md."""

from typing import Any

import pytest

from tests.infra import inventory
from tests.infra.asking import command_line_and_environment, fetch, mode_and_owner
from tests.infra.inventory import ROOT

DASHBOARDS = sorted((ROOT / "grafana/dashboards").glob("*.json"))
PROVISIONED = sorted(path.relative_to(ROOT / "grafana") for path in (ROOT / "grafana/provisioning").rglob("*.yml"))


@pytest.fixture(scope="module")
def grafana(host_of) -> Any:
    return host_of("observability")


def url(path: str) -> str:
    return f"{inventory.gate('observability')}/grafana{path}"


def test_it_runs_at_boot(grafana) -> None:
    assert grafana.package("grafana").version == "12.4.3"
    assert grafana.service("grafana-server").is_running
    assert grafana.service("grafana-server").is_enabled


def test_it_says_that_it_is_well(grafana) -> None:
    status, text = fetch(grafana, url("/api/health"))
    assert status == 200
    assert '"ok"' in text


@pytest.mark.parametrize(
    ("user", "right", "status"), [("admin", True, 200), ("admin", False, 401), ("", False, 401), ("root", True, 401)]
)
def test_only_the_admin_gets_in(grafana, secrets, user: str, right: bool, status: int) -> None:
    password = secrets["vault_grafana_admin_password"] if right else "admin"
    assert fetch(grafana, url("/api/user"), user, password)[0] == status


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/etc/grafana/admin-password", "400 grafana grafana"),
        ("/etc/grafana/grafana.ini", "640 root grafana"),
        ("/etc/grafana/provisioning/datasources/prometheus.yml", "640 root grafana"),
    ],
)
def test_files_are_not_for_everybody(grafana, path: str, expected: str) -> None:
    assert mode_and_owner(grafana, path) == expected


def test_the_password_is_in_its_file_alone(grafana, secrets) -> None:
    password = secrets["vault_grafana_admin_password"]
    assert password not in grafana.file("/etc/grafana/grafana.ini").content_string
    assert password not in command_line_and_environment(grafana, "grafana-server")


@pytest.mark.parametrize("path", PROVISIONED, ids=str)
def test_what_is_provisioned_is_the_repositorys(grafana, path) -> None:
    assert grafana.file(f"/etc/grafana/{path}").content_string == (ROOT / "grafana" / path).read_text()


def test_the_dashboards_are_the_repositorys_and_no_others(grafana) -> None:
    folder = "/var/lib/grafana/dashboards"
    assert sorted(grafana.file(folder).listdir()) == [path.name for path in DASHBOARDS]
    for path in DASHBOARDS:
        assert grafana.file(f"{folder}/{path.name}").content_string == path.read_text()


def test_the_data_source_is_reachable_from_here(grafana) -> None:
    environment = grafana.check_output("systemctl show --property Environment --value grafana-server")
    named = dict(part.split("=", 1) for part in environment.split())
    assert fetch(grafana, f"{named['PROMETHEUS_URL']}/-/ready")[0] == 200
