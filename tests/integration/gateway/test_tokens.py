"""The shop's pages get tokens of cards through the gateway, and nothing else of the acquirer; no log has the card."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from stack.certificates import Leaf
from stack.envoy import Envoy
from stack.ports import free_port
from tests.integration.gateway.clients import Gate, asked, is_problem
from tests.integration.gateway.conftest import Start, port
from tests.psp.simulator import CONTROL, KEY, PUBLISHABLE, Simulator
from tests.servers import until
from tests.serving import Server

TOKENS = "/acquirer/v1/tokens"
CARD = {"number": "4242424242424242", "expiry": "12/40"}


@pytest.fixture(scope="module")
def acquirer() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def shop(acquirer: Simulator, answering: Server, leaf: Leaf) -> Iterator[Gate]:
    """Before an instance that answers everything, and the acquirer."""
    address: dict[str, Any] = {"envoy_acquirer_address": f"127.0.0.1:{acquirer.port}"}
    with Envoy(leaf.certificate, leaf.key, envoy_instances=[port(answering)], **address) as envoy:
        yield Gate(envoy, leaf.authority)


def ask(gate: Gate, path: str = TOKENS, key: str = PUBLISHABLE) -> requests.Response:
    """A page's request, with the origin that a browser sends."""
    return gate.post(path, json=CARD, headers={"Authorization": f"Bearer {key}", "Origin": gate.envoy.url})


def test_a_page_gets_a_token_and_no_log_has_the_card(shop: Gate) -> None:
    answer = ask(shop)
    assert (answer.status_code, answer.json()["token"][:4]) == (201, "tok_")
    until(lambda: TOKENS in shop.envoy.access_log.read_text(), "it is logged")
    assert CARD["number"] not in shop.envoy.access_log.read_text() + shop.envoy.log.read_text()


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
def test_nothing_else_of_it_is_reached(acquirer: Simulator, shop: Gate, instance: Server, path: str, key: str) -> None:
    before = len(acquirer.api.journal())
    request = f"POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Length: 2\r\n"
    said = shop.said(f"{request}Connection: close\r\n\r\n{{}}".encode())
    assert len(acquirer.api.journal()) == before
    if "%2f" in path:
        assert said.startswith(b"HTTP/1.1 400 ")
    else:
        assert len(asked(instance)) == 1


def test_an_acquirer_that_is_down_is_a_problem(instance: Server, start: Start) -> None:
    answer = ask(start(port(instance), envoy_acquirer_address=f"127.0.0.1:{free_port()}"))
    assert is_problem(answer, 503, "GATEWAY_UNAVAILABLE")
    assert asked(instance) == []


def test_without_an_acquirer_there_is_no_such_path(gate: Gate, instance: Server) -> None:
    ask(gate)
    assert [request.path for request in asked(instance)] == [TOKENS]
