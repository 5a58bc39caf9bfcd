"""A port that another process takes between choice and use is chosen again."""

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stack.chosen_ports import ATTEMPTS, ChosenPorts, choose_ports, with_chosen_ports
from stack.ports import SERVER_PORTS, free_port
from stack.programs import ACQUIRER_PORT, METRICS_PORTS
from stack.readiness import NotReady


def listening() -> socket.socket:
    """Another process' server."""
    server = socket.socket()
    server.bind(("127.0.0.1", free_port()))
    server.listen()
    return server


def free() -> ChosenPorts:
    return ChosenPorts(free_port(), {"relay": 0}, free_port())


def quietly(_text: str) -> None:
    """Prints nothing."""


def never(_chosen: ChosenPorts) -> int:
    raise NotReady("it does not start")


def refusing(first: ChosenPorts) -> Callable[[ChosenPorts], int]:
    """Serves, but not on the ports that were chosen first."""

    def serve(chosen: ChosenPorts) -> int:
        if chosen is first:
            raise NotReady("redis ends right after its start")
        return 0

    return serve


@pytest.mark.parametrize("which", ["redis", "metrics", "acquirer"])
def test_a_port_that_was_taken_meanwhile_is_chosen_again(which: str) -> None:
    with listening() as other:
        port = other.getsockname()[1]
        changed: dict[str, Any] = {which: {"relay": port} if which == "metrics" else port}
        first = replace(free(), **changed)
        choices = iter([first, free()])
        said: list[str] = []
        assert with_chosen_ports(lambda: next(choices), refusing(first), said.append) == 0
        assert said == [f"another process took port {port}; starting again with others"]


def test_what_does_not_start_for_another_reason_is_told_at_once() -> None:
    choices = iter([free()])
    with pytest.raises(NotReady, match="it does not start"):
        with_chosen_ports(lambda: next(choices), never, quietly)


def test_it_does_not_choose_for_ever() -> None:
    with listening() as other:
        chosen: list[ChosenPorts] = []

        def choose() -> ChosenPorts:
            chosen.append(replace(free(), redis=other.getsockname()[1]))
            return chosen[-1]

        with pytest.raises(NotReady):
            with_chosen_ports(choose, never, quietly)
        assert len(chosen) == ATTEMPTS


def test_the_ports_of_metrics_are_the_usual_ones_or_those_that_were_given() -> None:
    assert choose_ports({"WORKER_METRICS_PORT": "0"}).metrics == dict.fromkeys(METRICS_PORTS, 0)
    assert all(port in (0, METRICS_PORTS[name]) for name, port in choose_ports({}).metrics.items())


def test_the_simulators_port_is_the_usual_one_while_it_is_free_or_the_one_that_was_given() -> None:
    assert choose_ports({"PSP_PORT": "8091"}).acquirer == 8091
    assert choose_ports({"PORT": str(ACQUIRER_PORT)}).acquirer != ACQUIRER_PORT
    assert choose_ports({"PSP_PORT": ""}).acquirer in (ACQUIRER_PORT, *SERVER_PORTS)
