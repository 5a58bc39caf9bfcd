"""Prometheus scrapes everything that runs, has our rules, and reaches Alertmanager."""

import json
from typing import Any

import pytest
import yaml

from tests.infra import inventory
from tests.infra.asking import (
    CERTIFICATES,
    EXPOSURE_LIMIT,
    exposure,
    fetch,
    fetch_json,
    from_outside,
    mode_and_owner,
)
from tests.infra.inventory import ROOT
from tests.servers import until

PROMETHEUS = "http://127.0.0.1:9090/prometheus"
ALERTMANAGER = "http://127.0.0.1:9093/alertmanager"
SCRAPE_SECONDS = 60  # two scrapes after the slowest start

RULES = sorted((ROOT / "prometheus/rules").glob("*.yml"))


@pytest.fixture(scope="module")
def watcher(host_of) -> Any:
    """The machine that Prometheus runs on."""
    return host_of("observability")


def targets(watcher: Any, job: str) -> list[dict[str, Any]]:
    found = fetch_json(watcher, f"{PROMETHEUS}/api/v1/targets?state=active")["data"]["activeTargets"]
    return [target for target in found if target["labels"]["job"] == job]


@pytest.mark.parametrize(
    ("job", "group", "each"),
    [
        ("node", "all", 1),
        ("mariadb", "database", 1),
        ("redis", "cache", 1),
        ("api", "application", 2),
        ("relay", "application", 1),
        ("ledger", "application", 1),
        ("housekeeping", "application", 1),
        ("gate", "application observability build", 1),
        ("grafana", "observability", 1),
        ("prometheus", "observability", 1),
        ("alertmanager", "observability", 1),
    ],
)
def test_every_target_of_a_job_is_scraped(watcher, job: str, group: str, each: int) -> None:
    expected = each * len({name for part in group.split() for name in inventory.members(part)})

    def all_up() -> bool:
        found = targets(watcher, job)
        return len(found) == expected and all(target["health"] == "up" for target in found)

    until(all_up, f"{expected} targets of {job} up", seconds=SCRAPE_SECONDS, interval=1)


def test_no_target_is_down(watcher) -> None:
    found = fetch_json(watcher, f"{PROMETHEUS}/api/v1/targets?state=active")["data"]["activeTargets"]
    assert [(t["scrapeUrl"], t["lastError"]) for t in found if t["health"] != "up"] == []


def test_what_is_on_another_machine_is_scraped_by_tls(watcher) -> None:
    found = fetch_json(watcher, f"{PROMETHEUS}/api/v1/targets?state=active")["data"]["activeTargets"]
    clear = [url for target in found if (url := target["scrapeUrl"]).startswith("http://")]
    assert len(clear) == 3, "Grafana, Prometheus, Alertmanager"
    assert all(url.startswith("http://127.0.0.1:") for url in clear)


@pytest.mark.parametrize("port", [8081, 8082])
def test_what_envoy_hands_on_keeps_its_own_name(watcher, port: int) -> None:
    address = inventory.first_address("application")
    (target,) = [one for one in targets(watcher, "api") if one["labels"]["instance"] == f"{address}:{port}"]
    assert target["scrapeUrl"] == f"https://{address}:9443/metrics/api/{port}"


def test_envoy_hands_metrics_to_prometheus_alone(host_of) -> None:
    application = host_of("application")
    place = f"https://{inventory.first_address('application')}:9443/metrics/relay"
    curl = f"curl --silent --max-time 10 --cacert {CERTIFICATES}/ca.pem"
    assert application.run(f"{curl} {place}").rc != 0, "without a certificate"
    another = f"--cert {CERTIFICATES}/exporter.pem --key {CERTIFICATES}/exporter.key"
    assert application.run(f"{curl} {another} {place}").rc != 0, "with the certificate of another service"


def test_targets_carry_the_name_of_their_machine(watcher, hosts) -> None:
    assert {target["labels"]["node"] for target in targets(watcher, "node")} == set(hosts)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_a_rule_file_is_installed_and_loaded(watcher, path) -> None:
    assert watcher.file(f"/etc/prometheus/rules/{path.name}").content_string == path.read_text()
    groups = fetch_json(watcher, f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]
    loaded = [rule["name"] for group in groups if group["file"].endswith(f"/{path.name}") for rule in group["rules"]]
    written = yaml.safe_load(path.read_text())["groups"]
    expected = [rule.get("alert") or rule["record"] for group in written for rule in group["rules"]]
    assert sorted(loaded) == sorted(expected)


