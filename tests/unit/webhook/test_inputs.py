"""The repository is that of the git remote, unless it is named."""

import subprocess
from pathlib import Path

import pytest

from jenkins.webhook.faults import WebhookFault
from jenkins.webhook.inputs import repository


def clone(folder: Path, origin: str) -> Path:
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", origin], check=True)
    return folder


@pytest.mark.parametrize(
    "origin",
    [
        "https://github.com/example/payops.git",
        "https://github.com/example/payops",
        "git@github.com:example/payops.git",
        "ssh://git@github.com/example/payops.git",
    ],
)
def test_the_repository_of_the_remote(tmp_path: Path, origin: str) -> None:
    assert repository(None, clone(tmp_path, origin)) == "example/payops"


@pytest.mark.parametrize("origin", ["https://git.example.com/example/payops.git", "/srv/payops"])
def test_a_remote_elsewhere(tmp_path: Path, origin: str) -> None:
    with pytest.raises(WebhookFault, match="not on github"):
        repository(None, clone(tmp_path, origin))
