"""The repository's webhook at GitHub: keeps exactly one, with the wanted address and secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests
from github import Auth, BadCredentialsException, Github, GithubException, GithubRetry, UnknownObjectException
from github.Hook import Hook

from jenkins.webhook import PATH
from jenkins.webhook.faults import Refused

API = "https://api.github.com"
SECONDS = 10
TRIES = 3
EVENTS = ["push"]
TUNNEL_DOMAINS = (".ngrok-free.app", ".ngrok-free.dev", ".ngrok.app", ".ngrok.dev", ".ngrok.io")
"""Domains of tunnels. A new tunnel has a new address; webhooks to old ones, on Jenkins' path, are ours."""

_NO_RIGHT = (
    "the token may not administer webhooks of {repository}, or cannot see the repository. A fine-grained token needs "
    "the repository and the permission `Webhooks: read and write`, a classic one the scope `admin:repo_hook`."
)


def is_ours(address: str, wanted: str | None) -> bool:
    """Whether a hook's address is the wanted one, or Jenkins' path behind a tunnel."""
    parts = urlsplit(address)
    return address == wanted or (parts.path == PATH and (parts.hostname or "").endswith(TUNNEL_DOMAINS))


class Hooks:
    """The hooks of one repository. Refused when GitHub says no."""

    def __init__(self, repository: str, token: str, api: str = API) -> None:
        """Makes no request."""
        self._name = repository
        self._github = Github(
            auth=Auth.Token(token), base_url=api, timeout=SECONDS, retry=GithubRetry(total=TRIES), lazy=True
        )
        self._repository = self._github.get_repo(repository)

    def register(self, url: str, secret: str, dry_run: bool = False) -> list[str]:
        """Create or update the webhook; returns what was done. GitHub does not show secrets, so it is always set."""
        config = {"url": url, "content_type": "json", "insecure_ssl": "0", "secret": secret}
        with self._refusals():
            ours = self._ours(url)
            if not ours:
                if dry_run:
                    return [f"would create: {url}"]
                new_hook = self._repository.create_hook("web", config, EVENTS, active=True)
                return [f"created: {url} (hook {new_hook.id})"]
            kept = next((hook for hook in ours if hook.config["url"] == url), ours[0])
            was = "" if kept.config["url"] == url else f", was {kept.config['url']}"
            if not dry_run:
                kept.edit("web", config, EVENTS, active=True)
            line = f"{'would update' if dry_run else 'updated'}: {url} (hook {kept.id}{was})"
            return [line, *self._remove([hook for hook in ours if hook.id != kept.id], dry_run)]

    def delete(self, url: str | None, dry_run: bool = False) -> list[str]:
        """Remove our webhooks; returns what was done."""
        with self._refusals():
            return self._remove(self._ours(url), dry_run) or ["nothing to delete"]

    def _ours(self, url: str | None) -> list[Hook]:
        return [hook for hook in self._repository.get_hooks() if is_ours(str(hook.config.get("url", "")), url)]

    def _remove(self, hooks: list[Hook], dry_run: bool) -> list[str]:
        for hook in [] if dry_run else hooks:
            hook.delete()
        return [f"{'would delete' if dry_run else 'deleted'}: {hook.config['url']} (hook {hook.id})" for hook in hooks]

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except BadCredentialsException as error:
            raise Refused("GitHub does not know the token: it is mistyped, expired or revoked.") from error
        except UnknownObjectException as error:
            raise Refused(f"GitHub answered 404: {_NO_RIGHT.format(repository=self._name)}") from error
        except GithubException as error:
            message = error.data.get("message", "") if isinstance(error.data, dict) else str(error.data)
            right = _NO_RIGHT.format(repository=self._name) if error.status == 403 and "rate" not in message else ""
            raise Refused(f"GitHub answered {error.status} {message}{': ' if right else ''}{right}") from error
        except requests.RequestException as error:
            raise Refused(f"GitHub does not answer: {error}") from error
