"""The smallest Envoy that can be before the api, without TLS, log, limits and rules.

What the gateway's CPU is to be read against; not the gateway, which is stack/envoy.py.
"""

import json
from typing import Any, Final

from stack.envoy import binary
from stack.ports import is_free
from stack.server import Server

V3: Final = "type.googleapis.com/envoy.extensions.filters"


class SmallestEnvoy(Server):
    """One listener on `port`, one cluster with kept connections: to `instance`, the path of a unix socket."""

    name = "smallest-envoy"

    def __init__(self, instance: str) -> None:
        """Pick a port and a folder; nothing runs yet."""
        super().__init__()
        self._instance = instance

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    def _prepare(self) -> None:
        at = {"socket_address": {"address": "127.0.0.1", "port_value": self.port}}
        listener = {"address": at, "filter_chains": [{"filters": [_http()]}]}
        endpoint = {"endpoint": {"address": {"pipe": {"path": self._instance}}}}
        assignment = {"cluster_name": "api", "endpoints": [{"lb_endpoints": [endpoint]}]}
        resources = {"listeners": [listener], "clusters": [{"name": "api", "load_assignment": assignment}]}
        (self.folder / "envoy.json").write_text(json.dumps({"static_resources": resources}), encoding="utf-8")

    def _command(self) -> list[str]:
        options = ["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"]
        return [binary(), "-c", str(self.folder / "envoy.json"), *options]

    def _answers(self) -> bool:
        return not is_free(self.port)


def _http() -> dict[str, Any]:
    router = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{V3}.http.router.v3.Router"}}
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "api"}}]
    manager = {
        "@type": f"{V3}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "smallest",
        "route_config": {"virtual_hosts": [{"name": "api", "domains": ["*"], "routes": routes}]},
        "http_filters": [router],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