def test_no_other_rules_are_installed(watcher) -> None:
    assert sorted(watcher.file("/etc/prometheus/rules").listdir()) == [path.name for path in RULES]


def test_every_rule_can_be_evaluated(watcher) -> None:
    def failed() -> list[tuple[str, str]] | None:
        groups = fetch_json(watcher, f"{PROMETHEUS}/api/v1/rules")["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        if any(rule["health"] == "unknown" for rule in rules):
            return None  # not evaluated yet
        return [(rule["name"], rule.get("lastError", "")) for rule in rules if rule["health"] != "ok"] or [("", "")]

    assert until(failed, "every rule evaluated", seconds=SCRAPE_SECONDS, interval=1) == [("", "")]


def test_an_alert_travels_from_prometheus_to_alertmanager(watcher) -> None:
    def watchdog() -> bool:
        alerts = fetch_json(watcher, f"{ALERTMANAGER}/api/v2/alerts")
        return any(a["labels"]["alertname"] == "Watchdog" and a["status"]["state"] == "active" for a in alerts)

    until(watchdog, "the watchdog in Alertmanager", seconds=SCRAPE_SECONDS, interval=1)


@pytest.mark.parametrize(
    "command",
    [
        "promtool check config /etc/prometheus/prometheus.yml",
        "amtool check-config /etc/prometheus/alertmanager.yml",
    ],
)
def test_the_makers_tools_find_no_fault(watcher, command: str) -> None:
    assert watcher.run(command).rc == 0


@pytest.mark.parametrize("tool", ["promtool check config", "amtool check-config"])
def test_the_makers_tools_find_a_planted_fault(watcher, tool: str) -> None:
    assert watcher.run(f"echo 'no_such_key: 1' > /run/planted.yml && {tool} /run/planted.yml").rc != 0


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("severity=page alertname=LedgerHalted", "page"),
        ("severity=ticket alertname=BackupTooOld", "ticket"),
        ("severity=none alertname=Watchdog", "watchdog"),
        ("alertname=NobodyThoughtOfASeverity", "ticket"),
    ],
)
def test_alerts_are_routed_by_severity(watcher, labels: str, receiver: str) -> None:
    command = f"amtool config routes test --config.file=/etc/prometheus/alertmanager.yml {labels}"
    assert watcher.check_output(command) == receiver


@pytest.mark.parametrize("page", ["prometheus", "alertmanager"])
def test_envoy_asks_for_a_password(secrets, page: str) -> None:
    url = f"{inventory.gate('observability')}/{page}/-/ready"
    user, password = "payops", secrets["vault_prometheus_password"]
    assert from_outside(url) == 401
    assert from_outside(url, user, "wrong") == 401
    assert from_outside(url, user, password) == 200


@pytest.mark.parametrize("port", [9090, 9093])
def test_they_listen_on_loopback_only(watcher, port: int) -> None:
    listening = watcher.check_output(f"ss --listening --tcp --numeric --processes 'sport = :{port}'")
    ours = [line.split()[3] for line in listening.splitlines() if "prometheus" in line]
    assert ours == [f"127.0.0.1:{port}"]


def test_alertmanager_opens_no_cluster_port(watcher) -> None:
    assert not watcher.socket("tcp://9094").is_listening


@pytest.mark.parametrize("unit", ["prometheus", "prometheus-alertmanager"])
def test_the_units_run_at_boot_and_are_sandboxed(watcher, unit: str) -> None:
    assert watcher.service(unit).is_running
    assert watcher.service(unit).is_enabled
    assert exposure(watcher, unit) <= EXPOSURE_LIMIT


def test_receivers_may_have_secrets_so_the_file_is_not_for_everybody(watcher) -> None:
    assert mode_and_owner(watcher, "/etc/prometheus/alertmanager.yml") == "640 root prometheus"


def test_the_last_configuration_was_taken(watcher) -> None:
    for url, name in ((PROMETHEUS, "prometheus"), (ALERTMANAGER, "alertmanager")):
        status, text = fetch(watcher, f"{url}/metrics")
        assert status == 200
        assert f"\n{name}_config_last_reload_successful 1\n" in text


def test_samples_outlive_a_restart_on_disk(watcher) -> None:
    flags = fetch_json(watcher, f"{PROMETHEUS}/api/v1/status/flags")["data"]
    assert flags["storage.tsdb.path"] == "/var/lib/prometheus/metrics2/", json.dumps(flags)
    assert flags["web.enable-lifecycle"] == "false", "anybody behind Envoy could stop it"
