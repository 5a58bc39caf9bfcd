"""An instance of the api that freezes under a load through the gateway: how soon it gets nothing, and what failed."""

import json
import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import k6
from bench.platform import UP_SECONDS, wait_until
from bench.progress import say
from bench.session import Session
from bench.under_load import under_way
from stack.envoy import Envoy
from stack.platform import Api


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds until the gateway left the instance out, and the share (%) of the load's requests that failed."""

    seconds: float
    failed: float


def freeze(session: Session, gate: Envoy, authority: Path, api: Api, address: str, rate: int, seconds: int) -> Outcome:
    """Freeze `api`, at `address` for the gateway, when a sixth of the load is done; it goes on after the load."""
    load = partial(k6.run, gate.url, rate, seconds, authority=authority)
    with under_way(session, rate * seconds // 6, load) as loaded:
        os.killpg(api.pid, signal.SIGSTOP)  # the web worker, too
        try:
            begun = time.monotonic()
            wait_until(lambda: is_left_out(gate, address), UP_SECONDS, "the gateway leaves the instance out")
            taken = time.monotonic() - begun
            result = loaded.result()
        finally:
            os.killpg(api.pid, signal.SIGCONT)
    wait_until(lambda: not is_left_out(gate, address), UP_SECONDS, "the instance is back")
    say(f"left out after {taken:.1f} s; {result.failed} of {result.requests} requests failed")
    return Outcome(taken, 100 * result.failed / result.requests)


def is_left_out(gate: Envoy, address: str) -> bool:
    """Whether no request goes to the instance: each cluster of the gateway that has it knows that it failed."""
    clusters = json.loads(gate.admin("/clusters?format=json"))["cluster_statuses"]
    hosts = [host for cluster in clusters for host in cluster.get("host_statuses", ()) if _of(host) == address]
    assert hosts, f"the gateway has no instance {address}"
    return all(any(name.startswith("failed_") for name in host["health_status"]) for host in hosts)


def _of(host: dict[str, Any]) -> str:
    return str(host["address"].get("pipe", {}).get("path", ""))
