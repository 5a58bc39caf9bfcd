"""Envoy sidecars as a service mesh has them, without a control plane, for `make bench PARTS=mesh`.

A program speaks plain to its own sidecar, on loopback. Between sidecars there is TLS 1.3, and each verifies the other's
name. Bytes are relayed; HTTP is read only where a sidecar hands it to its program.
"""

import json
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from stack.certificates import BOTH, CERTIFICATE, KEY, Leaf
from stack.envoy import Envoy, binary
from stack.ports import free_port
from stack.server import Server

V3: Final = "type.googleapis.com/envoy.extensions"
CONNECT: Final = "1s"


@dataclass(frozen=True, slots=True)
class Inbound:
    """Where sidecars whose certificates name one of `callers` reach a program: at `at`. `port`: the program's own.

    `http`: requests are read, and connections are kept on both sides of the sidecar.
    """

    port: int
    callers: tuple[str, ...]
    http: bool = False
    at: int = field(default_factory=free_port)


@dataclass(frozen=True, slots=True)
class Outbound:
    """Where a program reaches another one through both sidecars: at `at`, of loopback. `name`: of the other."""

    name: str
    to: Inbound
    at: int = field(default_factory=free_port)


class Sidecar(Server):
    """The sidecar of one program; its certificate is `leaf`, which is good for both sides of a connection."""

    start_seconds = 30.0

    def __init__(
        self, name: str, leaf: Leaf, inbound: Sequence[Inbound] = (), outbound: Sequence[Outbound] = ()
    ) -> None:
        """Pick ports and a folder; nothing runs yet."""
        self.name = f"sidecar-{name}"
        super().__init__()
        self.inbound, self.outbound = tuple(inbound), tuple(outbound)
        self._leaf = leaf

    def use(self, leaf: Leaf) -> None:
        """Show another leaf in new connections, without a restart: Envoy watches the folder for a rename."""
        leaf.copy_to(self.folder)

    def _prepare(self) -> None:
        self.use(self._leaf)
        write_secrets(self.folder)
        listeners = [_inbound(self.folder, self._leaf, one) for one in self.inbound]
        listeners += [_listener(f"to_{one.name}", one.at, _relay(one.name)) for one in self.outbound]
        clusters = [_cluster(f"program_{one.port}", one.port) for one in self.inbound]
        clusters += [
            _cluster(one.name, one.to.at, transport_socket=upstream_tls(self.folder, self._leaf, one.name))
            for one in self.outbound
        ]
        bootstrap = {
            "node": {"id": self.name, "cluster": "payops"},
            "admin": {"address": _address(self.port)},
            "static_resources": {"listeners": listeners, "clusters": clusters},
        }
        (self.folder / "envoy.json").write_text(json.dumps(bootstrap), encoding="utf-8")

    def _command(self) -> list[str]:
        options = ["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"]
        return [binary(), "-c", str(self.folder / "envoy.json"), *options]

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ready", timeout=1) as answer:
                return bool(answer.read().strip() == b"LIVE")
        except OSError:
            return False


class Gate(Envoy):
    """The gateway with a certificate that can be replaced while it runs."""

    def __init__(self, leaf: Leaf, instance: str) -> None:
        """Pick ports and a folder; nothing runs yet. `instance`: of the api: the path of a unix socket."""
        super().__init__(leaf.certificate, leaf.key, envoy_instances=[instance], envoy_instance_address="%s")
        own = {"envoy_certificate": self.folder / CERTIFICATE, "envoy_certificate_key": self.folder / KEY}
        self.changed |= {name: str(file) for name, file in own.items()}
        self.leaf = leaf

    def use(self, leaf: Leaf) -> None:
        """Show another leaf in new connections, without a restart."""
        leaf.copy_to(self.folder)

    def _prepare(self) -> None:
        self.use(self.leaf)
        super()._prepare()


