"""The ports that `make run` chooses itself; chooses again when another process takes one first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stack.ports import free_port, is_free
from stack.programs import ACQUIRER_PORT, METRICS_PORTS
from stack.readiness import NotReady

ATTEMPTS: Final = 5


@dataclass(frozen=True)
class ChosenPorts:
    """Ports of Redis, of each worker's metrics (0: the worker picks a free one) and of the acquirer's simulator."""

    redis: int
    metrics: Mapping[str, int]
    acquirer: int

    def taken(self) -> list[int]:
        """The chosen ports on which something listens now."""
        chosen = (self.redis, *self.metrics.values(), self.acquirer)
        return [port for port in chosen if port and not is_free(port)]


def choose_ports(variables: Mapping[str, str]) -> ChosenPorts:
    """Choose free ports. `variables`: the environment; its WORKER_METRICS_PORT applies to all workers, PSP_PORT to the
    acquirer's simulator, which else does not take PORT.
    """
    if wanted := variables.get("WORKER_METRICS_PORT"):
        metrics = dict.fromkeys(METRICS_PORTS, int(wanted))
    else:
        metrics = {name: port if is_free(port) else 0 for name, port in METRICS_PORTS.items()}
    return ChosenPorts(free_port(), metrics, _of_acquirer(variables))


def _of_acquirer(variables: Mapping[str, str]) -> int:
    if wanted := variables.get("PSP_PORT"):
        return int(wanted)
    is_ours = variables.get("PORT") == str(ACQUIRER_PORT)
    return free_port() if is_ours or not is_free(ACQUIRER_PORT) else ACQUIRER_PORT


def with_chosen_ports(
    choose: Callable[[], ChosenPorts], serve: Callable[[ChosenPorts], int], say: Callable[[str], None]
) -> int:
    """The result of `serve`, called again with other ports when it raised NotReady and one of its ports is taken.

    Raises the NotReady of the last attempt, or any other.
    """
    for _ in range(ATTEMPTS - 1):
        chosen = choose()
        try:
            return serve(chosen)
        except NotReady:
            taken = chosen.taken()
            if not taken:
                raise
            say(f"another process took port {taken[0]}; starting again with others")
    return serve(choose())
