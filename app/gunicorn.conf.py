# ruff: noqa: ARG001, N999, PLC0415  (gunicorn names the file and the hooks; nothing here may import early)
"""gunicorn's settings for the API: reads PORT, WEB_WORKERS and PROMETHEUS_MULTIPROC_DIR; loads no application.

Listens on this machine only, unless `--bind` (or GUNICORN_CMD_ARGS) is given; and in any case where APP_AUTH is open.
"""

import gc
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

_METRICS_FILE = re.compile(r"(?:counter|histogram|summary|gauge_(?:live)?(?:all|max|min|mostrecent|sum))_[0-9]+\.db")
"""The names of prometheus_client's files of each process."""
_NEW_OBJECTS = 5000  # before a young collection; Python's default of 700 is reached with few requests


def _number(name: str, default: int, maximum: int) -> int:
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= maximum):
        raise SystemExit(f"Cannot start: {name} must be a whole number from 1 to {maximum}.")
    return int(text)


bind = [f"127.0.0.1:{_number('PORT', 8080, 65535)}"]
workers = _number("WEB_WORKERS", 1, 64)
wsgi_app = "app.wsgi:app"
worker_class = "app.server.web_worker.WebWorker"  # gevent
worker_connections = 1000
backlog = 1024
control_socket_disable = True

limit_request_line = 4094  # bytes; a cursor and a merchant need a few hundred
limit_request_fields = 64
limit_request_field_size = 4096

forwarder_headers = ""  # a header SCRIPT_NAME must not change the application's path

# Seconds that a connection may be idle: longer than clients and the gateway keep one (Envoy 2, Go 90, Firefox 115), so
# that they close it, and no request is sent on a connection that is being closed. A stop waits for the gateway's alone.
keepalive = 120
timeout = 30  # seconds without a heartbeat of a worker's loop, before it is replaced
graceful_timeout = 10  # seconds; every request is answered within 5


class JsonLogger(Logger):
    """gunicorn's own events as JSON lines; no access log, the gateway keeps one."""

    def setup(self, cfg: Any) -> None:
        """Send gunicorn's records through the same logging as all others."""
        from payments import logs  # gunicorn adds our folder to the path only after it has read this file

        super().setup(cfg)
        logs.configure("INFO")  # a worker sets its own LOG_LEVEL, and reports a bad one
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = JsonLogger

# prometheus_client reads this when it is imported: in the workers, and in child_exit below
_given = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
_metrics_folder = Path(_given or tempfile.mkdtemp(prefix="payops-metrics-"))
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics_folder)


def _refusal(server: Any) -> str | None:
    """Why the API must not listen where it is to, or listens; None: it may."""
    from app.server.listening import REFUSAL, open_to_others

    if not _is_open():
        return None
    found = open_to_others(server.cfg.address, server.LISTENERS)
    return REFUSAL.format(" and ".join(found)) if found else None


def _is_open() -> bool:
    return os.environ.get("APP_AUTH") != "required"  # gunicorn's --env may have set it since this file was read


def on_starting(server: Any) -> None:
    """Start with an empty metrics folder; a reload keeps it, as its workers are still counting.

    Exits with code 1 where everybody could pay and the address is not of this machine alone.
    """
    if (refusal := _refusal(server)) is not None:
        on_exit(server)
        raise SystemExit(refusal)
    _metrics_folder.mkdir(parents=True, exist_ok=True)
    for file in _metrics_folder.iterdir():
        if _METRICS_FILE.fullmatch(file.name) and file.is_file():  # the folder may have other files
            file.unlink()


def when_ready(server: Any) -> None:
    """Check the sockets themselves, which may be inherited, before a worker serves them; say when no key is needed."""
    if (refusal := _refusal(server)) is not None:
        on_exit(server)
        raise SystemExit(refusal)
    if _is_open():
        server.log.warning("auth_open")


def on_reload(server: Any) -> None:
    """As at the start, before new workers serve: end them all rather than serve everybody."""
    if (refusal := _refusal(server)) is not None:
        raise HaltServer(refusal, 1)


def post_worker_init(worker: Any) -> None:
    """Connect to Redis before the first request: a first connection may take longer than a request waits.

    Starts the measurements for the overview, which end with the worker. Also gc.freeze(), so that the garbage collector
    does not scan loaded code while requests wait.
    """
    from app.services import EXTENSION

    services = worker.wsgi.extensions[EXTENSION]
    services.admission.ping()
    services.overview.start()
    services.key_watch.start()
    services.key_uses.start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def child_exit(server: Any, worker: Any) -> None:
    """Remove the gauges of a worker that has ended; its counters stay."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def worker_exit(server: Any, worker: Any) -> None:
    """Finish all accepted commands, also those answered with OUTCOME_UNKNOWN, and write the last calls of keys."""
    from app.services import EXTENSION

    application = getattr(worker, "wsgi", None)
    if application is None:
        return
    services = application.extensions[EXTENSION]
    services.overview.stop()
    services.key_watch.stop()
    if not services.queue.drain(graceful_timeout):
        server.log.error("commands_not_finished")
    services.key_uses.stop()
    services.traces.close()


def on_exit(server: Any) -> None:
    """Remove the metrics folder if this process created it."""
    if not _given:
        shutil.rmtree(_metrics_folder, ignore_errors=True)
