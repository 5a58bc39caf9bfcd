"""scripts/register-webhook: one webhook with the wanted address and secret, whatever existed before; clear errors."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jenkins.webhook.hooks import is_ours
from jenkins.webhook.register import main
from tests.serving import Answer, Done, Server, done, serving
from tests.unit.webhook.github import FINE_TOKEN, REPOSITORY, TOKEN, WEAK_TOKEN, GitHub

SCRIPT = Path(__file__).resolve().parents[3] / "scripts/register-webhook"
SECRET = "a-secret-of-many-characters"
TUNNEL = "https://tame-fox.ngrok-free.app"
URL = f"{TUNNEL}/github-webhook/"
OLD = "https://wild-cat.ngrok-free.app/github-webhook/"
ELSEWHERE = ["https://ci.example.com/github-webhook/", "https://chat.example.com/push", f"{TUNNEL}/chat"]
NOWHERE = "http://127.0.0.1:1"


def told_by_agent(*tunnels: tuple[str, str]) -> Answer:
    return Answer(200, {"tunnels": [{"name": name, "public_url": url, "proto": "https"} for name, url in tunnels]})


@pytest.fixture
def github() -> GitHub:
    return GitHub()


@pytest.fixture
def api(github: GitHub) -> Iterator[Server]:
    with serving(github.answer) as server:
        yield server


@pytest.fixture
def agent() -> Iterator[Server]:
    with serving(lambda *_: told_by_agent(("jenkins", TUNNEL))) as server:
        yield server


def command(api: str, *options: str, token: str = TOKEN, **variables: str) -> Done:
    environment = {"GITHUB_TOKEN": token, "GITHUB_WEBHOOK_SECRET": SECRET, **variables}
    return done(lambda: main(["--repository", REPOSITORY, "--api", api, *options], environment))


def lines(ended: Done) -> list[str]:
    assert (ended.code, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def test_registers_once_and_only_once(github: GitHub, api: Server, agent: Server) -> None:
    for other in ELSEWHERE:
        github.add(other)
    others = {number: dict(hook) for number, hook in github.hooks.items()}
    assert lines(command(api.url, "--agent", agent.url)) == [f"created: {URL} (hook 103)"]
    assert github.hooks[103] == {
        "name": "web",
        "active": True,
        "events": ["push"],
        "config": {"url": URL, "content_type": "json", "insecure_ssl": "0", "secret": SECRET},
    }
    assert lines(command(api.url, "--agent", agent.url)) == [f"updated: {URL} (hook 103)"]
    assert github.hooks.keys() == {*others, 103}
    assert {number: github.hooks[number] for number in others} == others


def test_the_script_works_from_any_folder(github: GitHub, api: Server) -> None:
    environment = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": TOKEN, "GITHUB_WEBHOOK_SECRET": SECRET}
    options = ["--repository", REPOSITORY, "--api", api.url, "--domain", "jenkins.example.com"]
    ended = subprocess.run([SCRIPT, *options], env=environment, cwd="/", capture_output=True, text=True, check=True)
    assert ended.stdout == "created: https://jenkins.example.com/github-webhook/ (hook 100)\n"


def test_a_new_tunnel_takes_the_place_of_the_old_ones(github: GitHub, api: Server, agent: Server) -> None:
    for url in (OLD, OLD.replace("cat", "dog")):
        github.add(url)
    assert lines(command(api.url, "--agent", agent.url)) == [
        f"updated: {URL} (hook 100, was {OLD})",
        f"deleted: {OLD.replace('cat', 'dog')} (hook 101)",
    ]
    assert [hook["config"]["secret"] for hook in github.hooks.values()] == [SECRET]


def test_a_fixed_domain_needs_no_agent(github: GitHub, api: Server) -> None:
    url = "https://jenkins.example.com/github-webhook/"
    assert lines(command(api.url, "--agent", NOWHERE, NGROK_DOMAIN="jenkins.example.com")) == [
        f"created: {url} (hook 100)"
    ]
    assert lines(command(api.url, "--agent", NOWHERE, "--domain", "jenkins.example.com")) == [
        f"updated: {url} (hook 100)"
    ]
    assert lines(command(api.url, "--domain", "jenkins.example.com", "--delete")) == [f"deleted: {url} (hook 100)"]


def test_a_dry_run_changes_nothing(github: GitHub, api: Server, agent: Server) -> None:
    assert lines(command(api.url, "--agent", agent.url, "--dry-run")) == [f"would create: {URL}"]
    github.add(OLD)
    github.add(URL)
    expected = [f"would update: {URL} (hook 101)", f"would delete: {OLD} (hook 100)"]
    assert lines(command(api.url, "--agent", agent.url, "--dry-run")) == expected
    expected = [f"would delete: {OLD} (hook 100)", f"would delete: {URL} (hook 101)"]
    assert lines(command(api.url, "--agent", agent.url, "--dry-run", "--delete")) == expected
    assert api.writes() == []
    assert api.requests


def test_deletes_ours_alone_also_when_the_tunnel_is_gone(github: GitHub, api: Server) -> None:
    for url in [*ELSEWHERE, URL, OLD]:
        github.add(url)
    deleted = [f"deleted: {URL} (hook 103)", f"deleted: {OLD} (hook 104)"]
    assert lines(command(api.url, "--agent", NOWHERE, "--delete")) == deleted
    assert [hook["config"]["url"] for hook in github.hooks.values()] == ELSEWHERE
    assert lines(command(api.url, "--agent", NOWHERE, "--delete")) == ["nothing to delete"]


def test_secrets_come_from_files_too(github: GitHub, api: Server, agent: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "secret").write_text(f"{SECRET}-of-a-file\n")
    files = ["--token-file", str(tmp_path / "token"), "--secret-file", str(tmp_path / "secret")]
    lines(command(api.url, "--agent", agent.url, *files, token=""))
    assert github.hooks[100]["config"]["secret"] == f"{SECRET}-of-a-file"


def test_github_unwell_for_a_moment_is_asked_again(github: GitHub, api: Server, agent: Server) -> None:
    github.unwell = 2
    assert lines(command(api.url, "--agent", agent.url)) == [f"created: {URL} (hook 100)"]


@pytest.mark.parametrize(
    ("options", "variables", "expected"),
    [
        ([], {"token": "mistyped"}, "GitHub does not know the token: it is mistyped, expired or revoked."),
        ([], {"token": WEAK_TOKEN}, "GitHub answered 404: the token may not administer webhooks of example/payops"),
        ([], {"token": FINE_TOKEN}, "GitHub answered 403 Resource not accessible by personal access token: the token"),
        (["--repository", "example/other"], {}, "GitHub answered 404: the token may not administer webhooks"),
        (["--repository", "payops"], {}, "payops is not a repository; write owner/name."),
        ([], {"token": ""}, "GITHUB_TOKEN is not set"),
        ([], {"GITHUB_WEBHOOK_SECRET": "short"}, "GITHUB_WEBHOOK_SECRET has less than 16 characters."),
        (["--secret-file", "/nowhere/secret"], {}, "/nowhere/secret cannot be read"),
        (["--agent", NOWHERE], {}, "ngrok's agent does not answer on http://127.0.0.1:1 (ConnectionError)."),
        (["--domain", "https://jenkins.example.com/"], {}, "is not a domain; write it without scheme and path"),
        (["--api", NOWHERE], {}, "GitHub does not answer: "),
    ],
)
def test_says_what_is_in_the_way(
    api: Server, agent: Server, options: list[str], variables: dict[str, str], expected: str
) -> None:
    ended = command(api.url, "--agent", agent.url, *options, **variables)
    assert (ended.code, ended.stdout) == (1, "")
    assert expected in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert SECRET not in ended.stderr
    assert TOKEN not in ended.stderr
    assert api.writes() == []


@pytest.mark.parametrize(
    ("tunnels", "expected"),
    [
        ([], "it has: none"),
        ([("jenkins", "http://tame-fox.ngrok-free.app")], "it has: jenkins http://tame-fox"),
        ([("a", "https://a.ngrok.app"), ("b", "https://b.ngrok.app")], "it has: a https://a.ngrok.app, b https://b"),
    ],
)
def test_an_agent_without_an_endpoint_for_jenkins(api: Server, tunnels: list[tuple[str, str]], expected: str) -> None:
    with serving(lambda *_: told_by_agent(*tunnels)) as agent:
        ended = command(api.url, "--agent", agent.url)
    assert (ended.code, expected in ended.stderr) == (1, True)


def test_no_agent_but_something_else(api: Server) -> None:
    for answer in (Answer(200, ["tunnels"]), Answer(200, {}), Answer(500, {}), Answer(200)):
        with serving(lambda *_, answer=answer: answer) as other:
            ended = command(api.url, "--agent", other.url)
        assert "ngrok's agent does not answer" in ended.stderr


def test_what_is_ours() -> None:
    assert is_ours(URL, None)
    assert is_ours(ELSEWHERE[0], ELSEWHERE[0])
    for other in [
        *ELSEWHERE,
        "https://ngrok.app.example.com/github-webhook/",
        "https://xngrok.app/github-webhook/",
        "",
    ]:
        assert not is_ours(other, URL)
