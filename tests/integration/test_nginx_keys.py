"""API keys through nginx: they reach the api, and no log of nginx has one, wherever a client puts it."""

from collections.abc import Iterator

import pytest
import requests

from payments.merchants.key_form import Prefix, new_key
from stack.ports import free_port
from tests.nginx_role import Nginx
from tests.servers import until
from tests.serving import Answer, Server, serving


@pytest.fixture
def upstream() -> Iterator[Server]:
    """An instance that answers everything, and repeats the request's id as the api does."""
    with serving(lambda sent, _url: Answer(200, {}, {"X-Request-Id": sent.headers.get("x-request-id", "")})) as server:
        yield server


def port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])


@pytest.mark.parametrize("alive", [True, False])
def test_no_log_has_a_key(upstream: Server, alive: bool) -> None:
    key = new_key(Prefix.OPERATOR).text
    headers = {"Authorization": f"Bearer {key}", "User-Agent": f"shop {key}", "X-Request-Id": key}
    paths = ("/operations", f"/payments/{key}", f"/payments?key={key}", f"/api-keys/{key}/revoke", f"/{key}")
    with Nginx([port(upstream) if alive else free_port()]) as nginx:
        for path in paths:
            requests.get(f"{nginx.url}{path}", headers=headers, timeout=5)
        until(lambda: len(nginx.access_log.read_text().splitlines()) == len(paths), "all are logged")
        assert not [file for file in nginx.folder.glob("*.log") if key[-38:] in file.read_text()]


@pytest.mark.parametrize("path", ["/shop/payments/authorize", "/payments/authorize"])
def test_a_request_reaches_the_api_with_its_key(upstream: Server, path: str) -> None:
    with Nginx([port(upstream)]) as nginx:
        for address in (nginx.url, f"http://127.0.0.1:{nginx.shop_port}"):
            requests.post(f"{address}{path}", json={}, headers={"Authorization": "Bearer of-the-client"}, timeout=5)
    sent = [(request.path, request.headers["authorization"]) for request in upstream.requests]
    assert sent == [(path, "Bearer of-the-client")] * 2
