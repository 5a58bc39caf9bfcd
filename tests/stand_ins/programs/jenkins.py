#!/usr/bin/python3
"""Stand-in for Jenkins: reads the unit's environment and secrets, accepts the admin and signed webhooks."""

import base64
import hashlib
import hmac
import json
import os
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PLUGINS = Path("/var/lib/jenkins/plugins")
AGENT = Path("/usr/share/java/stand-in-agent.jar")
AGENT_SECRET = Path("/var/lib/jenkins/stand-in-agent-secret")
NODE = "builder"
AGENT_SECONDS = 10


def admin_password() -> str:
    """As the configuration-as-code plugin does: the file in the folder `SECRETS`."""
    if "${JENKINS_ADMIN_PASSWORD}" not in Path(os.environ["CASC_JENKINS_CONFIG"]).read_text():
        sys.exit("The configuration as code sets no admin.")
    if not (PLUGINS / "configuration-as-code.jpi").exists():
        sys.exit("The plugin configuration-as-code is not installed.")
    return secret("JENKINS_ADMIN_PASSWORD")


def secret(name: str) -> str:
    """The file of that name in the folder that `SECRETS` names."""
    return (Path(os.environ["SECRETS"]) / name).read_text()


def fault(event: str, signature: str, body: bytes, key: str) -> str:
    """Why the GitHub plugin refuses an event, with a 400; empty when it accepts it."""
    if not event:
        return "Hook should contain event type"
    if not body:
        return "Hook should contain payload"
    if not signature:
        return "Signature must be specified in the header X-Hub-Signature-256"
    expected = "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(signature.encode(), expected.encode()) else "Provided signature did not match"


def agent_secret() -> str:
    """The agent's secret; the same after a restart."""
    if not AGENT_SECRET.exists():
        AGENT_SECRET.touch(0o600)
        AGENT_SECRET.write_text(os.urandom(32).hex())
    return AGENT_SECRET.read_text()


class Pages(BaseHTTPRequestHandler):
    """/login for everybody, /github-webhook/ for events of GitHub, /wsagents/ for the agent, the rest for the admin."""

    expected = ""
    agent_seen = float("-inf")
    webhook_secret = ""

    def do_GET(self) -> None:
        """403 without a login, as Jenkins answers."""
        if self.path == "/login":
            self._answer(200, "stand-in")
        elif self.path == "/jnlpJars/agent.jar":
            self._answer_bytes(200, AGENT.read_bytes())
        elif self.path == "/wsagents/":
            known = hmac.compare_digest(self.headers.get("Secret-Key", ""), agent_secret())
            right = known and self.headers.get("Node-Name") == NODE
            if right:
                Pages.agent_seen = time.monotonic()
            self._answer(200 if right else 403, "")
        elif hmac.compare_digest(self.headers.get("Authorization", ""), self.expected):
            self._answer_admin()
        else:
            self._answer(403, "Authentication required")

    def _answer_admin(self) -> None:
        if self.path == f"/computer/{NODE}/jenkins-agent.jnlp":
            self._answer(200, f"<jnlp><argument>{agent_secret()}</argument><argument>{NODE}</argument></jnlp>")
        elif self.path == f"/computer/{NODE}/api/json":
            self._answer(200, json.dumps({"offline": time.monotonic() - self.agent_seen > AGENT_SECONDS}))
        else:
            self._answer(200, json.dumps({"mode": "EXCLUSIVE", "nodeDescription": "stand-in"}))

    def do_POST(self) -> None:
        """A webhook needs no login when it has GitHub's signature."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/github-webhook/":
            self._answer(403, "Authentication required")
            return
        event, signature = (self.headers.get(name, "") for name in ("X-GitHub-Event", "X-Hub-Signature-256"))
        found = fault(event, signature, body, self.webhook_secret)
        self._answer(400 if found else 200, found)

    def _answer(self, status: int, body: str) -> None:
        self._answer_bytes(status, body.encode())

    def _answer_bytes(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Jenkins", "stand-in")
        if self.path.endswith("/api/json"):
            self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def tell_systemd_ready() -> None:
    """The real unit is of Type=notify."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
        notify.send(b"READY=1")


def main() -> None:
    """Serve until stopped."""
    if "runSetupWizard=false" not in os.environ["JAVA_OPTS"]:
        sys.exit("The setup wizard would wait for somebody.")
    Pages.expected = "Basic " + base64.b64encode(f"admin:{admin_password()}".encode()).decode()
    Pages.webhook_secret = secret("GITHUB_WEBHOOK_SECRET")
    address = (os.environ["JENKINS_LISTEN_ADDRESS"], int(os.environ["JENKINS_PORT"]))
    server = ThreadingHTTPServer(address, Pages)
    tell_systemd_ready()
    server.serve_forever()


if __name__ == "__main__":
    main()
