"""The ports that `make run` chooses itself; when another process takes one before ours could, it chooses again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stack.ports import free_port, is_free
from stack.programs import METRICS_PORTS
from stack.readiness import NotReady

ATTEMPTS: Final = 5


@dataclass(frozen=True)
class ChosenPorts:
    """Of Redis, and of each worker's metrics (0: the worker finds one itself)."""

    redis: int
    metrics: Mapping[str, int]

    def taken(self) -> list[int]:
        """Those on which something listens now."""
        return [port for port in (self.redis, *self.metrics.values()) if port and not is_free(port)]


def choose_ports(given: Mapping[str, str]) -> ChosenPorts:
    """Free ones. `given`: the environment; its WORKER_METRICS_PORT holds for all workers."""
    if wanted := given.get("WORKER_METRICS_PORT"):
        return ChosenPorts(free_port(), dict.fromkeys(METRICS_PORTS, int(wanted)))
    return ChosenPorts(free_port(), {name: port if is_free(port) else 0 for name, port in METRICS_PORTS.items()})


def with_chosen_ports(
    choose: Callable[[], ChosenPorts], serve: Callable[[ChosenPorts], int], say: Callable[[str], None]
) -> int:
    """What `serve` returns. It is called again with other ports when it ended with NotReady, stopped all that it had
    started, and one of its ports is not free all the same. Raises the NotReady of the last attempt, or any other.
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
