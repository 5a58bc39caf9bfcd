"""The public address of Jenkins: a fixed domain, or the one from the local API of ngrok's agent."""

import re

import requests

from jenkins.webhook import PATH
from jenkins.webhook.faults import NoTunnel

AGENT = "http://127.0.0.1:4040"
SECONDS = 5.0
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(:\d{1,5})?")


def webhook_url(domain: str | None, agent: str = AGENT) -> str:
    """The address that GitHub posts to. NoTunnel when there is none."""
    if domain:
        if not _DOMAIN.fullmatch(domain):
            raise NoTunnel(f"{domain} is not a domain; write it without scheme and path, as in jenkins.example.com.")
        return f"https://{domain}{PATH}"
    return _of_agent(agent) + PATH


def _of_agent(agent: str) -> str:
    try:
        answer = requests.get(f"{agent}/api/tunnels", timeout=SECONDS)
        answer.raise_for_status()
        tunnels = answer.json()["tunnels"]
        addresses = {tunnel["name"]: str(tunnel["public_url"]).rstrip("/") for tunnel in tunnels}
    except (requests.RequestException, KeyError, TypeError) as error:
        raise NoTunnel(
            f"ngrok's agent does not answer on {agent} ({type(error).__name__}). It runs beside Jenkins: come through "
            "`ssh -L 4040:127.0.0.1:4040`, see `systemctl status ngrok` there, or give --domain."
        ) from error
    secure = {name: address for name, address in addresses.items() if address.startswith("https://")}
    if "jenkins" in secure:
        return secure["jenkins"]
    if len(secure) == 1:
        return next(iter(secure.values()))
    endpoints = ", ".join(f"{name} {address}" for name, address in sorted(addresses.items())) or "none"
    raise NoTunnel(f"ngrok's agent on {agent} has no one https endpoint for Jenkins; it has: {endpoints}.")
