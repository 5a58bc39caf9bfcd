"""Envoy on the machines: who sees what, the forwarded client address, logs, files, and metrics by mutual TLS."""

import json
import socket
import ssl
import uuid
from typing import Any

import pytest
import requests

from tests.infra import inventory
from tests.infra.asking import (
    CERTIFICATES,
    EXPOSURE_LIMIT,
    command_line_and_environment,
    exposure,
    fetch,
    from_outside,
    mode_and_owner,
)

GROUPS = ["application", "observability", "build"]
STRANGERS = ["database", "broker", "build"]
INSIDERS_ONLY = ["/metrics", "/openapi.json", "/docs", "/docs/static/swagger-ui.css"]
FILES = ["listeners", "routes", "clusters", "endpoints", "secrets", "authorities", "envoy", "check"]
CURL = f"curl --silent --cacert {CERTIFICATES}/ca.pem"


@pytest.fixture
def application(host_of) -> Any:
    return host_of("application")


@pytest.fixture
def url() -> str:
    return inventory.gate("application")


@pytest.fixture
def stranger(host_of) -> Any:
    """A machine without rights at the application's; skipped where one machine is everything."""
    address = inventory.first_address("application")
    for group in STRANGERS:
        if inventory.members(group) and inventory.first_address(group) != address:
            return host_of(group)
    return pytest.skip("one machine is everything: nobody is a stranger")


def ask(method: str, where: str, **more: Any) -> requests.Response:
    """Send one request from here, verified, and follow no redirect."""
    verify = inventory.authority()
    return requests.request(method, where, timeout=10, verify=verify, allow_redirects=False, **more)


@pytest.mark.parametrize("group", GROUPS)
def test_it_runs_sandboxed_and_comes_back_after_a_boot(host_of, group: str) -> None:
    host = host_of(group)
    assert host.service("envoy").is_running
    assert host.service("envoy").is_enabled
    said = host.check_output("systemctl show envoy --property MemoryCurrent,MemoryMax")
    properties = dict(line.split("=", 1) for line in said.splitlines())
    assert int(properties["MemoryCurrent"]) < int(properties["MemoryMax"]) == 448 * 2**20
    assert exposure(host, "envoy") <= EXPOSURE_LIMIT


@pytest.mark.parametrize("group", GROUPS)
def test_its_configuration_is_sound_and_not_for_everybody(host_of, group: str) -> None:
    host = host_of(group)
    assert host.run("envoy-check /etc/envoy/check.yaml").rc == 0
    assert {mode_and_owner(host, f"/etc/envoy/{name}.yaml") for name in FILES} == {"640 root envoy"}
    assert mode_and_owner(host, "/etc/envoy") == "750 root envoy"


@pytest.mark.parametrize("group", GROUPS)
def test_nobody_else_reads_its_log_and_its_administration(host_of, group: str) -> None:
    host = host_of(group)
    assert mode_and_owner(host, "/var/log/envoy") == "750 envoy envoy"
    assert mode_and_owner(host, "/run/envoy") == "700 envoy envoy"
    assert host.run("runuser -u nobody -- cat /var/log/envoy/access.log").rc != 0
    admin = "curl -fsS --unix-socket /run/envoy/admin.sock http://admin/ready"
    assert host.run(admin).rc == 0
    assert host.run(f"runuser -u nobody -- {admin}").rc != 0


@pytest.mark.parametrize("group", GROUPS)
def test_a_timer_of_its_own_keeps_its_log_small(host_of, group: str) -> None:
    host = host_of(group)
    assert host.service("envoy-rotate.timer").is_enabled
    assert host.service("envoy-rotate.timer").is_running
    ran = "until systemctl show envoy-rotate --property ExecMainExitTimestamp | grep -q UTC"
    host.check_output(f"timeout 90 sh -c '{ran}; do sleep 1; done'")
    assert host.check_output("systemctl show envoy-rotate --property Result --value") == "success"
    assert "maxsize 128M" in host.check_output("cat /etc/envoy/logrotate.conf")
    assert not host.file("/etc/logrotate.d/payops-envoy").exists  # two of them would rotate twice


@pytest.mark.parametrize("group", GROUPS)
def test_there_is_no_nginx(host_of, group: str) -> None:
    assert host_of(group).run("command -v nginx || test -e /etc/nginx").rc != 0


@pytest.mark.parametrize("path", INSIDERS_ONLY)
def test_strangers_do_not_see_the_inside(stranger, url: str, path: str) -> None:
    assert stranger.check_output(f"{CURL} -o /dev/null -w '%{{http_code}}' {url}{path}") == "403"


@pytest.mark.parametrize("path", INSIDERS_ONLY)
def test_the_management_network_does(url: str, path: str) -> None:
    assert from_outside(f"{url}{path}") == 200


@pytest.mark.parametrize("trick", ["//metrics", "/%6detrics", "/health/../metrics", "/./metrics", "/METRICS"])
def test_no_other_spelling_gets_a_stranger_in(stranger, url: str, trick: str) -> None:
    said = stranger.check_output(f"{CURL} --path-as-is -w '\\n%{{http_code}}' {url}{trick}")
    assert said.splitlines()[-1] in ("403", "404")
    assert "flask_http_request" not in said


def test_the_shop_and_the_api_are_there(url: str) -> None:
    page = ask("GET", url)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Strict-Transport-Security"].startswith("max-age=")
    assert ask("GET", f"{url}/health/live").json()["status"] == "UP"


