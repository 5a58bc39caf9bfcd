"""The small HTTP server of a worker: `/metrics`, and `/health` where the worker has something to say there."""

import json
import logging
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import MetricsHandler

Health = Callable[[], tuple[int, dict[str, Any]]]
"""Gives the HTTP status and the JSON object of `/health`."""

_log = logging.getLogger(__name__)


class PortTaken(Exception):
    """Something else listens on the port; the text says what to do."""


def serve(port: int, registry: CollectorRegistry, health: Health | None = None) -> ThreadingHTTPServer:
    """Serve on all addresses (Prometheus comes from another machine) until `shutdown`; 0 picks a free port.

    Raises PortTaken.
    """
    handler = type("Handler", (_Handler,), {"registry": registry, "health": staticmethod(health) if health else None})
    try:
        server = ThreadingHTTPServer(("", port), handler)
    except OSError as error:
        raise PortTaken(
            f"Port {port} is taken; stop what listens there or set WORKER_METRICS_PORT to a free one (0 picks one)."
        ) from error
    server.daemon_threads = True
    Thread(target=server.serve_forever, name="exposition", daemon=True).start()
    _log.info("metrics_served", extra={"port": server.server_address[1]})
    return server


class _Handler(MetricsHandler):
    health: Health | None = None

    def do_GET(self) -> None:  # noqa: N802
        """Metrics everywhere, as Prometheus' own handler does, except at /health."""
        if self.path.split("?")[0] != "/health" or self.health is None:
            super().do_GET()
            return
        status, body = self.health()
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
