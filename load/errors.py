"""What ends a load before its report; each is one sentence for whoever started it, without any key."""


class NotRun(RuntimeError):
    """The load did not run, or not to its end; the message says why."""


class NoAnswer(RuntimeError):
    """The platform did not answer as expected; the message has the request."""
