"""scripts/send-test-webhook: the event has GitHub's signature, and a refusal is explained."""

import os
import subprocess
from pathlib import Path

import pytest

from jenkins.webhook.send import main
from jenkins.webhook.signature import is_signed
from stack.certificates import Authority
from tests.serving import Answer, Done, Request, done, serving

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/send-test-webhook"
SECRET = "a-secret-of-many-characters"


def jenkins(request: Request, _url: str) -> Answer:
    """As the GitHub plugin answers: only POST to this path, with an event and the right signature."""
    if request.path != "/github-webhook/":
        return Answer(404)
    event, signature = request.headers.get("x-github-event"), request.headers.get("x-hub-signature-256", "")
    signed = is_signed(SECRET, request.body, signature)
    return Answer(200 if request.method == "POST" and event == "push" and signed else 400)


def send(url: str, *options: str, secret: str = SECRET) -> Done:
    arguments = ["--repository", "example/payops", "--jenkins", url, *options]
    return done(lambda: main(arguments, {"GITHUB_WEBHOOK_SECRET": secret}))


def test_the_script_works_from_any_folder() -> None:
    environment = {"PATH": os.environ["PATH"], "GITHUB_WEBHOOK_SECRET": SECRET}
    with serving(jenkins) as server:
        command = [str(SCRIPT), "--repository", "example/payops", "--jenkins", server.url]
        ended = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=True)
    assert "took the event (200)" in ended.stdout


def test_jenkins_takes_the_event() -> None:
    with serving(jenkins) as server:
        ended = send(f"{server.url}/", "--branch", "no-such-branch")
    assert (ended.code, ended.stderr) == (0, "")
    assert "took the event (200)" in ended.stdout
    (request,) = server.requests
    assert request.headers["content-type"] == "application/json"
    assert len(request.headers["x-github-delivery"]) == 36
    event = request.json
    assert (event["ref"], event["after"]) == ("refs/heads/no-such-branch", "0" * 40)
    assert event["repository"]["html_url"] == "https://github.com/example/payops"
    assert event["repository"]["owner"]["login"] == event["pusher"]["name"] == "example"


def test_another_secret_is_refused() -> None:
    with serving(jenkins) as server:
        ended = send(server.url, secret="another-secret-of-many")
    assert (ended.code, ended.stdout) == (1, "")
    assert "answered 400: Jenkins does not accept the event; mostly its secret is another one" in ended.stderr


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "the signature is wrong for the tunnel"), (404, "nothing listens there"), (302, "not Jenkins' answer")],
)
def test_other_answers_are_explained(status: int, message: str) -> None:
    with serving(lambda *_: Answer(status, {}, {"Location": "/login"})) as server:
        ended = send(server.url)
    assert (ended.code, message in ended.stderr) == (1, True)
    assert len(server.requests) == 1


def test_a_jenkins_behind_tls_is_verified_by_the_given_ca(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(jenkins, leaf=authority.leaf()) as server:
        assert send(server.url, "--ca", str(authority.file)).code == 0
        unknown, missing = send(server.url), send(server.url, "--ca", "/nowhere/ca.pem")
    assert [ended.code for ended in (unknown, missing)] == [1, 1]
    assert "CERTIFICATE_VERIFY_FAILED" in unknown.stderr
    assert "/nowhere/ca.pem" in missing.stderr
    assert len(server.requests) == 1


def test_nobody_there() -> None:
    ended = send("http://127.0.0.1:1")
    assert (ended.code, "does not answer" in ended.stderr) == (1, True)
