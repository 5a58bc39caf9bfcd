"""`make observe`: Prometheus and Alertmanager beside a running `make run`, in the foreground, until Ctrl-C or SIGTERM.

Does not change the platform, and keeps running when it stops: then alerts fire. Reads PAYOPS_STATE.
"""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from stack import ports
from stack.programs import METRICS_PORTS
from stack.prometheus import Alertmanager, Prometheus, Timing
from stack.server import Server, ServerError, program
from stack.state import AlreadyRuns, State, chosen
from stack.supervision import Supervisor

ROOT = Path(__file__).resolve().parent.parent
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 2.0
PROMETHEUS_PORT, ALERTMANAGER_PORT = 9090, 9093

_TEXT = """
Prometheus and Alertmanager watch payops at http://127.0.0.1:{port}. Ctrl-C stops them; payops goes on.

  graphs        {pages}/graph
  alerts        {pages}/alerts
  targets       {pages}/targets
  Alertmanager  amtool alert query --alertmanager.url={alertmanager}
  kept in       {folder}/
"""


class Stop(BaseException):
    """A stop signal arrived."""


def main() -> int:
    """Run until stopped; returns the exit code."""
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        return _observe(chosen(ROOT, os.environ))
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1
    except Stop:
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:  # a second signal (make forwards its own) must not interrupt the shutdown
        signal.signal(number, signal.SIG_IGN)
    raise Stop


def _observe(platform: State) -> int:
    port = platform.port()
    if port is None:
        raise ServerError("payops does not run here; start it with `make run`, then this beside it.")
    for name in ("prometheus", "prometheus-alertmanager"):
        program(name, name)
    own = State(platform.folder / "observe")
    own.prepare()
    prometheus_port = _port(PROMETHEUS_PORT)
    try:
        with own.held(prometheus_port):
            return _run(platform, own, port, prometheus_port)
    except AlreadyRuns:
        raise ServerError(f"payops is observed already: http://127.0.0.1:{own.port()}") from None


def _port(wanted: int) -> int:
    return wanted if ports.is_free(wanted) else ports.free_port()


def _run(platform: State, own: State, port: int, prometheus_port: int) -> int:
    alertmanager = Alertmanager(Timing(), _folder(own, "alertmanager"))
    alertmanager.port = _port(ALERTMANAGER_PORT)
    prometheus = Prometheus(alertmanager, Timing(), _folder(own, "prometheus"))
    prometheus.port = prometheus_port
    watched = {"api": [port], **{name: [default] for name, default in METRICS_PORTS.items()}}
    watched = _seen(platform, watched)
    prometheus.watch(watched)
    try:
        alertmanager.start()
        prometheus.start()
        urls = {"pages": prometheus.pages, "alertmanager": alertmanager.url}
        print(_TEXT.format(port=port, folder=os.path.relpath(own.folder), **urls), flush=True)
        while not prometheus.ended(POLL_SECONDS) and not alertmanager.ended(0):
            if (now := _seen(platform, watched)) != watched:
                watched = now
                prometheus.watch(watched)
        raise ServerError("\n".join(_end(server) for server in (prometheus, alertmanager) if server.ended(0)))
    finally:
        prometheus.stop()
        alertmanager.stop()
        print("stopped", flush=True)


def _folder(own: State, name: str) -> Path:
    folder = own.folder / name
    folder.mkdir(exist_ok=True)
    return folder


def _end(server: Server) -> str:
    return f"{server.name} ended with code {server.exit_code}.{server.log_end()}"


def _seen(platform: State, before: Mapping[str, list[int]]) -> dict[str, list[int]]:
    """Each program's metrics ports now, or those of `before` when they cannot be read."""
    now = {**before}
    if (port := platform.port()) is not None:
        now["api"] = [port]
    try:
        processes = Supervisor(f"unix://{platform.socket}").states()
    except OSError:  # the platform is starting, or has ended
        return now
    for process in processes:
        if process["name"] in METRICS_PORTS and (found := ports.of_process(process["pid"])):
            now[process["name"]] = found
    return now


if __name__ == "__main__":
    sys.exit(main())
