"""scripts/send-test-webhook: what Jenkins gets is signed as GitHub signs it, and a refusal is explained."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jenkins.webhook.signature import is_signed
from tests.unit.webhook.serving import Answer, Request, serving

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/send-test-webhook"
SECRET = "a-secret-of-many-characters"


def jenkins(request: Request, _url: str) -> Answer:
    """As the GitHub plugin answers: only POST to this path, with an event and the right signature."""
    if request.path != "/github-webhook/":
        return Answer(404)
    event, signature = request.headers.get("x-github-event"), request.headers.get("x-hub-signature-256", "")
    signed = is_signed(SECRET, request.body, signature)
    return Answer(200 if request.method == "POST" and event == "push" and signed else 400)


def send(url: str, *options: str, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "GITHUB_WEBHOOK_SECRET": secret}
    command = [sys.executable, str(SCRIPT), "--repository", "example/payops", "--jenkins", url, *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_jenkins_takes_the_event() -> None:
    with serving(jenkins) as server:
        done = send(f"{server.url}/", "--branch", "no-such-branch")
    assert (done.returncode, done.stderr) == (0, "")
    assert "took the event (200)" in done.stdout
    (request,) = server.requests
    assert request.headers["content-type"] == "application/json"
    assert len(request.headers["x-github-delivery"]) == 36
    event = request.json
    assert (event["ref"], event["after"]) == ("refs/heads/no-such-branch", "0" * 40)
    assert event["repository"]["html_url"] == "https://github.com/example/payops"
    assert event["repository"]["owner"]["login"] == event["pusher"]["name"] == "example"


def test_another_secret_is_refused() -> None:
    with serving(jenkins) as server:
        done = send(server.url, secret="another-secret-of-many")
    assert (done.returncode, done.stdout) == (1, "")
    assert "answered 400: Jenkins does not accept the event; mostly its secret is another one" in done.stderr


@pytest.mark.parametrize(
    ("status", "told"),
    [(403, "the signature is wrong for the tunnel"), (404, "nobody listens there"), (302, "not Jenkins' answer")],
)
def test_other_answers_are_explained(status: int, told: str) -> None:
    with serving(lambda *_: Answer(status, {}, {"Location": "/login"})) as server:
        done = send(server.url)
    assert (done.returncode, told in done.stderr) == (1, True)
    assert len(server.requests) == 1


def test_nobody_there() -> None:
    done = send("http://127.0.0.1:1")
    assert (done.returncode, "does not answer" in done.stderr) == (1, True)
