"""A real nginx with the configuration of role nginx, on free ports, before a test's own upstreams."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import yaml

from stack.ports import free_port, is_free
from stack.server import Server, program
from tests.repo.sources import ROOT

ROLE: Final = ROOT / "ansible/roles/nginx"
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def variables(**changed: Any) -> dict[str, Any]:
    """The role's defaults and internals, some changed."""
    found: dict[str, Any] = {"ansible_managed": "a test"}
    for name in ("defaults", "vars"):
        found |= yaml.safe_load((ROLE / name / "main.yml").read_text(encoding="utf-8"))
    return found | {"nginx_serves_payops": True} | changed


def configuration(**changed: Any) -> str:
    """The role's /etc/nginx/nginx.conf."""
    loader = jinja2.FileSystemLoader(ROLE / "templates")
    environment = jinja2.Environment(loader=loader, trim_blocks=True, keep_trailing_newline=True)  # noqa: S701  (no HTML)
    return environment.get_template("nginx.conf.j2").render(variables(**changed))


class Nginx(Server):
    """Serves the api on `port`, the shop on `shop_port`; its logs are in `folder`."""

    name = "nginx"

    def __init__(self, instances: Sequence[int], **changed: Any) -> None:
        """Pick ports and a folder; nothing runs yet. `instances`: the upstreams' ports; `changed`: role variables."""
        super().__init__()
        self.shop_port = free_port()
        self._changed = {"nginx_instances": list(instances), **changed}

    @property
    def url(self) -> str:
        """The api's URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def access_log(self) -> Path:
        """One JSON object a line."""
        return self.folder / "access.log"

    def _prepare(self) -> None:
        text = configuration(nginx_api_port=self.port, nginx_store_port=self.shop_port, **self._changed)
        text = text.replace("/var/log/nginx", str(self.folder)).replace("/run/nginx.pid", str(self.folder / "pid"))
        text = text.replace("include /etc/nginx/modules-enabled/*.conf;", "").replace("user www-data;", "user root;")
        folders = "".join(f"    {name}_temp_path {self.folder / name};\n" for name in _TEMPORARY)
        (self.folder / "nginx.conf").write_text(text.replace("http {\n", "http {\n" + folders, 1))

    def _command(self) -> list[str]:
        return [program("nginx", "nginx-light"), "-c", str(self.folder / "nginx.conf"), "-g", "daemon off;"]

    def _answers(self) -> bool:
        return not is_free(self.port)