@pytest.mark.parametrize("group", GROUPS)
def test_in_clear_what_reads_is_redirected_and_nothing_else_is_taken(host_of, group: str) -> None:
    host_of(group)
    plain, there = inventory.gate(group).replace("https:", "http:"), f"{inventory.gate(group)}/payments?limit=1"
    answer = ask("GET", f"{plain}/payments?limit=1")
    assert (answer.status_code, answer.headers["Location"].replace(":443/", "/")) == (308, there)
    refused = ask("POST", f"{plain}/payments/authorize", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "GATEWAY_FORBIDDEN")


def test_the_api_sees_the_clients_address_not_the_one_that_it_claims(stranger, url: str) -> None:
    command = (
        f"for i in $(seq 11); do {CURL} -o /dev/null -w '%{{http_code}} ' -H 'Authorization: Bearer wrong'"
        f" -H \"X-Forwarded-For: 203.0.113.$i\" '{url}/operations?merchantId=M1'; done"
    )
    statuses = stranger.check_output(command).split()
    assert set(statuses) <= {"401", "429"}
    assert statuses[-1] == "429"  # ten wrong tokens a minute from one address, whatever X-Forwarded-For says


def test_the_access_log_is_json_with_the_request_s_id(application, url: str, secrets) -> None:
    request_id = f"infra-{uuid.uuid4().hex}"
    key = secrets["vault_payops_k6_keys"].split()[0]
    headers = {"X-Request-Id": request_id, "User-Agent": 'quote" and \\ backslash', "Authorization": f"Bearer {key}"}
    ask("GET", f"{url}/payments?limit=1", headers=headers)
    # Envoy writes its log when it has much to write, and every ten seconds.
    line = application.check_output(
        f"timeout 60 sh -c 'until grep -F {request_id} /var/log/envoy/access.log; do sleep 1; done'"
    )
    entry = json.loads(line)
    assert (entry["requestId"], entry["status"], entry["path"]) == (request_id, 200, "/payments")
    assert entry["agent"] == headers["User-Agent"]
    assert key.startswith(entry["key"])
    assert key not in line


def test_no_log_has_a_card_number(application, url: str) -> None:
    card, request_id = "4111111111111111", f"infra-{uuid.uuid4().hex}"
    headers = {"User-Agent": f"shop {card}", "Referer": f"http://shop/{card}", "X-Request-Id": card}
    for path in (f"/payments/{card}", f"/payments?merchantId={card}", f"/{card}"):
        ask("GET", f"{url}{path}", headers=headers)
    ask("GET", f"{url}/health/live", headers={"X-Request-Id": request_id})
    application.check_output(
        f"timeout 60 sh -c 'until grep -qF {request_id} /var/log/envoy/access.log; do sleep 1; done'"
    )
    assert application.run(f"grep -rF {card} /var/log/envoy").rc == 1


@pytest.mark.parametrize("route", ["writes", "files"])
def test_nothing_tells_envoy_to_send_a_post_twice(application, route: str) -> None:
    admin = "curl -fsS --unix-socket /run/envoy/admin.sock http://admin/config_dump?resource=dynamic_route_configs"
    (config,) = json.loads(application.check_output(admin))["configs"]
    (host,) = config["route_config"]["virtual_hosts"]
    (found,) = [one for one in host["routes"] if one["name"] == route]
    assert found["route"]["retry_policy"]["retry_on"] == "connect-failure,reset-before-request"


def test_a_client_that_sends_its_headers_slowly_is_cut() -> None:
    context = ssl.create_default_context(cafile=inventory.authority())
    address = inventory.first_address("application")
    with (
        socket.create_connection((address, 443), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname=address) as client,
    ):
        client.sendall(b"GET /health HTTP/1.1\r\nHost: payops\r\nX-Slow: ")
        assert client.recv(1024).startswith(b"HTTP/1.1 408 ")


def test_what_envoy_refuses_itself_is_a_problem(url: str) -> None:
    answer = ask("POST", f"{url}/payments/authorize", data=b"x" * 70_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "GATEWAY_BODY_TOO_LARGE")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_password_is_in_no_file_and_no_process(host_of, secrets) -> None:
    host = host_of("observability")
    password = secrets["vault_prometheus_password"]
    assert password not in command_line_and_environment(host, "envoy")
    # what is looked for would be in sudo's log as a word of a command
    assert password not in host.check_output("cat /etc/envoy/* /var/log/envoy/*")


@pytest.mark.parametrize("page", ["grafana", "prometheus", "alertmanager"])
def test_strangers_do_not_reach_the_pages_of_observation(stranger, page: str) -> None:
    """By the firewall, or by Envoy where one machine has more than them."""
    if not inventory.members("observability"):
        pytest.skip("no machine in group observability")
    there = f"{inventory.gate('observability')}/{page}/"
    said = stranger.run(f"{CURL} --max-time 5 -o /dev/null -w '%{{http_code}}' {there}")
    assert said.stdout in ("000", "403")


@pytest.mark.parametrize("path", ["/metrics/gate", "/metrics/api/8081", "/metrics/api/8082", "/metrics/relay"])
def test_metrics_are_for_prometheus_alone(host_of, path: str) -> None:
    watcher = host_of("observability")
    metrics = f"https://{inventory.first_address('application')}:9443{path}"
    status, text = fetch(watcher, metrics, certificate="prometheus")
    assert (status, text.startswith("# ")) == (200, True)
    assert watcher.run(f"{CURL} --max-time 5 {metrics}").rc != 0
    other = f"--cert {CERTIFICATES}/exporter.pem --key {CERTIFICATES}/exporter.key"
    assert watcher.run(f"{CURL} --max-time 5 {other} {metrics}").rc != 0