class MeshGate(Gate):
    """The gateway as the edge of the mesh: its connections to the api's sidecar are mutual TLS, and are kept."""

    def __init__(self, leaf: Leaf, api: Inbound) -> None:
        """Pick ports and a folder; nothing runs yet."""
        super().__init__(leaf, "/nowhere")  # see _enter_mesh
        self._api = api

    def _write(self, names: Iterable[str]) -> None:
        """As the gateway's, with other clusters and endpoints."""
        super()._write(names)
        write_secrets(self.folder)
        for name in {"clusters", "endpoints"}.intersection(names):
            new, file = self.folder / f"{name}.new", self.folder / f"{name}.yaml"
            found = yaml.safe_load(file.read_text(encoding="utf-8"))
            for resource in found["resources"]:
                self._enter_mesh(resource)
            new.write_text(yaml.safe_dump(found), encoding="utf-8")
            new.rename(file)  # Envoy reads what was renamed

    def _enter_mesh(self, resource: dict[str, Any]) -> None:
        if resource.get("cluster_name") == "api":
            resource["endpoints"] = _assignment("api", self._api.at)["endpoints"]
        elif resource.get("name") == "api":
            resource["transport_socket"] = upstream_tls(self.folder, self.leaf, "api")


def write_secrets(folder: Path) -> None:
    """The certificate and key of a folder as a file that Envoy reads: both from one file, so that they fit."""
    both = {"filename": str(folder / BOTH)}
    own = {
        "@type": f"{V3}.transport_sockets.tls.v3.Secret",
        "name": "own",
        "tls_certificate": {
            "certificate_chain": both,
            "private_key": both,
            "watched_directory": {"path": str(folder)},
        },
    }
    (folder / "own.json").write_text(json.dumps({"resources": [own]}), encoding="utf-8")


def upstream_tls(folder: Path, leaf: Leaf, name: str) -> dict[str, Any]:
    """The side that connects, to whom `name` is; after `write_secrets`."""
    return _tls("Upstream", folder, leaf, [name])


def _inbound(folder: Path, leaf: Leaf, inbound: Inbound) -> dict[str, Any]:
    to = f"program_{inbound.port}"
    tls = _tls("Downstream", folder, leaf, inbound.callers, require_client_certificate=True)
    return _listener(f"from_{to}", inbound.at, _http(to) if inbound.http else _relay(to), transport_socket=tls)


def _tls(side: str, folder: Path, leaf: Leaf, names: Iterable[str], **more: Any) -> dict[str, Any]:
    own = {"resource_api_version": "V3", "path_config_source": {"path": str(folder / "own.json")}}
    common = {
        "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
        "tls_certificate_sds_secret_configs": [{"name": "own", "sds_config": own}],
        "validation_context": {
            "trusted_ca": {"filename": str(leaf.authority)},
            "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": name}} for name in names],
        },
    }
    kind = f"{V3}.transport_sockets.tls.v3.{side}TlsContext"
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {"@type": kind, "common_tls_context": common, **more},
    }


def _listener(name: str, port: int, network_filter: dict[str, Any], **chain: Any) -> dict[str, Any]:
    return {"name": name, "address": _address(port), "filter_chains": [{"filters": [network_filter], **chain}]}


def _relay(cluster: str) -> dict[str, Any]:
    kind = f"{V3}.filters.network.tcp_proxy.v3.TcpProxy"
    # the programs decide how long a connection may be idle
    relay = {"@type": kind, "stat_prefix": cluster, "cluster": cluster, "idle_timeout": "0s"}
    return {"name": "envoy.filters.network.tcp_proxy", "typed_config": relay}


def _http(cluster: str) -> dict[str, Any]:
    filters = f"{V3}.filters"
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": cluster}}]
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": cluster,
        "codec_type": "HTTP1",
        "server_header_transformation": "PASS_THROUGH",
        "route_config": {"virtual_hosts": [{"name": cluster, "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{filters}.http.router.v3.Router"}}
        ],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def _cluster(name: str, port: int, **more: Any) -> dict[str, Any]:
    made = {"name": name, "type": "STATIC", "connect_timeout": CONNECT, "load_assignment": _assignment(name, port)}
    return {**made, **more}


def _assignment(name: str, port: int) -> dict[str, Any]:
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}]}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
