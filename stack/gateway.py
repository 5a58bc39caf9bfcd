"""The gateway of `make run GATEWAY=1`: Envoy with a certificate of its own before the api. Starts nothing itself."""

import os
from dataclasses import dataclass
from pathlib import Path

from stack.certificates import Authority
from stack.envoy import Envoy
from stack.ports import is_free, next_free
from stack.state import State
from stack.supervision import Program

PORT = 8443
DAYS = 30
"""How long the certificate is in force; each start makes another."""


@dataclass(frozen=True)
class Gateway:
    """A gateway that is configured; `authority`: the file of the CA that clients verify it by."""

    program: Program
    url: str
    authority: Path

    @property
    def welcome(self) -> str:
        """What `make run` prints about it."""
        file = os.path.relpath(self.authority)
        command = f"curl -sS -w '\\n' --cacert {file} {self.url}/health"
        return f"\nThe same with TLS, through the gateway; its CA is {file}:\n\n{command}\n"


def prepare(state: State, api_port: int) -> Gateway:
    """Make its certificate and its configuration, before the api on `api_port`.

    ServerError: there is no Envoy, or its configuration is not valid.
    """
    folder = state.folder / "gateway"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.iterdir():
        if old.suffix in (".pem", ".key"):
            old.unlink()
    leaf = Authority(folder, "payops make run", DAYS).leaf(days=DAYS)
    envoy = Envoy(leaf.certificate, leaf.key, folder, envoy_instances=[api_port])
    envoy.port = PORT if is_free(PORT) else next_free(PORT + 1)
    envoy.configure()
    return Gateway(Program("gateway", envoy.command(), stop_seconds=1), envoy.url, leaf.authority)
