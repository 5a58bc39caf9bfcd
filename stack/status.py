"""`make status`: the state of the running platform on one screen. Changes nothing.

Reads OPERATOR_KEY where keys are required, else ADMIN_TOKEN; without them what the state folder keeps.
"""

import os
import sys
from pathlib import Path
from typing import Any

from stack.readiness import get_json
from stack.state import State, chosen
from stack.supervision import Supervisor

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Print the screen; 0 when the platform runs and is UP, else 1."""
    state = chosen(ROOT, os.environ)
    port = state.port()
    if port is None:
        print("payops does not run here; start it with `make run`.")
        return 1
    base = f"http://127.0.0.1:{port}"
    health = get_json(f"{base}/health")
    token = _credential(state, health)
    lines = [f"payops at {base}: {health['status'] if health else 'the API does not answer'}"]
    lines += _processes(state) + _components(health)
    lines += _breaker(get_json(f"{base}/circuit-breaker/kafka-publisher"))
    lines += _operations(get_json(f"{base}/operations?merchantId=M123", token))
    lines += _acquirer(state)
    lines += _audit(get_json(f"{base}/ledger/trial-balance", token))
    print("\n".join(lines))
    return 0 if health and health["status"] == "UP" else 1


def _credential(state: State, health: dict[str, Any] | None) -> str:
    if health and health.get("auth") == "required":
        kept = state.operator_key.read_text() if state.operator_key.exists() else ""
        return os.environ.get("OPERATOR_KEY") or kept
    return os.environ.get("ADMIN_TOKEN") or state.token()


def _line(name: str, value: object) -> str:
    return f"  {name:<14} {value}"


def _processes(state: State) -> list[str]:
    try:
        processes = Supervisor(f"unix://{state.socket}").states()
    except OSError:
        return ["processes", "  the supervisor is starting or stopping", ""]
    shown = [_line(process["name"], f"{process['statename']:<9} {process['description']}") for process in processes]
    return ["processes", *shown, ""]


def _components(health: dict[str, Any] | None) -> list[str]:
    components = (health or {}).get("components", {})
    shown = [_line(name, f"{one['status']:<9} {one['detail']}") for name, one in sorted(components.items())]
    return ["components", *(shown or ["  unknown"]), ""]


def _breaker(answer: dict[str, Any] | None) -> list[str]:
    if not answer or "state" not in answer:
        return [_line("breaker", "unknown")]
    stale = ", stale: no relay tells" if answer["stale"] else ""
    rates = f"failures {answer['failureRate']}, slow {answer['slowCallRate']}"
    return [_line("breaker", f"{answer['state']} since {answer['stateSince']} ({rates}{stale})")]


def _operations(answer: dict[str, Any] | None) -> list[str]:
    if not answer or "outboxPending" not in answer:
        return [_line("outbox", _why(answer))]
    pending, oldest = answer["outboxPending"], answer["outboxOldestAgeSeconds"] or 0
    parked = f", {answer['outboxParked']} parked: `python -m worker outbox list`" if answer.get("outboxParked") else ""
    waiting = f"{pending} pending, the oldest for {oldest:.1f} s" if pending else "empty"
    return [
        _line("outbox", waiting + parked),
        _line("ledger lag", f"{answer['ledgerLagSeconds'] or 0:.1f} s"),
        _line("dead letters", f"{answer['deadLettersOpen']} open"),
    ]


def _acquirer(state: State) -> list[str]:
    if not state.acquirer_address.exists():
        return [_line("acquirer", "unknown")]
    url = state.acquirer_address.read_text()
    return [_line("acquirer", f"{url} {'answers' if get_json(f'{url}/health') else 'does not answer'}")]


def _audit(answer: dict[str, Any] | None) -> list[str]:
    if not answer or "audit" not in answer:
        return [_line("audit", _why(answer))]
    audit = answer["audit"]
    if not audit or not audit.get("at"):
        return [_line("audit", "not yet run")]
    return [_line("audit", f"{audit['differences']} differences at {audit['at']} ({audit['inFlight']} in flight)")]


def _why(answer: dict[str, Any] | None) -> str:
    if answer and str(answer.get("code")).startswith("API_KEY"):
        return "unknown: set OPERATOR_KEY to an operator's key"
    if answer and answer.get("code") == "UNAUTHORIZED":
        return "unknown: set ADMIN_TOKEN to the one that `make run` was given"
    return "unknown"


if __name__ == "__main__":
    sys.exit(main())
