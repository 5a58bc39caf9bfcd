#!/usr/bin/python3
"""Stand-in for Grafana: answers /api/health, checks and stores the admin's password as Grafana does. No dashboards."""

import base64
import configparser
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

CONFIGURATION = Path("/etc/grafana/grafana.ini")
STORED_PASSWORD = Path("/var/lib/grafana/stand-in-password")


def configuration() -> configparser.ConfigParser:
    """The file of Grafana."""
    read = configparser.ConfigParser(interpolation=None)
    read.read_string(CONFIGURATION.read_text())
    return read


def keep_first_password(setting: str) -> None:
    """As in Grafana, the configured password counts at the first start only."""
    if not STORED_PASSWORD.exists():
        path = setting.removeprefix("$__file{").removesuffix("}")
        STORED_PASSWORD.write_text(Path(path).read_text() if setting != path else setting)


def sub_path(server: configparser.SectionProxy) -> str:
    """Before all paths: that of the root URL, if it is served there."""
    return urlsplit(server["root_url"]).path.rstrip("/") if server.getboolean("serve_from_sub_path") else ""


class Pages(BaseHTTPRequestHandler):
    """The three paths that the role and Prometheus use."""

    root = ""

    def do_GET(self) -> None:
        """/api/health and /metrics are for everybody, the rest for the admin; what lacks the sub path is redirected."""
        if not self.path.startswith(f"{self.root}/"):
            self._redirect(self.root + self.path)
            return
        self.path = self.path.removeprefix(self.root)
        if self.path == "/api/health":
            self._answer(200, json.dumps({"database": "ok", "version": "stand-in"}))
        elif self.path == "/metrics":
            self._answer(200, 'grafana_build_info{edition="stand-in"} 1\n', "text/plain; version=0.0.4")
        elif self._is_admin():
            self._answer(200, json.dumps({"login": "admin", "isGrafanaAdmin": True}))
        else:
            self._answer(401, json.dumps({"message": "Unauthorized"}))

    def _is_admin(self) -> bool:
        expected = base64.b64encode(f"admin:{STORED_PASSWORD.read_text()}".encode()).decode()
        return hmac.compare_digest(self.headers.get("Authorization", ""), f"Basic {expected}")

    def _redirect(self, where: str) -> None:
        self.send_response(301)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, status: int, body: str, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())


def main() -> None:
    """`grafana server …` or `grafana cli … reset-admin-password --password-from-stdin`."""
    if sys.argv[1:2] == ["server"]:
        read = configuration()
        if "PROMETHEUS_URL" not in os.environ:
            sys.exit("PROMETHEUS_URL is not set, and the provisioned data source needs it.")
        keep_first_password(read["security"]["admin_password"])
        Pages.root = sub_path(read["server"])
        ThreadingHTTPServer((read["server"]["http_addr"], int(read["server"]["http_port"])), Pages).serve_forever()
    elif sys.argv[1:2] == ["cli"] and sys.argv[-2:] == ["reset-admin-password", "--password-from-stdin"]:
        STORED_PASSWORD.write_text(sys.stdin.read())
    else:
        sys.exit(f"The stand-in does not know: {sys.argv[1:]}")


if __name__ == "__main__":
    main()
