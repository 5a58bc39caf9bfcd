"""nginx lets the shop's pages get tokens of cards from the acquirer, and nothing else of it; no log has the card."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from stack.ports import free_port
from tests.nginx_role import Nginx
from tests.psp.simulator import CONTROL, KEY, PUBLISHABLE, Simulator
from tests.serving import Answer, Server, serving

TOKENS = "/acquirer/v1/tokens"
CARD = {"number": "4242424242424242", "expiry": "12/40"}


@pytest.fixture(scope="module")
def acquirer() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def api() -> Iterator[Server]:
    """An instance that knows none of the paths."""
    with serving(lambda _request, _url: Answer(404, {}, {})) as server:
        yield server


@contextmanager
def serving_shop(api: Server, port: int | None) -> Iterator[tuple[Nginx, str]]:
    """nginx before the api and the acquirer at `port`, and the shop's origin."""
    address = {} if port is None else {"nginx_acquirer_address": f"127.0.0.1:{port}"}
    with Nginx([int(api.url.rpartition(":")[2])], **address) as nginx:
        yield nginx, f"http://127.0.0.1:{nginx.shop_port}"


def ask(url: str, key: str = PUBLISHABLE, method: str = "POST") -> requests.Response:
    """A page's request, with the origin that a browser sends."""
    headers = {"Authorization": f"Bearer {key}", "Origin": url.split("/acquirer")[0]}
    return requests.request(method, url, json=CARD, headers=headers, timeout=10)


def test_a_page_gets_a_token_and_no_log_has_the_card(acquirer: Simulator, api: Server) -> None:
    with serving_shop(api, acquirer.port) as (nginx, shop):
        answer = ask(shop + TOKENS)
        assert (answer.status_code, answer.json()["token"][:4]) == (201, "tok_")
        nginx.stop()
        logs = "".join(path.read_text() for path in nginx.folder.glob("*.log"))
        assert TOKENS in logs
        assert CARD["number"] not in logs
        assert not [path for path in nginx.folder.rglob("*") if path.is_file() and "client_body" in str(path)]


@pytest.mark.parametrize(
    "path",
    [
        "/acquirer",
        "/acquirer/",
        "/acquirer/health",
        "/acquirer/_control/faults",
        "/acquirer/v1/operations?reference=a",
        "/acquirer/v1/tokens/../authorizations",
        "/acquirer/v1/tokens/..%2fauthorizations",
        "/acquirer/v1/tokens/",
        "/acquirer/v1/tokens%3f",
        "/acquirer/v1/tokensx",
    ],
)
@pytest.mark.parametrize("key", [KEY, CONTROL])
def test_nothing_else_of_it_is_reached(acquirer: Simulator, api: Server, path: str, key: str) -> None:
    before = len(acquirer.api.journal())
    with serving_shop(api, acquirer.port) as (nginx, shop):
        request = requests.Request("POST", shop, headers={"Authorization": f"Bearer {key}"}).prepare()
        request.url = shop + path  # as it is: requests would take the dots out
        for base in (shop, nginx.url):
            request.url = base + path
            with requests.Session() as session:
                assert session.send(request, timeout=10).status_code == 404
    assert len(acquirer.api.journal()) == before


def test_another_method_is_a_problem(acquirer: Simulator, api: Server) -> None:
    with serving_shop(api, acquirer.port) as (_, shop):
        answer = ask(shop + TOKENS, method="GET")
        assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_an_acquirer_that_is_down_is_a_problem(api: Server) -> None:
    with serving_shop(api, free_port()) as (_, shop):
        answer = ask(shop + TOKENS)
        assert (answer.status_code, answer.json()["code"]) == (503, "ACQUIRER_UNAVAILABLE")
        assert api.requests == []


def test_without_an_acquirer_there_is_no_such_path(api: Server) -> None:
    with serving_shop(api, None) as (_, shop):
        assert ask(shop + TOKENS).status_code == 404
