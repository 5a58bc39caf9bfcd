"""Creates or updates the repository's webhook, with which GitHub reports each push to Jenkins. Idempotent."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jenkins.webhook import inputs, tunnel
from jenkins.webhook.faults import NoTunnel, WebhookFault
from jenkins.webhook.hooks import API, Hooks


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="register-webhook",
        description=__doc__,
        epilog="GITHUB_TOKEN, GITHUB_WEBHOOK_SECRET and NGROK_DOMAIN are read from the environment. See docs/ci.md.",
    )
    options.add_argument("--repository", metavar="OWNER/NAME", help="default: that of the git remote origin")
    options.add_argument("--domain", help="fixed domain of Jenkins' tunnel; default: ask ngrok's agent")
    options.add_argument("--agent", default=tunnel.AGENT, metavar="URL", help="API of ngrok's agent (%(default)s)")
    options.add_argument("--token-file", type=Path, metavar="FILE", help="instead of GITHUB_TOKEN")
    options.add_argument("--secret-file", type=Path, metavar="FILE", help="instead of GITHUB_WEBHOOK_SECRET")
    options.add_argument("--api", default=API, metavar="URL", help="GitHub's API (%(default)s)")
    options.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
    options.add_argument("--delete", action="store_true", help="remove the webhook")
    return options


def run(arguments: argparse.Namespace, environment: Mapping[str, str]) -> list[str]:
    """Run; returns what was done, line by line. Raises WebhookFault."""
    name = inputs.repository(arguments.repository, Path.cwd())
    token = inputs.secret(arguments.token_file, environment, "GITHUB_TOKEN")
    hooks = Hooks(name, token, arguments.api)
    domain = arguments.domain or environment.get("NGROK_DOMAIN")
    if arguments.delete:
        return hooks.delete(_url_if_any(domain, arguments.agent), arguments.dry_run)
    secret = inputs.secret(arguments.secret_file, environment, "GITHUB_WEBHOOK_SECRET", inputs.SHORTEST_SECRET)
    return hooks.register(tunnel.webhook_url(domain, arguments.agent), secret, arguments.dry_run)


def _url_if_any(domain: str | None, agent: str) -> str | None:
    try:
        return tunnel.webhook_url(domain, agent)
    except NoTunnel:
        if domain:  # fails for a mistyped domain
            raise
        return None  # the tunnel has ended; its webhook is found by ngrok's domains


def main(given_arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Return the exit code."""
    logging.getLogger("github").setLevel(logging.ERROR)  # a WebhookFault says the same, and what to do
    try:
        lines = run(parser().parse_args(given_arguments), environment)
    except WebhookFault as fault:
        print(fault, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
