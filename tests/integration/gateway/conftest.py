"""A gateway with an authority of its own, and an instance behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from stack.certificates import Authority, Leaf
from stack.envoy import Envoy
from tests.integration.gateway.clients import Gate
from tests.serving import Answer, Server, serving


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("gateway"))


@pytest.fixture(scope="package")
def leaf(authority: Authority) -> Leaf:
    return authority.leaf()


@pytest.fixture(scope="package")
def answering() -> Iterator[Server]:
    """Answers everything."""
    with serving(lambda _request, _url: Answer(200, {"of": "the api"}, {"X-Request-Id": "of-the-api"})) as server:
        yield server


@pytest.fixture
def instance(answering: Server) -> Server:
    """It, asked nothing yet."""
    answering.requests.clear()
    return answering


Start = Callable[..., Gate]
"""(ports of instances, role variables) → the gateway, up, with every instance checked."""


@pytest.fixture
def start(leaf: Leaf) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(*instances: int | str, **changed: Any) -> Gate:
            envoy = Envoy(leaf.certificate, leaf.key, envoy_instances=list(instances), **changed)
            return Gate(stack.enter_context(envoy), leaf.authority)

        yield started


@pytest.fixture(scope="package")
def gate(answering: Server, leaf: Leaf) -> Iterator[Gate]:
    """Before one instance, by the role's defaults; nobody changes it."""
    with Envoy(leaf.certificate, leaf.key, envoy_instances=[port(answering)]) as envoy:
        yield Gate(envoy, leaf.authority)


@pytest.fixture(scope="package")
def impatient(answering: Server, leaf: Leaf) -> Iterator[Gate]:
    """It, but with a second for each client."""
    seconds: dict[str, Any] = {"envoy_client_seconds": 1, "envoy_request_seconds": 1}
    with Envoy(leaf.certificate, leaf.key, envoy_instances=[port(answering)], **seconds) as envoy:
        yield Gate(envoy, leaf.authority)


def port(server: Server) -> int:
    """Where it serves."""
    return int(server.url.rpartition(":")[2])
