"""Sends Jenkins a push event signed as GitHub signs it, to try the chain without GitHub."""

import argparse
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from jenkins.webhook import PATH, inputs
from jenkins.webhook.faults import Refused, WebhookFault
from jenkins.webhook.signature import HEADER, sign

SECONDS = 10.0
NOTHING_BEFORE = "0" * 40
_MEANINGS = {
    400: "Jenkins does not accept the event; mostly its secret is another one: compare github-webhook-secret",
    403: "the signature is wrong for the tunnel, or Jenkins does not take events without login here",
    404: "nothing listens there; is it Jenkins, with the GitHub plugin, or a tunnel without it behind?",
}


def push_event(repository: str, branch: str, commit: str) -> bytes:
    """The part of GitHub's push event that Jenkins reads: repository, branch, pusher."""
    owner, name = repository.split("/")
    page = f"https://github.com/{repository}"
    person = {"name": owner, "login": owner, "email": f"{owner}@users.noreply.github.com"}
    event: dict[str, Any] = {
        "ref": f"refs/heads/{branch}",
        "before": NOTHING_BEFORE,
        "after": commit,
        "commits": [],
        "repository": {
            "name": name,
            "full_name": repository,
            "owner": person,
            "url": page,
            "html_url": page,
            "clone_url": f"{page}.git",
            "git_url": f"git://github.com/{repository}.git",
            "ssh_url": f"git@github.com:{repository}.git",
        },
        "pusher": person,
        "sender": person,
    }
    return json.dumps(event).encode()


def send(jenkins: str, secret: str, body: bytes, ca: str | None = None) -> str:
    """Post the event; returns the answer in words. Refused when Jenkins did not accept it. `ca`: its CAs."""
    url = jenkins.rstrip("/") + PATH
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/test",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": str(uuid.uuid4()),
        HEADER: sign(secret, body),
    }
    try:
        answer = requests.post(
            url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False, verify=ca or True
        )
    except OSError as error:  # requests' own errors are such, too
        raise Refused(f"{url} does not answer: {error}") from error
    if answer.status_code != 200:
        meaning = _MEANINGS.get(answer.status_code, "that is not Jenkins' answer to an event")
        raise Refused(f"{url} answered {answer.status_code}: {meaning}.\n{answer.text[:500]}")
    return f"{url} took the event (200); the job starts within seconds when the branch has something new."


def _commit(branch: str) -> str:
    asked = subprocess.run(["git", "rev-parse", "--verify", branch], capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else NOTHING_BEFORE


def run(arguments: argparse.Namespace, environment: Mapping[str, str]) -> str:
    """Run; returns the answer in words. Raises WebhookFault."""
    repository = inputs.repository(arguments.repository, Path.cwd())
    secret = inputs.secret(arguments.secret_file, environment, "GITHUB_WEBHOOK_SECRET", inputs.SHORTEST_SECRET)
    ca = arguments.ca or environment.get("PAYOPS_CA")
    return send(arguments.jenkins, secret, push_event(repository, arguments.branch, _commit(arguments.branch)), ca)


def main(given_arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Return the exit code."""
    options = argparse.ArgumentParser(
        prog="send-test-webhook", description=__doc__, epilog="GITHUB_WEBHOOK_SECRET is read from the environment."
    )
    options.add_argument("--jenkins", default="http://127.0.0.1:8080", metavar="URL", help="default: %(default)s")
    options.add_argument("--ca", metavar="FILE", help="CAs to trust; default: PAYOPS_CA, else the system's")
    options.add_argument("--repository", metavar="OWNER/NAME", help="default: that of the git remote origin")
    options.add_argument("--branch", default="main", help="default: %(default)s")
    options.add_argument("--secret-file", type=Path, metavar="FILE", help="instead of GITHUB_WEBHOOK_SECRET")
    try:
        print(run(options.parse_args(given_arguments), environment))
    except WebhookFault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
