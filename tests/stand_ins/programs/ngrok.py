#!/usr/bin/python3
"""Stand-in for ngrok's agent: checks its configuration and answers the local API. It opens no tunnel."""

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml  # Debian's python3-yaml, which the package depends on

AGENT = {"authtoken", "web_addr", "console_ui", "log", "log_format", "log_level", "update_check", "remote_management"}
ENDPOINT = {"name", "description", "url", "upstream", "traffic_policy"}


def checked(path: Path) -> dict[str, Any]:
    """The configuration; exits at keys that version 3 does not know."""
    read: dict[str, Any] = yaml.safe_load(path.read_text())
    faults = [f"agent.{key}" for key in read.get("agent", {}).keys() - AGENT]
    faults += [f"endpoints.{key}" for endpoint in read.get("endpoints", []) for key in endpoint.keys() - ENDPOINT]
    if read.get("version") != 3:
        faults.append("version")
    if not read.get("agent", {}).get("authtoken"):
        faults.append("agent.authtoken")
    if faults:
        sys.exit(f"ERROR: {', '.join(sorted(faults))}")
    return read


def tunnels(read: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer of /api/tunnels."""
    return [
        {
            "name": endpoint["name"],
            "public_url": endpoint.get("url", "https://stand-in.ngrok.invalid"),
            "proto": "https",
            "config": {"addr": endpoint["upstream"]["url"]},
        }
        for endpoint in read["endpoints"]
    ]


def serve(read: dict[str, Any]) -> None:
    """The local API."""
    body = json.dumps({"tunnels": tunnels(read), "uri": "/api/tunnels"}).encode()

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/tunnels" else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body if self.path == "/api/tunnels" else b"{}")

    host, port = read["agent"]["web_addr"].rsplit(":", 1)
    ThreadingHTTPServer((host, int(port)), Api).serve_forever()


def main() -> None:
    """`ngrok config check --config FILE` or `ngrok start --all --config=FILE`."""
    parser = argparse.ArgumentParser(prog="ngrok (stand-in)")
    commands = parser.add_subparsers(dest="command", required=True)
    config = commands.add_parser("config")
    config.add_argument("action", choices=["check"])
    start = commands.add_parser("start")
    start.add_argument("--all", action="store_true", required=True)
    for command in (config, start):
        command.add_argument("--config", type=Path, required=True)
    arguments = parser.parse_args()
    read = checked(arguments.config)
    if arguments.command == "start":
        serve(read)


if __name__ == "__main__":
    main()
