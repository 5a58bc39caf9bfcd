"""Waits until the platform is up: every component of `GET /health` is UP, the acquirer's simulator answers, and no
program has failed.
"""

import http.client
import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from stack.state import State
from stack.supervision import Supervisor

UP_SECONDS = 60.0
POLL_SECONDS = 0.1
LOG_LINES = 25
FAILED_STATES = ("BACKOFF", "FATAL")


class NotReady(RuntimeError):
    """The platform did not start, or stopped; the message says why."""


def get_json(url: str, token: str = "", seconds: float = 2.0) -> dict[str, Any] | None:
    """The JSON answer, whatever its status; None when nothing answers (or not with JSON) within `seconds`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (our own http:// addresses only)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return _body_of(error)
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _body_of(error: urllib.error.HTTPError) -> dict[str, Any] | None:
    try:
        return dict(json.load(error))
    except ValueError:
        return None


def wait_until_up(
    state: State, port: int, acquirer: str, supervisord: subprocess.Popen[bytes], say: Callable[[str], None]
) -> None:
    """Return when /health is UP and the simulator answers at `acquirer`; `say` each change of a component.

    NotReady when a program fails, or after 60 s.
    """
    deadline = time.monotonic() + UP_SECONDS
    known: dict[str, str] = {}
    while True:
        health = get_json(f"http://127.0.0.1:{port}/health")
        for name, component in sorted((health or {}).get("components", {}).items()):
            status, detail = component["status"], component["detail"]
            if known.get(name) != status:
                known[name] = status
                say(f"{name} is {status}" if status == "UP" else f"{name} is {status}: {detail}")
        if health and health["status"] == "UP" and get_json(f"{acquirer}/health"):
            return
        _check_programs(state, supervisord)
        if time.monotonic() > deadline:
            raise NotReady(f"Not everything came up within {UP_SECONDS:g} s: {known or 'the API does not answer'}.")
        try:
            supervisord.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _check_programs(state: State, supervisord: subprocess.Popen[bytes]) -> None:
    if supervisord.poll() is not None:
        output = (state.logs / "supervisord.out").read_text(errors="replace")
        raise NotReady(f"The supervisor ended with code {supervisord.returncode}.\n{output}")
    try:
        processes = Supervisor(f"unix://{state.socket}").states()
    except OSError:  # its socket appears shortly after its start
        return
    for process in processes:
        if process["statename"] in FAILED_STATES:
            log = state.logs / f"{process['name']}.log"
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
            end = "".join(f"\n  {line}" for line in lines)
            raise NotReady(f"{process['name']} ends right after its start. The end of {log}:{end}")
