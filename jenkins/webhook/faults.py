"""Errors of the commands, which print the message and exit with 1; the message says what to do."""


class WebhookFault(RuntimeError):
    """The base class."""


class NoTunnel(WebhookFault):
    """There is no known public address of Jenkins."""


class NoSecret(WebhookFault):
    """A token or secret is missing or invalid."""


class Refused(WebhookFault):
    """GitHub or Jenkins refused the request."""
