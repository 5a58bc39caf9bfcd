"""What a deployment waits for: an instance is taken out when another one serves, restarted when idle, and put back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from stack.ports import free_port
from tests.integration.gateway.clients import asked, state
from tests.integration.gateway.conftest import Start, port
from tests.servers import until
from tests.serving import Answer, Request, Server, serving


@contextmanager
def slow() -> Iterator[tuple[Server, Event, Event]]:
    """An instance that does not answer /slow until the second event; the first one says that it was asked."""
    begun, goes_on = Event(), Event()

    def answer(request: Request, _url: str) -> Answer:
        if request.path == "/slow":
            begun.set()
            goes_on.wait()
        return Answer(200, {})

    with serving(answer) as server:
        try:
            yield server, begun, goes_on
        finally:
            goes_on.set()


def test_it_is_drained_when_no_request_is_under_way(instance: Server, start: Start) -> None:
    with slow() as (other, begun, goes_on), ThreadPoolExecutor() as clients:
        gate = start(port(instance), port(other))
        until(lambda: state(gate, "in", port(other)) == "", "it is in")
        gate.envoy.configure("endpoints", envoy_drained_instances=[port(instance)])
        until(lambda: state(gate, "drained", port(instance)) == "", "the other is out")
        under_way = clients.submit(gate.post, "/slow", json={})
        begun.wait()
        gate.envoy.configure("endpoints", envoy_drained_instances=[port(other)])
        until(lambda: state(gate, "drained", port(other)) == "drained: requests are under way", "it is out")
        assert [gate.post("/a", json={}).status_code for _ in range(5)] == [200] * 5
        assert len(asked(instance)) == 5
        goes_on.set()
        assert under_way.result().status_code == 200
        until(lambda: state(gate, "drained", port(other)) == "", "it is drained")
        assert state(gate, "out", port(other)) == ""
        assert state(gate, "in", port(other)).startswith("in: it has /eds_status_draining")


def test_it_is_in_when_it_is_healthy(instance: Server, start: Start) -> None:
    broken = free_port()
    gate = start(port(instance), broken)
    until(lambda: "/failed_active_hc" in state(gate, "in", broken), "its checks fail")
    assert state(gate, "in", port(instance)) == ""
    assert state(gate, "drained", port(instance)) == "drained: it may get requests"
    assert state(gate, "out", broken) == "out: it may get requests"
    assert state(gate, "in", 1) == "in: Envoy does not know it"


def test_the_only_healthy_instance_is_not_spare(instance: Server, start: Start) -> None:
    broken = free_port()
    gate = start(port(instance), broken)
    until(lambda: "/failed_active_hc" in state(gate, "in", broken), "its checks fail")
    assert state(gate, "spare", port(instance)).startswith("spare: the others have /failed_active_hc")
    assert state(gate, "spare", broken) == ""


def test_an_only_instance_is_spare(instance: Server, start: Start) -> None:
    assert state(start(port(instance)), "spare", port(instance)) == ""
