"""What can be in the way; the message says what to do. The commands print it and end with 1."""


class WebhookFault(RuntimeError):
    """Base of all."""


class NoTunnel(WebhookFault):
    """Nobody knows a public address of Jenkins."""


class NoSecret(WebhookFault):
    """A token or secret is missing or cannot be one."""


class Refused(WebhookFault):
    """GitHub or Jenkins said no."""
