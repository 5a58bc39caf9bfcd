"""Inputs of the commands: secrets from files or the environment, never from the command line; the repository."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from jenkins.webhook.faults import NoSecret, WebhookFault

SHORTEST_SECRET = 16  # as the role jenkins requires
_ORIGIN = re.compile(r"github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def secret(file: Path | None, environment: Mapping[str, str], name: str, shortest: int = 1) -> str:
    """The secret in `file`, else in the variable `name`. NoSecret when there is none, or it is too short."""
    try:
        text = file.read_text(encoding="utf-8").strip() if file else environment.get(name, "")
    except (OSError, UnicodeDecodeError) as error:
        raise NoSecret(f"{file} cannot be read: {error}") from error
    if not text:
        raise NoSecret(f"{file} is empty." if file else f"{name} is not set; set it, or name a file that has it.")
    if len(text) < shortest:
        raise NoSecret(f"{file or name} has less than {shortest} characters.")
    return text


def repository(named: str | None, folder: Path) -> str:
    """owner/name as `named`, else of the git remote `origin` in `folder`."""
    if named is not None:
        if not _REPOSITORY.fullmatch(named):
            raise WebhookFault(f"{named} is not a repository; write owner/name.")
        return named
    command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _ORIGIN.search(asked.stdout.strip())
    if not found:
        raise WebhookFault("The git remote `origin` is not on github.com; say --repository owner/name.")
    return found.group(1)
