"""nginx: access by address, the forwarded client address, and its answers when the api is down."""

import json
import socket
import uuid
from contextlib import ExitStack, suppress

import pytest
import requests

from tests.infra import inventory
from tests.infra.asking import from_outside, mode_and_owner
from tests.servers import until

STRANGERS = ["database", "broker", "build"]
INSIDERS_ONLY = ["/metrics", "/openapi.json", "/docs", "/docs/static/swagger-ui.css"]


@pytest.fixture
def application(host_of):
    return host_of("application")


@pytest.fixture
def url() -> str:
    return f"http://{inventory.first_address('application')}"


def test_it_runs_and_comes_back_after_a_boot(application) -> None:
    assert application.service("nginx").is_running
    assert application.service("nginx").is_enabled


@pytest.mark.parametrize("group", ["application", "observability"])
def test_its_configuration_is_sound_and_root_s(host_of, group: str) -> None:
    assert host_of(group).run("nginx -t").rc == 0
    assert mode_and_owner(host_of(group), "/etc/nginx/nginx.conf") == "644 root root"


@pytest.mark.parametrize("port", [80, 8080])
@pytest.mark.parametrize("path", INSIDERS_ONLY)
def test_strangers_do_not_see_the_inside(host_of, application, url: str, port: int, path: str) -> None:
    address = inventory.first_address("application")
    strangers = [group for group in STRANGERS if inventory.members(group) and inventory.first_address(group) != address]
    if not strangers:
        pytest.skip("one machine is everything: nobody is a stranger")
    said = host_of(strangers[0]).check_output(f"curl -s -o /dev/null -w '%{{http_code}}' {url}:{port}{path}")
    assert said == "403"


@pytest.mark.parametrize("path", INSIDERS_ONLY)
def test_the_management_network_does(url: str, path: str) -> None:
    assert from_outside(f"{url}:8080{path}") == 200


@pytest.mark.parametrize("trick", ["//metrics", "/%6detrics", "/health/../metrics", "/./metrics", "/METRICS"])
def test_no_other_spelling_gets_a_stranger_in(host_of, url: str, trick: str) -> None:
    if inventory.first_address("broker") == inventory.first_address("application"):
        pytest.skip("one machine is everything: nobody is a stranger")
    said = host_of("broker").check_output(f"curl -s --path-as-is -w '\\n%{{http_code}}' {url}:8080{trick}")
    assert said.splitlines()[-1] in ("403", "404")
    assert "flask_http_request" not in said


def test_port_80_has_a_page_and_the_api(url: str) -> None:
    page = requests.get(url, timeout=5)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert requests.get(f"{url}/health/live", timeout=5).json()["status"] == "UP"


def test_the_api_sees_the_clients_address_not_the_one_that_it_claims(host_of, url: str) -> None:
    command = (
        "for i in 1 2 3 4 5 6 7 8 9 10 11; do curl -s -o /dev/null -w '%{http_code} ' -H 'Authorization: Bearer wrong'"
        f" -H \"X-Forwarded-For: 203.0.113.$i\" '{url}/operations?merchantId=M1'; done"
    )
    statuses = host_of("broker").check_output(command).split()
    assert set(statuses) <= {"401", "429"}
    assert statuses[-1] == "429"  # ten wrong tokens a minute from one address, whatever X-Forwarded-For says


def test_the_access_log_is_json_with_the_request_s_id(application, url: str, secrets) -> None:
    request_id = f"infra-{uuid.uuid4().hex}"
    headers = {"X-Request-Id": request_id, "User-Agent": 'quote" and \\ backslash'}
    headers["Authorization"] = f"Bearer {secrets['vault_payops_k6_keys'].split()[0]}"
    requests.get(f"{url}:8080/payments?limit=1", headers=headers, timeout=5)
    line = application.check_output(f"grep -F {request_id} /var/log/nginx/access.log")
    entry = json.loads(line)
    assert (entry["requestId"], entry["status"], entry["path"]) == (request_id, 200, "/payments")
    assert entry["agent"] == headers["User-Agent"]


@pytest.mark.parametrize(
    "directive", ["proxy_next_upstream error timeout;", "keepalive_timeout 60s;", "limit_req zone=", "limit_conn "]
)
def test_what_guards_the_money_is_in_force(application, directive: str) -> None:
    assert directive in application.check_output("nginx -T 2>/dev/null")


def test_a_client_that_sends_its_headers_slowly_is_cut(url: str) -> None:
    address = inventory.first_address("application")
    with socket.create_connection((address, 8080), timeout=60) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: payops\r\nX-Slow: ")
        with suppress(ConnectionResetError):
            assert client.recv(1024) == b""


def test_one_address_has_no_more_than_its_share(url: str) -> None:
    """400 requests whose bodies never come; the next one of this address is refused, that of another is not."""
    address = inventory.first_address("application")
    head = b"POST /payments/authorize HTTP/1.1\r\nHost: payops\r\nContent-Length: 10\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(420):
            client = stack.enter_context(socket.create_connection((address, 8080), timeout=60))
            client.sendall(head)
        refused = requests.get(f"{url}:8080/health/live", timeout=10)
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    until(lambda: requests.get(f"{url}:8080/health/live", timeout=10).status_code == 200, "the others have gone")


def test_no_log_has_a_card_number(application, url: str) -> None:
    card = "4111111111111111"
    headers = {"User-Agent": f"shop {card}", "Referer": f"http://shop/{card}", "X-Request-Id": card}
    for path in (f"/payments/{card}", f"/payments?merchantId={card}", f"/{card}"):
        for port in (80, 8080):
            requests.get(f"{url}:{port}{path}", headers=headers, timeout=5)
    assert application.run(f"grep -rF {card} /var/log/nginx").rc == 1


def test_what_nginx_refuses_itself_is_a_problem(url: str) -> None:
    answer = requests.get(f"{url}:8080/payments/{'a' * 9000}", timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_nothing_tells_nginx_to_send_a_post_twice(application) -> None:
    directives = [
        line for line in application.check_output("nginx -T").splitlines() if not line.lstrip().startswith("#")
    ]
    assert not [line for line in directives if "non_idempotent" in line]


def test_the_password_file_is_nginx_s_alone(host_of) -> None:
    assert mode_and_owner(host_of("observability"), "/etc/nginx/observability.htpasswd") == "640 root www-data"
    assert ":$6$" in host_of("observability").file("/etc/nginx/observability.htpasswd").content_string
